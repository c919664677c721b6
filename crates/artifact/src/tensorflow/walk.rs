//! The inspection of TensorFlow's files: every node of every graph and function, every object that Keras would build again.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read, Seek},
};

use super::{
    Kind, kind,
    operators::{Does, does},
};
use crate::{
    HEAD,
    inspect::{Bytes, Look},
    keras,
    protobuf::{Field, Span, Value, Wire},
    prototext::{self, TENSORFLOW_GRAPH, TENSORFLOW_SAVED_MODEL},
    reader::{Fault, cut},
    references::{is_private, leads_away},
    rules::graphs as say,
};

/// Names that are remembered until the end.
const NAMES: usize = 65_536;
/// The longest text that may be a path.
const PATH: usize = 4096;

/// What one walk gathers.
struct Walk<'w, 'k, 'l, R> {
    wire: Wire<'w, R>,
    look: &'k mut Look<'l>,
    /// Operators that TensorFlow does not have, with the place of the first.
    strangers: BTreeMap<String, u64>,
    functions: BTreeSet<String>,
    /// Constants that are paths out of the model, by the name of their node.
    paths: BTreeMap<String, String>,
    /// What goes into operators on files.
    file_inputs: Vec<(String, Does, String)>,
    parameters: Option<u64>,
    variables: u64,
    names: BTreeSet<String>,
    nodes: u64,
    tags: Vec<String>,
    signatures: Vec<String>,
}

/// Looks at all of the file.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut head = [0; HEAD];
    let got = bytes.head(&mut head)?;
    let kind = kind(head.get(..got).unwrap_or_default(), bytes.len());
    let (message, kind) = match kind {
        Some(Kind::SavedModelText) => (Some(&TENSORFLOW_SAVED_MODEL), Some(Kind::SavedModel)),
        Some(Kind::GraphText) => (Some(&TENSORFLOW_GRAPH), Some(Kind::Graph)),
        // The index names tensors and where they lie.
        Some(Kind::Index) => return super::index::inspect(bytes, look),
        kind => (None, kind),
    };
    let Some(message) = message else { return walk(bytes, kind, look) };
    match prototext::recoded(bytes, message, look)? {
        Some(recoded) => look.without_places(|look| walk(&recoded, kind, look)),
        None => Ok(()),
    }
}

fn walk(bytes: &Bytes<'_>, kind: Option<Kind>, look: &mut Look<'_>) -> io::Result<()> {
    let mut reader = bytes.reader();
    let mut walk = Walk {
        wire: Wire::new(&mut reader, bytes.len()),
        look,
        strangers: BTreeMap::new(),
        functions: BTreeSet::new(),
        paths: BTreeMap::new(),
        file_inputs: Vec::new(),
        parameters: Some(0),
        variables: 0,
        names: BTreeSet::new(),
        nodes: 0,
        tags: Vec::new(),
        signatures: Vec::new(),
    };
    let all = Span { at: 0, end: bytes.len() };
    let outcome = match kind {
        Some(Kind::SavedModel) => walk.saved_model(all),
        Some(Kind::Graph) => walk.graph(all),
        Some(Kind::KerasMetadata) => walk.keras_metadata(all),
        _ => Ok(()),
    };
    walk.conclude();
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

/// Whether an operator of TensorFlow that another runtime borrows reaches beyond tensors.
pub(crate) fn is_dangerous_flex(operator: &str) -> Option<&'static crate::Rule> {
    match does(operator) {
        Does::Writes => Some(&say::FILE_WRITE),
        Does::Reads => Some(&say::FILE_READ),
        Does::Python => Some(&say::PYTHON_OPERATOR),
        Does::Unknown => Some(&say::CUSTOM_OPERATOR),
        Does::Computes | Does::ReadsAsset | Does::Compiled | Does::Vendor | Does::Prints => None,
    }
}

