//! From a query to the conditions of a statement. What people wrote only ever becomes a parameter.

use jiff::{Timestamp, tz::TimeZone};
use protocol::query::{Compare, Pattern, Term, Test, Value as Asked};

use crate::{
    Engine, Scope,
    db::Value,
    lists::{
        ListRequest,
        shape::{Meaning, Shape},
    },
};

const DAY: i64 = 86_400_000;

/// A piece of a statement with its parameters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) values: Vec<Value>,
}

impl Sql {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }

    /// Puts a text with one parameter at the end.
    pub(crate) fn push(&mut self, text: &str, value: impl Into<Value>) {
        self.text.push_str(text);
        self.values.push(value.into());
    }

    /// Puts a piece at the end.
    pub(crate) fn append(&mut self, piece: Self) {
        self.text.push_str(&piece.text);
        self.values.extend(piece.values);
    }

    fn with(text: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { text: text.into(), values: vec![value.into()] }
    }

    /// Pieces between parentheses, with a word between them; true when there are none.
    pub(crate) fn joined(pieces: Vec<Self>, word: &str) -> Self {
        let mut out = Self::new("(");
        for (at, piece) in pieces.into_iter().enumerate() {
            out.text.push_str(if at == 0 { "" } else { word });
            out.append(piece);
        }
        out.text.push_str(if out.text.len() == 1 { "1 = 1)" } else { ")" });
        out
    }

    /// A piece in the place of `{}`.
    pub(crate) fn inside(self, template: &str) -> Self {
        Self { text: template.replacen("{}", &self.text, 1), values: self.values }
    }
}

/// How rows are come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// By whatever condition leads to few of them.
    Matches,
    /// In their order, so no condition may choose another index: SQLite takes a leading `+` as that wish, PostgreSQL knows better
    /// from its statistics.
    Walk,
    /// All of them, by an index that the statement names.
    Scan,
}

/// How conditions are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) engine: Engine,
    pub(crate) way: Way,
    /// The expression of the order: a condition on it may choose its index, because that is the one to walk.
    pub(crate) key: Option<&'static str>,
    /// Not even what holds for every row of the list may choose one.
    pub(crate) no_index: bool,
    /// So many devices are meant that an artefact is asked for its holders and not a device for what it holds.
    pub(crate) many: bool,
}

/// What must hold for a row to be in a list.
pub(crate) struct Conditions<'a> {
    shape: &'static Shape,
    request: &'a ListRequest,
    style: Style,
    leader: Leader,
    /// A term of the query that is seen to otherwise.
    without: Option<&'a Term>,
}

/// Who knows best which rows are worth reading. SQLite keeps no statistics here, so it would not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leader {
    Nobody,
    /// A person's few devices.
    Scope,
    /// A condition that names devices, artefacts or paths.
    Condition,
}

impl<'a> Conditions<'a> {
    pub(crate) fn new(shape: &'static Shape, request: &'a ListRequest, style: Style) -> Self {
        let names = |term: &Term| match &term.test {
            Test::Field { name, .. } => !term.negated && shape.meaning(name).is_some_and(Meaning::leads),
            Test::Contains(_) => false,
        };
        let leader = match (request.scope, shape.device) {
            (Scope::Person(_), Some(_)) => Leader::Scope,
            _ if request.query.terms.iter().any(names) => Leader::Condition,
            _ => Leader::Nobody,
        };
        Self { shape, request, style, leader, without: None }
    }

    /// Whether something names so few rows that they are best found by it.
    pub(crate) fn is_led(&self) -> bool {
        self.leader != Leader::Nobody
    }

    /// The conditions but one.
    pub(crate) fn without(self, term: Option<&'a Term>) -> Self {
        Self { without: term, ..self }
    }

    /// The table that is listed. A person's artefacts are those on their devices, with what these say of them.
    pub(crate) fn table(&self) -> Sql {
        match (self.request.scope, self.shape.device) {
            (Scope::Person(person), None) => {
                let text = format!("{OWN} own JOIN {} ON a.id = own.id", self.shape.table);
                Sql { values: vec![person.into(); OWN.matches('?').count()], text }
            }
            _ => Sql::new(self.shape.table),
        }
    }

