//! Runtimes and agents: the same rows with another kind.

use protocol::query::{Field, Kind};

use super::{
    super::{
        Column, Sort,
        shape::{Key, Known, Meaning, Order, Shape, columns, field, fields, greatest_first, least_first},
    },
    YES_NO, device,
};

const KNOWN: &[Known] = &[
    field(
        "tool",
        Kind::Text,
        "the tool, such as `ollama`, or `unknown`",
        Meaning::Text("COALESCE(p.tool, 'unknown')"),
    ),
    field("name", Kind::Text, "what people call it", Meaning::Text("LOWER(p.name)")),
    field(
        "state",
        Kind::Word(&["running", "installed"]),
        "whether it runs, or is only installed",
        Meaning::Common(&[("running", "p.pid IS NOT NULL"), ("installed", "p.pid IS NULL")]),
    ),
    device("p.device"),
    field(
        "os",
        Kind::Text,
        "the system of the device",
        Meaning::Through("p.device IN (SELECT d.id FROM devices d WHERE {})", &Meaning::Text("LOWER(d.os)")),
    ),
    field(
        "user",
        Kind::Text,
        "the account that it runs as or belongs to",
        Meaning::Text("COALESCE(LOWER(p.account), '')"),
    ),
    field("exe", Kind::Text, "the program file", Meaning::Text("COALESCE(LOWER(p.exe), '')")),
    field("pid", Kind::Number, "its process id", Meaning::Number("COALESCE(p.pid, 0)")),
    field(
        "confidence",
        Kind::Word(&["possible", "likely", "confirmed"]),
        "how sure it is that it is this tool",
        Meaning::Text("p.confidence"),
    ),
    field(
        "exposed",
        YES_NO,
        "whether others on the network can reach it",
        Meaning::Words(&[("yes", "p.exposed = 1"), ("no", "p.exposed = 0")]),
    ),
    field(
        "listening",
        Kind::Text,
        "an address that it listens on, or a port; `*` for any",
        Meaning::Addresses("p.listeners"),
    ),
    field(
        "model",
        Kind::Text,
        "a model that it has loaded: its name or its id",
        Meaning::Through(
            "p.id IN (SELECT l.program FROM loaded l JOIN artifacts a ON a.id = l.artifact WHERE {})",
            &Meaning::Texts(&["LOWER(a.name)", "a.uid"]),
        ),
    ),
    field("mcp", Kind::Number, "how many MCP servers it is configured with", Meaning::Number("p.servers")),
    field(
        "unattended",
        YES_NO,
        "whether its own questions or its sandbox are switched off",
        Meaning::Words(&[("yes", "p.unattended = 1"), ("no", "p.unattended = 0")]),
    ),
    field("started", Kind::Time, "when it started", Meaning::Time("p.started_at")),
    field("seen", Kind::Time, "when it first appeared", Meaning::Time("p.first_seen_at")),
];

const ORDERS: &[Order] = &[
    least_first("name", Key::Text("LOWER(p.name)")),
    greatest_first("started", Key::Number("COALESCE(p.started_at, 0)")),
    greatest_first("seen", Key::Arrival),
];

const FIELDS: [Field; KNOWN.len()] = fields(KNOWN);
const COLUMNS: [Column; ORDERS.len()] = columns(ORDERS);

const fn programs(always: &'static str) -> Shape {
    Shape {
        device: Some("p.device"),
        always: Some(always),
        search: &[("{}", "p.search")],
        narrow: Some(" INDEXED BY programs_scan"),
        countable: true,
        ..Shape::of(
            ("programs p", "p.id"),
            (KNOWN, &FIELDS),
            (ORDERS, &COLUMNS),
            Sort { column: "name", descending: false },
        )
    }
}

pub(super) static RUNTIMES: Shape = programs("p.kind = 'runtime'");
pub(super) static AGENTS: Shape = programs("p.kind = 'agent'");
