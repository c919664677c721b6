//! Tricks 15 to 25, each with its benign twin.

use domain::Verdict;

use super::{
    assert_ordinary, catalog, evil, evil_protocol_2, good, is_pickle, look, rules, says,
    writer::{self, Part, deflated, part, torch, zip, zip_behind},
};
use crate::{
    Limits,
    containers::look_at_trailing,
    inspect::{Bytes, Look},
    testkit,
};

#[test]
fn trick_15_an_extension_that_lies_hides_nothing() {
    for name in ["photo.jpg", "notes", "weights.safetensors", "a.txt"] {
        let bad = look(&torch(&evil_protocol_2(), &[]), name);
        assert!(is_pickle(&bad, "archive/data.pkl"), "{name}");
        assert_ordinary(&look(&torch(&good(), &[]), name));
        let nested = look(&zip(&[part(name, &torch(&evil_protocol_2(), &[]))]), "x");
        assert!(is_pickle(&nested, &format!("{name} > archive/data.pkl")), "{name}");
    }
}

#[test]
fn trick_16_a_wrong_checksum_stops_no_look_and_is_a_remark() {
    let with_wrong_sum = |data: &[u8]| {
        let mut bytes = testkit::torch_zip(data);
        let pattern = crc32fast::hash(data).to_le_bytes();
        for at in 0..bytes.len() - 4 {
            if bytes[at..at + 4] == pattern {
                bytes[at] ^= 1;
            }
        }
        bytes
    };
    let bad = look(&with_wrong_sum(&evil_protocol_2()), "m.pt");
    assert!(is_pickle(&bad, "archive/data.pkl") && says(&bad, "zip-checksum-mismatch"));
    let good = look(&with_wrong_sum(&good()), "m.pt");
    assert_eq!(rules(&good), ["zip-checksum-mismatch"]);
    assert_eq!(good.verdict, Verdict::Clean);
    assert!(good.facts[0].name.as_deref() == Some("archive/data.pkl"), "{:?}", good.facts);
}

#[test]
fn trick_17_an_encrypt_bit_on_plain_data_is_seen_through() {
    type Pack = fn(&str, &[u8]) -> Part;
    let marked = |local: u16, directory: u16, data: &[u8], pack: Pack| {
        zip(&[
            pack("archive/data.pkl", data).with(|part| part.flags = (local, directory)),
            part("archive/version", b"3\n"),
        ])
    };
    for pack in [part as Pack, deflated] {
        for (local, directory) in [(1, 1), (0, 1), (1, 0), (0x2001, 0x2041)] {
            let bad = look(&marked(local, directory, &evil_protocol_2(), pack), "m.pt");
            assert!(is_pickle(&bad, "archive/data.pkl"), "{local:x} {directory:x} {:?}", bad.facts);
            assert!(bad.verdict >= Verdict::Suspicious, "{:?}", bad.facts);
        }
        assert_ordinary(&look(&marked(0, 0, &good(), pack), "m.pt"));
    }
    // What is really encrypted cannot be read, and is not clean.
    let secret: Vec<u8> = (0..200u32).map(|at| ((at * 7919) >> 3) as u8).collect();
    let encrypted = part("weights.bin", &secret).with(|part| (part.flags, part.crc32) = ((1, 1), 7));
    let unread = look(&zip(&[encrypted]), "m.zip");
    assert_eq!((unread.verdict, rules(&unread)), (Verdict::Unscannable, vec!["zip-encrypted"]));
}

#[test]
fn trick_18_two_names_for_one_member_are_both_believed() {
    let bytes = zip(&[
        part("archive/notes.txt", &evil_protocol_2())
            .with(|part| part.in_directory.name = Some("archive/data.pkl".to_owned())),
        part("archive/version", b"3\n"),
    ]);
    let bad = look(&bytes, "m.pt");
    assert!(says(&bad, "zip-divergent-headers") && bad.verdict >= Verdict::Suspicious);
    assert!(is_pickle(&bad, "archive/data.pkl") && is_pickle(&bad, "archive/notes.txt"), "{:?}", bad.members);
    let slashes = zip(&[part("data\\a.npy", &writer::npy("'<f4'", "(1,)", &[0; 4]))
        .with(|part| part.in_directory.name = Some("data/a.npy".to_owned()))]);
    assert_ordinary(&look(&slashes, "m.zip"));
}

