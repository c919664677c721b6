//! Holdings: by far the longest list, so what is asked of the artefact or the device is answered by their tables.

use protocol::query::{Field, Kind};

use super::{
    super::{
        Column, Sort,
        shape::{Key, Known, Meaning, Order, Shape, columns, field, fields, greatest_first, least_first},
    },
    DIGESTS, VERDICTS, device,
};

const ARTIFACT: &str = "h.artifact IN (SELECT a.id FROM artifacts a WHERE {})";
const DEVICE: &str = "h.device IN (SELECT d.id FROM devices d WHERE {})";

const KNOWN: &[Known] = &[
    device("h.device"),
    field(
        "os",
        Kind::Text,
        "the system of the device",
        Meaning::Through(DEVICE, &Meaning::Text("LOWER(d.os)")),
    ),
    field(
        "path",
        Kind::Path,
        "where it lies: the whole path, or its beginning such as `/home/ann/*`",
        Meaning::Path("h.path"),
    ),
    field(
        "artifact",
        Kind::Text,
        "the id of the artefact",
        Meaning::Through(ARTIFACT, &Meaning::Text("a.uid")),
    ),
    field(
        "sha256",
        Kind::Text,
        "the SHA-256 of the artefact",
        Meaning::Through(ARTIFACT, &Meaning::Text("COALESCE(a.sha256, '')")),
    ),
    field(
        "digest",
        DIGESTS,
        "how that is known",
        Meaning::Through(ARTIFACT, &Meaning::Text("a.digest_status")),
    ),
    field(
        "name",
        Kind::Text,
        "what people call the artefact",
        Meaning::Through(ARTIFACT, &Meaning::Text("LOWER(a.name)")),
    ),
    field(
        "format",
        Kind::Text,
        "the format of the artefact",
        Meaning::Through(ARTIFACT, &Meaning::Text("LOWER(a.format)")),
    ),
    field(
        "license",
        Kind::Text,
        "the licence of the artefact",
        Meaning::Through(ARTIFACT, &Meaning::Text("COALESCE(LOWER(a.license), '')")),
    ),
    field(
        "verdict",
        VERDICTS,
        "the verdict of its inspection",
        Meaning::Through(ARTIFACT, &Meaning::Text("a.verdict")),
    ),
    field(
        "size",
        Kind::Size,
        "the size of the artefact",
        Meaning::Through(ARTIFACT, &Meaning::Number("a.size")),
    ),
    field(
        "store",
        Kind::Text,
        "the store that holds it, such as `ollama`",
        Meaning::Store("COALESCE(LOWER(h.store), '')", ARTIFACT),
    ),
    field("seen", Kind::Time, "when it appeared there", Meaning::Time("h.first_seen_at")),
];

const ORDERS: &[Order] =
    &[least_first("path", Key::Text("h.path")), greatest_first("seen", Key::Number("h.first_seen_at"))];

const FIELDS: [Field; KNOWN.len()] = fields(KNOWN);
const COLUMNS: [Column; ORDERS.len()] = columns(ORDERS);

pub(super) static SHAPE: Shape = Shape {
    device: Some("h.device"),
    search: &[(ARTIFACT, "a.search"), (DEVICE, "d.search")],
    words: &[
        ("h.artifact", "SELECT a.id FROM artifacts a WHERE {}", "a.search"),
        ("h.device", "SELECT d.id FROM devices d WHERE {}", "d.search"),
    ],
    ..Shape::of(
        ("holdings h", "h.id"),
        (KNOWN, &FIELDS),
        (ORDERS, &COLUMNS),
        Sort { column: "seen", descending: true },
    )
};
