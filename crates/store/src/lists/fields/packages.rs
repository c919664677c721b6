//! AI packages.

use protocol::query::{Field, Kind};

use super::{
    super::{
        Column, Sort,
        shape::{Key, Known, Meaning, Order, Shape, columns, field, fields, greatest_first, least_first},
    },
    device,
};

const DEVICE: &str = "k.device IN (SELECT d.id FROM devices d WHERE {})";

const KNOWN: &[Known] = &[
    field("name", Kind::Text, "its name", Meaning::Text("LOWER(k.name)")),
    field("ecosystem", Kind::Text, "`pypi`, `npm`, …", Meaning::Text("LOWER(k.ecosystem)")),
    field("version", Kind::Text, "its version", Meaning::Text("COALESCE(LOWER(k.version), '')")),
    device("k.device"),
    field(
        "os",
        Kind::Text,
        "the system of the device",
        Meaning::Through(DEVICE, &Meaning::Text("LOWER(d.os)")),
    ),
    field("path", Kind::Path, "where it is installed, or the beginning of that", Meaning::Path("k.path")),
    field("seen", Kind::Time, "when it appeared there", Meaning::Time("k.first_seen_at")),
];

const ORDERS: &[Order] =
    &[least_first("name", Key::Text("LOWER(k.name)")), greatest_first("seen", Key::Arrival)];

const FIELDS: [Field; KNOWN.len()] = fields(KNOWN);
const COLUMNS: [Column; ORDERS.len()] = columns(ORDERS);

pub(super) static SHAPE: Shape = Shape {
    device: Some("k.device"),
    search: &[("{}", "LOWER(k.name)"), (DEVICE, "d.search")],
    narrow: Some(" NOT INDEXED"),
    ..Shape::of(
        ("packages k", "k.id"),
        (KNOWN, &FIELDS),
        (ORDERS, &COLUMNS),
        Sort { column: "name", descending: false },
    )
};
