//! Graphs of `torch.export`: JSON whose expressions the loader evaluates as Python, and whose nodes name functions that are looked up
//! by walking attributes from `torch`.
//!
//! Source: PyTorch `torch/_export/serde/serialize.py`: `_parse_sym_expr` hands `expr_str` to sympy, which evaluates it;
//! `deserialize_operator` walks a dotted name from `torch`, `operator` or `math`. The keys of `range_constraints` are compared with
//! the text of symbols and not evaluated; one that is no name of a symbol is told all the same.

use super::{json, node::Node};
use crate::{
    inspect::Look,
    reader::{contains, cut},
    rules::{containers as rules, graphs, texts},
};

/// Sets of operators that come with PyTorch or its usual companions.
const SETS: [&str; 20] = [
    "aten",
    "prim",
    "prims",
    "higher_order",
    "quantized",
    "quantized_decomposed",
    "torchvision",
    "torchaudio",
    "torchao",
    "_c10d_functional",
    "c10d_functional",
    "inductor",
    "inductor_prims",
    "mkldnn",
    "onednn",
    "mkl",
    "sparse",
    "xnnpack",
    "executorch_prim",
    "dim_order_ops",
];
/// Functions of Python's `operator` that compute and call nothing.
const ARITHMETIC: [&str; 30] = [
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "neg", "pos", "abs", "invert", "eq", "ne",
    "lt", "le", "gt", "ge", "and_", "or_", "xor", "not_", "lshift", "rshift", "getitem", "matmul", "is_",
    "is_not", "index", "truth", "contains",
];

/// Judges a graph.
pub(crate) fn judge(text: &[u8], name: &str, look: &mut Look<'_>) {
    let document = std::str::from_utf8(text).ok().and_then(|text| json::read(text).ok());
    let Some(document) = document else {
        look.say(&texts::TEXT_BROKEN, None, name, format!("the graph `{name}` is no JSON that can be read"));
        if contains(text, b"__") || contains(text, b"eval") {
            say_expression("expr_str", name, look);
        }
        return;
    };
    document.root.walk(&mut Vec::new(), &mut |path, _, key, value| match (key, value) {
        ("expr_str", Node::Text(expression)) if !is_arithmetic(expression) => {
            say_expression("expr_str", name, look);
        }
        ("target", Node::Text(target)) => say_target(target, name, look),
        _ if path.last().is_some_and(|map| map == "range_constraints") && !is_arithmetic(key) => {
            say_expression("range_constraints", name, look);
        }
        _ => {}
    });
}

fn say_expression(key: &str, name: &str, look: &mut Look<'_>) {
    let message = format!("an expression in `{name}` is more than arithmetic, and the loader evaluates it");
    look.say(&rules::PROGRAM_EXPRESSION, None, key, message);
}

fn say_target(target: &str, name: &str, look: &mut Look<'_>) {
    match leads(target) {
        Target::Computes => {}
        Target::Library => {
            let message =
                format!("a node of `{name}` is `{}`, which needs a library or an extension", cut(target));
            look.say(&graphs::CUSTOM_OPERATOR, None, target, message);
        }
        Target::Reaches => {
            let message =
                format!("a node of `{name}` calls `{}`, which does not compute on tensors", cut(target));
            look.say(&graphs::PROGRAM_TARGET, None, target, message);
        }
    }
}

/// What the function of a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Computes,
    Library,
    Reaches,
}

