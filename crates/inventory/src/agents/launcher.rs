//! Commands that fetch a program before they run it, and whether what they fetch is fixed.
//!
//! npm and PyPI never serve other bytes under a version once published; a tag of an image may be moved at any time, so only a
//! digest fixes an image.

/// What a launcher would fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fetched {
    /// `npm:@scope/name`, `pypi:name`, `docker:image`, `git:address`, `deno:…`, `go:…`; without the version.
    pub package: String,
    /// It is fixed to a version or digest.
    pub pinned: bool,
}

/// Options of the launchers that take a value, which is no package.
const WITH_VALUE: &[&str] = &[
    "--registry",
    "--python",
    "-p",
    "--index-url",
    "--extra-index-url",
    "--with",
    "--cache",
    "--userconfig",
    "-e",
    "--env",
    "-v",
    "--volume",
    "--mount",
    "--network",
    "--name",
    "--env-file",
    "--user",
    "-u",
    "-w",
    "--workdir",
    "--platform",
    "--entrypoint",
    "--add-host",
    "-c",
    "--call",
    "--prefix",
    "--index",
    "--directory",
    "--project",
    "--memory",
    "--cpus",
    "-m",
    "--label",
    "-l",
    "--hostname",
    "-h",
    "--publish",
];

/// What a command fetches; `None` when it runs something that is already here.
pub(super) fn fetched(command: &[String]) -> Option<Fetched> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let (program, rest) = words.split_first()?;
    let program = catalog::pattern::program_name(program).to_ascii_lowercase();
    let program = program.strip_suffix(".cmd").unwrap_or(&program);
    match (program, rest) {
        ("cmd", [flag, rest @ ..]) if flag.eq_ignore_ascii_case("/c") => again(rest),
        ("env", rest) => {
            again(rest.iter().skip_while(|word| word.contains('=')).copied().collect::<Vec<_>>().as_slice())
        }
        ("sh" | "bash" | "zsh", [flag, script, ..]) if flag.starts_with('-') && flag.ends_with('c') => {
            again(&script.split_whitespace().collect::<Vec<_>>())
        }
        ("npx" | "bunx" | "pnpx", rest) => npm(named(rest, &["-p", "--package"]).or_else(|| first(rest))?),
        ("npm", ["exec" | "x", rest @ ..])
        | ("pnpm" | "yarn", ["dlx", rest @ ..])
        | ("bun", ["x", rest @ ..]) => npm(named(rest, &["-p", "--package"]).or_else(|| first(rest))?),
        ("uvx", rest) | ("uv", ["tool", "run", rest @ ..]) => {
            pypi(named(rest, &["--from"]).or_else(|| first(rest))?)
        }
        ("pipx", ["run", rest @ ..]) => pypi(named(rest, &["--spec"]).or_else(|| first(rest))?),
        ("uv", ["run", rest @ ..]) => pypi(named(rest, &["--with"])?),
        ("docker" | "podman" | "nerdctl", ["run", rest @ ..]) => image(first(rest)?),
        ("deno", ["run", rest @ ..]) => deno(first(rest)?),
        ("go", ["run", rest @ ..]) => go(first(rest)?),
        _ => None,
    }
}

fn again(words: &[&str]) -> Option<Fetched> {
    fetched(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// The value of an option that names the package.
fn named<'a>(words: &[&'a str], options: &[&str]) -> Option<&'a str> {
    words.iter().enumerate().find_map(|(at, word)| {
        let (option, value) =
            word.split_once('=').map_or((*word, None), |(option, value)| (option, Some(value)));
        options.contains(&option).then(|| value.or_else(|| words.get(at + 1).copied())).flatten()
    })
}

/// The first word that is neither an option nor an option's value.
fn first<'a>(words: &[&'a str]) -> Option<&'a str> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            return Some(word);
        }
        if WITH_VALUE.contains(word) {
            words.next();
        }
    }
    None
}

fn fetch(kind: &str, name: &str, pinned: bool) -> Option<Fetched> {
    let local = name.is_empty() || name.starts_with(['.', '/', '~']);
    (!local).then(|| Fetched { package: format!("{kind}:{name}"), pinned })
}

/// `name`, `name@version`, `@scope/name@version`; an address of a repository.
fn npm(spec: &str) -> Option<Fetched> {
    if spec.contains("://") || spec.starts_with("github:") || spec.starts_with("git+") {
        return git(spec);
    }
    let (name, version) = match spec.char_indices().skip(1).find(|(_, c)| *c == '@') {
        Some((at, _)) => (spec.get(..at)?, spec.get(at + 1..)?),
        None => (spec, ""),
    };
    fetch("npm", name, is_exact_version(version))
}

/// `name`, `name==version`, `name@version`, `name[extra]==version`, `name>=version`; an address of a repository.
fn pypi(spec: &str) -> Option<Fetched> {
    if spec.contains("://") {
        return git(spec);
    }
    let at = spec.find(['=', '<', '>', '~', '!', '@', '[', ' ', ';']).unwrap_or(spec.len());
    let (name, rest) = spec.split_at_checked(at)?;
    let rest = rest.split_once(']').filter(|_| rest.starts_with('[')).map_or(rest, |(_, rest)| rest).trim();
    let version =
        rest.strip_prefix("===").or_else(|| rest.strip_prefix("==")).or_else(|| rest.strip_prefix('@'));
    let lower = name.to_ascii_lowercase();
    fetch("pypi", &lower, version.is_some_and(|version| is_exact_version(version.trim())))
}

