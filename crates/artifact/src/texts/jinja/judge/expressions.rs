//! Expressions: what they may be, and what they reach for on the way.

use super::{
    super::{
        allowed::{self, Reach},
        fold,
        tree::{Expr, Index, Step, StepKind},
        value::{Const, Value},
    },
    HUGE, Judge, MANY_LISTS, MANY_PARTS, STEPS, Wrong,
};

impl Judge {
    /// Judges an expression and answers what it may be.
    pub(super) fn value(&mut self, expr: &Expr) -> Value {
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
                let list = gathered(&items, |parts| Const::List(parts.to_vec()));
                self.charge(list)
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

    pub(super) fn name(&mut self, name: &str) -> Value {
        if let Some(value) = self.env.get(name) {
            let value = if self.unsettled && value.has_text() { value.derived() } else { value.clone() };
            return self.charge(value);
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
        let map = gathered(&parts, |parts| {
            let pair = |pair: &[Const]| match pair {
                [key, value] => Some((key.clone(), value.clone())),
                _ => None,
            };
            Const::Map(parts.chunks(2).filter_map(pair).collect())
        });
        self.charge(map)
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
        let pairs = left.known().count().saturating_mul(right.known().count());
        self.steps = self.steps.saturating_add(pairs.saturating_mul(4));
        if self.steps >= STEPS {
            return Value::built();
        }
        let value = left.zip(right, |left, right| fold::operator(sign, left, right), text);
        let value = self.charge(value);
        self.made(&value);
        value
    }

    /// A text that came of an operation may be the name of an internal.
    pub(super) fn made(&mut self, value: &Value) {
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

    pub(super) fn steps(&mut self, mut value: Value, mut method: Option<String>, steps: &[Step]) -> Value {
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
            value = self.charge(value);
            self.made(&value);
        }
        value
    }

    pub(super) fn attribute(&mut self, name: &str) {
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
}

/// A list or map of parts: one constant of their single values, or one for each value of the part that has several.
fn gathered(parts: &[Value], make: impl Fn(&[Const]) -> Const) -> Value {
    let mut value = Value::default();
    if parts.len() > MANY_PARTS {
        (value.built, value.open) = (parts.iter().any(Value::has_text), true);
        return value;
    }
    let singles: Vec<Const> = parts.iter().map(Value::single).collect();
    for (at, part) in parts.iter().enumerate().filter(|(_, part)| part.known().count() > 1) {
        for constant in part.known() {
            if value.known().count() >= MANY_LISTS {
                value.built = true;
                break;
            }
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
