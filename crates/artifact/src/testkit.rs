//! Small writers of every format, for tests. What they write is whole and loads; tests break it afterwards.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "the writers are given small values by tests, never by a file"
)]

pub mod archives;
mod bundles;
mod corpus;
mod graphs;
pub mod pickles;

use self::graphs::hdf5_old;
pub use self::{
    bundles::*,
    corpus::{Case, corpus},
    graphs::*,
};

/// Bytes of weights where a writer chooses: enough that a scan does not take the file for too small to be a model.
const WEIGHTS: usize = 8192;

/// A value of a GGUF key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// An unsigned 32-bit number.
    U32(u32),
    /// An unsigned 64-bit number.
    U64(u64),
    /// A 32-bit float.
    F32(f32),
    /// A truth value.
    Bool(bool),
    /// A text.
    Text(&'a str),
    /// An array of texts.
    Texts(&'a [&'a str]),
    /// An array of signed 32-bit numbers.
    I32s(&'a [i32]),
}

/// How a GGUF file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// 1, 2 or 3.
    pub version: u32,
    /// Whether numbers are big-endian.
    pub big_endian: bool,
}

/// A GGUF file of version 3 with `F32` tensors of those shapes, filled with zeros.
pub fn gguf(keys: &[(&str, Value<'_>)], tensors: &[(&str, &[u64])]) -> Vec<u8> {
    gguf_as(Layout { version: 3, big_endian: false }, keys, tensors)
}

/// The header alone of the file that [`gguf`] writes, up to where its tensors begin.
pub fn gguf_header(keys: &[(&str, Value<'_>)], tensors: &[(&str, &[u64])]) -> Vec<u8> {
    let mut out = Gguf { bytes: Vec::new(), layout: Layout { version: 3, big_endian: false } };
    out.header(keys, tensors);
    let length = out.bytes.len().next_multiple_of(32);
    out.bytes.resize(length, 0);
    out.bytes
}

/// A GGUF file of any version and byte order.
pub fn gguf_as(layout: Layout, keys: &[(&str, Value<'_>)], tensors: &[(&str, &[u64])]) -> Vec<u8> {
    let mut out = Gguf { bytes: Vec::new(), layout };
    let offset = out.header(keys, tensors);
    let data = out.bytes.len().next_multiple_of(32) + offset as usize;
    out.bytes.resize(if tensors.is_empty() { out.bytes.len() } else { data }, 0);
    out.bytes
}

struct Gguf {
    bytes: Vec<u8>,
    layout: Layout,
}

impl Gguf {
    /// Everything before the tensors, unpadded; gives how many bytes the tensors take.
    fn header(&mut self, keys: &[(&str, Value<'_>)], tensors: &[(&str, &[u64])]) -> u64 {
        self.bytes.extend(b"GGUF");
        self.u32(self.layout.version);
        self.size(tensors.len() as u64);
        self.size(keys.len() as u64);
        for (key, value) in keys {
            self.text(key);
            self.value(*value);
        }
        let mut offset = 0u64;
        for (name, shape) in tensors {
            self.text(name);
            self.u32(shape.len() as u32);
            shape.iter().for_each(|extent| self.size(*extent));
            self.u32(0);
            self.u64(offset);
            offset += (shape.iter().product::<u64>() * 4).next_multiple_of(32);
        }
        offset
    }

    fn number<const N: usize>(&mut self, mut little: [u8; N]) {
        if self.layout.big_endian {
            little.reverse();
        }
        self.bytes.extend(little);
    }

    fn u32(&mut self, number: u32) {
        self.number(number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.number(number.to_le_bytes());
    }

    fn size(&mut self, number: u64) {
        if self.layout.version == 1 { self.u32(number as u32) } else { self.u64(number) }
    }

    fn text(&mut self, text: &str) {
        self.size(text.len() as u64);
        self.bytes.extend(text.bytes());
    }

    fn value(&mut self, value: Value<'_>) {
        match value {
            Value::U32(number) => {
                self.u32(4);
                self.u32(number);
            }
            Value::U64(number) => {
                self.u32(10);
                self.u64(number);
            }
            Value::F32(number) => {
                self.u32(6);
                self.u32(number.to_bits());
            }
            Value::Bool(truth) => {
                self.u32(7);
                self.bytes.push(truth.into());
            }
            Value::Text(text) => {
                self.u32(8);
                self.text(text);
            }
            Value::Texts(texts) => {
                self.u32(9);
                self.u32(8);
                self.size(texts.len() as u64);
                texts.iter().for_each(|text| self.text(text));
            }
            Value::I32s(numbers) => {
                self.u32(9);
                self.u32(5);
                self.size(numbers.len() as u64);
                numbers.iter().for_each(|number| self.number(number.to_le_bytes()));
            }
        }
    }
}

/// A llama.cpp file from before GGUF (`ggjt`, version 3): 32 words, and one tensor quantised as `Q4_0`.
pub fn ggml() -> Vec<u8> {
    let numbers = [3u32, 32, 64, 32, 4, 2, 16, 2];
    let mut out = b"tjgg".to_vec();
    numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
    for word in 0..32u8 {
        out.extend([1, 0, 0, 0, word, 0, 0, 0, 0]);
    }
    [2u32, 1, 2, 64, 256].iter().for_each(|number| out.extend(number.to_le_bytes()));
    out.push(b'w');
    out.resize(out.len().next_multiple_of(32) + 64 * 256 / 32 * 18, 0);
    out
}

/// A safetensors file with those entries of `__metadata__` and `F32` tensors of those shapes, filled with zeros.
pub fn safetensors(metadata: &[(&str, &str)], tensors: &[(&str, &[u64])]) -> Vec<u8> {
    let mut header = serde_json::Map::new();
    if !metadata.is_empty() {
        let entries = metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).into()));
        header.insert("__metadata__".to_owned(), serde_json::Value::Object(entries.collect()));
    }
    let mut offset = 0u64;
    for (name, shape) in tensors {
        let end = offset + shape.iter().product::<u64>() * 4;
        let tensor = serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [offset, end]});
        header.insert((*name).to_owned(), tensor);
        offset = end;
    }
    let mut out = safetensors_header(&serde_json::Value::Object(header).to_string());
    out.resize(out.len() + offset as usize, 0);
    out
}

/// A length and a header as they stand, without tensors.
pub fn safetensors_header(json: &str) -> Vec<u8> {
    let mut out = (json.len() as u64).to_le_bytes().to_vec();
    out.extend(json.bytes());
    out
}

/// A zip archive of stored members.
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip_after(Vec::new(), members)
}

/// A zip archive behind other bytes.
pub fn zip_after(mut out: Vec<u8>, members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut directory = Vec::new();
    for (name, data) in members {
        let offset = out.len() as u32;
        let (crc, size) = (crc32(data).to_le_bytes(), (data.len() as u32).to_le_bytes());
        let name_length = (name.len() as u16).to_le_bytes();
        let common =
            [&[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..], &crc, &size, &size, &name_length, &[0, 0]].concat();
        out.extend([&b"PK\x03\x04"[..], &common, name.as_bytes(), data].concat());
        let place = [&[0; 10][..], &offset.to_le_bytes()].concat();
        directory.extend([&b"PK\x01\x02\x14\x00"[..], &common, &place, name.as_bytes()].concat());
    }
    let count = (members.len() as u16).to_le_bytes();
    let (size, start) = ((directory.len() as u32).to_le_bytes(), (out.len() as u32).to_le_bytes());
    out.extend(directory);
    out.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size, &start, &[0, 0]].concat());
    out
}

/// The checksum that zip archives keep of so many zeros.
pub fn crc32_of_zeros(count: u64) -> u32 {
    const TABLE: [u32; 256] = table();
    !(0..count).fold(u32::MAX, |crc, _| crc >> 8 ^ TABLE[(crc & 0xff) as usize])
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

/// The checksum that zip archives keep of their members.
pub fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

/// A PyTorch checkpoint around a pickle, which may be any.
pub fn torch_zip(data_pickle: &[u8]) -> Vec<u8> {
    zip(&[
        ("archive/data.pkl", data_pickle),
        ("archive/byteorder", b"little"),
        ("archive/data/0", &[0; WEIGHTS]),
        ("archive/version", b"3\n"),
    ])
}

/// A PyTorch program.
pub fn torchscript_zip() -> Vec<u8> {
    zip(&[
        ("model/data.pkl", &pickle(&[("__torch__", "Model")])),
        ("model/code/__torch__.py", b"class Model(Module):\n  pass\n"),
        ("model/constants.pkl", b"\x80\x02)."),
        ("model/data/0", &[0; WEIGHTS]),
        ("model/version", b"3\n"),
    ])
}

/// A legacy PyTorch checkpoint: magic, version, system, object, list of storages, one pickle after the other.
pub fn torch_legacy() -> Vec<u8> {
    let mut out = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e".to_vec();
    out.extend(b"\x80\x02M\xe9\x03.");
    out.extend(b"\x80\x02}q\x00X\x0d\x00\x00\x00little_endianq\x01\x88s.");
    out.extend(b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nq\x00)Rq\x01.");
    out.extend(b"\x80\x02]q\x00.");
    out.resize(out.len() + WEIGHTS, 0);
    out
}

/// An archive of that many NumPy arrays.
pub fn npz(arrays: usize) -> Vec<u8> {
    let mut array =
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2048,), }".to_vec();
    array.resize(127, b' ');
    array.push(b'\n');
    array.resize(128 + WEIGHTS, 0);
    let names: Vec<String> = (0..arrays).map(|index| format!("arr_{index}.npy")).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), array.as_slice())).collect();
    zip(&members)
}

