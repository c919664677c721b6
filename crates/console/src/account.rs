//! One's own account: name and role, sessions, password. Pure.

use maud::{Markup, html};
use store::SessionRow;

use crate::{
    access::{browser, end},
    shell::{self, Place, Search, Shell},
    time, words,
};

/// What the page shows.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) sessions: Vec<SessionRow>,
    /// The id of the session that looks.
    pub(crate) here: Option<String>,
    pub(crate) problem: Option<String>,
}

/// The page.
pub(crate) fn page(shell: &Shell, model: &Model) -> Markup {
    let search = Search {
        path: Place::Models.path(),
        of: "models",
        example: crate::models::SPEC.example,
        ..Search::default()
    };
    let body = html! {
        div.page {
            header.head {
                h1 { "Your account" }
                div.actions {
                    button.button.needs-scripts type="button" data-scheme-toggle { "Colours" }
                    form method="post" action="/logout" { button.button { "Sign out" } }
                }
                p.lead { b { (shell.reader.name) } ", " (shell.reader.role) ". " (other(model)) }
            }
            @if let Some(text) = &model.problem { p.notice.high role="alert" { (words::sentence(text)) } }
            div.halves { (sessions(shell, model)) (password()) }
        }
    };
    shell::page(shell, Place::Account, "Your account", &search, &body)
}

fn other(model: &Model) -> String {
    match model.sessions.len().saturating_sub(1) {
        0 => "You are signed in here and nowhere else.".to_owned(),
        1 => "You are signed in here and at one other place.".to_owned(),
        more => format!("You are signed in here and at {more} other places."),
    }
}

fn sessions(shell: &Shell, model: &Model) -> Markup {
    html! {
        section.block {
            header { h2 { "Where you are signed in" } }
            div.list {
                @for session in &model.sessions {
                    div.row.pair {
                        span.what { b.strong { (browser(&session.client)) } span { (session.address) ", used " (time::ago(shell.now, session.used_at)) } }
                        @if model.here.as_deref() == Some(session.hash.as_str()) { span.sev.ok { "This one" } } @else { (end(session, "/account/sessions")) }
                    }
                }
            }
        }
    }
}

fn password() -> Markup {
    html! {
        section.block {
            header { h2 { "Password" } }
            div.list.padded {
                form.form method="post" action="/account/password" {
                    label.field { span { "The one you have" } input type="password" name="current" required autocomplete="current-password"; }
                    label.field { span { "The new one" } input type="password" name="new" required minlength=(accounts::MIN_PASSWORD) autocomplete="new-password"; span.hint { "At least " (accounts::MIN_PASSWORD) " characters. Your other sessions end." } }
                    div { button.button.primary { "Change the password" } }
                }
            }
        }
    }
}