#[test]
fn trick_18_two_sizes_or_methods_are_both_tried() {
    let long = [good(), vec![0; 100], evil_protocol_2()].concat();
    let sizes = zip(&[
        part("archive/data.pkl", &long).with(|part| {
            part.in_directory.size = Some(good().len() as u32);
            part.size = good().len() as u32;
        }),
        part("archive/version", b"3\n"),
    ]);
    assert!(look(&sizes, "m.pt").verdict >= Verdict::Suspicious);
    let methods = zip(&[
        deflated("archive/data.pkl", &evil_protocol_2()).with(|part| part.in_directory.method = Some(0)),
        part("archive/version", b"3\n"),
    ]);
    let bad = look(&methods, "m.pt");
    assert!(says(&bad, "zip-divergent-headers"));
    let seen: Vec<u64> = bad
        .members
        .iter()
        .filter(|member| member.path.ends_with("data.pkl"))
        .map(|member| member.size)
        .collect();
    assert!(seen.contains(&(evil_protocol_2().len() as u64)) && seen.len() >= 2, "{:?}", bad.members);
}

#[test]
fn trick_19_duplicate_members_are_all_looked_at() {
    let twice = |second: &[u8]| {
        zip(&[
            part("archive/data.pkl", &good()),
            part("archive/version", b"3\n"),
            part("archive/data.pkl", second),
        ])
    };
    let bad = look(&twice(&evil_protocol_2()), "m.pt");
    assert!(says(&bad, "zip-duplicate-member") && bad.verdict >= Verdict::Suspicious);
    assert_eq!(bad.members.iter().filter(|member| member.path == "archive/data.pkl").count(), 2);
    assert_ordinary(&look(&twice(&good()), "m.pt"));
}

#[test]
fn trick_20_what_stands_before_an_archive_is_looked_at() {
    let members = [part("a.npy", &writer::npy("'<f4'", "(1,)", &[0; 4]))];
    let polyglot = look(&zip_behind(&evil_protocol_2(), &members), "m.bin");
    assert!(!rules(&polyglot).contains(&"unknown-format"));
    for prefix in [&b"\x7fELF\x02\x01\x01\0"[..], b"#!/bin/sh\nexit\n", b"MZqFpD='\n\n"] {
        let bad = look(&zip_behind(prefix, &members), "m.bin");
        assert!(bad.verdict >= Verdict::Suspicious, "{:?}", bad.facts);
        assert!(bad.members.iter().any(|member| member.path.ends_with("a.npy")), "{:?}", bad.members);
    }
    // Bytes that are nothing are no more than a remark.
    let text =
        look(&zip_behind(b"made by a tool that writes a line before the archive\n", &members), "m.zip");
    assert_eq!((text.verdict, rules(&text)), (Verdict::Clean, vec!["stray-data"]));
}

#[test]
fn trick_20_a_member_that_no_directory_names_is_found() {
    let hidden = zip(&[
        part("archive/data.pkl", &good()),
        part("archive/evil.pkl", &evil_protocol_2()).with(|part| part.in_directory.absent = true),
        part("archive/version", b"3\n"),
    ]);
    let bad = look(&hidden, "m.pt");
    assert!(says(&bad, "zip-hidden-member") && is_pickle(&bad, "archive/evil.pkl"), "{:?}", bad.facts);
    // The same room filled with zeros is padding.
    let padded = zip(&[
        part("archive/data.pkl", &good()),
        part("archive/version", b"3\n").with(|part| part.gap = vec![0; 300]),
    ]);
    assert_ordinary(&look(&padded, "m.pt"));
}

