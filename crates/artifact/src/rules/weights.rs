//! What can be said of formats that hold weights and metadata: GGUF, GGML, safetensors.

use domain::{Severity, Verdict};

use super::Rule;

/// The rules of this area.
pub(crate) const RULES: &[&Rule] = &[
    &GGUF_VERSION,
    &GGUF_TRUNCATED,
    &GGUF_KEY_COUNT,
    &GGUF_TENSOR_COUNT,
    &GGUF_STRING_LENGTH,
    &GGUF_ARRAY_LENGTH,
    &GGUF_ARRAY_DEPTH,
    &GGUF_VALUE_TYPE,
    &GGUF_DIMENSIONS,
    &GGUF_TENSOR_OFFSET,
    &GGUF_ALIGNMENT,
    &GGUF_HEADER_LIMIT,
    &GGUF_DUPLICATE,
    &GGUF_SPLIT,
    &GGUF_TENSOR_TYPE,
    &GGUF_BLOCKS,
    &GGUF_OVERLAP,
    &GGUF_GAP,
    &GGUF_NAME_OVERFLOW,
    &GGUF_NAME_LENGTH,
    &GGUF_TRAILING,
    &GGML_TRUNCATED,
    &GGML_UNREAD,
    &GGML_TENSOR,
    &SAFETENSORS_TRUNCATED,
    &SAFETENSORS_HEADER,
    &SAFETENSORS_HEADER_LIMIT,
    &SAFETENSORS_DUPLICATE,
    &SAFETENSORS_OVERLAP,
    &SAFETENSORS_GAP,
    &SAFETENSORS_SIZE,
    &SAFETENSORS_DTYPE,
    &SAFETENSORS_TRAILING,
    &TRAILING_CONTENT,
    &TRAILING_ZEROS,
    &ENDS_AS_ARCHIVE,
];

const FIX: &str = "take the file from the model's maker once more; if it is still so, do not load it";
const AGAIN: &str = "download it again";
const LOADER_BUG: &str = "A loader that believes the number reads or writes outside of its memory, or asks for all of it: that is how such files take over the program that loads them.";
const GGUF_BUGS: &[&str] = &["CVE-2024-21802", "CVE-2024-23496", "CVE-2025-53630", "GHSA-vgg9-87g3-85w8"];
const GGUF_SPEC: &[&str] = &["https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"];
const SAFETENSORS_SPEC: &[&str] = &["https://github.com/huggingface/safetensors#format"];

/// A lie about sizes in GGUF that has broken loaders.
const fn overflow(id: &'static str, title: &'static str, example: &'static str) -> Rule {
    Rule {
        id,
        severity: Severity::High,
        verdict: Verdict::Suspicious,
        title,
        does: LOADER_BUG,
        help: FIX,
        example,
        references: GGUF_BUGS,
    }
}

/// What no writer makes, and two readers may take for two things.
const fn contradiction(
    id: &'static str,
    title: &'static str,
    does: &'static str,
    example: &'static str,
    references: &'static [&'static str],
) -> Rule {
    Rule {
        id,
        severity: Severity::Medium,
        verdict: Verdict::Suspicious,
        title,
        does,
        help: FIX,
        example,
        references,
    }
}

/// A version that is not known.
pub(crate) static GGUF_VERSION: Rule = Rule {
    id: "gguf-version",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "the version of GGUF is not known",
    does: "What the file holds cannot be told; loaders of today refuse it.",
    help: "find out which program writes this version",
    example: "GGUF, version 9",
    references: GGUF_SPEC,
};

/// The file ends too early.
pub(crate) static GGUF_TRUNCATED: Rule = Rule {
    id: "gguf-truncated",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "a GGUF file ends before what it announces",
    does: "A download that broke off is the usual reason. What is missing was not seen.",
    help: AGAIN,
    example: "tensors of 4 GB in a file of 1 GB",
    references: GGUF_SPEC,
};

