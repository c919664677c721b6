//! What a browser sees when a request was not served: what is the case, and what to do. Pure.

use maud::{Markup, html};
use server::Problem;

use crate::{
    shell::{self, Scheme},
    words,
};

/// The page of a problem.
pub(crate) fn page(scheme: Option<Scheme>, problem: &Problem) -> Markup {
    let body = html! {
        h1 { (title(problem)) }
        p { (words::sentence(&problem.detail)) }
        p.dim { (advice(problem.status)) }
        div.actions { a.button.primary href="/" { "To the overview" } @if problem.status == 401 { a.button href="/login" { "Sign in" } } }
        p.hint { "Status " (problem.status) }
    };
    shell::bare(scheme, &title(problem), &body)
}

/// The same inside a page, where a panel or a list was asked for.
pub(crate) fn fragment(problem: &Problem) -> Markup {
    html! {
        div.panel { div.panel-top { span.sev.high { "Not done" } a.close data-close href="?" title="Close (Esc)" { "Close" } }
            h2 tabindex="-1" data-focus { (title(problem)) }
            p role="alert" { (words::sentence(&problem.detail)) }
            p.dim { (advice(problem.status)) }
        }
    }
}

fn title(problem: &Problem) -> String {
    match problem.status {
        403 => "You may not do this".to_owned(),
        404 => "There is nothing here".to_owned(),
        410 => "This link leads nowhere any more".to_owned(),
        429 => "Too many attempts".to_owned(),
        _ => problem.title.clone(),
    }
}

/// What to do about it.
fn advice(status: u16) -> &'static str {
    match status {
        403 => "Your role decides what you may do. An owner or an admin can give you another one.",
        404 => {
            "It may be gone from every device since the link was made. What happened to it is in the records."
        }
        410 => {
            "Links that sign someone in work once. Start the product again for a new one, or ask for a new invitation."
        }
        429 => "Wait a little; the server counts attempts so that nobody can guess passwords.",
        503 | 507 => {
            "Nothing that was acknowledged is lost. Try again in a moment; the log of the server says more."
        }
        500..=599 => {
            "It is not your doing. The log of the server says more, under the request id of this answer."
        }
        _ => "Go back and try it another way.",
    }
}
