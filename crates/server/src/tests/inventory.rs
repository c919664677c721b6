//! Lists, single things, the API document.

use accounts::Role;
use axum::{body::Body, http::StatusCode};
use serde_json::{Value, json};

use crate::testkit::{Fixture, get, request, send_json};

const LISTS: [&str; 11] = [
    "devices",
    "artifacts",
    "holdings",
    "runtimes",
    "agents",
    "packages",
    "findings",
    "requests",
    "policies",
    "releases",
    "records",
];

async fn fixture() -> (tempfile::TempDir, Fixture) {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path()).await;
    (dir, fixture)
}

#[tokio::test]
async fn every_list_has_the_same_shape() {
    let (_dir, fixture) = fixture().await;
    let (app, owner) = (fixture.app(), fixture.token(Role::Owner).await);
    for list in LISTS {
        let answer = get(&app, &format!("/api/v1/{list}"), &owner).await;
        assert_eq!(answer.status, StatusCode::OK, "{list}: {}", answer.text);
        let document = answer.json();
        let names: Vec<_> = document.as_object().unwrap().keys().collect();
        assert_eq!(names, ["items", "next"], "{list}");
        assert!(document["items"].is_array() && document["next"].is_null(), "{list}");
        assert!(!answer.text.contains('\n'), "compact");
    }
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_told_so() {
    let (_dir, fixture) = fixture().await;
    let (app, owner) = (fixture.app(), fixture.token(Role::Owner).await);
    for (query, word) in [
        ("limit=0", "1 to 1000"),
        ("limit=1001", "1 to 1000"),
        ("limit=many", "limit"),
        ("q=colour:red", "colour"),
        ("sort=colour", "`colour`"),
        ("after=nonsense", "first page"),
        ("query=x", "query"),
    ] {
        let answer = get(&app, &format!("/api/v1/devices?{query}"), &owner).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(word), "{query}: {}", answer.text);
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_of_its_own() {
    let (_dir, fixture) = fixture().await;
    let (app, owner) = (fixture.app(), fixture.token(Role::Owner).await);
    for path in ["devices/0", "artifacts/0", "runtimes/0", "agents/0", "findings/0"] {
        let answer = get(&app, &format!("/api/v1/{path}"), &owner).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text);
        assert!(answer.text.contains("there is no such"), "{}", answer.text);
    }
    for path in ["devices/0/rescan", "devices/0/revoke"] {
        let answer = send_json(&app, "POST", &format!("/api/v1/{path}"), &owner, json!(null)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_change_of_a_finding_is_exactly_one_that_is_known() {
    let (_dir, fixture) = fixture().await;
    let (app, owner) = (fixture.app(), fixture.token(Role::Owner).await);
    let change = async |body: Value| {
        send_json(&app, "PATCH", "/api/v1/findings/0", &owner, body).await.status.as_u16()
    };
    for good in [
        json!({"acknowledge": {"reason": "known"}}),
        json!({"reopen": {}}),
        json!({"assign": {"person": null}}),
        json!({"due": {"date": "2026-12-01"}}),
        json!({"due": {"date": null}}),
    ] {
        assert_eq!(change(good.clone()).await, 404, "{good}: understood, but there is no such finding");
    }
    for bad in [
        json!({"acknowledge": {"reason": "  "}}),
        json!({"acknowledge": {"reason": "x".repeat(2001)}}),
        json!({"acknowledge": {}}),
        json!({"reopen": {}, "due": {"date": null}}),
        json!({"due": {"date": "2026-13-01"}}),
        json!({"assign": {"person": 4242}}),
        json!({"close": {}}),
        json!({}),
    ] {
        assert!([400, 422].contains(&change(bad.clone()).await), "{bad}");
    }
}

#[tokio::test]
async fn the_policy_names_every_rule() {
    let (_dir, fixture) = fixture().await;
    let answer = get(&fixture.app(), "/api/v1/policies", &fixture.token(Role::DeviceUser).await).await.json();
    let rules: Vec<_> = answer["items"][0]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    let known: Vec<_> = assess::RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(rules, known);
    assert!(rules.contains(&"runtime-exposed"));
}

#[tokio::test]
async fn the_document_of_the_api_changes_only_on_purpose() {
    let (_dir, fixture) = fixture().await;
    let token = fixture.token(Role::DeviceUser).await;
    let answer = get(&fixture.app(), "/api/v1/openapi.json", &token).await;
    let document = answer.json();
    for list in LISTS {
        let path = &document["paths"][format!("/api/v1/{list}")]["get"];
        assert!(path["responses"]["401"].is_object(), "{list}: problems are documented");
    }
    assert!(document["components"]["schemas"]["Problem"].is_object());
    let pretty = serde_json::to_string_pretty(&document).unwrap();
    insta::assert_snapshot!("openapi", pretty);
}

#[tokio::test]
async fn a_large_answer_is_compressed_for_who_asks() {
    let (_dir, fixture) = fixture().await;
    let token = fixture.token(Role::Auditor).await;
    let asked = request("GET", "/api/v1/openapi.json")
        .header("accept-encoding", "gzip")
        .header("authorization", format!("Bearer {}", token.reveal()));
    let (parts, _) = tower::ServiceExt::oneshot(fixture.app(), asked.body(Body::empty()).unwrap())
        .await
        .unwrap()
        .into_parts();
    assert_eq!(parts.headers["content-encoding"], "gzip");
}
