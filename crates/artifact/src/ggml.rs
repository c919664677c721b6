//! The formats of llama.cpp and whisper.cpp before GGUF: a magic number, mostly a version, then model numbers.
//!
//! Source: the loaders of llama.cpp up to August 2023. They had no checks, so the check here is that the numbers
//! after the magic are of the size that model numbers have.

use std::io::{self, Read, Seek};

use domain::{Role, Severity};

use crate::{
    Format, Identified, Sureness,
    gguf::{file_type, tensor_type},
    inspect::{Bytes, Look},
    reader::{Bounded, Fault},
    rules::weights as rules,
};

/// Vocabulary sizes and dimensions stay below this.
const SANE: u32 = 1 << 24;

/// The loader's limits for dimensions and names of tensors.
const DIMENSIONS: u32 = 4;
const NAME: u32 = 1024;

/// The name of the variant, whether a version follows, and the newest version.
fn variant(head: &[u8]) -> Option<(&'static str, Option<u32>)> {
    match head.first_chunk()? {
        b"lmgg" => Some(("ggml", None)),
        b"fmgg" => Some(("ggmf", Some(1))),
        b"tjgg" => Some(("ggjt", Some(3))),
        b"algg" => Some(("ggla", Some(1))),
        _ => None,
    }
}

/// Whether the head begins with one of the magic numbers.
pub(crate) fn plausible(head: &[u8]) -> bool {
    variant(head).is_some()
}

/// Identifies a legacy file by its magic and the numbers after it.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    let Some((name, newest)) = variant(head) else { return Ok(None) };
    let mut bounded = Bounded::new(reader, len);
    let mut numbers = [0u32; 9];
    let outcome = read_numbers(&mut bounded, &mut numbers);
    let version = newest.map(|_| *numbers.get(1).unwrap_or(&0));
    if let (Some(newest), Some(version)) = (newest, version)
        && !(1..=newest).contains(&version)
    {
        return Ok(None);
    }
    let model = numbers.get(if newest.is_some() { 2 } else { 1 }..).unwrap_or_default();
    let role = if name == "ggla" { Role::Adapter } else { Role::Weights };
    let reason = match version {
        Some(version) => format!("magic {name}, version {version}"),
        None => format!("magic {name}"),
    };
    let mut found = Identified::new(Format::Ggml, Sureness::Certain, role, reason);
    // An adapter has its rank and scale there, a model five dimensions at least.
    let needed = if role == Role::Adapter { 2 } else { 5 };
    let dimensions = model.get(..needed).unwrap_or_default();
    if outcome.is_ok() && !dimensions.iter().all(|number| (1..SANE).contains(number)) {
        return Ok(None);
    }
    // Only the versioned model files have the quantisation at a place that is the same in all of them.
    if newest.is_some() && role == Role::Weights {
        let kind = model.get(6).and_then(|number| file_type(u64::from(*number)));
        found.metadata.quantization = kind.map(str::to_owned);
    }
    match outcome {
        Err(Fault::End(_)) => {
            let message = "the file ends inside the numbers that describe the model";
            found.settle(Err(Fault::broken("ggml-truncated", Severity::Medium, len, message)), "")?;
        }
        other => found.settle(other, "ggml-truncated")?,
    }
    Ok(Some(found))
}

fn read_numbers<R: Read + Seek>(reader: &mut Bounded<'_, R>, numbers: &mut [u32]) -> Result<(), Fault> {
    for number in numbers {
        *number = reader.u32()?;
    }
    Ok(())
}

/// Looks at all of the file, where its layout is that of one program: the versioned files of llama.cpp.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut magic = [0; 4];
    bytes.head(&mut magic)?;
    let Some((name, newest)) = variant(&magic) else { return Ok(()) };
    if newest.is_none() {
        look.say(&rules::GGML_UNREAD, None, "", format!("the layout behind the magic {name} is not known"));
        return Ok(());
    }
    let mut reader = bytes.reader();
    let mut walk =
        Walk { reader: Bounded::new(&mut reader, bytes.len()), version: 0, padded: name != "ggmf" };
    let outcome = walk.file(name == "ggla", look);
    look.settle(outcome, &rules::GGML_TRUNCATED)?;
    Ok(())
}