/// More keys than fit.
pub(crate) static GGUF_KEY_COUNT: Rule = overflow(
    "gguf-key-count",
    "a GGUF header announces more keys than the file can hold",
    "n_kv = 0x1000000000000000",
);

/// More tensors than fit.
pub(crate) static GGUF_TENSOR_COUNT: Rule = overflow(
    "gguf-tensor-count",
    "a GGUF header announces more tensors than the file can hold",
    "n_tensors = 0x1000000000000000",
);

/// A text that is longer than the file.
pub(crate) static GGUF_STRING_LENGTH: Rule = overflow(
    "gguf-string-length",
    "a text in a GGUF header is longer than the file or than the format allows",
    "a key of 0xffffffffffffffff bytes",
);

/// An array that is longer than the file.
pub(crate) static GGUF_ARRAY_LENGTH: Rule = overflow(
    "gguf-array-length",
    "an array in a GGUF header has more elements than the file can hold",
    "an array of 0x2000000000000000 numbers of 8 bytes",
);

/// Arrays in arrays.
pub(crate) static GGUF_ARRAY_DEPTH: Rule = overflow(
    "gguf-array-depth",
    "arrays in a GGUF header are nested deeper than any loader reads",
    "an array of arrays of arrays",
);

/// Dimensions that overflow.
pub(crate) static GGUF_DIMENSIONS: Rule = overflow(
    "gguf-dimensions",
    "the dimensions of a tensor are too many or overflow when multiplied",
    "a shape of 0x100000000 x 0x100000000",
);

/// An offset outside of everything.
pub(crate) static GGUF_TENSOR_OFFSET: Rule = overflow(
    "gguf-tensor-offset",
    "the place of a tensor overflows or is not aligned",
    "offset = 0xfffffffffffffff0",
);

/// An alignment that is none.
pub(crate) static GGUF_ALIGNMENT: Rule = overflow(
    "gguf-alignment",
    "the alignment of a GGUF file is no sensible power of two",
    "general.alignment = 0",
);

/// A value of an unknown type.
pub(crate) static GGUF_VALUE_TYPE: Rule = Rule {
    id: "gguf-value-type",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "a GGUF key has a value of an unknown type",
    does: "What follows cannot be found, because the size of the value is not known.",
    help: FIX,
    example: "a value of type 99",
    references: GGUF_SPEC,
};

/// A header beyond the limit.
pub(crate) static GGUF_HEADER_LIMIT: Rule = Rule {
    id: "gguf-header-limit",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "a GGUF header is longer than is read",
    does: "What stands behind the limit was not looked at.",
    help: FIX,
    example: "a header of 200 MB",
    references: GGUF_SPEC,
};

/// A key or tensor twice.
pub(crate) static GGUF_DUPLICATE: Rule = contradiction(
    "gguf-duplicate",
    "a key or a tensor of a GGUF file stands twice",
    "Two readers see two different models: one takes the first, the other the last. llama.cpp refuses such a file.",
    "tokenizer.chat_template, twice",
    GGUF_SPEC,
);

/// Shards that contradict themselves.
pub(crate) static GGUF_SPLIT: Rule = contradiction(
    "gguf-split",
    "what a GGUF file says about its shards contradicts itself",
    "Loaders go through as many files as it announces, and size their tables by it.",
    "split.no = 7, split.count = 2",
    GGUF_SPEC,
);

/// A tensor of an unknown type.
pub(crate) static GGUF_TENSOR_TYPE: Rule = Rule {
    id: "gguf-tensor-type",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "a tensor of a GGUF file has a type that is not known",
    does: "How many bytes it takes is not known, and so neither where the data ends nor what follows it. Forks of llama.cpp have types of their own.",
    help: "find out which program writes this type",
    example: "type 137",
    references: GGUF_SPEC,
};