    /// An expression over the table.
    pub(crate) fn expression(&self, text: &str) -> String {
        let own = if self.request.scope == Scope::All { "a" } else { "own" };
        text.replace("{own}", own)
    }

    /// Everything that must hold, from `WHERE` on.
    pub(crate) fn all(&self) -> Sql {
        let always = self.shape.always.map(Sql::new);
        let aside =
            self.style.no_index || self.leader != Leader::Nobody || self.request.query.terms.len() > 1;
        let always = if aside { always.map(|piece| self.aside(piece)) } else { always };
        let mut pieces: Vec<_> = always.into_iter().collect();
        if let (Scope::Person(person), Some(device)) = (self.request.scope, self.shape.device) {
            let own = format!("{device} IN (SELECT m.id FROM devices m WHERE m.person = ?)");
            pieces.push(Sql::with(own, person));
        }
        let terms = self.request.query.terms.iter();
        let left_out = |term: &&Term| self.without.is_some_and(|without| std::ptr::eq(*term, without));
        let (through, others): (Vec<_>, Vec<_>) = terms
            .filter(|term| !left_out(term))
            .partition(|term| self.leader == Leader::Nobody && self.through(term).is_some());
        pieces.extend(others.into_iter().map(|term| self.term(term)));
        pieces.extend(self.together(through));
        let mut out = Sql::new(" WHERE ");
        out.append(Sql::joined(pieces, " AND "));
        out
    }

    /// Where a term asks something of the one device or the one artefact of a row in the longest list, what it asks.
    fn through(&self, term: &Term) -> Option<(&'static str, Sql)> {
        if self.shape.narrow.is_some() {
            return None;
        }
        let Test::Field { name, any_of } = &term.test else { return None };
        let Meaning::Through(template, inner) = self.shape.meaning(name)? else { return None };
        let plain = |value: &Asked| !matches!(value, Asked::Text { negated: true, .. });
        if term.negated || !any_of.iter().all(plain) {
            return None;
        }
        Some((template, self.any(inner, &any_of.iter().collect::<Vec<_>>())))
    }

