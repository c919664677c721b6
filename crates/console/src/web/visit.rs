//! What every handler of a page begins with: who reads, in which colours, what part of the page is wanted.

use accounts::Permission;
use axum::{
    extract::{FromRequestParts, Query},
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use maud::Markup;
use serde::Deserialize;
use server::{Caller, Problem, State};
use store::{ListRequest, PersonRef, Scope};

use crate::{
    list,
    names::Names,
    shell::{May, Reader, Scheme, Shell},
    words,
};

/// A request for a page by someone who is signed in.
pub(super) struct Visit {
    pub(super) state: State,
    pub(super) caller: Caller,
    pub(super) shell: Shell,
    /// The element that the answer goes into, when a script asks for a part of a page.
    pub(super) into: Option<String>,
    /// Whether the query bar asks, which then says already what the list shows.
    pub(super) query_asked: bool,
    /// The state of the list that the reader looks at: of this address, or of the one that a script asks from.
    pub(super) list: list::State,
}

#[derive(Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}

impl FromRequestParts<State> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let caller = <Caller as FromRequestParts<State>>::from_request_parts(parts, state).await?;
        let now = state.now();
        let counts = state.navigation(caller.scope()).await?;
        let Query(Done { done }) = Query::try_from_uri(&parts.uri)?;
        let shell = Shell {
            now,
            scheme: scheme(&parts.headers),
            reader: reader(&caller),
            counts: counts.into(),
            names: Names(state.settings().catalog.clone()),
            address: state.public_url().to_owned(),
            notice: said(&done).map(str::to_owned),
        };
        let into = partial(&parts.headers);
        let list = match &into {
            Some(into) if into != "list" => looked_at(parts),
            _ => Query::try_from_uri(&parts.uri)?.0,
        };
        let source = parts.headers.get("hx-source").and_then(|value| value.to_str().ok());
        let query_asked = source.is_some_and(|source| source.ends_with("#query"));
        Ok(Self { state: state.clone(), caller, shell, into, query_asked, list })
    }
}

impl Visit {
    /// What the reader sees.
    pub(super) fn scope(&self) -> Scope {
        self.caller.scope()
    }

    /// A request for all rows that they see, to narrow.
    pub(super) fn request(&self) -> ListRequest {
        let me = self.caller.identity().person();
        ListRequest { scope: self.scope(), me, ..ListRequest::all(self.shell.now) }
    }

    /// Whom things can be given to.
    pub(super) async fn people(&self) -> Result<Vec<PersonRef>, Problem> {
        let people = self.state.accounts().people().await?;
        let active = people.into_iter().filter(|person| person.disabled_at.is_none());
        Ok(active.map(|person| PersonRef { id: person.id, name: person.name }).collect())
    }
}

/// The colours that a reader chose.
pub(super) fn scheme(headers: &HeaderMap) -> Option<Scheme> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    match pairs.find(|(name, _)| *name == "eyeline_scheme")?.1 {
        "light" => Some(Scheme::Light),
        "dark" => Some(Scheme::Dark),
        _ => None,
    }
}

fn reader(caller: &Caller) -> Reader {
    let may = |permission| caller.may(permission);
    Reader {
        person: caller.identity().person().unwrap_or_default(),
        name: caller.identity().name(),
        role: words::spaced(caller.role().word()),
        may: May {
            triage: may(Permission::TriageFindings),
            command: may(Permission::CommandDevices),
            manage_devices: may(Permission::ManageDevices),
            manage_access: may(Permission::ManageAccess),
            read_records: may(Permission::ReadRecords),
        },
    }
}

/// The id of the element that a script puts the answer into: `HX-Target: aside#side`. Nothing for whole pages, also when a
/// script asks for one.
fn partial(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(HeaderName::from_static(name)).and_then(|value| value.to_str().ok());
    if text("hx-request").is_none()
        || text("hx-history-restore-request").is_some()
        || text("hx-request-type") == Some("full")
    {
        return None;
    }
    let target = text("hx-target")?;
    Some(target.rsplit('#').next().unwrap_or(target).to_owned())
}

/// The list behind a panel is the one in the reader's address bar; a list asks for itself.
fn looked_at(parts: &Parts) -> list::State {
    let own = Query::try_from_uri(&parts.uri).map(|Query(state)| state).unwrap_or_default();
    if own != list::State::default() {
        return own;
    }
    let current = parts.headers.get("hx-current-url").and_then(|value| value.to_str().ok());
    let uri = current.and_then(|url| url.parse::<axum::http::Uri>().ok());
    uri.and_then(|uri| Query::try_from_uri(&uri).ok()).map(|Query(state)| state).unwrap_or_default()
}

/// What a page says after something was done. Words come from here alone: an address cannot make a page say what it likes.
fn said(done: &str) -> Option<&'static str> {
    Some(match done {
        "acknowledged" => "Acknowledged. The reason is in the records.",
        "reopened" => "It is open again.",
        "assigned" => "Assigned.",
        "unassigned" => "Nobody looks after it now.",
        "due" => "The date is set.",
        "undue" => "It has no date any more.",
        "rescan" => "The device was asked to look again; what it finds appears here.",
        "rescan-later" => "The device is not connected. It is asked to look again as soon as it is.",
        "person" => "Saved whose device it is.",
        "revoked" => "The device is revoked.",
        "role" => "The role is set.",
        "disabled" => "They cannot sign in any more; their sessions have ended.",
        "enabled" => "They can sign in again.",
        "token-revoked" => "The token no longer works.",
        "ended" => "The session has ended.",
        "password" => "Your password is changed; your other sessions have ended.",
        _ => return None,
    })
}

/// The words for something that was done.
pub(super) fn words_for(done: &str) -> Option<String> {
    said(done).map(str::to_owned)
}

/// Back to a page after a form, with what was done.
pub(super) fn back(path: &str, done: &str) -> Response {
    Redirect::to(&format!("{path}?done={done}")).into_response()
}

/// A part of a page, which is not the answer of its address for anybody else.
pub(super) fn part(markup: Markup) -> Response {
    let mut response = markup.into_response();
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("hx-request, hx-target"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_part_is_answered_only_where_a_script_has_a_place_for_it() {
        assert_eq!(
            partial(&headers(&[("hx-request", "true"), ("hx-target", "aside#side")])).as_deref(),
            Some("side")
        );
        assert_eq!(
            partial(&headers(&[("hx-request", "true"), ("hx-target", "body"), ("hx-request-type", "full")])),
            None
        );
        let restored =
            [("hx-request", "true"), ("hx-target", "body"), ("hx-history-restore-request", "true")];
        assert_eq!(partial(&headers(&restored)), None);
        assert_eq!(partial(&headers(&[("hx-target", "aside#side")])), None);
    }

    #[test]
    fn colours_come_from_a_cookie_that_says_light_or_dark() {
        assert_eq!(scheme(&headers(&[("cookie", "a=b; eyeline_scheme=dark")])), Some(Scheme::Dark));
        assert_eq!(scheme(&headers(&[("cookie", "eyeline_scheme=<script>")])), None);
    }

    #[test]
    fn an_address_cannot_make_a_page_say_what_it_likes() {
        assert_eq!(said("Call this number"), None);
        assert!(said("acknowledged").is_some());
    }
}
