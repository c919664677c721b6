//! An export is the table: its columns in its order, its rows in their order, with exact values.

use accounts::Role;
use serde_json::Value;
use server::testkit::{Fixture, get};
use store::seed::{self, Scale};

use super::routes;

/// Lists, a way to sort each, and the columns whose cells begin with what the export says.
const LISTS: [(&str, &str, &[&str]); 6] = [
    ("findings", "due", &["device"]),
    ("models", "-size", &["model"]),
    ("runtimes", "name", &["device"]),
    ("agents", "-started", &["device"]),
    ("devices", "name", &["device", "artefacts"]),
    ("records", "-at", &["device"]),
];

/// The text between tags.
fn text(html: &str) -> String {
    let parts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    parts.collect::<String>().trim().to_owned()
}

/// The contents of every element with a name, which contains none of its own kind.
fn elements<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let pieces = html.split(open.as_str()).skip(1).filter(|piece| piece.starts_with([' ', '>']));
    pieces
        .filter_map(|piece| piece.split(close.as_str()).next()?.split_once('>'))
        .map(|(_, body)| body)
        .collect()
}

#[tokio::test]
async fn a_file_has_the_columns_and_rows_of_the_table_with_exact_values() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(folder.path()).await;
    seed::fill(fixture.state.store(), Scale::SMALL, fixture.state.now()).await.unwrap();
    let app = server::app(routes(), fixture.state.clone());
    let token = fixture.token(Role::Owner).await;
    for (list, sort, told) in LISTS {
        let page = get(&app, &format!("/{list}?sort={sort}"), &token).await.text;
        let table = page.split(r#"<table class="list">"#).nth(1).unwrap().split("</table>").next().unwrap();
        let file = get(&app, &format!("/{list}.csv?sort={sort}"), &token).await.text;
        let json = get(&app, &format!("/{list}.json?sort={sort}"), &token).await.json();
        let heads: Vec<_> =
            elements(table, "th").iter().map(|head| text(head).to_lowercase().replace(' ', "_")).collect();
        let columns: Vec<_> = file.lines().next().unwrap().split(',').collect();
        assert_eq!(columns, heads, "{list}");
        let rows = json.as_array().unwrap();
        assert!(file.lines().count() > rows.len(), "{list}");
        let shown: Vec<_> =
            elements(table, "tr").into_iter().skip(1).map(|row| elements(row, "td")).collect();
        assert!(shown.len() > 5 && rows.len() >= shown.len(), "{list}: {} of {}", shown.len(), rows.len());
        for (cells, row) in shown.iter().zip(rows) {
            assert_eq!(
                (cells.len(), row.as_object().unwrap().len()),
                (columns.len(), columns.len()),
                "{list}"
            );
            for column in told {
                let at = columns.iter().position(|name| name == column).unwrap();
                let value = match &row[*column] {
                    Value::Null => "–".to_owned(),
                    Value::String(value) => value.clone(),
                    value => value.to_string(),
                };
                let cell = text(cells[at]);
                assert!(cell.starts_with(&value), "{list}: {cell} is not {value}");
            }
        }
    }
}

#[tokio::test]
async fn sizes_are_bytes_and_times_are_rfc_3339_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(folder.path()).await;
    seed::fill(fixture.state.store(), Scale::SMALL, fixture.state.now()).await.unwrap();
    let app = server::app(routes(), fixture.state.clone());
    let token = fixture.token(Role::Owner).await;
    let models = get(&app, "/models.json", &token).await.json();
    assert!(models.as_array().unwrap().iter().all(|model| model["size"].as_u64().unwrap() >= 1_000_000));
    let findings = get(&app, "/findings.json", &token).await.json();
    let since = findings[0]["since"].as_str().unwrap();
    assert!(since.parse::<jiff::Timestamp>().is_ok() && since.ends_with('Z'), "{since}");
}
