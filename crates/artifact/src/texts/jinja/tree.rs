//! The syntax tree of a Jinja template. Chains (`a ~ b ~ c`, `x.y[0]|trim`) are flat, so that only brackets nest.

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Text(String),
    Integer(i64),
    /// A float, a truth value, nothing.
    Plain,
    Name(String, usize),
    /// A list or a tuple.
    List(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    /// Operators of one strength, from left to right.
    Chain(Box<Expr>, Vec<(&'static str, Expr)>),
    /// `not x`, and comparisons: a truth value.
    Not(Box<Expr>),
    /// `-x`, `+x`.
    Signed(bool, Box<Expr>),
    /// `then if test else otherwise`.
    Choice {
        test: Box<Expr>,
        then: Box<Expr>,
        otherwise: Option<Box<Expr>>,
    },
    /// What is done to a value, one step after the other.
    Path(Box<Expr>, Vec<Step>),
}

/// One step of a path, and the byte at which it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) at: usize,
    pub(super) kind: StepKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum StepKind {
    Attribute(String),
    Item(Vec<Index>),
    Call(Args),
    Filter(String, Args),
    Test(String, Args),
}

/// What stands between square brackets.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Index {
    At(Expr),
    Slice(Box<[Option<Expr>; 3]>),
}

/// The arguments of a call.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Args {
    pub(super) plain: Vec<Expr>,
    pub(super) named: Vec<(String, Expr)>,
    /// `*x` and `**x`.
    pub(super) spread: Vec<Expr>,
}

/// What is assigned to: names, and attributes of namespaces as `name.attribute`; a tuple has several.
pub(super) type Target = Vec<String>;

/// A parameter of a macro and its default.
pub(super) type Param = (String, Option<Expr>);

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Data(String),
    Print(Vec<Expr>),
    If {
        branches: Vec<(Expr, Vec<Piece>)>,
        otherwise: Vec<Piece>,
    },
    For {
        target: Target,
        over: Expr,
        only: Option<Expr>,
        body: Vec<Piece>,
        otherwise: Vec<Piece>,
    },
    Set(Target, Expr),
    SetBlock {
        target: Target,
        filters: Vec<Step>,
        body: Vec<Piece>,
    },
    Macro {
        name: String,
        params: Vec<Param>,
        body: Vec<Piece>,
    },
    CallBlock {
        params: Vec<Param>,
        call: Expr,
        body: Vec<Piece>,
    },
    FilterBlock(Vec<Step>, Vec<Piece>),
    With(Vec<(Target, Expr)>, Vec<Piece>),
    /// A block that only groups: `generation`, `autoescape`, `block`.
    Group(Option<Expr>, Vec<Piece>),
    /// `include`, `import`, `from`, `extends`; the names it makes known.
    Load {
        at: usize,
        tag: &'static str,
        from: Expr,
        names: Vec<String>,
    },
}
