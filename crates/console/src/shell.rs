//! The document around every page: navigation with counts, the top bar with the query, the notice, the dialog of keys.
//! Pure: everything comes in with [`Shell`].

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

use crate::{assets, names::Names, words};

/// Where a page is, in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Overview,
    Findings,
    Devices,
    Models,
    Runtimes,
    Agents,
    Records,
    Access,
    Account,
}

impl Place {
    /// The word in the navigation.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Findings => "Findings",
            Self::Devices => "Devices",
            Self::Models => "Models",
            Self::Runtimes => "Runtimes",
            Self::Agents => "Agents",
            Self::Records => "Records",
            Self::Access => "Access",
            Self::Account => "Account",
        }
    }

    /// Its address.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Findings => "/findings",
            Self::Devices => "/devices",
            Self::Models => "/models",
            Self::Runtimes => "/runtimes",
            Self::Agents => "/agents",
            Self::Records => "/records",
            Self::Access => "/access",
            Self::Account => "/account",
        }
    }
}

impl Place {
    /// The letter that leads there after `g`.
    fn key(self) -> Option<&'static str> {
        match self {
            Self::Overview => Some("o"),
            Self::Findings => Some("f"),
            Self::Devices => Some("d"),
            Self::Models => Some("m"),
            Self::Runtimes => Some("r"),
            Self::Agents => Some("a"),
            Self::Records | Self::Access | Self::Account => None,
        }
    }
}

/// Which colours a reader chose; the system's where they chose none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Scheme {
    /// The value of the attribute and of the cookie.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What a reader may do, where a page offers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a permission of its own")]
pub(crate) struct May {
    /// Acknowledge, assign, set due dates.
    pub(crate) triage: bool,
    /// Ask devices to scan.
    pub(crate) command: bool,
    /// Assign and revoke devices.
    pub(crate) manage_devices: bool,
    /// See and change who has access.
    pub(crate) manage_access: bool,
    /// See the records.
    pub(crate) read_records: bool,
}

/// Who reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reader {
    /// The row of the person; 0 for a token.
    pub(crate) person: i64,
    /// Their name.
    pub(crate) name: String,
    /// Their role, for people.
    pub(crate) role: String,
    /// What they may do.
    pub(crate) may: May,
}

/// The numbers in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) findings: u64,
    pub(crate) devices: u64,
    pub(crate) artifacts: u64,
    pub(crate) runtimes: u64,
    pub(crate) agents: u64,
}

impl From<[u64; 5]> for Counts {
    fn from([findings, devices, artifacts, runtimes, agents]: [u64; 5]) -> Self {
        Self { findings, devices, artifacts, runtimes, agents }
    }
}

/// What every page is made with.
#[derive(Clone)]
pub(crate) struct Shell {
    pub(crate) now: Timestamp,
    pub(crate) scheme: Option<Scheme>,
    pub(crate) reader: Reader,
    pub(crate) counts: Counts,
    pub(crate) names: Names,
    /// The address of this server, for commands to copy: `http://127.0.0.1:7411`.
    pub(crate) address: String,
    /// What just happened, if the page follows something that a person did.
    pub(crate) notice: Option<String>,
}

impl Shell {
    /// Whether there is one machine and nothing else, so that sentences can be about it.
    pub(crate) fn one_machine(&self) -> bool {
        self.counts.devices == 1
    }
}

/// What the query bar of a page searches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Search<'a> {
    /// The list.
    pub(crate) path: &'a str,
    /// What it holds, for the label: `models`.
    pub(crate) of: &'a str,
    /// The query now.
    pub(crate) text: &'a str,
    /// A query to learn from.
    pub(crate) example: &'a str,
    /// The order, kept when the query changes.
    pub(crate) sort: Option<&'a str>,
    /// Whether the query was not understood.
    pub(crate) wrong: bool,
    /// Whether answers take the place of the list on this page.
    pub(crate) here: bool,
}

/// A page of someone who is signed in.
pub(crate) fn page(shell: &Shell, place: Place, title: &str, search: &Search<'_>, body: &Markup) -> Markup {
    document(
        shell.scheme,
        title,
        "shell",
        &html! {
            a.skip href="#main" { "Skip to content" }
            (navigation(shell, place))
            div.body {
                (top(search))
                main #main tabindex="-1" { (body) }
            }
            (keys())
            div #notices { (notice(shell.notice.as_deref())) }
            p #say.visually-hidden role="status" {}
        },
    )
}

/// A page without navigation: login, errors.
pub(crate) fn bare(scheme: Option<Scheme>, title: &str, body: &Markup) -> Markup {
    document(
        scheme,
        title,
        "alone",
        &html! {
            main #main { div.card { (brand()) (body) } }
            p #say.visually-hidden role="status" {}
        },
    )
}

