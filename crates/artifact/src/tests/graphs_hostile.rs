//! Whatever is done to files of these formats, inspection answers: no panic, no endless walk, and nothing cut off is clean.

use domain::Verdict;
use proptest::prelude::*;

use super::{graphs::benign, inspected};
use crate::testkit;

/// Formats whose end is not announced, so that a shorter file can be a whole one, and ones that are mostly filling.
const OPEN_ENDED: [&str; 9] =
    ["lightgbm", "pmml", "openvino", "tensorflow", "tensorrt", "rknn", "hailo", "catboost", "ncnn"];

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let mut files = benign();
    files.extend(testkit::engines());
    files.push(("onnx", testkit::onnx(false)));
    files.push(("keras", testkit::keras_h5()));
    files.push(("rdata", testkit::rds(&testkit::r_promise(&testkit::r_call("system", "id")))));
    files
}

#[test]
fn a_model_that_ends_early_is_not_clean() {
    for (format, bytes) in files() {
        let whole = inspected(&bytes);
        if OPEN_ENDED.contains(&format) || whole.verdict != Verdict::Clean {
            continue;
        }
        let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        let cut = inspected(&bytes[..last.min(bytes.len() - 1)]);
        assert_ne!(cut.verdict, Verdict::Clean, "{format}");
    }
}

#[test]
fn counts_that_lie_cost_nothing() {
    for (_, bytes) in files() {
        for at in (0..bytes.len().min(300)).step_by(4) {
            let mut lie = bytes.clone();
            let end = (at + 8).min(lie.len());
            lie[at..end].fill(0xff);
            let read = inspected(&lie).bytes_read;
            assert!(read <= (1 << 20) + 64 * lie.len() as u64, "{read} bytes read of {}", lie.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_change_to_a_file_is_answered(
        index in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        keep in 1usize..=100,
    ) {
        let files = files();
        let mut bytes = files[index.index(files.len())].1.clone();
        bytes.truncate((bytes.len() * keep / 100).max(1));
        for (at, byte) in changes {
            let at = at.index(bytes.len().min(600));
            bytes[at] = byte;
        }
        let found = inspected(&bytes);
        prop_assert!(found.facts.len() <= 256);
    }

    #[test]
    fn any_bytes_behind_a_head_are_answered(
        index in any::<prop::sample::Index>(),
        head in 1usize..80,
        rest in prop::collection::vec(any::<u8>(), 0..1500),
    ) {
        let files = files();
        let whole = &files[index.index(files.len())].1;
        let mut bytes = whole[..head.min(whole.len())].to_vec();
        bytes.extend(rest);
        inspected(&bytes);
    }
}
