//! Core ML: a protocol buffer with a specification version, a description and one model out of a list of kinds.
//!
//! Source: coremltools `mlmodel/format/Model.proto`, `NeuralNetwork.proto`, `MIL.proto`, `LinkedModel.proto`, `CustomModel.proto`.

use std::io::{self, Read, Seek};

use domain::{Role, Severity};

use crate::{
    Format, Identified, Sureness,
    inspect::{Bytes, Look},
    protobuf::{Field, Span, Value, Wire},
    reader::{Fault, cut},
    references::{code_in, leads_away},
    rules::{self, graphs as say},
};

/// Models in pipelines, networks in layers, blocks in operations.
const DEPTH: u8 = 40;
/// Fields of the outermost message: version, description, whether it can be trained on, the model.
const FIELDS: u8 = 12;

/// The kinds of models, by the field that holds one.
const fn kind(field: u64) -> Option<&'static str> {
    Some(match field {
        200..=202 => "pipeline",
        300 | 400 => "linear model",
        301 | 401 => "support vector machine",
        302 | 402 => "tree ensemble",
        303 | 403 | 500 => "neural network",
        304 | 404 | 501 => "other model",
        502 => "ML program",
        555 => "custom model",
        556 => "linked model",
        560..=700 => "feature engineering",
        900 => "identity",
        2000..=2010 => "model of the system",
        3000 => "serialized model",
        _ => return None,
    })
}

/// Whether the head begins with a version and a description.
pub(crate) fn plausible(head: &[u8]) -> bool {
    matches!(head, [0x08, 1..=16, 0x12 | 0x50, ..])
}

/// Identifies a model by its outermost fields: there are no others, and one of them is the model.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    if !plausible(head) {
        return Ok(None);
    }
    let mut wire = Wire::new(reader, len);
    let mut model = Span { at: 0, end: len };
    let (mut version, mut found, mut description) = (0, None, None);
    for _ in 0..FIELDS {
        match wire.next(&mut model) {
            Err(Fault::Io(error)) => return Err(error),
            Err(_) => return Ok(None),
            Ok(None) => break,
            Ok(Some(Field { number: 1, value: Value::Number(number), .. })) => version = number,
            Ok(Some(Field { number: 2, value: Value::Payload(span), .. })) => description = Some(span),
            Ok(Some(Field { number: 10, value: Value::Number(_), .. })) => {}
            Ok(Some(Field { number, value: Value::Payload(_), .. })) if kind(number).is_some() => {
                found = kind(number);
            }
            Ok(Some(_)) => return Ok(None),
        }
    }
    let (Some(kind), Some(description)) = (found, description) else { return Ok(None) };
    let reason = format!("protocol buffer with specification version {version}, a description and a {kind}");
    let mut answer = Identified::new(Format::Coreml, Sureness::Certain, Role::Weights, reason);
    answer.metadata.architecture = Some(kind.to_owned());
    answer.keep("specification_version", &version.to_string());
    match describe(&mut wire, description, &mut answer) {
        Err(Fault::Io(error)) => Err(error),
        _ => Ok(Some(answer)),
    }
}

fn describe<R: Read + Seek>(
    wire: &mut Wire<'_, R>,
    mut message: Span,
    found: &mut Identified,
) -> Result<(), Fault> {
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    while let Some(field) = wire.next(&mut message)? {
        match (field.number, field.payload()) {
            (1 | 10, Some(span)) => {
                let (name, _) = wire.entry(span, 0)?;
                let names = if field.number == 1 { &mut inputs } else { &mut outputs };
                if names.len() < 16 {
                    names.push(name);
                }
            }
            (100, Some(span)) => metadata(wire, span, found)?,
            _ => {}
        }
    }
    found.keep("inputs", &inputs.join(", "));
    found.keep("outputs", &outputs.join(", "));
    Ok(())
}