fn document(scheme: Option<Scheme>, title: &str, class: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-scheme=[scheme.map(Scheme::word)] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content=(scheme.map_or("light dark", Scheme::word));
                meta name="htmx-config" content=(HTMX);
                title { (title) " · Eyeline" }
                link rel="icon" href=(assets::path_of("icon.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(assets::path_of("console.css"));
                script src=(assets::path_of("htmx.js")) defer {}
                script src=(assets::path_of("console.js")) defer {}
            }
            body.(class) { (body) }
        }
    }
}

/// No style of its own.
const HTMX: &str = r#"{"includeIndicatorCSS":false}"#;

fn brand() -> Markup {
    html! { a.brand href="/" { img src=(assets::path_of("icon.svg")) alt="" width="20" height="20"; "Eyeline" } }
}

fn navigation(shell: &Shell, here: Place) -> Markup {
    let may = shell.reader.may;
    let mark = |place: Place| (place == here).then_some("page");
    let link = |place: Place| html! { a href=(place.path()) aria-current=[mark(place)] { (place.word()) } };
    html! {
        nav.nav aria-label="Main" {
            (brand())
            (counted(shell.counts, here))
            @if may.read_records { div.group { "Proof" } (link(Place::Records)) }
            @if may.manage_access { div.group { "People" } (link(Place::Access)) }
            a.narrow href=(Place::Account.path()) aria-current=[mark(Place::Account)] { "Account" }
            div.foot {
                a href=(Place::Account.path()) aria-current=[mark(Place::Account)] { (shell.reader.name) ", " (shell.reader.role) }
                div.actions {
                    button.button.quiet.small.needs-scripts type="button" data-scheme-toggle { "Colours" }
                    button.button.quiet.small.needs-scripts type="button" data-keys { "Keys " kbd { "?" } }
                    form method="post" action="/logout" { button.button.quiet.small { "Sign out" } }
                }
            }
        }
    }
}

/// The part of the navigation that counts: it is fetched again when what it counts changes.
fn counted(counts: Counts, here: Place) -> Markup {
    let link = |place: Place, number: Option<u64>| {
        html! {
            a href=(place.path()) data-go=[place.key()] aria-current=[(place == here).then_some("page")] {
                (place.word())
                @if let Some(number) = number { span.count { (words::count(number)) } }
            }
        }
    };
    html! {
        div.counted #counted data-live-region {
            (link(Place::Overview, None))
            (link(Place::Findings, Some(counts.findings)))
            (link(Place::Devices, Some(counts.devices)))
            div.group { "On devices" }
            (link(Place::Models, Some(counts.artifacts)))
            (link(Place::Runtimes, Some(counts.runtimes)))
            (link(Place::Agents, Some(counts.agents)))
        }
    }
}

fn top(search: &Search<'_>) -> Markup {
    html! { header.top { (query(search, false)) } }
}

/// The query bar. `anew` makes it take the place of the one that a page has: after a chip or another order was pressed, so that it says
/// what the list shows.
pub(crate) fn query(search: &Search<'_>, anew: bool) -> Markup {
    let target = search.here.then_some("#list");
    html! {
            form.query.wrong[search.wrong] #query role="search" action=(search.path) method="get" hx-swap-oob=[anew.then_some("true")]
                hx-get=[target.map(|_| search.path)] hx-target=[target] hx-swap=[target.map(|_| "outerHTML")] hx-push-url=[target.map(|_| "true")] {
                label.visually-hidden for="q" { "Search " (search.of) }
                input #q name="q" type="search" value=(search.text) placeholder=(placeholder(search))
                    autocomplete="off" autocapitalize="off" spellcheck="false" data-query
                    aria-invalid=[search.wrong.then_some("true")] aria-describedby=[search.here.then_some("q-problem")];
                @if let Some(sort) = search.sort { input type="hidden" name="sort" value=(sort); }
                kbd aria-hidden="true" { "/" }
                button.visually-hidden { "Search" }
            }
    }
}

fn placeholder(search: &Search<'_>) -> String {
    let colon = if search.example.is_empty() { "" } else { ": " };
    format!("Search {}{colon}{}", search.of, search.example)
}

/// What just happened.
pub(crate) fn notice(text: Option<&str>) -> Markup {
    html! { @if let Some(text) = text { p.toast role="status" { (text) } } }
}

fn keys() -> Markup {
    let keys = [
        ("/", "into the query"),
        ("j", "the next row"),
        ("k", "the row before"),
        ("Enter", "open it beside the list"),
        ("Esc", "close what is open"),
        ("g o", "to the overview"),
        ("g f", "to the findings"),
        ("g d", "to the devices"),
        ("g m", "to the models"),
        ("g r", "to the runtimes"),
        ("g a", "to the agents"),
        ("?", "these keys"),
    ];
    html! {
        dialog.dialog #keys aria-labelledby="keys-title" {
            h2 #keys-title { "Keys" }
            dl.keys {
                @for (key, what) in keys {
                    div { dt { @for word in key.split(' ') { kbd { (word) } " " } } dd { (what) } }
                }
            }
            form method="dialog" { button.button { "Close" } }
        }
    }
}
