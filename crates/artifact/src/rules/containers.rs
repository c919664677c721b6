//! What can be said of archives and compressed files.

use domain::{Severity, Verdict};

use super::Rule;

/// The rules of this area.
pub(crate) const RULES: &[&Rule] = &[
    &CHECKSUM,
    &DIVERGENCE,
    &SECOND_DIRECTORY,
    &DUPLICATE,
    &HIDDEN_MEMBER,
    &OVERLAP,
    &FALSE_ENCRYPTION,
    &ENCRYPTED,
    &BROKEN_DIRECTORY,
    &NO_DIRECTORY,
    &TRUNCATED,
    &TRUNCATED_ZIP,
    &DIRECTORY_LIMIT,
    &UNKNOWN_COMPRESSION,
    &BROKEN_STREAM,
    &BOMB,
    &TRAVERSAL,
    &ABSOLUTE,
    &LINK,
    &DEVICE,
    &STRAY,
    &STRAY_ARCHIVE,
    &STRAY_PICKLE,
    &STRAY_PROGRAM,
    &HIDDEN_PICKLE,
    &NATIVE_CODE,
    &SCRIPT,
    &EXECUTES,
    &HANDLER,
    &PROGRAM_FILES,
    &PROGRAM_EXPRESSION,
    &NPY_HEADER,
    &BROKEN_TAR,
];

/// A checksum in an archive is not that of the bytes.
pub(crate) static CHECKSUM: Rule = Rule {
    id: "zip-checksum-mismatch",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "a checksum in an archive is not that of the bytes",
    does: "PyTorch loads the member all the same, Python's `zipfile` refuses it. Scanners that give up here have let payloads pass; here the bytes were read and judged as they are.",
    help: "if the file was not written with checksums switched off, fetch it again: it may have been changed or damaged",
    example: "a data.pkl whose CRC-32 is off by one bit",
    references: &["https://cwe.mitre.org/data/definitions/354.html"],
};

/// Two parts of an archive describe the same member differently.
pub(crate) static DIVERGENCE: Rule = Rule {
    id: "zip-divergent-headers",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "two parts of an archive describe the same member differently",
    does: "Which name, size or content a reader gets depends on which part it believes, so that a scanner and a loader can be shown different files. No common tool writes such an archive.",
    help: "do not load it; ask for a copy written by an ordinary tool",
    example: "local header `evil.pkl`, directory `weights.bin`",
    references: &["https://cwe.mitre.org/data/definitions/436.html"],
};

/// An archive has two directories.
pub(crate) static SECOND_DIRECTORY: Rule = Rule {
    id: "zip-second-directory",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "an archive has two directories",
    does: "Readers that look for the directory in different ways find different members.",
    help: "do not load it; ask for a copy written by an ordinary tool",
    example: "two end records, each before a directory of its own",
    references: &["https://cwe.mitre.org/data/definitions/436.html"],
};

/// Two different members have the same name.
pub(crate) static DUPLICATE: Rule = Rule {
    id: "zip-duplicate-member",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "two different members have the same name",
    does: "One reader takes the first, another the last. Both were looked at here.",
    help: "do not load it; ask for a copy in which every member has a name of its own",
    example: "archive/data.pkl twice, the second with a payload",
    references: &["https://cwe.mitre.org/data/definitions/694.html"],
};

/// A member lies in an archive that its directory does not name.
pub(crate) static HIDDEN_MEMBER: Rule = Rule {
    id: "zip-hidden-member",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a member lies in an archive that its directory does not name",
    does: "Readers of streams find it, readers of the directory do not.",
    help: "do not load it; ask for a copy written by an ordinary tool",
    example: "a local header between two members that no entry points at",
    references: &["https://cwe.mitre.org/data/definitions/436.html"],
};

/// Members of an archive overlap.
pub(crate) static OVERLAP: Rule = Rule {
    id: "zip-overlapping-members",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "members of an archive overlap",
    does: "The same bytes are unpacked many times, which makes the smallest bombs, or are read as two different things.",
    help: "do not unpack it",
    example: "ten thousand entries that share one compressed block",
    references: &["https://cwe.mitre.org/data/definitions/409.html"],
};

/// A member is marked as encrypted and is not.
pub(crate) static FALSE_ENCRYPTION: Rule = Rule {
    id: "zip-false-encryption",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a member is marked as encrypted and is not",
    does: "Loaders that ignore the mark load it; scanners that obey it look away.",
    help: "do not load it; ask for a copy without the mark",
    example: "the lowest flag bit of a plain data.pkl set",
    references: &["https://cwe.mitre.org/data/definitions/436.html"],
};

/// A member is encrypted.
pub(crate) static ENCRYPTED: Rule = Rule {
    id: "zip-encrypted",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "a member is encrypted",
    does: "It was not read.",
    help: "ask for the key, unpack it somewhere safe and inspect what is inside",
    example: "a zip with a password",
    references: &[],
};

