//! Writers of formats that hold a program of operators, and of the encodings below them.

use super::{WEIGHTS, zip};

/// A number of a protocol buffer.
pub fn proto_number(field: u32, value: u64) -> Vec<u8> {
    [varint(u64::from(field) << 3), varint(value)].concat()
}

/// A text, bytes or a message of a protocol buffer.
pub fn proto(field: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    [varint(u64::from(field) << 3 | 2), varint(payload.len() as u64), payload.to_vec()].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// A key and a value as protocol buffers write maps.
pub fn proto_entry(field: u32, key: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    proto(field, [proto(1, key), proto(2, value)].concat())
}

/// A field of a table in a `FlatBuffer`.
#[derive(Debug, Clone)]
pub enum Flat {
    /// Left out.
    None,
    /// One byte.
    Byte(u8),
    /// A number of four bytes.
    Number(u32),
    /// A number of eight bytes.
    Long(u64),
    /// A text.
    Text(&'static str),
    /// A vector of bytes.
    Bytes(Vec<u8>),
    /// A vector of numbers of four bytes.
    Numbers(Vec<u32>),
    /// A vector of texts.
    Texts(Vec<&'static str>),
    /// A table.
    Table(Vec<Self>),
    /// A vector of tables.
    Tables(Vec<Vec<Self>>),
}

/// A `FlatBuffer` with an identifier, which may be four zeros, and a root table.
pub fn flatbuffer(identifier: &[u8; 4], root: &[Flat]) -> Vec<u8> {
    let mut out = [&[0; 4], &identifier[..]].concat();
    let at = flat_table(&mut out, root);
    out[..4].copy_from_slice(&(at as u32).to_le_bytes());
    out
}

fn flat_table(out: &mut Vec<u8>, fields: &[Flat]) -> usize {
    out.resize(out.len().next_multiple_of(8), 0);
    let list = out.len();
    let (list_size, table_size) = (4 + 2 * fields.len(), 8 + 8 * fields.len());
    out.extend((list_size as u16).to_le_bytes());
    out.extend((table_size as u16).to_le_bytes());
    for (index, field) in fields.iter().enumerate() {
        let place = if matches!(field, Flat::None) { 0 } else { 8 + 8 * index };
        out.extend((place as u16).to_le_bytes());
    }
    out.resize(out.len().next_multiple_of(8), 0);
    let at = out.len();
    out.extend(((at - list) as i32).to_le_bytes());
    out.resize(at + table_size, 0);
    for (index, field) in fields.iter().enumerate() {
        flat_field(out, at + 8 + 8 * index, field);
    }
    at
}

fn flat_field(out: &mut Vec<u8>, slot: usize, field: &Flat) {
    let offset = |out: &mut Vec<u8>, at: usize| {
        out[slot..slot + 4].copy_from_slice(&((at - slot) as u32).to_le_bytes());
    };
    match field {
        Flat::None => {}
        Flat::Byte(byte) => out[slot] = *byte,
        Flat::Number(number) => out[slot..slot + 4].copy_from_slice(&number.to_le_bytes()),
        Flat::Long(number) => out[slot..slot + 8].copy_from_slice(&number.to_le_bytes()),
        Flat::Text(text) => {
            let at = flat_vector(out, text.len(), &[text.as_bytes(), b"\0"].concat());
            offset(out, at);
        }
        Flat::Bytes(bytes) => {
            let at = flat_vector(out, bytes.len(), bytes);
            offset(out, at);
        }
        Flat::Numbers(numbers) => {
            let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            let at = flat_vector(out, numbers.len(), &bytes);
            offset(out, at);
        }
        Flat::Table(fields) => {
            let at = flat_table(out, fields);
            offset(out, at);
        }
        Flat::Texts(texts) => {
            let at = flat_vector(out, texts.len(), &vec![0; texts.len() * 4]);
            offset(out, at);
            for (index, text) in texts.iter().enumerate() {
                let (slot, text) = (at + 4 + index * 4, flat_vector(out, text.len(), text.as_bytes()));
                out[slot..slot + 4].copy_from_slice(&((text - slot) as u32).to_le_bytes());
            }
        }
        Flat::Tables(tables) => {
            let at = flat_vector(out, tables.len(), &vec![0; tables.len() * 4]);
            offset(out, at);
            for (index, fields) in tables.iter().enumerate() {
                let (slot, table) = (at + 4 + index * 4, flat_table(out, fields));
                out[slot..slot + 4].copy_from_slice(&((table - slot) as u32).to_le_bytes());
            }
        }
    }
}

fn flat_vector(out: &mut Vec<u8>, count: usize, bytes: &[u8]) -> usize {
    out.resize(out.len().next_multiple_of(8), 0);
    let at = out.len();
    out.extend((count as u32).to_le_bytes());
    out.extend(bytes);
    at
}

/// A superblock of version 0 and a root group with an old header and attributes of version 1, each the text `{}`.
pub(super) fn hdf5_old(names: &[&str], size: usize) -> Vec<u8> {
    let mut messages = Vec::new();
    for name in names {
        let padded = |bytes: &[u8]| [bytes, &vec![0; bytes.len().next_multiple_of(8) - bytes.len()]].concat();
        let sizes = [name.len() as u16 + 1, 8, 8].map(u16::to_le_bytes).concat();
        let body = [
            &[1, 0][..],
            &sizes,
            &padded(&[name.as_bytes(), b"\0"].concat()),
            &TEXT_OF_TWO,
            &[1, 0, 0, 0, 0, 0, 0, 0],
            b"{}\0\0\0\0\0\0",
        ]
        .concat();
        messages.extend([&[0x0c, 0][..], &(body.len() as u16).to_le_bytes(), &[0; 4], &body].concat());
    }
    let mut out = b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0\x04\0\x10\0\0\0\0\0".to_vec();
    out.extend([[0; 8], [0xff; 8], (size as u64).to_le_bytes(), [0xff; 8]].concat());
    out.extend([&[0; 8][..], &96u64.to_le_bytes(), &[0; 24]].concat());
    out.extend(
        [
            &[1, 0][..],
            &(names.len() as u16).to_le_bytes(),
            &1u32.to_le_bytes(),
            &(messages.len() as u32).to_le_bytes(),
            &[0; 4],
        ]
        .concat(),
    );
    out.extend(messages);
    out.resize(size.max(out.len()), 0);
    out
}

/// A text of two bytes, as a type.
const TEXT_OF_TWO: [u8; 8] = [0x13, 0, 0, 0, 2, 0, 0, 0];

/// An HDF5 file (superblock version 2) whose root group has those texts as attributes, and links to objects in other files.
pub fn hdf5_new(attributes: &[(&str, &str)], external: &[(&str, &str)]) -> Vec<u8> {
    let mut messages = Vec::new();
    let mut message = |kind: u8, body: Vec<u8>| {
        messages.extend([&[kind][..], &(body.len() as u16).to_le_bytes(), &[0], &body].concat());
    };
    for (name, value) in attributes {
        let sizes = [name.len() as u16 + 1, 8, 4].map(u16::to_le_bytes).concat();
        let kind = [&[0x13, 0, 0, 0][..], &(value.len() as u32).to_le_bytes()].concat();
        message(
            0x0c,
            [&[3, 0][..], &sizes, &[0], name.as_bytes(), b"\0", &kind, &[2, 0, 0, 0], value.as_bytes()]
                .concat(),
        );
    }
    for (name, file) in external {
        let target = [b"\0", file.as_bytes(), b"\0/data\0"].concat();
        let body = [
            &[1, 8, 64, name.len() as u8][..],
            name.as_bytes(),
            &(target.len() as u16).to_le_bytes(),
            &target,
        ]
        .concat();
        message(0x06, body);
    }
    let mut out = b"\x89HDF\r\n\x1a\n\x02\x08\x08\0".to_vec();
    let root = [&b"OHDR\x02\x02"[..], &(messages.len() as u32).to_le_bytes(), &messages, &[0; 4]].concat();
    let end = (48 + root.len()) as u64;
    out.extend([&[0; 8][..], &[0xff; 8], &end.to_le_bytes(), &48u64.to_le_bytes(), &[0; 4]].concat());
    out.extend(root);
    out
}

/// An archive of Keras version 3 around a configuration.
pub fn keras_zip_with(config: &str) -> Vec<u8> {
    zip(&[
        ("metadata.json", br#"{"keras_version": "3.8.0", "date_saved": "2026-01-01@00:00:00"}"#),
        ("config.json", config.as_bytes()),
        ("model.weights.h5", &hdf5_new(&[], &[])),
    ])
}

/// A node of TensorFlow with inputs, and attributes that are texts.
pub fn tensorflow_node(name: &str, operator: &str, inputs: &[&str], attributes: &[(&str, &str)]) -> Vec<u8> {
    let mut out = [proto(1, name), proto(2, operator)].concat();
    inputs.iter().for_each(|input| out.extend(proto(3, input)));
    attributes.iter().for_each(|(key, value)| out.extend(proto_entry(5, key, proto(2, value))));
    out
}

/// A constant text of TensorFlow.
pub fn tensorflow_text(name: &str, text: &str) -> Vec<u8> {
    let tensor = [proto_number(1, 7), proto(2, []), proto(8, text)].concat();
    [proto(1, name), proto(2, "Const"), proto_entry(5, "value", proto(8, tensor))].concat()
}

/// A graph of those nodes.
pub fn tensorflow_graph(nodes: &[Vec<u8>]) -> Vec<u8> {
    nodes.iter().flat_map(|node| proto(1, node)).collect()
}

/// A SavedModel of one graph, with functions by name and nodes, and objects that have metadata.
pub fn tensorflow_saved_model(
    nodes: &[Vec<u8>],
    functions: &[(&str, Vec<Vec<u8>>)],
    metadata: &[&str],
) -> Vec<u8> {
    let mut library = Vec::new();
    for (name, nodes) in functions {
        let body: Vec<u8> = nodes.iter().flat_map(|node| proto(3, node)).collect();
        library.extend(proto(1, [proto(1, proto(1, name)), body].concat()));
    }
    let graph = [tensorflow_graph(nodes), proto(2, library)].concat();
    let objects: Vec<u8> = metadata
        .iter()
        .flat_map(|json| proto(1, proto(4, [proto(1, "_tf_keras_layer"), proto(3, json)].concat())))
        .collect();
    let about = [proto(2, []), proto(4, "serve"), proto(5, "2.21.0")].concat();
    [proto_number(1, 1), proto(2, [proto(1, about), proto(2, graph), proto(7, objects)].concat())].concat()
}

/// The index of a checkpoint with nothing in it.
pub fn tensorflow_index() -> Vec<u8> {
    tensorflow_index_of(&[(
        "a_tensor_whose_name_is_so_long_that_the_file_is_longer_than_a_header",
        0,
        0,
        &[4],
    )])
}

/// The index of a checkpoint in one file: of each tensor of floats the name, the number of its file, its offset and its shape.
pub fn tensorflow_index_of(tensors: &[(&str, u64, u64, &[u64])]) -> Vec<u8> {
    let header = [proto_number(1, 1), proto(3, proto_number(1, 1))].concat();
    let mut entries = vec![(String::new(), header)];
    for (name, shard, offset, shape) in tensors {
        let extents: Vec<u8> = shape.iter().flat_map(|size| proto(2, proto_number(1, *size))).collect();
        let size = shape.iter().product::<u64>() * 4;
        let numbers = [proto_number(3, *shard), proto_number(4, *offset), proto_number(5, size)].concat();
        entries.push(((*name).to_owned(), [proto_number(1, 1), proto(2, extents), numbers].concat()));
    }
    let mut out = table_block(&entries);
    let place = |at: usize, size: usize| [varint(at as u64), varint(size as u64)].concat();
    let data = place(0, out.len() - 5);
    let start = out.len();
    out.extend(table_block(&[("~".to_owned(), data)]));
    let index = place(start, out.len() - start - 5);
    let mut footer = [place(0, 0), index].concat();
    footer.resize(40, 0);
    out.extend(footer);
    out.extend([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]);
    out
}

/// A block of a table, with what stands behind it; no key shares anything with the one before.
fn table_block(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in entries {
        out.extend([varint(0), varint(key.len() as u64), varint(value.len() as u64)].concat());
        out.extend([key.as_bytes(), value].concat());
    }
    // One place to start again, no compression, no checksum.
    out.extend([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    out
}

/// The list of the files of a model for TVM: each its name and its size.
pub fn tvm_shards(files: &[(&str, u64)]) -> Vec<u8> {
    let record = |(path, size): &(&str, u64)| {
        format!(
            r#"{{"dataPath":"{path}","format":"raw-shard","nbytes":{size},"records":[{{"name":"w","shape":[2,{}],"dtype":"float32","nbytes":{size},"byteOffset":0}}]}}"#,
            size / 8
        )
    };
    let records: Vec<_> = files.iter().map(record).collect();
    format!(r#"{{"metadata":{{"ParamSize":{}}},"records":[{}]}}"#, files.len(), records.join(","))
        .into_bytes()
}

/// A Core ML model: the field of its kind, and what is in it.
pub fn coreml(kind: u32, model: &[u8]) -> Vec<u8> {
    let input = proto(1, [proto(1, "image"), proto(3, [])].concat());
    let about = proto(100, [proto(1, "tells cats from dogs"), proto(3, "someone"), proto(4, "MIT")].concat());
    [proto_number(1, 4), proto(2, [input, about].concat()), proto(kind, model)].concat()
}

/// An `OpenVINO` network with those layers.
pub fn openvino(before: &str, layers: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\"?>\n{before}<net name=\"tiny\" version=\"11\">\n<layers>{layers}</layers>\n<edges/></net>\n").into_bytes()
}

/// A PMML document.
pub fn pmml(before: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\"?>\n{before}<PMML version=\"4.4\" xmlns=\"http://www.dmg.org/PMML-4_4\"><Header/></PMML>").into_bytes()
}

/// A `PaddlePaddle` program with those operators: their types, and a text attribute of each.
pub fn paddle(operators: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut block = [proto_number(1, 0), proto_number(2, u64::MAX)].concat();
    for (kind, key, value) in operators {
        let attribute = [proto(1, key), proto_number(2, 2), proto(5, value)].concat();
        block.extend(proto(4, [proto(3, kind), proto(4, attribute)].concat()));
    }
    [proto(1, block), proto(4, proto_number(1, 0))].concat()
}

/// A TensorFlow Lite model with those operators (by number and name), one tensor, and an operator on tensors of those numbers.
pub fn tflite_with(operators: &[(u32, &'static str)], inputs: &[u32]) -> Vec<u8> {
    let codes = operators.iter().map(|(number, name)| {
        vec![Flat::Byte((*number).min(127) as u8), Flat::Text(name), Flat::Number(1), Flat::Number(*number)]
    });
    let tensor = vec![Flat::Numbers(vec![2, 4]), Flat::Byte(0), Flat::Number(1), Flat::Text("w")];
    let node = vec![Flat::Number(0), Flat::Numbers(inputs.to_vec()), Flat::Numbers(vec![0])];
    let graph = vec![
        Flat::Tables(vec![tensor]),
        Flat::Numbers(vec![0]),
        Flat::Numbers(vec![0]),
        Flat::Tables(vec![node]),
    ];
    let buffers = vec![vec![Flat::None], vec![Flat::Bytes(vec![0; 32])]];
    let root = [
        Flat::Number(3),
        Flat::Tables(codes.collect()),
        Flat::Tables(vec![graph]),
        Flat::Text("converted"),
        Flat::Tables(buffers),
    ];
    flatbuffer(b"TFL3", &root)
}

/// A model of ONNX Runtime with one operator.
pub fn ort(domain: &'static str, operator: &'static str) -> Vec<u8> {
    let node = vec![
        Flat::Text("n"),
        Flat::None,
        Flat::Text(domain),
        Flat::Number(1),
        Flat::Number(0),
        Flat::Text(operator),
    ];
    let graph = vec![Flat::None, Flat::None, Flat::Tables(vec![node])];
    let model = vec![
        Flat::Long(8),
        Flat::None,
        Flat::Text("maker"),
        Flat::Text("2.1"),
        Flat::None,
        Flat::None,
        Flat::None,
        Flat::Table(graph),
    ];
    flatbuffer(b"ORTM", &[Flat::Text("6"), Flat::Table(model)])
}

/// An `ExecuTorch` program with one operator and a delegate, which may be none.
pub fn executorch(operator: &'static str, delegate: Option<&'static str>) -> Vec<u8> {
    let delegates = delegate.map(|name| vec![Flat::Text(name)]).into_iter().collect();
    let plan = vec![
        Flat::Text("forward"),
        Flat::None,
        Flat::None,
        Flat::None,
        Flat::None,
        Flat::None,
        Flat::Tables(vec![vec![Flat::Text(operator), Flat::Text("out")]]),
        Flat::Tables(delegates),
    ];
    flatbuffer(b"ET12", &[Flat::Number(0), Flat::Tables(vec![plan])])
}

/// Parameters of Flax: one array of that shape with as many bytes as 32-bit floats take, and values that are written as they are.
pub fn flax(extents: &[u8], more: &[(&str, &[u8])]) -> Vec<u8> {
    let bytes = extents.iter().map(|extent| usize::from(*extent)).product::<usize>() * 4;
    let mut array = vec![0x93, 0x90 | extents.len() as u8];
    array.extend(extents);
    array.extend(b"\xa7float32\xc6");
    array.extend((bytes as u32).to_be_bytes());
    array.resize(array.len() + bytes, 0);
    let mut out = vec![0x80 | (more.len() + 1) as u8];
    out.extend(b"\xa6params\x81\xa6kernel\xc9");
    out.extend((array.len() as u32).to_be_bytes());
    out.push(1);
    out.extend(array);
    for (key, value) in more {
        out.push(0xa0 | key.len() as u8);
        out.extend(key.bytes());
        out.extend(*value);
    }
    out
}

/// Objects of R as `saveRDS` writes them: the items as they are.
pub fn rds(items: &[u8]) -> Vec<u8> {
    [&b"X\n\0\0\0\x03\0\x04\x03\x01\0\x03\x05\0\0\0\0\x05UTF-8"[..], items].concat()
}

/// A symbol of R.
pub fn r_symbol(name: &str) -> Vec<u8> {
    [&[0, 0, 0, 1][..], &r_text(name)].concat()
}

/// A text of R, without the vector around it.
pub fn r_text(text: &str) -> Vec<u8> {
    [&[0, 4, 0, 9][..], &(text.len() as u32).to_be_bytes(), text.as_bytes()].concat()
}

/// A call of R with one text as its argument.
pub fn r_call(function: &str, argument: &str) -> Vec<u8> {
    let texts = [&[0, 0, 0, 16, 0, 0, 0, 1][..], &r_text(argument)].concat();
    [&[0, 0, 0, 6][..], &r_symbol(function), &[0, 0, 0, 2], &texts, &[0, 0, 0, 254]].concat()
}

/// A promise of R which nobody has looked at yet.
pub fn r_promise(expression: &[u8]) -> Vec<u8> {
    [&[0, 0, 4, 5, 0, 0, 0, 253, 0, 0, 0, 252][..], expression].concat()
}

/// A vector of R with those whole numbers.
pub fn r_numbers(numbers: &[u32]) -> Vec<u8> {
    let numbers: Vec<u8> =
        [numbers.len() as u32].iter().chain(numbers).flat_map(|number| number.to_be_bytes()).collect();
    [&[0, 0, 0, 13][..], &numbers].concat()
}

/// An `XGBoost` model in JSON with those attributes.
pub fn xgboost(attributes: &str) -> Vec<u8> {
    format!("{{\"learner\":{{\"attributes\":{attributes},\"feature_names\":[],\"gradient_booster\":{{\"name\":\"gbtree\"}},\"learner_model_param\":{{\"num_feature\":\"4\"}},\"objective\":{{\"name\":\"reg:squarederror\"}}}},\"version\":[3,2,0]}}").into_bytes()
}

/// An `XGBoost` model in UBJSON with one attribute.
pub fn xgboost_ubj(attribute: &str) -> Vec<u8> {
    let text = |text: &str| [&b"L"[..], &(text.len() as u64).to_be_bytes(), text.as_bytes()].concat();
    let weights = [&b"[$d#L"[..], &4u64.to_be_bytes(), &[0; 16]].concat();
    [
        b"{",
        &text("learner")[..],
        b"{",
        &text("attributes"),
        b"{",
        &text("note"),
        b"S",
        &text(attribute),
        b"}",
        &text("weights"),
        &weights,
        b"}}",
    ]
    .concat()
}

/// A `LightGBM` model with those names of features.
pub fn lightgbm(names: &str) -> Vec<u8> {
    format!("tree\nversion=v4\nnum_class=1\nmax_feature_idx=1\nobjective=binary\nfeature_names={names}\n\nTree=0\nnum_leaves=2\nleaf_value=1 2\n\nend of trees\n").into_bytes()
}

/// A `CatBoost` model with one entry about itself.
pub fn catboost(key: &'static str, value: &'static str) -> Vec<u8> {
    let entries = vec![vec![Flat::Text(key), Flat::Text(value)]];
    let core = flatbuffer(&[0; 4], &[Flat::Text("FlabuffersModel_v1"), Flat::None, Flat::Tables(entries)]);
    [&b"CBM1"[..], &(core.len() as u32).to_le_bytes(), &core, &[0; 16]].concat()
}

/// An MNN network with one operator of that type.
pub fn mnn(kind: u32) -> Vec<u8> {
    let operator = vec![
        Flat::None,
        Flat::None,
        Flat::None,
        Flat::Text("first"),
        Flat::Numbers(vec![0]),
        Flat::Number(kind),
    ];
    let mut root = vec![Flat::None; 10];
    root[3] = Flat::Tables(vec![operator]);
    root[7] = Flat::Texts(vec!["data"]);
    flatbuffer(&[0; 4], &root)
}

/// A LiteRT-LM file of one section.
pub fn litertlm(section: &[u8]) -> Vec<u8> {
    let start = 1024u64;
    let object = vec![Flat::None, Flat::Long(start), Flat::Long(start + section.len() as u64)];
    let header = flatbuffer(&[0; 4], &[Flat::None, Flat::Table(vec![Flat::Tables(vec![object])])]);
    let mut out = b"LITERTLM\x01\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    out.extend((32 + header.len() as u64).to_le_bytes());
    out.extend(header);
    out.resize(start as usize, 0);
    out.extend(section);
    out
}

/// Parameters of TVM: one array of two by two floats.
pub fn tvm() -> Vec<u8> {
    let mut out = 0xf7e5_8d4f_0504_9cb7u64.to_le_bytes().to_vec();
    out.extend([&[0; 8][..], &1u64.to_le_bytes(), &1u64.to_le_bytes(), b"w", &1u64.to_le_bytes()].concat());
    out.extend(
        [
            &0xdd5e_40f0_96b4_a13fu64.to_le_bytes()[..],
            &[0; 8],
            &[1, 0, 0, 0, 0, 0, 0, 0],
            &2u32.to_le_bytes(),
            &[2, 32, 1, 0],
        ]
        .concat(),
    );
    out.extend([2u64, 2, 16].map(u64::to_le_bytes).concat());
    out.extend([0; 16]);
    out
}

/// The heads of formats that cannot be looked into, by catalogue id.
pub fn engines() -> Vec<(&'static str, Vec<u8>)> {
    let filled = |head: &[u8]| [head, &vec![0; WEIGHTS]].concat();
    vec![
        ("tensorrt", filled(b"ftrt\0\0\0\0\xef\0\0\0\0\x10\0\0\0\0\0\0")),
        ("rknn", filled(b"RKNN\0\0\0\0\x06\0\0\0\0\0\0\0\0\x10\0\0\0\0\0\0")),
        ("hailo", filled(b"\x01HEF\0\0\0\x01\0\0\x01\0")),
        ("ncnn", b"7767517\n2 2\nInput data 0 1 data\nReLU out 1 1 data out\n".to_vec()),
    ]
}

/// A tensor of 32-bit floats whose bytes lie in another file.
pub fn external(entries: &[(&str, &str)]) -> Vec<u8> {
    let entries: Vec<u8> = entries.iter().flat_map(|(key, value)| proto_entry(13, key, value)).collect();
    proto(5, [proto_number(1, 10), proto_number(2, 1), proto(8, "w"), entries, proto_number(14, 1)].concat())
}

/// An ONNX model of one operator, with more in its graph and behind it.
pub fn onnx_with(graph: &[u8], more: &[u8]) -> Vec<u8> {
    let node = onnx_node("Relu", "", &[]);
    let opset = proto(8, proto_number(2, 21));
    [
        proto_number(1, 10),
        proto(2, "maker"),
        opset,
        proto(7, [&node, &proto(2, "g")[..], graph].concat()),
        more.to_vec(),
    ]
    .concat()
}

/// An operator of ONNX.
pub fn onnx_node(operator: &str, domain: &str, more: &[u8]) -> Vec<u8> {
    proto(1, [&proto(1, "x")[..], &proto(2, "y"), &proto(4, operator), &proto(7, domain), more].concat())
}
