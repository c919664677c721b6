//! Signing in: by name and password, by a link that works once, and the first owner's account. Pure.

use accounts::Role;
use maud::{Markup, html};

use crate::{
    shell::{self, Scheme},
    words,
};

/// Sign in by name and password.
pub(crate) fn page(scheme: Option<Scheme>, name: &str, next: &str, problem: Option<&str>) -> Markup {
    let body = html! {
        h1 { "Sign in" }
        (said(problem))
        form.form method="post" action="/login" {
            label.field { span { "Name" } input name="name" value=(name) required autofocus[name.is_empty()] autocomplete="username" autocapitalize="off" spellcheck="false" maxlength="64"; }
            label.field { span { "Password" } input type="password" name="password" required autofocus[!name.is_empty()] autocomplete="current-password"; }
            @if !next.is_empty() { input type="hidden" name="next" value=(next); }
            div { button.button.primary type="submit" { "Sign in" } }
        }
        p.hint { "No account, or no password any more? Whoever runs this server gets a link that signs them in by starting it again, and can invite you." }
    };
    shell::bare(scheme, "Sign in", &body)
}

/// A link that makes an account.
pub(crate) fn create(
    scheme: Option<Scheme>,
    action: &str,
    role: Role,
    name: &str,
    problem: Option<&str>,
) -> Markup {
    let first = role == Role::Owner;
    let title = if first { "Make this yours" } else { "Make your account" };
    let body = html! {
        h1 { (title) }
        @if first { p.dim { "Nobody has an account here yet. The first one is the owner’s: yours. It stays with this server." } }
        @else { p.dim { "You were invited as " (words::spaced(role.word())) ", who " (role.about()) "." } }
        (said(problem))
        form.form method="post" action=(action) {
            label.field { span { "Name" } input name="name" value=(name) required autofocus autocomplete="username" autocapitalize="off" spellcheck="false" maxlength="64"; }
            label.field {
                span { "Password" }
                input type="password" name="password" required minlength=(accounts::MIN_PASSWORD) autocomplete="new-password";
                span.hint { "At least " (accounts::MIN_PASSWORD) " characters; a sentence is good." }
            }
            div { button.button.primary type="submit" { @if first { "Make the account" } @else { "Make my account" } } }
        }
    };
    shell::bare(scheme, title, &body)
}

/// A link that signs someone in.
pub(crate) fn accept(scheme: Option<Scheme>, action: &str, name: &str) -> Markup {
    let body = html! {
        h1 { "Continue as " (name) }
        p.dim { "This link signs you in once. If you did not ask for it, close this page." }
        form.form method="post" action=(action) { div { button.button.primary type="submit" autofocus { "Continue as " (name) } } }
    };
    shell::bare(scheme, "Sign in", &body)
}

fn said(problem: Option<&str>) -> Markup {
    html! { @if let Some(text) = problem { p.notice.high role="alert" { (words::sentence(text)) } } }
}
