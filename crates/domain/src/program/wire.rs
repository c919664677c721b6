//! Programs, agents and MCP servers in JSON: as they are, and beside each path its exact bytes where the text is not exact.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{LoadedModel, PlainSecret, Transport};
use crate::{
    Confidence, Evidence, HostPath,
    path::{NotBase64, all_base64, exact, exact_all},
};

/// A program in JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct Program {
    tool: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    exe: Option<HostPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exe_base64: Option<String>,
    #[serde(default)]
    cmdline: Vec<String>,
    user: Option<String>,
    started_at: Option<Timestamp>,
    #[serde(default)]
    listeners: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    own_network: bool,
    #[serde(default)]
    models: Vec<LoadedModel>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    children: Vec<u32>,
    #[serde(default)]
    evidence: Vec<Evidence>,
    confidence: Confidence,
}

impl From<super::Program> for Program {
    fn from(program: super::Program) -> Self {
        Self {
            exe_base64: program.exe.as_ref().and_then(HostPath::base64),
            tool: program.tool,
            pid: program.pid,
            exe: program.exe,
            cmdline: program.cmdline,
            user: program.user,
            started_at: program.started_at,
            listeners: program.listeners,
            own_network: program.own_network,
            models: program.models,
            children: program.children,
            evidence: program.evidence,
            confidence: program.confidence,
        }
    }
}

impl TryFrom<Program> for super::Program {
    type Error = NotBase64;

    fn try_from(wire: Program) -> Result<Self, NotBase64> {
        Ok(Self {
            tool: wire.tool,
            pid: wire.pid,
            exe: wire.exe.map(|path| exact(path, wire.exe_base64.as_deref())).transpose()?,
            cmdline: wire.cmdline,
            user: wire.user,
            started_at: wire.started_at,
            listeners: wire.listeners,
            own_network: wire.own_network,
            models: wire.models,
            children: wire.children,
            evidence: wire.evidence,
            confidence: wire.confidence,
        })
    }
}

/// An agent in JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct Agent {
    #[serde(flatten)]
    program: super::Program,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    risk_flags: Vec<String>,
    #[serde(default)]
    configs: Vec<HostPath>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    configs_base64: Vec<Option<String>>,
    #[serde(default)]
    instructions: Vec<HostPath>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    instructions_base64: Vec<Option<String>>,
    #[serde(default)]
    mcp_servers: Vec<super::McpServer>,
}

impl From<super::Agent> for Agent {
    fn from(agent: super::Agent) -> Self {
        Self {
            configs_base64: all_base64(&agent.configs),
            instructions_base64: all_base64(&agent.instructions),
            program: agent.program,
            risk_flags: agent.risk_flags,
            configs: agent.configs,
            instructions: agent.instructions,
            mcp_servers: agent.mcp_servers,
        }
    }
}

impl TryFrom<Agent> for super::Agent {
    type Error = NotBase64;

    fn try_from(wire: Agent) -> Result<Self, NotBase64> {
        Ok(Self {
            program: wire.program,
            risk_flags: wire.risk_flags,
            configs: exact_all(wire.configs, &wire.configs_base64)?,
            instructions: exact_all(wire.instructions, &wire.instructions_base64)?,
            mcp_servers: wire.mcp_servers,
        })
    }
}

/// An MCP server in JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct McpServer {
    name: String,
    transport: Transport,
    #[serde(default)]
    command: Vec<String>,
    url: Option<String>,
    package: Option<String>,
    pinned: Option<bool>,
    #[serde(default)]
    plain_secrets: Vec<PlainSecret>,
    #[serde(default)]
    disabled: bool,
    config: HostPath,
    #[serde(skip_serializing_if = "Option::is_none")]
    config_base64: Option<String>,
    #[serde(default)]
    config_readable_by_others: bool,
}

impl From<super::McpServer> for McpServer {
    fn from(server: super::McpServer) -> Self {
        Self {
            config_base64: server.config.base64(),
            name: server.name,
            transport: server.transport,
            command: server.command,
            url: server.url,
            package: server.package,
            pinned: server.pinned,
            plain_secrets: server.plain_secrets,
            disabled: server.disabled,
            config: server.config,
            config_readable_by_others: server.config_readable_by_others,
        }
    }
}

impl TryFrom<McpServer> for super::McpServer {
    type Error = NotBase64;

    fn try_from(wire: McpServer) -> Result<Self, NotBase64> {
        Ok(Self {
            name: wire.name,
            transport: wire.transport,
            command: wire.command,
            url: wire.url,
            package: wire.package,
            pinned: wire.pinned,
            plain_secrets: wire.plain_secrets,
            disabled: wire.disabled,
            config: exact(wire.config, wire.config_base64.as_deref())?,
            config_readable_by_others: wire.config_readable_by_others,
        })
    }
}
