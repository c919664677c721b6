//! The inspection of ONNX: every message that can name a file, an operator or code, at any depth of graphs in graphs.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read, Seek},
};

use domain::Severity;

use super::{
    operators::{Needs, needs},
    tensors::element,
};
use crate::{
    HEAD,
    inspect::{Bytes, Look},
    protobuf::{Field, Span, Value, Wire},
    prototext::{self, ONNX_MODEL},
    reader::{Fault, cut},
    references::{code_in, leads_away},
    rules::{self, graphs as say},
};

/// Graphs in attributes of nodes of graphs. Protocol buffers stop at 100 messages, of which each graph takes three.
const DEPTH: u8 = 36;
/// How much of one text is searched for code.
const TEXT: usize = 1 << 20;
/// The longest attribute that is taken for something other than a vocabulary.
const WORDS: u64 = 16_384;
/// Names of inputs and outputs that are kept.
const PORTS: usize = 16;
/// Tensors whose place is remembered for the digest of the weights.
pub(super) const WEIGHTS: usize = 1 << 16;
/// Operators in sets of their own that are remembered until all functions are known.
const STRANGERS: usize = 4096;

/// What the walk gathers.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) parameters: Option<u64>,
    pub(super) tensors: u64,
    /// Elements by type.
    pub(super) kinds: BTreeMap<u64, u64>,
    /// Files that hold weights.
    pub(super) files: BTreeSet<String>,
    pub(super) weights: Vec<(String, std::ops::Range<u64>)>,
    /// Operators by set and name, with the place of the first.
    strangers: BTreeMap<(String, String), u64>,
    functions: BTreeSet<(String, String)>,
    inputs: Vec<String>,
    outputs: Vec<String>,
    nodes: u64,
}

/// The walk over one file.
pub(super) struct Inspector<'w, 'k, 'l, R> {
    pub(super) wire: Wire<'w, R>,
    pub(super) look: &'k mut Look<'l>,
    pub(super) found: Found,
}

/// Looks at all of the file.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut head = [0; HEAD];
    let got = bytes.head(&mut head)?;
    if super::text(head.get(..got).unwrap_or_default()).is_none() {
        return walk(bytes, look);
    }
    match prototext::recoded(bytes, &ONNX_MODEL, look)? {
        Some(recoded) => look.without_places(|look| walk(&recoded, look)),
        None => Ok(()),
    }
}

