//! The pages of the catalogue are written from its tables and never by hand.
//!
//! `UPDATE_DOCS=1 cargo test -p eyeline-catalog --test docs` writes them anew.

// A test may fail loudly, its helpers too.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;

use catalog::{Catalog, LicenseEntry, Store, Tool, ToolKind};
use domain::CommercialUse;

const GENERATED: &str =
    "<!-- Generated from catalog/ by the test `docs` of crates/catalog; do not edit. -->\n\n";

fn catalog() -> Catalog {
    catalog::load().unwrap()
}

/// The repository's own pages, so neither the file nor the variable is input from a device.
#[allow(clippy::disallowed_methods)]
fn check(page: &str, text: &str) {
    let text = text.trim_end().to_owned() + "\n";
    let path = format!("{}/../../docs/src/catalog/{page}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == text,
        "docs/src/catalog/{page} is not what catalog/ says: run this test with UPDATE_DOCS=1"
    );
}

fn code<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| format!("`{}`", cell(item.as_ref()))).collect();
    if items.is_empty() { "–".to_owned() } else { items.join(", ") }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn plain(text: &str) -> String {
    cell(text).replace('<', "&lt;")
}

#[test]
fn the_page_of_tools_is_what_the_catalogue_says() {
    let catalog = catalog();
    let mut page = format!(
        "{GENERATED}# Tools\n\n{} tools are known. A mark is evidence and no proof: a port or a name alone never decides.\n",
        catalog.tools.len()
    );
    let kinds = [
        (ToolKind::Runtime, "Runtimes"),
        (ToolKind::Agent, "Agents"),
        (ToolKind::App, "Apps"),
        (ToolKind::Gateway, "Gateways"),
        (ToolKind::Framework, "Frameworks"),
    ];
    for (kind, title) in kinds {
        write!(page, "\n## {title}\n\n").unwrap();
        page += "| Tool | Id | Process names | Ports | Asked by HTTP | Packages | Verified |\n|---|---|---|---|---|---|---|\n";
        for tool in catalog.tools.iter().filter(|tool| tool.kind == kind) {
            page += &tool_row(tool);
        }
    }
    page += "\n## What surprises\n\n";
    for (tool, note) in catalog.tools.iter().filter_map(|tool| Some((tool, tool.note.as_ref()?))) {
        writeln!(page, "- **{}**: {}", tool.name, plain(note)).unwrap();
    }
    page += "\n## Flags that switch off an agent's questions or its sandbox\n\n| Tool | Flags |\n|---|---|\n";
    for tool in catalog.tools.iter().filter(|tool| !tool.process.risk_flags.is_empty()) {
        writeln!(page, "| {} | {} |", tool.name, code(&tool.process.risk_flags)).unwrap();
    }
    page += "\n## Where MCP servers are configured\n\n| Tool | File | Key |\n|---|---|---|\n";
    for tool in &catalog.tools {
        let fixed = tool.config.mcp.iter().map(|config| (&config.path, &config.key));
        let project = tool.config.project_mcp.iter().map(|config| (&config.name, &config.key));
        for (file, key) in fixed.chain(project) {
            writeln!(page, "| {} | {} | {} |", tool.name, code([file]), code([key])).unwrap();
        }
    }
    check("tools.md", &page);
}

fn tool_row(tool: &Tool) -> String {
    let packages = &tool.packages;
    format!(
        "| {} | `{}` | {} | {} | {} | {} | {} |\n",
        tool.name,
        tool.id,
        code(&tool.process.names),
        code(tool.network.ports.iter().map(u16::to_string)),
        code(tool.http.iter().map(|http| &http.path)),
        code(packages.pypi.iter().chain(&packages.npm).chain(&packages.vscode)),
        if tool.verified.is_empty() { "–".to_owned() } else { plain(&tool.verified.join(", ")) },
    )
}

#[test]
fn the_page_of_stores_is_what_the_catalogue_says() {
    let catalog = catalog();
    let mut page = format!("{GENERATED}# Stores\n\n{} stores are known.\n\n", catalog.stores.len());
    page += "| Store | Id | Registry | On Linux | On macOS | On Windows | Moved by | Verified |\n|---|---|---|---|---|---|---|---|\n";
    for store in &catalog.stores {
        page += &store_row(store);
    }
    check("stores.md", &page);
}

fn store_row(store: &Store) -> String {
    format!(
        "| {} | `{}` | {} | {} | {} | {} | {} | {} |\n",
        plain(&store.name),
        store.id,
        code(&store.registry),
        code(store.roots.of("linux")),
        code(store.roots.of("macos")),
        code(store.roots.of("windows")),
        code(store.env.iter().map(|variable| &variable.name)),
        if store.verified.is_empty() { "–".to_owned() } else { plain(&store.verified.join(", ")) },
    )
}

#[test]
fn the_page_of_licenses_is_what_the_catalogue_says() {
    let catalog = catalog();
    let mut page = format!(
        "{GENERATED}# Licences\n\n{} licences are known. These are facts for people to read, and no legal advice.\n\n\
        Checked: *text*, the decisive clause was read in the licence; *page*, an excerpt was seen; *tag*, only the tag or\n\
        SPDX id was checked; *none*, general knowledge.\n\n",
        catalog.licenses.iter().len()
    );
    page += "| Licence | Id | SPDX | Family | Commercial use | Conditions | Outputs | Threshold | Not in | Checked |\n\
        |---|---|---|---|---|---|---|---|---|---|\n";
    for license in catalog.licenses.iter() {
        page += &license_row(license);
    }
    check("licenses.md", &page);
}

fn license_row(license: &LicenseEntry) -> String {
    let maybe = |text: &Option<String>| text.as_deref().map_or("–".to_owned(), plain);
    format!(
        "| {} | `{}` | {} | {} | {} | {} | {} | {} | {} | {} |\n",
        plain(&license.name),
        license.id,
        maybe(&license.spdx),
        license.family,
        commercial_use(license.commercial_use),
        plain(&license.conditions),
        plain(&license.output_restrictions),
        maybe(&license.threshold),
        maybe(&license.territory_excluded),
        license.verified.as_str(),
    )
}

fn commercial_use(value: CommercialUse) -> &'static str {
    match value {
        CommercialUse::Yes => "yes",
        CommercialUse::No => "no",
        CommercialUse::Conditional => "conditional",
        CommercialUse::Unknown => "unknown",
    }
}

#[test]
fn the_page_of_formats_is_what_the_catalogue_says() {
    let catalog = catalog();
    let mut page = format!("{GENERATED}# Formats\n\n{} formats are known.\n\n", catalog.formats.len());
    page +=
        "| Format | Id | Extensions | Loading it runs | Use instead | Note |\n|---|---|---|---|---|---|\n";
    for format in &catalog.formats {
        let runs = match format.executes.as_str() {
            "never" => "nothing",
            "pickle" => "whatever its pickle says",
            _ => "code it carries",
        };
        writeln!(
            page,
            "| {} | `{}` | {} | {runs} | {} | {} |",
            plain(&format.name),
            format.id,
            code(&format.extensions),
            code(&format.safe_alternative),
            format.note.as_deref().map_or("–".to_owned(), plain),
        )
        .unwrap();
    }
    check("formats.md", &page);
}
