//! What people keep by the million - text, code, tables, logs - is never taken for a model.

use base64::{Engine, prelude::BASE64_STANDARD};
use proptest::{prelude::*, test_runner::RngSeed};

use super::look;
use crate::{HEAD, plausible};

/// What a keyboard has, with more line ends than chance would give.
const PRINTABLE: &[u8] = b"\n\n\n\t !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

/// One line of each, repeated to more than a head.
const LINES: [&str; 30] = [
    "The quick brown fox jumps over the lazy dog.\n",
    "import os\nfrom sys import argv\n",
    "(defun square (x) (* x x))\n",
    "cat\ncow\ncup\n",
    "can\ncannot\n.\n",
    "1,2,3.5,\"text\"\n",
    "I1\nI2\n",
    "V 1.0 2.0 3.0\nV 4.0 5.0 6.0\n",
    "NNNNNNNNATTACAGGGNNN\n",
    "MKVLAAGIVGLCAKAYQRSTP\n",
    "Subject: hello\nDate: today\n\nBody.\n",
    "{\"name\": \"value\", \"list\": [1, 2, 3]}\n",
    "# Title\n\n- item\n- item\n",
    "SGVsbG8gd29ybGQsIHRoaXMgaXMgYmFzZTY0IHRleHQgaW4gbGluZXMgb2YgNzYgY2hhcmFjdGVy\n",
    "2026-01-01T00:00:00Z INFO server started\n",
    "Copyright (c) 2026 The Authors. All rights reserved.\n",
    "][)}({\n",
    "((((((((((((((((\n",
    "]]]]]]]]]]]]]]]]\n",
    "}}}}}})))))))\n",
    "Sssssssssssss\n",
    "S'quoted'\nS'quoted'\n",
    "F1.5\nF2.5\n",
    "version: 1\nservices:\n  web: {}\n",
    "GGUF is a file format for models.\n",
    "lmgg tjgg fmgg algg\n",
    "PATH=/bin\nexport PATH\n",
    "NoneNoneNone.\n",
    "\u{feff}<?xml version=\"1.0\"?>\n",
    "B\u{6}Br\":22(J\n",
];

#[test]
fn text_code_tables_and_logs_are_no_models() {
    for line in LINES {
        let text = line.repeat(10_000 / line.len() + 1);
        assert_eq!(look(text.as_bytes()), None, "{line:?}");
    }
}

#[test]
fn ordinary_text_does_not_even_look_like_a_model() {
    let likely = LINES.iter().filter(|line| {
        let text = line.repeat(10_000 / line.len() + 1);
        plausible(&text.as_bytes()[..HEAD], text.len() as u64)
    });
    // Lines that are clean opcodes all the way down remain; nothing else does.
    assert!(likely.count() <= 8);
}

#[test]
fn an_instance_of_what_is_no_name_is_no_call() {
    let text = [b"(U!2rj7'\"q[\n6[+\n.c,E)MR&@|4XkDP,8IqVa(i9[\n 0~14w\n".as_slice(), &[b'x'; 5000]].concat();
    assert_eq!(look(&text), None);
}

proptest! {
    // The promise is one of likelihood - some text in a million is a pickle - so the texts are the same in every run.
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(400) })]

    #[test]
    fn no_printable_text_is_a_model(
        text in prop::collection::vec(prop::sample::select(PRINTABLE.to_vec()), 200..6000),
    ) {
        prop_assert_eq!(look(&text), None);
    }

    #[test]
    fn no_mixture_of_ordinary_lines_is_a_model(lines in prop::collection::vec(prop::sample::select(&LINES[..]), 20..200)) {
        prop_assert_eq!(look(lines.concat().as_bytes()), None);
    }

    #[test]
    fn no_base64_is_a_model(bits in prop::collection::vec(any::<u8>(), 3100..4500)) {
        prop_assert_eq!(look(BASE64_STANDARD.encode(bits).as_bytes()), None);
    }
}
