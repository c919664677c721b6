//! What a process was told to run: a program, or an interpreter and its script or module.
//!
//! Only what stands where a command stands counts: a program that is told *about* another one does not run it.

use std::path::{Path, PathBuf};

use platform::process::{self, Process};

/// Interpreters by the beginning of their name, with their options that take a value, and those after which no script follows.
const INTERPRETERS: [(&str, &[&str], &[&str]); 10] = [
    ("python", &["-W", "-X"], &["-c", "-m", "-i"]),
    ("pypy", &["-W", "-X"], &["-c", "-m", "-i"]),
    (
        "node",
        &["-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions"],
        &["-e", "-p", "--eval", "--print"],
    ),
    ("bun", &["-r", "--preload", "--config", "--cwd"], &["-e", "-p", "--eval", "--print"]),
    ("deno", &["--config", "--import-map"], &["eval"]),
    ("electron", &["-r", "--require"], &[]),
    ("ruby", &["-r", "-I"], &["-e"]),
    ("perl", &["-I"], &["-e", "-E"]),
    ("bash", &["--rcfile", "--init-file", "-o"], &["-c", "-s"]),
    ("sh", &["-o"], &["-c", "-s"]),
];

/// A command line, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// The commands that it is: each begins with a program, a script as typed or as its links lead, or `-m`.
    pub commands: Vec<Vec<String>>,
    /// The script as it was typed and as its links lead, if an interpreter runs one.
    pub scripts: Vec<PathBuf>,
}

impl Invocation {
    /// Takes the command line of a process apart. Follows the links of a script and opens nothing.
    pub(super) fn of(process: &Process) -> Self {
        let resolve = |script: &str| {
            let typed = process.directory.as_deref().unwrap_or(Path::new("/")).join(script);
            (process::resolve(process.pid, &typed), typed)
        };
        Self::parse(process.exe.as_deref(), &process.arguments, resolve)
    }

    fn parse(
        exe: Option<&Path>,
        arguments: &[String],
        resolve: impl Fn(&str) -> (Option<PathBuf>, PathBuf),
    ) -> Self {
        let mut invocation = Self { commands: vec![arguments.to_vec()], scripts: Vec::new() };
        let interpreter = exe.and_then(Path::file_name).and_then(|name| name.to_str()).and_then(interpreter);
        let Some((_, with_value, without_script)) = interpreter else { return invocation };
        let mut words = arguments.iter().enumerate().skip(1);
        while let Some((at, word)) = words.next() {
            let rest = arguments.get(at..).unwrap_or_default();
            if without_script.contains(&word.as_str()) {
                if word == "-m" {
                    invocation.commands.push(rest.to_vec());
                }
                break;
            }
            if with_value.contains(&word.as_str()) {
                words.next();
            } else if !word.starts_with('-') {
                invocation.take_script(rest, resolve(word));
                break;
            }
        }
        invocation
    }

    fn take_script(&mut self, command: &[String], (resolved, typed): (Option<PathBuf>, PathBuf)) {
        let rest = command.get(1..).unwrap_or_default();
        self.commands.push(command.to_vec());
        // A server that loads what its argument names, as `uvicorn module:app`, is what it loads.
        if rest.first().is_some_and(|next| next.contains(':')) {
            self.commands.push(rest.to_vec());
        }
        for path in std::iter::once(typed).chain(resolved) {
            if let Some(text) = path.to_str().filter(|_| !self.scripts.contains(&path)) {
                self.commands.push(std::iter::once(text.to_owned()).chain(rest.iter().cloned()).collect());
                self.scripts.push(path);
            }
        }
    }
}

fn interpreter(name: &str) -> Option<(&'static str, &'static [&'static str], &'static [&'static str])> {
    let name = catalog::pattern::program_name(name).to_ascii_lowercase();
    // `python3.12` is one, `nodemon` is none.
    let version = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    INTERPRETERS.into_iter().find(|(start, ..)| name.strip_prefix(start).is_some_and(version))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(exe: &str, line: &str) -> Invocation {
        let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        let resolve = |script: &str| (Some(PathBuf::from("/real/cli.js")), Path::new("/w").join(script));
        Invocation::parse(Some(Path::new(exe)), &words, resolve)
    }

    #[test]
    fn a_script_is_found_behind_options_and_through_its_link() {
        let found = of("/usr/bin/node", "node --require x.js -r y.js n/.bin/qwen -y");
        assert_eq!(found.scripts, [Path::new("/w/n/.bin/qwen"), Path::new("/real/cli.js")]);
        assert!(found.commands.contains(&vec!["/real/cli.js".to_owned(), "-y".to_owned()]));
    }

    #[test]
    fn a_module_is_a_command_and_code_on_the_command_line_is_none() {
        let found = of("/usr/bin/python3.12", "python3 -X dev -m llama_cpp.server --port 1");
        assert_eq!(found.commands.last().unwrap()[..2], ["-m".to_owned(), "llama_cpp.server".to_owned()]);
        assert_eq!(of("/usr/bin/python3", "python3 -c pass codex exec").commands.len(), 1);
        assert_eq!(of("/bin/bash", "bash -c codex").scripts, [""; 0].map(PathBuf::from));
    }

    #[test]
    fn a_program_that_is_told_about_another_has_one_command() {
        assert_eq!(of("/usr/bin/watch", "watch -n 60 opencode run").commands.len(), 1);
        assert_eq!(of("/usr/bin/nodemon", "nodemon app.js").scripts.len(), 0);
    }

    proptest! {
        #[test]
        fn no_command_line_makes_it_panic(words in prop::collection::vec(".{0,9}", 0..6), exe in "(python3|node|sh|x)") {
            Invocation::parse(Some(Path::new(&exe)), &words, |script| (None, PathBuf::from(script)));
        }
    }
}
