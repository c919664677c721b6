//! The judgement of a configuration: every object in it that names a class, a function or a file.

use serde_json::{Map, Value};

use super::{
    DEPTH,
    names::{Reference, is_dangerous_function, reference},
    python::{self, dangerous_word},
};
use crate::{
    inspect::{Bytes, Look},
    reader::cut,
    references::{code_in, is_private, leads_away},
    rules::{self, graphs as say},
};

/// Keys whose text is a path that a layer reads when it is built.
const PATHS: [&str; 9] = [
    "vocabulary",
    "filepath",
    "file_path",
    "vocabulary_file",
    "saved_model_path",
    "export_dir",
    "path",
    "filename",
    "fname",
];
/// Modules of Keras 3 that hold layers which load code from somewhere else.
const LOADERS: [&str; 3] = ["TorchModuleWrapper", "TFSMLayer", "JaxLayer"];

/// A walk over the values of a configuration.
pub(super) struct Judge<'k, 'l> {
    look: &'k mut Look<'l>,
    classes: u64,
}

impl<'k, 'l> Judge<'k, 'l> {
    pub(super) fn new(look: &'k mut Look<'l>) -> Self {
        Self { look, classes: 0 }
    }

    /// Judges all of it.
    pub(super) fn judge(&mut self, value: &Value) {
        if let Value::Object(object) = value {
            self.describe(object);
        }
        self.walk(value, 0);
    }

    fn describe(&mut self, object: &Map<String, Value>) {
        let name = object.get("config").and_then(|config| config.get("name")).and_then(Value::as_str);
        if let (Some(name), 0) = (name, self.look.depth()) {
            self.look.learned.name.get_or_insert_with(|| cut(name));
        }
        if let Some(class) = object.get("class_name").and_then(Value::as_str) {
            self.look.learn("class_name", class);
        }
    }

