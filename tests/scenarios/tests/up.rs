//! `eyeline up`: from one command to what is known of this machine, over HTTP, and what is left after it ends however it ends.

#![cfg(target_os = "linux")]

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, time::Duration};

use scenarios::{Product, Up, eventually, is_root, models};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(60);

fn named(items: &[serde_json::Value], name: &str) -> bool {
    items.iter().any(|item| item["name"] == name)
}

/// Waits until the server knows a model of this name.
fn sees(up: &Up<'_>, token: &str, name: &str) -> bool {
    let found = eventually(LIMIT, || {
        let reply = up.get(token, "/api/v1/artifacts?limit=1000");
        let items = reply.json()["items"].as_array().cloned()?;
        named(&items, name).then_some(())
    });
    found.is_some()
}

#[test]
fn it_says_where_it_is_where_the_data_lies_and_how_to_undo() {
    let product = Product::new();
    let up = product.up();
    let rest = up.line("emove");
    let all = format!("{}{rest}", up.banner);
    assert!(all.contains("/login/"), "{all}");
    assert!(all.contains(&product.data().display().to_string()), "{all}");
    assert_eq!(all.matches("http://").count(), 1, "one address, not two: {all}");
}

#[test]
fn the_sensor_enrols_and_what_the_scan_found_is_in_the_api() {
    let product = Product::new();
    let up = product.up();
    let token = product.token("analyst");
    assert!(token.starts_with("hf_") && token.len() == 43);
    let artifacts = up.items(&token, "/api/v1/artifacts");
    assert!(named(&artifacts, "plain"), "{artifacts:#?}");
    assert!(artifacts[0]["paths"][0]["path"].as_str().unwrap().ends_with("/models/plain.gguf"));
    let devices = up.items(&token, "/api/v1/devices");
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0]["state"], "reporting");
    let findings = up.items(&token, "/api/v1/findings");
    assert!(findings.iter().any(|finding| finding["rule"] == "unknown-origin"), "{findings:#?}");
}

#[test]
fn a_first_scan_that_takes_long_shows_what_it_found_so_far() {
    let product = Product::new().word("--hash");
    // A pickle and a terabyte of nothing: it is found at once, and its digest takes an hour.
    let endless = product.home().join("models/endless.pkl");
    fs::write(&endless, [b"\x80\x02}.".as_slice(), &[0; 8192]].concat()).unwrap();
    let length = |bytes| fs::File::options().write(true).open(&endless).unwrap().set_len(bytes).unwrap();
    length(1 << 40);
    let up = product.up();
    let token = product.token("analyst");
    let start = std::time::Instant::now();
    assert!(sees(&up, &token, "plain") && sees(&up, &token, "endless.pkl"));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let device = up.items(&token, "/api/v1/devices").remove(0);
    assert_eq!((&device["reported_at"], &device["sight"]), (&json!(null), &json!("none")), "{device:#}");
    length(8192);
    let over = eventually(LIMIT, || {
        let device = up.items(&token, "/api/v1/devices").remove(0);
        device["reported_at"].is_string().then_some(device)
    });
    assert_ne!(over.expect("a scan that ends")["sight"], "none");
    assert!(sees(&up, &token, "plain") && sees(&up, &token, "endless.pkl"));
}

#[test]
fn a_name_in_a_file_cannot_draw_on_a_page() {
    let product = Product::new();
    let name = "\u{202e}fugg\u{1b}[2J<b>bold</b>";
    let hostile = models::gguf(&[("general.architecture", "llama"), ("general.name", name)]);
    fs::write(product.home().join("models/hostile.gguf"), hostile).unwrap();
    let up = product.up();
    let token = product.token("analyst");
    assert!(
        sees(&up, &token, "\\u{202e}fugg\\u{1b}[2J<b>bold</b>"),
        "{}",
        up.get(&token, "/api/v1/artifacts").body
    );
    let page = up.get(&token, "/models").body;
    assert!(page.contains("&lt;b&gt;bold") && !page.contains(['\u{202e}', '\u{1b}']), "{page}");
}

