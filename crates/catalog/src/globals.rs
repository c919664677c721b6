//! The globals of Python that a pickle may name, and what each is good for. It reads no pickle.
//!
//! What stands in no table is unknown: nobody has looked at what it does, so a pickle that names it is never clean.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    alias: Vec<Alias>,
    allow: Vec<Allow>,
    judged: Vec<Judged>,
    family: Vec<Family>,
    danger: Vec<Danger>,
}

/// A module that Python 2 called otherwise; the loader translates it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Alias {
    old: String,
    new: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allow {
    modules: Vec<String>,
    /// Where it may be met; empty means everywhere.
    #[serde(default)]
    contexts: Vec<String>,
    #[serde(default)]
    calls: Vec<String>,
    #[serde(default)]
    instances: Vec<String>,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judged {
    modules: Vec<String>,
    names: Vec<String>,
    by: Judge,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    modules: Vec<String>,
    #[serde(default)]
    contexts: Vec<String>,
    /// Whether its classes may be called with arguments: their constructors keep what they are given and do nothing else.
    #[serde(default)]
    calls: bool,
    /// How the names of its classes end; empty means any way.
    #[serde(default)]
    endings: Vec<String>,
}

/// Something that harms whoever calls it with the wrong arguments.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Danger {
    modules: Vec<String>,
    names: Vec<String>,
    /// Whether the modules below these are meant as well.
    #[serde(default)]
    below: bool,
    /// What it does, as it follows "which": `runs programs`.
    pub does: String,
    /// Whether the mere import does it.
    #[serde(default)]
    pub on_import: bool,
    /// Whether only an attacker would call it from a pickle; otherwise it runs code by design.
    pub attack: bool,
}

/// How the arguments of a call decide whether it is harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judge {
    /// Turns a text into bytes by a codec, which must be one that merely spells bytes.
    Codec,
    /// Takes an attribute by name: of an instance or a class, and none with an underscore.
    Attribute,
    /// Binds arguments to a function, which must be one that may be called itself.
    Partial,
    /// Looks up a function of NumPy by module and name.
    Ufunc,
    /// Makes an instance of a class with the constructor of a base, which must be a plain type.
    Reconstructor,
    /// Loads a model out of bytes, which are inspected in turn.
    Bytes,
    /// Calls a function that rebuilds a tensor, which must be one.
    Rebuild,
    /// Describes the elements of an array.
    Dtype,
    /// Stands for an array whose bytes follow in the stream.
    InlineArray,
    /// Stands for an array that lies in another file.
    ArrayFile,
    /// Makes an instance of the class that is its first argument.
    Make,
    /// Takes one argument; with more it makes something that runs.
    One,
}

/// What is known of a global.
#[derive(Debug, Clone, Copy)]
pub enum Standing<'g> {
    /// May be called with any arguments.
    Called,
    /// A class of which instances may be made without running its constructor.
    Made,
    /// May be named but not called.
    Named,
    /// May be called with some arguments.
    Judged(Judge),
    /// Harms.
    Danger(&'g Danger),
    /// Nobody has looked at it.
    Unknown,
}

#[derive(Debug, Clone, Copy)]
enum Grade {
    Called,
    Made,
    Named,
    Judged(Judge),
}

/// The tables of globals, made for being asked once for every global of a pickle.
#[derive(Debug)]
pub struct Globals {
    aliases: HashMap<String, String>,
    exact: HashMap<String, HashMap<String, Entry>>,
    families: HashMap<String, Vec<Kind>>,
    dangers: Vec<Danger>,
    of_module: HashMap<String, Vec<usize>>,
    words: HashSet<String>,
    /// A bit for each word by its hash, so that what is no word is mostly told by one look.
    sieve: Vec<u64>,
}

#[derive(Debug)]
struct Entry {
    grade: Grade,
    contexts: Vec<String>,
}

#[derive(Debug)]
struct Kind {
    calls: bool,
    endings: Vec<String>,
    contexts: Vec<String>,
}

const SIEVE_BITS: usize = 1 << 18;

