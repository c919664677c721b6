//! What holds for every request: names, sites, headers, problems.

use accounts::Role;
use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode},
    response::{Html, IntoResponse as _},
};

use crate::{
    HeaderPolicy, Routes, app, routes,
    testkit::{Fixture, HOST, get, request, send, with_session, with_token},
};

async fn fixture() -> (tempfile::TempDir, Fixture) {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path()).await;
    (dir, fixture)
}

/// An application with a page, and problems as pages.
fn with_pages(fixture: &Fixture) -> Router {
    let pages = Routes::new()
        .public(Method::GET, "/login/{secret}", async || Html("login"))
        .signed_in(accounts::Permission::ReadInventory, Method::GET, "/models", async || Html("models"))
        .public(Method::GET, "/broken", async || -> &'static str { panic!("the password is hunter2") })
        .error_page(|_, problem, fragment| Html(format!("{} {fragment}", problem.detail)).into_response());
    app(routes(&fixture.state).merge(pages), fixture.state.clone())
}

#[tokio::test]
async fn a_name_that_was_made_to_point_here_gets_nothing() {
    let (_dir, fixture) = fixture().await;
    for path in ["/healthz", "/api/v1/devices", "/login"] {
        let rebound = Request::builder().uri(path).header("host", "evil.example:7411");
        let answer = send(&fixture.app(), rebound.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{path}");
        assert!(answer.text.contains(HOST), "says how to reach it: {}", answer.text);
    }
}

#[tokio::test]
async fn another_site_changes_nothing_with_the_cookie_of_a_person() {
    let (_dir, fixture) = fixture().await;
    let (secret, _) = fixture.person("ada", Role::Owner).await;
    let cookie = format!("eyeline_session={}", secret.reveal());
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "http://evil.example"), ("x-none", "")]
    {
        let forged =
            request("POST", "/api/v1/enrolment-tokens").header("cookie", &cookie).header(name, value);
        let answer = send(&fixture.app(), forged.body(Body::from("{}")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
    }
    let own = with_session(request("POST", "/api/v1/enrolment-tokens"), &secret)
        .header("content-type", "application/json");
    let answer = send(&fixture.app(), own.body(Body::from("{}")).unwrap()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let (_dir, fixture) = fixture().await;
    let pages = with_pages(&fixture);
    for path in ["/healthz", "/models", "/nothing", "/login/x", "/broken", "/api/v1/devices"] {
        let answer = send(&pages, request("GET", path).body(Body::empty()).unwrap()).await;
        for (name, value) in HeaderPolicy::ALL {
            assert_eq!(answer.header(name), value, "{path}");
        }
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-request-id").len(), 16, "{path}");
        assert!(!answer.header("content-security-policy").contains("unsafe"));
    }
}

#[tokio::test]
async fn a_browser_is_led_to_the_login_and_back_a_program_learns_that_it_needs_a_token() {
    let (_dir, fixture) = fixture().await;
    let pages = with_pages(&fixture);
    let ask = async |path: &str| send(&pages, request("GET", path).body(Body::empty()).unwrap()).await;
    let answer = ask("/models?q=a%20b&sort=-size").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/login?next=/models%3Fq%3Da%2520b%26sort%3D-size");
    assert_eq!(ask("/nothing-here").await.status, StatusCode::SEE_OTHER, "nobody learns what is not there");
    let answer = ask("/api/v1/nothing-here").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"eyeline\"");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let fragment = request("GET", "/models").header("hx-request", "true");
    let answer = send(&pages, fragment.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.header("hx-redirect"), "/login?next=/models", "htmx would put the login into the page");
}

#[tokio::test]
async fn problems_are_pages_for_browsers_and_one_shape_for_programs() {
    let (_dir, fixture) = fixture().await;
    let (pages, token) = (with_pages(&fixture), fixture.token(Role::Owner).await);
    let page = get(&pages, "/nothing", &token).await;
    assert_eq!((page.status, page.text.as_str()), (StatusCode::NOT_FOUND, "there is no such page false"));
    assert!(page.header("content-type").starts_with("text/html"));
    let problem = get(&pages, "/api/v1/nothing", &token).await;
    assert_eq!(problem.header("content-type"), "application/problem+json");
    let problem = problem.json();
    assert_eq!((problem["status"].as_u64(), problem["title"].as_str()), (Some(404), Some("Not Found")));
    assert_eq!(problem["type"], "about:blank");
    let wrong = with_token(request("PUT", "/api/v1/devices"), &token).body(Body::empty()).unwrap();
    assert_eq!(send(&pages, wrong).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_fault_inside_is_told_without_its_inside() {
    let (_dir, fixture) = fixture().await;
    let answer = send(&with_pages(&fixture), request("GET", "/broken").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!answer.text.contains("hunter2"), "{}", answer.text);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read() {
    let (_dir, fixture) = fixture().await;
    let token = fixture.token(Role::Owner).await;
    let large =
        with_token(request("POST", "/api/v1/tokens"), &token).header("content-type", "application/json");
    let answer = send(&fixture.app(), large.body(Body::from(vec![b' '; 300 * 1024])).unwrap()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn it_lives_it_is_ready_and_it_counts() {
    let (_dir, fixture) = fixture().await;
    let app = fixture.app();
    for path in ["/healthz", "/readyz"] {
        let answer = send(&app, request("GET", path).body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "ok\n"), "{path}");
    }
    let token = fixture.token(Role::Auditor).await;
    get(&app, "/api/v1/devices?q=secret", &token).await;
    let text = get(&app, "/metrics", &token).await.text;
    assert!(
        text.contains(
            r#"eyeline_request_duration_seconds_count{method="GET",route="/healthz",status="2xx"} 1"#
        )
    );
    assert!(text.contains(r#"route="/api/v1/devices""#) && !text.contains("secret"), "{text}");
    for severity in ["critical", "high", "medium", "low", "info"] {
        assert!(text.contains(&format!("eyeline_findings_open{{severity=\"{severity}\"}} 0")), "{text}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_not_ready_and_the_answer_says_so() {
    let (_dir, fixture) = fixture().await;
    let token = fixture.token(Role::Owner).await;
    fixture.state.store().close().await;
    let answer = send(&fixture.app(), request("GET", "/readyz").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text.contains("database"), "{}", answer.text);
    let answer = get(&fixture.app(), "/api/v1/devices", &token).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
    assert_eq!(answer.header("retry-after"), "5");
    let lives = send(&fixture.app(), request("GET", "/healthz").body(Body::empty()).unwrap()).await;
    assert_eq!(lives.status, StatusCode::OK);
}

#[tokio::test]
async fn what_the_framework_refuses_has_the_shape_of_all_other_problems() {
    let (_dir, fixture) = fixture().await;
    let own = Routes::new()
        .public(Method::GET, "/api/v1/test/{id}", async |axum::extract::Path(id): axum::extract::Path<u8>| {
            id.to_string()
        })
        .public(Method::POST, "/api/v1/test", async |body: String| body);
    let app = app(own, fixture.state.clone());
    let path = request("GET", "/api/v1/test/%ff").body(Body::empty()).unwrap();
    let large = request("POST", "/api/v1/test").body(Body::from(vec![b'x'; 1 << 20])).unwrap();
    for (asked, status) in [(path, 400), (large, 413)] {
        let answer = send(&app, asked).await;
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!((answer.status.as_u16(), &problem["status"]), (status, &status.into()), "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
    }
}

#[tokio::test]
async fn a_server_whose_data_directory_was_removed_is_not_ready() {
    let (dir, fixture) = fixture().await;
    let ready = async || {
        let asked = request("GET", "/readyz").body(Body::empty()).unwrap();
        send(&fixture.app(), asked).await
    };
    assert_eq!(ready().await.status, StatusCode::OK);
    std::fs::remove_dir_all(dir.path()).unwrap();
    let answer = ready().await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text.contains("is gone"), "{}", answer.text);
}
