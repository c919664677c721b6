//! The authorisation table: routes and who may use them, compared with one written by hand and tried with everybody.

use accounts::{Permission, Role, Secret};
use axum::{
    Router,
    body::Body,
    http::{StatusCode, header},
};
use tower::ServiceExt as _;

use super::{Fixture, request, with_session, with_token};
use crate::{
    Access,
    routes::{Entry, Routes},
};

/// What is in one table and not in the other; nothing when they agree. A line of the written one is `METHOD path access`,
/// where access is `public`, `enrolment`, `sensor` or a permission.
pub fn differences(routes: &Routes, written: &str) -> Vec<String> {
    let mut real: Vec<String> = routes.table().iter().map(line).collect();
    let mut wanted: Vec<String> = written
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect();
    real.sort();
    wanted.sort();
    let missing = wanted.iter().filter(|line| !real.contains(line)).map(|line| format!("no route: {line}"));
    let unwritten =
        real.iter().filter(|line| !wanted.contains(line)).map(|line| format!("not in the table: {line}"));
    let twice = real.windows(2).filter(|pair| pair.first() == pair.last()).flatten();
    missing.chain(unwritten).chain(twice.map(|line| format!("twice: {line}"))).collect()
}

fn line(entry: &Entry) -> String {
    let access = match entry.access {
        Access::Public => "public",
        Access::Enrolment => "enrolment",
        Access::Sensor => "sensor",
        Access::SignedIn(permission) => permission.word(),
    };
    format!("{} {} {access}", entry.method, entry.path)
}

/// Tries every route with nobody, every role by token and by session, a revoked token and an ended session. Gives what went
/// otherwise than the table says.
pub async fn try_everybody(fixture: &Fixture, app: &Router, table: &[Entry]) -> Vec<String> {
    let mut wrong = Vec::new();
    let revoked = revoked_token(fixture).await;
    let ended = ended_session(fixture).await;
    for entry in table {
        let attempt = Attempt { app, entry };
        match entry.access {
            Access::Public => attempt.public(&mut wrong).await,
            Access::Enrolment | Access::Sensor => attempt.sensor(fixture, &mut wrong).await,
            Access::SignedIn(permission) => {
                attempt.is_unknown("nobody", |builder| builder, &mut wrong).await;
                attempt
                    .is_unknown("a revoked token", |builder| with_token(builder, &revoked), &mut wrong)
                    .await;
                attempt
                    .is_unknown("an ended session", |builder| with_session(builder, &ended), &mut wrong)
                    .await;
                attempt.each_role(fixture, permission, &mut wrong).await;
            }
        }
    }
    wrong
}

async fn revoked_token(fixture: &Fixture) -> Secret {
    let (accounts, now, actor) = (fixture.state.accounts(), fixture.state.now(), super::actor());
    let (secret, row) = accounts.create_token("revoked", Role::Owner, None, &actor, now).await.unwrap();
    accounts.revoke_token(row.id, &actor, now).await.unwrap();
    secret
}

async fn ended_session(fixture: &Fixture) -> Secret {
    let (secret, identity) = fixture.person("ended", Role::Owner).await;
    fixture.state.accounts().sign_out(&identity, fixture.state.now()).await.unwrap();
    secret
}

struct Attempt<'a> {
    app: &'a Router,
    entry: &'a Entry,
}

impl Attempt<'_> {
    /// The status, and where a redirect leads. The body is not read: some never end.
    async fn send(
        &self,
        with: impl FnOnce(axum::http::request::Builder) -> axum::http::request::Builder,
    ) -> (StatusCode, String) {
        let mut path = self.entry.path.clone();
        while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
            path.replace_range(from..=to, "0");
        }
        let sent = with(request(self.entry.method.as_str(), &path)).body(Body::empty()).unwrap();
        let answer = self.app.clone().oneshot(sent).await.unwrap();
        let location = answer.headers().get(header::LOCATION);
        (answer.status(), location.map_or(String::new(), |location| location.to_str().unwrap().to_owned()))
    }

    fn line(&self) -> String {
        line(self.entry)
    }

    async fn public(&self, wrong: &mut Vec<String>) {
        let (status, location) = self.send(|builder| builder).await;
        if status == StatusCode::UNAUTHORIZED
            || status == StatusCode::FORBIDDEN
            || location.starts_with("/login?")
        {
            wrong.push(format!("{}: nobody got {status} {location}", self.line()));
        }
    }

    async fn sensor(&self, fixture: &Fixture, wrong: &mut Vec<String>) {
        let owner = fixture.token(Role::Owner).await;
        let nobody = self.send(|builder| builder).await;
        let owner = self.send(|builder| with_token(builder, &owner)).await;
        for (who, (status, _)) in [("nobody", nobody), ("an owner", owner)] {
            if status != StatusCode::UNAUTHORIZED {
                wrong.push(format!("{}: {who} got {status}", self.line()));
            }
        }
    }

    async fn is_unknown(
        &self,
        who: &str,
        with: impl FnOnce(axum::http::request::Builder) -> axum::http::request::Builder,
        wrong: &mut Vec<String>,
    ) {
        let (status, location) = self.send(with).await;
        let expected = if crate::guard::is_api(&self.entry.path) {
            status == StatusCode::UNAUTHORIZED
        } else {
            status == StatusCode::SEE_OTHER && location.starts_with("/login")
        };
        if !expected {
            wrong.push(format!("{}: {who} got {status} {location}", self.line()));
        }
    }

    async fn each_role(&self, fixture: &Fixture, permission: Permission, wrong: &mut Vec<String>) {
        for role in Role::ALL {
            let token = fixture.token(role).await;
            // A session of its own for each try: some routes end it.
            let name = format!("{role} {}", fresh());
            let (session, _) = fixture.person(&name, role).await;
            let by_token = self.send(|builder| with_token(builder, &token)).await;
            let by_session = self.send(|builder| with_session(builder, &session)).await;
            for (how, (status, location)) in [("token", by_token), ("session", by_session)] {
                let refused = status == StatusCode::FORBIDDEN;
                let unknown = status == StatusCode::UNAUTHORIZED || location.starts_with("/login?");
                if unknown || refused == role.may(permission) {
                    wrong.push(format!("{}: {role} by {how} got {status} {location}", self.line()));
                }
            }
        }
    }
}

/// A number that nobody had before, for names.
fn fresh() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
