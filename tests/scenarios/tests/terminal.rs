//! What a person sees on a terminal and nobody elsewhere: colour, and the line that shows what a scan is doing.

#![cfg(target_os = "linux")]

use std::{
    fs,
    process::{Command, Stdio},
};

use scenarios::{Scan, models, tree::Tree};

/// The escape sequence that clears the line it is on.
const CLEAR_LINE: &str = "\u{1b}[2K";

fn scan(tree: &Tree) -> Scan {
    Scan::new().word("--no-cache").word("--no-processes").word(tree.root())
}

/// What a person sees: the same command with its output on a terminal.
fn on_a_terminal(scan: &Scan) -> String {
    let command = scan.command();
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    let line: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-c", &line.join(" "), "/dev/null"]).env("TERM", "xterm").env_remove("NO_COLOR");
    for (name, value) in command.get_envs() {
        value.map(|value| script.env(name, value));
    }
    let output = script.stdin(Stdio::null()).output().expect("`script` of util-linux starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The sequences that choose a colour or weight: CSI … m.
fn paints(text: &str) -> bool {
    text.split("\u{1b}[").skip(1).any(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';');
        end.is_some_and(|end| rest[end..].starts_with('m'))
    })
}

#[test]
fn no_color_is_honored_on_a_terminal() {
    let tree = Tree::new();
    tree.write("models/plain.gguf", models::plain_gguf());
    let with = on_a_terminal(&scan(&tree));
    let without = on_a_terminal(&scan(&tree).env("NO_COLOR", "1"));
    assert!(with.contains("plain.gguf") && without.contains("plain.gguf"), "{with}\n{without}");
    assert!(paints(&with), "a terminal may be painted: {with:?}");
    assert!(!paints(&without), "painted in spite of NO_COLOR: {without:?}");
}

/// Enough small files that an unoptimised scan is not over at once.
fn many_files() -> Tree {
    let tree = Tree::new();
    for folder in 0..300 {
        let folder = tree.path(format!("some\u{1b}[2Jfolder/{folder}"));
        fs::create_dir_all(&folder).unwrap();
        for file in 0..200 {
            // Each is opened for its extension.
            fs::write(folder.join(format!("{file}.gguf")), "no model").unwrap();
        }
    }
    tree
}

#[test]
fn a_scan_that_takes_its_time_shows_files_rate_and_folder_on_a_terminal_only() {
    let tree = many_files();
    let screen = on_a_terminal(&scan(&tree));
    let lines: Vec<_> = screen.split(['\r', '\n']).filter(|line| line.contains(" files  ")).collect();
    let drawn = lines.iter().any(|line| line.contains("/s  /"));
    assert!(drawn, "no line with files, rate and folder: {lines:#?}\n{screen:?}");
    assert!(!screen.contains("\u{1b}[2Jfolder"), "a folder's name drew on the terminal: {screen:?}");
    let page = screen.rfind("Eyeline").expect("the report");
    let before = screen[..page].rfind(" files  ").expect("progress comes first");
    assert!(screen[before..page].contains(CLEAR_LINE), "progress is left on the screen: {screen:?}");

    let answer = scan(&tree).run();
    assert_eq!(answer.stderr, "");
    assert!(!answer.stdout.contains("/s  /"), "{}", answer.stdout);
}

#[test]
fn a_scan_that_is_over_at_once_draws_no_progress() {
    let tree = Tree::new();
    tree.write("models/plain.gguf", models::plain_gguf());
    // On a machine that is busy with something else even this can take long enough, but not each time.
    let quiet = || {
        let screen = on_a_terminal(&scan(&tree));
        !screen[..screen.find("Eyeline").expect("the report")].contains("files")
    };
    assert!((0..10).any(|_| quiet()), "progress was drawn each time");
}