impl Globals {
    pub(crate) fn new(table: Table) -> Self {
        let mut globals = Self {
            aliases: table.alias.into_iter().map(|alias| (alias.old, alias.new)).collect(),
            exact: HashMap::new(),
            families: HashMap::new(),
            dangers: table.danger,
            of_module: HashMap::new(),
            words: HashSet::new(),
            sieve: vec![0; SIEVE_BITS / 64],
        };
        for allow in &table.allow {
            let of = |names: &[String], grade| (names.to_vec(), grade);
            let kinds = [
                of(&allow.calls, Grade::Called),
                of(&allow.instances, Grade::Made),
                of(&allow.values, Grade::Named),
            ];
            for (names, grade) in kinds {
                globals.add(&allow.modules, &names, grade, &allow.contexts);
            }
        }
        for judged in &table.judged {
            globals.add(&judged.modules, &judged.names, Grade::Judged(judged.by), &[]);
        }
        for family in table.family {
            for module in family.modules {
                let kind = Kind {
                    calls: family.calls,
                    endings: family.endings.clone(),
                    contexts: family.contexts.clone(),
                };
                globals.families.entry(module).or_default().push(kind);
            }
        }
        globals.index_dangers();
        // What an instance must not have of its own is known wherever it is met.
        globals.add_word("__setstate__");
        globals
    }

    fn add(&mut self, modules: &[String], names: &[String], grade: Grade, contexts: &[String]) {
        for module in modules {
            self.add_word(module);
            let of_module = self.exact.entry(module.clone()).or_default();
            for name in names {
                of_module.insert(name.clone(), Entry { grade, contexts: contexts.to_vec() });
            }
        }
        names.iter().for_each(|name| self.add_word(name));
    }

    fn index_dangers(&mut self) {
        for (at, danger) in self.dangers.clone().iter().enumerate() {
            for module in &danger.modules {
                self.of_module.entry(module.clone()).or_default().push(at);
            }
            danger.modules.iter().chain(&danger.names).for_each(|word| self.add_word(word));
        }
        let old: Vec<String> = self.aliases.keys().cloned().collect();
        old.iter().for_each(|word| self.add_word(word));
    }

    fn add_word(&mut self, word: &str) {
        let (at, bit) = place(hash(word.as_bytes()));
        if let Some(bits) = self.sieve.get_mut(at) {
            *bits |= bit;
        }
        self.words.insert(word.to_owned());
    }

    /// Whether a text may stand in one of the tables, by a hash that [`hash`] made of it. Sometimes true for one that does not.
    pub fn may_know(&self, hash: u64) -> bool {
        let (at, bit) = place(hash);
        self.sieve.get(at).is_some_and(|bits| bits & bit != 0)
    }

    /// Whether a text is a module or a name in one of the tables.
    pub fn knows(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// The name of a module as Python 3 has it.
    pub fn module<'a>(&'a self, module: &'a str) -> &'a str {
        self.aliases.get(module).map_or(module, String::as_str)
    }

    /// What is known of a global, named as in the pickle. `context` is where the pickle lies: `plain`, `torch`, `torchscript`,
    /// `numpy`.
    pub fn standing(&self, context: &str, module: &str, name: &str) -> Standing<'_> {
        let module = self.module(module);
        let here = |contexts: &[String]| contexts.is_empty() || contexts.iter().any(|one| one == context);
        let exact = self.exact.get(module).and_then(|names| names.get(name));
        if let Some(entry) = exact.filter(|entry| here(&entry.contexts)) {
            return match entry.grade {
                Grade::Called => Standing::Called,
                Grade::Made => Standing::Made,
                Grade::Named => Standing::Named,
                Grade::Judged(by) => Standing::Judged(by),
            };
        }
        let kinds = prefixes(module)
            .filter_map(|prefix| Some((prefix.len(), self.families.get(prefix)?)))
            .flat_map(|(length, kinds)| kinds.iter().map(move |kind| (length, kind)))
            .filter(|(_, kind)| here(&kind.contexts) && kind.holds(name));
        // The nearest family comes first; any of them may say that its classes are called.
        let (mut nearest, mut calls) = (None, name.starts_with("__pyx_unpickle_"));
        for (length, kind) in kinds {
            nearest = nearest.or(Some(length));
            calls |= kind.calls;
        }
        match (self.danger(module, name), nearest) {
            // Of a whole package that harms, a part may be harmless: the nearer table wins.
            (Some((near, danger)), family) if family.is_none_or(|length| near >= length) => {
                Standing::Danger(danger)
            }
            (_, Some(_)) if calls => Standing::Called,
            (_, Some(_)) => Standing::Made,
            (_, None) => Standing::Unknown,
        }
    }