fn walk(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut reader = bytes.reader();
    let found = Found {
        parameters: Some(0),
        tensors: 0,
        kinds: BTreeMap::new(),
        files: BTreeSet::new(),
        weights: Vec::new(),
        strangers: BTreeMap::new(),
        functions: BTreeSet::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        nodes: 0,
    };
    let mut walk = Inspector { wire: Wire::new(&mut reader, bytes.len()), look, found };
    let outcome = walk.model(Span { at: 0, end: bytes.len() });
    walk.strangers();
    walk.tell();
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

impl<R: Read + Seek> Inspector<'_, '_, '_, R> {
    fn model(&mut self, mut message: Span) -> Result<(), Fault> {
        while let Some(field) = self.wire.next(&mut message)? {
            let Value::Payload(span) = field.value else { continue };
            match field.number {
                6 => self.prose("the description", span)?,
                7 => self.graph(span, 0, true)?,
                14 => self.property(span)?,
                20 => self.training(span)?,
                25 => self.function(span)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn training(&mut self, mut message: Span) -> Result<(), Fault> {
        while let Some(field) = self.wire.next(&mut message)? {
            if let (1 | 2, Some(span)) = (field.number, field.payload()) {
                self.graph(span, 0, false)?;
            }
        }
        Ok(())
    }

    fn property(&mut self, span: Span) -> Result<(), Fault> {
        let at = span.at;
        let (key, value) = self.wire.entry(span, TEXT)?;
        let value = String::from_utf8_lossy(&value);
        self.code(&value, &format!("the metadata `{key}`"), at);
        let lower = key.to_ascii_lowercase();
        if lower == "license" || lower == "licence" || lower == "license_url" {
            self.look.claim_license(&value, &format!("ONNX metadata {key}"));
        }
        self.look.learn(&key, &value);
        Ok(())
    }

    fn prose(&mut self, what: &str, span: Span) -> Result<(), Fault> {
        let text = self.wire.bytes(span, TEXT)?;
        self.code(&String::from_utf8_lossy(&text), what, span.at);
        Ok(())
    }

    fn code(&mut self, text: &str, place: &str, at: u64) {
        if let Some(word) = code_in(text) {
            let message = format!("{place} holds program code: {}", cut(text.trim()));
            self.look.say(&say::CODE_IN_TEXT, at, word, message);
        }
    }

    fn function(&mut self, mut message: Span) -> Result<(), Fault> {
        let (mut name, mut domain) = (String::new(), String::new());
        while let Some(field) = self.wire.next(&mut message)? {
            match (field.number, field.payload()) {
                (1, Some(span)) => name = self.wire.text(span)?,
                (10, Some(span)) => domain = self.wire.text(span)?,
                (7, Some(span)) => self.node(span, 1)?,
                (11, Some(span)) => self.attribute(span, 1, None)?,
                _ => {}
            }
        }
        if self.found.functions.len() < STRANGERS {
            self.found.functions.insert((domain, name));
        }
        Ok(())
    }

    fn graph(&mut self, mut message: Span, depth: u8, main: bool) -> Result<(), Fault> {
        if depth >= DEPTH {
            let rule = rules::NESTED_TOO_DEEP.id;
            return Err(Fault::broken(
                rule,
                Severity::Medium,
                message.at,
                "graphs in graphs, deeper than a loader goes",
            ));
        }
        while let Some(field) = self.wire.next(&mut message)? {
            let Value::Payload(span) = field.value else { continue };
            match field.number {
                1 => self.node(span, depth)?,
                5 => self.tensor(span, true)?,
                11 | 12 if main => self.port(span, field.number == 11)?,
                15 => self.sparse(span, true)?,
                16 => self.property(span)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn sparse(&mut self, mut message: Span, weight: bool) -> Result<(), Fault> {
        while let Some(field) = self.wire.next(&mut message)? {
            if let (1 | 2, Some(span)) = (field.number, field.payload()) {
                self.tensor(span, weight && field.number == 1)?;
            }
        }
        Ok(())
    }

    fn node(&mut self, message: Span, depth: u8) -> Result<(), Fault> {
        self.found.nodes = self.found.nodes.saturating_add(1);
        let (mut operator, mut domain) = (String::new(), String::new());
        // The name may stand behind the attributes, so it is read first.
        let mut names = message;
        while let Some(field) = self.wire.next(&mut names)? {
            match (field.number, field.payload()) {
                (4, Some(span)) => operator = self.wire.text(span)?,
                (7, Some(span)) => domain = self.wire.text(span)?,
                _ => {}
            }
        }
        let needs = needs(&domain, &operator);
        self.operator(needs, domain, &operator, message.at);
        let mut rest = message;
        while let Some(field) = self.wire.next(&mut rest)? {
            if let (5, Some(span)) = (field.number, field.payload()) {
                self.attribute(span, depth, Some(needs))?;
            }
        }
        Ok(())
    }

    fn operator(&mut self, needs: Needs, domain: String, operator: &str, at: u64) {
        let name = if domain.is_empty() { operator.to_owned() } else { format!("{domain}.{operator}") };
        match needs {
            Needs::Nothing => {}
            Needs::Python => {
                let message = format!("the operator `{name}` calls Python code that the model names");
                self.look.say(&say::PYTHON_OPERATOR, at, &name, message);
            }
            Needs::Compiled => {
                let message = format!("`{name}` holds or points at what a vendor's compiler made");
                self.look.say(&say::COMPILED_PART, at, &name, message);
            }
            Needs::Vendor => {
                let message = format!("`{name}` needs an extension of its vendor");
                self.look.say(&say::VENDOR_OPERATOR, at, &domain, message);
            }
            Needs::Library if self.found.strangers.len() < STRANGERS => {
                self.found.strangers.entry((domain, operator.to_owned())).or_insert(at);
            }
            Needs::Library => {
                self.look.say(
                    &say::CUSTOM_OPERATOR,
                    at,
                    &domain,
                    format!("`{name}` needs a library of its own"),
                );
            }
        }
    }

    /// Operators of sets that the runtime does not have, unless the model defines them itself.
    fn strangers(&mut self) {
        for ((domain, operator), at) in std::mem::take(&mut self.found.strangers) {
            if !self.found.functions.contains(&(domain.clone(), operator.clone())) {
                let message = format!(
                    "the operator `{domain}.{operator}` needs a library of native code beside the model"
                );
                self.look.say(&say::CUSTOM_OPERATOR, at, &domain, message);
            }
        }
    }

    fn attribute(&mut self, mut message: Span, depth: u8, of: Option<Needs>) -> Result<(), Fault> {
        let (mut name, mut texts) = (String::new(), Vec::new());
        while let Some(field) = self.wire.next(&mut message)? {
            let Value::Payload(span) = field.value else { continue };
            match field.number {
                1 => name = self.wire.text(span)?,
                4 => self.text(span, of, &mut texts)?,
                5 | 10 => self.tensor(span, false)?,
                6 | 11 => self.graph(span, depth.saturating_add(1), false)?,
                22 | 23 => self.sparse(span, false)?,
                _ => {}
            }
        }
        for (text, at) in texts {
            self.text_attribute(&name, &text, at, of);
        }
        Ok(())
    }

    fn text(&mut self, span: Span, of: Option<Needs>, texts: &mut Vec<(String, u64)>) -> Result<(), Fault> {
        // A whole vocabulary, which may be one of code, can be a text as well.
        if span.len() > WORDS {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&self.wire.bytes(span, TEXT)?).into_owned();
        if code_in(&text).is_some() || (of != Some(Needs::Nothing) && texts.len() < 64) {
            texts.push((cut(&text), span.at));
        }
        Ok(())
    }

    fn text_attribute(&mut self, name: &str, text: &str, at: u64, of: Option<Needs>) {
        self.code(text, &format!("the attribute `{name}`"), at);
        if of == Some(Needs::Compiled)
            && name == "ep_cache_context"
            && let Some(fault) = leads_away(text).filter(|_| text.chars().all(|c| !c.is_control()))
        {
            let message = format!("what a compiler made is to be read from `{text}`: {fault}");
            self.look.say(&say::EXTERNAL_PATH, at, text, message);
        }
    }

    /// An input or output of the model, with its type: `x: float32[1, 3, ?]`.
    fn port(&mut self, mut message: Span, input: bool) -> Result<(), Fault> {
        let mut text = String::new();
        while let Some(field) = self.wire.next(&mut message)? {
            match (field.number, field.payload()) {
                (1, Some(span)) => text = self.wire.text(span)?,
                (2, Some(span)) => {
                    let mut of_tensor = String::new();
                    self.kind(span, &mut of_tensor, 0)?;
                    text.push_str(": ");
                    text.push_str(&of_tensor);
                }
                _ => {}
            }
        }
        let ports = if input { &mut self.found.inputs } else { &mut self.found.outputs };
        if ports.len() < PORTS {
            ports.push(cut(&text));
        }
        Ok(())
    }

    /// `TypeProto` with a tensor in it, its shape, and the extents of that, by the same few field numbers.
    fn kind(&mut self, mut message: Span, out: &mut String, level: u8) -> Result<(), Fault> {
        let mut extents = Vec::new();
        while let Some(field) = self.wire.next(&mut message)? {
            match (level, field.number, field.value) {
                (0, 1, Value::Payload(span)) => self.kind(span, out, 1)?,
                (1, 1, Value::Number(kind)) => out.push_str(element(kind).0),
                (1, 2, Value::Payload(span)) => self.kind(span, out, 2)?,
                (2, 1, Value::Payload(span)) if extents.len() < 16 => extents.push(self.extent(span)?),
                _ => {}
            }
        }
        if level == 2 {
            out.push_str(&format!("[{}]", extents.join(", ")));
        }
        Ok(())
    }

    fn extent(&mut self, mut message: Span) -> Result<String, Fault> {
        let mut extent = "?".to_owned();
        while let Some(field) = self.wire.next(&mut message)? {
            match field {
                Field { number: 1, value: Value::Number(number), .. } => extent = number.to_string(),
                Field { number: 2, value: Value::Payload(span), .. } => extent = self.wire.text(span)?,
                _ => {}
            }
        }
        Ok(extent)
    }

    /// What was gathered goes into the answer.
    fn tell(&mut self) {
        let found = &mut self.found;
        if !found.files.is_empty() {
            let files: Vec<_> = found.files.iter().map(String::as_str).collect();
            let files = cut(&files.join(", "));
            self.look.say(
                &say::EXTERNAL_DATA,
                None,
                "",
                format!("weights lie in {files}, which is read together with this file"),
            );
            self.look.learn("external_data", &files);
        }
        self.look.learn("inputs", &found.inputs.join(", "));
        self.look.learn("outputs", &found.outputs.join(", "));
        self.look.learn("nodes", &found.nodes.to_string());
        let commonest = found.kinds.iter().max_by_key(|(_, elements)| **elements);
        let (parameters, tensors) = (found.parameters, found.tensors);
        let commonest = commonest.map(|(kind, _)| element(*kind).0.to_ascii_uppercase());
        found.weights.sort_by(|one, two| one.0.cmp(&two.0));
        let weights = std::mem::take(&mut found.weights);
        self.look.learn_weights(
            parameters,
            tensors,
            commonest,
            weights.into_iter().map(|(_, stretch)| stretch),
        );
    }
}
