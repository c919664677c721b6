//! Tricks 16 to 20 and 24: archives that tell each of their readers something else.

use super::Case;
use crate::testkit::{
    archives::{Part, deflate, deflated, entry, gzip, npy, part, tar, torch, zip, zip_behind, zlib},
    pickles::{joblib_array, pickle},
};

const EVIL: &[u8] = b"\x80\x02cposix\nsystem\nq\x00X\x02\x00\x00\x00idq\x01\x85q\x02Rq\x03.";
const GOOD: &[u8] = b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01X\x01\x00\x00\x00wq\x02K\x01s.";

pub(super) fn cases() -> Vec<Case> {
    [checkpoints(), outside(), paths(), bombs(), closed()].concat()
}

fn checkpoint(
    tricks: &'static [u8],
    what: &str,
    rules: &'static [&'static str],
    malicious: Vec<u8>,
    benign: Vec<u8>,
) -> Case {
    Case::new(tricks, "pytorch", what, rules, malicious, benign).called("model.pt")
}

/// A checkpoint of those members and the one that makes it one.
fn whole(mut parts: Vec<Part>) -> Vec<u8> {
    parts.push(part("archive/version", b"3\n"));
    zip(&parts)
}

fn data(pickle: &[u8]) -> Part {
    part("archive/data.pkl", pickle)
}

fn checkpoints() -> Vec<Case> {
    let summed = |pickle: &[u8]| whole(vec![data(pickle).with(|part| part.crc32 ^= 1)]);
    let marked = |pickle: &[u8], flag| whole(vec![data(pickle).with(|part| part.flags = (flag, flag))]);
    let renamed = |pickle: &[u8], name: &str| {
        let name = Some("archive/data.pkl".to_owned()).filter(|_| !name.ends_with(".pkl"));
        let other = if name.is_some() { "archive/notes.txt" } else { "archive/data.pkl" };
        whole(vec![part(other, pickle).with(|part| part.in_directory.name = name)])
    };
    let twice = |second: &[u8]| whole(vec![data(GOOD), data(second)]);
    let method = |pickle: &[u8], method| {
        whole(vec![deflated("archive/data.pkl", pickle).with(|part| part.in_directory.method = method)])
    };
    let hidden = |pickle: &[u8], absent| {
        whole(vec![
            data(GOOD),
            part("archive/evil.pkl", pickle).with(|part| part.in_directory.absent = absent),
        ])
    };
    let first = whole(vec![data(EVIL)]);
    let end = first.windows(4).position(|four| four == b"PK\x01\x02").unwrap_or_default();
    vec![
        checkpoint(
            &[16],
            "a checksum that is wrong",
            &["pickle-dangerous-call", "zip-checksum-mismatch"],
            summed(EVIL),
            summed(GOOD),
        )
        .remarked(&["zip-checksum-mismatch"]),
        checkpoint(
            &[17],
            "an encrypt bit on plain data",
            &["pickle-dangerous-call", "zip-false-encryption"],
            marked(EVIL, 1),
            marked(GOOD, 0),
        ),
        checkpoint(
            &[18],
            "two names of one member",
            &["pickle-dangerous-call", "zip-divergent-headers"],
            renamed(EVIL, "notes"),
            renamed(GOOD, "data.pkl"),
        ),
        checkpoint(
            &[18],
            "two methods of one member",
            &["pickle-dangerous-call", "zip-divergent-headers"],
            method(EVIL, Some(0)),
            method(GOOD, None),
        ),
        checkpoint(
            &[19],
            "two members of one name",
            &["pickle-dangerous-call", "zip-duplicate-member"],
            twice(EVIL),
            twice(GOOD),
        ),
        checkpoint(
            &[20],
            "a member that no directory names",
            &["pickle-dangerous-call", "zip-hidden-member"],
            hidden(EVIL, true),
            hidden(GOOD, false),
        ),
        checkpoint(
            &[20],
            "two directories",
            &["pickle-dangerous-call", "zip-second-directory"],
            zip_behind(&first, &[data(GOOD), part("archive/version", b"3\n")]),
            whole(vec![data(GOOD)]),
        ),
        checkpoint(
            &[20],
            "no directory",
            &["pickle-dangerous-call", "zip-no-directory"],
            first.get(..end).unwrap_or_default().to_vec(),
            whole(vec![data(GOOD)]),
        ),
    ]
}

