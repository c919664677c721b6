//! The control socket, asked as a command asks it.

#![cfg(unix)]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::Path,
};

use accounts::Role;

use crate::{
    control::{Answer, AskError, Control, Request, SOCKET, ask},
    testkit::Fixture,
};

struct Running {
    dir: tempfile::TempDir,
    fixture: Fixture,
    task: tokio::task::JoinHandle<()>,
}

async fn running() -> Running {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path()).await;
    let control = Control::open(dir.path(), fixture.state.clone()).unwrap();
    let task = tokio::spawn(control.serve());
    Running { dir, fixture, task }
}

async fn asked(dir: &Path, request: Request) -> Result<Answer, AskError> {
    let dir = dir.to_owned();
    tokio::task::spawn_blocking(move || ask(&dir, &request)).await.unwrap()
}

#[tokio::test]
async fn a_command_beside_the_server_makes_lists_and_revokes_tokens() {
    let running = running().await;
    let dir = running.dir.path();
    let create = Request::CreateToken { role: Role::Auditor, ttl_seconds: Some(86_400), name: "ci".into() };
    let Answer::Token { secret, id, expires_at } = asked(dir, create).await.unwrap() else {
        panic!("no token")
    };
    assert!(expires_at.is_some());
    let known = async || {
        let (accounts, now) = (running.fixture.state.accounts(), running.fixture.state.now());
        accounts.by_token(&secret, now).await.unwrap().map(|identity| identity.role)
    };
    assert_eq!(known().await, Some(Role::Auditor));
    let Answer::Tokens { tokens } = asked(dir, Request::ListTokens).await.unwrap() else { panic!("no list") };
    assert_eq!((tokens.len(), tokens[0].name.as_str()), (1, "ci"));
    assert_eq!(asked(dir, Request::RevokeToken { id }).await.unwrap(), Answer::Done);
    assert_eq!(known().await, None);
    let again = asked(dir, Request::RevokeToken { id }).await.unwrap();
    assert!(matches!(&again, Answer::Failed { message } if message.contains("token")), "{again:?}");
}

#[tokio::test]
async fn a_command_learns_what_runs_and_gets_a_link_that_works_once() {
    let running = running().await;
    let status = asked(running.dir.path(), Request::Status).await.unwrap();
    assert!(
        matches!(&status, Answer::Status { engine, connected: 0, .. } if engine == "sqlite"),
        "{status:?}"
    );
    let Answer::LoginLink { url } = asked(running.dir.path(), Request::LoginLink).await.unwrap() else {
        panic!("no link")
    };
    let secret = url.strip_prefix("http://127.0.0.1:7411/login/").unwrap();
    let (accounts, now) = (running.fixture.state.accounts(), running.fixture.state.now());
    assert_eq!(accounts.link(secret, now).await.unwrap(), accounts::Link::Create(Role::Owner));
}

#[tokio::test]
async fn the_socket_is_the_owners_and_goes_with_the_server() {
    let running = running().await;
    let path = running.dir.path().join(SOCKET);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    running.task.abort();
    assert!(running.task.await.unwrap_err().is_cancelled());
    assert!(!path.exists());
    let nobody = asked(running.dir.path(), Request::Status).await;
    assert!(matches!(nobody, Err(AskError::Nobody)), "{nobody:?}");
}

#[tokio::test]
async fn a_file_that_a_killed_server_left_is_no_server_and_no_hindrance() {
    let dir = tempfile::tempdir().unwrap();
    drop(std::os::unix::net::UnixListener::bind(dir.path().join(SOCKET)).unwrap());
    assert!(matches!(asked(dir.path(), Request::Status).await, Err(AskError::Nobody)));
    let fixture = Fixture::new(dir.path()).await;
    let control = Control::open(dir.path(), fixture.state.clone()).unwrap();
    tokio::spawn(control.serve());
    assert!(matches!(asked(dir.path(), Request::Status).await, Ok(Answer::Status { .. })));
}

#[tokio::test]
async fn nonsense_is_answered_and_the_server_goes_on() {
    let running = running().await;
    let path = running.dir.path().join(SOCKET);
    for nonsense in ["{}\n", "\n", "{\"command\":\"dance\"}\n", "\u{0}\n"] {
        let path = path.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = UnixStream::connect(path).unwrap();
            stream.write_all(nonsense.as_bytes()).unwrap();
            let mut line = String::new();
            BufReader::new(stream).read_line(&mut line).unwrap();
            line
        });
        assert!(answer.await.unwrap().contains("not understood"), "{nonsense}");
    }
    assert!(matches!(asked(running.dir.path(), Request::Status).await, Ok(Answer::Status { .. })));
}

#[test]
fn an_answer_does_not_show_its_secret_by_accident() {
    let answer = Answer::Token { secret: "hf_hush".into(), id: 1, expires_at: None };
    assert!(!format!("{answer:?}").contains("hush"));
    assert!(!format!("{:?}", Answer::LoginLink { url: "http://x/login/hush".into() }).contains("hush"));
}

proptest::proptest! {
    #[test]
    fn no_line_makes_the_reader_panic(line: String) {
        let _ = (serde_json::from_str::<Request>(&line), serde_json::from_str::<Answer>(&line));
    }
}