#[test]
fn the_server_can_ask_for_a_scan_now() {
    let product = Product::new();
    let up = product.up();
    let token = product.token("analyst");
    assert!(sees(&up, &token, "plain"));
    let second = models::gguf(&[("general.architecture", "llama"), ("general.name", "second")]);
    fs::write(product.home().join("models/second.gguf"), second).unwrap();
    let device = up.items(&token, "/api/v1/devices")[0]["id"].as_str().unwrap().to_owned();
    let reply = up.send("POST", &token, &format!("/api/v1/devices/{device}/rescan"), Some(&json!({})));
    assert_eq!(reply.status, 202, "{}", reply.body);
    assert!(sees(&up, &token, "second"), "{}", up.errors());
    fs::remove_file(product.home().join("models/second.gguf")).unwrap();
    up.send("POST", &token, &format!("/api/v1/devices/{device}/rescan"), Some(&json!({})));
    let gone = eventually(LIMIT, || {
        let items = up.get(&token, "/api/v1/artifacts").json()["items"].as_array().cloned()?;
        (!named(&items, "second")).then_some(())
    });
    assert!(gone.is_some(), "what was removed is no longer listed");
    let records = up.items(&product.token("auditor"), "/api/v1/records?q=kind:artifact-removed");
    assert!(records[0]["subject"].as_str().unwrap().contains("second"), "{records:#?}");
}

#[test]
fn a_token_does_what_its_role_may_until_it_is_revoked() {
    let product = Product::new();
    let up = product.up();
    assert_eq!(up.get("", "/api/v1/devices").status, 401);
    assert_eq!(up.get("hf_0123456789012345678901234567890123456789", "/api/v1/devices").status, 401);
    let token = product.token("auditor");
    assert_eq!(up.get(&token, "/api/v1/devices").status, 200);
    assert_eq!(up.get(&token, "/metrics").status, 200);
    let device = up.items(&token, "/api/v1/devices")[0]["id"].as_str().unwrap().to_owned();
    let refused = up.send("POST", &token, &format!("/api/v1/devices/{device}/rescan"), Some(&json!({})));
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert_eq!(refused.json()["status"], 403);
    let list = String::from_utf8(product.run(&["token", "list"]).stdout).unwrap();
    assert!(!list.contains(&token[10..]), "a list never shows a secret: {list}");
    let id = list.lines().find(|line| line.contains("auditor")).unwrap().split_whitespace().next().unwrap();
    assert!(product.run(&["token", "revoke", id]).status.success());
    assert_eq!(up.get(&token, "/api/v1/devices").status, 401);
}

