//! The judgement of a template's tree: every name, attribute, filter, test and call against what chat templates use.
//!
//! Names that are put together (`'__cl' ~ 'ass__'`, joins, formats, slices, loops over letters, arguments of macros)
//! are followed as far as they are constants; where one cannot be followed and is used to reach into a value, that is
//! said. Variables are taken together over the whole template, whatever their scope: that can only add suspicion.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    allowed::{self, Reach},
    fold,
    tree::{Args, Expr, Index, Param, Piece, Step, StepKind, Target},
    value::{Const, Value},
};

/// Rounds in which values wander from where they are set to where they are used.
const ROUNDS: usize = 64;
/// Expressions judged in one template, all rounds together.
const STEPS: usize = 1_000_000;
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

/// Judges a tree; none when it asks for more steps than are taken.
pub(super) fn judge(pieces: &[Piece]) -> Option<Vec<Seen>> {
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
    (judge.steps < STEPS).then(|| judge.seen.into_iter().collect())
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
                    self.callers.push(params.iter().map(|(name, _)| name.clone()).collect());
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

    /// Judges an expression and answers what it may be.
    fn value(&mut self, expr: &Expr) -> Value {
        self.steps = self.steps.saturating_add(1);
        if self.steps >= STEPS {
            return Value::built();
        }
        match expr {
            Expr::Text(text) => {
                if allowed::is_internal_text(text) {
                    self.say(Wrong::Internals, text.trim());
                }
                Value::text(text.clone())
            }
            Expr::Integer(number) => Value::of(Const::Integer(*number)),
            Expr::Plain => Value::open(),
            Expr::Name(name, at) => {
                self.at = *at;
                self.name(name)
            }
            Expr::List(items) => {
                let items = items.iter().map(|item| self.value(item)).collect::<Vec<_>>();
                gathered(&items, |parts| Const::List(parts.to_vec()))
            }
            Expr::Dict(pairs) => self.dict(pairs),
            Expr::Chain(first, rest) => self.chain(first, rest),
            Expr::Not(inner) => {
                self.value(inner);
                Value::open()
            }
            Expr::Signed(minus, inner) => self.value(inner).map(|constant| match constant {
                Const::Integer(number) if *minus => number.checked_neg().map(Const::Integer),
                constant => Some(constant.clone()),
            }),
            Expr::Choice { test, then, otherwise } => {
                self.value(test);
                let mut value = self.value(then);
                match otherwise {
                    Some(otherwise) => value.join(&self.value(otherwise)),
                    None => value.join(&Value::open()),
                };
                value
            }
            Expr::Path(base, steps) => self.path(base, steps),
        }
    }

    fn name(&mut self, name: &str) -> Value {
        if let Some(value) = self.env.get(name) {
            return if self.unsettled && value.has_text() { value.derived() } else { value.clone() };
        }
        if self.macros.contains_key(name) {
            return Value::open();
        }
        match name {
            // Surplus arguments of a macro, which are not followed.
            "varargs" | "kwargs" => return Value::built(),
            _ => {}
        }
        match allowed::name(name) {
            Reach::Allowed => {}
            Reach::Unknown => self.say(Wrong::UnknownName, name),
            Reach::Doubtful => self.say(Wrong::Outside, name),
            Reach::Internal => self.say(Wrong::Internals, name),
        }
        Value::open()
    }

    fn dict(&mut self, pairs: &[(Expr, Expr)]) -> Value {
        let mut parts = Vec::new();
        for (key, value) in pairs {
            parts.push(self.value(key));
            parts.push(self.value(value));
        }
        gathered(&parts, |parts| {
            let pair = |pair: &[Const]| match pair {
                [key, value] => Some((key.clone(), value.clone())),
                _ => None,
            };
            Const::Map(parts.chunks(2).filter_map(pair).collect())
        })
    }

    fn chain(&mut self, first: &Expr, rest: &[(&'static str, Expr)]) -> Value {
        let mut value = self.value(first);
        for (sign, expr) in rest {
            let next = self.value(expr);
            value = match *sign {
                "or" | "and" => {
                    value.join(&next);
                    value
                }
                "~" | "+" | "-" | "*" | "//" | "%" | "**" => self.operator(sign, &value, &next),
                // Division gives a float, a comparison a truth value.
                _ => Value::open(),
            };
        }
        value
    }

    fn operator(&mut self, sign: &'static str, left: &Value, right: &Value) -> Value {
        let huge = |value: &Value| value.known().any(|c| matches!(c, Const::Integer(n) if *n > HUGE));
        if sign == "*" && (left.has_text() && huge(right) || right.has_text() && huge(left)) {
            self.say(Wrong::Exhausts, "*");
        }
        let text = sign == "~" || sign == "%" && left.has_text();
        let value = left.zip(right, |left, right| fold::operator(sign, left, right), text);
        self.made(&value);
        value
    }

    /// A text that came of an operation may be the name of an internal.
    fn made(&mut self, value: &Value) {
        let internal = value.texts().find(|text| allowed::is_internal_text(text)).map(str::to_owned);
        if let Some(name) = internal {
            self.say(Wrong::Internals, name.trim());
        }
    }

    fn path(&mut self, base: &Expr, steps: &[Step]) -> Value {
        let (Expr::Name(name, at), Some(first)) = (base, steps.first()) else {
            let value = self.value(base);
            let literal = matches!(base, Expr::Text(_));
            if literal && let Some(Step { at, kind: StepKind::Item(items) }) = steps.first() {
                self.at = *at;
                self.letters_of_a_literal(items);
            }
            return self.steps(value, None, steps);
        };
        self.at = *at;
        let rest = steps.get(1..).unwrap_or_default();
        match &first.kind {
            StepKind::Call(args) => {
                let value = self.function(name, args);
                self.steps(value, None, rest)
            }
            StepKind::Attribute(attribute) if self.env.contains_key(&format!("{name}.{attribute}")) => {
                let known = self.name(&format!("{name}.{attribute}"));
                self.attribute(attribute);
                self.steps(known, None, rest)
            }
            _ => {
                let value = self.name(name);
                self.steps(value, None, steps)
            }
        }
    }

    /// A literal has letters, which have numbers; whoever asks it for a name wants an attribute.
    fn letters_of_a_literal(&mut self, items: &[Index]) {
        for item in items {
            if let Index::At(index) = item {
                let index = self.value(index);
                if index.open && index.known().next().is_none() && !index.built {
                    self.say(Wrong::BuiltName, "an item of a literal");
                }
            }
        }
    }

    fn steps(&mut self, mut value: Value, mut method: Option<String>, steps: &[Step]) -> Value {
        let mut rest = steps.iter().peekable();
        while let Some(step) = rest.next() {
            self.at = step.at;
            let called = matches!(rest.peek().map(|next| &next.kind), Some(StepKind::Call(_)));
            value = match &step.kind {
                StepKind::Attribute(name) => {
                    self.attribute(name);
                    if called {
                        method = Some(name.clone());
                        continue;
                    }
                    value.item(&Value::text(name.clone()), fold::item)
                }
                StepKind::Item(items) => {
                    let got = self.items(&value, items);
                    if called {
                        method = Some("item".to_owned());
                    }
                    got
                }
                StepKind::Call(args) => self.call(&value, method.take(), args),
                StepKind::Filter(name, args) => self.filter(&value, name, args),
                StepKind::Test(name, args) => {
                    if allowed::test(name) != Reach::Allowed {
                        self.say(Wrong::Outside, &format!("is {name}"));
                    }
                    self.args(args);
                    Value::open()
                }
            };
            self.made(&value);
        }
        value
    }

    fn attribute(&mut self, name: &str) {
        match allowed::attribute(name) {
            Reach::Allowed | Reach::Unknown => {}
            Reach::Doubtful => self.say(Wrong::Outside, name),
            Reach::Internal => self.say(Wrong::Internals, name),
        }
    }

    fn items(&mut self, value: &Value, items: &[Index]) -> Value {
        match items {
            [Index::At(Expr::Name(name, _))] if name.ends_with("_token") && !self.env.contains_key(name) => {
                self.say(Wrong::BuiltName, name);
                Value::built()
            }
            [Index::At(index)] => {
                let index = self.value(index);
                self.reached(&index);
                value.item(&index, fold::item)
            }
            [Index::Slice(parts)] => self.slice(value, parts),
            _ => {
                for item in items {
                    match item {
                        Index::At(index) => drop(self.value(index)),
                        Index::Slice(parts) => drop(self.slice(value, parts)),
                    }
                }
                value.derived()
            }
        }
    }

    /// What is reached by an index: by constants, which are names of attributes as well, or by a text put together.
    fn reached(&mut self, index: &Value) {
        let names: Vec<String> = index.texts().map(str::to_owned).collect();
        names.iter().for_each(|name| self.attribute(name.trim()));
        if index.built {
            self.say(Wrong::BuiltName, "[…]");
        }
    }

    fn slice(&mut self, value: &Value, parts: &[Option<Expr>; 3]) -> Value {
        let mut known = [None; 3];
        let mut followed = true;
        for (part, slot) in parts.iter().zip(&mut known) {
            let Some(part) = part else { continue };
            match self.value(part).single() {
                Const::Integer(number) => *slot = Some(number),
                _ => followed = false,
            }
        }
        match followed {
            true => value.map(|constant| fold::slice(constant, known)),
            false => value.derived(),
        }
    }

    fn args(&mut self, args: &Args) -> Given {
        let mut given = Given::default();
        for expr in &args.plain {
            let value = self.value(expr);
            given.plain.push(value);
        }
        for (name, expr) in &args.named {
            // Python reads the name of an argument in another spelling when it is not plain.
            if name.starts_with('_') || !name.is_ascii() {
                let internal = allowed::attribute(name) == Reach::Internal || !name.is_ascii();
                self.say(if internal { Wrong::Internals } else { Wrong::Outside }, name);
            }
            let value = self.value(expr);
            given.named.push((name.clone(), value));
        }
        for expr in &args.spread {
            let value = self.value(expr);
            given.spread.join(&value.elements());
            given.spread.join(&value.derived());
        }
        given
    }

    /// A call of a name.
    fn function(&mut self, name: &str, args: &Args) -> Value {
        let at = self.at;
        let given = self.args(args);
        self.at = at;
        if let Some(params) = self.macros.get(name).cloned() {
            self.bind(&params, &given);
            return Value::built();
        }
        if self.env.contains_key(name) {
            self.say(Wrong::Outside, &format!("{name}()"));
            return Value::built();
        }
        match allowed::function(name) {
            Reach::Allowed => self.known_function(name, &given),
            Reach::Internal => {
                self.say(Wrong::Internals, name);
                Value::built()
            }
            _ => {
                self.name(name);
                self.say(Wrong::Outside, &format!("{name}()"));
                Value::built()
            }
        }
    }

    fn known_function(&mut self, name: &str, given: &Given) -> Value {
        match name {
            "range"
                if given.plain.iter().any(|value| {
                    value.known().any(|constant| matches!(constant, Const::Integer(number) if *number > HUGE))
                }) =>
            {
                self.say(Wrong::Exhausts, "range");
                Value::open()
            }
            "dict" => {
                let pairs = given.named.iter();
                let pairs = pairs.map(|(name, value)| (Const::Text(name.clone()), value.single())).collect();
                let mut value = Value::of(Const::Map(pairs));
                for part in &given.plain {
                    value.join(part);
                }
                value
            }
            "caller" => {
                for params in self.callers.clone() {
                    self.bind(&params, given);
                }
                Value::built()
            }
            "loop" if given.plain.iter().any(Value::has_text) => {
                self.say(Wrong::BuiltName, "loop()");
                Value::built()
            }
            _ => Value::open(),
        }
    }

    fn bind(&mut self, params: &[String], given: &Given) {
        for (at, name) in params.iter().enumerate() {
            if let Some(value) = given.plain.get(at) {
                self.assign(name, value);
            }
            self.assign(name, &given.spread);
        }
        for (name, value) in &given.named {
            if params.contains(name) {
                self.assign(name, value);
            }
        }
        // A parameter that no constant reaches may still be anything.
        for name in params.iter().filter(|_| given.plain.is_empty() && given.named.is_empty()) {
            self.assign(name, &Value::open());
        }
    }

    /// A call of anything else: of a method that has a name, or of a value.
    fn call(&mut self, value: &Value, method: Option<String>, args: &Args) -> Value {
        let at = self.at;
        let given = self.args(args);
        self.at = at;
        let Some(method) = method else {
            self.say(Wrong::Outside, "a value that is called");
            return Value::built();
        };
        match allowed::method(&method) {
            Reach::Allowed => {}
            Reach::Internal => self.say(Wrong::Internals, &method),
            _ => self.say(Wrong::Outside, &format!("{method}()")),
        }
        self.changed_by(value, &method, &given)
    }

    /// What a method or filter makes of a value.
    fn changed_by(&mut self, value: &Value, name: &str, given: &Given) -> Value {
        if name == "format" {
            return self.format(value, given, fold::braces);
        }
        let gives_number = matches!(
            name,
            "length"
                | "count"
                | "int"
                | "float"
                | "abs"
                | "round"
                | "find"
                | "rfind"
                | "index"
                | "rindex"
                | "wordcount"
                | "startswith"
                | "endswith"
                | "isdigit"
                | "isalpha"
                | "isupper"
                | "islower"
                | "isspace"
                | "isnumeric"
        );
        if gives_number {
            return Value::open();
        }
        let args: Vec<Const> = given.plain.iter().map(Value::single).collect();
        let mut out = value.map(|constant| fold::method(name, constant, &args));
        // These make a text of whatever they get.
        if matches!(name, "join" | "string" | "replace" | "center" | "ljust" | "rjust") {
            out.built |= value.open;
        }
        if matches!(name, "get" | "pop" | "default" | "d" | "setdefault") {
            for other in given.plain.iter().skip(usize::from(!matches!(name, "default" | "d"))) {
                out.join(other);
            }
        }
        out
    }

    fn format(
        &mut self,
        value: &Value,
        given: &Given,
        with: fn(&str, &[Const], &[(String, Const)]) -> Option<Const>,
    ) -> Value {
        if let Some(format) = value.texts().find(|text| allowed::format_reaches(text)).map(str::to_owned) {
            self.say(Wrong::Internals, &format);
        }
        if value.built {
            self.say(Wrong::BuiltName, "format");
        }
        let plain: Vec<Const> = given.plain.iter().map(Value::single).collect();
        let named: Vec<_> = given.named.iter().map(|(name, value)| (name.clone(), value.single())).collect();
        let mut out = value.map(|constant| match constant {
            Const::Text(format) => with(format, &plain, &named),
            _ => None,
        });
        out.built |= value.open;
        out
    }

    fn filter(&mut self, value: &Value, name: &str, args: &Args) -> Value {
        let at = self.at;
        let given = self.args(args);
        self.at = at;
        self.filter_named(value, name, &given)
    }

    fn filter_named(&mut self, value: &Value, name: &str, given: &Given) -> Value {
        match allowed::filter(name) {
            Reach::Allowed => {}
            Reach::Doubtful => self.attr(given),
            _ => self.say(Wrong::Outside, &format!("|{name}")),
        }
        self.attributes_of_filter(name, given);
        match name {
            "map" | "select" | "reject" | "selectattr" | "rejectattr" => self.indirect(value, name, given),
            "format" => self.format(value, given, |format, plain, _| fold::percent(format, plain)),
            "items" | "list" | "default" | "d" | "first" | "last" | "sort" | "dictsort" | "unique"
            | "tojson" | "to_json" | "safe" | "e" | "escape" | "forceescape" | "reverse" => {
                self.changed_by(value, name, given)
            }
            _ => self.changed_by(value, name, given),
        }
    }

    /// `|attr(…)`: an attribute by any name.
    fn attr(&mut self, given: &Given) {
        let names: Vec<String> = given.all().flat_map(Value::texts).map(str::to_owned).collect();
        if given.all().any(|name| name.built || name.open) || names.is_empty() {
            self.say(Wrong::BuiltName, "|attr");
        }
        self.say(Wrong::Outside, "|attr");
        names.iter().for_each(|name| self.attribute(name.trim()));
    }

    /// Filters that take the name of an attribute, which may be a path: `|map(attribute='a.b')`.
    fn attributes_of_filter(&mut self, name: &str, given: &Given) {
        let first = match name {
            "selectattr" | "rejectattr" | "groupby" => given.plain.first(),
            "unique" | "min" | "max" | "sum" | "sort" => given.plain.get(if name == "sum" { 0 } else { 1 }),
            _ => None,
        };
        let named = given.named.iter().filter(|(name, _)| name == "attribute").map(|(_, value)| value);
        for value in first.into_iter().chain(named) {
            let paths: Vec<String> = value.texts().map(str::to_owned).collect();
            paths.iter().flat_map(|path| path.split(['.', ','])).for_each(|part| self.attribute(part.trim()));
            if value.built || value.open && paths.is_empty() {
                self.say(Wrong::BuiltName, &format!("|{name}"));
            }
        }
    }

    /// `|map('attr', …)`, `|select('test')`: filters and tests by their names.
    fn indirect(&mut self, value: &Value, filter: &str, given: &Given) -> Value {
        let at = usize::from(matches!(filter, "selectattr" | "rejectattr"));
        let Some(named) = given.plain.get(at) else { return value.derived() };
        if named.built || named.open {
            self.say(Wrong::BuiltName, &format!("|{filter}"));
        }
        let rest = Given {
            plain: given.plain.get(at.saturating_add(1)..).unwrap_or_default().to_vec(),
            named: given.named.clone(),
            spread: given.spread.clone(),
        };
        for name in named.texts().map(str::to_owned).collect::<Vec<_>>() {
            if filter == "map" {
                let each = self.filter_named(&value.elements(), &name, &rest);
                self.made(&each);
                if each.has_text() {
                    return Value::built();
                }
            } else if allowed::test(&name) != Reach::Allowed
                && !matches!(name.as_str(), "==" | "!=" | "<" | ">" | "<=" | ">=")
            {
                self.say(Wrong::Outside, &format!("is {name}"));
            }
        }
        value.derived()
    }
}

/// The values of arguments.
#[derive(Default)]
struct Given {
    plain: Vec<Value>,
    named: Vec<(String, Value)>,
    spread: Value,
}

impl Given {
    fn all(&self) -> impl Iterator<Item = &Value> {
        self.plain.iter().chain(self.named.iter().map(|(_, value)| value)).chain([&self.spread])
    }
}

/// A list or map of parts: one constant of their single values, or one for each value of the part that has several.
fn gathered(parts: &[Value], make: impl Fn(&[Const]) -> Const) -> Value {
    let singles: Vec<Const> = parts.iter().map(Value::single).collect();
    let mut value = Value::default();
    for (at, part) in parts.iter().enumerate().filter(|(_, part)| part.known().count() > 1) {
        for constant in part.known() {
            let mut items = singles.clone();
            if let Some(slot) = items.get_mut(at) {
                *slot = constant.clone();
            }
            value.add(make(&items));
        }
    }
    if value.known().next().is_none() {
        value.add(make(&singles));
    }
    value.built |= parts.iter().any(|part| part.built);
    value
}
