//! Pages of the book that say what the program says: written from it, and compared with it.

use std::{fmt::Write, fs};

use accounts::{Permission, Role};
use domain::Verdict;
use protocol::query::Kind;
use scenarios::repository;
use store::Collection;

const COLLECTIONS: [(Collection, &str); 8] = [
    (Collection::Devices, "Machines with a sensor."),
    (Collection::Artifacts, "Models; the list of *Models* in the console."),
    (Collection::Holdings, "Models at their paths on devices."),
    (Collection::Runtimes, "Programs that run inference. Without `state:` only those that run."),
    (Collection::Agents, "AI agents. Without `state:` the API gives only those that run."),
    (Collection::Packages, "AI packages."),
    (Collection::Findings, "Conclusions that someone should act on."),
    (Collection::Records, "What happened, and who did it."),
];

const QUERIES: &str = "# Queries

Every list of the console, every collection of the API (`?q=`) and every export understands the same queries. A query is a row of
conditions that must all hold:

```text
llama license:apache-2.0,mit -format:gguf size:>4GB seen:<7d device:\"build box\" digest:!pending
```

- A word alone is searched for; quotes keep words together.
- `field:value` compares, without regard to case. A comma separates alternatives; `!` in front of a value and `-` in front of a
  condition turn it round.
- `*` stands for anything in a text: `device:lap-*`.
- Numbers and sizes are compared with `<`, `<=`, `>`, `>=`: `held:>1`, `size:>4GB`, `size:<=300MiB`.
- A time is an age, `<7d` for less than seven days ago and `>24h` for more than a day (`s`, `m`, `h`, `d`, `w`, `y`), or a date:
  `2026-11-20`, `>=2026-11-01`.

`sort=` takes a column's name, `-` in front of it for the greatest first. In the API, `limit=` is at most 1,000, and `next` of an answer
goes into `after=` for the rows behind it.
";

const RULES: &str = "# Rules of inspections

Everything that [an inspection](inspect.md) can say of a file, with the least verdict of a file of which it was said. The ids never change their
meaning.

| rule | severity | verdict | what is the case |
|---|---|---|---|
";

/// Compares a page with what the program says, or writes it when `UPDATE_DOCS` is set.
fn page(name: &str, text: &str) {
    let path = repository().join("docs/src").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "{name} is not what the program says: UPDATE_DOCS=1 ./dev test reference writes it"
    );
}

fn values(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".into(),
        Kind::Path => "exact path, or its beginning with `*`".into(),
        Kind::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Kind::Number => "number".into(),
        Kind::Size => "size".into(),
        Kind::Time => "age or date".into(),
    }
}

#[test]
fn the_page_of_queries_lists_every_field() {
    let mut text = QUERIES.to_owned();
    for (collection, about) in COLLECTIONS {
        assert!(!collection.fields().is_empty() && !collection.columns().is_empty(), "{}", collection.name());
        let _ = write!(
            text,
            "\n## {}\n\n{about}\n\n| field | what it is | values |\n|---|---|---|\n",
            collection.name()
        );
        for field in collection.fields() {
            let _ = writeln!(text, "| `{}` | {} | {} |", field.name, field.about, values(field.kind));
        }
        let columns: Vec<_> =
            collection.columns().iter().map(|column| format!("`{}`", column.name)).collect();
        let _ = write!(text, "\nSorted by {}.\n", columns.join(", "));
    }
    page("queries.md", &text);
}

#[test]
fn the_page_of_rules_describes_every_rule_of_an_inspection() {
    let mut text = RULES.to_owned();
    let rules: Vec<_> = artifact::rules().collect();
    for rule in &rules {
        let _ = writeln!(
            text,
            "| [`{0}`](#{0}) | {1} | {2} | {3} |",
            rule.id,
            rule.severity,
            rule.verdict.as_str(),
            rule.title
        );
    }
    for rule in &rules {
        let leads_to = match rule.verdict {
            Verdict::Clean => "a remark: the verdict stays as it is".to_owned(),
            other => format!("at least `{}`", other.as_str()),
        };
        let _ = write!(
            text,
            "\n## {}\n\n*{}.* Severity `{}`, {leads_to}.\n\n",
            rule.id,
            sentence(rule.title),
            rule.severity
        );
        let _ = writeln!(
            text,
            "{}\n\n**What to do:** {}.\n\n```text\n{}\n```",
            rule.does, rule.help, rule.example
        );
        if !rule.references.is_empty() {
            text.push('\n');
        }
        for reference in rule.references {
            let address = reference.starts_with("https://");
            let _ = writeln!(
                text,
                "- {}",
                if address { format!("<{reference}>") } else { (*reference).to_owned() }
            );
        }
    }
    page("inspection-rules.md", &text);
}

fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[test]
fn the_page_of_roles_is_the_matrix() {
    let mut text =
        "# Roles\n\nA person has one role, and so has an API token.\n\n| role | |\n|---|---|\n".to_owned();
    for role in Role::ALL {
        let _ = writeln!(text, "| `{}` | {} |", role.word(), role.about());
    }
    text.push_str("\nWhat each may do:\n\n| |");
    for role in Role::ALL {
        let _ = write!(text, " {} |", role.word());
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(Role::ALL.len()));
    text.push('\n');
    for permission in Permission::ALL {
        let _ = write!(text, "| {} |", permission.word());
        for role in Role::ALL {
            text.push_str(if role.may(permission) { " yes |" } else { " |" });
        }
        text.push('\n');
    }
    page("roles.md", &text);
}
