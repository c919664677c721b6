//! Calls: what REDUCE, NEWOBJ, OBJ, INST and BUILD do with a global, and whether the arguments make it harmful.

use catalog::globals::{Judge, Standing};

use super::{
    arrays::Dtype,
    input::Halt,
    lookups,
    machine::Machine,
    makers::Maker,
    report::{Load, Seen, shown},
    values::{Coding, Group, Value},
};
use crate::rules::pickles;

/// Codecs that spell bytes and do nothing else.
pub(super) const CODECS: [&str; 8] =
    ["latin1", "latin-1", "iso-8859-1", "utf-8", "utf8", "ascii", "raw-unicode-escape", "raw_unicode_escape"];

/// The class method by which Keras loads a model out of a stream of bytes.
const KERAS_LOADER: &str = "_unpickle_model";

/// How a class or function is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// Called with arguments.
    Call,
    /// An instance is made by `__new__`, with arguments.
    New,
    /// An instance is made and nothing of it is run.
    Bare,
}

/// Whether a call is one that libraries make.
pub(super) enum Judged {
    /// It is, and gives this.
    Fine(Value),
    /// It is not, for this reason.
    Odd(String),
}

impl Machine<'_, '_, '_> {
    /// REDUCE, NEWOBJ, NEWOBJ_EX, OBJ and BUILD.
    pub(super) fn call_opcode(&mut self, op: u8) -> Result<(), Halt> {
        let (callee, arguments, how) = match op {
            b'b' => return self.build(),
            b'o' => self.object(),
            0x92 => {
                let keywords = self.pop();
                self.store(keywords);
                let arguments = self.pop();
                (self.pop(), arguments, How::New)
            }
            _ => {
                let arguments = self.pop();
                let how = if op == b'R' { How::Call } else { How::New };
                (self.pop(), arguments, how)
            }
        };
        self.store(arguments);
        let made = self.call(callee, arguments, how);
        self.stack.push(made);
        Ok(())
    }

    fn object(&mut self) -> (Value, Value, How) {
        let taken = self.take();
        let callee = if taken.group.len > 0 { taken.group.get(0) } else { Value::Lost };
        self.armed.retain(|place| Value::Global(*place) != callee);
        let rest = taken.group.without_first();
        let how = if rest.len == 0 { How::Bare } else { How::Call };
        (callee, Value::Group(self.groups.push(rest)), how)
    }

    /// Notes a call and gives what it returns.
    pub(super) fn call(&mut self, callee: Value, arguments: Value, how: How) -> Value {
        self.hand_over();
        let Value::Global(place) = callee else {
            if callee == Value::Loader {
                return self.load_state();
            }
            if !self.broken {
                let at = self.at;
                let message = || "calls something that is not named but computed".to_owned();
                self.report.note(&pickles::COMPUTED_CALL, at, "", message);
            }
            return Value::Made;
        };
        let words = self.in_words(arguments);
        self.report.called(place, || words);
        let Some((standing, maker)) = self.report.seen(place).map(|seen| (seen.standing, seen.maker)) else {
            return Value::Lost;
        };
        if matches!(standing, Standing::Judged(Judge::Make)) {
            return self.make(place, arguments);
        }
        let judged = match standing {
            Standing::Danger(_) | Standing::Unknown => return Value::Made,
            Standing::Called => self.made(maker, arguments),
            Standing::Made if how != How::Call => return Value::Made,
            Standing::Made => {
                Judged::Odd("runs the constructor of a class that files only make bare".to_owned())
            }
            Standing::Named => Judged::Odd("calls what files only name".to_owned()),
            Standing::Judged(judge) => self.judge(judge, arguments),
        };
        match judged {
            Judged::Fine(value) => value,
            Judged::Odd(why) => {
                // What a lookup gave may be anything; what else was called odd is an object at worst.
                let lookup = matches!(standing, Standing::Judged(Judge::Attribute | Judge::Ufunc));
                let path = self.report.seen(place).map(|seen| seen.path.clone()).unwrap_or_default();
                let at = self.at;
                self.report.note(&pickles::ODD_ARGUMENTS, at, &path, || format!("`{path}` {why}"));
                if lookup { Value::Attribute } else { Value::Made }
            }
        }
    }

    /// A function that makes an instance of its first argument, as NEWOBJ does.
    fn make(&mut self, place: u32, arguments: Value) -> Value {
        let class = self.group(arguments).map_or(Value::Lost, |group| group.get(0));
        if matches!(class, Value::Global(made) if made != place) {
            let rest = self.group(arguments).map(Group::without_first);
            let rest = rest.map_or(Value::Data, |rest| Value::Group(self.groups.push(rest)));
            return self.call(class, rest, How::New);
        }
        let path = self.report.seen(place).map(|seen| seen.path.clone()).unwrap_or_default();
        let at = self.at;
        let message = || format!("`{path}` makes an instance of what is computed");
        self.report.note(&pickles::ODD_ARGUMENTS, at, &path, message);
        Value::Made
    }

    /// Whatever dangerous was put into a container may now be in the hands of what is called.
    fn hand_over(&mut self) {
        for place in std::mem::take(&mut self.armed) {
            let at = self.at;
            self.report.called(place, String::new);
            let Some(seen) = self.report.seen(place) else { continue };
            if matches!(seen.standing, Standing::Judged(_)) {
                let path = seen.path.clone();
                let message = || format!("hands `{path}` to another function");
                self.report.note(&pickles::ODD_ARGUMENTS, at, &path, message);
            }
        }
    }

    fn judge(&mut self, judge: Judge, arguments: Value) -> Judged {
        let group = self.group(arguments);
        let first = group.map_or(Value::Lost, |group| group.get(0));
        let second = group.map_or(Value::Lost, |group| group.get(1));
        match judge {
            Judge::Codec => self.codec(group),
            Judge::Attribute => self.attribute(first, second),
            Judge::Partial => self.partial(group.map_or(arguments, |_| first)),
            Judge::Ufunc => self.ufunc(first, second),
            Judge::Make => Judged::Fine(Value::Made),
            Judge::Reconstructor => {
                let third = group.map_or(Value::Lost, |group| group.get(2));
                self.reconstructor(first, second, third)
            }
            Judge::Bytes => self.loads(first),
            Judge::Rebuild => self.rebuild(first),
            Judge::Dtype => {
                let dtype = self.texts.whole(first).map_or_else(Dtype::unknown, Dtype::named);
                Judged::Fine(self.add_dtype(dtype))
            }
            Judge::InlineArray => Judged::Fine(Value::InlineArray),
            Judge::One if group.is_none_or(|group| group.len == 1) => Judged::Fine(Value::Member),
            Judge::One => Judged::Odd("makes a class".to_owned()),
            Judge::ArrayFile => {
                let at = self.at;
                let message = || "an array is read from a file beside this one".to_owned();
                self.report.note(&pickles::ARRAY_FILE, at, "", message);
                Judged::Fine(Value::Data)
            }
        }
    }

    fn codec(&self, group: Option<Group>) -> Judged {
        let Some(group) = group else { return Judged::Odd("gets no text to encode".to_owned()) };
        let spells = group.len < 2
            || self
                .texts
                .whole(group.get(1))
                .is_some_and(|codec| CODECS.contains(&codec.to_ascii_lowercase().as_str()));
        match (spells, group.get(0)) {
            (false, _) => {
                let codec = self.texts.whole(group.get(1)).map_or_else(
                    || "a computed codec".to_owned(),
                    |name| format!("the codec `{}`", shown(name)),
                );
                Judged::Odd(format!("encodes by {codec}"))
            }
            (true, Value::Global(_) | Value::Attribute | Value::Member) => {
                Judged::Odd("encodes what is no text".to_owned())
            }
            (true, same @ (Value::Payload { .. } | Value::Computed)) => Judged::Fine(same),
            (true, text) => {
                Judged::Fine(self.spans.iter().find(|(value, _)| *value == text).map_or(text, |span| span.1))
            }
        }
    }

    fn attribute(&self, from: Value, name: Value) -> Judged {
        let Some(name) = self.texts.whole(name) else {
            return Judged::Odd("takes an attribute by a computed name".to_owned());
        };
        let plain = !name.starts_with("__") && name.chars().all(|one| one.is_alphanumeric() || one == '_');
        let keras =
            |seen: &Seen<'_>| seen.is_harmless() && seen.module.split('.').any(|part| part == "keras");
        if name == KERAS_LOADER
            && matches!(from, Value::Global(place) if self.report.seen(place).is_some_and(keras))
        {
            return Judged::Fine(Value::Loader);
        }
        let inside = match from {
            Value::Bound | Value::Computed | Value::Many(_) => true,
            from if from.is_plain() => true,
            Value::Global(place) => self
                .report
                .seen(place)
                .is_some_and(|seen| matches!(seen.standing, Standing::Called | Standing::Made)),
            _ => false,
        };
        if plain && inside && !lookups::reaches(name) {
            let of_class = matches!(from, Value::Global(_));
            Judged::Fine(if of_class { Value::Member } else { Value::Attribute })
        } else {
            Judged::Odd(format!("takes the attribute `{}`", shown(name)))
        }
    }

    fn partial(&self, function: Value) -> Judged {
        let fine = match function {
            Value::Attribute | Value::Member | Value::Bound | Value::Computed => true,
            function if function.is_plain() => true,
            // What is dangerous or unknown is said for its own sake.
            Value::Global(place) => self
                .report
                .seen(place)
                .is_some_and(|seen| !matches!(seen.standing, Standing::Judged(_)) && !seen.is_writer()),
            _ => false,
        };
        if fine {
            Judged::Fine(Value::Bound)
        } else {
            Judged::Odd("binds arguments to what must not be called so".to_owned())
        }
    }

    fn ufunc(&self, module: Value, name: Value) -> Judged {
        let module = self.texts.whole(module).unwrap_or("a computed module");
        let name = self.texts.whole(name).unwrap_or_default();
        let standing = self.env.catalog.globals.standing(self.env.context.as_str(), module, name);
        let special = matches!(module, "scipy.special" | "scipy.special._ufuncs");
        let plain =
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let known = module.split('.').next() == Some("numpy") && matches!(standing, Standing::Named);
        if plain && !name.is_empty() && (special || known) && !lookups::reaches(name) {
            // A function, which is no object whose attributes are of use.
            Judged::Fine(Value::Member)
        } else {
            Judged::Odd(format!("looks up `{}` in `{}`", shown(name), shown(module)))
        }
    }

    fn reconstructor(&mut self, class: Value, base: Value, state: Value) -> Judged {
        let named = |value| match value {
            Value::Global(place) => self.report.seen(place),
            _ => None,
        };
        let plain = |seen: &Seen<'_>| seen.module == "builtins" && seen.is_harmless();
        if !named(base).is_some_and(plain) {
            return Judged::Odd("runs the constructor of a base that is no plain type".to_owned());
        }
        if named(base).is_some_and(|base| base.maker == Maker::Text) {
            return Judged::Fine(self.text_from(state));
        }
        match named(class).map(|seen| seen.standing) {
            Some(Standing::Judged(Judge::InlineArray)) => Judged::Fine(Value::InlineArray),
            _ => Judged::Fine(Value::Made),
        }
    }

    fn loads(&mut self, payload: Value) -> Judged {
        let Value::Payload { at, len, coding } = payload else {
            return Judged::Odd("loads bytes that are computed".to_owned());
        };
        if self.report.add_load(Load { at, len: len.into(), coding }) {
            return Judged::Fine(Value::Data);
        }
        Judged::Odd("loads more stretches of bytes than are looked at".to_owned())
    }

    /// Keras loads a model out of the stream whose state was set last.
    fn load_state(&mut self) -> Value {
        let known = self.last_state.take().is_some_and(|load| self.report.add_load(load));
        if !known {
            let at = self.at;
            let message = || "loads a Keras model out of bytes that are computed".to_owned();
            self.report.note(&pickles::ODD_ARGUMENTS, at, "", message);
        }
        Value::Data
    }

    fn rebuild(&self, function: Value) -> Judged {
        let rebuilds = |seen: &Seen<'_>| {
            let name = seen.path.rsplit('.').next().unwrap_or_default();
            seen.module.split('.').next() == Some("torch")
                && name.starts_with("_rebuild")
                && seen.is_harmless()
        };
        let fine = matches!(function, Value::Global(place) if self.report.seen(place).is_some_and(rebuilds));
        if fine {
            Judged::Fine(Value::Data)
        } else {
            Judged::Odd("calls a function that rebuilds no tensor".to_owned())
        }
    }

    /// BUILD: a state goes into an instance, by `__setstate__` or into its attributes.
    fn build(&mut self) -> Result<(), Halt> {
        let state = self.pop();
        self.store(state);
        self.hand_over();
        let target = self.stack.top();
        self.expect(target.is_some());
        if let Some(Value::Payload { at, len, coding }) = self.group(state).map(|state| state.get(0)) {
            self.last_state = Some(Load { at, len: len.into(), coding });
        }
        match target {
            Some(Value::Global(place)) => self.shadow(place),
            Some(Value::Attribute | Value::Member | Value::Loader) => self.shadow_attribute(),
            Some(Value::Bound) => self.bind(state),
            Some(Value::Dtype(place)) => self.set_dtype(place, state),
            Some(Value::InlineArray) => self.inline_array(state)?,
            _ => {}
        }
        Ok(())
    }

    /// The state of a function with arguments has another function.
    fn bind(&mut self, state: Value) {
        let function = self.group(state).map_or(Value::Data, |state| state.get(0));
        if let Judged::Odd(why) = self.partial(function) {
            let at = self.at;
            let message = || format!("a function with arguments {why}");
            self.report.note(&pickles::ODD_ARGUMENTS, at, "functools.partial", message);
        }
    }

    /// A write to what a global names, which is a module, class or function and no instance.
    pub(super) fn shadow(&mut self, place: u32) {
        let path = self.report.seen(place).map(|seen| seen.path.clone()).unwrap_or_default();
        let at = self.at;
        self.report.note(&pickles::SHADOWS, at, &path, || format!("overwrites parts of `{path}`"));
    }

    pub(super) fn shadow_attribute(&mut self) {
        if !self.broken {
            let at = self.at;
            let message = || "overwrites parts of what it looked up by name".to_owned();
            self.report.note(&pickles::SHADOWS, at, "", message);
        }
    }

    /// Arguments as they are shown to people: texts, numbers and names.
    fn in_words(&self, arguments: Value) -> String {
        const SHOWN: usize = 120;
        let Some(group) = self.group(arguments).filter(|_| self.exact) else { return String::new() };
        let items = group.items.iter().take(usize::try_from(group.len).unwrap_or(0));
        let words: Vec<String> = items.filter_map(|item| self.in_word(*item)).collect();
        words.join(", ").chars().take(SHOWN).collect()
    }

    fn in_word(&self, value: Value) -> Option<String> {
        match value {
            Value::Int(number) => Some(number.to_string()),
            Value::Global(place) => self.report.seen(place).map(|seen| format!("`{}`", seen.path)),
            Value::Payload { len, coding: Coding::Plain, .. } => Some(format!("{len} bytes")),
            _ => self.texts.bytes(value).map(|text| format!("`{}`", shown(&String::from_utf8_lossy(text)))),
        }
    }
}
