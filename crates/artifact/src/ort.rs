//! ONNX Runtime's own format: ONNX as a FlatBuffer with the identifier `ORTM`.
//!
//! Source: `onnxruntime/core/flatbuffers/schema/ort.fbs`.

use std::io::{self, Read, Seek};

use domain::Severity;

use crate::{
    Format, Identified,
    flatbuffer::{Flat, Marked, Table},
    inspect::{Bytes, Look},
    onnx::{Needs, needs},
    reader::Fault,
    references::code_in,
    rules::{self, graphs as say},
};

/// Graphs in attributes of nodes of graphs.
const DEPTH: u8 = 32;

const ORT: Marked = Marked { identifier: b"ORTM", format: Format::Ort, truncated: &say::TRUNCATED };

/// Whether the head is that of a model.
pub(crate) fn plausible(head: &[u8], len: u64) -> bool {
    ORT.plausible(head, len)
}

/// Identifies a model by its identifier.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    ORT.identify(reader, head, len, |flat, session, found| {
        found.keep("ort_version", &flat.text(session, 0)?);
        let Some(model) = flat.child(session, 1)? else { return Ok(()) };
        found.keep("producer_name", &flat.text(&model, 2)?);
        found.keep("producer_version", &flat.text(&model, 3)?);
        Ok(())
    })
}

/// Looks at all of the file.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut reader = bytes.reader();
    let mut flat = Flat::new(&mut reader, 0, bytes.len());
    let mut totals = Totals { parameters: Some(0), tensors: 0 };
    let outcome = model(&mut flat, look, &mut totals);
    look.learn_weights(totals.parameters, totals.tensors, None, std::iter::empty());
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

struct Totals {
    parameters: Option<u64>,
    tensors: u64,
}

fn model<R: Read + Seek>(
    flat: &mut Flat<'_, R>,
    look: &mut Look<'_>,
    totals: &mut Totals,
) -> Result<(), Fault> {
    let session = flat.root()?;
    let Some(model) = flat.child(&session, 1)? else { return Ok(()) };
    flat.tables(&model, 9, |flat, entry| {
        let (key, value) = (flat.text(&entry, 0)?, flat.bytes(&entry, 1, 1 << 20)?);
        let value = String::from_utf8_lossy(&value);
        if let Some(word) = code_in(&value) {
            look.say(
                &say::CODE_IN_TEXT,
                flat.reader.offset(),
                word,
                format!("the metadata `{key}` holds program code"),
            );
        }
        if key.eq_ignore_ascii_case("license") {
            look.claim_license(&value, &format!("ORT metadata {key}"));
        }
        look.learn(&key, &value);
        Ok(())
    })?;
    match flat.child(&model, 7)? {
        Some(main) => graph(flat, &main, 0, look, totals),
        None => Ok(()),
    }
}

fn graph<R: Read + Seek>(
    flat: &mut Flat<'_, R>,
    table: &Table,
    depth: u8,
    look: &mut Look<'_>,
    totals: &mut Totals,
) -> Result<(), Fault> {
    if depth >= DEPTH {
        let rule = rules::NESTED_TOO_DEEP.id;
        return Err(Fault::broken(
            rule,
            Severity::Medium,
            flat.reader.offset(),
            "graphs in graphs, deeper than a loader goes",
        ));
    }
    flat.tables(table, 0, |flat, tensor| {
        let dims = flat.vector(&tensor, 2, 8)?;
        let mut elements = Some(1u64);
        flat.reader.seek(dims.at)?;
        for _ in 0..dims.len {
            let extent = flat.reader.u64()?;
            elements = elements.and_then(|all| all.checked_mul(extent));
        }
        totals.tensors = totals.tensors.saturating_add(1);
        totals.parameters = totals.parameters.zip(elements).and_then(|(sum, more)| sum.checked_add(more));
        Ok(())
    })?;
    flat.tables(table, 2, |flat, node| self::node(flat, &node, depth, look, totals))?;
    Ok(())
}

fn node<R: Read + Seek>(
    flat: &mut Flat<'_, R>,
    node: &Table,
    depth: u8,
    look: &mut Look<'_>,
    totals: &mut Totals,
) -> Result<(), Fault> {
    let (domain, operator) = (flat.text(node, 2)?, flat.text(node, 5)?);
    let at = flat.reader.offset();
    let name = if domain.is_empty() { operator.clone() } else { format!("{domain}.{operator}") };
    let (rule, what) = match needs(&domain, &operator) {
        Needs::Nothing => (None, ""),
        Needs::Vendor => (Some(&say::VENDOR_OPERATOR), "needs an extension of its vendor"),
        Needs::Python => (Some(&say::PYTHON_OPERATOR), "calls Python code that the model names"),
        Needs::Compiled => (Some(&say::COMPILED_PART), "holds or points at what a vendor's compiler made"),
        Needs::Library => (Some(&say::CUSTOM_OPERATOR), "needs a library of native code beside the model"),
    };
    if let Some(rule) = rule {
        look.say(rule, at, &name, format!("the operator `{name}` {what}"));
    }
    flat.tables(node, 10, |flat, attribute| {
        if let Some(inner) = flat.child(&attribute, 7)? {
            graph(flat, &inner, depth.saturating_add(1), look, totals)?;
        }
        flat.tables(&attribute, 12, |flat, inner| {
            graph(flat, &inner, depth.saturating_add(1), look, totals)
        })?;
        Ok(())
    })?;
    Ok(())
}
