//! The inspection of TensorFlow Lite: operators that its runtime does not have, numbers that lead out of their lists, what the
//! metadata says, and an archive that may follow the model.

use std::{
    collections::BTreeMap,
    io::{self, Read, Seek},
};

use crate::{
    flatbuffer::{Flat, Table},
    inspect::{Bytes, Look, look_at_member},
    reader::{Bounded, Fault},
    rules::graphs as say,
    tensorflow, zip,
};

/// The number of the builtin operator that stands for all custom ones.
const CUSTOM: u32 = 32;
/// Custom operators of the runtime's own libraries: detection, `MediaPipe`, audio, text.
const KNOWN: [&str; 28] = [
    "TFLite_Detection_PostProcess",
    "Convolution2DTransposeBias",
    "MaxPoolingWithArgmax2D",
    "MaxUnpooling2D",
    "TransformTensorBilinear",
    "TransformLandmarks",
    "Landmarks2TransformMatrix",
    "RoiToTransformMatrix",
    "KmeansEmbeddingLookup",
    "AudioSpectrogram",
    "Mfcc",
    "NumericVerify",
    "RFFT2D",
    "IRFFT2D",
    "RandomUniform",
    "RandomStandardNormal",
    "Multinomial",
    "AssignVariable",
    "ReadVariable",
    "VarHandleOp",
    "HashTableV2",
    "LookupTableFindV2",
    "LookupTableSizeV2",
    "Bucketize",
    "odml.",
    "Resampler",
    "RaggedTensorToTensor",
    "TFSentencepieceTokenizeOp",
];
/// Members of an appended archive that are looked at.
const MEMBERS: usize = 64;
const MAX_MEMBER: u64 = 64 << 20;

/// The names and bits of the types of tensors.
const fn element(kind: u8) -> (&'static str, u64) {
    match kind {
        0 => ("FLOAT32", 32),
        1 | 18 => ("FLOAT16", 16),
        2 => ("INT32", 32),
        3 => ("UINT8", 8),
        4 => ("INT64", 64),
        6 => ("BOOL", 8),
        7 => ("INT16", 16),
        9 => ("INT8", 8),
        10 => ("FLOAT64", 64),
        12 => ("UINT64", 64),
        15 => ("UINT32", 32),
        16 => ("UINT16", 16),
        17 => ("INT4", 4),
        _ => ("OTHER", 0),
    }
}

/// What the subgraphs refer to, and what they add up to.
#[derive(Default)]
struct Found {
    /// The length of each buffer.
    buffers: Vec<u64>,
    codes: u64,
    parameters: Option<u64>,
    tensors: u64,
    kinds: BTreeMap<&'static str, u64>,
    weights: Vec<std::ops::Range<u64>>,
}

/// Looks at all of the file.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut reader = bytes.reader();
    let outcome = model(&mut Flat::new(&mut reader, 0, bytes.len()), bytes.len(), look);
    look.settle(outcome, &say::TRUNCATED)?;
    appended(bytes, look)
}

fn model<R: Read + Seek>(flat: &mut Flat<'_, R>, len: u64, look: &mut Look<'_>) -> Result<(), Fault> {
    let model = flat.root()?;
    let mut found = Found { parameters: Some(0), ..Found::default() };
    found.codes = flat.tables(&model, 1, |flat, code| operator(flat, &code, look))?;
    flat.tables(&model, 4, |flat, buffer| {
        let (offset, size) = (flat.u64(&buffer, 1, 0)?, flat.u64(&buffer, 2, 0)?);
        let data = flat.vector(&buffer, 0, 1)?;
        // Models above 2 GiB keep their weights behind the buffer.
        if size > 1 && offset.checked_add(size).is_none_or(|end| end > len) {
            return Err(Fault::End(offset));
        }
        found.buffers.push(data.len.max(if offset > 1 { size } else { 0 }));
        if data.len > 0 && found.weights.len() < 65_536 {
            found.weights.push(data.at..data.at.saturating_add(data.len));
        }
        Ok(())
    })?;
    flat.tables(&model, 2, |flat, graph| subgraph(flat, &graph, &mut found, look))?;
    let mut described = Vec::new();
    flat.tables(&model, 6, |flat, entry| {
        let name = flat.text(&entry, 0)?;
        let buffer = flat.u32(&entry, 1, 0)?;
        if name == "TFLITE_METADATA" {
            described.push(buffer);
        }
        Ok(())
    })?;
    for buffer in described {
        describe(flat, &model, buffer, look)?;
    }
    let commonest = found.kinds.iter().max_by_key(|(_, count)| **count).map(|(kind, _)| (*kind).to_owned());
    look.learn_weights(found.parameters, found.tensors, commonest, found.weights.into_iter());
    Ok(())
}