impl<R: Read + Seek> Walk<'_, '_, '_, R> {
    /// Calls `see` with every payload of a message.
    fn each(
        &mut self,
        mut message: Span,
        mut see: impl FnMut(&mut Self, Field, Span) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        while let Some(field) = self.wire.next(&mut message)? {
            if let Value::Payload(span) = field.value {
                see(self, field, span)?;
            }
        }
        Ok(())
    }

    fn saved_model(&mut self, model: Span) -> Result<(), Fault> {
        self.each(model, |walk, field, meta| match field.number {
            2 => walk.each(meta, |walk, field, span| match field.number {
                1 => walk.description(span),
                2 => walk.graph(span),
                5 => walk.signature(span),
                7 => walk.objects(span),
                _ => Ok(()),
            }),
            _ => Ok(()),
        })
    }

    fn description(&mut self, message: Span) -> Result<(), Fault> {
        self.each(message, |walk, field, span| {
            match field.number {
                4 if walk.tags.len() < 16 => {
                    let tag = walk.wire.text(span)?;
                    walk.tags.push(tag);
                }
                5 => {
                    let version = walk.wire.text(span)?;
                    walk.look.learn("tensorflow_version", &version);
                }
                _ => {}
            }
            Ok(())
        })
    }

    fn signature(&mut self, message: Span) -> Result<(), Fault> {
        let (name, _) = self.wire.entry(message, 0)?;
        if self.signatures.len() < 32 && !name.is_empty() {
            self.signatures.push(name);
        }
        Ok(())
    }

    fn graph(&mut self, graph: Span) -> Result<(), Fault> {
        self.each(graph, |walk, field, span| match field.number {
            1 => walk.node(span),
            2 => walk.each(span, |walk, field, function| match field.number {
                1 => walk.function(function),
                _ => Ok(()),
            }),
            _ => Ok(()),
        })
    }

    fn function(&mut self, function: Span) -> Result<(), Fault> {
        self.each(function, |walk, field, span| match field.number {
            1 => {
                let mut signature = span;
                while let Some(field) = walk.wire.next(&mut signature)? {
                    if let (1, Some(span)) = (field.number, field.payload())
                        && walk.functions.len() < NAMES
                    {
                        let name = walk.wire.text(span)?;
                        walk.functions.insert(name);
                    }
                }
                Ok(())
            }
            3 => walk.node(span),
            _ => Ok(()),
        })
    }

    fn node(&mut self, node: Span) -> Result<(), Fault> {
        self.nodes = self.nodes.saturating_add(1);
        let (mut name, mut operator, mut inputs) = (String::new(), String::new(), Vec::new());
        self.each(node, |walk, field, span| {
            match field.number {
                1 => name = walk.wire.text(span)?,
                2 => operator = walk.wire.text(span)?,
                3 if inputs.len() < 4 => inputs.push(walk.wire.text(span)?),
                _ => {}
            }
            Ok(())
        })?;
        let does = does(&operator);
        self.operator(does, &operator, &name, node.at);
        if matches!(does, Does::Writes | Does::Reads | Does::ReadsAsset) && self.file_inputs.len() < NAMES {
            self.file_inputs.extend(inputs.into_iter().map(|input| (operator.clone(), does, input)));
        }
        if operator == "Const" || does == Does::Prints || does == Does::Reads {
            self.attributes(node, &name, &operator, does)?;
        }
        Ok(())
    }

    fn operator(&mut self, does: Does, operator: &str, node: &str, at: u64) {
        let (rule, what) = match does {
            Does::Computes | Does::ReadsAsset | Does::Prints => return,
            Does::Writes => (&say::FILE_WRITE, "writes files or data that the model names"),
            Does::Reads => (&say::FILE_READ, "reads files or data that the model names"),
            Does::Python => {
                (&say::PYTHON_OPERATOR, "calls a Python function of the program that loads the model")
            }
            Does::Compiled => (&say::COMPILED_PART, "holds what another compiler made"),
            Does::Vendor => (&say::VENDOR_OPERATOR, "needs an extension of its vendor"),
            Does::Unknown => {
                if self.strangers.len() < NAMES {
                    self.strangers.entry(operator.to_owned()).or_insert(at);
                }
                return;
            }
        };
        self.look.say(rule, at, operator, format!("the node `{node}` is `{operator}`, which {what}"));
    }

    fn attributes(&mut self, node: Span, name: &str, operator: &str, does: Does) -> Result<(), Fault> {
        self.each(node, |walk, field, span| {
            if field.number != 5 {
                return Ok(());
            }
            let (mut key, mut value) = (String::new(), None);
            walk.each(span, |walk, field, span| {
                match field.number {
                    1 => key = walk.wire.text(span)?,
                    2 => value = Some(span),
                    _ => {}
                }
                Ok(())
            })?;
            match value {
                Some(value) if operator == "Const" && key == "value" => walk.constant(value, name),
                Some(value) if does != Does::Computes => walk.texts(value, operator),
                _ => Ok(()),
            }
        })
    }

    /// The first text of a constant, if it is a path out of the model.
    fn constant(&mut self, value: Span, name: &str) -> Result<(), Fault> {
        self.each(value, |walk, field, tensor| {
            if field.number != 8 {
                return Ok(());
            }
            let mut texts = 0usize;
            walk.each(tensor, |walk, field, span| {
                if field.number != 8 || texts > 8 || span.len() > PATH as u64 {
                    return Ok(());
                }
                texts = texts.saturating_add(1);
                let text = String::from_utf8_lossy(&walk.wire.bytes(span, PATH)?).into_owned();
                if text.len() > 1 && leads_away(&text).is_some() && walk.paths.len() < NAMES {
                    walk.paths.insert(name.to_owned(), text);
                }
                Ok(())
            })
        })
    }

    /// Texts of an attribute that say where an operator writes what it is given.
    fn texts(&mut self, value: Span, operator: &str) -> Result<(), Fault> {
        self.each(value, |walk, field, span| match field.number {
            // A list, and in it texts.
            1 => walk.each(
                span,
                |walk, field, span| if field.number == 2 { walk.target(span, operator) } else { Ok(()) },
            ),
            2 => walk.target(span, operator),
            _ => Ok(()),
        })
    }

    fn target(&mut self, span: Span, operator: &str) -> Result<(), Fault> {
        let text = self.wire.text(span)?;
        if text.contains("://") || is_private(&text) {
            let message = format!("`{operator}` writes to, or reads from, `{text}`");
            self.look.say(&say::FILE_WRITE, span.at, operator, message);
        }
        Ok(())
    }

    fn keras_metadata(&mut self, all: Span) -> Result<(), Fault> {
        // Node 1 in each: version, identifier of the node, its path, what it is, and the metadata.
        self.each(all, |walk, field, object| {
            if field.number != 1 {
                return Ok(());
            }
            walk.each(
                object,
                |walk, field, span| if field.number == 5 { walk.metadata(span) } else { Ok(()) },
            )
        })
    }

    fn metadata(&mut self, span: Span) -> Result<(), Fault> {
        let cap = self.look.limits.text;
        if usize::try_from(span.len()).is_ok_and(|len| len <= cap) {
            let json = self.wire.bytes(span, cap)?;
            if json.first() == Some(&b'{') {
                keras::inspect_config(&json, self.look);
            }
        }
        Ok(())
    }

    fn objects(&mut self, graph: Span) -> Result<(), Fault> {
        self.each(graph, |walk, field, object| {
            if field.number != 1 {
                return Ok(());
            }
            walk.each(object, |walk, field, span| match field.number {
                4 => walk.each(
                    span,
                    |walk, field, span| if field.number == 3 { walk.metadata(span) } else { Ok(()) },
                ),
                7 => walk.variable(span),
                _ => Ok(()),
            })
        })
    }

    fn variable(&mut self, variable: Span) -> Result<(), Fault> {
        let (mut elements, mut name) = (Some(1u64), String::new());
        self.each(variable, |walk, field, shape| {
            if field.number == 6 {
                name = walk.wire.text(shape)?;
            }
            if field.number != 2 {
                return Ok(());
            }
            walk.each(shape, |walk, field, mut extent| {
                while field.number == 2
                    && let Some(field) = walk.wire.next(&mut extent)?
                {
                    if let Value::Number(number) = field.value {
                        elements = elements.and_then(|all| all.checked_mul(number));
                    }
                }
                Ok(())
            })
        })?;
        // An export tracks the same variable in more than one list; optimizers keep two more for each.
        if name.contains("optimizer")
            || self.names.len() >= NAMES
            || (!name.is_empty() && !self.names.insert(name))
        {
            return Ok(());
        }
        self.variables = self.variables.saturating_add(1);
        self.parameters = self.parameters.zip(elements).and_then(|(sum, more)| sum.checked_add(more));
        Ok(())
    }

    fn conclude(&mut self) {
        for (operator, at) in std::mem::take(&mut self.strangers) {
            if !self.functions.contains(&operator) {
                let message = format!(
                    "the operator `{operator}` is not one of TensorFlow: it needs a library of native code"
                );
                self.look.say(&say::CUSTOM_OPERATOR, at, &operator, message);
            }
        }
        for (operator, does, input) in std::mem::take(&mut self.file_inputs) {
            let node = input.trim_start_matches('^').split(':').next().unwrap_or_default();
            let Some(path) = self.paths.get(node).filter(|path| does != Does::ReadsAsset || is_private(path))
            else {
                continue;
            };
            let message = format!("`{operator}` is given the path `{}`", cut(path));
            self.look.say(&say::EXTERNAL_PATH, None, path, message);
        }
        self.look.learn("tags", &self.tags.join(", "));
        self.look.learn("signatures", &self.signatures.join(", "));
        if self.nodes > 0 {
            self.look.learn("nodes", &self.nodes.to_string());
        }
        if self.variables > 0 {
            self.look.learn_weights(self.parameters, self.variables, None, std::iter::empty());
        }
    }
}