fn metadata<R: Read + Seek>(
    wire: &mut Wire<'_, R>,
    mut message: Span,
    found: &mut Identified,
) -> Result<(), Fault> {
    while let Some(field) = wire.next(&mut message)? {
        let Some(span) = field.payload() else { continue };
        match field.number {
            1 => found.keep("description", &wire.text(span)?),
            2 => found.keep("version", &wire.text(span)?),
            3 => found.keep("author", &wire.text(span)?),
            4 => {
                let license = wire.text(span)?;
                found.claim_license(&license, "Core ML metadata license".to_owned());
            }
            100 => {
                let (key, value) = wire.entry(span, 1024)?;
                found.keep(&key, &String::from_utf8_lossy(&value));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Looks at all of the file.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut reader = bytes.reader();
    let mut walk = Walk { wire: Wire::new(&mut reader, bytes.len()), look };
    let outcome = walk.model(Span { at: 0, end: bytes.len() }, 0);
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

struct Walk<'w, 'k, 'l, R> {
    wire: Wire<'w, R>,
    look: &'k mut Look<'l>,
}

impl<R: Read + Seek> Walk<'_, '_, '_, R> {
    fn each(
        &mut self,
        mut message: Span,
        mut see: impl FnMut(&mut Self, u64, Span) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        while let Some(field) = self.wire.next(&mut message)? {
            if let Some(span) = field.payload() {
                see(self, field.number, span)?;
            }
        }
        Ok(())
    }

    fn deeper(depth: u8, at: u64) -> Result<u8, Fault> {
        if depth >= DEPTH {
            let rule = rules::NESTED_TOO_DEEP.id;
            return Err(Fault::broken(
                rule,
                Severity::Medium,
                at,
                "models in models, deeper than a loader goes",
            ));
        }
        Ok(depth.saturating_add(1))
    }

    fn model(&mut self, message: Span, depth: u8) -> Result<(), Fault> {
        let depth = Self::deeper(depth, message.at)?;
        self.each(message, |walk, number, span| match number {
            200 | 201 => walk.each(
                span,
                |walk, number, span| if number == 1 { walk.pipeline(span, depth) } else { Ok(()) },
            ),
            202 => walk.pipeline(span, depth),
            303 | 403 | 500 => walk.network(span, depth),
            502 => walk.program(span, depth),
            555 => walk.custom("model", span),
            556 => walk.linked(span),
            3000 => {
                let message = "a model in a form of which only its maker knows";
                walk.look.say(&say::COMPILED_PART, span.at, "serialized model", message);
                Ok(())
            }
            _ => Ok(()),
        })
    }

    fn pipeline(&mut self, message: Span, depth: u8) -> Result<(), Fault> {
        self.each(message, |walk, number, span| if number == 1 { walk.model(span, depth) } else { Ok(()) })
    }

    fn network(&mut self, message: Span, depth: u8) -> Result<(), Fault> {
        let depth = Self::deeper(depth, message.at)?;
        self.each(message, |walk, number, layer| match number {
            1 => walk.each(layer, |walk, number, span| match number {
                500 => walk.custom("layer", span),
                // A branch and a loop hold networks.
                605 | 615 => walk.each(span, |walk, number, span| match (number, span.len() > 0) {
                    (1..=4, true) => walk.network_if_one(span, depth),
                    _ => Ok(()),
                }),
                _ => Ok(()),
            }),
            _ => Ok(()),
        })
    }

    /// A loop has a text among its networks, which is no message.
    fn network_if_one(&mut self, span: Span, depth: u8) -> Result<(), Fault> {
        match self.network(span, depth) {
            Err(Fault::Broken(fact)) if fact.rule == say::MALFORMED.id => Ok(()),
            Err(Fault::End(_)) => Ok(()),
            outcome => outcome,
        }
    }

    fn custom(&mut self, what: &str, message: Span) -> Result<(), Fault> {
        let mut class = String::new();
        self.each(message, |walk, number, span| {
            if matches!(number, 1 | 10) {
                class = walk.wire.text(span)?;
            }
            Ok(())
        })?;
        let message_text =
            format!("the {what} `{class}` runs native code of the program that loads the model");
        self.look.say(&say::COREML_CUSTOM, message.at, &class, message_text);
        Ok(())
    }

    fn linked(&mut self, message: Span) -> Result<(), Fault> {
        let mut texts = Vec::new();
        self.each(message, |walk, _, file| {
            walk.each(file, |walk, _, parameter| {
                walk.each(parameter, |walk, number, span| {
                    if number == 1 && texts.len() < 8 {
                        texts.push(walk.wire.text(span)?);
                    }
                    Ok(())
                })
            })
        })?;
        for text in &texts {
            self.file(text, message.at);
        }
        let name = texts.first().map_or("", String::as_str);
        self.look.say(
            &say::COREML_LINKED,
            message.at,
            name,
            format!("the model in `{name}` is loaded as well"),
        );
        Ok(())
    }

    fn file(&mut self, path: &str, at: u64) {
        let inside = path.strip_prefix("@model_path/").unwrap_or(path);
        if let Some(fault) = leads_away(inside) {
            let message = format!("loading reads `{}`: {fault}", cut(path));
            self.look.say(&say::EXTERNAL_PATH, at, path, message);
        }
    }

    fn program(&mut self, message: Span, depth: u8) -> Result<(), Fault> {
        self.each(message, |walk, number, entry| match number {
            2 => walk.each(entry, |walk, number, function| match number {
                2 => walk.each(function, |walk, number, entry| match number {
                    3 => walk.each(
                        entry,
                        |walk, number, block| if number == 2 { walk.block(block, depth) } else { Ok(()) },
                    ),
                    _ => Ok(()),
                }),
                _ => Ok(()),
            }),
            _ => Ok(()),
        })
    }

    fn block(&mut self, message: Span, depth: u8) -> Result<(), Fault> {
        let depth = Self::deeper(depth, message.at)?;
        self.each(
            message,
            |walk, number, operation| if number == 3 { walk.operation(operation, depth) } else { Ok(()) },
        )
    }

    fn operation(&mut self, message: Span, depth: u8) -> Result<(), Fault> {
        self.each(message, |walk, number, span| match number {
            1 => {
                let kind = walk.wire.text(span)?;
                if kind.starts_with("custom") {
                    let message = format!(
                        "the operation `{kind}` runs native code of the program that loads the model"
                    );
                    walk.look.say(&say::COREML_CUSTOM, span.at, &kind, message);
                }
                Ok(())
            }
            4 => walk.block(span, depth),
            5 => walk.each(span, |walk, number, value| if number == 2 { walk.value(value) } else { Ok(()) }),
            _ => Ok(()),
        })
    }

    fn value(&mut self, message: Span) -> Result<(), Fault> {
        self.each(message, |walk, number, span| match number {
            1 => {
                let text = walk.wire.text(span)?;
                if let Some(word) = code_in(&text) {
                    walk.look.say(&say::CODE_IN_TEXT, span.at, word, "a description holds program code");
                }
                Ok(())
            }
            5 => walk.each(span, |walk, number, span| {
                if number == 1 {
                    let path = walk.wire.text(span)?;
                    walk.file(&path, span.at);
                }
                Ok(())
            }),
            _ => Ok(()),
        })
    }
}