/// What stands before the archive, and members that are programs.
fn outside() -> Vec<Case> {
    let members = [part("a.npy", &npy("'<f4'", "(1,)", &[0; 4]))];
    let line = b"made by a tool that writes a line before the archive\n";
    let compiled = |data: &[u8]| torch(GOOD, &[part("archive/data/aotinductor/model/x.so", data)]);
    vec![
        Case::new(
            &[20],
            "zip",
            "a program before the archive",
            &["program-outside-format"],
            zip_behind(b"\x7fELF\x02\x01\x01\0", &members),
            zip_behind(line, &members),
        )
        .remarked(&["stray-data"]),
        Case::new(
            &[20],
            "zip",
            "a pickle before the archive",
            &["pickle-dangerous-call"],
            zip_behind(EVIL, &members),
            zip(&members),
        ),
        checkpoint(
            &[32],
            "machine code in a compiled program",
            &["native-code"],
            compiled(b"\x7fELF\x02\x01\x01\0"),
            compiled(b"plain words"),
        )
        .called("model.pt2"),
        Case::new(
            &[32],
            "zip",
            "a handler that a server runs",
            &["served-archive-handler"],
            zip(&[part("MAR-INF/MANIFEST.json", b"{}"), part("handler.py", b"import os\n")]),
            zip(&[part("MAR-INF/MANIFEST.json", b"{}"), part("config.json", b"{}")]),
        )
        .called("model.mar"),
    ]
}

fn paths() -> Vec<Case> {
    let named = |name: &str| zip(&[part(name, b"x")]);
    let link = |target: &str| zip(&[part("a/link", target.as_bytes()).with(|part| part.mode = 0o120_777)]);
    let tarred = |name: &str| tar(&[entry(name, b'0', "", b"x")]);
    let tar_link = |kind: u8, target: &str| tar(&[entry("a/link", kind, target, b"")]);
    let case = |format, what: &str, rules, malicious, benign| {
        Case::new(&[24], format, what, rules, malicious, benign).called("model.zip")
    };
    vec![
        case("zip", "a member that climbs out", &["path-traversal"], named("../../.bashrc"), named("a/../b")),
        case("zip", "an absolute member", &["absolute-path"], named("/etc/cron.d/job"), named("./a")),
        case("zip", "a link that leads out", &["link-outside"], link("/etc/passwd"), link("../model.bin")),
        case(
            "tar",
            "a member that climbs out",
            &["path-traversal"],
            tarred("../../.bashrc"),
            tarred("a/../b"),
        ),
        case("tar", "an absolute member", &["absolute-path"], tarred("/etc/cron.d/job"), tarred("./a")),
        case(
            "tar",
            "a symbolic link that leads out",
            &["link-outside"],
            tar_link(b'2', "../../x"),
            tar_link(b'2', "./b"),
        ),
        case(
            "tar",
            "a hard link that leads out",
            &["link-outside"],
            tar_link(b'1', "../x"),
            tar_link(b'1', "a/b"),
        ),
        case("tar", "a device", &["device-in-archive"], tar_link(b'3', ""), tar_link(b'5', "")),
    ]
}