    /// Such terms: each table is asked once.
    fn together(&self, terms: Vec<&Term>) -> Vec<Sql> {
        let mut asked: Vec<(&'static str, Vec<Sql>)> = Vec::new();
        for (template, piece) in terms.into_iter().filter_map(|term| self.through(term)) {
            match asked.iter_mut().find(|(known, _)| *known == template) {
                Some((_, pieces)) => pieces.push(piece),
                None => asked.push((template, vec![piece])),
            }
        }
        let one = |(template, pieces)| self.leaf(Sql::joined(pieces, " AND ").inside(template), false);
        asked.into_iter().map(one).collect()
    }

    fn term(&self, term: &Term) -> Sql {
        let piece = match &term.test {
            Test::Contains(word) => self.search(word),
            Test::Field { name, any_of } => match self.shape.meaning(name) {
                Some(meaning) => self.field(meaning, any_of),
                // A query of another list: `Collection::query` makes none.
                None => Sql::new("1 = 0"),
            },
        };
        if term.negated { not(piece) } else { piece }
    }

    /// A condition, which chooses the way through the table only where another one does not know it better.
    fn leaf(&self, piece: Sql, leads: bool) -> Sql {
        let follows = match self.leader {
            Leader::Nobody => false,
            Leader::Scope => true,
            Leader::Condition => !leads,
        };
        if self.style.way == Way::Walk || follows { self.aside(piece) } else { piece }
    }

    /// A condition that is kept from every index. PostgreSQL knows from its statistics what helps.
    fn aside(&self, piece: Sql) -> Sql {
        let plus = if self.style.way == Way::Scan { "" } else { self.style.engine.pick("+", "") };
        Sql { text: format!("{plus}{}", piece.text), ..piece }
    }

    fn search(&self, word: &str) -> Sql {
        let places = self
            .shape
            .search
            .iter()
            .map(|(template, text)| self.leaf(contains(text, word).inside(template), false));
        Sql::joined(places.collect(), " OR ")
    }

    /// One of the alternatives, and none of those behind a `!`.
    fn field(&self, meaning: &Meaning, any_of: &[Asked]) -> Sql {
        let (not_these, these): (Vec<_>, Vec<_>) =
            any_of.iter().partition(|value| matches!(value, Asked::Text { negated: true, .. }));
        let mut pieces = Vec::new();
        let alone = self.request.query.terms.len() == 1;
        if !these.is_empty() {
            let piece = self.any(meaning, &these);
            let common = matches!(meaning, Meaning::Common(_)) && !alone;
            let on_key = meaning.expression().is_some_and(|own| self.style.key == Some(own));
            pieces.push(if self.style.way == Way::Walk && on_key {
                piece
            } else if common {
                self.aside(piece)
            } else {
                self.leaf(piece, meaning.leads())
            });
        }
        if !not_these.is_empty() {
            pieces.push(not(self.leaf(self.any(meaning, &not_these), false)));
        }
        Sql::joined(pieces, " AND ")
    }

    fn any(&self, meaning: &Meaning, values: &[&Asked]) -> Sql {
        match meaning {
            Meaning::Through(template, inner) => self.any(inner, values).inside(template),
            Meaning::Device(column) => {
                devices_named(values).inside(&format!("{column} IN (SELECT d.id FROM devices d WHERE {{}})"))
            }
            Meaning::Holder => self.holders(values),
            Meaning::Store(store, stores) => store_is(store, stores, values),
            _ => Sql::joined(values.iter().map(|value| self.one(meaning, value)).collect(), " OR "),
        }
    }

    fn holders(&self, values: &[&Asked]) -> Sql {
        let mut named = devices_named(values);
        if let Scope::Person(person) = self.request.scope {
            named.push(" AND d.person = ?", person);
        }
        if !self.style.many {
            return held_by(named).inside("a.id IN ({})");
        }
        // PostgreSQL would join all holdings, and stops at an artefact's first one only behind `OFFSET`.
        named.inside(self.style.engine.pick(
            "EXISTS (SELECT 1 FROM holdings h WHERE h.artifact = a.id \
                 AND +h.device IN (SELECT d.id FROM devices d WHERE {}))",
            "EXISTS (SELECT 1 FROM holdings h JOIN devices d ON d.id = h.device \
                 WHERE h.artifact = a.id AND {} OFFSET 0)",
        ))
    }

    fn one(&self, meaning: &Meaning, value: &Asked) -> Sql {
        match (meaning, value) {
            (Meaning::Text(text), Asked::Text { pattern, .. }) => text_is(text, pattern),
            (Meaning::Texts(texts), Asked::Text { pattern, .. }) => {
                Sql::joined(texts.iter().map(|text| text_is(text, pattern)).collect(), " OR ")
            }
            (Meaning::Set(text), Asked::Text { pattern, .. }) => set_has(text, pattern),
            (Meaning::Addresses(text), Asked::Text { pattern, .. }) => set_has(text, &address(pattern)),
            (Meaning::Path(path), Asked::Text { pattern, .. }) => path_is(path, pattern),
            (Meaning::Words(words) | Meaning::Common(words), Asked::Text { pattern, .. }) => {
                self.words(words, pattern)
            }
            (Meaning::Person(column), Asked::Text { pattern, .. }) => self.person(column, pattern),
            (Meaning::Number(number), &Asked::Number { compare, number: than }) => {
                Sql::with(format!("{} {} ?", self.expression(number), sign(compare)), than)
            }
            (Meaning::Time(time), value) => self.time(&self.expression(time), value),
            (Meaning::Date(date), value) => self.date(date, value),
            // The parser gives each kind of field its kind of value.
            _ => Sql::new("1 = 0"),
        }
    }

    fn words(&self, words: &[(&str, &str)], pattern: &Pattern) -> Sql {
        let fitting = words.iter().filter(|(word, _)| fits(pattern, word)).map(|(_, condition)| {
            let day_ago = self.request.now.as_millisecond().saturating_sub(DAY);
            let values = vec![day_ago.into(); condition.matches('?').count()];
            Sql { text: self.expression(condition), values }
        });
        let fitting: Vec<_> = fitting.collect();
        if fitting.is_empty() { Sql::new("1 = 0") } else { Sql::joined(fitting, " OR ") }
    }

    fn person(&self, column: &str, pattern: &Pattern) -> Sql {
        match pattern.exact() {
            Some("none") => Sql::new(format!("{column} IS NULL")),
            Some("me") => Sql::with(format!("{column} = ?"), self.request.viewer()),
            _ => text_is("LOWER(q.name)", pattern)
                .inside(&format!("{column} IN (SELECT q.id FROM people q WHERE {{}})")),
        }
    }

    fn time(&self, column: &str, value: &Asked) -> Sql {
        match *value {
            Asked::Age { compare, millis } => {
                let moment = self.request.now.as_millisecond().saturating_sub(millis);
                Sql::with(format!("{column} {} ?", sign(opposite(compare))), moment)
            }
            Asked::Day { compare, from, until } => {
                let mut piece = Sql::default();
                match compare {
                    Compare::Is => {
                        piece.push(&format!("({column} >= ?"), from);
                        piece.push(&format!(" AND {column} < ?)"), until);
                    }
                    Compare::Less => piece.push(&format!("{column} < ?"), from),
                    Compare::AtMost => piece.push(&format!("{column} < ?"), until),
                    Compare::More => piece.push(&format!("{column} >= ?"), until),
                    Compare::AtLeast => piece.push(&format!("{column} >= ?"), from),
                }
                piece
            }
            _ => Sql::new("1 = 0"),
        }
    }

    /// A date lies a whole number of days from today; what is due today is 0 days ago.
    fn date(&self, column: &str, value: &Asked) -> Sql {
        let (compare, millis) = match *value {
            Asked::Age { compare, millis } => {
                (opposite(compare), self.request.now.as_millisecond().saturating_sub(millis))
            }
            Asked::Day { compare, from, .. } => (compare, from),
            _ => return Sql::new("1 = 0"),
        };
        match Timestamp::from_millisecond(millis) {
            Ok(moment) => {
                let date = moment.to_zoned(TimeZone::UTC).date().to_string();
                Sql::with(format!("{column} {} ?", sign(compare)), date)
            }
            // Before or after every date there is.
            Err(_) => Sql::new(format!("{column} {} ''", sign(compare))),
        }
    }
}

/// What the devices of a person say of artefacts.
const OWN: &str = "(SELECT h.artifact AS id, COUNT(DISTINCT h.device) AS devices, COUNT(*) AS holdings, \
    MIN(h.first_seen_at) AS first_seen_at, \
    (SELECT COUNT(*) FROM loaded l JOIN programs p ON p.id = l.program WHERE l.artifact = h.artifact AND p.pid IS NOT NULL \
        AND p.device IN (SELECT m.id FROM devices m WHERE m.person = ?)) AS loaded, \
    (SELECT MAX(f.severity) FROM findings f WHERE f.artifact = h.artifact AND f.state = 'open' \
        AND f.device IN (SELECT m.id FROM devices m WHERE m.person = ?)) AS severity \
    FROM holdings h WHERE h.device IN (SELECT m.id FROM devices m WHERE m.person = ?) GROUP BY h.artifact)";

/// The ids of the artefacts that devices hold, each once.
pub(crate) fn held_by(devices: Sql) -> Sql {
    devices.inside(
        "SELECT DISTINCT h.artifact FROM holdings h WHERE h.device IN (SELECT d.id FROM devices d WHERE {})",
    )
}

/// The devices that are meant by names or ids.
pub(crate) fn devices_named(values: &[&Asked]) -> Sql {
    let pieces = values.iter().filter_map(|value| match value {
        Asked::Text { pattern, .. } => {
            Some(Sql::joined(vec![text_is("LOWER(d.name)", pattern), text_is("d.uid", pattern)], " OR "))
        }
        _ => None,
    });
    Sql::joined(pieces.collect(), " OR ")
}

/// A holding in a store. Few artefacts were ever in a rare store, so they are asked first.
fn store_is(store: &str, stores: &str, values: &[&Asked]) -> Sql {
    let alternatives = values.iter().filter_map(|value| {
        let Asked::Text { pattern, .. } = value else { return None };
        let artifact = set_has("a.stores", pattern).inside(stores);
        Some(Sql::joined(vec![text_is(store, pattern), artifact], " AND "))
    });
    Sql::joined(alternatives.collect(), " OR ")
}

/// What is not known to hold, does not hold.
fn not(piece: Sql) -> Sql {
    Sql { text: format!("({}) IS NOT TRUE", piece.text), ..piece }
}

fn sign(compare: Compare) -> &'static str {
    match compare {
        Compare::Is => "=",
        Compare::Less => "<",
        Compare::AtMost => "<=",
        Compare::More => ">",
        Compare::AtLeast => ">=",
    }
}

