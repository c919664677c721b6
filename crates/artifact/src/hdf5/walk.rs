//! The inspection of HDF5: every object that can be reached from the root, what it points at outside the file, and the
//! configurations of Keras.

use std::{
    collections::{BTreeSet, VecDeque},
    io::{self, Read, Seek},
};

use super::{
    attribute::Attribute,
    file::{File, Message},
    superblock,
};
use crate::{
    Format, HEAD,
    inspect::{Bytes, Look, look_at_member},
    keras,
    protobuf::Span,
    reader::{Fault, cut},
    references::leads_away,
    rules::graphs as say,
};

/// Objects that are queued at once.
const OBJECTS: usize = 500_000;
/// Attributes with which Keras describes the model.
const CONFIGS: [&str; 2] = ["model_config", "training_config"];
/// Filters that come with the library or its usual builds.
const FILTERS: u16 = 256;

/// The walk over one file.
struct Walk<'w, 'k, 'l, R> {
    file: File<'w, R>,
    look: &'k mut Look<'l>,
    todo: VecDeque<(u64, String)>,
    seen: BTreeSet<u64>,
    keras: bool,
    parameters: Option<u64>,
    tensors: u64,
    weights: Vec<(String, std::ops::Range<u64>)>,
    floats: BTreeSet<u64>,
}

/// What a data set is made of, as far as it was seen.
#[derive(Debug, Default)]
struct Dataset {
    elements: Option<u64>,
    kind: Option<super::attribute::Kind>,
    data: Option<std::ops::Range<u64>>,
}

/// Looks at all of the file.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut head = [0; HEAD];
    let got = bytes.head(&mut head)?;
    let Some((place, _)) = superblock(head.get(..got).unwrap_or_default()) else { return Ok(()) };
    let mut reader = bytes.reader();
    let outcome = File::open(&mut reader, bytes.len(), place as u64).and_then(|(file, root)| {
        let mut walk = Walk {
            file,
            look,
            todo: VecDeque::from([(root, String::new())]),
            seen: BTreeSet::new(),
            keras: false,
            parameters: Some(0),
            tensors: 0,
            weights: Vec::new(),
            floats: BTreeSet::new(),
        };
        walk.behind(bytes.len());
        walk.run()
    });
    if outcome.is_err() {
        search(bytes, look)?;
    }
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

/// A file whose structure cannot be followed is still searched for what a lambda layer looks like.
fn search(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    const WORDS: [&[u8]; 3] =
        [b"\"class_name\": \"Lambda\"", b"__lambda__", b"enable_unsafe_deserialization"];
    let mut reader = bytes.reader();
    let (mut window, mut kept) = (vec![0; 1 << 18], 0usize);
    loop {
        let got = crate::reader::read_up_to(&mut reader, window.get_mut(kept..).unwrap_or_default())?;
        let seen = window.get(..kept.saturating_add(got)).unwrap_or_default();
        if let Some(word) = WORDS.into_iter().find(|word| crate::reader::contains(seen, word)) {
            let word = String::from_utf8_lossy(word);
            look.say(&say::KERAS_LAMBDA, None, &word, format!("{word} in a file whose structure is broken"));
            return Ok(());
        }
        if got == 0 {
            return Ok(());
        }
        let tail = seen.len().saturating_sub(64);
        kept = seen.len().saturating_sub(tail);
        window.copy_within(tail..tail.saturating_add(kept), 0);
    }
}