fn operator<R: Read + Seek>(flat: &mut Flat<'_, R>, code: &Table, look: &mut Look<'_>) -> Result<(), Fault> {
    let old = u32::from(flat.u8(code, 0, 0)?);
    let new = flat.u32(code, 3, 0)?;
    let name = flat.text(code, 1)?;
    if old.max(new) != CUSTOM && name.is_empty() {
        return Ok(());
    }
    let at = flat.reader.offset();
    if let Some(borrowed) = name.strip_prefix("Flex") {
        match tensorflow::is_dangerous_flex(borrowed) {
            Some(rule) => look.say(
                rule,
                at,
                &name,
                format!("`{name}` is an operator of TensorFlow that reaches beyond tensors"),
            ),
            None => look.say(
                &say::VENDOR_OPERATOR,
                at,
                &name,
                format!("`{name}` needs the operators of TensorFlow itself"),
            ),
        }
    } else if name.contains("edgetpu") || name.contains("DISPATCH") || name.contains("Dispatch") {
        look.say(&say::COMPILED_PART, at, &name, format!("`{name}` holds a program for an accelerator"));
    } else if KNOWN.iter().any(|known| name.starts_with(known)) {
        look.say(&say::VENDOR_OPERATOR, at, &name, format!("`{name}` needs an extension of its vendor"));
    } else {
        look.say(
            &say::CUSTOM_OPERATOR,
            at,
            &name,
            format!("the operator `{name}` needs a library of native code"),
        );
    }
    Ok(())
}

fn subgraph<R: Read + Seek>(
    flat: &mut Flat<'_, R>,
    graph: &Table,
    found: &mut Found,
    look: &mut Look<'_>,
) -> Result<(), Fault> {
    let tensors = flat.tables(graph, 0, |flat, tensor| self::tensor(flat, &tensor, found, look))?;
    let outside = |number: u32| number != u32::MAX && u64::from(number) >= tensors;
    let mut wrong = 0u64;
    for list in [1, 2] {
        flat.u32s(graph, list, |number| wrong = wrong.saturating_add(outside(number).into()))?;
    }
    flat.tables(graph, 3, |flat, node| {
        let code = flat.u32(&node, 0, 0)?;
        wrong = wrong.saturating_add((u64::from(code) >= found.codes).into());
        for list in [1, 2] {
            flat.u32s(&node, list, |number| wrong = wrong.saturating_add(outside(number).into()))?;
        }
        let (offset, size) = (flat.u64(&node, 9, 0)?, flat.u64(&node, 10, 0)?);
        let end = offset.checked_add(size);
        wrong = wrong.saturating_add(
            end.is_none_or(|end| end > flat.reader.offset().saturating_add(flat.reader.remaining())).into(),
        );
        Ok(())
    })?;
    if wrong > 0 {
        let message = format!("{wrong} numbers lead out of the lists that they count in");
        look.say(&say::INDEX, flat.reader.offset(), "subgraph", message);
    }
    Ok(())
}