/// The greater the age, the earlier the moment.
fn opposite(compare: Compare) -> Compare {
    match compare {
        Compare::Is => Compare::Is,
        Compare::Less => Compare::More,
        Compare::AtMost => Compare::AtLeast,
        Compare::More => Compare::Less,
        Compare::AtLeast => Compare::AtMost,
    }
}

/// The engines only know the small letters of ASCII, and so does `LOWER`: a pattern with others is also tried with their
/// capitals.
fn text_is(text: &str, pattern: &Pattern) -> Sql {
    let mut pieces = vec![text_fits(text, pattern)];
    let capitals = Pattern(pattern.0.iter().map(|piece| foreign_capitals(piece)).collect());
    if capitals != *pattern {
        pieces.push(text_fits(text, &capitals));
    }
    if pieces.len() == 1 { pieces.remove(0) } else { Sql::joined(pieces, " OR ") }
}

fn foreign_capitals(text: &str) -> String {
    let raised = |c: char| if c.is_ascii() { c.to_string() } else { c.to_uppercase().to_string() };
    text.chars().map(raised).collect()
}

fn text_fits(text: &str, pattern: &Pattern) -> Sql {
    match pattern.0.as_slice() {
        [whole] => Sql::with(format!("{text} = ?"), whole.as_str()),
        pieces if pieces.iter().all(String::is_empty) => Sql::new(format!("{text} <> ''")),
        [start, end] if end.is_empty() => starts_with(text, start),
        _ => Sql::with(format!("{text} LIKE ? ESCAPE '\\'"), like(pattern)),
    }
}

