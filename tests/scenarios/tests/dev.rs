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
const TOOLS: [&str; 15] = [
    "sh", "cat", "chmod", "cksum", "cut", "dirname", "grep", "head", "id", "mkdir", "sed", "sort", "tail",
    "uname", "rm",
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

fn dev(word: &str, tree: &Tree) -> Answer {
    let mut command = Command::new(repository().join("dev"));
    command.arg(word).env_clear().env("PATH", tree.path("bin")).env("HOME", tree.root());
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
            let answer = dev("up", &tree);
            assert_eq!(answer.code, Some(3), "{}", answer.stderr);
            assert!(answer.stderr.contains("https://rustup.rs"), "{}", answer.stderr);
        }
    }
}

#[test]
fn a_target_that_cannot_be_had_is_said_and_the_others_are_built() {
    if !Path::new("/usr/include/stdio.h").exists() {
        return;
    }
    let channel: toml::Table =
        fs::read_to_string(repository().join("rust-toolchain.toml")).unwrap().parse().unwrap();
    let channel = channel["toolchain"]["channel"].as_str().unwrap().to_owned();
    let tree = bare_machine("#!/bin/sh\nexit 6\n");
    for compiler in ["x86_64-w64-mingw32-gcc", "musl-gcc"] {
        program(&tree, compiler, "#!/bin/sh\n");
    }
    // Enough of Node where the console's files are not built yet; with them in place it is not asked.
    program(&tree, "node", "#!/bin/sh\necho v20.0.0\n");
    program(&tree, "npm", "#!/bin/sh\n");
    let log = tree.path("cargo.log");
    program(
        &tree,
        "cargo",
        &format!("#!/bin/sh\necho \"$*\" >>'{}'\necho 'cargo {channel}'\n", log.display()),
    );
    // A rustup that has one of the targets and can add none.
    let rustup = format!(
        "#!/bin/sh\ncase \"$*\" in\n'toolchain list') echo {channel} ;;\n\
         'target list --installed') echo x86_64-unknown-linux-musl ;;\n*) exit 1 ;;\nesac\n"
    );
    program(&tree, "rustup", &rustup);
    let answer = dev("lint", &tree);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    for target in ["x86_64-pc-windows-gnu", "aarch64-apple-darwin"] {
        assert!(
            answer.stderr.contains(&format!("the target {target} cannot be had here")),
            "{}",
            answer.stderr
        );
    }
    let ran = fs::read_to_string(log).unwrap();
    let portable = ran.lines().find(|line| line.contains("--target x86_64-unknown-linux-musl"));
    let portable = portable.unwrap_or_else(|| panic!("{ran}"));
    assert!(portable.contains("--no-default-features --features device"), "{portable}");
    assert!(!ran.contains("windows") && !ran.contains("apple"), "{ran}");
}
