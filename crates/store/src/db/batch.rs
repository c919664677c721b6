//! Many rows in one statement. Statements come in a few sizes, so that each is prepared once: what is left over is padded, in
//! lists with a value that is there already, in rows with nulls that the statement leaves out.

use super::{Row, StoreError, Transaction, Value};

const SIZES: [usize; 5] = [1, 4, 16, 64, 256];
const LARGEST: usize = 256;

/// The smallest size that holds so many.
fn size(needed: usize) -> usize {
    SIZES.into_iter().find(|size| *size >= needed).unwrap_or(LARGEST)
}

impl Transaction {
    /// Runs a statement for rows of parameters. `{ROWS}` in it stands for the rows, as what an `INSERT` selects; their first value
    /// is never null.
    pub(crate) async fn insert(&mut self, sql: &str, rows: Vec<Vec<Value>>) -> Result<(), StoreError> {
        for (sql, values) in insertions(sql, rows) {
            self.execute(&sql, values).await?;
        }
        Ok(())
    }

    /// As [`Transaction::insert`], with what the statement returns.
    pub(crate) async fn insert_returning(
        &mut self,
        sql: &str,
        rows: Vec<Vec<Value>>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut returned = Vec::new();
        for (sql, values) in insertions(sql, rows) {
            returned.extend(self.rows(&sql, values).await?);
        }
        Ok(returned)
    }

    /// Runs a statement for rows of parameters that are the table `d` in it, with the columns `c0`, `c1`, ….
    pub(crate) async fn update(&mut self, sql: &str, rows: Vec<Vec<Value>>) -> Result<u64, StoreError> {
        let mut touched = 0;
        for (table, values) in tables(rows) {
            touched += self.execute(&format!("WITH {table} {sql}"), values).await?;
        }
        Ok(touched)
    }

    /// The rows of a statement in which `{LIST}` stands for the list, behind other parameters.
    pub(crate) async fn rows_in(
        &mut self,
        sql: &str,
        before: &[Value],
        list: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut found = Vec::new();
        for (sql, values) in lists(sql, before, list) {
            found.extend(self.rows(&sql, values).await?);
        }
        Ok(found)
    }

    /// As [`Transaction::rows_in`] for a statement that gives nothing; how many rows it touched.
    pub(crate) async fn execute_in(
        &mut self,
        sql: &str,
        before: &[Value],
        list: Vec<Value>,
    ) -> Result<u64, StoreError> {
        let mut touched = 0;
        for (sql, values) in lists(sql, before, list) {
            touched += self.execute(&sql, values).await?;
        }
        Ok(touched)
    }
}

/// Cuts a long list into pieces without copying what is in it.
fn pieces<T>(items: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let mut items = items.into_iter();
    std::iter::from_fn(move || {
        let piece: Vec<T> = items.by_ref().take(LARGEST).collect();
        (!piece.is_empty()).then_some(piece)
    })
}

fn lists(sql: &str, before: &[Value], list: Vec<Value>) -> impl Iterator<Item = (String, Vec<Value>)> {
    pieces(list).map(move |piece| {
        let size = size(piece.len());
        let padding = piece.last().cloned();
        let marks = vec!["?"; size].join(", ");
        let missing = size - piece.len();
        let values = before.iter().cloned().chain(piece).chain(padding.into_iter().cycle().take(missing));
        (sql.replace("{LIST}", &marks), values.collect())
    })
}

fn insertions(sql: &str, rows: Vec<Vec<Value>>) -> impl Iterator<Item = (String, Vec<Value>)> {
    tables(rows).map(move |(table, values)| {
        let rows = "SELECT * FROM d WHERE c0 IS NOT NULL";
        (format!("WITH {table} {}", sql.replace("{ROWS}", rows)), values)
    })
}

/// The table `d` and its values.
fn tables(rows: Vec<Vec<Value>>) -> impl Iterator<Item = (String, Vec<Value>)> {
    pieces(rows).map(|piece| {
        let size = size(piece.len());
        let nothing: Vec<Value> = piece.last().into_iter().flatten().map(Value::absent).collect();
        let columns: Vec<String> = (0..nothing.len()).map(|at| format!("c{at}")).collect();
        let row = format!("({})", vec!["?"; nothing.len()].join(", "));
        let table = format!("d ({}) AS (VALUES {})", columns.join(", "), vec![row.as_str(); size].join(", "));
        let padding = nothing.iter().cycle().take((size - piece.len()) * nothing.len()).cloned();
        let values = piece.into_iter().flatten().chain(padding.collect::<Vec<_>>()).collect();
        (table, values)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_rows_become_a_statement_of_sixteen_whose_rest_is_absent() {
        let rows = (0..5).map(|n| vec![Value::from(n), Value::from("x")]).collect();
        let statements: Vec<_> = insertions("INSERT INTO t (a, b) {ROWS}", rows).collect();
        assert_eq!(statements.len(), 1);
        let (sql, values) = &statements[0];
        assert_eq!(sql.matches('?').count(), 32);
        assert_eq!(values.len(), 32);
        assert!(values[10..].chunks(2).all(|row| row == [Value::Int(None), Value::Text(None)]));
    }

    #[test]
    fn a_long_list_is_cut_and_every_value_is_asked_for_once_at_least() {
        let list = (0..600).map(Value::from).collect();
        let statements: Vec<_> = lists("… IN ({LIST})", &[Value::from("first")], list).collect();
        assert_eq!(statements.iter().map(|(_, values)| values.len()).collect::<Vec<_>>(), [257, 257, 257]);
        assert!(statements.iter().all(|(sql, values)| sql.matches('?').count() == values.len() - 1));
        assert_eq!(statements[2].1.last(), Some(&Value::from(599_i64)));
    }
}
