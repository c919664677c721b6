//! MCP servers as configurations name them. Secrets are named and never kept; nothing is started.

use std::{fs::File, io, path::Path};

use catalog::{Secrets, tool::ConfigFormat};
use domain::{HostPath, McpServer, Transport};
use platform::read::Identity;
use serde_json::{Map, Value};

use super::{document, launcher, plain_secret::plain_secrets};
use crate::files::plain_error;

/// Keys of the address of a server.
pub(super) const URLS: [&str; 5] = ["url", "serverUrl", "httpUrl", "uri", "endpoint"];
/// Keys of the command of a server, which may be a table of its own.
pub(super) const COMMANDS: [&str; 2] = ["command", "cmd"];
/// Servers taken from one file.
const SERVER_LIMIT: usize = 1000;

/// A configuration: how it is opened decides which links are followed.
pub(super) struct Config<'a> {
    /// Where it is, as it is shown.
    pub path: &'a Path,
    /// The open file.
    pub file: io::Result<(File, Identity)>,
    /// How it is written.
    pub format: ConfigFormat,
    /// Where the servers stand in it.
    pub key: &'a str,
}

/// The servers of a file; `None` when there is no such file or it says nothing about servers.
///
/// # Errors
/// Why the file cannot be understood, without any of its content.
pub(super) fn read(secrets: &Secrets, config: Config<'_>) -> Result<Option<Vec<McpServer>>, String> {
    let file = match config.file {
        Ok((file, _)) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(plain_error(&error)),
    };
    let readable = platform::read::readable_by_others(&file, config.path).unwrap_or_default();
    let tables = document::read(file, config.format, config.key)?;
    Ok(servers(secrets, &tables, &HostPath::from(config.path), readable))
}

/// Whether there is nothing at a path, which is no problem of it.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The servers of the tables of a document; `None` when it has no such table.
fn servers(secrets: &Secrets, tables: &[Value], config: &HostPath, readable: bool) -> Option<Vec<McpServer>> {
    if tables.is_empty() {
        return None;
    }
    let entries = tables.iter().flat_map(entries);
    let servers = entries.filter_map(|(name, entry)| server(secrets, config, readable, &name, entry));
    Some(servers.take(SERVER_LIMIT).collect())
}

#[cfg(feature = "fuzzing")]
pub(super) fn fuzz(secrets: &Secrets, bytes: &[u8]) {
    for format in [ConfigFormat::Json, ConfigFormat::Toml, ConfigFormat::Yaml] {
        if let Ok(tables) = document::parse(bytes, format, "servers") {
            servers(secrets, &tables, &HostPath::from("/c"), false);
        }
    }
}

