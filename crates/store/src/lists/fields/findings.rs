//! Findings.

use protocol::query::{Field, Kind};

use super::{
    super::{
        Column, Sort,
        shape::{Key, Known, Meaning, Order, Shape, columns, field, fields, greatest_first, least_first},
    },
    SEVERITIES, device,
};

const KNOWN: &[Known] = &[
    field(
        "severity",
        Kind::Word(SEVERITIES),
        "how much it matters",
        Meaning::Words(&[
            ("info", "f.severity = 0"),
            ("low", "f.severity = 1"),
            ("medium", "f.severity = 2"),
            ("high", "f.severity = 3"),
            ("critical", "f.severity = 4"),
        ]),
    ),
    field(
        "rule",
        Kind::Text,
        "the rule that decided, such as `unknown-origin`",
        // With every state named, the index that begins with the state finds the rule.
        Meaning::Through(
            "(f.state IN ('open', 'acknowledged', 'resolved') AND {})",
            &Meaning::Text("f.rule"),
        ),
    ),
    field(
        "state",
        Kind::Word(&["open", "acknowledged", "resolved"]),
        "where it is in its life",
        Meaning::Text("f.state"),
    ),
    device("f.device"),
    field("subject", Kind::Text, "what it is about", Meaning::Text("LOWER(f.subject)")),
    field(
        "artifact",
        Kind::Text,
        "the id of the artefact that it is about",
        Meaning::Through("f.artifact IN (SELECT a.id FROM artifacts a WHERE {})", &Meaning::Text("a.uid")),
    ),
    field(
        "assignee",
        Kind::Text,
        "who looks after it: a name, `me` or `none`",
        Meaning::Person("f.assignee"),
    ),
    field("due", Kind::Time, "until when it is to be done; `due:>0d` is overdue", Meaning::Date("f.due")),
    field("seen", Kind::Time, "when it first was the case", Meaning::Time("f.first_seen_at")),
    field("changed", Kind::Time, "when its state last changed", Meaning::Time("f.changed_at")),
];

const ORDERS: &[Order] = &[
    greatest_first("severity", Key::Number("f.severity")),
    // What nobody set a date for comes after every date.
    least_first("due", Key::Text("COALESCE(f.due, '~')")),
    greatest_first("seen", Key::Number("f.first_seen_at")),
];

const FIELDS: [Field; KNOWN.len()] = fields(KNOWN);
const COLUMNS: [Column; ORDERS.len()] = columns(ORDERS);

pub(super) static SHAPE: Shape = Shape {
    device: Some("f.device"),
    search: &[("{}", "f.search")],
    narrow: Some(" INDEXED BY findings_scan"),
    countable: true,
    ..Shape::of(
        ("findings f", "f.id"),
        (KNOWN, &FIELDS),
        (ORDERS, &COLUMNS),
        Sort { column: "severity", descending: true },
    )
};
