//! The judgement of a template's tree: every name, attribute, filter, test and call against what chat templates use.
//!
//! Names that are put together (`'__cl' ~ 'ass__'`, joins, formats, slices, loops over letters, arguments of macros)
//! are followed as far as they are constants; where one cannot be followed and is used to reach into a value, that is
//! said. Variables are taken together over the whole template, whatever their scope: that can only add suspicion.

mod calls;
mod expressions;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    fold,
    tree::{Expr, Param, Piece, StepKind, Target},
    value::{Const, Value},
};

/// Rounds in which values wander from where they are set to where they are used.
const ROUNDS: usize = 64;
/// Work done for one template, all rounds together: expressions, and constants that are carried about.
const STEPS: usize = 4_000_000;
/// Bytes of constants that count as one step.
const BYTES: usize = 64;
/// Parts of a list or map that are followed, and lists that come of one expression.
const MANY_PARTS: usize = 128;
const MANY_LISTS: usize = 16;
/// Different lists of parameters of call blocks that are followed.
const CALLERS: usize = 32;
/// A range of more numbers, or a text of more copies, is made to use up time or memory.
const HUGE: i64 = 10_000_000;

/// What is wrong with a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wrong {
    /// It reaches for internals of the program that renders it.
    Internals,
    /// It reaches by a name that is put together while it runs.
    BuiltName,
    /// It loads other templates.
    Loads,
    /// It uses what no chat template uses.
    Outside,
    /// It asks for an endless amount of work.
    Exhausts,
    /// It reads a variable that is not known.
    UnknownName,
}

/// One thing seen, the name it is about, and the byte of the template at which it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub(crate) wrong: Wrong,
    pub(crate) name: String,
    pub(crate) at: usize,
}

/// Judges a tree: what was seen, and whether that is all, or the work became too much.
pub(super) fn judge(pieces: &[Piece]) -> (Vec<Seen>, bool) {
    let mut judge = Judge::default();
    judge.define(pieces);
    for _ in 0..ROUNDS {
        judge.seen.clear();
        judge.changed = false;
        judge.pieces(pieces);
        if !judge.changed || judge.steps >= STEPS {
            break;
        }
    }
    if judge.changed {
        // Values still wander: what is not settled is taken for put together.
        judge.unsettled = true;
        judge.seen.clear();
        judge.pieces(pieces);
    }
    (judge.seen.into_iter().collect(), judge.steps < STEPS)
}

#[derive(Default)]
struct Judge {
    seen: BTreeSet<Seen>,
    /// What variables may be, and attributes of namespaces as `ns.x`.
    env: BTreeMap<String, Value>,
    /// Parameters and defaults of macros, by name.
    macros: BTreeMap<String, Vec<String>>,
    /// The parameters of blocks that are called by `caller(…)`.
    callers: Vec<Vec<String>>,
    changed: bool,
    unsettled: bool,
    steps: usize,
    at: usize,
}

impl Judge {
    fn say(&mut self, wrong: Wrong, name: &str) {
        if self.seen.len() < 64 {
            let name = name.chars().take(80).collect();
            self.seen.insert(Seen { wrong, name, at: self.at });
        }
    }

    /// Counts the work of carrying a value about; one that is too much is forgotten.
    fn charge(&mut self, value: Value) -> Value {
        self.steps = self.steps.saturating_add(value.weight().div_euclid(BYTES)).saturating_add(1);
        if self.steps >= STEPS { Value::built() } else { value }
    }

