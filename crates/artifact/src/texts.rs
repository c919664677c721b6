//! Texts beside a model that say what is loaded and run: configurations, templates, code, cards. They are told by name.
//!
//! This file knows which name means which kind of text; what each means is in its own module.

mod code;
mod configuration;
pub(crate) mod exported;
mod go;
pub(crate) mod jinja;
mod json;
mod names;
mod node;
mod packages;
mod plain;
mod sentencepiece;
mod serving;
mod skops;
#[cfg(test)]
mod tests;
mod yaml;

use std::io;

use crate::{
    inspect::{Bytes, Look},
    reader::cut,
    rules::{self, TOO_MUCH_WORK},
};

/// Bytes of a text without a meaning of its own that are read to see that it is one.
const HEAD: usize = 4096;

/// The kinds of text that are known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A configuration.
    Json,
    /// A vocabulary: JSON that only has to be sound.
    Vocabulary,
    Yaml,
    Jinja,
    GoTemplate,
    Modelfile,
    Preset,
    Card,
    Python,
    /// What MLflow calls `MLmodel`.
    Mlflow,
    /// What Triton calls `config.pbtxt`.
    Triton,
    /// A list of packages that pip installs.
    Requirements,
    /// Nothing in it is loaded or run.
    Prose,
}

fn kind(name: &str) -> Option<Kind> {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    Some(match name {
        "tokenizer.json" | "vocab.json" | "merges.json" => Kind::Vocabulary,
        "readme.md" | "modelcard.md" => Kind::Card,
        "preset.ini" => Kind::Preset,
        "modelfile" => Kind::Modelfile,
        "template" => Kind::GoTemplate,
        // Ollama's parameters; what Orbax and Zarr write beside their arrays.
        "params"
        | "_checkpoint_metadata"
        | "_metadata"
        | "_sharding"
        | ".zarray"
        | ".zgroup"
        | ".zattrs"
        | ".zmetadata" => Kind::Json,
        "mlmodel" => Kind::Mlflow,
        "config.pbtxt" => Kind::Triton,
        _ if name.starts_with("requirements") && extension == "txt" => Kind::Requirements,
        "system" | "license" | "licence" | "notice" | "copying" | "use_policy" | "merges" | "version"
        | "byteorder" | ".gitattributes" | ".gitignore" | ".gitkeep" | "requirements" => Kind::Prose,
        "setup.py" | "conftest.py" => Kind::Prose,
        _ if name.starts_with("modelfile.") => Kind::Modelfile,
        _ if name.starts_with("license.") || name.starts_with("license-") || name.starts_with("notice.") => {
            Kind::Prose
        }
        _ => match extension {
            "json" => Kind::Json,
            "yaml" | "yml" => Kind::Yaml,
            "jinja" | "jinja2" | "j2" => Kind::Jinja,
            "tmpl" | "gotmpl" => Kind::GoTemplate,
            "modelfile" => Kind::Modelfile,
            "py" => Kind::Python,
            "md" | "txt" | "rst" | "csv" | "tsv" | "toml" | "cfg" | "ini" | "lock" | "sha256" | "md5"
            | "bpe" | "tiktoken" | "vocab" | "jsonl" | "log" | "bib" | "cff" | "tex" => Kind::Prose,
            _ => return None,
        },
    })
}

/// Looks at a text of a known name; false when the name is none of them, or when it is no text.
pub(crate) fn inspect(bytes: &Bytes<'_>, name: &str, look: &mut Look<'_>) -> io::Result<bool> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let Some(kind) = kind(&name) else { return sentencepiece::inspect(bytes, look) };
    if kind == Kind::Prose {
        return is_text(bytes);
    }
    let Some(content) = bytes.whole(look.limits.text)? else {
        let message = format!("the text has {} bytes; {} are read at most", bytes.len(), look.limits.text);
        look.say(&TOO_MUCH_WORK, None, "text", message);
        return Ok(true);
    };
    let Ok(text) = std::str::from_utf8(&content) else {
        look.say(&rules::texts::TEXT_BROKEN, None, "", "the text is not UTF-8");
        return Ok(true);
    };
    match kind {
        Kind::Json => json_configuration(text, &name, look),
        Kind::Vocabulary => {
            if let Err(mistake) = json::check(text) {
                say_json(&mistake, look);
            }
        }
        Kind::Yaml | Kind::Mlflow => yaml_configuration(text, &name, look),
        Kind::Triton => serving::triton(text, look),
        Kind::Requirements => packages::requirements(text, look),
        Kind::Jinja => jinja::judge(text, jinja::Place { key: &cut(&name), offset: Some(0) }, look),
        Kind::GoTemplate => go::judge(text, &cut(&name), look),
        Kind::Modelfile => plain::modelfile(text, look),
        Kind::Preset => plain::preset(text, look),
        Kind::Card => plain::card(text, look),
        Kind::Python => code::look_at(text, &name, look),
        Kind::Prose => {}
    }
    Ok(true)
}

/// Whether the head is text: UTF-8, perhaps cut inside a character, without zeros.
fn is_text(bytes: &Bytes<'_>) -> io::Result<bool> {
    let mut head = [0; HEAD];
    let got = bytes.head(&mut head)?;
    let head = head.get(..got).unwrap_or_default();
    let utf8 = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    Ok(utf8 && !head.contains(&0))
}

fn json_configuration(text: &str, name: &str, look: &mut Look<'_>) {
    match json::read(text) {
        Ok(document) => {
            say_twice(&document.twice, look);
            configuration::judge(&document.root, name, look);
        }
        Err(mistake) => say_json(&mistake, look),
    }
}

fn yaml_configuration(text: &str, name: &str, look: &mut Look<'_>) {
    let document = yaml::read(text);
    say_twice(&document.twice, look);
    for (tag, text) in &document.tags {
        configuration::tag(tag, text, look);
    }
    for root in &document.roots {
        configuration::judge(root, name, look);
        match name {
            "mlmodel" => serving::mlflow(root, look),
            "conda.yaml" | "conda.yml" | "environment.yaml" | "environment.yml" | "python_env.yaml" => {
                packages::environment(root, look);
            }
            _ => {}
        }
    }
    match document.mistake {
        None => {}
        Some(yaml::Mistake::Broken(line)) => {
            look.say(&rules::texts::TEXT_BROKEN, None, "", format!("the YAML cannot be read in line {line}"));
        }
        Some(yaml::Mistake::TooMuch) => {
            look.say(&TOO_MUCH_WORK, None, "yaml", "the YAML is longer or deeper than is read");
        }
    }
}

fn say_twice(keys: &[String], look: &mut Look<'_>) {
    for key in keys {
        look.say(&rules::texts::DUPLICATE_KEY, None, key, format!("the key `{}` stands twice", cut(key)));
    }
}

fn say_json(mistake: &json::Mistake, look: &mut Look<'_>) {
    match mistake {
        json::Mistake::Broken(at, what) => {
            look.say(&rules::texts::TEXT_BROKEN, *at as u64, "", format!("the JSON cannot be read: {what}"));
        }
        json::Mistake::TooMuch => {
            look.say(&TOO_MUCH_WORK, None, "json", "the JSON has more values than are read");
        }
    }
}
