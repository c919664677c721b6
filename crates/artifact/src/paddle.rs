//! `PaddlePaddle` programs: a protocol buffer of blocks, whose first one has the parent -1.
//!
//! Source: `paddle/fluid/framework/framework.proto` (`ProgramDesc`, `BlockDesc`, `OpDesc`).

use std::io::{self, Read, Seek};

use domain::Role;

use crate::{
    Format, Identified, Sureness,
    inspect::{Bytes, Look},
    protobuf::{Span, Value, Wire},
    reader::Fault,
    references::leads_away,
    rules::graphs as say,
};

/// Whether the head begins with block 0, whose parent is -1.
pub(crate) fn plausible(head: &[u8]) -> bool {
    let [0x0a, rest @ ..] = head else { return false };
    let Some(size) = rest.iter().take(10).position(|byte| *byte < 0x80) else { return false };
    let block = rest.get(size.saturating_add(1)..).unwrap_or_default();
    block.starts_with(b"\x08\x00\x10\xff\xff\xff\xff")
}

/// Identifies a program by its first block.
pub(crate) fn identify<R: Read + Seek>(_: &mut R, head: &[u8], _: u64) -> io::Result<Option<Identified>> {
    let found = || {
        Identified::new(
            Format::Paddle,
            Sureness::Certain,
            Role::Weights,
            "protocol buffer with a first block whose parent is -1",
        )
    };
    Ok(plausible(head).then(found))
}

/// Looks at all of the file.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut reader = bytes.reader();
    let mut wire = Wire::new(&mut reader, bytes.len());
    let outcome = program(&mut wire, Span { at: 0, end: bytes.len() }, look);
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

fn program<R: Read + Seek>(
    wire: &mut Wire<'_, R>,
    mut message: Span,
    look: &mut Look<'_>,
) -> Result<(), Fault> {
    let mut operators = 0u64;
    while let Some(field) = wire.next(&mut message)? {
        let (1, Some(mut block)) = (field.number, field.payload()) else { continue };
        while let Some(field) = wire.next(&mut block)? {
            if let (4, Some(span)) = (field.number, field.payload()) {
                operators = operators.saturating_add(1);
                operator(wire, span, look)?;
            }
        }
    }
    look.learn("nodes", &operators.to_string());
    Ok(())
}

fn operator<R: Read + Seek>(wire: &mut Wire<'_, R>, message: Span, look: &mut Look<'_>) -> Result<(), Fault> {
    let (mut kind, mut paths) = (String::new(), Vec::new());
    let mut rest = message;
    while let Some(field) = wire.next(&mut rest)? {
        match (field.number, field.payload()) {
            (3, Some(span)) => kind = wire.text(span)?,
            (4, Some(span)) => paths.extend(path(wire, span)?),
            _ => {}
        }
    }
    let (rule, what) = match kind.as_str() {
        "py_func" | "py_layer" | "pylayer" => (Some(&say::PYTHON_OPERATOR), "calls Python code"),
        "save" | "save_combine" => (Some(&say::FILE_WRITE), "writes files that the model names"),
        "tensorrt_engine" | "lite_engine" | "cinn_launch" | "dlnne_engine" => {
            (Some(&say::COMPILED_PART), "holds what another compiler made")
        }
        _ => (None, ""),
    };
    if let Some(rule) = rule {
        look.say(rule, message.at, &kind, format!("the operator `{kind}` {what}"));
    }
    for path in paths {
        if let Some(fault) = leads_away(&path) {
            look.say(&say::EXTERNAL_PATH, message.at, &path, format!("`{kind}` opens `{path}`: {fault}"));
        }
    }
    Ok(())
}

/// The text of an attribute that names a file.
fn path<R: Read + Seek>(wire: &mut Wire<'_, R>, mut message: Span) -> Result<Option<String>, Fault> {
    let (mut name, mut text) = (String::new(), None);
    while let Some(field) = wire.next(&mut message)? {
        match (field.number, field.value) {
            (1, Value::Payload(span)) => name = wire.text(span)?,
            (5, Value::Payload(span)) => text = Some(wire.text(span)?),
            _ => {}
        }
    }
    Ok(text.filter(|_| name.contains("path") || name.contains("file")))
}