#[test]
fn trick_20_two_directories_are_both_read() {
    let first = zip(&[part("archive/data.pkl", &evil_protocol_2()), part("archive/version", b"3\n")]);
    let second = zip_behind(&first, &[part("archive/data.pkl", &good()), part("archive/version", b"3\n")]);
    let bad = look(&second, "m.pt");
    assert!(says(&bad, "zip-second-directory") && bad.verdict >= Verdict::Suspicious, "{:?}", bad.facts);
    let sizes: Vec<u64> =
        bad.members.iter().filter(|member| is_pickle(&bad, &member.path)).map(|member| member.size).collect();
    assert!(
        sizes.contains(&(evil_protocol_2().len() as u64)) && sizes.contains(&(good().len() as u64)),
        "{sizes:?}"
    );
    // An archive that is the last member of another has its own directory, and that is all right.
    let inner = zip(&[part("a.txt", b"text")]);
    assert_ordinary(&look(&zip(&[part("inner.zip", &inner)]), "m.zip"));
}

#[test]
fn trick_20_without_a_directory_members_are_looked_at_all_the_same() {
    let whole = torch(&evil_protocol_2(), &[]);
    let start = whole.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let bad = look(&whole[..start], "m.pt");
    assert!(is_pickle(&bad, "archive/data.pkl"), "{:?} {:?}", bad.facts, bad.members);
    assert!(says(&bad, "zip-no-directory") && bad.verdict >= Verdict::Unscannable);
}

#[test]
fn trick_21_archives_in_archives_are_gone_into() {
    let checkpoint = torch(&evil_protocol_2(), &[]);
    let nemo = writer::gzip(&writer::tar(&[
        writer::entry("./model_config.yaml", b'0', "", b"target: model\n"),
        writer::entry("./model_weights.ckpt", b'0', "", &checkpoint),
    ]));
    let path = "m.nemo.tar > ./model_weights.ckpt > archive/data.pkl";
    assert!(is_pickle(&look(&nemo, "m.nemo.tar.gz"), path));
    let zips = zip(&[deflated("b.zip", &zip(&[deflated("c.bin", &checkpoint)]))]);
    assert!(is_pickle(&look(&zips, "a.zip"), "b.zip > c.bin > archive/data.pkl"));
    for pack in [writer::gzip, writer::zlib, writer::bzip2, writer::lz4, writer::zstd] {
        let packed = pack(&evil_protocol_2());
        let bad = look(&packed, "m.joblib");
        assert!(
            bad.members.iter().any(|member| member.format.as_deref() == Some("pickle")),
            "{:?}",
            bad.facts
        );
        assert_ordinary(&look(&pack(&good()), "m.joblib"));
    }
    let old = [&b"ZF0x1f               "[..], &writer::zlib(&evil())].concat();
    assert!(look(&old, "m.pkl").members.iter().any(|member| member.format.as_deref() == Some("pickle")));
    for closed in [&b"7z\xbc\xaf\x27\x1c\0\x04"[..], b"Rar!\x1a\x07\x01\0"] {
        let bytes = [closed, &[7; 100]].concat();
        assert_eq!(look(&bytes, "m.bin").verdict, Verdict::Unscannable);
    }
}

#[test]
fn trick_21_archives_too_deep_are_not_clean() {
    let mut bytes = evil_protocol_2();
    for _ in 0..12 {
        bytes = zip(&[part("x", &bytes)]);
    }
    let deep = look(&bytes, "x.zip");
    assert!(says(&deep, "nested-too-deep") && deep.verdict >= Verdict::Unscannable);
}

#[test]
fn trick_22_a_pickle_in_a_member_of_any_name_is_one() {
    for name in [
        "archive/data/7",
        "archive/config.txt",
        "archive/constants.pkl",
        "archive/bytecode.pkl",
        "archive/version2",
        "archive/byteorder",
    ] {
        let bad = look(&torch(&good(), &[part(name, &evil_protocol_2())]), "m.pt");
        assert!(is_pickle(&bad, name), "{name} {:?}", bad.members);
    }
    let bad = look(&torch(&good(), &[part("archive/data/7", &evil_protocol_2())]), "m.pt");
    assert!(says(&bad, "pickle-in-plain-member") && bad.verdict >= Verdict::Suspicious);
    // Tensors that begin as a pickle would are tensors.
    for tensor in [
        &b"\x80\x02\0\0\x80\x3f"[..],
        b"\x80\x04\x95\0\0\0",
        b"(((((((",
        b"\x80\x02N.",
        b"K\x01.",
        b"cccc\n\n",
    ] {
        let data: Vec<u8> = tensor.iter().chain(&[0x3f; 400]).copied().collect();
        assert_ordinary(&look(&torch(&good(), &[part("archive/data/7", &data)]), "m.pt"));
        assert_ordinary(&look(&torch(&good(), &[part("archive/data/7", tensor)]), "m.pt"));
    }
}

