//! The floors of the house, as `ARCHITECTURE.md` draws them: an edge that it forbids fails here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use scenarios::repository;

/// Every crate that may exist, floor by floor. Arrows point down only.
const FLOORS: [&[&str]; 5] = [
    &[
        "domain",
        "catalog",
        "artifact",
        "license",
        "policy",
        "assess",
        "journal",
        "detect",
        "attribution",
        "protocol",
    ],
    &["platform", "inventory", "store", "accounts", "config"],
    &["sensor", "gateway", "guard", "hub", "server", "console"],
    &["cli"],
    // Beside the house: they look at the whole product and nothing depends on them.
    &["scenarios", "bench", "replay"],
];
const GROUND: usize = 0;
const ROLES: usize = 2;
const BESIDE: usize = 4;

/// The only edges between roles.
const BETWEEN_ROLES: [(&str, &str); 4] =
    [("console", "server"), ("console", "hub"), ("sensor", "gateway"), ("sensor", "guard")];

/// Edges inside a floor that are forbidden though they do not point up.
const FORBIDDEN: [(&str, &str); 3] = [("domain", "*"), ("detect", "policy"), ("platform", "inventory")];

/// Crates that touch the world, directly or through what they depend on: none may reach the ground floor.
const WORLDLY: [&str; 22] = [
    "tokio",
    "mio",
    "rustix",
    "nix",
    "sysinfo",
    "ureq",
    "hyper",
    "reqwest",
    "axum",
    "sqlx",
    "redb",
    "rusqlite",
    "object_store",
    "walkdir",
    "ignore",
    "notify",
    "tempfile",
    "nvml-wrapper",
    "ctrlc",
    "indicatif",
    "aya",
    "socket2",
];

/// The same for crates that others may bring for arithmetic or features of the processor.
const WORLDLY_DIRECTLY: [&str; 4] = ["libc", "getrandom", "rand", "windows-sys"];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .current_dir(repository())
        .other_options(["--locked".to_owned()])
        .exec()
        .expect("cargo metadata")
}

/// The name of a workspace crate in the house: `eyeline-domain` is `domain`, `eyeline` is `cli`.
fn room(package: &str) -> Option<&str> {
    if package == "eyeline" { Some("cli") } else { package.strip_prefix("eyeline-") }
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn why_forbidden(from: &str, to: &str) -> Option<String> {
    let (Some(above), Some(below)) = (floor(from), floor(to)) else {
        return Some(format!("`{from}` or `{to}` is on no floor: say where it belongs"));
    };
    if below == BESIDE {
        return Some(format!("nothing depends on `{to}`"));
    }
    if below > above {
        return Some(format!("`{from}` -> `{to}` points up"));
    }
    let between_roles = above == ROLES && below == ROLES && !BETWEEN_ROLES.contains(&(from, to));
    let named = FORBIDDEN.iter().any(|&(one, other)| one == from && (other == "*" || other == to));
    (between_roles || named).then(|| format!("`{from}` -> `{to}` is forbidden"))
}

fn normal_dependencies(package: &Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind == DependencyKind::Normal)
        .map(|dependency| dependency.name.as_str())
}

