//! Writers of models that are archives or stores of other things: torch.export, NeMo, skops, MediaPipe, Qualcomm, Orbax.

use super::{
    WEIGHTS,
    archives::{self, entry, npy, part, tar},
    pickle, tflite_with, zip,
};

/// A program of `torch.export` around its graph.
pub fn torch_export(graph: &str) -> Vec<u8> {
    let program = format!(
        r#"{{"graph_module": {{"graph": {graph}}}, "opset_version": {{"aten": 10}}, "schema_version": {{"major": 8, "minor": 8}}}}"#
    );
    zip(&[
        ("model/archive_format", b"pt2"),
        ("model/byteorder", b"little"),
        ("model/archive_version", b"0"),
        ("model/models/model.json", program.as_bytes()),
        ("model/data/weights/weight_0", &[0; WEIGHTS]),
    ])
}

/// A NeMo model around its configuration.
pub fn nemo(config: &str) -> Vec<u8> {
    let weights = super::torch_zip(&pickle(&[("torch._utils", "_rebuild_tensor_v2")]));
    tar(&[
        entry("./model_config.yaml", b'0', "", config.as_bytes()),
        entry("./model_weights.ckpt", b'0', "", &weights),
    ])
}

/// A checkpoint of PyTorch 0.1: a tar of pickles.
pub fn torch_tar(object: &[u8]) -> Vec<u8> {
    let none = b"\x80\x02K\x00.";
    tar(&[
        entry("sys_info", b'0', "", b"\x80\x02}q\x00."),
        entry("pickle", b'0', "", object),
        entry("tensors", b'0', "", none),
        entry("storages", b'0', "", none),
    ])
}

/// A skops archive around the loader of its outermost object.
pub fn skops(module: &str, class: &str) -> Vec<u8> {
    let schema = format!(
        r#"{{"__class__": "{class}", "__module__": "{module}", "__loader__": "ObjectNode", "content": {{}}, "protocol": 1}}"#
    );
    archives::zip(&[part("schema.json", schema.as_bytes()), part("1.npy", &npy("'<f8'", "(2,)", &[0; 16]))])
}

/// A bundle of MediaPipe with one model of that operator.
pub fn mediapipe(operator: &'static str) -> Vec<u8> {
    let code = if operator.is_empty() { 0 } else { 32 };
    let model = tflite_with(&[(code, operator)], &[0]);
    zip(&[("face_detector.tflite", &model), ("geometry_pipeline_metadata_landmarks.binarypb", b"\x0a\0")])
}

/// A container of Qualcomm's runtime.
pub fn dlc() -> Vec<u8> {
    zip(&[
        ("model", &[0xd5, 0x0a, 3, 0, 0, 0, 0, 0]),
        ("model.params", &[0; WEIGHTS]),
        ("dlc.metadata", b"converter-command=x"),
    ])
}

/// A manifest of OCDBT that names these files, whose paths share no beginning.
pub fn ocdbt(paths: &[&str]) -> Vec<u8> {
    let mut body = vec![7; 16];
    body.extend([0, 0x80, 8, 0x80, 0x80, 4, 4, 0, paths.len() as u8]);
    body.extend(paths.iter().skip(1).map(|_| 0u8));
    body.extend(paths.iter().map(|path| path.len() as u8));
    body.extend(paths.iter().map(|_| 0u8));
    body.extend(paths.concat().as_bytes());
    ocdbt_around(&body)
}

/// A manifest of OCDBT around what is to stand in it, with its length and checksum.
pub fn ocdbt_around(body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u64 + 18).to_le_bytes();
    let mut out = [&[0x0c, 0xdb, 0x3a, 0x2a][..], &length, &[0, 0], body].concat();
    let sum = crc32c(&out).to_le_bytes();
    out.extend(sum);
    out
}

fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 },
        )
    })
}