#[test]
fn trick_23_arrays_of_objects_are_pickles() {
    let npy = writer::npy("'|O'", "(1,)", &evil_protocol_2());
    let array = writer::npy("'<f4'", "(4,)", &[0; 16]);
    for bytes in [zip(&[deflated("x.npy", &npy)]), zip(&[part("x.npy", &npy)])] {
        let bad = look(&bytes, "m.npz");
        assert!(bad.members.iter().any(|member| member.path == "x.npy"), "{:?}", bad.members);
    }
    assert!(!says(&look(&npy, "x.npy"), "unknown-format"));
    assert_ordinary(&look(&zip(&[part("x.npy", &array)]), "m.npz"));
    assert_ordinary(&look(&array, "x.npy"));
    let expression = writer::npy("__import__('os').system('id')", "(1,)", &[]);
    assert_eq!(rules(&look(&expression, "x.npy")), ["npy-header"]);
    let appended = look(&[array, evil_protocol_2()].concat(), "x.npy");
    assert!(says(&appended, "pickle-outside-format") && appended.verdict >= Verdict::Suspicious);
}

#[test]
fn trick_24_a_path_that_climbs_out_is_seen() {
    for name in ["../../.bashrc", "a/../../b", "..\\x", "/etc/cron.d/job", "C:\\x"] {
        let bad = look(&zip(&[part(name, b"x")]), "m.zip");
        assert!(bad.verdict >= Verdict::Suspicious, "{name}");
        let bad = look(&writer::tar(&[writer::entry(name, b'0', "", b"x")]), "m.tar");
        assert!(bad.verdict >= Verdict::Suspicious, "{name}");
    }
    for name in ["a/../b", "./a", "a..b/c"] {
        assert_ordinary(&look(&zip(&[part(name, b"x")]), "m.zip"));
        assert_ordinary(&look(&writer::tar(&[writer::entry(name, b'0', "", b"x")]), "m.tar"));
    }
}

#[test]
fn trick_24_a_link_that_leads_out_is_seen() {
    let link = |target: &str| zip(&[part("dir/link", target.as_bytes()).with(|part| part.mode = 0o120_777)]);
    let tar = |kind: u8, target: &str| writer::tar(&[writer::entry("dir/link", kind, target, b"")]);
    for target in ["/etc/passwd", "../../x", "../../../root"] {
        assert!(says(&look(&link(target), "m.zip"), "link-outside"), "{target}");
        assert!(says(&look(&tar(b'2', target), "m.tar"), "link-outside"), "{target}");
    }
    assert!(says(&look(&tar(b'1', "../x"), "m.tar"), "link-outside"));
    assert!(says(&look(&tar(b'3', ""), "m.tar"), "device-in-archive"));
    for target in ["model.bin", "../model.bin", "./a/b"] {
        assert_ordinary(&look(&link(target), "m.zip"));
        assert_ordinary(&look(&tar(b'2', target), "m.tar"));
    }
    assert_ordinary(&look(&tar(b'1', "dir/model.bin"), "m.tar"));
    assert_ordinary(&look(&tar(b'5', ""), "m.tar"));
}

#[test]
fn trick_24_a_bomb_is_left_before_it_bursts() {
    let zeros = vec![0; 8 << 20];
    let nested = writer::gzip(&writer::gzip(&zeros).repeat(40));
    let bomb = look(&nested, "b.gz");
    assert!(says(&bomb, "decompression-bomb") && bomb.verdict >= Verdict::Suspicious, "{:?}", bomb.facts);
    // An array of zeros compresses as well, and is one.
    let array = writer::npy("'<f4'", "(2097152,)", &zeros);
    assert_ordinary(&look(&zip(&[deflated("x.npy", &array)]), "m.npz"));
}