/// A Keras archive of version 3.
pub fn keras_zip() -> Vec<u8> {
    zip(&[
        ("metadata.json", br#"{"keras_version": "3.8.0", "date_saved": "2026-01-01@00:00:00"}"#),
        ("config.json", br#"{"module": "keras", "class_name": "Sequential", "config": {}}"#),
        ("model.weights.h5", &hdf5(&[])),
    ])
}

/// An HDF5 file (superblock version 0) whose root group has attributes of those names, each the text `{}`.
pub fn hdf5(names: &[&str]) -> Vec<u8> {
    hdf5_old(names, WEIGHTS)
}

/// A Keras model in HDF5.
pub fn keras_h5() -> Vec<u8> {
    hdf5(&["keras_version", "model_config"])
}

/// An ONNX model with one initializer of zeros. `graph_first` puts the graph before everything else.
pub fn onnx(graph_first: bool) -> Vec<u8> {
    let initializer = [field(0x0a, &[]), field(0x4a, &[0; WEIGHTS])].concat();
    let node = [field(0x0a, b"x"), field(0x12, b"y"), field(0x22, b"Relu")].concat();
    let graph = field(0x3a, &[field(0x0a, &node), field(0x12, b"tiny"), field(0x2a, &initializer)].concat());
    let rest =
        [vec![8, 10], field(0x12, b"maker"), field(0x1a, b"2.1"), field(0x42, &[0x0a, 0, 0x10, 21])].concat();
    if graph_first { [graph, rest].concat() } else { [rest, graph].concat() }
}

/// A length-delimited field of a protocol buffer, by its key.
fn field(key: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![key];
    let mut size = payload.len();
    while size > 0x7f {
        out.push(size as u8 | 0x80);
        size >>= 7;
    }
    out.push(size as u8);
    out.extend(payload);
    out
}

/// A TensorFlow Lite model of schema version 3 with a description.
pub fn tflite() -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(20u32.to_le_bytes());
    out.extend(b"TFL3");
    // The table of fields: its size, the size of the table, and where version and description lie in that.
    [12u16, 12, 4, 0, 0, 8].iter().for_each(|number| out.extend(number.to_le_bytes()));
    out.extend(12i32.to_le_bytes());
    out.extend(3u32.to_le_bytes());
    out.extend(4u32.to_le_bytes());
    out.extend(9u32.to_le_bytes());
    out.extend(b"converted\0\0\0");
    out.resize(out.len() + WEIGHTS, 0);
    out
}

/// A llamafile: the head of a program, and an archive with a GGUF model.
pub fn llamafile(program: &[u8]) -> Vec<u8> {
    let mut head = program.to_vec();
    head.resize(WEIGHTS, 0);
    let model = gguf(&[("general.architecture", Value::Text("llama"))], &[]);
    zip_after(head, &[(".args", b"-m\nmodel.gguf\n"), ("model.gguf", &model)])
}

/// A pickle of protocol 4 that names those globals in a list.
pub fn pickle(globals: &[(&str, &str)]) -> Vec<u8> {
    let mut out = b"\x80\x04]\x94(".to_vec();
    for (module, name) in globals {
        for text in [module, name] {
            out.extend([0x8c, text.len() as u8]);
            out.extend(text.bytes());
            out.push(0x94);
        }
        out.extend(b"\x93\x94");
    }
    out.extend(b"e.");
    out
}

/// A pickle of protocol 0: a list of that many floats.
pub fn pickle_text(floats: usize) -> Vec<u8> {
    let mut out = b"(lp0\n".to_vec();
    (0..floats).for_each(|index| out.extend(format!("F{index}.5\na").bytes()));
    out.push(b'.');
    out
}