    fn walk(&mut self, value: &Value, depth: usize) {
        if depth > DEPTH {
            let message = "values in values, deeper than any configuration";
            self.look.say(&rules::NESTED_TOO_DEEP, None, "configuration", message);
            return;
        }
        let depth = depth.saturating_add(1);
        match value {
            Value::Object(object) => {
                self.object(object);
                for (key, value) in object {
                    self.walk(value, depth);
                    self.word(key);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.walk(value, depth)),
            Value::String(text) => self.word(text),
            _ => {}
        }
    }

    /// A text on its own: code, or a switch that turns protection off.
    fn word(&mut self, text: &str) {
        if text.contains("enable_unsafe_deserialization") {
            let message = "the configuration turns off the loader's safe mode and then loads what it likes";
            self.look.say(&say::KERAS_UNSAFE, None, "enable_unsafe_deserialization", message);
        } else if let Some(word) = code_in(text) {
            let message = format!("the configuration holds program code: {}", cut(text));
            self.look.say(&say::CODE_IN_TEXT, None, word, message);
        }
    }

    fn object(&mut self, object: &Map<String, Value>) {
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        for key in PATHS {
            if let Some(path) = text(key) {
                self.path(key, path);
            }
        }
        let class = text("class_name").unwrap_or_default();
        let config = object.get("config");
        if object.contains_key("class_name") {
            self.classes = self.classes.saturating_add(1);
            self.class(text("module"), class, text("registered_name"), config);
        } else if object.contains_key("module") && object.contains_key("function_type") {
            // The configuration of a lambda layer of version 2 which stands alone.
            self.lambda(Some(&Value::Object(object.clone())), "Lambda");
        }
    }

    fn class(&mut self, module: Option<&str>, class: &str, registered: Option<&str>, config: Option<&Value>) {
        let leaf = class.rsplit(['>', '.']).next().unwrap_or(class);
        if leaf == "Lambda" || class == "__lambda__" {
            self.lambda(config, leaf);
            if class == "__lambda__" {
                return;
            }
        }
        if LOADERS.contains(&leaf) {
            self.loader(leaf, config);
        }
        let called = config.and_then(Value::as_str).or(registered).unwrap_or(class);
        match module.filter(|module| !module.is_empty()) {
            Some(module) => self.reference(module, class, called),
            None if is_dangerous_function(class) || is_dangerous_function(called) => self.dangerous(class),
            None if registered.is_some_and(|name| name.contains('>')) || class.contains('>') => {
                self.custom(class);
            }
            None => {}
        }
    }

    fn reference(&mut self, module: &str, class: &str, called: &str) {
        let name = if class == "function" { called } else { class };
        let name = format!("{module}.{name}");
        match reference(module, class, called) {
            Reference::Known => {}
            Reference::Custom => self.custom(&name),
            Reference::Dangerous => self.dangerous(&name),
            Reference::Foreign => {
                let message =
                    format!("loading imports `{module}` and calls `{name}` with arguments from the file");
                self.look.say(&say::KERAS_FOREIGN, None, &name, message);
            }
        }
    }

    fn dangerous(&mut self, name: &str) {
        let message = format!("loading calls `{name}` with arguments from the file: no model needs that");
        self.look.say(&say::KERAS_INJECTION, None, name, message);
    }

    fn custom(&mut self, name: &str) {
        self.look.say(
            &say::KERAS_CUSTOM,
            None,
            name,
            format!("`{name}` is a class or function of the model's author"),
        );
    }

    /// A layer around a function that is saved as byte code.
    fn lambda(&mut self, config: Option<&Value>, class: &str) {
        let Some(config) = config else { return };
        let code = lambda_code(config);
        if code.is_empty() {
            if class == "__lambda__" {
                self.look.say(&say::KERAS_LAMBDA, None, class, "a function in a form that cannot be read");
            } else if let Some(name) = config.get("function").and_then(lambda_name) {
                self.custom(name);
            }
            return;
        }
        let bytes = python::code(&code);
        match dangerous_word(&bytes).or_else(|| dangerous_word(code.as_bytes())) {
            Some(word) => {
                let message =
                    format!("the byte code of a lambda layer, which runs when the model does, uses `{word}`");
                self.look.say(&say::KERAS_LAMBDA_ATTACKS, None, &word, message);
            }
            None => {
                let message = format!("a lambda layer holds {} bytes of Python byte code", bytes.len());
                self.look.say(&say::KERAS_LAMBDA, None, "Lambda", message);
            }
        }
    }

    /// A layer that loads a model, or code, of another kind.
    fn loader(&mut self, class: &str, config: Option<&Value>) {
        let message = format!("the layer `{class}` loads a program of another library, whatever that does");
        self.look.say(&say::KERAS_LOADER, None, class, message);
        let packed = config.and_then(|config| config.get("module")).and_then(Value::as_str);
        if let Some(bytes) = packed.and_then(python::base64).filter(|bytes| bytes.len() > 8) {
            // An error here is one of memory, of which there is none.
            let _ = crate::inspect::look_at_member(&Bytes::in_memory(bytes), class, self.look);
        }
    }

    fn path(&mut self, key: &str, path: &str) {
        let Some(fault) = leads_away(path) else { return };
        let message = format!("loading reads `{}` because of `{key}`: {fault}", cut(path));
        let rule = match fault == "an absolute path" && !is_private(path) {
            true => &say::KERAS_PATH,
            false => &say::EXTERNAL_PATH,
        };
        self.look.say(rule, None, path, message);
    }
}

/// The name of a function that is registered with the loader, in every form that the versions gave it.
fn lambda_name(function: &Value) -> Option<&str> {
    match function {
        Value::String(name) => Some(name),
        Value::Array(parts) => parts.first().and_then(Value::as_str),
        Value::Object(object) => ["config", "registered_name", "name", "class_name"]
            .into_iter()
            .filter_map(|key| object.get(key).and_then(Value::as_str))
            .find(|name| *name != "function" && *name != "__lambda__"),
        _ => None,
    }
}

/// The byte code of a lambda, wherever the versions put it.
fn lambda_code(config: &Value) -> String {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let from_function = |function: &Value| match function {
        Value::Array(parts) => parts.first().and_then(text),
        Value::Object(object) => object
            .get("code")
            .or_else(|| object.get("config").and_then(|config| config.get("code")))
            .and_then(text)
            .or_else(|| object.get("items").and_then(|items| items.get(0)).and_then(text)),
        _ => None,
    };
    let direct = config.get("code").and_then(text);
    let named = config.get("function_type").and_then(Value::as_str) == Some("function");
    direct
        .or_else(|| config.get("function").filter(|_| !named).and_then(from_function))
        .or_else(|| from_function(config))
        .unwrap_or_default()
}
