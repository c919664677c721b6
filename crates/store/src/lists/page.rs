//! Which rows stand on a page: their ids, in order.
//!
//! A database guesses how many rows a condition leaves, and a wrong guess opens every row of a table along some index. So we choose:
//! - What names a few devices or artefacts leads to its rows, which are put in order here.
//! - Any other question to a list of some hundred thousand rows reads all of them, but only what is narrow in them. That takes the
//!   same few milliseconds whatever is asked and in whatever order.
//! - Millions of holdings are walked along the index of the order. Only where that meets no page of them soon do we look whether
//!   they are few.

use futures_util::future::try_join_all;
use protocol::query::{Term, Test, Value as Asked};

use super::{
    Collection, ListError, ListRequest, Tally,
    compile::{Conditions, Sql, Style, Way, contains, devices_named, held_by},
    cursor::{self, KeyValue, Place},
    shape::{Key, Meaning, Shape},
};
use crate::{
    Engine, Scope, StoreError,
    db::{Database, Row, Value},
};

/// So many matches are put in order here. A walk then meets a match in every fiftieth row of the longest list but holdings.
const FEW: usize = if cfg!(test) { 20 } else { 2_000 };
/// So many rows of the longest list are walked before anything else is tried.
const A_WHILE: u64 = if cfg!(test) { 50 } else { 30_000 };
/// What so many devices hold may be few artefacts.
const FEW_DEVICES: u64 = if cfg!(test) { 5 } else { 50 };
/// From here on, devices are many.
const MANY_DEVICES: u64 = if cfg!(test) { 10 } else { 1_000 };

/// How many devices a query of artefacts names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holders {
    /// None, or so few that what they hold may be put in order at once.
    Few,
    /// What they hold is collected and looked for among all artefacts.
    Some,
    /// So many that an artefact is asked for its holders and not a device for what it holds.
    Many,
}

/// The ids of the rows of a page.
pub(crate) struct Keys {
    pub(crate) ids: Vec<i64>,
    pub(crate) next: Option<String>,
}

/// One list, asked once.
struct Search<'a> {
    db: &'a Database,
    shape: &'static Shape,
    request: &'a ListRequest,
    key: Key,
    descending: bool,
    holders: Holders,
}

/// A word that few hold, and the condition of being one of them.
struct Rare<'a> {
    term: &'a Term,
    rows: Sql,
}

/// The ids of a page.
pub(crate) async fn keys(
    db: &Database,
    collection: Collection,
    request: &ListRequest,
) -> Result<Keys, ListError> {
    let shape = collection.shape();
    let sort = request.sort.unwrap_or(shape.usual);
    let key = shape.key(sort.column).ok_or_else(|| ListError::Sort(sort.column.to_owned()))?;
    let after =
        request.after.as_deref().map(|after| cursor::read(collection, sort, key, after)).transpose()?;
    let limit = request.limit.clamp(1, 1_000) as usize;
    let holders = holders(db, shape, request).await?;
    let search = Search { db, shape, request, key, descending: sort.descending, holders };
    let mut places = search.places(after.as_ref(), limit + 1).await?;
    let more = places.len() > limit;
    places.truncate(limit);
    let last = places.last().filter(|_| more).cloned();
    Ok(Keys {
        next: last.map(|place| cursor::write(collection, sort, place)),
        ids: places.into_iter().map(|place| place.id).collect(),
    })
}

/// How many rows match. Where nothing but "all" is asked of a list that can be counted quickly, exactly.
pub(crate) async fn tally(
    db: &Database,
    collection: Collection,
    request: &ListRequest,
) -> Result<Tally, StoreError> {
    let shape = collection.shape();
    let exact = shape.countable && request.query.is_empty();
    let holders = holders(db, shape, request).await?;
    let search = Search { db, shape, request, key: Key::Arrival, descending: false, holders };
    let mut sql = Sql::new("SELECT COUNT(*) FROM (");
    sql.append(match (search.narrow(), search.held()) {
        (_, Some(held)) => held,
        (Some(narrow), _) if !request.query.is_empty() && !search.conditions(Way::Matches).is_led() => {
            search.narrowly(narrow).inside("SELECT 1 AS one FROM {}")
        }
        _ => search.matches(search.rare_word().await?).inside("SELECT 1 AS one FROM {}"),
    });
    if !exact {
        sql.push(" LIMIT ?", Tally::MOST + 1);
    }
    sql.text.push_str(") counted");
    let number = db.row(&sql.text, sql.values).await?.map_or(Ok(0), |row| row.count(0))?;
    let more = !exact && number > Tally::MOST;
    Ok(Tally { number: if more { Tally::MOST } else { number }, more })
}