/// A range, which an index answers; `LIKE` would read everything.
fn starts_with(text: &str, start: &str) -> Sql {
    let mut piece = Sql::with(format!("({text} >= ?"), start);
    if let Some(behind) = behind(start) {
        piece.push(&format!(" AND {text} < ?"), behind);
    }
    piece.text.push(')');
    piece
}

/// The least text that is greater than every text with this beginning.
fn behind(start: &str) -> Option<String> {
    let mut text = start.to_owned();
    while let Some(last) = text.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

/// The pattern of `LIKE`.
fn like(pattern: &Pattern) -> String {
    let escape = |piece: &String| piece.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    pattern.0.iter().map(escape).collect::<Vec<_>>().join("%")
}

/// A text that stands anywhere in another one. On SQLite this is quicker than its `instr`.
pub(crate) fn contains(text: &str, word: &str) -> Sql {
    text_fits(text, &Pattern(vec![String::new(), word.to_owned(), String::new()]))
}

fn set_has(text: &str, pattern: &Pattern) -> Sql {
    if pattern.exact().is_none() && pattern.0.iter().all(String::is_empty) {
        return Sql::new(format!("{text} <> ''"));
    }
    Sql::with(format!("{text} LIKE ? ESCAPE '\\'"), format!("% {} %", like(pattern)))
}

fn address(pattern: &Pattern) -> Pattern {
    match pattern.exact() {
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Pattern(vec![String::new(), format!(":{port}")])
        }
        _ => pattern.clone(),
    }
}

/// The parser lets only the end of a path be open.
fn path_is(path: &str, pattern: &Pattern) -> Sql {
    match pattern.0.as_slice() {
        [whole] => Sql::with(format!("{path} = ?"), whole.as_str()),
        [start, ..] => starts_with(path, start),
        [] => Sql::new("1 = 0"),
    }
}

/// Whether a word fits a pattern.
fn fits(pattern: &Pattern, word: &str) -> bool {
    let [first, middle @ .., last] = pattern.0.as_slice() else {
        return pattern.exact() == Some(word);
    };
    let Some(mut rest) = word.strip_prefix(first.as_str()) else { return false };
    for piece in middle {
        let Some((_, behind)) = rest.split_once(piece.as_str()) else { return false };
        rest = behind;
    }
    rest.ends_with(last.as_str())
}
