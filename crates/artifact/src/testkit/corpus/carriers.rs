//! One payload in everything that carries pickles: tricks 7, 15, 21, 22, 23 and 25.

use super::Case;
use crate::testkit::{
    archives::{bzip2, deflated, entry, gzip, lz4, npy, part, tar, torch, xz, zip, zlib, zstd},
    flax, gguf, hdf5_new, keras_zip_with,
    pickles::{joblib_array, legacy_around, pickle},
    safetensors, safetensors_header, zip_after,
};

/// Puts a pickle into a file.
type Carry = fn(&[u8]) -> Vec<u8>;

const CALL: &[&str] = &["pickle-dangerous-call"];

/// The same call in three protocols, and what ordinary libraries write in them.
fn payloads() -> [(&'static str, Vec<u8>, Vec<u8>); 3] {
    let ordinary = b"ccollections\nOrderedDict\n)R.";
    [
        ("protocol 0", b"cposix\nsystem\n(S'id'\ntR.".to_vec(), ordinary.to_vec()),
        (
            "protocol 2",
            b"\x80\x02cposix\nsystem\nq\x00X\x02\0\0\0idq\x01\x85q\x02Rq\x03.".to_vec(),
            [b"\x80\x02", &ordinary[..]].concat(),
        ),
        (
            "protocol 4",
            b"\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94."
                .to_vec(),
            b"\x80\x04\x95\x20\0\0\0\0\0\0\0\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94.".to_vec(),
        ),
    ]
}

/// What carries pickles, and in what: the numbers of the trick, the format, a name of a file, and in words.
fn carriers() -> Vec<(&'static [u8], &'static str, &'static str, &'static str, Carry)> {
    vec![
        (&[4], "pickle", "model.pkl", "by itself", |pickle| pickle.to_vec()),
        (&[15], "pickle", "photo.jpg", "called a picture", |pickle| pickle.to_vec()),
        (&[15], "pytorch", "model.safetensors", "in a checkpoint called safetensors", |pickle| {
            torch(pickle, &[])
        }),
        (&[22], "pytorch", "model.pt", "in a checkpoint", |pickle| torch(pickle, &[])),
        (&[7], "pytorch", "old.pt", "in a legacy checkpoint", legacy_around),
        (&[21], "pytorch", "older.pt", "in a tar checkpoint", |pickle| {
            let empty = b"\x80\x02]q\0.";
            tar(&[
                entry("sys_info", b'0', "", b"\x80\x02}."),
                entry("pickle", b'0', "", pickle),
                entry("tensors", b'0', "", empty),
                entry("storages", b'0', "", empty),
            ])
        }),
        (&[22], "torchscript", "model.pt", "among the constants of a program", |pickle| {
            zip(&[
                part("m/data.pkl", b"\x80\x02]."),
                part("m/code/__torch__.py", b"class Model(Module):\n  pass\n"),
                part("m/constants.pkl", pickle),
                part("m/data/0", &[0; 64]),
                part("m/version", b"3\n"),
            ])
        }),
        (&[23], "npy", "x.npy", "in an array of objects", |pickle| npy("'|O'", "(1,)", pickle)),
        (&[23], "npz", "x.npz", "in an archive of arrays", |pickle| {
            zip(&[deflated("x.npy", &npy("'|O'", "(1,)", pickle))])
        }),
        (&[21, 23], "joblib", "m.joblib", "in an array of joblib", |inner| {
            pickle(&[b"]", &joblib_array("O8", b"K\x01\x85", None, inner), b"a"])
        }),
        (&[21], "joblib", "m.joblib", "packed with zlib", zlib),
        (&[21], "joblib", "m.joblib", "packed with gzip", gzip),
        (&[21], "joblib", "m.joblib", "packed with bzip2", bzip2),
        (&[21], "joblib", "m.joblib", "packed with xz", xz),
        (&[21], "joblib", "m.joblib", "packed with lz4", lz4),
        (&[21], "joblib", "m.joblib", "packed with zstd", zstd),
        (&[21], "joblib", "m.joblib", "packed by the first joblib", |pickle| {
            [&b"ZF0x1f               "[..], &zlib(pickle)].concat()
        }),
        (&[21], "tar", "m.tar", "in a tar archive", |pickle| tar(&[entry("m.pkl", b'0', "", pickle)])),
        (&[21], "tar", "m.tar.gz", "in a packed tar archive", |pickle| {
            gzip(&tar(&[entry("m.pkl", b'0', "", pickle)]))
        }),
        (&[21], "tar", "m.nemo", "in a checkpoint in a packed tar archive", |pickle| {
            gzip(&tar(&[
                entry("./model_config.yaml", b'0', "", b"a: 1\n"),
                entry("./model_weights.ckpt", b'0', "", &torch(pickle, &[])),
            ]))
        }),
        (&[21], "zip", "m.zip", "in a zip archive in a zip archive", |pickle| {
            zip(&[deflated("b.zip", &zip(&[deflated("c.bin", pickle)]))])
        }),
        (&[21, 22], "zip", "m.zip", "in a member called a text", |pickle| {
            zip(&[part("config.txt", &torch(pickle, &[]))])
        }),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (tricks, format, file, place, carry) in carriers() {
        for (protocol, malicious, benign) in payloads() {
            let what = format!("{protocol} {place}");
            cases.push(Case::new(tricks, format, what, CALL, carry(&malicious), carry(&benign)).called(file));
        }
    }
    let [_, (_, evil, good), _] = payloads();
    cases.extend(members(&evil, &good));
    cases.extend(behind(&evil));
    cases
}

/// Pickles where a format has plain data.
fn members(evil: &[u8], good: &[u8]) -> Vec<Case> {
    let floats = [0x3f; 64];
    let checkpoint = |name: &str, data: &[u8]| torch(good, &[part(name, data)]);
    let keras = |data: &[u8]| {
        let whole = keras_zip_with(r#"{"module": "keras", "class_name": "Sequential", "config": {}}"#);
        zip(&[part("inner.keras", &whole), part("assets/x", data)])
    };
    let value = |bytes: &[u8]| flax(&[2], &[("x", &[&[0xc4, bytes.len() as u8], bytes].concat())]);
    vec![
        Case::new(
            &[22],
            "pytorch",
            "a pickle where a tensor should be",
            &["pickle-dangerous-call", "pickle-in-plain-member"],
            checkpoint("archive/data/7", evil),
            checkpoint("archive/data/7", &floats),
        ),
        Case::new(
            &[22],
            "pytorch",
            "a pickle called a configuration",
            CALL,
            checkpoint("archive/config.txt", evil),
            checkpoint("archive/config.txt", b"plain words"),
        ),
        Case::new(&[22], "keras", "a pickle among the assets", CALL, keras(evil), keras(b"plain words"))
            .called("model.zip"),
        Case::new(&[9], "flax", "a pickle among the parameters", CALL, value(evil), value(&floats)),
        Case::new(
            &[9],
            "hdf5",
            "a pickle in an attribute",
            CALL,
            hdf5_new(&[("object", "cos\nsystem\n(S'id'\ntR.")], &[]),
            hdf5_new(&[("object", "plain words")], &[]),
        ),
    ]
}

/// What stands behind the end of a format that has none of it.
fn behind(evil: &[u8]) -> Vec<Case> {
    let archive = torch(evil, &[]);
    let model = gguf(&[], &[("w", &[32, 4])]);
    let tensors = safetensors(&[("format", "pt")], &[("w", &[8, 8])]);
    let array = npy("'<f4'", "(4,)", &[0; 16]);
    let zeros = |bytes: &[u8]| [bytes, &[0; 64]].concat();
    let after = |bytes: &[u8], more: &[u8]| [bytes, more].concat();
    let header = format!(r#"{{"w":{{"dtype":"U8","shape":[{0}],"data_offsets":[0,{0}]}}}}"#, archive.len());
    let last = |data: &[u8]| [&safetensors_header(&header)[..], data].concat();
    vec![
        Case::new(
            &[25],
            "gguf",
            "a pickle behind the last tensor",
            &["pickle-dangerous-call", "trailing-content"],
            after(&model, evil),
            zeros(&model),
        )
        .remarked(&["trailing-zeros"]),
        Case::new(
            &[25],
            "gguf",
            "a checkpoint behind the last tensor",
            &["pickle-dangerous-call", "trailing-content"],
            zip_after(model.clone(), &[("archive/data.pkl", evil), ("archive/version", b"3\n")]),
            model,
        ),
        Case::new(
            &[25, 28],
            "safetensors",
            "a pickle behind the last tensor",
            &["pickle-dangerous-call", "trailing-content"],
            after(&tensors, evil),
            tensors.clone(),
        ),
        Case::new(
            &[25, 28],
            "safetensors",
            "a program behind the last tensor",
            &["trailing-content"],
            after(&tensors, b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"),
            tensors.clone(),
        ),
        Case::new(
            &[20, 25],
            "safetensors",
            "a checkpoint as the last tensor",
            &["ends-as-archive"],
            last(&archive),
            last(&vec![0x3f; archive.len()]),
        ),
        Case::new(
            &[25],
            "npy",
            "a pickle behind an array",
            &["pickle-outside-format", "pickle-dangerous-call"],
            after(&array, evil),
            zeros(&array),
        )
        .called("x.npy"),
        Case::new(
            &[25],
            "npy",
            "a program behind an array",
            &["program-outside-format"],
            after(&array, b"\x7fELF\x02\x01\x01\0rest"),
            array,
        )
        .called("x.npy"),
    ]
}
