//! Commands that fetch a program before they run it, and whether what they fetch is fixed.
//!
//! npm and PyPI never serve other bytes under a version once published; a tag of an image may be moved at any time, so only a
//! digest fixes an image.

mod options;

use options::{DENO, DOCKER, GO, NPM, Options, PYPI, count};

/// What a launcher would fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fetched {
    /// `npm:@scope/name`, `pypi:name`, `docker:image`, `git:address`, `deno:…`, `go:…`; without the version.
    pub package: String,
    /// It is fixed to a version or digest.
    pub pinned: bool,
}

/// How deep shells in shells are followed.
const SHELLS: usize = 4;

/// What a command fetches; `None` when it runs something that is already here.
pub(super) fn fetched(command: &[String]) -> Option<Fetched> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    of_command(&words, SHELLS)
}

fn of_command(words: &[&str], shells: usize) -> Option<Fetched> {
    let (program, rest) = without_wrappers(words)?;
    let program = catalog::pattern::program_name(program).to_ascii_lowercase();
    let program = program.strip_suffix(".cmd").unwrap_or(&program);
    match (program, rest) {
        ("cmd", [flag, rest @ ..]) if flag.eq_ignore_ascii_case("/c") => {
            of_script(&rest.join(" "), shells.checked_sub(1)?)
        }
        ("sh" | "bash" | "zsh" | "dash" | "fish", rest) => of_script(script(rest)?, shells.checked_sub(1)?),
        ("npx" | "bunx" | "pnpx", rest)
        | ("npm", ["exec" | "x", rest @ ..])
        | ("pnpm" | "yarn", ["dlx", rest @ ..])
        | ("bun", ["x", rest @ ..]) => {
            npm(named(rest, &["-p", "--package"], NPM).or_else(|| first(rest, NPM))?)
        }
        ("uvx", rest) | ("uv", ["tool", "run", rest @ ..]) => {
            pypi(named(rest, &["--from"], PYPI).or_else(|| first(rest, PYPI))?)
        }
        ("pipx", ["run", rest @ ..]) => pypi(named(rest, &["--spec"], PYPI).or_else(|| first(rest, PYPI))?),
        ("uv", ["run", rest @ ..]) => pypi(named(rest, &["--with"], PYPI)?),
        ("docker" | "podman" | "nerdctl", ["run", rest @ ..])
        | ("docker" | "podman" | "nerdctl", ["container", "run", rest @ ..]) => image(first(rest, DOCKER)?),
        ("deno", ["run", rest @ ..]) => deno(first(rest, DENO)?),
        ("go", ["run", rest @ ..]) => go(first(rest, GO)?),
        _ => None,
    }
}

/// The program that is run in the end, and its arguments: without variables in front and programs that only start
/// another.
fn without_wrappers<'a, 'w>(words: &'w [&'a str]) -> Option<(&'a str, &'w [&'a str])> {
    let mut words = words;
    loop {
        let (first, rest) = words.split_first()?;
        let with_value: &[&str] = match catalog::pattern::program_name(first) {
            _ if is_assignment(first) => &[],
            "exec" => &["-a"],
            "env" => &["-u", "--unset", "-C", "--chdir"],
            "sudo" | "doas" => {
                &["-u", "--user", "-g", "--group", "-D", "--chdir", "-h", "--host", "-p", "--prompt"]
            }
            "timeout" => &["-k", "--kill-after", "-s", "--signal"],
            "nice" => &["-n", "--adjustment"],
            "nohup" | "command" | "setsid" | "time" => &[],
            _ => return Some((first, rest)),
        };
        let is_timeout = catalog::pattern::program_name(first) == "timeout";
        let skipped = count(rest, Options::WithValue(with_value)) + usize::from(is_timeout);
        words = rest.get(skipped..)?;
    }
}

/// `NAME=value`, as it may stand before a command.
fn is_assignment(word: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    word.split_once('=').is_some_and(|(name, _)| is_name(name))
}

/// The text behind `-c`, which may stand among other letters and behind other options.
fn script<'a>(words: &[&'a str]) -> Option<&'a str> {
    let at = words
        .iter()
        .position(|word| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c'))?;
    words.get(..at)?.iter().all(|word| word.starts_with('-')).then(|| words.get(at + 1).copied())?
}

