//! Devices.

use protocol::query::{Field, Kind};

use super::super::{
    Column, Sort,
    shape::{Key, Known, Meaning, Order, Shape, columns, field, fields, greatest_first, least_first},
};

const FINDINGS: &str = "(d.critical + d.high + d.medium + d.low + d.info)";
/// One graver finding outweighs any number of lesser ones that a device can have.
const GRAVITY: &str = "(d.critical * 1000000000000 + d.high * 100000000 + d.medium * 10000 + d.low)";

const KNOWN: &[Known] = &[
    field("device", Kind::Text, "its name or its id", Meaning::Texts(&["LOWER(d.name)", "d.uid"])),
    field("os", Kind::Text, "`linux`, `macos` or `windows`", Meaning::Text("LOWER(d.os)")),
    field(
        "version",
        Kind::Text,
        "the distribution or edition with its version",
        Meaning::Text("COALESCE(LOWER(d.os_version), '')"),
    ),
    field("arch", Kind::Text, "the processor, such as `x86_64`", Meaning::Text("LOWER(d.arch)")),
    field(
        "state",
        Kind::Word(&["reporting", "silent", "revoked"]),
        "whether it was heard from within the last day, or is no longer trusted",
        Meaning::Words(&[
            ("reporting", "(d.revoked_at IS NULL AND d.seen_at > ?)"),
            ("silent", "(d.revoked_at IS NULL AND COALESCE(d.seen_at, 0) <= ?)"),
            ("revoked", "d.revoked_at IS NOT NULL"),
        ]),
    ),
    field(
        "sight",
        Kind::Word(&["full", "partial", "none"]),
        "how much of it is seen",
        Meaning::Text("d.sight"),
    ),
    field(
        "gap",
        Kind::Text,
        "a capability that it lacks, so that something is not seen",
        Meaning::Through("d.id IN (SELECT g.device FROM gaps g WHERE {})", &Meaning::Text("g.capability")),
    ),
    field(
        "unreadable",
        Kind::Number,
        "how many of its paths could not be read",
        Meaning::Number("d.unreadable"),
    ),
    field("person", Kind::Text, "whose it is: a name, `me` or `none`", Meaning::Person("d.person")),
    field(
        "sensor",
        Kind::Text,
        "the version of its sensor",
        Meaning::Text("COALESCE(LOWER(d.sensor_version), '')"),
    ),
    field("seen", Kind::Time, "when it was last heard from", Meaning::Time("d.seen_at")),
    field("reported", Kind::Time, "when it last reported something", Meaning::Time("d.reported_at")),
    field("enrolled", Kind::Time, "when it was enrolled", Meaning::Time("d.enrolled_at")),
    field("artifacts", Kind::Number, "how many artefacts it holds", Meaning::Number("d.artifacts")),
    field("runtimes", Kind::Number, "how many runtimes run on it", Meaning::Number("d.runtimes")),
    field("agents", Kind::Number, "how many agents run or are installed", Meaning::Number("d.agents")),
    field("packages", Kind::Number, "how many AI packages it has", Meaning::Number("d.packages")),
    field("findings", Kind::Number, "how many open findings it has", Meaning::Number(FINDINGS)),
    field("critical", Kind::Number, "how many critical ones", Meaning::Number("d.critical")),
    field("high", Kind::Number, "how many of severity high", Meaning::Number("d.high")),
];

const ORDERS: &[Order] = &[
    least_first("name", Key::Text("LOWER(d.name)")),
    least_first("os", Key::Text("LOWER(d.os)")),
    greatest_first("seen", Key::Number("COALESCE(d.seen_at, 0)")),
    greatest_first("enrolled", Key::Arrival),
    greatest_first("artifacts", Key::Number("d.artifacts")),
    greatest_first("runtimes", Key::Number("d.runtimes")),
    greatest_first("agents", Key::Number("d.agents")),
    greatest_first("packages", Key::Number("d.packages")),
    greatest_first("findings", Key::Number(GRAVITY)),
];

const FIELDS: [Field; KNOWN.len()] = fields(KNOWN);
const COLUMNS: [Column; ORDERS.len()] = columns(ORDERS);

pub(super) static SHAPE: Shape = Shape {
    device: Some("d.id"),
    search: &[("{}", "d.search")],
    narrow: Some(" INDEXED BY devices_scan"),
    countable: true,
    ..Shape::of(
        ("devices d", "d.id"),
        (KNOWN, &FIELDS),
        (ORDERS, &COLUMNS),
        Sort { column: "name", descending: false },
    )
};
