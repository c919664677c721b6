use std::fs;

use super::*;

/// A device in a folder.
struct Device {
    folder: tempfile::TempDir,
    catalog: Catalog,
}

#[allow(clippy::unwrap_used, reason = "a test may fail loudly, its helpers too")]
impl Device {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), catalog: catalog::load().unwrap() }
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = on_device(self.folder.path(), path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn agents(&self, homes: &[&str], projects: &[&PathBuf]) -> Vec<Agent> {
        let homes: Vec<_> = homes.iter().map(|home| on_device(self.folder.path(), home)).collect();
        let configs = projects.iter().map(|path| path.to_path_buf()).collect();
        let found = Found { configs, ..Found::default() };
        find_on(self.folder.path(), &self.catalog, &homes, &found).agents
    }
}

fn tools(agents: &[Agent]) -> Vec<(&str, Confidence, usize)> {
    let of = |agent: &'_ Agent| (agent.program.confidence, agent.mcp_servers.len());
    agents
        .iter()
        .map(|agent| (agent.program.tool.as_deref().unwrap_or(""), of(agent).0, of(agent).1))
        .collect()
}

const SERVERS: &str = r#"{"mcpServers": {"a": {"command": "npx", "args": ["x"]}}}"#;

#[test]
fn a_project_of_someone_else_makes_no_agent_likely() {
    let device = Device::new();
    let project = device.write("/home/ann/clone/.cursor/mcp.json", SERVERS);
    assert_eq!(tools(&device.agents(&["/home/ann"], &[&project])), [("cursor", Confidence::Possible, 1)]);
    device.write("/home/ann/.cursor/argv.json", "{}");
    assert_eq!(tools(&device.agents(&["/home/ann"], &[&project])), [("cursor", Confidence::Likely, 1)]);
}

#[cfg(unix)]
#[test]
fn what_is_configured_for_the_whole_device_is_read_once_and_belongs_to_whoever_uses_the_tool() {
    let device = Device::new();
    device.write("/etc/claude-code/managed-mcp.json", SERVERS);
    device.write("/home/ann/x", "");
    let agents = device.agents(&["/home/ann"], &[]);
    assert_eq!(tools(&agents), [("claude-code", Confidence::Likely, 1)]);
    assert_eq!(agents[0].program.user, None);
    device.write("/home/ann/.claude/settings.json", "{}");
    let agents = device.agents(&["/home/ann"], &[]);
    assert_eq!(tools(&agents), [("claude-code", Confidence::Likely, 1)]);
    assert!(agents[0].program.user.is_some());
}

#[test]
fn every_file_of_a_folder_of_configurations_is_read() {
    let device = Device::new();
    for name in ["a.yaml", "b.yaml", "c.txt"] {
        let text = "mcpServers:\n  - name: s\n    command: x\n";
        device.write(&format!("/home/ann/.continue/mcpServers/{name}"), text);
    }
    assert_eq!(tools(&device.agents(&["/home/ann"], &[])), [("continue", Confidence::Likely, 2)]);
}

#[test]
fn every_path_of_the_catalogue_has_a_shape_that_is_read() {
    let catalog = catalog::load().unwrap();
    for tool in &catalog.tools {
        for config in &tool.config.mcp {
            let below = config.path.strip_prefix("~/");
            let (folder, last) = below.and_then(|below| below.rsplit_once('/')).unwrap_or(("", &config.path));
            assert!(below.is_some() || config.path.starts_with('/'), "{}", config.path);
            assert!(!folder.contains('*') && (!last.contains('*') || below.is_some()), "{}", config.path);
        }
        for os in ["linux", "macos", "windows"] {
            for home in tool.config.homes.on(os) {
                assert!(below_home(home).is_some() && !home.contains('*'), "{home}");
            }
        }
        let names = tool.config.project_mcp.iter().map(|config| &config.name);
        for name in names.chain(&tool.config.instructions) {
            assert!(!name.contains('*') && !name.starts_with(['/', '~']), "{name}");
        }
    }
}
