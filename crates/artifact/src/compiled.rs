//! Models that were compiled for one engine or accelerator: TensorRT, RKNN, Hailo, MNN, NCNN, TVM, LiteRT-LM.
//!
//! Of most there is no public description: they are told by a magic number and the numbers behind it, and what cannot be looked into is
//! never called clean. A TensorRT plan may hold native code of plugins.

mod engines;
mod mnn;

use std::io::{self, BufRead, BufReader, Read, Seek};

use domain::Role;

use crate::{
    Format, Identified, Sureness,
    inspect::{Bytes, Look},
    reader::{u32_at, u64_at},
    rules::graphs as say,
};

/// The parameters of TVM, and an array in them.
const TVM: u64 = 0xf7e5_8d4f_0504_9cb7;

/// The format that the head belongs to.
fn format(head: &[u8], len: u64) -> Option<(Format, Sureness, &'static str)> {
    let word = |at| u32_at(head, at).unwrap_or(u32::MAX);
    match head {
        // A plan has a small version and a total size behind its magic, and is never a text.
        [b'p' | b'f', b't', b'r', b't', rest @ ..] => {
            let is_plan = len >= 64
                && rest.get(..20).is_some_and(|rest| rest.iter().filter(|byte| **byte == 0).count() >= 6);
            is_plan.then_some((Format::Tensorrt, Sureness::Probable, "magic of a TensorRT plan"))
        }
        [b'R', b'K', b'N', b'N', 0, 0, 0, 0, ..] if word(8) < 64 && word(12) == 0 => {
            Some((Format::Rknn, Sureness::Certain, "magic RKNN and a version"))
        }
        [b'C', b'Y', b'P', b'T', b'R', b'K', b'N', b'N', ..] if word(8) < 64 => {
            Some((Format::Rknn, Sureness::Certain, "magic CYPTRKNN and a version"))
        }
        [1, b'H', b'E', b'F', 0, 0, 0, 0..=9, ..] => {
            let size = u64::from(word(8).swap_bytes());
            (size > 0 && size < len).then_some((
                Format::Hailo,
                Sureness::Certain,
                "magic HEF, a version and a size",
            ))
        }
        [b'7', b'7', b'6', b'7', b'5', b'1', b'7', b'\n' | b'\r', ..] => engines::is_ncnn(head).then_some((
            Format::Ncnn,
            Sureness::Certain,
            "number 7767517 and the counts of layers and blobs",
        )),
        [b'L', b'I', b'T', b'E', b'R', b'T', b'L', b'M', ..] => {
            let end = u64_at(head, 24).unwrap_or(0);
            let versions = word(8) < 1000 && word(12) < 100_000;
            (versions && end > 32 && end <= len).then_some((
                Format::Litertlm,
                Sureness::Certain,
                "magic LITERTLM and a header",
            ))
        }
        _ if u64_at(head, 0) == Some(TVM) => {
            Some((Format::Tvm, Sureness::Certain, "magic of TVM parameters"))
        }
        _ if engines::is_list(head) => {
            Some((Format::Tvm, Sureness::Certain, "list of raw shards with their sizes"))
        }
        _ if mnn::plausible(head, len) => {
            Some((Format::Mnn, Sureness::Probable, "FlatBuffer with the tables of an MNN network"))
        }
        _ => None,
    }
}

/// Whether the head is that of one of them.
pub(crate) fn plausible(head: &[u8], len: u64) -> bool {
    format(head, len).is_some()
}

/// Identifies a compiled model.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    let Some((format, sure, reason)) = format(head, len) else { return Ok(None) };
    if format == Format::Mnn && !mnn::is_network(reader, len)? {
        return Ok(None);
    }
    Ok(Some(Identified::new(format, sure, Role::Weights, reason)))
}

/// Looks at all of the file.
pub(crate) fn inspect(bytes: &Bytes<'_>, format: Format, look: &mut Look<'_>) -> io::Result<()> {
    match format {
        Format::Tensorrt => {
            let message = "a TensorRT plan holds programs for the GPU, and libraries of plugins where they were packed in";
            look.say(&say::TENSORRT, 0, "TensorRT", message);
            Ok(())
        }
        Format::Ncnn => ncnn(bytes, look),
        Format::Tvm => {
            let mut first = [0];
            bytes.head(&mut first)?;
            if first == [b'{'] { engines::list(bytes, look) } else { engines::tvm(bytes, look) }
        }
        Format::Litertlm => engines::litertlm(bytes, look),
        Format::Mnn => mnn::inspect(bytes, look),
        _ => {
            let message = format!("what was compiled to {} can be read by its engine alone", format.as_str());
            look.say(&say::COMPILED_PART, 0, format.as_str(), message);
            Ok(())
        }
    }
}

/// The text form of NCNN: one layer a line, as many as were announced.
fn ncnn(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 16, bytes.reader());
    let (mut line, mut lines, mut announced) = (Vec::new(), 0u64, 0u64);
    loop {
        line.clear();
        if (&mut reader).take(1 << 20).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        let mut words = text.split_ascii_whitespace();
        match (lines, words.next()) {
            (1, Some(count)) => announced = count.parse().unwrap_or(u64::MAX),
            (_, Some(_)) => {}
            (_, None) => continue,
        }
        lines = lines.saturating_add(1);
    }
    let layers = lines.saturating_sub(2);
    look.learn("layers", &layers.to_string());
    if layers != announced {
        look.say(
            &say::MALFORMED,
            None,
            "layers",
            format!("{announced} layers are announced, {layers} follow"),
        );
    }
    Ok(())
}
