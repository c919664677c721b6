//! Ensembles of trees: `XGBoost` (JSON, UBJSON, the old binary form), `LightGBM` (text) and `CatBoost` (FlatBuffer).
//!
//! Sources: `XGBoost` "Introduction to Model IO" and its JSON schema, the UBJSON specification, `LightGBM` `gbdt_model_text.cpp`, `CatBoost`
//! `libs/model/flatbuffers/model.fbs`. They are data: what they say of themselves is kept, their structure is checked.

mod ubjson;

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read, Seek},
};

use domain::Role;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Format, Identified, Sureness,
    flatbuffer::Flat,
    inspect::{Bytes, Look},
    reader::{Fault, contains, cut, u32_at},
    references::code_in,
    rules::graphs as say,
};

/// The longest line of a text model.
const LINE: u64 = 256 << 20;
/// The start of a model in UBJSON: an object whose first key is `learner`, its length in one of the widths.
const UBJSON: [&[u8]; 3] = [b"{L\0\0\0\0\0\0\0\x07learner{", b"{i\x07learner{", b"{U\x07learner{"];

/// The library and form that the head belongs to.
fn format(head: &[u8], len: u64) -> Option<(Format, Sureness, &'static str)> {
    match head {
        [b'C', b'B', b'M', b'1', ..]
            if u32_at(head, 4).is_some_and(|size| size >= 16 && u64::from(size) < len) =>
        {
            Some((Format::Catboost, Sureness::Certain, "magic CBM1 and a FlatBuffer"))
        }
        [b'b', b'i', b'n', b'f', ..] if is_old_xgboost(head) => {
            Some((Format::Xgboost, Sureness::Probable, "magic binf and the parameters of a learner"))
        }
        [b't', b'r', b'e', b'e', b'\n' | b'\r', ..] => {
            let version =
                contains(head.get(..32).unwrap_or(head), b"version=v") && contains(head, b"num_class=");
            version.then_some((
                Format::Lightgbm,
                Sureness::Certain,
                "text that begins with tree, version and num_class",
            ))
        }
        [b'{', ..] if UBJSON.iter().any(|start| head.starts_with(start)) => {
            Some((Format::Xgboost, Sureness::Certain, "UBJSON with a learner"))
        }
        [b'{', ..] => {
            is_json(head).then_some((Format::Xgboost, Sureness::Certain, "JSON with a learner of XGBoost"))
        }
        _ => None,
    }
}

/// `{"learner":{"attributes":…`, however much space there is between.
fn is_json(head: &[u8]) -> bool {
    let start: Vec<u8> = head.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(24).collect();
    start.starts_with(b"{\"learner\":{\"")
        && [&b"\"feature_names\""[..], b"\"gradient_booster\"", b"\"learner_model_param\""]
            .iter()
            .any(|key| contains(head, key))
}

/// Base score, number of features, number of classes, whether attributes follow: all of them small.
fn is_old_xgboost(head: &[u8]) -> bool {
    let word = |at| u32_at(head, at).unwrap_or(u32::MAX);
    word(8) < 1 << 24 && word(12) < 1 << 16 && word(16) <= 1 && f32::from_bits(word(4)).is_finite()
}

/// Whether the head is that of an ensemble of trees.
pub(crate) fn plausible(head: &[u8], len: u64) -> bool {
    format(head, len).is_some()
}

/// Identifies an ensemble of trees.
pub(crate) fn identify<R: Read + Seek>(_: &mut R, head: &[u8], len: u64) -> io::Result<Option<Identified>> {
    Ok(format(head, len).map(|(format, sure, reason)| Identified::new(format, sure, Role::Weights, reason)))
}

