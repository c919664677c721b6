//! Tools: by what a program is known, where its configuration lies, what its dangerous flags are. It names no tool
//! and looks at no process: whoever observes one asks here whether what it saw is a mark.

use serde::Deserialize;

use crate::pattern::{PathRun, glob_match, program_name, tokens_begin, tokens_match};

/// Length in bytes to which Linux cuts the name of a process (`TASK_COMM_LEN` less the terminating zero).
const COMM_LENGTH: usize = 15;

/// A program that runs models, acts by what a model says, or stands between the two.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The id that reports use.
    pub id: String,
    /// Its own name, for people.
    pub name: String,
    /// What it does.
    pub kind: ToolKind,
    /// Whether child processes of it that run inference belong to it.
    #[serde(default)]
    pub manager: bool,
    /// What surprises people about it.
    pub note: Option<String>,
    /// Fields that were checked against the source or the running tool; what is not listed is general knowledge.
    #[serde(default)]
    pub verified: Vec<String>,
    /// Where the checked fields come from: projects, files, commits.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Marks of its process.
    #[serde(default)]
    pub process: ProcessMarks,
    /// Where it listens.
    #[serde(default)]
    pub network: Network,
    /// Answers that tell the tool, the most specific first.
    #[serde(default)]
    pub http: Vec<HttpFingerprint>,
    /// Packages that install it.
    #[serde(default)]
    pub packages: ToolPackages,
    /// Where its configuration lies.
    #[serde(default)]
    pub config: ToolConfig,
}

impl Tool {
    /// Whether its process goes by the name of an interpreter or another program, so that no name speaks for it.
    pub fn runs_under_another_name(&self) -> bool {
        self.process.names.is_empty()
    }
}

/// What a tool does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToolKind {
    /// Runs inference.
    Runtime,
    /// Acts by itself on what a model says.
    Agent,
    /// Talks to a model for a person.
    App,
    /// Passes requests on to models.
    Gateway,
    /// A library that such programs are written with.
    Framework,
}

impl ToolKind {
    /// The word that `catalog/tools/` uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Agent => "agent",
            Self::App => "app",
            Self::Gateway => "gateway",
            Self::Framework => "framework",
        }
    }
}

/// Marks of a process, each of them evidence and none of them proof.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProcessMarks {
    /// Names that mean something, with `*`. Never the name of an interpreter.
    pub names: Vec<String>,
    /// Tokens that a command begins with, see [`tokens_begin`]: the program, or the script or module of an interpreter.
    pub arguments: Vec<String>,
    /// Places that the program file, the script or an open file lie under. They survive a renamed process.
    pub paths: Vec<PathRun>,
    /// Names of environment variables, with `*`, that the tool sets for itself or for what it starts.
    pub env: Vec<String>,
    /// File names, with `*`, of libraries that only this tool maps.
    pub libraries: Vec<String>,
    /// Tokens that switch off its questions or its sandbox.
    pub risk_flags: Vec<String>,
}

impl ProcessMarks {
    /// The mark that a program file or first argument goes by: `/usr/bin/tool`, `Tool.exe`.
    pub fn name_of_program(&self, program: &str) -> Option<&str> {
        let name = program_name(program);
        first(&self.names, |mark| glob_match(program_name(mark), name))
    }

    /// The mark that a kernel's name of a process (`comm`) goes by; such a name is cut to 15 bytes.
    pub fn name_of_comm(&self, comm: &str) -> Option<&str> {
        let name = program_name(comm);
        let cut = |mark: &str| {
            comm.len() == COMM_LENGTH
                && mark
                    .as_bytes()
                    .get(..COMM_LENGTH)
                    .is_some_and(|head| head.eq_ignore_ascii_case(comm.as_bytes()))
        };
        first(&self.names, |mark| glob_match(program_name(mark), name) || cut(mark))
    }

    /// The mark that a command begins with.
    pub fn argument(&self, command: &[&str]) -> Option<&str> {
        first(&self.arguments, |mark| tokens_begin(mark, command))
    }

    /// The mark that a path lies under.
    pub fn path(&self, path: &str) -> Option<&str> {
        self.paths.iter().find(|run| run.matches(path)).map(PathRun::as_str)
    }

    /// The mark that the name of an environment variable is.
    pub fn variable(&self, name: &str) -> Option<&str> {
        first(&self.env, |mark| glob_match(mark, name))
    }

    /// The mark that the file name of a mapped library is.
    pub fn library(&self, file_name: &str) -> Option<&str> {
        first(&self.libraries, |mark| glob_match(mark, file_name))
    }

    /// Every dangerous flag that an argument list carries.
    pub fn risks<'a>(&'a self, argv: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.risk_flags.iter().map(String::as_str).filter(|flag| tokens_match(flag, argv))
    }
}

fn first(marks: &[String], is: impl Fn(&str) -> bool) -> Option<&str> {
    marks.iter().map(String::as_str).find(|mark| is(mark))
}

