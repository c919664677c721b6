//! Artefacts. `{own}` is the artefact's row, or what a person's own devices say of it where only those may be seen.

use protocol::query::{Field, Kind};

use super::{
    super::{
        Column, Sort,
        shape::{Key, Known, Meaning, Order, Shape, columns, field, fields, greatest_first, least_first},
    },
    DIGESTS, VERDICTS,
};

const KNOWN: &[Known] = &[
    field("name", Kind::Text, "what people call it", Meaning::Text("LOWER(a.name)")),
    field("format", Kind::Text, "its format, such as `gguf`", Meaning::Text("LOWER(a.format)")),
    field(
        "license",
        Kind::Text,
        "the licence that it claims, such as `apache-2.0`",
        Meaning::Text("COALESCE(LOWER(a.license), '')"),
    ),
    field(
        "commercial",
        Kind::Word(&["yes", "no", "conditional", "unknown"]),
        "whether that licence permits commercial use",
        Meaning::Text("COALESCE(a.commercial_use, 'unknown')"),
    ),
    field(
        "origin",
        Kind::Text,
        "the registry that it came from, or `unknown`",
        Meaning::Text("COALESCE(LOWER(a.registry), 'unknown')"),
    ),
    field(
        "registry",
        Kind::Text,
        "the registry that it came from",
        Meaning::Text("COALESCE(LOWER(a.registry), '')"),
    ),
    field(
        "repository",
        Kind::Text,
        "the repository that it came from, such as `qwen/*`",
        Meaning::Text("COALESCE(LOWER(a.repository), '')"),
    ),
    field(
        "publisher",
        Kind::Text,
        "who published that repository",
        Meaning::Text("COALESCE(LOWER(a.publisher), '')"),
    ),
    field(
        "digest",
        DIGESTS,
        "how its SHA-256 is known: from its bytes, from a store's name, not yet",
        Meaning::Text("a.digest_status"),
    ),
    field(
        "sha256",
        Kind::Text,
        "its SHA-256; a beginning with `*` will do",
        Meaning::Text("COALESCE(a.sha256, '')"),
    ),
    field("id", Kind::Text, "its id", Meaning::Text("a.uid")),
    field("size", Kind::Size, "its size", Meaning::Number("a.size")),
    field(
        "parameters",
        Kind::Number,
        "its number of parameters",
        Meaning::Number("COALESCE(a.parameters, 0)"),
    ),
    field(
        "quantization",
        Kind::Text,
        "how its weights are packed, such as `q4_k_m`",
        Meaning::Text("COALESCE(LOWER(a.quantization), '')"),
    ),
    field(
        "architecture",
        Kind::Text,
        "the architecture that it names, such as `llama`",
        Meaning::Text("COALESCE(LOWER(a.architecture), '')"),
    ),
    field(
        "role",
        Kind::Word(&["weights", "adapter", "data"]),
        "what it is for; `data` is a file that shows no weights, and no danger",
        Meaning::Text("COALESCE(a.role, '')"),
    ),
    field("base", Kind::Text, "a model that it says it was made from", Meaning::Set("a.base")),
    field("verdict", VERDICTS, "the verdict of its inspection", Meaning::Text("a.verdict")),
    field(
        "severity",
        Kind::Word(&["none", "info", "low", "medium", "high", "critical"]),
        "the gravest open finding about it",
        Meaning::Words(&[
            ("none", "COALESCE({own}.severity, -1) = -1"),
            ("info", "COALESCE({own}.severity, -1) = 0"),
            ("low", "COALESCE({own}.severity, -1) = 1"),
            ("medium", "COALESCE({own}.severity, -1) = 2"),
            ("high", "COALESCE({own}.severity, -1) = 3"),
            ("critical", "COALESCE({own}.severity, -1) = 4"),
        ]),
    ),
    field("held", Kind::Number, "how many devices hold it", Meaning::Number("{own}.devices")),
    field(
        "loaded",
        Kind::Number,
        "how many running programs have it loaded",
        Meaning::Number("{own}.loaded"),
    ),
    field("device", Kind::Text, "a device that holds it: its name or its id", Meaning::Holder),
    field(
        "store",
        Kind::Text,
        "a store that it was found in, such as `ollama`, or `none`",
        Meaning::Set("COALESCE(NULLIF(a.stores, ''), ' none ')"),
    ),
    field("seen", Kind::Time, "when it first appeared", Meaning::Time("{own}.first_seen_at")),
];

const ORDERS: &[Order] = &[
    least_first("name", Key::Text("LOWER(a.name)")),
    least_first("license", Key::Text("COALESCE(LOWER(a.license), '')")),
    greatest_first("size", Key::Number("a.size")),
    greatest_first("held", Key::Number("{own}.devices")),
    greatest_first("loaded", Key::Number("{own}.loaded")),
    greatest_first("severity", Key::Number("COALESCE({own}.severity, -1)")),
    greatest_first("seen", Key::Number("{own}.first_seen_at")),
];

const FIELDS: [Field; KNOWN.len()] = fields(KNOWN);
const COLUMNS: [Column; ORDERS.len()] = columns(ORDERS);

pub(super) static SHAPE: Shape = Shape {
    search: &[("{}", "a.search")],
    narrow: Some(" INDEXED BY artifacts_scan"),
    countable: true,
    ..Shape::of(
        ("artifacts a", "a.id"),
        (KNOWN, &FIELDS),
        (ORDERS, &COLUMNS),
        Sort { column: "seen", descending: true },
    )
};
