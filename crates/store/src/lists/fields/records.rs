//! Records of what happened.

use protocol::query::{Field, Kind};

use super::{
    super::{
        Column, Sort,
        shape::{Key, Known, Meaning, Order, Shape, columns, field, fields, greatest_first},
    },
    device,
};

const KNOWN: &[Known] = &[
    field("kind", Kind::Text, "what kind of thing, such as `artifact-appeared`", Meaning::Text("r.kind")),
    field("actor", Kind::Text, "who did it: a name, `me` or `none`", Meaning::Person("r.actor")),
    device("r.device"),
    field("subject", Kind::Text, "what it was done to", Meaning::Text("LOWER(r.subject)")),
    field("id", Kind::Text, "the id of that", Meaning::Text("COALESCE(r.subject_id, '')")),
    field("at", Kind::Time, "when", Meaning::Time("r.at")),
];

const ORDERS: &[Order] = &[greatest_first("at", Key::Arrival)];

const FIELDS: [Field; KNOWN.len()] = fields(KNOWN);
const COLUMNS: [Column; ORDERS.len()] = columns(ORDERS);

pub(super) static SHAPE: Shape = Shape {
    device: Some("r.device"),
    search: &[("{}", "r.search")],
    narrow: Some(" NOT INDEXED"),
    ..Shape::of(
        ("records r", "r.id"),
        (KNOWN, &FIELDS),
        (ORDERS, &COLUMNS),
        Sort { column: "at", descending: true },
    )
};
