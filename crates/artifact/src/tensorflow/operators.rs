//! Which operators TensorFlow has, and which of them reach beyond tensors. It knows names alone.
//!
//! `operators.txt` lists what `TF_GetAllOpList` of TensorFlow 2.21 answers, in order.

use std::sync::LazyLock;

static KNOWN: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("operators.txt").split_ascii_whitespace().collect());

/// What an operator does beside computing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// Nothing.
    Computes,
    /// Writes files that the model names.
    Writes,
    /// Reads files, or fetches data, that the model names.
    Reads,
    /// Fills a table from a file of the model.
    ReadsAsset,
    /// Calls Python.
    Python,
    /// Holds what another compiler made.
    Compiled,
    /// Comes with a known extension.
    Vendor,
    /// It may write what it prints.
    Prints,
    /// Nothing is known of it.
    Unknown,
}

const WRITES: [&str; 10] = [
    "WriteFile",
    "SaveDataset",
    "SaveDatasetV2",
    "DatasetToTFRecord",
    "ExperimentalDatasetToTFRecord",
    "CreateSummaryFileWriter",
    "CreateSummaryDbWriter",
    "DistributedSave",
    "SnapshotDataset",
    "SnapshotDatasetV2",
];
const READS: [&str; 32] = [
    "ReadFile",
    "MatchingFiles",
    "WholeFileReader",
    "WholeFileReaderV2",
    "TextLineReader",
    "TextLineReaderV2",
    "TextLineDataset",
    "TFRecordDataset",
    "TFRecordDatasetV2",
    "TFRecordReader",
    "TFRecordReaderV2",
    "FixedLengthRecordDataset",
    "FixedLengthRecordDatasetV2",
    "FixedLengthRecordReader",
    "FixedLengthRecordReaderV2",
    "LMDBReader",
    "LMDBDataset",
    "ExperimentalLMDBDataset",
    "LoadDataset",
    "SqlDataset",
    "ExperimentalSqlDataset",
    "ImmutableConst",
    "GenerateVocabRemapping",
    "LoadAndRemapMatrix",
    "MatchingFilesDataset",
    "ExperimentalMatchingFilesDataset",
    "CSVDataset",
    "CSVDatasetV2",
    "ExperimentalCSVDataset",
    "RegisterDataset",
    "RegisterDatasetV2",
    "FileSystemSetConfiguration",
];
const PYTHON: [&str; 4] = ["PyFunc", "PyFuncStateless", "EagerPyFunc", "NumpyFunction"];
const PRINTS: [&str; 8] = [
    "PrintV2",
    "DebugIdentity",
    "DebugIdentityV2",
    "DebugIdentityV3",
    "DebugNanCount",
    "DebugNumericSummary",
    "DebugNumericSummaryV2",
    "DebugGradientIdentity",
];
/// Beginnings of the names in extensions that many models use.
const VENDORS: [&str; 19] = [
    "Addons>",
    "SimpleML",
    "Sentencepiece",
    "TFText>",
    "Wordpiece",
    "FastWordpiece",
    "FastBert",
    "CaseFold",
    "NormalizeUTF8",
    "RegexSplit",
    "Whitespace",
    "SplitMerge",
    "RaggedTensor",
    "Horovod",
    "Text>",
    "TfText",
    "UnicodeScript",
    "TPU",
    "Xla",
];

/// Whether TensorFlow itself has an operator of this name.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.binary_search(&name).is_ok()
}

/// What an operator does.
pub(super) fn does(name: &str) -> Does {
    if WRITES.contains(&name) {
        Does::Writes
    } else if READS.contains(&name) || name.starts_with("IO>") || name.starts_with("DataServiceDataset") {
        Does::Reads
    } else if PYTHON.contains(&name) {
        Does::Python
    } else if name.starts_with("InitializeTableFrom") && name.contains("File")
        || name.starts_with("InitializeTableFromDataset")
    {
        Does::ReadsAsset
    } else if PRINTS.contains(&name) {
        Does::Prints
    } else if matches!(name, "TRTEngineOp" | "CreateTRTResourceHandle" | "InitializeTRTResource") {
        Does::Compiled
    } else if is_known(name) {
        Does::Computes
    } else if VENDORS.iter().any(|vendor| name.starts_with(vendor)) {
        Does::Vendor
    } else {
        Does::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_and_has_the_operators_that_are_judged() {
        assert!(KNOWN.is_sorted());
        for name in
            ["MatMul", "Conv2D", "VarHandleOp", "ReadFile", "WriteFile", "EagerPyFunc", "SaveV2", "RestoreV2"]
        {
            assert!(is_known(name), "{name}");
        }
        assert_eq!(does("MatMul"), Does::Computes);
        assert_eq!(does("InitializeTableFromTextFileV2"), Does::ReadsAsset);
        assert_eq!(does("EvilOp"), Does::Unknown);
    }
}
