//! Whole lists as files: page after page from the database into the answer, never all of it in memory.
//!
//! The first page is read before anything is answered, so that a query that makes no sense is a problem and not half a file. When
//! the database fails later, the connection breaks: a file that ends early must not look whole.

use std::{future::Future, io};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::{Map, Value};
use store::{ListError, Page};

use crate::Problem;

/// How many rows are read at once.
pub const PAGE: u32 = 1000;

/// Which kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, UTF-8, one line of names first. Cells that a spreadsheet would take for formulas are harmless.
    Csv,
    /// One array of objects.
    Json,
}

/// What to export. `cells` gives the values of a row in the order of `columns`.
#[derive(Debug, Clone)]
pub struct Export<C> {
    /// The name of the file without its ending; of letters, digits and `-`.
    pub name: &'static str,
    /// Which kind of file.
    pub format: Format,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The values of a row.
    pub cells: C,
}

/// Streams every page that `fetch` gives: first for no cursor, then for each page's `next`.
///
/// # Errors
/// What the first page fails with.
pub async fn export<T, C, F, P>(export: Export<C>, mut fetch: F) -> Result<Response, Problem>
where
    T: Send + 'static,
    C: Fn(&T) -> Vec<Value> + Send + 'static,
    F: FnMut(Option<String>) -> P + Send + 'static,
    P: Future<Output = Result<Page<T>, ListError>> + Send + 'static,
{
    let first = fetch(None).await?;
    let (kind, ending) = match export.format {
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
        Format::Json => ("application/json", "json"),
    };
    let disposition = format!("attachment; filename=\"{}.{ending}\"", export.name);
    let start = Walk { export, fetch, page: Some(first), rows: 0 };
    let body = Body::from_stream(stream::try_unfold(start, Walk::chunk));
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// How far an export has come.
struct Walk<T, C, F> {
    export: Export<C>,
    fetch: F,
    /// The page to write next.
    page: Option<Page<T>>,
    rows: u64,
}

impl<T, C, F, P> Walk<T, C, F>
where
    C: Fn(&T) -> Vec<Value>,
    F: FnMut(Option<String>) -> P,
    P: Future<Output = Result<Page<T>, ListError>>,
{
    /// One page as bytes.
    async fn chunk(mut self) -> io::Result<Option<(Bytes, Self)>> {
        let Some(page) = self.page.take() else { return Ok(None) };
        let bytes = match self.export.format {
            Format::Csv => self.csv(&page)?,
            Format::Json => self.json(&page)?,
        };
        self.rows += u64::try_from(page.items.len()).unwrap_or(u64::MAX);
        if let Some(next) = page.next {
            let fetched = (self.fetch)(Some(next)).await;
            self.page = Some(fetched.map_err(|error| {
                tracing::error!(%error, "an export broke off");
                io::Error::other("the export broke off")
            })?);
        }
        Ok(Some((bytes.into(), self)))
    }

    fn csv(&self, page: &Page<T>) -> io::Result<Vec<u8>> {
        let mut out = csv::Writer::from_writer(Vec::new());
        if self.rows == 0 {
            out.write_record(&self.export.columns)?;
        }
        for item in &page.items {
            out.write_record((self.export.cells)(item).iter().map(cell))?;
        }
        out.into_inner().map_err(|error| io::Error::other(error.to_string()))
    }

    fn json(&self, page: &Page<T>) -> io::Result<Vec<u8>> {
        let mut out = Vec::from(if self.rows == 0 { "[" } else { "" });
        for (index, item) in page.items.iter().enumerate() {
            let separator = if self.rows == 0 && index == 0 { "\n" } else { ",\n" };
            out.extend_from_slice(separator.as_bytes());
            let names = self.export.columns.iter().cloned();
            let object: Map<String, Value> = names.zip((self.export.cells)(item)).collect();
            serde_json::to_writer(&mut out, &object)?;
        }
        if page.next.is_none() {
            out.extend_from_slice(b"\n]\n");
        }
        Ok(out)
    }
}

/// A value as a cell. Lists are joined with spaces; nothing is an empty cell.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => protocol::harmless(text),
        Value::Array(values) => protocol::harmless(&values.iter().map(cell).collect::<Vec<_>>().join(" ")),
        Value::Object(_) => protocol::harmless(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::json;

    use super::*;

    async fn exported(format: Format, rows: Vec<Vec<Value>>, per_page: usize) -> Result<Bytes, axum::Error> {
        let pages: Vec<Vec<Vec<Value>>> = rows.chunks(per_page).map(<[_]>::to_vec).collect();
        let columns = vec!["name".to_owned(), "size".to_owned()];
        let wanted = Export { name: "things", format, columns, cells: |row: &Vec<Value>| row.clone() };
        let fetch = move |after: Option<String>| {
            let at: usize = after.map_or(0, |after| after.parse().unwrap());
            let items = pages.get(at).cloned().unwrap_or_default();
            let next = (at + 1 < pages.len()).then(|| (at + 1).to_string());
            async move {
                // A page that holds `broken` is one that the database does not give.
                if items.iter().any(|row| row[0] == "broken") {
                    return Err(ListError::Cursor);
                }
                Ok(Page { items, next })
            }
        };
        let response = export(wanted, fetch)
            .await
            .map_err(|problem| axum::Error::new(io::Error::other(problem.detail)))?;
        to_bytes(response.into_body(), usize::MAX).await
    }

    fn rows() -> Vec<Vec<Value>> {
        vec![
            vec![json!("=cmd()"), json!(-1)],
            vec![json!("a,\"b\"\n"), json!(null)],
            vec![json!("plain"), json!(3)],
        ]
    }

    #[tokio::test]
    async fn a_file_is_the_same_however_many_pages_it_took() {
        for per_page in 1..4 {
            let csv = exported(Format::Csv, rows(), per_page).await.unwrap();
            let csv = String::from_utf8(csv.to_vec()).unwrap();
            assert!(csv.starts_with("name,size\n'=cmd(),-1\n"), "{csv}");
            assert!(csv.ends_with("\nplain,3\n"), "{csv}");
            let json = exported(Format::Json, rows(), per_page).await.unwrap();
            let json: Value = serde_json::from_slice(&json).unwrap();
            assert_eq!(json[0], json!({"name": "=cmd()", "size": -1}));
            assert_eq!(json.as_array().unwrap().len(), 3);
        }
    }

    #[tokio::test]
    async fn a_list_without_rows_is_a_whole_file() {
        assert_eq!(exported(Format::Csv, vec![], 1).await.unwrap(), "name,size\n");
        let json: Value = serde_json::from_slice(&exported(Format::Json, vec![], 1).await.unwrap()).unwrap();
        assert_eq!(json, json!([]));
    }

    #[tokio::test]
    async fn a_file_that_breaks_off_does_not_look_whole() {
        let broken = || vec![vec![json!("fine"), json!(1)], vec![json!("broken"), json!(2)]];
        assert!(exported(Format::Csv, broken(), 1).await.is_err());
        assert!(exported(Format::Json, broken(), 1).await.is_err());
    }
}