struct Walk<'r, R> {
    reader: Bounded<'r, R>,
    version: u32,
    /// Whether the data of a tensor begins at a multiple of 32.
    padded: bool,
}

impl<R: Read + Seek> Walk<'_, R> {
    fn file(&mut self, adapter: bool, look: &mut Look<'_>) -> Result<(), Fault> {
        self.reader.skip(4)?;
        self.version = self.reader.u32()?;
        if adapter {
            self.reader.skip(8)?;
        } else {
            let words = self.reader.u32()?;
            self.reader.skip(24)?;
            for _ in 0..words {
                let length = self.reader.u32()?;
                // The score of the word follows it.
                self.reader.skip(u64::from(length).saturating_add(4))?;
            }
        }
        while self.reader.remaining() > 0 {
            if !self.tensor(look)? {
                break;
            }
        }
        Ok(())
    }

    /// Passes over a tensor; false when its numbers are none, and what follows cannot be found.
    fn tensor(&mut self, look: &mut Look<'_>) -> Result<bool, Fault> {
        let at = self.reader.offset();
        let [dimensions, name, kind] = [self.reader.u32()?, self.reader.u32()?, self.reader.u32()?];
        let mut elements = Some(1u64);
        for _ in 0..dimensions.min(DIMENSIONS) {
            let extent = u64::from(self.reader.u32()?);
            elements = elements.and_then(|product| product.checked_mul(extent));
        }
        let size = elements.and_then(|elements| self.size(kind, elements));
        let (true, true, Some(size)) = (dimensions <= DIMENSIONS, name < NAME, size) else {
            let message =
                format!("a tensor has {dimensions} dimensions, a name of {name} bytes and the type {kind}");
            look.say(&rules::GGML_TENSOR, at, "", message);
            return Ok(false);
        };
        self.reader.skip(u64::from(name))?;
        let data = self.reader.offset();
        if self.padded {
            self.reader.seek(data.checked_next_multiple_of(32).unwrap_or(data))?;
        }
        self.reader.skip(size)?;
        Ok(true)
    }

    /// Before version 3 the scales of some types were wider.
    fn size(&self, kind: u32, elements: u64) -> Option<u64> {
        let blocks = elements.div_ceil(32);
        match kind {
            2 if self.version < 3 => blocks.checked_mul(20),
            3 if self.version < 3 => blocks.checked_mul(24),
            8 if self.version < 3 => blocks.checked_mul(36),
            _ => Some(tensor_type(kind)?.bytes(elements)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testkit;
    use domain::Verdict;

    fn verdict(bytes: &[u8]) -> (Verdict, Vec<String>) {
        let found = crate::tests::inspected_as(bytes, "model.bin");
        (found.verdict, found.facts.into_iter().map(|fact| fact.rule).collect())
    }

    #[test]
    fn a_whole_file_from_before_gguf_is_clean_and_a_cut_one_is_not() {
        let whole = testkit::ggml();
        assert_eq!(verdict(&whole), (Verdict::Clean, vec![]));
        for cut in [1, 100, 9000] {
            let (verdict, rules) = verdict(&whole[..whole.len() - cut]);
            assert_eq!((verdict, rules), (Verdict::Unscannable, vec!["ggml-truncated".to_owned()]), "{cut}");
        }
    }

    #[test]
    fn numbers_that_no_tensor_has_are_suspicious() {
        let mut bytes = testkit::ggml();
        bytes.extend(u32::MAX.to_le_bytes().repeat(3));
        bytes.extend([0; 64]);
        assert_eq!(verdict(&bytes).0, Verdict::Suspicious);
    }

    #[test]
    fn a_layout_that_differs_from_program_to_program_is_unscannable() {
        let mut bytes = b"lmgg".to_vec();
        [100u32, 64, 32, 4, 2, 16, 2].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes.resize(9000, 0);
        assert_eq!(verdict(&bytes), (Verdict::Unscannable, vec!["ggml-unread".to_owned()]));
    }
}
