//! Calls, methods and filters: what is allowed, what they make of a value, and the names that they take as texts.

use super::{
    super::{
        allowed::{self, Reach},
        fold,
        tree::Args,
        value::{Const, Value},
    },
    CALLERS, HUGE, Judge, Wrong,
};

/// Fills a format with plain and named values.
type Format = fn(&str, &[Const], &[(String, Const)]) -> Option<Const>;

impl Judge {
    pub(super) fn args(&mut self, args: &Args) -> Given {
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
    pub(super) fn function(&mut self, name: &str, args: &Args) -> Value {
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
                if self.callers.len() > CALLERS && given.all().any(Value::has_text) {
                    self.say(Wrong::BuiltName, "caller()");
                }
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
    pub(super) fn call(&mut self, value: &Value, method: Option<String>, args: &Args) -> Value {
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

    fn format(&mut self, value: &Value, given: &Given, with: Format) -> Value {
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

    pub(super) fn filter(&mut self, value: &Value, name: &str, args: &Args) -> Value {
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
pub(super) struct Given {
    plain: Vec<Value>,
    named: Vec<(String, Value)>,
    spread: Value,
}

impl Given {
    fn all(&self) -> impl Iterator<Item = &Value> {
        self.plain.iter().chain(self.named.iter().map(|(_, value)| value)).chain([&self.spread])
    }
}
