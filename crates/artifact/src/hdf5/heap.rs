//! The three heaps of HDF5 in which names, texts and messages lie that have no room where they belong, and the trees over them.
//!
//! Source: HDF5 File Format Specification 3.0, sections III.A, III.D to III.G.

use std::io::{Read, Seek};

use super::file::File;
use crate::{
    protobuf::{Span, malformed},
    reader::Fault,
};

/// Nodes of one tree, and levels below its root.
const NODES: usize = 65_536;
const LEVELS: u16 = 16;
/// Blocks in blocks of a fractal heap.
const BLOCKS: u8 = 32;

/// A heap that grows by doubling; objects in it are found by offset.
pub(super) struct Fractal {
    width: u64,
    start: u64,
    largest: u64,
    bits: u16,
    root: Option<u64>,
    rows: u16,
    offset_width: u8,
    length_width: u8,
    filtered: bool,
}

impl<R: Read + Seek> File<'_, R> {
    /// A text that ends with a zero, at an offset in a local heap.
    pub(super) fn local_text(&mut self, heap: u64, offset: u64) -> Result<String, Fault> {
        self.go(heap)?;
        self.signature(*b"HEAP")?;
        self.reader.skip(4)?;
        self.reader.skip(self.length_width().saturating_mul(2))?;
        let Some(segment) = self.address()? else { return Ok(String::new()) };
        self.go(segment.checked_add(offset).ok_or(Fault::End(segment))?)?;
        self.text_to_zero()
    }

    /// A text up to its zero, at most 1,024 bytes of it.
    pub(super) fn text_to_zero(&mut self) -> Result<String, Fault> {
        let mut bytes = Vec::new();
        while bytes.len() < 1024 {
            match self.reader.u8()? {
                0 => break,
                byte => bytes.push(byte),
            }
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Where an object of a global heap lies.
    pub(super) fn global(&mut self, collection: u64, wanted: u32) -> Result<Option<Span>, Fault> {
        self.go(collection)?;
        let start = self.reader.offset();
        self.signature(*b"GCOL")?;
        self.reader.skip(4)?;
        let end = start.checked_add(self.length()?).ok_or(Fault::End(start))?;
        while self.reader.offset().saturating_add(16) <= end {
            self.step()?;
            let index = self.reader.u16()?;
            self.reader.skip(6)?;
            let size = self.length()?;
            let at = self.reader.offset();
            if u32::from(index) == wanted {
                return Ok(at.checked_add(size).filter(|stop| *stop <= end).map(|end| Span { at, end }));
            }
            if index == 0 {
                break;
            }
            self.reader.skip(size.checked_next_multiple_of(8).ok_or(Fault::End(at))?)?;
        }
        Ok(None)
    }

    /// The header of a fractal heap.
    pub(super) fn fractal(&mut self, address: u64) -> Result<Fractal, Fault> {
        self.go(address)?;
        self.signature(*b"FRHP")?;
        self.reader.skip(3)?;
        let filters = self.reader.u16()?;
        self.reader.skip(1)?;
        let largest_object = u64::from(self.reader.u32()?);
        let (length, address) = (self.length_width(), self.address_width());
        self.reader.skip(length.saturating_mul(10).saturating_add(address.saturating_mul(2)))?;
        let width = u64::from(self.reader.u16()?);
        let (start, largest) = (self.length()?, self.length()?);
        let bits = self.reader.u16()?;
        self.reader.skip(2)?;
        let root = self.address()?;
        let rows = self.reader.u16()?;
        if width == 0 || !start.is_power_of_two() || !largest.is_power_of_two() || bits > 64 {
            return Err(malformed(self.reader.offset(), "a heap of sizes that no library writes"));
        }
        let offset_width = u8::try_from(bits.div_ceil(8)).unwrap_or(8);
        let length_width = width_of(largest.min(largest_object));
        Ok(Fractal {
            width,
            start,
            largest,
            bits,
            root,
            rows,
            offset_width,
            length_width,
            filtered: filters > 0,
        })
    }

    /// Where an object lies that an identifier of a fractal heap stands for here. None for one that lies outside of its blocks.
    pub(super) fn managed(&mut self, heap: &Fractal) -> Result<Option<Span>, Fault> {
        let kind = self.reader.u8()? >> 4 & 3;
        if kind == 2 {
            let at = self.reader.offset();
            return Ok(Some(Span { at, end: at.saturating_add(7) }));
        }
        if kind != 0 || heap.filtered {
            return Ok(None);
        }
        let mut offset = self.number(heap.offset_width)?;
        let length = self.number(heap.length_width)?;
        let Some(mut block) = heap.root else { return Ok(None) };
        let mut rows = heap.rows;
        for _ in 0..BLOCKS {
            if rows == 0 {
                let at = self.place(block)?.checked_add(offset).ok_or(Fault::End(offset))?;
                return Ok(at.checked_add(length).map(|end| Span { at, end }));
            }
            let Some((row, size)) = heap.row(&mut offset, rows) else { return Ok(None) };
            let index = row.saturating_mul(heap.width).saturating_add(offset.checked_div(size).unwrap_or(0));
            offset = offset.checked_rem(size).unwrap_or(0);
            self.go(block)?;
            self.signature(*b"FHIB")?;
            let head = 1u64.saturating_add(self.address_width()).saturating_add(heap.offset_width.into());
            self.reader.skip(head.saturating_add(index.saturating_mul(self.address_width())))?;
            let Some(child) = self.address()? else { return Ok(None) };
            block = child;
            rows = if size <= heap.largest { 0 } else { heap.rows_of(size) };
        }
        Ok(None)
    }

    /// The records of a version 2 tree: `see` is called with the reader at each.
    pub(super) fn tree(
        &mut self,
        address: u64,
        see: &mut dyn FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.go(address)?;
        self.signature(*b"BTHD")?;
        self.reader.skip(2)?;
        let node = u64::from(self.reader.u32()?);
        let record = u64::from(self.reader.u16()?).max(1);
        let depth = self.reader.u16()?;
        self.reader.skip(2)?;
        let root = self.address()?;
        let records = u64::from(self.reader.u16()?);
        if depth > LEVELS {
            return Err(malformed(self.reader.offset(), "a tree deeper than any"));
        }
        let widths = self.pointer_widths(node, record, depth);
        let mut todo: Vec<(u64, u64, u16)> = root.map(|root| (root, records, depth)).into_iter().collect();
        let mut nodes = 0usize;
        while let Some((address, records, depth)) = todo.pop() {
            nodes = nodes.saturating_add(1);
            self.go(address)?;
            self.signature(if depth == 0 { *b"BTLF" } else { *b"BTIN" })?;
            self.reader.skip(2)?;
            let start = self.reader.offset();
            for index in 0..records {
                self.step()?;
                self.reader.seek(start.saturating_add(index.saturating_mul(record)))?;
                see(self)?;
            }
            if depth == 0 {
                continue;
            }
            self.reader.seek(start.saturating_add(records.saturating_mul(record)))?;
            let (count_width, total_width) = widths.get(usize::from(depth)).copied().unwrap_or((1, 0));
            for _ in 0..=records {
                let child = self.address()?;
                let count = self.number(count_width)?;
                self.reader.skip(total_width.into())?;
                if todo.len().saturating_add(nodes) >= NODES {
                    return Err(malformed(start, "a tree with more nodes than any"));
                }
                todo.extend(child.map(|child| (child, count, depth.saturating_sub(1))));
            }
        }
        Ok(())
    }

    /// The widths of the two counts beside a pointer, for nodes of each level.
    fn pointer_widths(&self, node: u64, record: u64, depth: u16) -> Vec<(u8, u8)> {
        let leaf = node.saturating_sub(10).checked_div(record).unwrap_or(0);
        let count = width_of(leaf);
        let (mut widths, mut below, mut total) = (vec![(count, 0)], leaf, 0u8);
        for _ in 0..depth {
            widths.push((count, total));
            let pointer = self.address_width().saturating_add(count.into()).saturating_add(total.into());
            let most = node
                .saturating_sub(pointer.saturating_add(10))
                .checked_div(record.saturating_add(pointer))
                .unwrap_or(0);
            below = most.saturating_add(1).saturating_mul(below).saturating_add(most);
            total = width_of(below);
        }
        widths
    }
}

impl Fractal {
    /// The row in which an offset lies and the size of its blocks; the offset then counts from the start of the row.
    fn row(&self, offset: &mut u64, rows: u16) -> Option<(u64, u64)> {
        let mut size = self.start;
        for row in 0..rows {
            let all = size.checked_mul(self.width)?;
            if *offset < all {
                return Some((row.into(), size));
            }
            *offset = offset.saturating_sub(all);
            // The first two rows have blocks of the same size.
            size = if row == 0 { size } else { size.checked_mul(2)? };
        }
        None
    }

    fn rows_of(&self, size: u64) -> u16 {
        let first = self.start.saturating_mul(self.width).max(1);
        let rows = size
            .checked_ilog2()
            .unwrap_or(0)
            .saturating_sub(first.checked_ilog2().unwrap_or(0))
            .saturating_add(1);
        u16::try_from(rows).unwrap_or(u16::MAX).min(self.bits)
    }
}

/// How many bytes a count up to `most` takes.
fn width_of(most: u64) -> u8 {
    let bytes = most.checked_ilog2().unwrap_or(0) / 8;
    u8::try_from(bytes).unwrap_or(7).saturating_add(1)
}
