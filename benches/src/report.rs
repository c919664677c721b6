//! The table of a benchmark and its JSON.

use std::fmt::Write;

use serde_json::json;

/// One thing that was measured.
#[derive(Debug)]
pub(crate) struct Row {
    what: &'static str,
    ours: f64,
    /// What the program we compare with needs.
    peer: Option<f64>,
    /// What nobody can beat: the names alone, without one `stat`.
    limit: Option<f64>,
    /// Ours by the peer's.
    ratio: Option<f64>,
    goal: String,
    /// Whether the goal was met; `None` where there is none.
    pub(crate) met: Option<bool>,
}

impl Row {
    /// A time beside a peer's and the limit; the goal is a share of the peer's.
    pub(crate) fn against(what: &'static str, ours: f64, peer: f64, limit: f64, goal: f64) -> Self {
        let ratio = ours / peer;
        Self {
            what,
            ours,
            peer: Some(peer),
            limit: Some(limit),
            ratio: Some(ratio),
            goal: format!("ratio <= {goal:.1}"),
            met: Some(ratio <= goal),
        }
    }

    /// A number beside a peer's; the goal is a share of the peer's.
    pub(crate) fn share(what: &'static str, ours: f64, peer: f64, goal: f64) -> Self {
        let ratio = ours / peer;
        let (ratio, met) = (Some(ratio), Some(ratio <= goal));
        Self { what, ours, peer: Some(peer), limit: None, ratio, goal: format!("ratio <= {goal:.2}"), met }
    }

    /// A number with a bound of its own.
    pub(crate) fn below(what: &'static str, ours: f64, goal: f64) -> Self {
        let met = Some(ours < goal);
        Self { what, ours, peer: None, limit: None, ratio: None, goal: format!("< {goal:.0}"), met }
    }

    /// A rate beside that of a peer who does less, for comparison only.
    pub(crate) fn beside(what: &'static str, ours: f64, peer: f64) -> Self {
        let ratio = Some(ours / peer);
        Self { what, ours, peer: Some(peer), limit: None, ratio, goal: String::new(), met: None }
    }

    /// The same number of a peer, for comparison only.
    pub(crate) fn peer(mut self, peer: f64) -> Self {
        self.peer = Some(peer);
        self.ratio = Some(self.ours / peer);
        self
    }

    /// A count that has one right answer.
    pub(crate) fn exactly(what: &'static str, ours: usize, goal: usize) -> Self {
        let met = Some(ours == goal);
        // Counts of a benchmark are far below what a float holds exactly.
        Self { what, ours: ours as f64, peer: None, limit: None, ratio: None, goal: goal.to_string(), met }
    }

    /// A count, for comparison only.
    pub(crate) fn count(what: &'static str, count: usize) -> Self {
        let ours = count as f64;
        Self { what, ours, peer: None, limit: None, ratio: None, goal: String::new(), met: None }
    }

    /// A count beside a peer's, for comparison only: it may be zero, which makes no ratio.
    pub(crate) fn counts(what: &'static str, count: usize, peer: usize) -> Self {
        Self { peer: Some(peer as f64), ..Self::count(what, count) }
    }

    fn cells(&self) -> [String; 6] {
        let number =
            |value: f64| if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") };
        let or_dash = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), number);
        let goal = match self.met {
            Some(true) => format!("{}  met", self.goal),
            Some(false) => format!("{}  MISSED", self.goal),
            None => self.goal.clone(),
        };
        [
            self.what.to_owned(),
            number(self.ours),
            or_dash(self.peer),
            or_dash(self.limit),
            or_dash(self.ratio),
            goal,
        ]
    }
}

/// Everything that was measured.
pub(crate) struct Report {
    pub(crate) files: u64,
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row>,
}

const HEADS: [&str; 6] = ["what", "ours", "peer", "limit", "ratio", "goal"];

impl Report {
    /// The table, aligned; words to the left, numbers to the right.
    pub(crate) fn table(&self) -> String {
        let mut lines = vec![HEADS.map(str::to_owned)];
        lines.extend(self.rows.iter().map(Row::cells));
        let mut widths = [0; HEADS.len()];
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = cell.len().max(*width);
            }
        }
        let mut text = format!(
            "scan: {} files, warm, median of {} rounds; peer: find -size +100M, limit: fd -u -j2; reports: peer: plain inserts of \
             1,000 rows\n",
            self.files, self.rounds
        );
        for line in &lines {
            for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
                // Writing to a string cannot fail.
                let _ = match column {
                    0 => write!(text, "{cell:<width$}"),
                    5 => write!(text, "   {cell}"),
                    _ => write!(text, "   {cell:>width$}"),
                };
            }
            text.push('\n');
        }
        text
    }

    /// The same as JSON.
    pub(crate) fn json(&self) -> String {
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| {
                json!({ "what": row.what, "ours": row.ours, "peer": row.peer, "limit": row.limit,
                    "ratio": row.ratio, "goal": row.goal, "met": row.met })
            })
            .collect();
        let document =
            json!({ "schema": "eyeline.bench/1", "files": self.files, "rounds": self.rounds, "rows": rows });
        format!("{document:#}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_which_goals_were_missed() {
        let rows = vec![
            Row::against("first scan, s", 1.5, 2.0, 1.25, 1.0),
            Row::below("--version, ms", 20.0, 15.0),
            Row::exactly("artefacts found", 500, 500),
        ];
        let table = Report { files: 10, rounds: 1, rows }.table();
        let expected = "\
scan: 10 files, warm, median of 1 rounds; peer: find -size +100M, limit: fd -u -j2; reports: peer: plain inserts of 1,000 rows
what              ours   peer   limit   ratio   goal
first scan, s     1.50      2    1.25    0.75   ratio <= 1.0  met
--version, ms       20      -       -       -   < 15  MISSED
artefacts found    500      -       -       -   500  met
";
        assert_eq!(table, expected);
    }
}
