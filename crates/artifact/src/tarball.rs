//! Tar archives that are models, told by the names of their members: NVIDIA NeMo, and PyTorch before its version 0.2.
//!
//! Sources: NeMo `core/connectors/save_restore_connector.py`; PyTorch `torch/serialization.py`, `legacy_load`. One that is compressed is
//! a member of what compresses it.

use std::io::{self, Read, Seek};

use domain::Role;

use crate::{
    Format, Identified, Sureness,
    containers::begins_as_tar,
    inspect::Bytes,
    reader::{Bounded, Fault},
};

/// Headers that are looked at: the configuration of a NeMo model stands before or right behind its weights.
const MEMBERS: u32 = 256;
const BLOCK: u64 = 512;

/// Whether a header of a tar archive stands here.
pub(crate) fn plausible(head: &[u8]) -> bool {
    begins_as_tar(head)
}

/// Whether a file is a tar archive, by its first header.
pub(crate) fn begins(bytes: &Bytes<'_>) -> io::Result<bool> {
    let mut head = [0; 512];
    let got = bytes.head(&mut head)?;
    Ok(begins_as_tar(head.get(..got).unwrap_or_default()))
}

/// Identifies an archive by the names of its first members.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    if !plausible(head) {
        return Ok(None);
    }
    let mut names = Names::default();
    // An archive that is cut off may be told by what there is of it; who looks into it says that it is cut off.
    if let Err(Fault::Io(error)) = names.read(&mut Bounded::new(reader, len)) {
        return Err(error);
    }
    Ok(names.found())
}

#[derive(Debug, Default)]
struct Names {
    config: bool,
    checkpoint: bool,
    /// Bits: `pickle`, `storages`, `tensors`, `sys_info`.
    torch: u8,
}

impl Names {
    fn read<R: Read + Seek>(&mut self, reader: &mut Bounded<'_, R>) -> Result<(), Fault> {
        for _ in 0..MEMBERS {
            let mut block = [0; 512];
            reader.exact(&mut block)?;
            if !begins_as_tar(&block) || self.found().is_some() {
                break;
            }
            let text = |from: usize, to: usize| {
                let field = block.get(from..to).unwrap_or_default();
                let text = field.split(|byte| *byte == 0).next().unwrap_or_default();
                std::str::from_utf8(text).unwrap_or_default().trim()
            };
            self.see(text(0, 100));
            let size = u64::from_str_radix(text(124, 136), 8).unwrap_or(0);
            let blocks = size.div_ceil(BLOCK).checked_mul(BLOCK).ok_or(Fault::End(reader.offset()))?;
            reader.skip(blocks)?;
        }
        Ok(())
    }

    fn see(&mut self, name: &str) {
        let name = name.trim_start_matches("./");
        self.config |= name == "model_config.yaml";
        self.checkpoint |= name == "model_weights.ckpt" || name.starts_with("model_weights/");
        self.torch |= match name {
            "pickle" => 1,
            "storages" => 2,
            "tensors" => 4,
            _ => 0,
        };
    }

    fn found(&self) -> Option<Identified> {
        let found = |format, reason| Some(Identified::new(format, Sureness::Certain, Role::Weights, reason));
        if self.config && self.checkpoint {
            return found(Format::Nemo, "tar with model_config.yaml and model_weights.ckpt");
        }
        if self.torch == 7 {
            return found(Format::Pytorch, "tar with pickle, storages and tensors");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::testkit::archives::{entry, tar};

    fn format(names: &[&str]) -> Option<Format> {
        let entries: Vec<_> = names.iter().map(|name| entry(name, b'0', "", b"content")).collect();
        let bytes = tar(&entries);
        let len = bytes.len() as u64;
        identify(&mut Cursor::new(&bytes), &bytes, len).unwrap().map(|found| found.format)
    }

    #[test]
    fn an_archive_is_a_model_by_the_names_of_its_members() {
        assert_eq!(format(&["./model_config.yaml", "./model_weights.ckpt"]), Some(Format::Nemo));
        assert_eq!(format(&["a.txt", "model_weights.ckpt", "model_config.yaml"]), Some(Format::Nemo));
        assert_eq!(format(&["sys_info", "pickle", "tensors", "storages"]), Some(Format::Pytorch));
        assert_eq!(format(&["model_config.yaml", "pickle"]), None);
    }

    proptest! {
        #[test]
        fn any_numbers_in_headers_are_read_to_an_end(
            size in "[0-7 \\x00]{12}", name in "[a-z/.]{0,20}", tail in prop::collection::vec(any::<u8>(), 0..1200),
        ) {
            let mut bytes = entry(&name, b'0', "", b"");
            bytes[124..136].copy_from_slice(size.as_bytes());
            let sum: u64 = bytes[..512].iter().enumerate()
                .map(|(at, byte)| u64::from(if (148..156).contains(&at) { b' ' } else { *byte })).sum();
            bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            bytes.extend(tail);
            let len = bytes.len() as u64;
            prop_assert!(identify(&mut Cursor::new(&bytes), &bytes, len).unwrap().is_none());
        }
    }
}
