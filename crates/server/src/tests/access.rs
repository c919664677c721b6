//! Tokens, sessions and signing in.

use accounts::{AccessError, Origin, Role};
use axum::{
    body::Body,
    http::{HeaderName, StatusCode},
};
use jiff::SignedDuration;
use serde_json::json;

use crate::testkit::{Fixture, get, request, send, send_json, with_session};

async fn fixture() -> (tempfile::TempDir, Fixture) {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path()).await;
    (dir, fixture)
}

#[tokio::test]
async fn a_token_works_until_it_is_revoked_or_ends() {
    let (_dir, fixture) = fixture().await;
    let (app, owner) = (fixture.app(), fixture.token(Role::Owner).await);
    let order = json!({"name": "ci", "role": "auditor", "ttl": "2h"});
    let made = send_json(&app, "POST", "/api/v1/tokens", &owner, order.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let made = made.json();
    let bearer = format!("Bearer {}", made["secret"].as_str().unwrap());
    let look = async |path: &str, bearer: &str| {
        send(&app, request("GET", path).header("authorization", bearer).body(Body::empty()).unwrap())
            .await
            .status
    };
    assert_eq!(look("/api/v1/records", &bearer).await, StatusCode::OK);
    assert_eq!(look("/api/v1/tokens", &bearer).await, StatusCode::FORBIDDEN);
    let list = get(&app, "/api/v1/tokens", &owner).await;
    assert!(list.text.contains("\"ci\"") && !list.text.contains(made["secret"].as_str().unwrap()));

    let id = &made["token"]["id"];
    let revoked = send_json(&app, "DELETE", &format!("/api/v1/tokens/{id}"), &owner, json!(null)).await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT, "{}", revoked.text);
    assert_eq!(look("/api/v1/records", &bearer).await, StatusCode::UNAUTHORIZED);
    let again = send_json(&app, "DELETE", &format!("/api/v1/tokens/{id}"), &owner, json!(null)).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);

    let made = send_json(&app, "POST", "/api/v1/tokens", &owner, order).await.json();
    let bearer = format!("Bearer {}", made["secret"].as_str().unwrap());
    fixture.pass(SignedDuration::from_mins(119));
    assert_eq!(look("/api/v1/records", &bearer).await, StatusCode::OK);
    fixture.pass(SignedDuration::from_mins(2));
    assert_eq!(look("/api/v1/records", &bearer).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_admin_neither_makes_nor_revokes_what_an_owner_has() {
    let (_dir, fixture) = fixture().await;
    let (app, admin) = (fixture.app(), fixture.token(Role::Admin).await);
    let order = json!({"name": "x", "role": "owner"});
    let answer = send_json(&app, "POST", "/api/v1/tokens", &admin, order).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    fixture.token(Role::Owner).await;
    let list = get(&app, "/api/v1/tokens", &admin).await.json();
    let owner = list["items"].as_array().unwrap().iter().find(|token| token["role"] == "owner").unwrap();
    let path = format!("/api/v1/tokens/{}", owner["id"]);
    let answer = send_json(&app, "DELETE", &path, &admin, json!(null)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
}

#[tokio::test]
async fn orders_that_make_no_sense_are_refused_with_a_reason() {
    let (_dir, fixture) = fixture().await;
    let (app, owner) = (fixture.app(), fixture.token(Role::Owner).await);
    for (order, status, word) in [
        (json!({"name": "x", "role": "king"}), 422, "king"),
        (json!({"name": "", "role": "admin"}), 422, "name"),
        (json!({"name": "x", "role": "admin", "ttl": "soon"}), 422, "`soon`"),
        (json!({"name": "x", "role": "admin", "life": "1d"}), 422, "life"),
    ] {
        let answer = send_json(&app, "POST", "/api/v1/tokens", &owner, order).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert!(answer.text.contains(word), "{}", answer.text);
    }
    for uses in [0, 100_001] {
        let answer = send_json(&app, "POST", "/api/v1/enrolment-tokens", &owner, json!({"uses": uses})).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn a_wrong_token_is_not_made_up_for_by_a_cookie() {
    let (_dir, fixture) = fixture().await;
    let (secret, _) = fixture.person("ada", Role::Owner).await;
    for authorization in ["Bearer hf_wrong", "Basic YTpi", "Bearer"] {
        let both =
            with_session(request("GET", "/api/v1/tokens"), &secret).header("authorization", authorization);
        let answer = send(&fixture.app(), both.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{authorization}");
    }
}

#[tokio::test]
async fn a_session_ends_by_itself_or_by_hand() {
    let (_dir, fixture) = fixture().await;
    let app = fixture.app();
    let look = async |secret: &accounts::Secret| {
        send(&app, with_session(request("GET", "/api/v1/sessions"), secret).body(Body::empty()).unwrap())
            .await
    };
    let (secret, _) = fixture.person("ada", Role::Reviewer).await;
    let list = look(&secret).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["current"], true);
    fixture.pass(SignedDuration::from_hours(11));
    assert_eq!(look(&secret).await.status, StatusCode::OK);
    fixture.pass(SignedDuration::from_hours(11));
    assert_eq!(look(&secret).await.status, StatusCode::OK, "it was used in between");
    fixture.pass(SignedDuration::from_hours(12));
    assert_eq!(look(&secret).await.status, StatusCode::UNAUTHORIZED, "it was not used for too long");

    let (secret, identity) = fixture.person("bob", Role::Reviewer).await;
    for _ in 0..16 {
        fixture.pass(SignedDuration::from_hours(10));
        assert_eq!(look(&secret).await.status, StatusCode::OK);
    }
    fixture.pass(SignedDuration::from_hours(10));
    assert_eq!(look(&secret).await.status, StatusCode::UNAUTHORIZED, "seven days are over");

    let (secret, mine) = fixture.person("eve", Role::Reviewer).await;
    let (other, _) = fixture.person("dan", Role::Reviewer).await;
    let end = async |id: &str, by: &accounts::Secret| {
        let path = format!("/api/v1/sessions/{id}");
        send(&app, with_session(request("DELETE", &path), by).body(Body::empty()).unwrap()).await.status
    };
    let id = mine.session.unwrap();
    assert_eq!(end(&id, &other).await, StatusCode::NOT_FOUND, "not theirs");
    assert_eq!(end(&id, &secret).await, StatusCode::NO_CONTENT);
    assert_eq!(look(&secret).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(end(&identity.session.unwrap(), &other).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn sessions_of_others_are_for_who_manages_access() {
    let (_dir, fixture) = fixture().await;
    fixture.person("ada", Role::Owner).await;
    fixture.person("bob", Role::Analyst).await;
    let path = "/api/v1/sessions?all=true";
    let admin = get(&fixture.app(), path, &fixture.token(Role::Admin).await).await;
    assert_eq!(admin.json()["items"].as_array().unwrap().len(), 2, "{}", admin.text);
    let analyst = get(&fixture.app(), path, &fixture.token(Role::Analyst).await).await;
    assert_eq!(analyst.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn guessing_is_slowed_down_and_the_answer_says_until_when() {
    let (_dir, fixture) = fixture().await;
    let accounts = fixture.state.accounts();
    let origin = |last: u8| Origin { address: [192, 0, 2, last].into(), client: String::new() };
    let mut refused = None;
    for guess in 0..20 {
        match accounts.sign_in("nobody", "wrong password", &origin(1), fixture.state.now()).await {
            Err(AccessError::TooMany(too_many)) => {
                refused = Some((guess, too_many));
                break;
            }
            other => assert!(matches!(other, Err(AccessError::Wrong)), "{other:?}"),
        }
    }
    let (guesses, too_many) = refused.expect("a limit");
    assert_eq!(guesses, 10);
    let answer =
        axum::response::IntoResponse::into_response(crate::Problem::from(AccessError::from(too_many)));
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: i64 =
        answer.headers()[HeaderName::from_static("retry-after")].to_str().unwrap().parse().unwrap();
    fixture.pass(SignedDuration::from_secs(wait));
    let again = accounts.sign_in("nobody", "wrong password", &origin(1), fixture.state.now()).await;
    assert!(matches!(again, Err(AccessError::Wrong)), "{again:?}");
}