    /// The danger that a global is, directly or through the attributes that a dotted name walks along, and how near the table is:
    /// the length of its module's name, without end where it has the very name.
    fn danger(&self, module: &str, name: &str) -> Option<(usize, &Danger)> {
        let module = module.strip_prefix("six.moves.").map_or(module, |moved| self.module(moved));
        let direct = self.danger_at(module, name);
        // `torch` and `os.system`: what the name walks through may itself be a module.
        let walked = || {
            let starts =
                std::iter::once(0).chain(name.match_indices('.').map(|(at, _)| at.saturating_add(1)));
            starts.filter_map(|start| name.get(start..)).find_map(|rest| {
                let splits = rest.match_indices('.').map(|(at, _)| rest.split_at(at));
                let mut parts = splits.map(|(module, name)| (module, name.trim_start_matches('.')));
                parts.find_map(|(module, name)| self.danger_at(module, name))
            })
        };
        direct.or_else(|| walked().map(|(_, danger)| (usize::MAX, danger)))
    }

    fn danger_at(&self, module: &str, name: &str) -> Option<(usize, &Danger)> {
        let first = name.split('.').next().unwrap_or(name);
        let nearness = |near: usize, danger: &Danger| {
            let has = |wanted: &str| danger.names.iter().any(|one| one == wanted);
            if has(name) || has(first) { Some(usize::MAX) } else { has("*").then_some(near) }
        };
        prefixes(module)
            .filter_map(|prefix| Some((prefix.len(), self.of_module.get(prefix)?)))
            .flat_map(|(near, all)| all.iter().filter_map(move |at| Some((near, self.dangers.get(*at)?))))
            .filter(|(near, danger)| *near == module.len() || danger.below)
            .filter_map(|(near, danger)| Some((nearness(near, danger)?, danger)))
            .max_by_key(|(near, danger)| (*near, danger.on_import))
    }

    /// Every danger with the globals that it stands for, for the page of rules.
    pub fn dangers(&self) -> impl Iterator<Item = (&[String], &[String], &Danger)> {
        self.dangers.iter().map(|danger| (danger.modules.as_slice(), danger.names.as_slice(), danger))
    }
}

impl Kind {
    /// Whether a name is that of a class of the family: in camel case, every part of a dotted one.
    fn holds(&self, name: &str) -> bool {
        let class = |part: &str| {
            let part = part.strip_prefix('_').unwrap_or(part);
            part.starts_with(|first: char| first.is_ascii_uppercase())
                && part.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
        };
        let ends = self.endings.is_empty() || self.endings.iter().any(|end| name.ends_with(end.as_str()));
        (name.split('.').all(class) && ends) || name.starts_with("__pyx_unpickle_")
    }
}

/// A module and every package above it.
fn prefixes(module: &str) -> impl Iterator<Item = &str> {
    let above = module.rmatch_indices('.').filter_map(|(at, _)| module.get(..at));
    std::iter::once(module).chain(above)
}

/// The hash by which [`Globals::may_know`] asks: 64-bit FNV-1a.
pub fn hash(word: &[u8]) -> u64 {
    word.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn place(hash: u64) -> (usize, u64) {
    let bit = usize::try_from((hash >> 32 ^ hash) & (SIEVE_BITS as u64 - 1)).unwrap_or(0);
    (bit / 64, 1 << (bit % 64))
}