/// How many devices a query of artefacts names: the most that one of its terms does.
async fn holders(db: &Database, shape: &Shape, request: &ListRequest) -> Result<Holders, StoreError> {
    let mut most = 0;
    for term in &request.query.terms {
        let Test::Field { name, any_of } = &term.test else { continue };
        if !matches!(shape.meaning(name), Some(Meaning::Holder)) {
            continue;
        }
        let mut sql = Sql::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM devices d WHERE ");
        sql.append(devices_named(&any_of.iter().collect::<Vec<_>>()));
        sql.push(" LIMIT ?) counted", MANY_DEVICES);
        most = most.max(db.row(&sql.text, sql.values).await?.map_or(Ok(0), |row| row.count(0))?);
    }
    Ok(match most {
        MANY_DEVICES.. => Holders::Many,
        // PostgreSQL knows from its statistics how many artefacts that will be.
        FEW_DEVICES.. if db.engine() == Engine::Sqlite => Holders::Some,
        _ => Holders::Few,
    })
}

impl Search<'_> {
    async fn places(&self, after: Option<&Place>, number: usize) -> Result<Vec<Place>, StoreError> {
        if self.request.query.is_empty() && self.request.scope == Scope::All {
            return self.walk(after, None, number).await;
        }
        let (narrow, led) = (self.narrow(), self.conditions(Way::Matches).is_led());
        if self.holders != Holders::Few && self.only_holders().is_some() {
            // A page of what so many devices hold is met soon.
            if let Some(places) = self.walk_a_while(after, number).await? {
                return Ok(places);
            }
        }
        if let Some(narrow) = narrow.filter(|_| !led || self.holders == Holders::Some) {
            return self.scan(narrow, after, number).await;
        }
        if self.shape.narrow.is_none() && !led {
            let near = self.walk_a_while(after, number).await?;
            if let Some(places) = near {
                return Ok(places);
            }
        }
        match (self.few().await?, narrow) {
            (Some(places), _) => Ok(self.page_of(places, after, number)),
            (None, Some(narrow)) => self.scan(narrow, after, number).await,
            (None, None) => self.walk(after, None, number).await,
        }
    }

    /// How all rows are read without what is wide in them, where that answers this question.
    fn narrow(&self) -> Option<&'static str> {
        let own_artifacts = self.shape.device.is_none() && self.request.scope != Scope::All;
        self.shape.narrow.filter(|_| self.holders != Holders::Many && !own_artifacts)
    }

    /// The artefacts that devices hold, when nothing else is asked for and the devices are not all that many.
    fn held(&self) -> Option<Sql> {
        let devices = self.only_holders().filter(|_| self.holders != Holders::Many)?;
        Some(held_by(devices_named(&devices)))
    }

    /// The devices that are named, when all that is asked of an artefact is that one of them holds it.
    fn only_holders(&self) -> Option<Vec<&Asked>> {
        let [Term { test: Test::Field { name, any_of }, negated: false, .. }] =
            self.request.query.terms.as_slice()
        else {
            return None;
        };
        let plain = any_of.iter().all(|value| !matches!(value, Asked::Text { negated: true, .. }));
        let holder = matches!(self.shape.meaning(name), Some(Meaning::Holder));
        (holder && plain && self.request.scope == Scope::All).then(|| any_of.iter().collect())
    }

    /// Everything that matches, from the name of the table on, found by reading all rows narrowly.
    fn narrowly(&self, narrow: &str) -> Sql {
        let conditions = self.conditions(Way::Scan);
        let mut sql = conditions.table();
        sql.text.push_str(self.db.engine().pick(narrow, ""));
        sql.append(conditions.all());
        sql
    }

    /// A page from all rows, in whatever order.
    async fn scan(
        &self,
        narrow: &str,
        after: Option<&Place>,
        number: usize,
    ) -> Result<Vec<Place>, StoreError> {
        let (sign, direction) = self.direction();
        let (id, key) = (self.shape.id, self.key_text());
        let mut rows = self.head();
        rows.append(self.narrowly(narrow));
        match (after, &key) {
            (Some(after), Some(key)) => {
                rows.push(&format!(" AND ({key} {sign} ?"), after.key.clone());
                rows.push(&format!(" OR ({key} = ?"), after.key.clone());
                rows.push(&format!(" AND {id} {sign} ?))"), after.id);
            }
            (Some(after), None) => rows.push(&format!(" AND {id} {sign} ?"), after.id),
            (None, _) => {}
        }
        let order = match &key {
            // PostgreSQL would take the index of the order and open its rows one by one; `OFFSET` keeps it from that.
            Some(_) if self.db.engine() == Engine::Postgres => {
                rows = rows.inside("SELECT found.id, found.key FROM ({} OFFSET 0) found");
                format!("found.key {direction}, found.id {direction}")
            }
            Some(key) => format!("{key} {direction}, {id} {direction}"),
            None => format!("{id} {direction}"),
        };
        rows.push(&format!(" ORDER BY {order} LIMIT ?"), number as u64);
        self.run(rows).await
    }

    /// Along the index of the order for a while; nothing when a page needs more of it.
    async fn walk_a_while(
        &self,
        after: Option<&Place>,
        number: usize,
    ) -> Result<Option<Vec<Place>>, StoreError> {
        let Some(key) = self.key_text() else { return Ok(None) };
        let (_, direction) = self.direction();
        let (id, mut sql) = (self.shape.id, self.head());
        sql.text.push_str(self.shape.table);
        if let Some(after) = after {
            sql.push(&format!(" WHERE {key} {} ?", self.as_far_as(true)), after.key.clone());
        }
        let end = format!(" ORDER BY {key} {direction}, {id} {direction} LIMIT 1 OFFSET ?");
        sql.push(&end, A_WHILE);
        let end = self.run(sql).await?.pop();
        let places = self.walk(after, end.as_ref(), number).await?;
        Ok(Some(places).filter(|places| end.is_none() || places.len() >= number))
    }

    /// The sign for a key that is not before a place, or not behind it.
    fn as_far_as(&self, not_before: bool) -> &'static str {
        if self.descending == not_before { "<=" } else { ">=" }
    }

    /// All matches, when they are few.
    async fn few(&self) -> Result<Option<Vec<Place>>, StoreError> {
        let rare = self.rare_word().await?;
        if rare.is_none() && self.lie_anywhere() {
            return Ok(None);
        }
        let mut sql = self.head();
        sql.append(self.matches(rare));
        sql.push(" LIMIT ?", FEW as u64 + 1);
        let places = self.run(sql).await?;
        Ok(Some(places).filter(|places| places.len() <= FEW))
    }

    /// Whether a word is searched in the longest list and nothing leads to rows that hold it.
    fn lie_anywhere(&self) -> bool {
        let searched = self.request.query.terms.iter().any(|term| matches!(term.test, Test::Contains(_)));
        searched && !self.shape.words.is_empty() && !self.conditions(Way::Matches).is_led()
    }

    /// Everything that matches, from the name of the table on. Where a word is rare, only the rows that hold it are read.
    fn matches(&self, rare: Option<Rare<'_>>) -> Sql {
        let (word, rows) = rare.map(|rare| (rare.term, rare.rows)).unzip();
        // A word that is not rare is met soon in the order in which rows lie; other conditions would lead astray.
        let way = if word.is_some() || self.lie_anywhere() { Way::Walk } else { Way::Matches };
        let conditions = self.conditions(way).without(word);
        let mut sql = conditions.table();
        sql.append(conditions.all());
        if let Some(rows) = rows {
            sql.text.push_str(" AND ");
            sql.append(rows);
        }
        sql
    }

    /// The longest word of the query and the rows that hold it, when few of anything do.
    async fn rare_word(&self) -> Result<Option<Rare<'_>>, StoreError> {
        let words = self.request.query.terms.iter().filter_map(|term| match &term.test {
            Test::Contains(word) if !term.negated => Some((term, word)),
            _ => None,
        });
        let Some((term, word)) =
            words.max_by_key(|(_, word)| word.len()).filter(|_| !self.shape.words.is_empty())
        else {
            return Ok(None);
        };
        // Each is a reading of a whole table, and they are of different ones.
        let found = try_join_all(self.shape.words.iter().map(|&(column, statement, text)| async move {
            let mut sql = contains(text, word).inside(statement);
            sql.push(" LIMIT ?", FEW as u64 + 1);
            let rows = self.db.rows(&sql.text, sql.values).await?;
            let ids = rows.iter().map(|row| row.int(0)).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, StoreError>((column, ids))
        }))
        .await?;
        if found.iter().any(|(_, ids)| ids.len() > FEW) {
            return Ok(None);
        }
        let ways = found.into_iter().map(|(column, ids)| {
            let mut way = Sql::new(format!("{column} IN "));
            way.append(list(&ids));
            way
        });
        let ways = ways.collect();
        Ok(Some(Rare { term, rows: Sql::joined(ways, " OR ") }))
    }

    fn page_of(&self, mut places: Vec<Place>, after: Option<&Place>, number: usize) -> Vec<Place> {
        places.sort_unstable();
        if self.descending {
            places.reverse();
        }
        let behind = |place: &Place| {
            after.is_none_or(|after| if self.descending { place < after } else { place > after })
        };
        places.into_iter().filter(behind).take(number).collect()
    }

    /// Along the index of the order, no further than the key of `until`: first the rows that agree with the last one in the key,
    /// then the rest. Each of the two is one range of the index, which one condition over both would not be.
    async fn walk(
        &self,
        after: Option<&Place>,
        until: Option<&Place>,
        number: usize,
    ) -> Result<Vec<Place>, StoreError> {
        let Some(key) = self.key_text() else {
            return self.by_arrival(after, number).await;
        };
        let (sign, direction) = self.direction();
        let mut places = Vec::new();
        if let Some(after) = after {
            let mut ties = self.in_order();
            ties.push(&format!(" AND {key} = ?"), after.key.clone());
            ties.push(&format!(" AND {} {sign} ?", self.shape.id), after.id);
            ties.push(&format!(" ORDER BY {} {direction} LIMIT ?", self.shape.id), number as u64);
            places = self.run(ties).await?;
        }
        if places.len() < number {
            let mut rest = self.in_order();
            if let Some(after) = after {
                rest.push(&format!(" AND {key} {sign} ?"), after.key.clone());
            }
            if let Some(until) = until {
                rest.push(&format!(" AND {key} {} ?", self.as_far_as(false)), until.key.clone());
            }
            let left = (number - places.len()) as u64;
            let id = self.shape.id;
            rest.push(&format!(" ORDER BY {key} {direction}, {id} {direction} LIMIT ?"), left);
            places.extend(self.run(rest).await?);
        }
        Ok(places)
    }

    async fn by_arrival(&self, after: Option<&Place>, number: usize) -> Result<Vec<Place>, StoreError> {
        let (sign, direction) = self.direction();
        let mut sql = self.in_order();
        if let Some(after) = after {
            sql.push(&format!(" AND {} {sign} ?", self.shape.id), after.id);
        }
        sql.push(&format!(" ORDER BY {} {direction} LIMIT ?", self.shape.id), number as u64);
        self.run(sql).await
    }

    fn direction(&self) -> (&'static str, &'static str) {
        if self.descending { ("<", "DESC") } else { (">", "ASC") }
    }

    /// The expression of the key; none when rows are sorted as they came.
    fn key_text(&self) -> Option<String> {
        match self.key {
            Key::Arrival => None,
            Key::Number(text) | Key::Text(text) => Some(self.conditions(Way::Walk).expression(text)),
        }
    }

    fn conditions(&self, way: Way) -> Conditions<'_> {
        // Rows that are walked as they came have no index to be walked along.
        let no_index = way == Way::Walk && self.key == Key::Arrival;
        let key = match self.key {
            Key::Arrival => None,
            Key::Number(text) | Key::Text(text) => Some(text),
        };
        let style =
            Style { engine: self.db.engine(), way, key, no_index, many: self.holders == Holders::Many };
        Conditions::new(self.shape, self.request, style)
    }

    /// What is asked of each row: its id and its key.
    fn head(&self) -> Sql {
        let id = self.shape.id;
        let key = self.key_text().unwrap_or_else(|| id.to_owned());
        Sql::new(format!("SELECT {id} AS id, {key} AS key FROM "))
    }

    /// The rows in their order, as far as `ORDER BY`.
    fn in_order(&self) -> Sql {
        let conditions = self.conditions(Way::Walk);
        let mut sql = self.head();
        sql.append(conditions.table());
        sql.append(conditions.all());
        sql
    }

    async fn run(&self, sql: Sql) -> Result<Vec<Place>, StoreError> {
        let rows = self.db.rows(&sql.text, sql.values).await?;
        rows.iter().map(|row| self.place(row)).collect()
    }

    fn place(&self, row: &Row) -> Result<Place, StoreError> {
        let key = match self.key {
            Key::Text(_) => KeyValue::Text(row.text(1)?),
            Key::Number(_) | Key::Arrival => KeyValue::Number(row.int(1)?),
        };
        Ok(Place { key, id: row.int(0)? })
    }
}

/// `(?, ?, …)` for ids. Their number is rounded up and the last one repeated, so that few different statements are prepared.
pub(crate) fn list(ids: &[i64]) -> Sql {
    let Some(&last) = ids.last() else { return Sql::new("(NULL)") };
    let mut values: Vec<Value> = ids.iter().map(|&id| id.into()).collect();
    values.resize(ids.len().next_power_of_two(), last.into());
    Sql { text: format!("({})", vec!["?"; values.len()].join(", ")), values }
}
