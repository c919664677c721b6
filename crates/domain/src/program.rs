//! Running and installed programs: runtimes, agents and the MCP servers that agents are configured to start.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

use crate::{
    Confidence, Evidence, HostPath, Sha256Digest,
    path::{NotBase64, exact, serialize_path},
};

mod wire;

/// A program that matters to us, running or installed: what runtimes and agents have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "wire::Program", try_from = "wire::Program")]
pub struct Program {
    /// The catalogue id of the tool, or null when no entry explains it.
    pub tool: Option<String>,
    /// The process id. A program without one is installed and not running.
    pub pid: Option<u32>,
    /// The program file.
    pub exe: Option<HostPath>,
    /// The command line, cleaned of secrets.
    pub cmdline: Vec<String>,
    /// The name of the user it runs as or belongs to, or the number where the name is not known.
    pub user: Option<String>,
    /// When the process started.
    pub started_at: Option<Timestamp>,
    /// Addresses it listens on, as `127.0.0.1:11434` or `[::]:8080`.
    pub listeners: Vec<String>,
    /// Its network is not that of the device, as in a container: who reaches its listeners is not known.
    pub own_network: bool,
    /// Models it has loaded.
    pub models: Vec<LoadedModel>,
    /// The processes that belong to it, such as the workers of a manager.
    pub children: Vec<u32>,
    /// Everything that speaks for the identification.
    pub evidence: Vec<Evidence>,
    /// How sure it is.
    pub confidence: Confidence,
}

impl Program {
    /// A program that is installed and does not run.
    pub fn installed(
        tool: Option<String>,
        user: Option<String>,
        evidence: Vec<Evidence>,
        confidence: Confidence,
    ) -> Self {
        Self {
            tool,
            pid: None,
            exe: None,
            cmdline: Vec::new(),
            user,
            started_at: None,
            listeners: Vec::new(),
            own_network: false,
            models: Vec::new(),
            children: Vec::new(),
            evidence,
            confidence,
        }
    }
}

/// A program that runs inference.
pub type Runtime = Program;

/// A model file in use by a process.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "LoadedModelWire")]
pub struct LoadedModel {
    /// The file.
    pub path: HostPath,
    /// The format by content.
    pub format: String,
    /// The digest of the artefact at that path, if one is known.
    pub sha256: Option<Sha256Digest>,
}

impl Serialize for LoadedModel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("LoadedModel", 4)?;
        serialize_path(&mut out, &self.path)?;
        out.serialize_field("format", &self.format)?;
        out.serialize_field("sha256", &self.sha256)?;
        out.end()
    }
}

/// What is read of a loaded model.
#[derive(Deserialize)]
struct LoadedModelWire {
    path: HostPath,
    path_base64: Option<String>,
    format: String,
    sha256: Option<Sha256Digest>,
}

impl TryFrom<LoadedModelWire> for LoadedModel {
    type Error = NotBase64;

    fn try_from(wire: LoadedModelWire) -> Result<Self, NotBase64> {
        let path = exact(wire.path, wire.path_base64.as_deref())?;
        Ok(Self { path, format: wire.format, sha256: wire.sha256 })
    }
}

/// An AI agent: running, or installed when it has no process id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "wire::Agent", try_from = "wire::Agent")]
pub struct Agent {
    /// What it has in common with every program.
    pub program: Program,
    /// Flags on the command line that switch off the agent's own questions or sandbox.
    pub risk_flags: Vec<String>,
    /// Configuration files that were found.
    pub configs: Vec<HostPath>,
    /// Instruction files (such as `AGENTS.md`) that the agent reads.
    pub instructions: Vec<HostPath>,
    /// MCP servers that its configuration starts or connects to.
    pub mcp_servers: Vec<McpServer>,
}

impl Agent {
    /// An agent of which only the program is known.
    pub fn new(program: Program) -> Self {
        Self {
            program,
            risk_flags: Vec::new(),
            configs: Vec::new(),
            instructions: Vec::new(),
            mcp_servers: Vec::new(),
        }
    }
}

/// How a client talks to an MCP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// A child process, over its standard input and output.
    Stdio,
    /// Streamable HTTP.
    Http,
    /// Server-sent events.
    Sse,
    /// WebSocket.
    Ws,
}

/// An MCP server that a client's configuration names. It was read, never started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "wire::McpServer", try_from = "wire::McpServer")]
pub struct McpServer {
    /// The name the configuration gives it.
    pub name: String,
    /// How it is reached.
    pub transport: Transport,
    /// The command and its arguments, cleaned of secrets; empty for a remote server.
    pub command: Vec<String>,
    /// The address of a remote server, cleaned of secrets.
    pub url: Option<String>,
    /// The package or image a launcher would fetch (`npm:@scope/name`), if the command is such a launcher.
    pub package: Option<String>,
    /// Whether what is fetched is fixed to a version or digest; null when nothing is fetched.
    pub pinned: Option<bool>,
    /// Secrets that stand in plain text, by name.
    pub plain_secrets: Vec<PlainSecret>,
    /// Whether the configuration switches the server off.
    pub disabled: bool,
    /// The file it is configured in.
    pub config: HostPath,
    /// Whether other accounts of the device can read that file.
    pub config_readable_by_others: bool,
}

/// A secret that a configuration holds in plain text. Its value is never kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlainSecret {
    /// Where it stands: `env`, `header`, `argument`, `url`, `server`, or the dotted path of a table of the server.
    pub place: String,
    /// Its name, such as the variable's.
    pub name: String,
}
