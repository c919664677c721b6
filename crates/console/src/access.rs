//! Who has access: people and their roles, invitations, API tokens, sessions. Pure.

use accounts::Role;
use maud::{Markup, html};
use store::{Person, SessionRow, TokenRow};

use crate::{
    panel,
    shell::{self, Place, Search, Shell},
    time,
    words::{self, Noun},
};

/// What the page shows.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) people: Vec<Person>,
    pub(crate) tokens: Vec<TokenRow>,
    pub(crate) sessions: Vec<SessionRow>,
    /// A secret that was just made: it is shown this once.
    pub(crate) made: Option<Made>,
    pub(crate) problem: Option<String>,
}

/// A secret that was just made.
pub(crate) enum Made {
    /// A link that makes an account with this role.
    Invitation {
        /// The role's word.
        role: &'static str,
        /// The whole address.
        link: String,
    },
    /// An API token.
    Token {
        /// What it is for.
        name: String,
        /// It.
        secret: String,
    },
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
            header.head { h1 { "Access" } p.lead { (lead(model)) } }
            @if let Some(text) = &model.problem { p.notice.high role="alert" { (words::sentence(text)) } }
            @if let Some(made) = &model.made { (once(made)) }
            (block("People", &invite(), &people(shell, model)))
            (block("API tokens", &new_token(), &tokens(shell, model)))
            (block("Sessions", &html! {}, &sessions(shell, model)))
            (block("Roles", &html! {}, &duties()))
        }
    };
    shell::page(shell, Place::Access, "Access", &search, &body)
}

fn lead(model: &Model) -> Markup {
    let active = model.people.iter().filter(|person| person.disabled_at.is_none()).count();
    let tokens = model.tokens.iter().filter(|token| token.revoked_at.is_none()).count();
    html! {
        b { (Noun("person", "people").count(number(active))) " can sign in" } ", and "
        @if tokens == 0 { "no token" } @else { (Noun("token", "tokens").told(number(tokens))) } " for scripts "
        @if tokens == 1 { "works" } @else if tokens == 0 { "is in use" } @else { "work" } ". What each role may do is at the end of this page."
    }
}

fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A secret, this once.
fn once(made: &Made) -> Markup {
    html! {
        section.once role="status" {
            @match made {
                Made::Invitation { role, link } => {
                    p { b { "Send this link to one person." } " It makes an account with the role " (words::spaced(role)) ", works once, and is not shown again." }
                    (panel::command(link))
                }
                Made::Token { name, secret } => {
                    p { b { "This is the token “" (name) "”." } " It is not shown again: put it where your script takes its secrets from." }
                    (panel::command(secret))
                }
            }
        }
    }
}

fn block(title: &str, action: &Markup, content: &Markup) -> Markup {
    html! { section.block { header { h2 { (title) } } (action) div.region { (content) } } }
}

fn roles(name: &str, label: &str, chosen: &str) -> Markup {
    html! {
        select name=(name) aria-label=(label) {
            @for role in Role::ALL { option value=(role.word()) selected[role.word() == chosen] { (words::spaced(role.word())) } }
        }
    }
}

fn invite() -> Markup {
    html! {
        details.ask {
            summary.button { "Invite someone…" }
            form.form method="post" action="/access/invitations" {
                label.field { span { "As what?" } (roles("role", "As what?", "analyst")) span.hint { "You get a link to send. Whoever opens it chooses a name and a password." } }
                div { button.button.primary { "Make a link for 1 person" } }
            }
        }
    }
}

/// What each role is for.
fn duties() -> Markup {
    html! { div.list.padded { dl.facts.wide { @for role in Role::ALL { dt { (words::capital(&words::spaced(role.word()))) } dd { (words::sentence(role.about())) } } } } }
}

fn people(shell: &Shell, model: &Model) -> Markup {
    html! {
        table.list {
            thead { tr { th scope="col" { "Name" } th scope="col" { "Role" } th.p3 scope="col" { "Since" } th scope="col" { span.visually-hidden { "Change" } } } }
            tbody { @for person in &model.people { (person_row(shell, person)) } }
        }
    }
}