    /// Everything that the template gives a name to, so that it is known before it is used.
    fn define(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            match piece {
                Piece::Macro { name, params, body } => {
                    self.macros.insert(name.clone(), params.iter().map(|(name, _)| name.clone()).collect());
                    self.define_params(params);
                    self.define(body);
                }
                Piece::CallBlock { params, body, .. } => {
                    let names = params.iter().map(|(name, _)| name.clone()).collect();
                    if !self.callers.contains(&names) && self.callers.len() <= CALLERS {
                        self.callers.push(names);
                    }
                    self.define_params(params);
                    self.define(body);
                }
                Piece::For { target, body, otherwise, .. } => {
                    self.define_target(target);
                    self.define(body);
                    self.define(otherwise);
                }
                Piece::Set(target, _) => self.define_target(target),
                Piece::SetBlock { target, body, .. } => {
                    self.define_target(target);
                    self.define(body);
                }
                Piece::If { branches, otherwise } => {
                    branches.iter().for_each(|(_, body)| self.define(body));
                    self.define(otherwise);
                }
                Piece::With(pairs, body) => {
                    pairs.iter().for_each(|(target, _)| self.define_target(target));
                    self.define(body);
                }
                Piece::Group(_, body) | Piece::FilterBlock(_, body) => self.define(body),
                Piece::Load { names, .. } => self.define_target(names),
                Piece::Data(_) | Piece::Print(_) => {}
            }
        }
    }

    fn define_target(&mut self, target: &Target) {
        for name in target {
            self.env.entry(name.clone()).or_default();
        }
    }

    fn define_params(&mut self, params: &[Param]) {
        for (name, _) in params {
            self.env.entry(name.clone()).or_default();
        }
    }

    fn assign(&mut self, name: &str, value: &Value) {
        self.changed |= self.env.entry(name.to_owned()).or_default().join(value);
    }

    /// Several targets take the elements of a value, one takes the value.
    fn assign_all(&mut self, target: &Target, value: &Value) {
        if let [one] = target.as_slice() {
            self.assign(one, value);
            return;
        }
        for (at, name) in target.iter().enumerate() {
            let index = Const::Integer(i64::try_from(at).unwrap_or(i64::MAX));
            let mut part = value.map(|constant| match constant {
                Const::List(_) | Const::Text(_) => fold::item(constant, &index),
                _ => None,
            });
            // Brackets in the targets are not followed: any of them may get anything that lies deeper.
            if value.known().any(|constant| constant.elements().len() != target.len()) {
                part.join(&value.elements().elements());
                part.join(&value.elements());
            }
            self.assign(name, &part);
        }
    }

    fn pieces(&mut self, pieces: &[Piece]) {
        pieces.iter().for_each(|piece| self.piece(piece));
    }

    fn piece(&mut self, piece: &Piece) {
        match piece {
            Piece::Data(_) => {}
            Piece::Print(values) => values.iter().for_each(|value| drop(self.value(value))),
            Piece::If { branches, otherwise } => {
                for (test, body) in branches {
                    self.value(test);
                    self.pieces(body);
                }
                self.pieces(otherwise);
            }
            Piece::For { target, over, only, body, otherwise } => {
                let over = self.value(over);
                self.assign_all(target, &over.elements());
                if let Some(only) = only {
                    self.value(only);
                }
                self.pieces(body);
                self.pieces(otherwise);
            }
            Piece::Set(target, value) => self.set(target, value),
            Piece::SetBlock { target, filters, body } => {
                self.pieces(body);
                let written = self.written(body);
                let value = self.steps(written, None, filters);
                self.assign_all(target, &value);
            }
            Piece::Macro { params, body, .. } => {
                self.defaults(params);
                self.pieces(body);
            }
            Piece::CallBlock { params, call, body } => {
                self.defaults(params);
                self.value(call);
                self.pieces(body);
            }
            Piece::FilterBlock(filters, body) => {
                self.pieces(body);
                let written = self.written(body);
                self.steps(written, None, filters);
            }
            Piece::With(pairs, body) => {
                pairs.iter().for_each(|(target, value)| self.set(target, value));
                self.pieces(body);
            }
            Piece::Group(how, body) => {
                if let Some(how) = how {
                    self.value(how);
                }
                self.pieces(body);
            }
            Piece::Load { at, tag, from, .. } => {
                let from = self.value(from);
                self.at = *at;
                let name =
                    from.texts().next().map_or_else(|| (*tag).to_owned(), |file| format!("{tag} {file}"));
                self.say(Wrong::Loads, &name);
            }
        }
    }

    fn set(&mut self, target: &Target, value: &Expr) {
        let found = self.value(value);
        self.assign_all(target, &found);
        // `namespace(x='…')`: its attributes are variables of their own.
        if let ([name], Expr::Path(base, steps)) = (target.as_slice(), value)
            && let (Expr::Name(function, _), Some(StepKind::Call(args))) =
                (&**base, steps.first().map(|step| &step.kind))
            && function == "namespace"
        {
            for (attribute, value) in &args.named {
                let value = self.value(value);
                self.assign(&format!("{name}.{attribute}"), &value);
            }
        }
    }

    fn defaults(&mut self, params: &[Param]) {
        for (name, default) in params {
            if let Some(default) = default {
                let value = self.value(default);
                self.assign(name, &value);
            }
        }
    }

    /// What a block puts out: a constant if it is plain text, else put together.
    fn written(&self, body: &[Piece]) -> Value {
        match body {
            [] => Value::text(""),
            [Piece::Data(data)] => {
                let mut value = Value::text(data.clone());
                value.add(Const::Text(data.trim().to_owned()));
                value
            }
            _ => Value::built(),
        }
    }
}