fn bombs() -> Vec<Case> {
    let idle = pickle(&[&b"N0".repeat(12 << 20), b"N"]);
    let zeros = vec![0; 8 << 20];
    let array = npy("'<f4'", "(2097152,)", &zeros);
    let overlapping = |apart: bool| {
        let mut bytes = zip(&[part("outer", &zip(&[part("inner", &[1; 100])])), part("other", b"x")]);
        let at = bytes.windows(5).rposition(|five| five == b"other").unwrap_or(4);
        if !apart {
            bytes[at - 4..at].copy_from_slice(&35u32.to_le_bytes());
        }
        bytes
    };
    vec![
        Case::new(
            &[24],
            "gzip",
            "a bomb in a bomb",
            &["decompression-bomb"],
            gzip(&gzip(&zeros).repeat(40)),
            gzip(&array),
        )
        .called("x.npy.gz"),
        Case::new(
            &[24],
            "joblib",
            "a pickle that comes out of nothing",
            &["too-much-work"],
            zlib(&idle),
            zlib(&pickle(&[&joblib_array("f4", b"J\x00\x00\x20\x00\x85", Some(3), &zeros)])),
        )
        .called("x.joblib"),
        Case::new(
            &[24],
            "zip",
            "members that share what they unpack",
            &["zip-overlapping-members", "too-much-work"],
            quoted(3000, &zeros),
            quoted(1, &zeros),
        ),
        Case::new(
            &[24],
            "zip",
            "members that overlap",
            &["zip-overlapping-members"],
            overlapping(false),
            zip(&[
                part("outer", &zip(&[part("inner", &[1; 100])])),
                part("y.npy", &npy("'<f4'", "(1,)", &[0; 4])),
            ]),
        ),
    ]
}

/// An archive in which each member but the last quotes the header of the next and goes on with its data.
fn quoted(count: u32, content: &[u8]) -> Vec<u8> {
    let kernel = deflate(content);
    let crc32 = crc32fast::hash(content);
    let (mut packed, mut size) = (kernel.len() as u32, content.len() as u32);
    let header = |number, packed: u32, size: u32, crc32: u32| {
        let name = format!("{number:06}.bin");
        let numbers = [crc32, packed, size, name.len() as u32].map(u32::to_le_bytes).concat();
        [&b"PK\x03\x04\x14\0\0\0\x08\0\0\0\x21\0"[..], &numbers, name.as_bytes()].concat()
    };
    let mut members = vec![[header(count, packed, size, crc32), kernel].concat()];
    for number in (1..count).rev() {
        let quote = members.last().and_then(|member| member.get(..40)).unwrap_or_default();
        let length = quote.len() as u16;
        let block = [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
        (packed, size) = (packed + 45, size + 40);
        members.push([header(number, packed, size, 0), block].concat());
    }
    members.reverse();
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let at = out.len() as u32;
        let fields = member.get(4..30).unwrap_or_default();
        let name = member.get(30..40).unwrap_or_default();
        directory.extend([&b"PK\x01\x02\x14\0"[..], fields, &[0; 10], &at.to_le_bytes(), name].concat());
        out.extend(member);
    }
    let numbers = [directory.len() as u32, out.len() as u32].map(u32::to_le_bytes).concat();
    let counts = [count as u16; 2].map(u16::to_le_bytes).concat();
    [out, directory, b"PK\x05\x06\0\0\0\0".to_vec(), counts, numbers, vec![0; 2]].concat()
}

/// What cannot be looked into is never clean.
fn closed() -> Vec<Case> {
    let secret: Vec<u8> = (0..200u32).map(|at| ((at * 7919) >> 3) as u8).collect();
    let encrypted = part("weights.bin", &secret).with(|part| (part.flags, part.crc32) = ((1, 1), 7));
    let benign = zip(&[part("a.npy", &npy("'<f4'", "(1,)", &[0; 4]))]);
    let mut deep = EVIL.to_vec();
    for _ in 0..12 {
        deep = zip(&[part("x", &deep)]);
    }
    let seven = [&b"7z\xbc\xaf\x27\x1c\0\x04"[..], &[7; 100]].concat();
    vec![
        Case::new(
            &[17],
            "zip",
            "a member that is encrypted",
            &["zip-encrypted"],
            zip(&[encrypted]),
            benign.clone(),
        ),
        Case::new(
            &[21],
            "zip",
            "archives without end",
            &["nested-too-deep"],
            deep,
            zip(&[part("x", &benign)]),
        ),
        Case::new(&[21], "7z", "an archive that is not unpacked", &["unknown-compression"], seven, benign),
    ]
}