/// The directory of an archive does not hold together.
pub(crate) static BROKEN_DIRECTORY: Rule = Rule {
    id: "zip-broken-directory",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "the directory of an archive does not hold together",
    does: "Members may be missing, and loaders disagree on what to do.",
    help: "fetch the file again; if it stays like this, ask for a sound copy",
    example: "an entry that points behind the end of the file",
    references: &[],
};

/// An archive has no directory.
pub(crate) static NO_DIRECTORY: Rule = Rule {
    id: "zip-no-directory",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "an archive has no directory",
    does: "It was cut off or never finished. What members could be found were looked at.",
    help: "fetch the file again: a download was probably cut short",
    example: "the first half of a zip",
    references: &[],
};

/// A member ends behind the end of the archive.
pub(crate) static TRUNCATED: Rule = Rule {
    id: "member-truncated",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "a member ends behind the end of the archive",
    does: "A part of it is missing.",
    help: "fetch the file again: a download was probably cut short",
    example: "a member of 4 GB in a file of 1 GB",
    references: &[],
};

/// An archive ends before what it announces.
pub(crate) static TRUNCATED_ZIP: Rule = Rule {
    id: "zip-truncated",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "an archive ends before what it announces",
    does: "A part of it is missing.",
    help: "fetch the file again: a download was probably cut short",
    example: "the first half of a zip",
    references: &[],
};

/// An archive has more members than are read to tell what it is.
pub(crate) static DIRECTORY_LIMIT: Rule = Rule {
    id: "zip-directory-limit",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "an archive has more members than are read to tell what it is",
    does: "Its format was not established by its directory.",
    help: "nothing, if such an archive is expected: its members are inspected all the same",
    example: "a zip with 100,000 members",
    references: &[],
};

/// The content is compressed in a way that is not unpacked here.
pub(crate) static UNKNOWN_COMPRESSION: Rule = Rule {
    id: "unknown-compression",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "the content is compressed in a way that is not unpacked here",
    does: "What is inside was not read. Packing a payload this way is a known trick against scanners.",
    help: "unpack it somewhere safe and inspect what is inside, or ask for the model without the wrapping",
    example: "a 7z or RAR archive around a checkpoint",
    references: &[],
};

/// A compressed stream cannot be unpacked to its end.
pub(crate) static BROKEN_STREAM: Rule = Rule {
    id: "packed-broken",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "a compressed stream cannot be unpacked to its end",
    does: "What came out before was looked at, as a loader that reads on the way gets as much; the rest is unknown.",
    help: "fetch the file again; if it stays like this, ask for a sound copy",
    example: "a gzip file cut in half",
    references: &[],
};

/// A few bytes unpack to an enormous amount.
pub(crate) static BOMB: Rule = Rule {
    id: "decompression-bomb",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a few bytes unpack to an enormous amount",
    does: "Whoever unpacks it runs out of memory, disk or time. Unpacking stopped.",
    help: "do not unpack it",
    example: "42 kB that unpack to 4.5 PB",
    references: &["https://cwe.mitre.org/data/definitions/409.html"],
};

/// A member is unpacked outside the folder.
pub(crate) static TRAVERSAL: Rule = Rule {
    id: "path-traversal",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a member is unpacked outside the folder",
    does: "Unpacking overwrites files elsewhere: a shell profile, a key, a program.",
    help: "do not unpack it; an honest archive has no such member",
    example: "../../.ssh/authorized_keys",
    references: &["https://cwe.mitre.org/data/definitions/22.html"],
};

/// A member has an absolute path.
pub(crate) static ABSOLUTE: Rule = Rule {
    id: "absolute-path",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a member has an absolute path",
    does: "Tools that do not strip it write to that place on unpacking.",
    help: "do not unpack it with a tool that keeps absolute paths",
    example: "/etc/cron.d/job",
    references: &["https://cwe.mitre.org/data/definitions/36.html"],
};

/// A link in an archive leads outside the folder.
pub(crate) static LINK: Rule = Rule {
    id: "link-outside",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a link in an archive leads outside the folder",
    does: "A later member written through the link lands anywhere; a reader that follows it reads any file.",
    help: "do not unpack it; a model needs no link out of its folder",
    example: "weights -> /etc/passwd",
    references: &["https://cwe.mitre.org/data/definitions/59.html"],
};

/// A member is a device or a pipe.
pub(crate) static DEVICE: Rule = Rule {
    id: "device-in-archive",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a member is a device or a pipe",
    does: "Reading it blocks or reaches hardware.",
    help: "do not unpack it as root; a model holds no devices",
    example: "a character device named model.bin",
    references: &["https://cwe.mitre.org/data/definitions/67.html"],
};

/// Bytes belong to nothing.
pub(crate) static STRAY: Rule = Rule {
    id: "stray-data",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "bytes belong to nothing",
    does: "Loaders pass over them. They are nothing that is recognised.",
    help: "nothing, unless the tool that wrote the file never does this",
    example: "a few bytes of text behind the end of an archive",
    references: &[],
};