#[test]
fn trick_24_members_that_overlap_are_seen() {
    let inner = zip(&[part("inner", &[1; 100])]);
    let mut bytes = zip(&[part("outer", &inner), part("other", b"x")]);
    // The second entry of the directory leads into the data of the first member.
    let at = bytes.windows(5).rposition(|five| five == b"other").unwrap();
    bytes[at - 4..at].copy_from_slice(&(30 + 5u32).to_le_bytes());
    let bad = look(&bytes, "m.zip");
    assert!(says(&bad, "zip-overlapping-members") && bad.verdict >= Verdict::Suspicious, "{:?}", bad.facts);
}

#[test]
fn trick_25_what_follows_the_end_is_recognised() {
    let array = writer::npy("'<f4'", "(4,)", &[0; 16]);
    for (more, rule) in [
        (evil_protocol_2(), "pickle-outside-format"),
        ([vec![0; 700], evil_protocol_2()].concat(), "pickle-outside-format"),
        (b"\x7fELF\x02\x01\x01\0rest".to_vec(), "program-outside-format"),
        (zip(&[part("x.pkl", &evil_protocol_2())]), "archive-behind-the-end"),
    ] {
        let found = look(&[array.clone(), more.clone()].concat(), "x.npy");
        assert!(says(&found, rule), "{rule} {:?}", found.facts);
        let behind_zip = look(&[zip(&[part("x.npy", &array)]), more].concat(), "x.npz");
        assert!(
            says(&behind_zip, rule) || says(&behind_zip, "zip-second-directory"),
            "{rule} {:?}",
            behind_zip.facts
        );
    }
    let padded = [array, vec![0; 1000]].concat();
    assert_ordinary(&look(&padded, "x.npy"));
}

#[test]
fn programs_in_archives_are_suspicious_and_texts_are_not() {
    let with = |name: &str, data: &[u8]| look(&torch(&good(), &[part(name, data)]), "m.pt2");
    assert!(says(&with("archive/data/aotinductor/model/x.so", b"\x7fELF\x02\x01\x01\0"), "native-code"));
    assert!(says(&with("archive/x", b"\0asm\x01\0\0\0"), "native-code"));
    assert_ordinary(&with("archive/extra/notes", b"plain words"));
    let served = zip(&[part("MAR-INF/MANIFEST.json", b"{}"), part("handler.py", b"import os\n")]);
    assert!(says(&look(&served, "m.mar"), "served-archive-handler"));
    let llamafile = look(&testkit::llamafile(b"MZqFpD='\n"), "m.llamafile");
    assert_eq!(rules(&llamafile), ["executes-by-design"]);
    assert_eq!(llamafile.verdict, Verdict::Suspicious);
}

#[test]
fn the_first_checkpoints_were_tar_archives() {
    let bytes = writer::tar(&[
        writer::entry("sys_info", b'0', "", b"x"),
        writer::entry("pickle", b'0', "", &evil_protocol_2()),
    ]);
    assert!(is_pickle(&look(&bytes, "m.pt"), "pickle"));
}

#[test]
fn the_weights_of_a_checkpoint_have_a_digest_that_its_names_do_not_change() {
    let (one, other) = (look(&torch(&good(), &[]), "a.pt"), look(&testkit::torch_zip(&good()), "b.pt"));
    assert!(one.weights_sha256.is_some() && other.weights_sha256.is_some());
    let relabelled = torch(&testkit::pickle(&[("collections", "OrderedDict")]), &[part("archive/new", b"x")]);
    assert_eq!(look(&relabelled, "c.pt").weights_sha256, one.weights_sha256);
    assert_ne!(one.weights_sha256, other.weights_sha256);
}