#[test]
fn arrows_point_down_only() {
    let metadata = metadata();
    let members: BTreeSet<_> =
        metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let from =
            room(&package.name).unwrap_or_else(|| panic!("`{}` does not begin with `eyeline`", package.name));
        // A crate that no other depends on needs a floor too.
        assert!(
            floor(from).is_some(),
            "`{from}` is on no floor: ARCHITECTURE.md and this test say where crates belong"
        );
        for dependency in normal_dependencies(package).filter(|name| members.contains(*name)) {
            wrong.extend(room(dependency).and_then(|to| why_forbidden(from, to)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_rule_knows_an_edge_that_points_up() {
    assert!(why_forbidden("domain", "platform").is_some());
    assert!(why_forbidden("detect", "policy").is_some());
    assert!(why_forbidden("gateway", "guard").is_some());
    assert!(why_forbidden("sensor", "guard").is_none());
    assert!(why_forbidden("cli", "assess").is_none());
    assert!(why_forbidden("cli", "scenarios").is_some());
    assert!(why_forbidden("cli", "garage").is_some());
}

/// Everything a package needs to run, itself excluded.
fn reach<'a>(metadata: &'a Metadata, from: &'a PackageId) -> BTreeSet<&'a str> {
    let resolve = metadata.resolve.as_ref().expect("a resolved graph");
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut open = vec![from];
    let mut seen = BTreeSet::from([from]);
    while let Some(node) = open.pop().and_then(|id| nodes.get(id)) {
        for dependency in &node.deps {
            let needed = dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
            if needed && seen.insert(&dependency.pkg) {
                open.push(&dependency.pkg);
            }
        }
    }
    seen.remove(from);
    seen.into_iter().map(|id| metadata[id].name.as_str()).collect()
}

/// What the parts that run on a device must not bring: a database, an asynchronous runtime, web code, C.
const NOT_ON_A_DEVICE: [&str; 12] = [
    "tokio",
    "sqlx",
    "sqlx-core",
    "libsqlite3-sys",
    "axum",
    "hyper",
    "tower",
    "maud",
    "argon2",
    "eyeline-server",
    "eyeline-store",
    "eyeline-console",
];

#[test]
fn a_build_for_a_device_brings_no_database_and_no_web_code() {
    let features = ["--no-default-features", "--features", "eyeline/device", "--locked"];
    let metadata = MetadataCommand::new()
        .current_dir(repository())
        .other_options(features.map(str::to_owned))
        .exec()
        .expect("cargo metadata");
    let cli = metadata.workspace_packages().into_iter().find(|package| package.name == "eyeline");
    let reached = reach(&metadata, &cli.expect("the executable").id);
    assert!(reached.contains("eyeline-sensor") && reached.contains("ureq"), "{reached:?}");
    let wrong: Vec<_> = NOT_ON_A_DEVICE.iter().filter(|name| reached.contains(*name)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

fn ground_floor(metadata: &Metadata) -> Vec<&Package> {
    let is_ground = |package: &&Package| room(&package.name).and_then(floor) == Some(GROUND);
    let crates: Vec<_> = metadata.workspace_packages().into_iter().filter(is_ground).collect();
    assert!(crates.len() >= 4, "the ground floor is where most of the house stands");
    crates
}

#[test]
fn the_ground_floor_brings_nothing_that_touches_the_world() {
    let metadata = metadata();
    for package in ground_floor(&metadata) {
        let reached = reach(&metadata, &package.id);
        let worldly: Vec<_> = WORLDLY.iter().filter(|name| reached.contains(*name)).collect();
        let direct: Vec<_> =
            normal_dependencies(package).filter(|name| WORLDLY_DIRECTLY.contains(name)).collect();
        assert!(worldly.is_empty() && direct.is_empty(), "{} brings {worldly:?} {direct:?}", package.name);
    }
}

/// The `.rs` files below a folder.
fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("a source folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_ground_floor_itself_opens_no_file_and_reads_no_clock() {
    let touches = [
        "std::fs",
        "fs::File",
        "std::net::Tcp",
        "std::net::Udp",
        "std::process",
        "std::env::",
        "Instant::now",
    ];
    let mut wrong = Vec::new();
    for package in ground_floor(&metadata()) {
        let mut files = Vec::new();
        sources(&package.manifest_path.with_file_name("src").into_std_path_buf(), &mut files);
        for file in files {
            let text = fs::read_to_string(&file).expect("a source file");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            wrong.extend(
                lines
                    .filter(|line| touches.iter().any(|word| line.contains(word)))
                    .map(|line| format!("{}: {}", file.display(), line.trim())),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_platform_may_hold_unsafe_code() {
    for package in metadata().workspace_packages() {
        let text = fs::read_to_string(&package.manifest_path).expect("a manifest");
        let manifest: toml::Table = text.parse().expect("a manifest in TOML");
        let lints = manifest.get("lints").unwrap_or_else(|| panic!("{} has no [lints]", package.name));
        let inherits = lints.get("workspace").and_then(toml::Value::as_bool) == Some(true);
        let own = lints.get("rust").and_then(|rust| rust.get("unsafe_code")).and_then(toml::Value::as_str);
        let forbids = inherits || own == Some("forbid");
        assert!(forbids || room(&package.name) == Some("platform"), "{} allows unsafe code", package.name);
    }
    let root: toml::Table = fs::read_to_string(repository().join("Cargo.toml")).unwrap().parse().unwrap();
    assert_eq!(root["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
}

/// Where code may name a tool, and why it cannot be data.
const NAMED_IN_CODE: [(&str, &str, &str); 8] = [
    ("crates/artifact/src/identified.rs", "llamafile", "a file format before it is the name of a runtime"),
    ("crates/inventory/src/inspect/bundles.rs", "llamafile", "the same"),
    ("crates/artifact/src/executorch.rs", "llama", "an architecture of models, as exporters name it"),
    ("crates/artifact/src/texts/plain.rs", "llama", "the beginning of keys of a preset"),
    ("crates/artifact/src/texts/go.rs", "continue", "a word of the language of templates"),
    ("crates/artifact/src/texts/jinja/parse.rs", "continue", "the same"),
    ("crates/artifact/src/texts/jinja/allowed.rs", "continue", "a part of a name that templates know"),
    ("crates/artifact/src/texts/names.rs", "antigravity", "a module of Python that opens a browser"),
];

/// Rooms that identify nothing: there a tool may stand in a sentence for people, never alone, where code could compare with it.
/// Made-up fleets name tools because real ones do.
const SPEAKS_OF_TOOLS: [&str; 5] = [
    "crates/artifact/src/rules/",
    "crates/console/src/",
    "crates/server/src/api/",
    "crates/store/src/lists/fields/",
    "crates/store/src/seed/",
];

/// Words shorter than this are parts of too many others.
const SHORTEST_NAME: usize = 5;

/// What the catalogue calls tools and their processes, in lower case; a pattern counts for what stands before its star.
fn names_of_tools() -> BTreeSet<String> {
    let catalog = catalog::load().expect("the catalogue");
    let names = catalog.tools.iter().flat_map(|tool| {
        let processes = tool.process.names.iter().map(|name| name.to_string());
        [tool.id.clone(), tool.name.clone()].into_iter().chain(processes)
    });
    let plain = |name: String| name.split('*').next().unwrap_or_default().to_lowercase();
    names.map(plain).filter(|name| name.len() >= SHORTEST_NAME).collect()
}

/// The string literals of Rust code, and nothing of its comments.
fn literals(code: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), code);
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
        } else if let Some(end) = raw_literal(rest) {
            found.push(rest[..end].to_owned());
            rest = &rest[end..];
        } else if first == '"' {
            let end = end_of_literal(rest);
            found.push(rest[..end].to_owned());
            rest = &rest[end..];
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\") {
            // A character, which might be a quote.
            rest = rest[2..].find('\'').map_or("", |end| &rest[end + 3..]);
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

/// The length of `"…"`.
fn end_of_literal(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// The length of `r#"…"#`, if one begins here.
fn raw_literal(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(text.len() - body.len() + body.find(&close)? + close.len())
}

/// Whether the name stands in the text as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(name).any(|(at, _)| {
        !is_letter(text[..at].chars().next_back()) && !is_letter(text[at + name.len()..].chars().next())
    })
}

#[test]
fn no_tool_is_named_in_code() {
    let tools = names_of_tools();
    let mut files = Vec::new();
    for package in metadata().workspace_packages() {
        let source = package.manifest_path.with_file_name("src").into_std_path_buf();
        if source.starts_with(repository().join("crates")) {
            sources(&source, &mut files);
        }
    }
    let mut wrong = Vec::new();
    for file in files {
        let path = file.strip_prefix(repository()).expect("a file of the repository").display().to_string();
        if ["tests.rs", "testkit.rs"].iter().any(|end| path.ends_with(end))
            || ["/tests/", "/testkit/"].iter().any(|folder| path.contains(folder))
        {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file");
        let code = ["#[cfg(test)]", "#[cfg(all(test,"]
            .iter()
            .fold(&*text, |code, mark| code.split(mark).next().unwrap_or(code));
        for literal in literals(code).iter().map(|literal| literal.to_lowercase()) {
            let prose = literal.contains([' ', ':']) || path.starts_with("crates/store/src/seed/");
            if prose && SPEAKS_OF_TOOLS.iter().any(|room| path.starts_with(room)) {
                continue;
            }
            let allowed =
                |name: &str| NAMED_IN_CODE.iter().any(|(file, word, _)| path == *file && name == *word);
            let named = tools.iter().filter(|name| names(&literal, name) && !allowed(name));
            wrong.extend(named.map(|name| format!("{path}: `{name}` in {literal}")));
        }
    }
    assert!(wrong.is_empty(), "a tool is data in catalog/tools: {wrong:#?}");
}

#[test]
fn the_rule_knows_a_literal_from_a_comment() {
    let code = r##"// "ollama" \n let a = '"'; /* "b" */ f("x \" vllm", r#"a "raw" one"#, '\''); // "#;"##;
    let code = code.replace("\\n", "\n");
    assert_eq!(literals(&code), [r#""x \" vllm""#, r##"r#"a "raw" one"#"##]);
    assert!(names("runs vllm.", "vllm") && !names("vllmish", "vllm"));
}