#[test]
fn a_token_ends_when_its_time_is_over() {
    let product = Product::new();
    let up = product.up();
    let output = product.run(&["token", "create", "--role", "auditor", "--ttl", "1s"]);
    let token = String::from_utf8(output.stdout).unwrap().lines().last().unwrap().to_owned();
    let ended = eventually(LIMIT, || (up.get(&token, "/api/v1/devices").status == 401).then_some(()));
    assert!(ended.is_some());
    let wrong = product.run(&["token", "create", "--role", "emperor"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn a_token_is_made_whether_it_runs_or_not() {
    let product = Product::new();
    let up = product.up();
    let before = product.token("analyst");
    assert!(sees(&up, &before, "plain"));
    assert!(up.end().status.success());
    let between = product.token("analyst");
    let up = product.up();
    for token in [&before, &between] {
        assert_eq!(up.get(token, "/api/v1/devices").status, 200);
    }
    assert!(!up.items(&before, "/api/v1/artifacts").is_empty());
}

#[test]
fn what_was_acknowledged_survives_a_kill_and_the_device_stays_the_same() {
    let product = Product::new();
    let up = product.up();
    let token = product.token("owner");
    let finding = up.items(&token, "/api/v1/findings")[0]["id"].as_str().unwrap().to_owned();
    let device = up.items(&token, "/api/v1/devices")[0]["id"].clone();
    let change = json!({"acknowledge": {"reason": "known to the team"}});
    let reply = up.send("PATCH", &token, &format!("/api/v1/findings/{finding}"), Some(&change));
    assert_eq!(reply.status, 200, "{}", reply.body);
    up.kill();
    let up = product.up();
    let finding = up.get(&token, &format!("/api/v1/findings/{finding}")).json();
    assert_eq!(finding["state"], "acknowledged");
    assert_eq!(finding["acknowledged"]["reason"], "known to the team");
    let devices = up.items(&token, "/api/v1/devices");
    assert_eq!((devices.len(), &devices[0]["id"]), (1, &device));
}

#[test]
fn a_second_one_on_the_same_directory_leads_to_the_first() {
    let product = Product::new();
    let up = product.up();
    let second = product.fails();
    let said = String::from_utf8_lossy(&second.stdout).into_owned();
    assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));
    assert!(said.contains(&format!("{}/login/", up.url)), "{said}");
    assert!(!said.contains(&up.login), "a link is for one use");
}

#[test]
fn a_scan_beside_it_uses_what_it_remembers_and_says_nothing_alarming() {
    let product = Product::new();
    let up = product.up();
    let token = product.token("analyst");
    assert!(sees(&up, &token, "plain"));
    let scan = product.run(&["scan", "--no-processes", &product.home().display().to_string()]);
    let errors = String::from_utf8_lossy(&scan.stderr);
    assert!(scan.status.success() && errors.is_empty(), "{errors}");
    assert!(String::from_utf8_lossy(&scan.stdout).contains("plain"));
}

#[test]
fn a_taken_port_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Product::new().word("--listen").word(&address).fails();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");
    assert!(said.contains(&std::process::id().to_string()), "it says who has it: {said}");
}

#[test]
fn an_address_that_others_reach_needs_a_url_with_tls() {
    let output = Product::new().word("--listen").word("0.0.0.0:0").fails();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--url"));
}

#[test]
fn a_database_that_cannot_be_used_is_not_remembered_and_its_password_not_told() {
    let product = Product::new();
    for (address, code) in [("mysql://u:hunter2@h/x", 2), ("postgres://u:hunter2@127.0.0.1:1/x", 3)] {
        let output = product.fails_with(&["--database", address]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains("--database") && !said.contains("hunter2"), "{said}");
    }
    let up = product.up();
    assert_eq!(up.get("", "/readyz").status, 200, "the next start uses its own");
}

#[test]
fn asking_for_the_tokens_of_a_directory_that_is_not_there_makes_none() {
    let product = Product::new();
    for words in [&["token", "list"][..], &["token", "revoke", "1"]] {
        let output = product.run(words);
        assert_eq!(output.status.code(), Some(3));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(&product.data().display().to_string()) && said.contains("--data"), "{said}");
    }
    assert!(!product.data().exists());
}

#[test]
fn a_directory_that_cannot_be_written_is_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    if is_root() {
        // Root writes where it wants, unless there is no place at all.
        let output = Product::new().with_data(std::path::Path::new("/proc/no-such-place")).fails();
        assert_eq!(output.status.code(), Some(3));
        assert!(String::from_utf8_lossy(&output.stderr).contains("/proc/no-such-place"));
        return;
    }
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o500)).unwrap();
    let output = Product::new().with_data(&data).fails();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&data.display().to_string()));
}

#[test]
fn a_damaged_database_is_told_with_what_to_do_and_left_alone() {
    let product = Product::new();
    let up = product.up();
    up.items(&product.token("analyst"), "/api/v1/artifacts");
    up.end();
    let file = product.data().join("eyeline.db");
    let mut bytes = fs::read(&file).unwrap();
    for byte in bytes.iter_mut().skip(4096).take(64 * 1024) {
        *byte = 0x5a;
    }
    fs::write(&file, &bytes).unwrap();
    let output = product.fails();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("damaged") && said.contains("eyeline.db"), "{said}");
    assert_eq!(fs::read(&file).unwrap(), bytes);
}

