//! `ExecuTorch` programs: a FlatBuffer with the identifier `ET12`, with segments of weights and of delegates behind it.
//!
//! Source: `executorch/schema/program.fbs` and the extended header `eh00` of `exir/_serialize/_program.py`.

use std::io::{self, Read, Seek};

use crate::{
    Format, Identified,
    flatbuffer::{Flat, Marked},
    inspect::{Bytes, Look},
    reader::{Fault, u64_at},
    rules::graphs as say,
};

/// Sets of operators that come with the runtime or its usual extensions.
const KNOWN: [&str; 16] = [
    "aten",
    "prim",
    "prims",
    "executorch_prim",
    "dim_order_ops",
    "quantized_decomposed",
    "quantized",
    "et_vk",
    "llama",
    "cadence",
    "cortex_m",
    "torchao",
    "mtk",
    "qaisw",
    "portable",
    "torchvision",
];

const EXECUTORCH: Marked =
    Marked { identifier: b"ET12", format: Format::Executorch, truncated: &say::TRUNCATED };

/// Whether the head is that of a program.
pub(crate) fn plausible(head: &[u8], len: u64) -> bool {
    EXECUTORCH.plausible(head, len)
}

/// Identifies a program by its identifier.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    EXECUTORCH.identify(reader, head, len, |_, _, _| Ok(()))
}

/// Looks at all of the file.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut head = [0; 64];
    bytes.head(&mut head)?;
    // Without the header, segments count from the start of the file.
    let base = (head.get(8..12) == Some(b"eh00")).then(|| u64_at(&head, 24)).flatten().unwrap_or(0);
    let mut reader = bytes.reader();
    let mut flat = Flat::new(&mut reader, 0, bytes.len());
    let outcome = program(&mut flat, base, bytes.len(), look);
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

fn program<R: Read + Seek>(
    flat: &mut Flat<'_, R>,
    base: u64,
    len: u64,
    look: &mut Look<'_>,
) -> Result<(), Fault> {
    let program = flat.root()?;
    let (mut methods, mut delegates) = (Vec::new(), Vec::new());
    flat.tables(&program, 1, |flat, plan| {
        methods.push(flat.text(&plan, 0)?);
        flat.tables(&plan, 6, |flat, operator| {
            let name = flat.text(&operator, 0)?;
            let set = name.split("::").next().unwrap_or_default().to_owned();
            if !KNOWN.contains(&set.as_str()) {
                let message = format!("the operator `{name}` needs a library of native code");
                look.say(&say::CUSTOM_OPERATOR, flat.reader.offset(), &name, message);
            }
            Ok(())
        })?;
        flat.tables(&plan, 7, |flat, delegate| {
            delegates.push(flat.text(&delegate, 0)?);
            Ok(())
        })?;
        Ok(())
    })?;
    flat.tables(&program, 4, |flat, segment| {
        let (offset, size) = (flat.u64(&segment, 0, 0)?, flat.u64(&segment, 1, 0)?);
        match base.checked_add(offset).and_then(|at| at.checked_add(size)) {
            Some(end) if end <= len => Ok(()),
            _ => Err(Fault::End(offset)),
        }
    })?;
    look.learn("methods", &methods.join(", "));
    look.learn("delegates", &delegates.join(", "));
    for delegate in delegates {
        if delegate != "XnnpackBackend" {
            let message = format!("a part was compiled for `{delegate}`, which alone can read it");
            look.say(&say::COMPILED_PART, None, &delegate, message);
        }
    }
    Ok(())
}