fn tensor<R: Read + Seek>(
    flat: &mut Flat<'_, R>,
    tensor: &Table,
    found: &mut Found,
    look: &mut Look<'_>,
) -> Result<(), Fault> {
    let mut elements = Some(1u64);
    flat.u32s(tensor, 0, |extent| {
        elements =
            elements.and_then(|all| all.checked_mul(if extent > u32::MAX >> 1 { 0 } else { extent.into() }));
    })?;
    let (name, bits) = element(flat.u8(tensor, 1, 0)?);
    let buffer = flat.u32(tensor, 2, 0)?;
    let at = flat.reader.offset();
    let Some(held) = usize::try_from(buffer).ok().and_then(|index| found.buffers.get(index)).copied() else {
        look.say(
            &say::INDEX,
            at,
            "buffer",
            format!("a tensor is to lie in buffer {buffer} of {}", found.buffers.len()),
        );
        return Ok(());
    };
    if buffer == 0 || held == 0 {
        return Ok(());
    }
    let sparse = flat.field(tensor, 6)?.is_some();
    let needed = elements.and_then(|all| all.checked_mul(bits)).map(|bits| bits.div_ceil(8));
    if bits > 0 && !sparse && needed.is_none_or(|needed| needed > held) {
        let label = flat.text(tensor, 3)?;
        look.say(
            &say::TENSOR_SIZE,
            at,
            &label,
            format!("tensor `{label}` has {held} bytes, its shape asks for more"),
        );
    }
    found.tensors = found.tensors.saturating_add(1);
    found.parameters = found.parameters.zip(elements).and_then(|(sum, more)| sum.checked_add(more));
    let of_kind = found.kinds.entry(name).or_default();
    *of_kind = of_kind.saturating_add(elements.unwrap_or(0));
    Ok(())
}

/// What the metadata says: name, description, version, author, licence.
fn describe<R: Read + Seek>(
    flat: &mut Flat<'_, R>,
    model: &Table,
    buffer: u32,
    look: &mut Look<'_>,
) -> Result<(), Fault> {
    let buffers = flat.vector(model, 4, 4)?;
    if u64::from(buffer) >= buffers.len {
        return Ok(());
    }
    let table = flat.table(buffers.at.saturating_add(u64::from(buffer).saturating_mul(4)))?;
    let bytes = flat.bytes(&table, 0, 1 << 20)?;
    if bytes.get(4..8) != Some(b"M001") {
        return Ok(());
    }
    let len = bytes.len() as u64;
    let mut cursor = io::Cursor::new(bytes);
    let mut inner = Flat::new(&mut cursor, 0, len);
    let root = inner.root()?;
    let (name, version, author) = (inner.text(&root, 0)?, inner.text(&root, 2)?, inner.text(&root, 4)?);
    let license = inner.text(&root, 5)?;
    look.learn("metadata.name", &name);
    look.learn("metadata.version", &version);
    look.learn("metadata.author", &author);
    look.claim_license(&license, "TensorFlow Lite metadata");
    Ok(())
}

/// Files that go with the model, such as labels, lie in an archive behind it.
fn appended(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut reader = bytes.reader();
    let mut bounded = Bounded::new(&mut reader, bytes.len());
    let mut members = Vec::new();
    let outcome = zip::directory(&mut bounded, bytes.len(), zip::FULL_TAIL).and_then(|directory| {
        let Some(directory) = directory else { return Ok(()) };
        zip::walk(&mut bounded, directory, |member| {
            members.push(member);
            members.len() < MEMBERS
        })
    });
    if let Err(Fault::Io(error)) = outcome {
        return Err(error);
    }
    for member in members {
        let entered = zip::enter(&mut bounded, &member);
        let span = bytes.span(bounded.offset(), member.size).filter(|_| entered.is_ok() && member.plain);
        match span.filter(|span| span.len() <= MAX_MEMBER) {
            Some(span) => look_at_member(&span, &member.name, look)?,
            None => look.say(
                &say::APPENDED,
                None,
                &member.name,
                format!("`{}` behind the model is packed", member.name),
            ),
        }
    }
    Ok(())
}
