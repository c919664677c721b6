//! Seeds for the targets of models: the files of the test corpus, malicious and benign, and what the writers of the kit write.

use artifact::testkit;

use crate::models::Model;

/// The inputs that become the files of the model's formats.
pub(crate) fn of(model: &Model) -> Vec<Vec<u8>> {
    let wanted = |case: &testkit::Case| model.formats.is_empty() || model.formats.contains(&case.format);
    let cases = testkit::corpus().into_iter().filter(wanted);
    let files = cases.flat_map(|case| [case.malicious, case.benign]);
    files.chain((model.more)()).map(|file| model.input(&file)).collect()
}