#[test]
fn names_that_extended_headers_give_are_the_ones_that_count() {
    let record = |key: &str, value: &str| {
        let length = key.len() + value.len() + 5;
        format!("{length} {key}={value}\n").into_bytes()
    };
    let plain = writer::entry("a", b'0', "", &evil_protocol_2());
    let long = "b/".repeat(70) + "x.bin";
    let pax =
        writer::tar(&[writer::entry("pax", b'x', "", &record("path", "../../evil.pkl")), plain.clone()]);
    let gnu = writer::tar(&[
        writer::entry("././@LongLink", b'L', "", long.as_bytes()),
        plain.clone(),
        plain.clone(),
    ]);
    assert!(says(&look(&pax, "m.tar"), "path-traversal"));
    let seen = look(&gnu, "m.tar");
    assert!(is_pickle(&seen, &long) && is_pickle(&seen, "a"), "{:?}", seen.members);
    let link = writer::tar(&[
        writer::entry("pax", b'x', "", &record("linkpath", "/etc/passwd")),
        writer::entry("l", b'2', "inside", b""),
    ]);
    assert!(says(&look(&link, "m.tar"), "link-outside"));
}

#[test]
fn a_tar_archive_that_breaks_off_is_not_clean() {
    let mut bytes =
        writer::tar(&[writer::entry("a", b'0', "", b"x"), writer::entry("b", b'0', "", &[7; 2000])]);
    assert_ordinary(&look(&bytes, "m.tar"));
    bytes.truncate(1024 + 900);
    assert_eq!(rules(&look(&bytes, "m.tar")), ["member-truncated"]);
    bytes[1024] ^= 1;
    assert_eq!(rules(&look(&bytes, "m.tar")), ["tar-broken"]);
}

#[test]
fn an_archive_appended_to_a_model_may_count_its_offsets_from_the_start_of_the_file() {
    let model = testkit::tflite();
    let bytes = testkit::zip_after(model.clone(), &[("labels.txt", b"cat"), ("x.pkl", &evil_protocol_2())]);
    let limits = Limits::full();
    for bytes in [
        bytes,
        [model.clone(), testkit::zip(&[("labels.txt", b"cat"), ("x.pkl", &evil_protocol_2())])].concat(),
    ] {
        let mut seen = Look::new(catalog(), &limits);
        let behind = Bytes::in_memory(bytes).after(model.len() as u64);
        assert!(look_at_trailing(&behind, &mut seen).unwrap());
        let (_, facts, members, _) = seen.into_parts();
        let grave: Vec<&str> = facts
            .iter()
            .filter(|fact| fact.rule.starts_with("zip-"))
            .map(|fact| fact.rule.as_str())
            .collect();
        assert!(grave.is_empty(), "{grave:?}");
        assert!(
            members.iter().any(
                |member| member.path == "(archive) > x.pkl" && member.format.as_deref() == Some("pickle")
            ),
            "{members:?}"
        );
    }
}

#[test]
fn a_torch_program_that_opens_files_is_found_by_its_operators() {
    let archive = |source: &str| {
        testkit::zip(&[
            ("m/data.pkl", &b"\x80\x02}."[..]),
            ("m/code/__torch__.py", source.as_bytes()),
            ("m/constants.pkl", b"\x80\x02)."),
            ("m/version", b"3\n"),
        ])
    };
    let hostile = look(&archive("def f(x):\n  _0 = torch.save(x, \"/root/.profile\")\n"), "m.pt");
    assert!(says(&hostile, "torch-program-files") && hostile.verdict == Verdict::Suspicious);
    assert!(!says(&look(&archive("def f(x):\n  return torch.add(x, x)\n"), "m.pt"), "torch-program-files"));
}

#[test]
fn an_expression_that_the_loader_of_an_exported_program_evaluates_must_be_arithmetic() {
    let archive = |expression: &str| {
        let graph = format!("{{\"sizes\": [{{\"as_expr\": {{\"expr_str\": \"{expression}\"}}}}]}}");
        testkit::zip(&[("m/archive_format", &b"pt2"[..]), ("m/models/model.json", graph.as_bytes())])
    };
    let hostile = look(&archive("__import__('os').system('id')"), "m.pt2");
    assert!(says(&hostile, "torch-program-expression") && hostile.verdict == Verdict::Malicious);
    assert!(!says(&look(&archive("Max(1, s0*2)"), "m.pt2"), "torch-program-expression"));
}
