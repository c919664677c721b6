//! `./dev` on a machine that lacks what it needs: it says so, and does not take a failure for a success.

#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::Command,
};

use scenarios::{Answer, repository, tree::Tree};

/// What a bare machine has.
const TOOLS: [&str; 14] = [
    "sh", "cat", "cksum", "cut", "dirname", "grep", "head", "id", "mkdir", "sed", "sort", "tail", "uname",
    "rm",
];

fn program(tree: &Tree, name: &str, text: &str) {
    let path = tree.write(format!("bin/{name}"), text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A machine with a compiler and without Rust, on which fetching goes as `curl` says.
fn bare_machine(curl: &str) -> Tree {
    let tree = Tree::new();
    program(&tree, "cc", "#!/bin/sh\n");
    program(&tree, "curl", curl);
    for tool in TOOLS {
        let found = ["/bin", "/usr/bin"].map(|folder| Path::new(folder).join(tool));
        let found = found.iter().find(|path| path.exists()).expect("an ordinary tool");
        symlink(found, tree.path("bin").join(tool)).unwrap();
    }
    tree
}

fn up(tree: &Tree) -> Answer {
    let mut command = Command::new(repository().join("dev"));
    command.arg("up").env_clear().env("PATH", tree.path("bin")).env("HOME", tree.root());
    command.env("CARGO_HOME", tree.path("cargo")).env("CARGO_TARGET_DIR", tree.path("target"));
    Answer::from(command.output().expect("sh starts"))
}

#[test]
fn without_rust_and_without_network_it_ends_with_3_each_time() {
    if !Path::new("/usr/include/stdio.h").exists() {
        return;
    }
    // No network; an answer that is no installer; an installer that brings nothing.
    for curl in [
        "#!/bin/sh\necho 'could not resolve host' >&2\nexit 6\n",
        "#!/bin/sh\nwhile [ $# -gt 1 ]; do [ \"$1\" = -o ] && echo 'exit 1' >\"$2\"; shift; done\n",
        "#!/bin/sh\nwhile [ $# -gt 1 ]; do [ \"$1\" = -o ] && : >\"$2\"; shift; done\n",
    ] {
        let tree = bare_machine(curl);
        for _ in 0..2 {
            let answer = up(&tree);
            assert_eq!(answer.code, Some(3), "{}", answer.stderr);
            assert!(answer.stderr.contains("https://rustup.rs"), "{}", answer.stderr);
        }
    }
}