#[test]
fn a_newer_data_directory_is_refused_and_an_older_one_is_taken_over() {
    let product = Product::new();
    fs::create_dir_all(product.data()).unwrap();
    fs::write(product.data().join("format"), "3\n").unwrap();
    let output = product.fails();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("newer"));
    fs::write(product.data().join("format"), "1\n").unwrap();
    let up = product.up();
    up.items(&product.token("analyst"), "/api/v1/artifacts");
    assert_eq!(fs::read_to_string(product.data().join("format")).unwrap(), "2\n");
    assert!(product.data().join("before-format-2").is_dir(), "an older directory is copied first");
}

#[test]
fn a_clock_set_back_between_two_runs_changes_nothing_that_matters() {
    let product = Product::new().by(&["faketime", "-f", "+3d"]);
    let up = product.up();
    let token = product.token("owner");
    let finding = up.items(&token, "/api/v1/findings")[0]["id"].as_str().unwrap().to_owned();
    up.end();
    let product = product.by(&["env"]);
    let up = product.up();
    assert!(sees(&up, &token, "plain"), "{}", up.errors());
    let reply = up.send(
        "PATCH",
        &token,
        &format!("/api/v1/findings/{finding}"),
        Some(&json!({"acknowledge": {"reason": "seen"}})),
    );
    assert_eq!(reply.status, 200, "{}", reply.body);
    let third = models::gguf(&[("general.architecture", "llama"), ("general.name", "third")]);
    fs::write(product.home().join("models/third.gguf"), third).unwrap();
    let device = up.items(&token, "/api/v1/devices")[0]["id"].as_str().unwrap().to_owned();
    up.send("POST", &token, &format!("/api/v1/devices/{device}/rescan"), Some(&json!({})));
    assert!(sees(&up, &token, "third"), "{}", up.errors());
}

#[test]
fn only_its_owner_can_read_what_it_keeps() {
    let product = Product::new();
    let up = product.up();
    up.items(&product.token("analyst"), "/api/v1/artifacts");
    let mut open = vec![product.data().to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", entry.path().display());
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            }
        }
    }
}

#[test]
fn a_full_disk_is_told_and_nothing_acknowledged_is_lost() {
    if !is_root() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::new(dir.path());
    let product = Product::new().with_data(&dir.path().join("data"));
    let up = product.up();
    let token = product.token("owner");
    let finding = up.items(&token, "/api/v1/findings")[0]["id"].as_str().unwrap().to_owned();
    disk.fill();
    let path = format!("/api/v1/findings/{finding}");
    let reply = eventually(LIMIT, || {
        let reason = "x".repeat(900);
        let reply = up.send("PATCH", &token, &path, Some(&json!({"acknowledge": {"reason": reason}})));
        up.send("PATCH", &token, &path, Some(&json!({"reopen": true})));
        (reply.status != 200).then_some(reply)
    });
    let reply = reply.expect("a full disk is noticed");
    assert_eq!(reply.status, 507, "{}", reply.body);
    assert!(reply.json()["detail"].as_str().unwrap().contains("room"), "{}", reply.body);
    assert_eq!(up.get(&token, "/api/v1/findings").status, 200, "reading goes on");
    disk.empty();
    let reply = up.send("PATCH", &token, &path, Some(&json!({"acknowledge": {"reason": "again"}})));
    assert_eq!(reply.status, 200, "{}", reply.body);
    up.kill();
    let up = product.up();
    assert_eq!(up.get(&token, &path).json()["acknowledged"]["reason"], "again");
}

/// A small disk of its own, unmounted when the test ends.
struct Disk<'a>(&'a std::path::Path);

impl<'a> Disk<'a> {
    fn new(path: &'a std::path::Path) -> Self {
        let status = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=24m,mode=700", "eyeline-test"])
            .arg(path)
            .status();
        assert!(status.expect("mount starts").success(), "a tmpfs can be mounted");
        Self(path)
    }

    fn fill(&self) {
        use std::io::Write;
        let mut file = fs::File::create(self.0.join("ballast")).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    fn empty(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0).status();
    }
}