/// A zip archive stands behind the end of the format.
pub(crate) static STRAY_ARCHIVE: Rule = Rule {
    id: "archive-behind-the-end",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "a zip archive stands behind the end of the format",
    does: "Some formats keep metadata there. Its members were looked at.",
    help: "nothing, if the format does this, as TensorFlow Lite does for labels",
    example: "labels.txt behind a .tflite model",
    references: &[],
};

/// A pickle stands where the format has nothing.
pub(crate) static STRAY_PICKLE: Rule = Rule {
    id: "pickle-outside-format",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a pickle stands where the format has nothing",
    does: "The loader of the format does not read it, but a script beside it can; as the first bytes of a file they decide which loader it gets.",
    help: "do not load it; ask for a copy without the addition",
    example: "a pickle appended to a valid GGUF file",
    references: &["https://cwe.mitre.org/data/definitions/502.html"],
};

/// A program stands where the format has nothing.
pub(crate) static STRAY_PROGRAM: Rule = Rule {
    id: "program-outside-format",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a program stands where the format has nothing",
    does: "The file can be run as well as loaded, or carries a program for something else to run.",
    help: "do not run it; ask for a copy without the addition",
    example: "an ELF program before the first member of a zip",
    references: &["https://cwe.mitre.org/data/definitions/506.html"],
};

/// A member that should be plain data is a pickle.
pub(crate) static HIDDEN_PICKLE: Rule = Rule {
    id: "pickle-in-plain-member",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a member that should be plain data is a pickle",
    does: "Scanners that look at names pass over it; a payload elsewhere can load it.",
    help: "do not load it; ask for a copy written by an ordinary tool",
    example: "archive/data/0 that is a pickle and no tensor",
    references: &["https://cwe.mitre.org/data/definitions/502.html"],
};

/// The content is machine code or byte code.
pub(crate) static NATIVE_CODE: Rule = Rule {
    id: "native-code",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "the content is machine code or byte code",
    does: "Whoever loads or runs it hands it all rights of its user. What it does was not read.",
    help: "load it only from a source that you trust as much as one of your programs",
    example: "an AOTInductor .so inside a .pt2 archive",
    references: &["https://cwe.mitre.org/data/definitions/829.html"],
};

/// The content is a script.
pub(crate) static SCRIPT: Rule = Rule {
    id: "script-beside-model",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "the content is a script",
    does: "It does nothing until someone runs it. It was not read.",
    help: "read it before you run it",
    example: "train.sh beside the weights",
    references: &[],
};

/// The file is a program.
pub(crate) static EXECUTES: Rule = Rule {
    id: "executes-by-design",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "the file is a program",
    does: "Whoever uses the model runs the program with all rights of its user.",
    help: "run it only from a source that you trust as much as one of your programs; the weights alone can be taken out",
    example: "a llamafile",
    references: &["https://cwe.mitre.org/data/definitions/829.html"],
};

/// An archive for a server brings code that the server runs.
pub(crate) static HANDLER: Rule = Rule {
    id: "served-archive-handler",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "an archive for a server brings code that the server runs",
    does: "TorchServe imports the handler when the archive is registered.",
    help: "read the handler before you register the archive",
    example: "handler.py in a .mar file",
    references: &["https://cwe.mitre.org/data/definitions/829.html"],
};

/// A PyTorch program opens files.
pub(crate) static PROGRAM_FILES: Rule = Rule {
    id: "torch-program-files",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a PyTorch program opens files",
    does: "When the model runs, it reads or writes files whose names stand in the program.",
    help: "read the code in the archive before you run the model, or take its weights alone",
    example: "torch.save(x, \"/home/user/.profile\")",
    references: &["https://cwe.mitre.org/data/definitions/73.html"],
};

/// An expression in an exported program is more than arithmetic.
pub(crate) static PROGRAM_EXPRESSION: Rule = Rule {
    id: "torch-program-expression",
    severity: Severity::Critical,
    verdict: Verdict::Malicious,
    title: "an expression in an exported program is more than arithmetic",
    does: "The loader evaluates the sizes of tensors as Python, and with them whatever else stands there.",
    help: "do not load it; take the model from its maker",
    example: "expr_str: \"__import__('os').system('id')\"",
    references: &["https://cwe.mitre.org/data/definitions/95.html"],
};

/// The header of a NumPy array is not as NumPy writes it.
pub(crate) static NPY_HEADER: Rule = Rule {
    id: "npy-header",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "the header of a NumPy array is not as NumPy writes it",
    does: "Old readers evaluated it as Python.",
    help: "ask for a copy written by NumPy",
    example: "a shape that is an expression",
    references: &["https://cwe.mitre.org/data/definitions/95.html"],
};

/// A tar archive does not hold together.
pub(crate) static BROKEN_TAR: Rule = Rule {
    id: "tar-broken",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "a tar archive does not hold together",
    does: "What stands behind this place was not read as members.",
    help: "fetch the file again; if it stays like this, ask for a sound copy",
    example: "a header whose checksum is wrong",
    references: &[],
};
