//! What needs a decision, what is new, what cannot be seen: a handful of statements, each answered by an index.

use std::collections::HashMap;

use jiff::Timestamp;

use super::on_own;
use crate::{
    ArtifactRow, Figure, Figures, GapTally, ListRequest, Need, Overview, Scope, SightTally, Store,
    StoreError,
    db::{Row, Value},
    lists::{SILENT_AFTER, Sql, artifacts, due, severity},
};

const DAY: i64 = 86_400_000;
/// What counts as a model: what a package brings as data, such as a word list, is none.
const MODEL: &str = "COALESCE(a.role, '') <> 'data'";
/// Artefacts that are shown as new.
const SHOWN: u32 = 8;
/// Where counting what is new stops: on the first day of a large fleet everything is.
const COUNTED: u32 = 20_000;

/// What is new, in numbers.
struct News {
    shown: Vec<ArtifactRow>,
    artifacts: u64,
    devices: u64,
    publishers: u64,
}

impl Store {
    /// What the overview says.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn overview(&self, scope: Scope, now: Timestamp) -> Result<Overview, StoreError> {
        // None waits for another, and there are readers enough.
        let (needs, news, figures, gaps, sight) = tokio::try_join!(
            self.needs(scope),
            self.news(scope, now),
            self.figures(scope, now),
            self.gaps(scope),
            self.sight(scope),
        )?;
        Ok(Overview {
            figures,
            open: needs.iter().map(|need| need.findings).sum(),
            needs,
            new_artifacts: news.shown,
            new_count: news.artifacts,
            new_devices: news.devices,
            new_publishers: news.publishers,
            gaps,
            sight,
        })
    }

    /// Open findings above `info`, devices, models, running runtimes, agents whether they run or not: the counts beside the words
    /// of the navigation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn navigation(&self, scope: Scope, _now: Timestamp) -> Result<[u64; 5], StoreError> {
        let (findings, devices, models, runtimes, agents) = tokio::try_join!(
            self.count("findings f", &["f.state = 'open'", "f.severity > 0"], "f.device", scope),
            self.count("devices d", &["1 = 1"], "d.id", scope),
            self.count_models("1 = 1", scope),
            self.count_programs(&["p.kind = 'runtime'", "p.pid IS NOT NULL"], scope),
            self.count_programs(&["p.kind = 'agent'"], scope),
        )?;
        Ok([findings, devices, models, runtimes, agents])
    }

    async fn count(
        &self,
        table: &str,
        conditions: &[&str],
        device: &str,
        scope: Scope,
    ) -> Result<u64, StoreError> {
        let conditions = self.all_of(conditions, scope);
        let mut sql = Sql::new(format!("SELECT COUNT(*) FROM {table} WHERE {conditions}"));
        sql.append(on_own(device, scope));
        self.number(&sql.text, sql.values).await
    }

    /// Conditions together. A person's few devices lead to the rows, so SQLite, which keeps no statistics here, is told to
    /// leave these conditions out of its choice.
    fn all_of(&self, conditions: &[&str], scope: Scope) -> String {
        let plus = if scope == Scope::All { "" } else { self.db.engine().pick("+", "") };
        conditions.iter().map(|condition| format!("{plus}{condition}")).collect::<Vec<_>>().join(" AND ")
    }

    async fn count_programs(&self, conditions: &[&str], scope: Scope) -> Result<u64, StoreError> {
        self.count("programs p", conditions, "p.device", scope).await
    }

    async fn count_models(&self, condition: &str, scope: Scope) -> Result<u64, StoreError> {
        let (held, values) = held(scope);
        let sql = format!("SELECT COUNT(*) FROM artifacts a WHERE {condition} AND {MODEL}{held}");
        self.number(&sql, values).await
    }

    async fn figures(&self, scope: Scope, now: Timestamp) -> Result<Figures, StoreError> {
        let [artifacts, runtimes, agents, devices] = self.days(scope).await?;
        let day_ago = now.as_millisecond().saturating_sub(SILENT_AFTER);
        let trusted = self.count("devices d", &["d.revoked_at IS NULL"], "d.id", scope).await?;
        let heard = format!("d.seen_at > {day_ago}");
        let reporting = self.count("devices d", &["d.revoked_at IS NULL", &heard], "d.id", scope).await?;
        let (runtime, agent, runs) = ("p.kind = 'runtime'", "p.kind = 'agent'", "p.pid IS NOT NULL");
        let sure = "p.confidence = 'confirmed'";
        Ok(Figures {
            artifacts: Figure { now: self.count_models("1 = 1", scope).await?, days: artifacts },
            runtimes: Figure { now: self.count_programs(&[runtime, runs], scope).await?, days: runtimes },
            agents: Figure { now: self.count_programs(&[agent, runs], scope).await?, days: agents },
            devices: Figure { now: reporting, days: devices },
            noncommercial: self.count_models("COALESCE(a.commercial_use, 'unknown') = 'no'", scope).await?,
            unknown_origin: self.count_models("a.registry IS NULL", scope).await?,
            confirmed_runtimes: self.count_programs(&[runtime, runs, sure], scope).await?,
            installed_agents: self.count_programs(&[agent], scope).await?,
            silent_devices: trusted.saturating_sub(reporting),
        })
    }

    /// The last fortnight, the oldest day first. It was counted for everybody, so a person's own has none.
    async fn days(&self, scope: Scope) -> Result<[Vec<u64>; 4], StoreError> {
        let mut curves = <[Vec<u64>; 4]>::default();
        if scope != Scope::All {
            return Ok(curves);
        }
        let sql = "SELECT artifacts, runtimes, agents, devices FROM days ORDER BY day DESC LIMIT 14";
        for row in self.db.rows(sql, Vec::new()).await?.iter().rev() {
            for (at, curve) in curves.iter_mut().enumerate() {
                curve.push(row.count(at)?);
            }
        }
        Ok(curves)
    }

    /// Open findings by rule: their numbers from an index in the order of rules and devices, then what few of them have.
    async fn needs(&self, scope: Scope) -> Result<Vec<Need>, StoreError> {
        let mut sql = Sql::new(
            "SELECT f.rule, MAX(f.severity), COUNT(*), MAX(f.id), COUNT(DISTINCT f.device) FROM findings f WHERE ",
        );
        sql.text.push_str(&self.all_of(&["f.state = 'open'"], scope));
        sql.text.push_str(" AND ");
        sql.text.push_str(self.above_info());
        sql.append(on_own("f.device", scope));
        sql.text.push_str(" GROUP BY f.rule");
        let (rules, assigned, due) = tokio::try_join!(
            self.db.rows(&sql.text, sql.values),
            self.by_rule("COUNT(*)", "f.assignee IS NOT NULL", scope),
            self.by_rule("MIN(f.due)", "COALESCE(f.due, '~') < '~'", scope),
        )?;
        let mut needs = Vec::with_capacity(rules.len());
        for row in &rules {
            let rule = row.text(0)?;
            let of = |rows: &HashMap<String, Row>| rows.get(&rule).cloned();
            needs.push(self.need(row, of(&assigned), of(&due)).await?);
        }
        needs.sort_by(|a, b| {
            (b.severity, b.findings).cmp(&(a.severity, a.findings)).then_with(|| a.rule.cmp(&b.rule))
        });
        Ok(needs)
    }

    /// The condition that a finding is worth a decision, which must not lead SQLite to the index of severities.
    fn above_info(&self) -> &'static str {
        self.db.engine().pick("+f.severity > 0", "f.severity > 0")
    }

    /// Something of the open findings with a rare property, by rule.
    async fn by_rule(
        &self,
        what: &str,
        rare: &str,
        scope: Scope,
    ) -> Result<HashMap<String, Row>, StoreError> {
        let open = self.db.engine().pick("+f.state = 'open'", "f.state = 'open'");
        let mut sql = Sql::new(format!(
            "SELECT f.rule, {what} FROM findings f WHERE {} AND {open} AND {}",
            self.all_of(&[rare], scope),
            self.above_info()
        ));
        sql.append(on_own("f.device", scope));
        sql.text.push_str(" GROUP BY f.rule");
        let rows = self.db.rows(&sql.text, sql.values).await?;
        rows.into_iter().map(|row| Ok((row.text(0)?, row))).collect()
    }

    async fn need(
        &self,
        row: &Row,
        assigned: Option<Row>,
        due_first: Option<Row>,
    ) -> Result<Need, StoreError> {
        let newest = "SELECT f.uid, f.message, f.subject, f.first_seen_at FROM findings f WHERE f.id = ?";
        let newest = self.db.row(newest, vec![row.int(3)?.into()]).await?.unwrap_or_default();
        Ok(Need {
            rule: row.text(0)?,
            severity: severity(row.int(1)?)?,
            findings: row.count(2)?,
            devices: row.count(4)?,
            newest: newest.text(0)?,
            message: newest.text(1)?,
            subject: newest.text(2)?,
            first_seen_at: newest.time(3)?,
            due: due(due_first.map_or(Ok(None), |row| row.maybe_text(1))?)?,
            assigned: assigned.map_or(Ok(0), |row| row.count(1))?,
        })
    }

    async fn news(&self, scope: Scope, now: Timestamp) -> Result<News, StoreError> {
        let since = now.as_millisecond().saturating_sub(DAY);
        let (held, own) = held(scope);
        let new = format!("FROM artifacts a WHERE a.first_seen_at >= ? AND {MODEL}{held}");
        let with = |more: &[Value]| -> Vec<Value> {
            [since.into()].into_iter().chain(own.iter().cloned()).chain(more.iter().cloned()).collect()
        };
        let newest = format!("SELECT a.id {new} ORDER BY a.first_seen_at DESC, a.id DESC LIMIT ?");
        let ids = self.ids(Sql { text: newest, values: with(&[SHOWN.into()]) }).await?;
        let eyes = ListRequest { scope, ..ListRequest::all(now) };
        Ok(News {
            shown: artifacts(&self.db, &ids, &eyes).await?,
            artifacts: self.number(&format!("SELECT COUNT(*) {new}"), with(&[])).await?,
            devices: self.new_devices(since, scope).await?,
            publishers: self.new_publishers(&new, with(&[COUNTED.into(), since.into()])).await?,
        })
    }

    async fn new_devices(&self, since: i64, scope: Scope) -> Result<u64, StoreError> {
        let mut sql = Sql::new("SELECT COUNT(DISTINCT found.device) FROM (SELECT h.device FROM artifacts a ");
        sql.push("JOIN holdings h ON h.artifact = a.id WHERE a.first_seen_at >= ?", since);
        sql.text.push_str(" AND ");
        sql.text.push_str(MODEL);
        sql.append(on_own("h.device", scope));
        sql.push(" LIMIT ?) found", COUNTED);
        self.number(&sql.text, sql.values).await
    }

    async fn new_publishers(&self, new: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT DISTINCT fresh.registry, fresh.publisher FROM \
                (SELECT a.registry, a.publisher {new} AND a.publisher IS NOT NULL LIMIT ?) fresh) n \
             WHERE NOT EXISTS (SELECT 1 FROM artifacts o WHERE o.registry = n.registry \
                AND o.publisher = n.publisher AND o.first_seen_at < ?)"
        );
        self.number(&sql, values).await
    }

    async fn gaps(&self, scope: Scope) -> Result<Vec<GapTally>, StoreError> {
        let mut sql = Sql::new("SELECT g.capability, COUNT(*) FROM gaps g WHERE 1 = 1");
        sql.append(on_own("g.device", scope));
        sql.text.push_str(" GROUP BY g.capability ORDER BY COUNT(*) DESC, g.capability");
        let mut gaps = Vec::new();
        for row in self.db.rows(&sql.text, sql.values).await? {
            let capability = row.text(0)?;
            let words = "SELECT g.lost, g.remedy FROM gaps g WHERE g.capability = ? LIMIT 1";
            let words = self.db.row(words, vec![capability.as_str().into()]).await?.unwrap_or_default();
            let (lost, remedy) = (words.text(0)?, words.text(1)?);
            gaps.push(GapTally { capability, lost, remedy, devices: row.count(1)? });
        }
        Ok(gaps)
    }

    async fn sight(&self, scope: Scope) -> Result<SightTally, StoreError> {
        let mut sql = Sql::new(
            "SELECT d.sight, COUNT(*), CAST(SUM(d.unreadable) AS BIGINT) FROM devices d WHERE d.revoked_at IS NULL",
        );
        sql.append(on_own("d.id", scope));
        sql.text.push_str(" GROUP BY d.sight");
        let mut sight = SightTally::default();
        for row in self.db.rows(&sql.text, sql.values).await? {
            let devices = row.count(1)?;
            match row.word(0)? {
                crate::Sight::Full => sight.full = devices,
                crate::Sight::Partial => sight.partial = devices,
                crate::Sight::None => sight.none = devices,
            }
            sight.unreadable += row.count(2)?;
        }
        Ok(sight)
    }
}

/// The condition that somebody in scope holds an artefact, to be put behind another one.
fn held(scope: Scope) -> (&'static str, Vec<Value>) {
    match scope {
        Scope::All => ("", Vec::new()),
        Scope::Person(person) => (
            " AND a.id IN (SELECT h.artifact FROM holdings h \
                WHERE h.device IN (SELECT m.id FROM devices m WHERE m.person = ?))",
            vec![person.into()],
        ),
    }
}