/// A table of names to servers, or a list of servers with a `name`.
fn entries(servers: &Value) -> Vec<(String, &Map<String, Value>)> {
    match servers {
        Value::Object(table) => {
            table.iter().filter_map(|(name, entry)| Some((name.clone(), entry.as_object()?))).collect()
        }
        Value::Array(list) => {
            let named = |entry: &Value| text(entry.as_object()?, &["name", "id"]).map(str::to_owned);
            list.iter()
                .enumerate()
                .filter_map(|(at, entry)| {
                    Some((named(entry).unwrap_or_else(|| format!("#{}", at + 1)), entry.as_object()?))
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

fn server(
    secrets: &Secrets,
    config: &HostPath,
    config_readable_by_others: bool,
    name: &str,
    entry: &Map<String, Value>,
) -> Option<McpServer> {
    let command = command(entry);
    let url = text(entry, &URLS);
    // Servers that an extension or the client itself brings have neither.
    let brought = ["source", "type", "settings"].iter().any(|key| entry.contains_key(*key));
    if command.is_empty() && url.is_none() && !brought {
        return None;
    }
    let fetched = launcher::fetched(&command);
    Some(McpServer {
        name: secrets.clean(name),
        transport: transport(entry, url),
        command: secrets.clean_argv(&command),
        url: url.map(|url| secrets.clean(url)),
        package: fetched.as_ref().map(|fetched| secrets.clean(&fetched.package)),
        pinned: fetched.map(|fetched| fetched.pinned),
        plain_secrets: plain_secrets(secrets, entry, &command, url),
        disabled: flag(entry, "disabled") == Some(true) || flag(entry, "enabled") == Some(false),
        config: config.clone(),
        config_readable_by_others,
    })
}

/// `command` or `cmd` as a word or a list, `args` behind it.
fn command(entry: &Map<String, Value>) -> Vec<String> {
    let words = |value: &Value| match value {
        Value::String(word) => vec![word.clone()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        // Zed: `command: { path, args }`.
        Value::Object(inner) => {
            inner.get("path").and_then(Value::as_str).map(str::to_owned).into_iter().collect()
        }
        _ => Vec::new(),
    };
    let first = COMMANDS.iter().find_map(|key| entry.get(*key));
    let inner = first.and_then(|command| command.get("args"));
    let rest = entry.get("args").or(inner);
    first.into_iter().chain(rest).flat_map(words).collect()
}

fn text<'v>(entry: &'v Map<String, Value>, keys: &[&str]) -> Option<&'v str> {
    keys.iter().find_map(|key| entry.get(*key)?.as_str()).filter(|text| !text.is_empty())
}

fn flag(entry: &Map<String, Value>, key: &str) -> Option<bool> {
    entry.get(key)?.as_bool()
}

fn transport(entry: &Map<String, Value>, url: Option<&str>) -> Transport {
    let Some(url) = url else { return Transport::Stdio };
    let word = text(entry, &["type", "transport", "transportType"]).unwrap_or_default().to_ascii_lowercase();
    if url.starts_with("ws://") || url.starts_with("wss://") || word.starts_with("ws") {
        Transport::Ws
    } else if word == "sse" || (word.is_empty() && url.trim_end_matches('/').ends_with("/sse")) {
        Transport::Sse
    } else {
        Transport::Http
    }
}

#[cfg(test)]
mod tests {
    use domain::PlainSecret;

    use super::*;

    fn read_text(text: &str, format: ConfigFormat, key: &str) -> Option<Vec<McpServer>> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        std::fs::write(&path, text).unwrap();
        let file = platform::read::open(&path);
        read(&catalog::load().unwrap().secrets, Config { path: &path, file, format, key }).unwrap()
    }

    #[test]
    fn servers_are_read_with_transport_package_and_the_names_of_their_secrets() {
        let servers = read_text(
            r#"{"mcpServers": {
                "files": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/home/a"]},
                "git": {"command": "uvx", "args": ["mcp-server-git==2025.1.14"], "env": {"GITHUB_TOKEN": "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "HOME_DIR": "/x"}},
                "remote": {"url": "https://user:hunter22secret@mcp.example.org/sse", "headers": {"Authorization": "Bearer abcdefghijklmnop1234"}},
                "off": {"command": "node", "args": ["/srv/x.js"], "disabled": true},
                "safe": {"command": "node", "args": ["/srv/x.js"], "env": {"API_KEY": "${API_KEY}"}},
                "broken": 7
            }}"#,
            ConfigFormat::Json,
            "mcpServers",
        )
        .unwrap();
        let by_name = |name: &str| servers.iter().find(|server| server.name == name).unwrap();
        assert_eq!(servers.len(), 5);
        let files = by_name("files");
        assert_eq!((files.transport, files.pinned), (Transport::Stdio, Some(false)));
        assert_eq!(files.package.as_deref(), Some("npm:@modelcontextprotocol/server-filesystem"));
        assert_eq!(by_name("git").pinned, Some(true));
        assert_eq!(
            by_name("git").plain_secrets,
            [PlainSecret { place: "env".into(), name: "GITHUB_TOKEN".into() }]
        );
        let remote = by_name("remote");
        assert_eq!((remote.transport, remote.pinned), (Transport::Sse, None));
        let places: Vec<_> = remote.plain_secrets.iter().map(|secret| secret.place.as_str()).collect();
        assert_eq!(places, ["header", "url"]);
        assert!(by_name("off").disabled && by_name("safe").plain_secrets.is_empty());
        let all = serde_json::to_string(&servers).unwrap();
        for secret in ["ghp_", "hunter22secret", "abcdefghijklmnop1234"] {
            assert!(!all.contains(secret), "{secret} is in {all}");
        }
    }

    #[test]
    fn the_spellings_of_the_clients_are_read() {
        let codex = read_text(
            "[mcp_servers.a]\ncommand = \"npx\"\nargs = [\"x\"]\n",
            ConfigFormat::Toml,
            "mcp_servers",
        );
        assert_eq!(codex.unwrap()[0].package.as_deref(), Some("npm:x"));
        let list =
            r#"{"mcp": {"a": {"type": "local", "command": ["npx", "-y", "x@1.0.0"], "enabled": false}}}"#;
        let list = read_text(list, ConfigFormat::Json, "mcp").unwrap();
        assert_eq!((list[0].pinned, list[0].disabled), (Some(true), true));
        let yaml = "mcpServers:\n  - name: a\n    command: uvx\n    args: [x]\n";
        assert_eq!(read_text(yaml, ConfigFormat::Yaml, "mcpServers").unwrap()[0].name, "a");
        let projects = r#"{"projects": {"/a": {"mcpServers": {"p": {"command": "x"}}}, "/b": {}}}"#;
        assert_eq!(read_text(projects, ConfigFormat::Json, "projects.*.mcpServers").unwrap().len(), 1);
    }

    #[test]
    fn a_server_that_the_client_brings_is_listed_with_its_secrets() {
        let zed = r#"{"context_servers": {
            "github": {"source": "extension", "settings": {"github_token": "ghp_abcdefghijklmnopqrstuvwxyz0123456789"}},
            "off": {"enabled": false}
        }}"#;
        let servers = read_text(zed, ConfigFormat::Json, "context_servers").unwrap();
        assert_eq!(servers.len(), 1);
        assert_eq!((servers[0].transport, servers[0].command.len()), (Transport::Stdio, 0));
        assert_eq!(
            servers[0].plain_secrets,
            [PlainSecret { place: "settings".into(), name: "github_token".into() }]
        );
        let goose = "extensions:\n  code:\n    type: inline_python\n    name: code\n    code: print()\n";
        assert_eq!(read_text(goose, ConfigFormat::Yaml, "extensions").unwrap()[0].name, "code");
    }

    #[test]
    fn a_file_without_servers_is_not_a_configuration() {
        assert_eq!(read_text("{}", ConfigFormat::Json, "mcpServers"), None);
        assert_eq!(read_text(" \n", ConfigFormat::Json, "mcpServers"), None);
        let secrets = catalog::load().unwrap().secrets;
        let path = Path::new("/nonexistent");
        let config = Config { path, file: platform::read::open(path), format: ConfigFormat::Json, key: "a" };
        assert_eq!(read(&secrets, config), Ok(None));
    }
}
