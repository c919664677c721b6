//! The schema of a skops file: a tree of nodes, each with the type that it makes and the loader that makes it.
//!
//! Source: skops, `skops.io`, persistence format; CVE-2025-54412 and CVE-2025-54413 for methods and operators.

use super::{
    names::{self, Leads},
    node::Node,
};
use crate::{inspect::Look, reader::cut, rules::texts as rules};

/// Modules of Python whose types skops writes for ordinary models.
const PLAIN: &[&str] = &[
    "builtins.dict",
    "builtins.list",
    "builtins.tuple",
    "builtins.set",
    "builtins.int",
    "builtins.float",
    "builtins.str",
    "builtins.bool",
    "builtins.bytes",
    "builtins.bytearray",
    "builtins.slice",
    "builtins.type",
    "builtins.NoneType",
    "builtins.complex",
    "builtins.frozenset",
    "builtins.json",
    "builtins.object",
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.Counter",
    "datetime.datetime",
    "datetime.date",
    "datetime.timedelta",
    "functools.partial",
    "types.FunctionType",
    "types.BuiltinFunctionType",
    "types.MethodType",
    "__builtin__.json",
    "operator.attrgetter",
    "operator.itemgetter",
    "operator.methodcaller",
];

/// Judges the schema, if it is one.
pub(super) fn judge(root: &Node, look: &mut Look<'_>) {
    if root.get("__loader__").is_none() {
        return;
    }
    node(root, look);
    root.walk(&mut Vec::new(), &mut |_, _, _, value| {
        node(value, look);
        value.items().iter().for_each(|item| node(item, look));
    });
}

fn node(value: &Node, look: &mut Look<'_>) {
    let text = |key| value.get(key).and_then(Node::text);
    let (Some(class), Some(loader)) = (text("__class__"), text("__loader__")) else { return };
    let module = text("__module__").unwrap_or_default();
    let name = format!("{module}.{class}");
    let called = matches!(loader, "MethodNode" | "OperatorFuncNode");
    if called {
        // The type that is checked and what is called need not be the same.
        let content = value.get("content");
        let function = content.and_then(|content| content.get("func")).and_then(Node::text).unwrap_or(class);
        let message = format!("a {loader} calls `{}` of `{}`", cut(function), cut(&name));
        look.say(&rules::SKOPS_TYPE, None, &name, message);
    }
    match names::leads(&name) {
        _ if PLAIN.contains(&name.as_str()) => {}
        Leads::Model => {}
        Leads::Runs => {
            look.say(&rules::SKOPS_RUNS, None, &name, format!("a {} names `{}`", cut(loader), cut(&name)));
        }
        Leads::Unknown => {
            look.say(&rules::SKOPS_TYPE, None, &name, format!("a {} holds a `{}`", cut(loader), cut(&name)));
        }
    }
}
