//! Packages of languages and editors that are AI, with the tool they belong to. It does not look for installations.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use crate::Tool;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pypi: Vec<String>,
    npm: Vec<String>,
    vscode: Vec<String>,
}

/// Package names by ecosystem, made for being asked about every package of a machine.
#[derive(Debug)]
pub struct Packages {
    pypi: HashMap<String, Entry>,
    npm: HashMap<String, Entry>,
    vscode: HashMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    tool: Option<String>,
}

/// A package that the catalogue knows as AI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownPackage<'a> {
    /// Its name as the catalogue writes it.
    pub name: &'a str,
    /// The id of the tool that it installs, if it is one.
    pub tool: Option<&'a str>,
}

impl Packages {
    pub(crate) fn new(table: &Table, tools: &[Tool]) -> Self {
        let mut packages = Self { pypi: HashMap::new(), npm: HashMap::new(), vscode: HashMap::new() };
        for tool in tools {
            packages.add("pypi", &tool.packages.pypi, Some(&tool.id));
            packages.add("npm", &tool.packages.npm, Some(&tool.id));
            packages.add("vscode", &tool.packages.vscode, Some(&tool.id));
        }
        packages.add("pypi", &table.pypi, None);
        packages.add("npm", &table.npm, None);
        packages.add("vscode", &table.vscode, None);
        packages
    }

    fn add(&mut self, ecosystem: &str, names: &[String], tool: Option<&String>) {
        let map = match ecosystem {
            "pypi" => &mut self.pypi,
            "npm" => &mut self.npm,
            _ => &mut self.vscode,
        };
        for name in names {
            let entry = Entry { name: name.clone(), tool: tool.cloned() };
            // Tools come first, and what installs a tool stays with it.
            map.entry(normalized(ecosystem, name).into_owned()).or_insert(entry);
        }
    }

    pub(crate) fn find(&self, ecosystem: &str, name: &str) -> Option<KnownPackage<'_>> {
        let map = match ecosystem {
            "pypi" => &self.pypi,
            "npm" => &self.npm,
            "vscode" => &self.vscode,
            _ => return None,
        };
        let entry = map.get(normalized(ecosystem, name).as_ref())?;
        Some(KnownPackage { name: &entry.name, tool: entry.tool.as_deref() })
    }
}

/// The one spelling of a name: PyPI folds case and runs of `-_.` (PEP 503), extensions fold case, npm folds nothing.
fn normalized<'a>(ecosystem: &str, name: &'a str) -> Cow<'a, str> {
    match ecosystem {
        "pypi" => Cow::Owned(normalized_pypi(name)),
        "vscode" => Cow::Owned(name.to_ascii_lowercase()),
        _ => Cow::Borrowed(name),
    }
}

fn normalized_pypi(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            _ => out.push(character.to_ascii_lowercase()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_that_an_ecosystem_takes_is_found() {
        let table = Table {
            pypi: vec!["some-package".to_owned()],
            npm: vec!["@Scope/Name".to_owned()],
            vscode: vec!["Publisher.Name".to_owned()],
        };
        let packages = Packages::new(&table, &[]);
        assert!(packages.find("pypi", "Some_.Package").is_some());
        assert!(packages.find("vscode", "publisher.NAME").is_some());
        assert!(packages.find("npm", "@Scope/Name").is_some());
        assert!(packages.find("npm", "@scope/name").is_none(), "npm tells case apart");
        assert!(packages.find("cargo", "some-package").is_none());
    }
}