/// Looks at all of the file.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut head = [0; 64];
    let got = bytes.head(&mut head)?;
    let head = head.get(..got).unwrap_or_default();
    match head.first() {
        Some(b'C') => catboost(bytes, look),
        Some(b't') => lightgbm(bytes, look),
        Some(b'b') => {
            look.say(
                &say::COMPILED_PART,
                0,
                "binf",
                "the old binary form of XGBoost has no structure that can be checked",
            );
            Ok(())
        }
        _ if UBJSON.iter().any(|start| head.starts_with(start)) => ubjson::inspect(bytes, look),
        _ => json(bytes, look),
    }
}

/// The parts of a model in JSON that are kept; trees are passed over.
#[derive(Deserialize)]
struct Model {
    learner: Learner,
    #[serde(default)]
    version: Vec<u64>,
}

#[derive(Deserialize)]
struct Learner {
    #[serde(default)]
    attributes: BTreeMap<String, Value>,
    #[serde(default)]
    objective: BTreeMap<String, Value>,
    #[serde(default)]
    learner_model_param: BTreeMap<String, Value>,
}

fn json(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let reader = BufReader::with_capacity(1 << 16, bytes.reader());
    let model: Model = match serde_json::from_reader(reader) {
        Ok(model) => model,
        Err(error) if error.is_io() => return Err(error.into()),
        Err(error) => {
            look.say(&say::MALFORMED, None, "", format!("the model is no JSON that can be read: {error}"));
            return Ok(());
        }
    };
    let version: Vec<_> = model.version.iter().take(3).map(u64::to_string).collect();
    look.learn("version", &version.join("."));
    for (key, value) in model.learner.objective.iter().chain(&model.learner.learner_model_param) {
        if let Some(text) = value.as_str() {
            look.learn(key, text);
        }
    }
    for (key, value) in &model.learner.attributes {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        attribute(key, &text, look);
    }
    Ok(())
}

/// An attribute that whoever trained the model has set.
fn attribute(key: &str, text: &str, look: &mut Look<'_>) {
    if let Some(word) = code_in(text) {
        look.say(
            &say::CODE_IN_TEXT,
            None,
            word,
            format!("the attribute `{}` holds program code: {}", cut(key), cut(text)),
        );
    }
    look.learn(key, text);
}

fn lightgbm(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 16, bytes.reader());
    let (mut line, mut trees) = (Vec::new(), 0u64);
    loop {
        line.clear();
        if (&mut reader).take(LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.contains(&0) || !line.ends_with(b"\n") && line.len() as u64 >= LINE {
            look.say(&say::MALFORMED, None, "", "a line that is no text");
            return Ok(());
        }
        trees = trees.saturating_add(line.starts_with(b"Tree=").into());
        // Lines of numbers are passed over.
        if line.len() < 1 << 20
            && line
                .first()
                .is_some_and(|first| matches!(first, b'f' | b'[' | b'p' | b'o' | b'v' | b'n' | b'm'))
        {
            let text = String::from_utf8_lossy(&line);
            let (key, value) = text.trim_end().split_once(['=', ':']).unwrap_or((text.trim_end(), ""));
            if let Some(word) = code_in(&text) {
                look.say(&say::CODE_IN_TEXT, None, word, format!("`{}` holds program code", cut(key)));
            }
            if matches!(key, "version" | "objective" | "num_class" | "max_feature_idx") {
                look.learn(key, value);
            }
        }
    }
    look.learn("trees", &trees.to_string());
    Ok(())
}

fn catboost(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut reader = bytes.reader();
    let mut flat = Flat::new(&mut reader, 8, bytes.len());
    let outcome = core(&mut flat, look);
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

fn core<R: Read + Seek>(flat: &mut Flat<'_, R>, look: &mut Look<'_>) -> Result<(), Fault> {
    let core = flat.root()?;
    look.learn("format_version", &flat.text(&core, 0)?);
    flat.tables(&core, 2, |flat, entry| {
        let key = flat.text(&entry, 0)?;
        let value = flat.bytes(&entry, 1, 1 << 20)?;
        attribute(&key, &String::from_utf8_lossy(&value), look);
        Ok(())
    })?;
    Ok(())
}