/// What the first of the commands of a script fetches that fetches anything.
fn of_script(script: &str, shells: usize) -> Option<Fetched> {
    let commands = script.split(['&', ';', '|', '\n']);
    commands.into_iter().find_map(|command| {
        let words: Vec<_> = command.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
        of_command(&words, shells)
    })
}

/// The value of an option that names the package, among the launcher's own options.
fn named<'a>(words: &[&'a str], options: &[&str], known: Options) -> Option<&'a str> {
    let own = words.get(..count(words, known))?;
    own.iter().enumerate().find_map(|(at, word)| {
        let (option, value) =
            word.split_once('=').map_or((*word, None), |(option, value)| (option, Some(value)));
        options.contains(&option).then(|| value.or_else(|| own.get(at + 1).copied())).flatten()
    })
}

/// The first word that is neither an option nor an option's value.
fn first<'a>(words: &[&'a str], known: Options) -> Option<&'a str> {
    words.get(count(words, known)).copied()
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
    fetch("npm", name, is_exact(version))
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
    fetch("pypi", &lower, version.is_some_and(|version| is_exact_for_pypi(version.trim())))
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
    fetch("deno", name, version.is_some_and(is_exact))
}

fn go(spec: &str) -> Option<Fetched> {
    let (name, version) = spec.split_once('@')?;
    fetch("go", name, version.starts_with('v') && is_exact(version))
}

/// A version of three numbers: fewer are a range to npm, and what Go calls a query.
fn is_exact(version: &str) -> bool {
    let version = version.strip_prefix('v').unwrap_or(version);
    let release = version.split(['-', '+']).next().unwrap_or_default();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_plain(version) && release.split('.').count() == 3 && release.split('.').all(is_number)
}

/// A version of PyPI, where `1.0` is the same release as `1.0.0`.
fn is_exact_for_pypi(version: &str) -> bool {
    let version = version.strip_prefix('v').unwrap_or(version);
    let starts_with_number = version.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    starts_with_number && is_plain(version) && version.split('.').count() >= 2
}

fn is_plain(version: &str) -> bool {
    version
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'!' | b'_'))
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
            ("npx name@1.2", "npm:name", false),
            ("npx name@1.2.x", "npm:name", false),
            ("npx name@1.2.3-beta.1", "npm:name", true),
            ("npx -y -- name@1.2.3 -p other", "npm:name", true),
            ("uvx --with extra name==1.0 --from other", "pypi:name", true),
            ("docker run --pull always --gpus all -it mcp/fetch", "docker:mcp/fetch", false),
            (
                "docker run --rm -p8080:80 -itv /a:/b --read-only --name=x mcp/fetch serve",
                "docker:mcp/fetch",
                false,
            ),
            (
                "podman container run --init --security-opt no-new-privileges mcp/fetch",
                "docker:mcp/fetch",
                false,
            ),
            ("exec npx name", "npm:name", false),
            ("sudo -u ann npx name", "npm:name", false),
            ("timeout -k 5 30 nohup npx name", "npm:name", false),
            ("A=1 npx name", "npm:name", false),
            ("cmd /c cd x && npx name", "npm:name", false),
            ("deno run npm:name@1.0.0", "npm:name", true),
            ("go run example.org/x/y@v1.2.3", "go:example.org/x/y", true),
        ] {
            let expected = (package != "npm:").then(|| (package.to_owned(), pinned));
            assert_eq!(of(command), expected, "{command}");
        }
        for script in ["cd /x && npx -y name", "exec npx name", "A=1 npx name; true"] {
            let words = ["bash", "-l", "-c", script].map(str::to_owned);
            assert_eq!(
                fetched(&words).map(|fetched| fetched.package).as_deref(),
                Some("npm:name"),
                "{script}"
            );
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
