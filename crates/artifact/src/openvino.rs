//! Models that are XML: `OpenVINO` networks, whose weights lie in a second file, and PMML.
//!
//! Sources: `OpenVINO` "IR format" (element `net`, versions 10 and 11, layers with the set of their operator), PMML 4.4 (element `PMML`).

use std::{
    collections::BTreeMap,
    io::{self, Read, Seek},
};

use domain::Role;

use crate::{
    Format, Identified, Sureness,
    inspect::{Bytes, Look},
    reader::{Fault, contains, cut},
    references::code_in,
    rules::graphs as say,
    xml::{self, Element, Event, Xml},
};

/// Sets of operators that the runtime has; numbered ones begin with `opset`.
const SETS: [&str; 7] =
    ["opset", "ie_internal_opset", "gpu_opset", "cpu_plugin_opset", "util", "internal", "type_relaxed_opset"];

/// Which of the two the first element belongs to.
fn format(head: &[u8]) -> Option<(Format, Element)> {
    let likely = contains(head, b"<net") || contains(head, b"<PMML") || contains(head, b":PMML");
    let root = xml::root(head).filter(|_| likely)?;
    let is_net = root.name == "net"
        && root
            .get("version")
            .is_some_and(|version| version.parse::<u8>().is_ok_and(|version| (2..=30).contains(&version)))
        && (contains(head, b"<layers") || root.get("name").is_some());
    if is_net {
        return Some((Format::Openvino, root));
    }
    let is_pmml = root.name.rsplit(':').next() == Some("PMML") && root.get("version").is_some();
    is_pmml.then_some((Format::Pmml, root))
}

/// Whether the head is XML with the first element of a model.
pub(crate) fn plausible(head: &[u8]) -> bool {
    matches!(head, [b'<' | 0xef | b' ' | b'\n' | b'\r' | b'\t', ..]) && format(head).is_some()
}

/// Identifies a model by its first element.
pub(crate) fn identify<R: Read + Seek>(_: &mut R, head: &[u8], _: u64) -> io::Result<Option<Identified>> {
    if !plausible(head) {
        return Ok(None);
    }
    let Some((format, root)) = format(head) else { return Ok(None) };
    let version = root.get("version").unwrap_or_default();
    let sure = if contains(head, b"<layers") || format == Format::Pmml {
        Sureness::Certain
    } else {
        Sureness::Probable
    };
    let reason = format!("XML with the root element {} of version {version}", root.name);
    let mut found = Identified::new(format, sure, Role::Weights, reason);
    found.keep("version", version);
    found.metadata.name = root.get("name").map(cut).filter(|name| !name.is_empty());
    Ok(Some(found))
}

/// Looks at all of the file.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut reader = bytes.reader();
    let outcome = walk(&mut Xml::new(&mut reader, bytes.len()), look);
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

/// What the constants add up to.
#[derive(Default)]
struct Weights {
    constants: u64,
    bytes: u64,
    parameters: Option<u64>,
    kinds: BTreeMap<String, u64>,
}

fn walk<R: Read + Seek>(xml: &mut Xml<'_, R>, look: &mut Look<'_>) -> Result<(), Fault> {
    let mut weights = Weights { parameters: Some(0), ..Weights::default() };
    let mut net = false;
    while let Some(event) = xml.next()? {
        match event {
            Event::Close(_) => {}
            Event::Declaration(text) => declaration(&text, look),
            Event::Open(element) => {
                net |= element.name == "net";
                match element.name.as_str() {
                    "layer" if net => layer(&element, look),
                    "data" if net => constant(&element, &mut weights, look),
                    _ => {}
                }
                for (key, value) in &element.attributes {
                    if let Some(word) = code_in(value) {
                        let message =
                            format!("the attribute `{key}` of `{}` holds program code", element.name);
                        look.say(&say::CODE_IN_TEXT, element.at, word, message);
                    }
                }
            }
        }
    }
    if net {
        look.learn("weights_bytes", &weights.bytes.to_string());
        let commonest =
            weights.kinds.iter().max_by_key(|(_, size)| **size).map(|(kind, _)| kind.to_ascii_uppercase());
        look.learn_weights(weights.parameters, weights.constants, commonest, std::iter::empty());
    }
    Ok(())
}

fn declaration(text: &str, look: &mut Look<'_>) {
    let reaches =
        text.contains("SYSTEM") || text.contains("PUBLIC") || text.trim_start().starts_with("ENTITY");
    let message = format!("the file declares `<!{}`", cut(text.trim()));
    let rule = if reaches { &say::XML_ENTITY } else { &say::XML_DOCTYPE };
    look.say(rule, None, "", message);
}

fn layer(element: &Element, look: &mut Look<'_>) {
    let Some(set) = element.get("version") else { return };
    if !SETS.iter().any(|known| set.starts_with(known)) {
        let kind = element.get("type").unwrap_or_default();
        let message = format!("the operator `{kind}` of the set `{set}` needs a library of native code");
        look.say(&say::CUSTOM_OPERATOR, element.at, &format!("{set}.{kind}"), message);
    }
}

/// A constant: where it lies in the second file, and how long it is.
fn constant(element: &Element, weights: &mut Weights, look: &mut Look<'_>) {
    let (Some(offset), Some(size)) = (element.get("offset"), element.get("size")) else { return };
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number < 1 << 62);
    let (Some(offset), Some(size)) = (number(offset), number(size)) else {
        let message =
            format!("a constant is to lie at `{offset}`, `{size}` bytes long: these are no such numbers");
        look.say(&say::EXTERNAL_RANGE, element.at, "Const", message);
        return;
    };
    weights.constants = weights.constants.saturating_add(1);
    weights.bytes = weights.bytes.max(offset.saturating_add(size));
    let kind = element.get("element_type").unwrap_or("unknown");
    let extents = element
        .get("shape")
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|extent| !extent.is_empty());
    let elements = extents
        .map(|extent| extent.parse::<u64>().ok())
        .try_fold(1u64, |all, extent| all.checked_mul(extent?));
    let bits = kind.trim_start_matches(|c: char| !c.is_ascii_digit()).parse::<u64>().unwrap_or(0);
    let needed = elements.and_then(|elements| elements.checked_mul(bits)).map(|bits| bits.div_ceil(8));
    if matches!(
        kind,
        "f32" | "f16" | "bf16" | "f64" | "i64" | "i32" | "i16" | "i8" | "u8" | "u16" | "u32" | "u64"
    ) && kind != "bf16"
        && needed.is_none_or(|needed| needed > size)
    {
        let message = format!("a constant has {size} bytes, its shape asks for more");
        look.say(&say::EXTERNAL_RANGE, element.at, "Const", message);
    }
    weights.parameters = weights.parameters.zip(elements).and_then(|(sum, more)| sum.checked_add(more));
    if weights.kinds.len() < 64 || weights.kinds.contains_key(kind) {
        let of_kind = weights.kinds.entry(kind.to_owned()).or_default();
        *of_kind = of_kind.saturating_add(size);
    }
}
