//! What a list is made of, as data: its table, its fields and orders with what they mean in SQL. The tables themselves are in
//! `fields`; this module knows no single list.

use protocol::query::{Field, Kind};

use super::{Column, Sort};

/// What a field means. An expression of text is in lower case, and empty rather than NULL.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Meaning {
    /// A text.
    Text(&'static str),
    /// One of several texts.
    Texts(&'static [&'static str]),
    /// A text of words with a space around each: one of them, wholly or by its pattern.
    Set(&'static str),
    /// Addresses as a [`Meaning::Set`]; digits alone are a port.
    Addresses(&'static str),
    /// A path, compared with regard to case.
    Path(&'static str),
    /// Words, each with its condition. A `?` in one is the moment a day ago.
    Words(&'static [(&'static str, &'static str)]),
    /// Words as before, but most rows have the same one: they are no way to find a few rows.
    Common(&'static [(&'static str, &'static str)]),
    /// A number, never NULL or never found when it is.
    Number(&'static str),
    /// A moment.
    Time(&'static str),
    /// A date as text.
    Date(&'static str),
    /// A condition on another table: `{}` is where it stands.
    Through(&'static str, &'static Meaning),
    /// A device by its name or id, through the column that refers to it.
    Device(&'static str),
    /// A person by name, `me` or `none`, through the column that refers to them.
    Person(&'static str),
    /// A store of a holding, and how to ask for its artefact.
    Store(&'static str, &'static str),
    /// The devices that hold an artefact.
    Holder,
}

impl Meaning {
    /// The expression that it compares, where it is one.
    pub(crate) fn expression(&self) -> Option<&'static str> {
        match self {
            Self::Text(text) | Self::Path(text) | Self::Number(text) | Self::Time(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it names so few rows that they are best found by it.
    pub(crate) fn leads(&self) -> bool {
        match self {
            Self::Device(_) | Self::Path(_) => true,
            Self::Through(_, inner) => matches!(inner, Self::Texts(_) | Self::Text("a.uid")),
            _ => false,
        }
    }
}

/// A field and what it means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) field: Field,
    pub(crate) meaning: Meaning,
}

/// What a list is sorted by: the order in which rows came, or an expression that is never NULL and, in long lists, has an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Arrival,
    Number(&'static str),
    Text(&'static str),
}

/// A column and its key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    pub(crate) column: Column,
    pub(crate) key: Key,
}

/// A place to look for words: a condition with a `{}` for the search, and the text that is searched.
pub(crate) type Searched = (&'static str, &'static str);

/// One way to rows that hold a word: the column that is one of the ids which a statement gives, and that statement, with a `{}`
/// for the search in a text. An index should have all that it reads.
pub(crate) type Words = (&'static str, &'static str, &'static str);

/// A list.
pub(crate) struct Shape {
    pub(crate) fields: &'static [Field],
    pub(crate) known: &'static [Known],
    pub(crate) columns: &'static [Column],
    pub(crate) orders: &'static [Order],
    /// How it is sorted when nobody says.
    pub(crate) usual: Sort,
    /// The table with its alias.
    pub(crate) table: &'static str,
    /// The row id.
    pub(crate) id: &'static str,
    /// The column that names the device of a row; artefacts have none.
    pub(crate) device: Option<&'static str>,
    /// What holds for every row of this list.
    pub(crate) always: Option<&'static str>,
    /// Where words are searched.
    pub(crate) search: &'static [Searched],
    /// How SQLite reads every row of a list of some hundred thousand without what is wide in it: by an index that has all that
    /// is asked of a row, or by the table itself where that is narrow.
    pub(crate) narrow: Option<&'static str>,
    /// How the rows of the longest list that hold a word are found without reading others.
    pub(crate) words: &'static [Words],
    /// All rows can be counted quickly.
    pub(crate) countable: bool,
}

impl Shape {
    /// A list of rows of a table, with what most lists have; the rest is put beside it.
    pub(crate) const fn of(
        (table, id): (&'static str, &'static str),
        (known, fields): (&'static [Known], &'static [Field]),
        (orders, columns): (&'static [Order], &'static [Column]),
        usual: Sort,
    ) -> Self {
        Self {
            fields,
            known,
            columns,
            orders,
            usual,
            table,
            id,
            device: None,
            always: None,
            search: &[],
            narrow: None,
            words: &[],
            countable: false,
        }
    }

    pub(crate) fn meaning(&self, field: &str) -> Option<&'static Meaning> {
        self.known.iter().find(|known| known.field.name == field).map(|known| &known.meaning)
    }

    pub(crate) fn key(&self, column: &str) -> Option<Key> {
        self.orders.iter().find(|order| order.column.name == column).map(|order| order.key)
    }
}

/// A field of a table.
pub(crate) const fn field(name: &'static str, kind: Kind, about: &'static str, meaning: Meaning) -> Known {
    Known { field: Field { name, kind, about }, meaning }
}

/// A column whose least value comes first when nobody says otherwise.
pub(crate) const fn least_first(name: &'static str, key: Key) -> Order {
    Order { column: Column { name, descending_first: false }, key }
}

/// A column whose greatest value comes first when nobody says otherwise.
pub(crate) const fn greatest_first(name: &'static str, key: Key) -> Order {
    Order { column: Column { name, descending_first: true }, key }
}

/// The fields of a table.
pub(crate) const fn fields<const N: usize>(known: &[Known]) -> [Field; N] {
    let mut out = [Field { name: "", kind: Kind::Text, about: "" }; N];
    let mut at = 0;
    while at < N {
        out[at] = known[at].field;
        at += 1;
    }
    out
}

/// The columns of a table.
pub(crate) const fn columns<const N: usize>(orders: &[Order]) -> [Column; N] {
    let mut out = [Column { name: "", descending_first: false }; N];
    let mut at = 0;
    while at < N {
        out[at] = orders[at].column;
        at += 1;
    }
    out
}
