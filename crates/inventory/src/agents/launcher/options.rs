//! Which options of the launchers are followed by a value, so that the package among the words is found.

/// Which options of a launcher are followed by a value, which is no package.
#[derive(Clone, Copy)]
pub(super) enum Options {
    /// Those listed; any other stands alone.
    WithValue(&'static [&'static str]),
    /// All but those listed, which stand alone; the short ones may stand together, as in `-it`.
    Alone { long: &'static [&'static str], short: &'static str },
}

pub(super) const NPM: Options = Options::WithValue(&[
    "--registry",
    "--cache",
    "--userconfig",
    "--prefix",
    "--loglevel",
    "--node-options",
    "--workspace",
    "--allow-build",
    "--reporter",
    "--dir",
    "--cwd",
    "--package",
    "-p",
    "-w",
    "-C",
    "-c",
    "--call",
]);

pub(super) const PYPI: Options = Options::WithValue(&[
    "--python",
    "-p",
    "--index-url",
    "-i",
    "--extra-index-url",
    "--default-index",
    "--index",
    "--find-links",
    "-f",
    "--with",
    "-w",
    "--with-editable",
    "--with-requirements",
    "--constraints",
    "-c",
    "--overrides",
    "--cache-dir",
    "--directory",
    "--project",
    "--config-file",
    "--env-file",
    "--exclude-newer",
    "--prerelease",
    "--resolution",
    "--index-strategy",
    "--keyring-provider",
    "--link-mode",
    "--color",
    "--allow-insecure-host",
    "--refresh-package",
    "--upgrade-package",
    "-P",
    "--reinstall-package",
    "--no-binary-package",
    "--no-build-package",
    "--pip-args",
    "--from",
    "--spec",
]);

pub(super) const DOCKER: Options = Options::Alone {
    long: &[
        "--interactive",
        "--tty",
        "--detach",
        "--rm",
        "--init",
        "--privileged",
        "--read-only",
        "--publish-all",
        "--quiet",
        "--no-healthcheck",
        "--oom-kill-disable",
        "--disable-content-trust",
        "--sig-proxy",
        "--help",
        "--use-api-socket",
        "--replace",
        "--no-hosts",
        "--no-hostname",
        "--env-host",
        "--http-proxy",
        "--rmi",
        "--tls-verify",
        "--passwd",
    ],
    short: "itdPq",
};

pub(super) const DENO: Options =
    Options::WithValue(&["-c", "--config", "--import-map", "--lock", "--cert", "--location", "--seed"]);

pub(super) const GO: Options =
    Options::WithValue(&["-C", "-exec", "-mod", "-modfile", "-tags", "-ldflags", "-gcflags", "-p"]);

/// How many words are options or their values, up to the first that is neither.
pub(super) fn count(words: &[&str], known: Options) -> usize {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if *word == "--" {
            return at + 1;
        }
        if !word.starts_with('-') {
            return at;
        }
        at += 1 + usize::from(known.takes_value(word));
    }
    words.len()
}

impl Options {
    fn takes_value(self, option: &str) -> bool {
        match self {
            _ if option.contains('=') => false,
            Self::WithValue(listed) => listed.contains(&option),
            Self::Alone { long, .. } if option.starts_with("--") => !long.contains(&option),
            // Behind the first letter that takes a value stands the value itself: `-p80:80`, `-itv /a:/b`.
            Self::Alone { short, .. } => {
                let letters = option.trim_start_matches('-');
                letters.find(|letter| !short.contains(letter)).is_some_and(|at| at + 1 == letters.len())
            }
        }
    }
}