impl<R: Read + Seek> Walk<'_, '_, '_, R> {
    fn run(&mut self) -> Result<(), Fault> {
        while let Some((address, path)) = self.todo.pop_front() {
            if !self.seen.insert(address) {
                continue;
            }
            if self.seen.len() > OBJECTS {
                return Err(crate::protobuf::malformed(
                    address,
                    "more objects than an inspection walks over",
                ));
            }
            let mut dataset = Dataset::default();
            for message in self.file.messages(address)? {
                self.message(message, &path, &mut dataset)?;
            }
            self.dataset(dataset, &path);
        }
        self.tell();
        Ok(())
    }

    fn behind(&mut self, len: u64) {
        let behind = self.file.behind(len);
        if behind > 0 {
            let message = format!("{behind} bytes behind the end that the superblock gives");
            self.look.say(&say::TRAILING, len.saturating_sub(behind), "", message);
        }
    }

    fn message(&mut self, message: Message, path: &str, dataset: &mut Dataset) -> Result<(), Fault> {
        let Message { kind, flags, body } = message;
        // A shared message is a pointer to the real one: only types of data sets are ever shared.
        let shared = flags & 2 != 0;
        self.file.reader.seek(body.at)?;
        match kind {
            0x01 if !shared => dataset.elements = self.file.elements()?,
            0x03 if !shared => dataset.kind = Some(self.file.kind()?),
            0x02 => self.dense_links(path)?,
            0x06 => self.link(body, path)?,
            0x07 => self.external_files(path)?,
            0x08 => self.layout(path, dataset)?,
            0x0b => self.filters(path)?,
            0x0c if !shared => {
                let attribute = self.file.attribute(body, self.look.limits.text)?;
                self.attribute(attribute, body.at)?;
            }
            0x11 => self.old_group(path)?,
            0x15 => self.dense_attributes()?,
            _ => {}
        }
        Ok(())
    }

    fn attribute(&mut self, attribute: Attribute, at: u64) -> Result<(), Fault> {
        let Attribute { name, value } = attribute;
        let is_config = CONFIGS.contains(&name.as_str());
        self.keras |= is_config || name == "keras_version";
        let Some(value) = value else {
            if is_config {
                self.look.say(&say::KERAS_CONFIG, at, &name, format!("`{name}` is no text that can be read"));
            }
            return Ok(());
        };
        let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
        let text = value.get(..end).unwrap_or_default();
        if is_config {
            keras::inspect_config(text, self.look);
        } else if matches!(name.as_str(), "keras_version" | "backend" | "title" | "CLASS") {
            self.look.learn(&name, &String::from_utf8_lossy(text));
        }
        self.pickled(&name, value)
    }

    /// `PyTables` keeps objects as pickles in attributes, and loads them on sight.
    fn pickled(&mut self, name: &str, value: Vec<u8>) -> Result<(), Fault> {
        let len = value.len() as u64;
        let head = value.get(..value.len().min(HEAD)).unwrap_or_default();
        if len < 4 || !crate::pickle::plausible(head, len) {
            return Ok(());
        }
        let found = crate::identify(&mut io::Cursor::new(&value), len)?;
        if found.is_some_and(|found| found.format == Format::Pickle) {
            look_at_member(&Bytes::in_memory(value), name, self.look)?;
        }
        Ok(())
    }

    fn dense_attributes(&mut self) -> Result<(), Fault> {
        self.file.reader.skip(1)?;
        let flags = self.file.reader.u8()?;
        self.file.reader.skip(if flags & 1 != 0 { 2 } else { 0 })?;
        let (heap, tree) = (self.file.address()?, self.file.address()?);
        let mut found = Vec::new();
        let whole = self.dense(heap, tree, 0, &mut found)?;
        for span in found {
            let attribute = self.file.attribute(span, self.look.limits.text)?;
            self.attribute(attribute, span.at)?;
        }
        if !whole {
            let message = "attributes lie outside of the blocks that are read";
            self.look.say(&say::MALFORMED, None, "attributes", message);
        }
        Ok(())
    }

    fn dense_links(&mut self, path: &str) -> Result<(), Fault> {
        self.file.reader.skip(1)?;
        let flags = self.file.reader.u8()?;
        self.file.reader.skip(if flags & 1 != 0 { 8 } else { 0 })?;
        let (heap, tree) = (self.file.address()?, self.file.address()?);
        let mut found = Vec::new();
        let whole = self.dense(heap, tree, 4, &mut found)?;
        for span in found {
            self.link(span, path)?;
        }
        if !whole {
            self.look.say(&say::MALFORMED, None, "links", "links lie outside of the blocks that are read");
        }
        Ok(())
    }

    /// The messages that a tree finds in a heap; `skip` bytes stand before the identifier in each record. False when some are elsewhere.
    fn dense(
        &mut self,
        heap: Option<u64>,
        tree: Option<u64>,
        skip: u64,
        found: &mut Vec<Span>,
    ) -> Result<bool, Fault> {
        let (Some(heap), Some(tree)) = (heap, tree) else { return Ok(true) };
        let heap = self.file.fractal(heap)?;
        let mut whole = true;
        self.file.tree(tree, &mut |file| {
            file.reader.skip(skip)?;
            match file.managed(&heap)? {
                Some(span) => found.push(span),
                None => whole = false,
            }
            Ok(())
        })?;
        Ok(whole)
    }

    /// A group of the old kind: a tree of tables of symbols, with the names in a heap.
    fn old_group(&mut self, path: &str) -> Result<(), Fault> {
        let (tree, heap) = (self.file.address()?, self.file.address()?);
        let (Some(tree), Some(heap)) = (tree, heap) else { return Ok(()) };
        let (mut nodes, mut seen) = (vec![tree], BTreeSet::new());
        while let Some(node) = nodes.pop() {
            self.file.step()?;
            if !seen.insert(node) {
                continue;
            }
            self.file.go(node)?;
            let mut signature = [0; 4];
            self.file.reader.exact(&mut signature)?;
            if &signature == b"SNOD" {
                self.symbols(node, heap, path)?;
                continue;
            }
            self.file.go(node)?;
            self.file.signature(*b"TREE")?;
            self.file.reader.skip(2)?;
            let children = self.file.reader.u16()?;
            self.file.reader.skip(self.file.address_width().saturating_mul(2))?;
            for _ in 0..children {
                self.file.step()?;
                self.file.reader.skip(self.file.length_width())?;
                nodes.extend(self.file.address()?);
            }
        }
        Ok(())
    }

    fn symbols(&mut self, node: u64, heap: u64, path: &str) -> Result<(), Fault> {
        self.file.go(node)?;
        self.file.reader.skip(6)?;
        let count = self.file.reader.u16()?;
        let first = self.file.reader.offset();
        let size = self.file.address_width().saturating_mul(2).saturating_add(24);
        for index in 0..u64::from(count) {
            self.file.step()?;
            self.file.reader.seek(first.saturating_add(index.saturating_mul(size)))?;
            let name = self.file.address()?;
            let object = self.file.address()?;
            let cached = self.file.reader.u32()?;
            let name = match name {
                Some(name) => self.file.local_text(heap, name)?,
                None => String::new(),
            };
            if let Some(object) = object.filter(|_| cached != 2) {
                self.queue(object, path, &name);
            }
        }
        Ok(())
    }

    fn queue(&mut self, address: u64, path: &str, name: &str) {
        if self.todo.len() < OBJECTS {
            self.todo.push_back((address, cut(&format!("{path}/{name}"))));
        }
    }

    /// A link: to an object of this file, to a path in it, or to another file.
    fn link(&mut self, body: Span, path: &str) -> Result<(), Fault> {
        let reader = &mut self.file.reader;
        reader.seek(body.at)?;
        reader.skip(1)?;
        let flags = reader.u8()?;
        let kind = if flags & 8 != 0 { reader.u8()? } else { 0 };
        reader.skip(if flags & 4 != 0 { 8 } else { 0 })?;
        reader.skip(if flags & 16 != 0 { 1 } else { 0 })?;
        let size = self.file.number(1u8.wrapping_shl((flags & 3).into()))?;
        let name = self.file.reader.text(size)?;
        match kind {
            0 => {
                if let Some(address) = self.file.address()? {
                    self.queue(address, path, &name);
                }
            }
            64 => {
                let size = u64::from(self.file.reader.u16()?);
                let target = self.file.reader.field(size, 4096)?;
                let target =
                    target.get(1..).unwrap_or_default().split(|byte| *byte == 0).next().unwrap_or_default();
                let target = String::from_utf8_lossy(target).into_owned();
                self.outside("the link", &name, &target, body.at);
            }
            _ => {}
        }
        Ok(())
    }

    fn outside(&mut self, what: &str, name: &str, target: &str, at: u64) {
        let fault = leads_away(target);
        let message = format!("{what} `{name}` opens the file `{target}`");
        let rule = match fault {
            Some(_) => &say::EXTERNAL_PATH,
            None if self.keras => &say::HDF5_EXTERNAL_KERAS,
            None => &say::HDF5_EXTERNAL,
        };
        self.look.say(rule, at, target, message);
    }

    /// The data of this set lie in other files, which the library opens by name.
    fn external_files(&mut self, path: &str) -> Result<(), Fault> {
        let at = self.file.reader.offset();
        self.file.reader.skip(6)?;
        let used = self.file.reader.u16()?;
        let Some(heap) = self.file.address()? else { return Ok(()) };
        let first = self.file.reader.offset();
        for index in 0..u64::from(used) {
            self.file.step()?;
            self.file.reader.seek(
                first.saturating_add(index.saturating_mul(self.file.length_width().saturating_mul(3))),
            )?;
            let name = self.file.length()?;
            let target = self.file.local_text(heap, name)?;
            self.outside("the data of", path, &target, at);
        }
        Ok(())
    }

    fn layout(&mut self, path: &str, dataset: &mut Dataset) -> Result<(), Fault> {
        let version = self.file.reader.u8()?;
        if version < 3 {
            return Ok(());
        }
        match self.file.reader.u8()? {
            1 => {
                if let Some(address) = self.file.address()? {
                    let size = self.file.length()?;
                    let at = self.file.place(address)?;
                    dataset.data = at.checked_add(size).map(|end| at..end);
                }
            }
            3 => self.virtual_set(path)?,
            _ => {}
        }
        Ok(())
    }

    /// A data set that is put together from those of other files.
    fn virtual_set(&mut self, path: &str) -> Result<(), Fault> {
        let at = self.file.reader.offset();
        let heap = self.file.address()?;
        let index = self.file.reader.u32()?;
        let Some(span) = heap.map(|heap| self.file.global(heap, index)).transpose()?.flatten() else {
            return Ok(());
        };
        self.file.reader.seek(span.at)?;
        self.file.reader.skip(1u64.saturating_add(self.file.length_width()))?;
        let target = self.file.text_to_zero()?;
        if target != "." {
            self.outside("the data of", path, &target, at);
        }
        Ok(())
    }

    fn filters(&mut self, path: &str) -> Result<(), Fault> {
        let version = self.file.reader.u8()?;
        let count = self.file.reader.u8()?;
        self.file.reader.skip(if version == 1 { 6 } else { 0 })?;
        for _ in 0..count.min(32) {
            let id = self.file.reader.u16()?;
            let named = version == 1 || id >= 256;
            let name = if named { u64::from(self.file.reader.u16()?) } else { 0 };
            self.file.reader.skip(2)?;
            let values = u64::from(self.file.reader.u16()?);
            let name = if version == 1 { name.next_multiple_of(8) } else { name };
            let pad = if version == 1 { values.wrapping_rem(2).saturating_mul(4) } else { 0 };
            self.file.reader.skip(name.saturating_add(values.saturating_mul(4)).saturating_add(pad))?;
            if id >= FILTERS {
                let message =
                    format!("the data of `{path}` need filter {id}, a library that is loaded for it");
                self.look.say(&say::HDF5_FILTER, None, &id.to_string(), message);
            }
        }
        Ok(())
    }

    fn dataset(&mut self, dataset: Dataset, path: &str) {
        let (Some(elements), Some(kind)) = (dataset.elements, dataset.kind) else { return };
        if path.contains("optimizer") || kind.class > 1 {
            return;
        }
        self.tensors = self.tensors.saturating_add(1);
        if kind.class == 1 {
            self.floats.insert(kind.size);
        }
        self.parameters = self.parameters.and_then(|sum| sum.checked_add(elements));
        if let Some(data) = dataset.data.filter(|data| !data.is_empty())
            && self.weights.len() < 65_536
        {
            self.weights.push((path.to_owned(), data));
        }
    }

    fn tell(&mut self) {
        let weights = std::mem::take(&mut self.weights);
        if self.tensors == 0 {
            return;
        }
        let mut weights = weights;
        weights.sort_by(|one, two| one.0.cmp(&two.0));
        let only = self.floats.first().filter(|_| self.floats.len() == 1);
        let kind = only.map(|size| format!("F{}", size.saturating_mul(8)));
        let stretches = weights.into_iter().map(|(_, stretch)| stretch);
        self.look.learn_weights(self.parameters, self.tensors, kind, stretches);
    }
}