/// Where a tool listens unless it is told otherwise.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// TCP ports. Many tools share them: a port identifies nothing.
    pub ports: Vec<u16>,
    /// The address it binds by default, where that is known.
    pub bind: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FingerprintTable {
    pub(crate) http: Vec<HttpFingerprint>,
}

/// A GET to a loopback listener and what its answer must be. All that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpFingerprint {
    /// The path to ask for, from `/`.
    pub path: String,
    /// The status; without one, any of 200 to 299.
    pub status: Option<u16>,
    /// Text that the body contains, in this case.
    pub body: Option<String>,
    /// A JSON pointer (RFC 6901) that must lead somewhere in the body.
    pub json: Option<String>,
    /// What `json` must lead to: the string, or the number or boolean as JSON writes it.
    pub json_equals: Option<String>,
    /// A header as `name: value`, contained in a header line whatever its case.
    pub header: Option<String>,
}

/// Packages that install a tool.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ToolPackages {
    /// Distributions of PyPI.
    pub pypi: Vec<String>,
    /// Packages of npm.
    pub npm: Vec<String>,
    /// Extensions of VS Code and its relatives, as `publisher.name`.
    pub vscode: Vec<String>,
}

/// Where the configuration of a tool lies.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ToolConfig {
    /// Folders or files that exist only where the tool is or was installed for that account.
    pub homes: OsPaths,
    /// Files that name MCP servers, at fixed places; `~` is the home of an account.
    pub mcp: Vec<McpConfig>,
    /// Files that name MCP servers, found by name (or trailing path) anywhere.
    pub project_mcp: Vec<ProjectMcpConfig>,
    /// Instruction files that the tool reads, found by name (or trailing path) anywhere.
    pub instructions: Vec<String>,
}

/// Paths by operating system; `~` is the home of an account.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OsPaths {
    /// The same everywhere.
    pub all: Vec<String>,
    /// Linux.
    pub linux: Vec<String>,
    /// macOS.
    pub macos: Vec<String>,
    /// Windows, written with `/`.
    pub windows: Vec<String>,
}

impl OsPaths {
    /// The paths for an operating system as `std::env::consts::OS` spells it.
    pub fn on(&self, os: &str) -> impl Iterator<Item = &str> {
        let own: &[String] = match os {
            "linux" => &self.linux,
            "macos" => &self.macos,
            "windows" => &self.windows,
            _ => &[],
        };
        self.all.iter().chain(own).map(String::as_str)
    }
}

/// A file at a fixed place that names MCP servers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McpConfig {
    /// The file.
    pub path: String,
    /// How it is written.
    pub format: ConfigFormat,
    /// Where the servers stand in it, see [`key_steps`].
    pub key: String,
}

/// A file anywhere that names MCP servers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectMcpConfig {
    /// The file's name, or a trailing path.
    pub name: String,
    /// How it is written.
    pub format: ConfigFormat,
    /// Where the servers stand in it, see [`key_steps`].
    pub key: String,
}

/// How a configuration file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConfigFormat {
    /// JSON; comments and trailing commas are tolerated.
    Json,
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
}

/// The steps of a dotted key: `a.*.b` is `a`, every entry, `b`. A step in double quotes is one name with its dots:
/// `"a.b"`.
pub fn key_steps(key: &str) -> Vec<&str> {
    let mut steps = Vec::new();
    let mut rest = key;
    while !rest.is_empty() {
        let quoted = rest.strip_prefix('"').and_then(|inner| inner.split_once('"'));
        let (step, tail) = quoted.unwrap_or_else(|| rest.split_once('.').unwrap_or((rest, "")));
        steps.push(step);
        rest = tail.strip_prefix('.').filter(|_| quoted.is_some()).unwrap_or(tail);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(names: &[&str]) -> ProcessMarks {
        ProcessMarks { names: names.iter().map(|&name| name.to_owned()).collect(), ..ProcessMarks::default() }
    }

    #[test]
    fn a_name_is_compared_without_case_folder_and_exe() {
        let marks = marks(&["Some-Server", "other.exe", "*.bundle"]);
        assert_eq!(marks.name_of_program("/opt/x/some-server"), Some("Some-Server"));
        assert_eq!(marks.name_of_program("C:\\x\\OTHER.EXE"), Some("other.exe"));
        assert_eq!(marks.name_of_program("x.bundle"), Some("*.bundle"));
        assert_eq!(marks.name_of_program("some-server-2"), None);
    }

    #[test]
    fn a_cut_name_of_the_kernel_is_still_found() {
        let marks = marks(&["some-very-long-server"]);
        assert_eq!(marks.name_of_comm("some-very-long-"), Some("some-very-long-server"));
        assert_eq!(marks.name_of_comm("some-very-long"), None);
        assert_eq!(marks.name_of_program("some-very-long-"), None);
    }

    #[test]
    fn a_key_in_quotes_keeps_its_dots() {
        assert_eq!(key_steps("projects.*.servers"), ["projects", "*", "servers"]);
        assert_eq!(key_steps("\"tool.servers\""), ["tool.servers"]);
        assert_eq!(key_steps("a.\"b.c\".d"), ["a", "b.c", "d"]);
    }
}
