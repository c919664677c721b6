//! Writers of pickles, opcode by opcode, for what no ordinary library writes.

/// What a legacy checkpoint begins with.
const LEGACY_MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";

/// Something like marshalled byte code that uses those names, in base64.
pub fn marshalled(names: &[&str]) -> String {
    let mut code = vec![0xe3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0x29, names.len() as u8];
    for name in names {
        code.extend([0xda, name.len() as u8]);
        code.extend(name.bytes());
    }
    base64(&code)
}

/// Bytes as base64.
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let word =
            three.iter().enumerate().fold(0u32, |word, (at, byte)| word | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * at) & 63) as usize];
            out.push(if at > three.len() { '=' } else { letter.into() });
        }
    }
    out
}

/// A text as protocol 4 has it.
pub fn text(text: &str) -> Vec<u8> {
    [&[0x8c, text.len() as u8][..], text.as_bytes()].concat()
}

/// GLOBAL, protocol 0.
pub fn global(module: &str, name: &str) -> Vec<u8> {
    format!("c{module}\n{name}\n").into_bytes()
}

/// STACK_GLOBAL, protocol 4.
pub fn stack_global(module: &str, name: &str) -> Vec<u8> {
    [text(module), text(name), vec![0x93]].concat()
}

/// A call with texts.
pub fn call(module: &str, name: &str, arguments: &[&str]) -> Vec<u8> {
    let arguments: Vec<u8> = arguments.iter().flat_map(|one| text(one)).collect();
    [global(module, name), b"(".to_vec(), arguments, b"tR".to_vec()].concat()
}

/// BINBYTES.
pub fn bytes(content: &[u8]) -> Vec<u8> {
    [b"B", &(content.len() as u32).to_le_bytes()[..], content].concat()
}

/// A whole pickle of those parts.
pub fn pickle(parts: &[&[u8]]) -> Vec<u8> {
    [b"\x80\x04", &parts.concat()[..], b"."].concat()
}

/// What every trick is there to run.
pub fn attack() -> Vec<u8> {
    call("os", "system", &["id"])
}

/// A legacy checkpoint with one storage of two floats; `extra` runs in its object.
pub fn legacy_torch(extra: &[u8]) -> Vec<u8> {
    let mut out = LEGACY_MAGIC.to_vec();
    out.extend(b"\x80\x02M\xe9\x03.");
    out.extend(b"\x80\x02}q\x00X\x0d\x00\x00\x00little_endianq\x01\x88s.");
    let id = [
        b"(".to_vec(),
        text("storage"),
        global("torch", "FloatStorage"),
        text("7"),
        text("cpu"),
        b"K\x02NtQ".to_vec(),
    ]
    .concat();
    out.extend(pickle(&[
        extra,
        &global("torch._utils", "_rebuild_tensor_v2"),
        b"(",
        &id,
        b"K\x00K\x02\x85K\x01\x85\x89tR",
    ]));
    out.extend(pickle(&[b"]", &text("7"), b"a"]));
    out.extend(2u64.to_le_bytes());
    out.extend([0x3f; 8]);
    out
}

/// An array as joblib writes one: its description, the padding, and its bytes.
pub fn joblib_array(dtype: &str, shape: &[u8], padding: Option<u8>, content: &[u8]) -> Vec<u8> {
    let wrapper = [global("joblib.numpy_pickle", "NumpyArrayWrapper"), b")\x81}(".to_vec()].concat();
    let subclass = [text("subclass"), global("numpy", "ndarray"), text("shape"), shape.to_vec()].concat();
    let order = [text("order"), text("C"), text("dtype"), global("numpy", "dtype"), text(dtype)].concat();
    let state = b"\x89\x88\x87R(K\x03\x8c\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb".to_vec();
    let mut out = [wrapper, subclass, order, state, text("allow_mmap"), b"\x88".to_vec()].concat();
    if padding.is_some() {
        out.extend([text("numpy_array_alignment_bytes"), b"K\x10".to_vec()].concat());
    }
    out.extend(b"ub");
    if let Some(padding) = padding {
        out.push(padding);
        out.extend(vec![0xff; padding.into()]);
    }
    out.extend(content);
    out
}

/// A legacy checkpoint without storages around a pickle.
pub fn legacy_around(object: &[u8]) -> Vec<u8> {
    let about = b"\x80\x02M\xe9\x03.\x80\x02}q\x00X\x0d\x00\x00\x00little_endianq\x01\x88s.";
    [LEGACY_MAGIC, about, object, b"\x80\x02]q\x00."].concat()
}