/// Rows that do not fill blocks.
pub(crate) static GGUF_BLOCKS: Rule = contradiction(
    "gguf-blocks",
    "the rows of a tensor do not fill the blocks of its type",
    "Loaders that compute the size by whole blocks read past the end of the tensor; llama.cpp refuses the file.",
    "rows of 33 elements as Q4_0, whose blocks have 32",
    GGUF_BUGS,
);

/// Tensors that share bytes.
pub(crate) static GGUF_OVERLAP: Rule = contradiction(
    "gguf-overlap",
    "tensors of a GGUF file overlap",
    "No writer lays tensors over each other. llama.cpp refuses such a file; other loaders may be led to write over memory.",
    "two tensors at offset 0",
    GGUF_BUGS,
);

/// Bytes between tensors.
pub(crate) static GGUF_GAP: Rule = Rule {
    id: "gguf-gap",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "bytes between the tensors of a GGUF file belong to none",
    does: "Nothing reads them; something may be hidden there. llama.cpp refuses such a file.",
    help: FIX,
    example: "4096 bytes between two tensors",
    references: GGUF_SPEC,
};

/// A name that overflows buffers.
pub(crate) static GGUF_NAME_OVERFLOW: Rule = overflow(
    "gguf-name-overflow",
    "the name of a tensor is longer than any loader takes",
    "a name of 10,000 bytes",
);

/// A name that llama.cpp refuses.
pub(crate) static GGUF_NAME_LENGTH: Rule = Rule {
    id: "gguf-name-length",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "the name of a tensor is longer than llama.cpp takes",
    does: "llama.cpp refuses the file; runtimes for images take longer names.",
    help: "nothing is to be done unless llama.cpp is to load it",
    example: "a name of 70 bytes",
    references: GGUF_SPEC,
};

/// Bytes behind the last tensor.
pub(crate) static GGUF_TRAILING: Rule = contradiction(
    "gguf-trailing-bytes",
    "bytes follow the last tensor of a GGUF file",
    "Loaders pass over them; another program may read them, or the code that comes with a second file.",
    "3 MB behind the last tensor",
    GGUF_SPEC,
);

/// A legacy file that ends too early.
pub(crate) static GGML_TRUNCATED: Rule = Rule {
    id: "ggml-truncated",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "a GGML file ends before what it announces",
    does: "A download that broke off is the usual reason. What is missing was not seen.",
    help: AGAIN,
    example: "a file that ends inside its vocabulary",
    references: &[],
};

/// A legacy layout that is not read.
pub(crate) static GGML_UNREAD: Rule = Rule {
    id: "ggml-unread",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "a GGML file of a kind whose layout differs from program to program",
    does: "Its vocabulary and tensors were not read. The loaders of these files checked nothing.",
    help: "convert it to GGUF somewhere safe, or take the model in a newer format",
    example: "magic `ggml`, as of whisper.cpp",
    references: &[],
};

/// A legacy tensor that breaks its loader.
pub(crate) static GGML_TENSOR: Rule = Rule {
    id: "ggml-tensor",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a tensor of a GGML file has numbers that no model has",
    does: LOADER_BUG,
    help: FIX,
    example: "a tensor of 4294967295 dimensions",
    references: &[],
};

/// The file ends too early.
pub(crate) static SAFETENSORS_TRUNCATED: Rule = Rule {
    id: "safetensors-truncated",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "a safetensors file ends before what it announces",
    does: "A download that broke off is the usual reason. The library refuses the file.",
    help: AGAIN,
    example: "a header of 2^60 bytes in a file of 4 kB",
    references: SAFETENSORS_SPEC,
};

/// A header that the library refuses.
pub(crate) static SAFETENSORS_HEADER: Rule = Rule {
    id: "safetensors-header",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "the header of a safetensors file is not one that the library reads",
    does: "Loaders that are less strict than the library read something else than was looked at.",
    help: FIX,
    example: "{\"w\": nonsense}",
    references: SAFETENSORS_SPEC,
};