fn leads(target: &str) -> Target {
    let mut parts = target.split('.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("torch"), Some("ops"), Some(set)) if SETS.contains(&set) => Target::Computes,
        (Some("torch"), Some("ops"), Some(_)) => Target::Library,
        (Some("torch"), Some(function), None)
            if function.starts_with("sym_")
                || function.starts_with("_sym_")
                || function.starts_with("_check")
                || function == "_assert" =>
        {
            Target::Computes
        }
        (Some("torch"), Some("_higher_order_ops"), _) => Target::Computes,
        (Some("torch"), Some("fx"), Some("experimental")) if target.contains(".symbolic_shapes.") => {
            Target::Computes
        }
        (Some("operator" | "_operator"), Some(function), None) if ARITHMETIC.contains(&function) => {
            Target::Computes
        }
        (Some("math"), Some(_), None) => Target::Computes,
        (Some("torch" | "operator" | "_operator" | "math"), ..) => Target::Reaches,
        _ if target.starts_with('#') => Target::Library,
        _ if ["torch", "operator", "_operator", "math"].iter().any(|root| target.starts_with(root)) => {
            Target::Reaches
        }
        // The loader takes any other text as it is.
        _ => Target::Computes,
    }
}

/// Names, numbers, calls and operators. Points stand in numbers only, and nothing is quoted.
fn is_arithmetic(text: &str) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"_ ()+-*/%<>=!&|~^,.".contains(byte);
    let bytes = text.as_bytes();
    let reaches = bytes
        .windows(2)
        .any(|pair| matches!(pair, [b'.', next] if next.is_ascii_alphabetic() || *next == b'_'));
    let builtin = ["__", "eval", "exec", "import", "open", "getattr", "lambda"];
    bytes.iter().all(fits) && !reaches && !builtin.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Limits, tests::CATALOG};

    fn said(graph: &str) -> Vec<String> {
        let limits = Limits::full();
        let mut look = Look::new(&CATALOG, &limits);
        judge(graph.as_bytes(), "model.json", &mut look);
        look.into_parts().1.into_iter().map(|fact| fact.rule).collect()
    }

    #[test]
    fn sizes_of_tensors_are_arithmetic_and_calls_of_python_are_not() {
        for sound in
            ["s77*s27", "Max(1, s0 - 1)", "Eq(Mod(s0, 2), 0)", "FloorDiv(u0, 4)", "1.5*s0", "-int_oo"]
        {
            assert!(is_arithmetic(sound), "{sound}");
        }
        for hostile in
            ["__import__('os').system('id')", "s0.__class__", "s0.free_symbols", "exec(s0)", "s0\\u002ea"]
        {
            assert!(!is_arithmetic(hostile), "{hostile}");
        }
    }

    #[test]
    fn keys_and_values_are_read_with_their_escapes() {
        let graph = r#"{"a": [{"\u0065xpr_str": "\u005f\u005fimport__('os').system('id')"}]}"#;
        assert_eq!(said(graph), ["torch-program-expression"]);
        assert_eq!(
            said(r#"{"range_constraints": {"s0": {"min_val": 2, "max_val": 64}}, "expr_str": "s0"}"#),
            [""; 0]
        );
        assert_eq!(said(r#"{"range_constraints": {"x.y": {"min_val": 2}}}"#), ["torch-program-expression"]);
    }

    #[test]
    fn a_node_that_walks_out_of_torch_is_told() {
        let of = |target: &str| said(&format!(r#"{{"nodes": [{{"target": "{target}"}}]}}"#));
        for fine in ["torch.ops.aten.linear.default", "_operator.getitem", "torch.sym_int", "math.trunc", "x"]
        {
            assert_eq!(of(fine), [""; 0], "{fine}");
        }
        for hostile in ["torch.os.system", "torch.hub.load", "operator.methodcaller", "torchx.y"] {
            assert_eq!(of(hostile), ["torch-program-target"], "{hostile}");
        }
        assert_eq!(of("torch.ops.evil.run.default"), ["custom-operator"]);
    }

    #[test]
    fn what_is_no_json_is_never_clean() {
        assert_eq!(said("{\"expr_str\": \"__import__('os')\""), ["torch-program-expression", "text-broken"]);
        assert_eq!(said("{"), ["text-broken"]);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "(?s).{0,120}") {
            let _ = said(&text);
            let _ = leads(&text);
        }
    }
}
