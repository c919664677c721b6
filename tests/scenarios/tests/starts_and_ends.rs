//! How `eyeline up` begins and ends when much happens at once, or nobody listens.

#![cfg(target_os = "linux")]

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Stdio,
    time::{Duration, Instant},
};

use scenarios::Product;

#[test]
fn half_a_request_does_not_hold_up_the_end() {
    let product = Product::new();
    let up = product.up();
    let mut slow = TcpStream::connect(up.url.trim_start_matches("http://")).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nslow: ").unwrap();
    let began = Instant::now();
    let ended = up.end();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn two_that_begin_at_once_and_a_command_beside_them_all_succeed() {
    let product = Product::new();
    let begun = |words: &[&str]| {
        let mut command = product.command(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    };
    let home = product.home().display().to_string();
    let up = ["up", "--listen", "127.0.0.1:0", "--root", &home];
    let (mut one, mut other) = (begun(&up), begun(&up));
    let token = begun(&["token", "create", "--role", "auditor"]).wait_with_output().unwrap();
    assert!(token.status.success() && token.stdout.starts_with(b"hf_"), "{token:?}");
    let said = [&mut one, &mut other].map(|up| {
        let mut said = [0; 16];
        let stdout = up.stdout.as_mut().unwrap();
        stdout.read_exact(&mut said).unwrap();
        String::from_utf8_lossy(&said).into_owned()
    });
    assert!(said.iter().all(|said| said.starts_with("Eyeline is up")), "{said:?}");
    for mut up in [one, other] {
        // The one that only led to the other has ended already.
        let _ = up.kill();
        up.wait().unwrap();
    }
}

#[test]
fn a_data_directory_may_have_a_long_path() {
    let product = Product::new();
    let long = product.home().join("long".repeat(40)).join("data");
    let product = product.with_data(&long);
    let _up = product.up();
    assert!(product.token("auditor").starts_with("hf_"));
}