/// A header beyond the library's cap.
pub(crate) static SAFETENSORS_HEADER_LIMIT: Rule = Rule {
    id: "safetensors-header-limit",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "the header of a safetensors file is longer than the library reads",
    does: "The library refuses a header above 100 MB, so that nobody is made to take it into memory. A few large models have one.",
    help: "split the model into shards",
    example: "a header of 126 MB",
    references: &["https://github.com/huggingface/safetensors/issues/668"],
};

/// A tensor or key twice.
pub(crate) static SAFETENSORS_DUPLICATE: Rule = contradiction(
    "safetensors-duplicate",
    "a name stands twice in the header of a safetensors file",
    "Two readers see two different models: one takes the first, the other the last.",
    "{\"w\": …, \"w\": …}",
    SAFETENSORS_SPEC,
);

/// Tensors that share bytes.
pub(crate) static SAFETENSORS_OVERLAP: Rule = contradiction(
    "safetensors-overlap",
    "tensors of a safetensors file overlap",
    "The format forbids it and the library refuses it: a small file could unpack into a huge one, or be two things at once.",
    "data_offsets [0, 8] and [4, 12]",
    SAFETENSORS_SPEC,
);

/// Bytes between tensors.
pub(crate) static SAFETENSORS_GAP: Rule = contradiction(
    "safetensors-gap",
    "bytes between the tensors of a safetensors file belong to none",
    "The format forbids it and the library refuses it, because another file can be hidden there.",
    "data_offsets [0, 8] and [4096, 4104]",
    SAFETENSORS_SPEC,
);

/// A size that does not fit shape and type.
pub(crate) static SAFETENSORS_SIZE: Rule = Rule {
    id: "safetensors-size",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "the place of a tensor does not fit its shape and type",
    does: LOADER_BUG,
    help: FIX,
    example: "F32, shape [1000], data_offsets [0, 8]",
    references: SAFETENSORS_SPEC,
};

/// A type that is not known.
pub(crate) static SAFETENSORS_DTYPE: Rule = Rule {
    id: "safetensors-dtype",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "a tensor of a safetensors file has a type that is not known",
    does: "Whether its place fits its shape cannot be told; the library refuses the file.",
    help: "find out which program writes this type",
    example: "dtype `Q9`",
    references: SAFETENSORS_SPEC,
};

/// Bytes behind the last tensor.
pub(crate) static SAFETENSORS_TRAILING: Rule = contradiction(
    "safetensors-trailing-bytes",
    "bytes follow the last tensor of a safetensors file",
    "The format forbids it and the library refuses it, because another file can be hidden there.",
    "a pickle behind the last tensor",
    SAFETENSORS_SPEC,
);

/// A known thing behind the last tensor.
pub(crate) static TRAILING_CONTENT: Rule = Rule {
    id: "trailing-content",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a pickle, an archive or a program follows the last tensor",
    does: "Loaders of the format pass over it; another program, or the code that comes with a second file, reads it.",
    help: "do not load it; report it to whoever brought it",
    example: "a pickle behind the last tensor",
    references: &["https://attack.mitre.org/techniques/T1027/"],
};

/// Zeros behind the last tensor.
pub(crate) static TRAILING_ZEROS: Rule = Rule {
    id: "trailing-zeros",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "zeros follow the last tensor",
    does: "Some tools pad files. The library of safetensors refuses such a file.",
    help: "nothing is to be done",
    example: "4096 zeros",
    references: &[],
};

/// A polyglot.
pub(crate) static ENDS_AS_ARCHIVE: Rule = Rule {
    id: "ends-as-archive",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a file of weights ends as a zip archive does",
    does: "It is two files in one: loaders of archives, `torch.load` among them, find the archive from its end and read the pickle in it.",
    help: "do not load it; report it to whoever brought it",
    example: "a safetensors file whose last tensor is a zip archive",
    references: &["https://cwe.mitre.org/data/definitions/436.html"],
};