fn person_row(shell: &Shell, person: &Person) -> Markup {
    let disabled = person.disabled_at.is_some();
    let change = |verb: &str| format!("/access/people/{}/{verb}", person.id);
    html! {
        tr {
            td.main { b.strong { (person.name) } @if person.id == shell.reader.person { span.sub { "you" } } @if disabled { span.sub { "may not sign in" } } }
            td { (words::spaced(&person.role)) }
            td.p3 { (time::ago(shell.now, person.created_at)) }
            td.num {
                details.ask.over name="row" {
                    summary.button.small.quiet aria-label={ "Change " (person.name) } { "Change…" }
                    div.over-forms {
                        form.form method="post" action=(change("role")) {
                            label.field { span { "Role of " (person.name) } (roles("role", "Role", &person.role)) span.hint { "Their sessions end; they sign in again." } }
                            div { button.button.primary { "Set the role" } }
                        }
                        form method="post" action=(change(if disabled { "enable" } else { "disable" })) {
                            @if disabled { button.button { "Let " (person.name) " sign in again" } }
                            @else { button.button.danger { "Shut " (person.name) " out" } }
                        }
                    }
                }
            }
        }
    }
}

fn new_token() -> Markup {
    html! {
        details.ask {
            summary.button { "Make a token…" }
            form.form method="post" action="/access/tokens" {
                label.field { span { "What is it for?" } input name="name" required maxlength="64" autocomplete="off"; }
                label.field { span { "What may it do?" } (roles("role", "What may it do?", "auditor")) }
                label.field {
                    span { "For how long?" }
                    select name="days" { option value="7" { "7 days" } option value="90" selected { "90 days" } option value="365" { "a year" } option value="0" { "until it is revoked" } }
                }
                div { button.button.primary { "Make 1 token" } }
            }
        }
    }
}

fn tokens(shell: &Shell, model: &Model) -> Markup {
    html! {
        @if model.tokens.is_empty() {
            div.empty { p { "A token lets a script use the API: " code { "curl -H \"Authorization: Bearer $EYELINE_TOKEN\" " (shell.address) "/api/v1/findings" } "." } }
        } @else {
            table.list {
                thead { tr { th scope="col" { "Token" } th scope="col" { "Role" } th.p3 scope="col" { "Last used" } th.p4 scope="col" { "Ends" } th scope="col" { span.visually-hidden { "Revoke" } } } }
                tbody {
                    @for token in &model.tokens {
                        tr {
                            td.main { b.strong { (token.name) } span.sub { "made " (time::ago(shell.now, token.created_at)) } }
                            td { (words::spaced(&token.role)) }
                            td.p3 { (time::ago_or(shell.now, token.used_at, "never")) }
                            td.p4 { @match token.revoked_at { Some(at) => { "revoked " (time::ago(shell.now, at)) } None => { (time::ago_or(shell.now, token.expires_at, "never")) } } }
                            td.num { @if token.revoked_at.is_none() { (sure("Revoke…", &token.name, "It stops working at once. This cannot be undone.", &format!("/access/tokens/{}/revoke", token.id), "Revoke 1 token")) } }
                        }
                    }
                }
            }
        }
    }
}

/// An action that asks once.
fn sure(label: &str, what: &str, consequence: &str, action: &str, verb: &str) -> Markup {
    html! {
        details.ask.over name="row" {
            summary.button.small.quiet aria-label={ (label) " " (what) } { (label) }
            form.form method="post" action=(action) { p { (consequence) } div { button.button.danger { (verb) } } }
        }
    }
}

fn sessions(shell: &Shell, model: &Model) -> Markup {
    let name = |id: i64| {
        model.people.iter().find(|person| person.id == id).map_or("", |person| person.name.as_str())
    };
    html! {
        table.list {
            thead { tr { th scope="col" { "Who" } th.p3 scope="col" { "From" } th scope="col" { "Last used" } th scope="col" { span.visually-hidden { "End" } } } }
            tbody {
                @for session in &model.sessions {
                    tr {
                        td.main { b.strong { (name(session.person)) } span.sub { (browser(&session.client)) } }
                        td.p3.mono { (session.address) }
                        td { (time::ago(shell.now, session.used_at)) }
                        td.num { (end(session, "/access/sessions")) }
                    }
                }
            }
        }
    }
}

/// A form that ends a session.
pub(crate) fn end(session: &SessionRow, under: &str) -> Markup {
    html! { form method="post" action=(format!("{under}/{}/end", session.hash)) { button.button.small.quiet aria-label={ "End the session from " (session.address) } { "End" } } }
}

/// A browser's name for people, from what it calls itself.
pub(crate) fn browser(client: &str) -> String {
    let names = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| client.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&names), find(&systems)) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(name), None) => name.to_owned(),
        _ if client.is_empty() => "a browser that says nothing".to_owned(),
        _ => client.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_by_name() {
        assert_eq!(
            browser("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36"),
            "Chrome on Linux"
        );
        assert_eq!(
            browser("Mozilla/5.0 (Macintosh; Intel Mac OS X 15) Gecko Firefox/140.0"),
            "Firefox on macOS"
        );
        assert_eq!(browser(""), "a browser that says nothing");
    }
}