/// A commit of 40 digits fixes a repository; a branch or tag does not.
fn git(spec: &str) -> Option<Fetched> {
    let address = spec.rsplit_once("://").map_or(spec, |(_, rest)| rest);
    let address = address
        .rsplit_once('@')
        .filter(|(before, _)| !before.contains('/'))
        .map_or(address, |(_, rest)| rest);
    let cut = address.find(['@', '#', '?']).unwrap_or(address.len());
    let (name, revision) = address.split_at_checked(cut)?;
    let pinned = revision.split(['@', '#', '?', '=', '&']).any(is_commit);
    Some(Fetched { package: format!("git:{name}"), pinned })
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn image(spec: &str) -> Option<Fetched> {
    let (name, digest) = spec.split_once('@').map_or((spec, None), |(name, digest)| (name, Some(digest)));
    let tag = name.rfind(':').filter(|at| name.get(*at..).is_some_and(|tag| !tag.contains('/')));
    let name = tag.and_then(|at| name.get(..at)).unwrap_or(name);
    let pinned = digest.and_then(|digest| digest.strip_prefix("sha256:")).is_some_and(|hex| hex.len() == 64);
    fetch("docker", name, pinned)
}

fn deno(spec: &str) -> Option<Fetched> {
    if let Some(spec) = spec.strip_prefix("npm:") {
        return npm(spec);
    }
    let name = spec.strip_prefix("jsr:").or_else(|| spec.contains("://").then_some(spec))?;
    let version = name.split('@').skip(1).filter_map(|rest| rest.split('/').next()).last();
    fetch("deno", name, version.is_some_and(is_exact_version))
}

fn go(spec: &str) -> Option<Fetched> {
    let (name, version) = spec.split_once('@')?;
    fetch("go", name, version.starts_with('v') && is_exact_version(version.trim_start_matches('v')))
}

/// Three numbers (npm, Go) or more parts (PyPI), no range, no word such as `latest`.
fn is_exact_version(version: &str) -> bool {
    let version = version.trim_start_matches('v');
    let starts_with_number = version.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    let plain = version
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'!' | b'_'));
    starts_with_number
        && plain
        && version.split('.').count() >= 2
        && !version.split('.').any(|part| matches!(part, "x" | "X"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(command: &str) -> Option<(String, bool)> {
        let words: Vec<_> = command.split(' ').map(str::to_owned).collect();
        fetched(&words).map(|fetched| (fetched.package, fetched.pinned))
    }

    #[test]
    fn an_unpinned_package_is_told_from_a_pinned_one() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (command, package, pinned) in [
            (
                "npx -y @modelcontextprotocol/server-filesystem /home/a",
                "npm:@modelcontextprotocol/server-filesystem",
                false,
            ),
            ("npx -y @scope/name@1.2.3", "npm:@scope/name", true),
            ("npx --registry https://r name@latest", "npm:name", false),
            ("npx name@^1.2.3", "npm:name", false),
            ("npx -p tool@1.0.0 run-it", "npm:tool", true),
            ("/usr/bin/bunx name@2", "npm:name", false),
            ("pnpm dlx name", "npm:name", false),
            ("cmd /c npx -y name", "npm:name", false),
            ("bash -lc npx", "npm:", false),
            ("uvx mcp-server-git", "pypi:mcp-server-git", false),
            ("uvx mcp-server-git==2025.1.14", "pypi:mcp-server-git", true),
            ("uvx --from My.Pkg[cli]>=1.0 cmd", "pypi:my.pkg", false),
            ("uv tool run --python 3.12 name@1.0", "pypi:name", true),
            ("pipx run --spec name==1.0 cmd", "pypi:name", true),
            (&format!("uvx --from git+https://github.com/o/r@{commit} cmd"), "git:github.com/o/r", true),
            ("uvx --from git+https://github.com/o/r@main cmd", "git:github.com/o/r", false),
            ("docker run -i --rm -e TOKEN mcp/fetch:1.0", "docker:mcp/fetch", false),
            ("env A=1 B=2 npx name", "npm:name", false),
            ("deno run npm:name@1.0.0", "npm:name", true),
            ("go run example.org/x/y@v1.2.3", "go:example.org/x/y", true),
        ] {
            let expected = (package != "npm:").then(|| (package.to_owned(), pinned));
            assert_eq!(of(command), expected, "{command}");
        }
        let digest = "ab".repeat(32);
        assert_eq!(
            of(&format!("docker run mcp/fetch@sha256:{digest}")),
            Some(("docker:mcp/fetch".into(), true))
        );
    }

    #[test]
    fn what_lies_here_already_is_not_fetched() {
        for command in
            ["node /srv/server.js", "/opt/mcp/server --stdio", "npx ./local", "uv run server.py", "go run ."]
        {
            assert_eq!(of(command), None, "{command}");
        }
    }

    proptest! {
        #[test]
        fn no_command_makes_the_parser_panic(words in proptest::collection::vec(".{0,12}", 0..6), at in 0usize..8) {
            let launchers = ["npx", "uvx", "docker", "bash", "cmd", "env", "deno", "go"];
            let mut command = vec![launchers[at].to_owned(), "run".into()];
            command.extend(words);
            fetched(&command);
        }
    }
}
