//! What is known of a value in a template without rendering it: the constants that it may be, and whether it may be a
//! text put together while the template runs. It knows no rules.

use std::collections::BTreeSet;

/// Constants that one value may be, told apart.
const MANY: usize = 24;
/// Bytes of a text, and elements of a list, that are followed.
const LONG: usize = 512;
const WIDE: usize = 64;

/// A constant; in a list or map also a place of which nothing is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Const {
    Text(String),
    Integer(i64),
    List(Vec<Const>),
    Map(Vec<(Const, Const)>),
    Hole,
}

impl Const {
    /// Whether there is a text in it, from which another one could be made.
    fn has_text(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Integer(_) | Self::Hole => false,
            Self::List(items) => items.iter().any(Self::has_text),
            Self::Map(pairs) => pairs.iter().any(|(key, value)| key.has_text() || value.has_text()),
        }
    }

    /// About how many bytes it takes.
    fn weight(&self) -> usize {
        match self {
            Self::Text(text) => text.len().saturating_add(32),
            Self::Integer(_) | Self::Hole => 32,
            Self::List(items) => items.iter().map(Self::weight).fold(32, usize::saturating_add),
            Self::Map(pairs) => {
                let weights = pairs.iter().flat_map(|(key, value)| [key.weight(), value.weight()]);
                weights.fold(32, usize::saturating_add)
            }
        }
    }

    fn nests(&self) -> usize {
        match self {
            Self::Text(_) | Self::Integer(_) | Self::Hole => 0,
            Self::List(items) => items.iter().map(Self::nests).max().unwrap_or(0).saturating_add(1),
            Self::Map(pairs) => {
                let values = pairs.iter().flat_map(|(key, value)| [key.nests(), value.nests()]);
                values.max().unwrap_or(0).saturating_add(1)
            }
        }
    }

    fn fits(&self) -> bool {
        match self {
            Self::Text(text) => text.len() <= LONG,
            Self::Integer(_) | Self::Hole => true,
            Self::List(items) => items.len() <= WIDE && self.nests() <= 4,
            Self::Map(pairs) => pairs.len() <= WIDE && self.nests() <= 4,
        }
    }

    /// What any index of it may give.
    fn parts(&self) -> Vec<Self> {
        match self {
            Self::Map(pairs) => pairs.iter().map(|(_, value)| value.clone()).collect(),
            _ => self.elements(),
        }
    }

    /// What a loop over it gives.
    pub(super) fn elements(&self) -> Vec<Self> {
        match self {
            Self::Text(text) => text.chars().map(|c| Self::Text(c.to_string())).collect(),
            Self::List(items) => items.clone(),
            Self::Map(pairs) => pairs.iter().map(|(key, _)| key.clone()).collect(),
            Self::Integer(_) | Self::Hole => Vec::new(),
        }
    }
}

/// What a value may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Value {
    known: BTreeSet<Const>,
    /// It may be a text that was put together from pieces we cannot follow.
    pub(super) built: bool,
    /// It may be something that comes from outside, or a number.
    pub(super) open: bool,
}

impl Value {
    pub(super) fn open() -> Self {
        Self { open: true, ..Self::default() }
    }

    pub(super) fn built() -> Self {
        Self { built: true, ..Self::default() }
    }

    pub(super) fn of(constant: Const) -> Self {
        let mut value = Self::default();
        value.add(constant);
        value
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::of(Const::Text(text.into()))
    }

    /// May it be this as well.
    pub(super) fn add(&mut self, constant: Const) {
        match constant {
            Const::Hole => self.open = true,
            constant if constant.fits() && self.known.len() < MANY => {
                self.known.insert(constant);
            }
            constant if self.known.contains(&constant) => {}
            constant => {
                self.built |= constant.has_text();
                self.open = true;
            }
        }
    }

    /// May it be anything that the other may be; answers whether that is new.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        let before = (self.known.len(), self.built, self.open);
        other.known.iter().for_each(|constant| self.add(constant.clone()));
        self.built |= other.built;
        self.open |= other.open;
        before != (self.known.len(), self.built, self.open)
    }

    /// Whether it may be anything already, so that nothing can be added.
    pub(super) fn is_full(&self) -> bool {
        self.known.len() >= MANY && self.built && self.open
    }

    /// About how many bytes its constants take.
    pub(super) fn weight(&self) -> usize {
        self.known.iter().map(Const::weight).fold(0, usize::saturating_add)
    }

    pub(super) fn known(&self) -> impl Iterator<Item = &Const> {
        self.known.iter()
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.known.iter().filter_map(|constant| match constant {
            Const::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The one constant that it is, or a place of which nothing is known.
    pub(super) fn single(&self) -> Const {
        match (self.known.first(), self.known.len(), self.built || self.open) {
            (Some(constant), 1, false) => constant.clone(),
            _ => Const::Hole,
        }
    }

    /// Whether a text could be made from it that the template itself brings.
    pub(super) fn has_text(&self) -> bool {
        self.built || self.known.iter().any(Const::has_text)
    }

    /// What comes of doing something to it that we do not follow.
    pub(super) fn derived(&self) -> Self {
        if self.has_text() { Self { built: true, open: self.open, ..Self::default() } } else { Self::open() }
    }

    /// `with` done to every constant; what it does not follow is derived.
    pub(super) fn map(&self, with: impl Fn(&Const) -> Option<Const>) -> Self {
        let mut out = Self { known: BTreeSet::new(), built: self.built, open: self.open };
        for constant in &self.known {
            match with(constant) {
                Some(constant) => out.add(constant),
                None => {
                    out.join(&Self::of(constant.clone()).derived());
                }
            }
        }
        out
    }

    /// `with` done to every pair of constants; what it does not follow is derived, and a text if `text` says so.
    pub(super) fn zip(
        &self,
        other: &Self,
        with: impl Fn(&Const, &Const) -> Option<Const>,
        text: bool,
    ) -> Self {
        let text = text || self.has_text() || other.has_text();
        let mut out = Self::default();
        for left in &self.known {
            for right in &other.known {
                if out.is_full() {
                    return out;
                }
                match with(left, right) {
                    Some(constant) => out.add(constant),
                    None => (out.open, out.built) = (true, out.built || text),
                }
            }
        }
        if self.built || self.open || other.built || other.open {
            out.open = true;
            out.built |= text;
        }
        out
    }

    /// What an index or attribute of it may give; `with` finds it in constants.
    pub(super) fn item(&self, index: &Self, with: impl Fn(&Const, &Const) -> Option<Const>) -> Self {
        let mut out =
            Self { known: BTreeSet::new(), built: self.built, open: self.open || index.open || index.built };
        for constant in &self.known {
            for at in &index.known {
                out.add(with(constant, at).unwrap_or(Const::Hole));
            }
            if index.open || index.built || index.known.is_empty() {
                constant.parts().into_iter().for_each(|part| out.add(part));
            }
        }
        out
    }

    /// What a loop over it gives.
    pub(super) fn elements(&self) -> Self {
        let mut out = Self { known: BTreeSet::new(), built: self.built, open: self.open };
        for constant in &self.known {
            constant.elements().into_iter().for_each(|element| out.add(element));
        }
        out
    }
}
