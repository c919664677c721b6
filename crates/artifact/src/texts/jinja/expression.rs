//! Expressions of a template, from the weakest operator to the strongest.

use super::{
    lex::{Mistake, Word},
    parse::Parser,
    tree::{Args, Expr, Index, Step, StepKind},
};

/// Choices without an `else`, one behind the other.
const CHOICES: usize = 16;

impl Parser<'_> {
    /// An expression, with `… if … else …`.
    pub(super) fn expression(&mut self) -> Result<Expr, Mistake> {
        self.deeper(Self::choice)
    }

    fn choice(&mut self) -> Result<Expr, Mistake> {
        let mut then = self.either()?;
        for _ in 0..CHOICES {
            if !self.eat_name("if") {
                return Ok(then);
            }
            let test = Box::new(self.either()?);
            let otherwise = if self.eat_name("else") { Some(Box::new(self.expression()?)) } else { None };
            then = Expr::Choice { test, then: Box::new(then), otherwise };
        }
        self.mistake("there are more choices in a row than are read")
    }

    /// One expression, or several with commas as a tuple, up to a word that ends it.
    pub(super) fn tuple(&mut self, choices: bool, ends: &[&str]) -> Result<Expr, Mistake> {
        let mut items = Vec::new();
        let mut comma = false;
        while !self.at_end_of_tuple(ends) {
            items.push(if choices { self.expression()? } else { self.deeper(Self::either)? });
            comma = self.eat_sign(",");
            if !comma {
                break;
            }
        }
        match items.len() {
            0 => self.mistake("an expression is missing"),
            1 if !comma => items.pop().map_or_else(|| self.mistake("an expression is missing"), Ok),
            _ => Ok(Expr::List(items)),
        }
    }

    fn at_end_of_tuple(&self, ends: &[&str]) -> bool {
        match self.peek() {
            None | Some(Word::PrintEnd | Word::BlockEnd | Word::Sign(")")) => true,
            Some(Word::Name(name)) => ends.contains(&name.as_str()),
            _ => false,
        }
    }

    fn either(&mut self) -> Result<Expr, Mistake> {
        self.named_chain("or", Self::both)
    }

    fn both(&mut self) -> Result<Expr, Mistake> {
        self.named_chain("and", Self::negation)
    }

    fn named_chain(
        &mut self,
        name: &'static str,
        part: fn(&mut Self) -> Result<Expr, Mistake>,
    ) -> Result<Expr, Mistake> {
        let first = part(self)?;
        let mut rest = Vec::new();
        while self.eat_name(name) {
            rest.push((name, part(self)?));
        }
        Ok(chain(first, rest))
    }

    fn negation(&mut self) -> Result<Expr, Mistake> {
        if self.eat_name("not") {
            return Ok(Expr::Not(Box::new(self.deeper(Self::negation)?)));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expr, Mistake> {
        let first = self.sum()?;
        let mut rest = Vec::new();
        loop {
            let sign = ["==", "!=", "<=", ">=", "<", ">"].into_iter().find(|sign| self.is_sign(sign));
            if let Some(sign) = sign {
                self.advance();
                rest.push((sign, self.sum()?));
            } else if self.eat_name("in") {
                rest.push(("in", self.sum()?));
            } else if self.is_name("not")
                && matches!(self.peek_after(), Some(Word::Name(name)) if name == "in")
            {
                self.advance();
                self.advance();
                rest.push(("in", self.sum()?));
            } else {
                return Ok(chain(first, rest));
            }
        }
    }

    fn sum(&mut self) -> Result<Expr, Mistake> {
        self.signed_chain(&["+", "-"], Self::concatenation)
    }

    fn concatenation(&mut self) -> Result<Expr, Mistake> {
        self.signed_chain(&["~"], Self::product)
    }

    fn product(&mut self) -> Result<Expr, Mistake> {
        self.signed_chain(&["*", "//", "/", "%"], Self::power)
    }

    fn power(&mut self) -> Result<Expr, Mistake> {
        self.signed_chain(&["**"], |parser| parser.unary(true))
    }

    fn signed_chain(
        &mut self,
        signs: &[&'static str],
        part: fn(&mut Self) -> Result<Expr, Mistake>,
    ) -> Result<Expr, Mistake> {
        let first = part(self)?;
        let mut rest = Vec::new();
        while let Some(sign) = signs.iter().find(|sign| self.is_sign(sign)) {
            self.advance();
            rest.push((*sign, part(self)?));
        }
        Ok(chain(first, rest))
    }

    fn unary(&mut self, filters: bool) -> Result<Expr, Mistake> {
        let base = if self.is_sign("-") || self.is_sign("+") {
            let minus = self.is_sign("-");
            self.advance();
            Expr::Signed(minus, Box::new(self.deeper(|parser| parser.unary(false))?))
        } else {
            self.primary()?
        };
        self.path(base, filters)
    }

    /// What follows a value: attributes, items, calls; then filters, tests and calls of their results.
    fn path(&mut self, base: Expr, filters: bool) -> Result<Expr, Mistake> {
        let mut steps = Vec::new();
        while let Some(step) = self.postfix()? {
            steps.push(step);
        }
        while let Some(step) = self.filter_or_test(filters)? {
            steps.push(step);
        }
        Ok(if steps.is_empty() { base } else { Expr::Path(Box::new(base), steps) })
    }

    /// A filter, a test, or a call of what came of one.
    fn filter_or_test(&mut self, filters: bool) -> Result<Option<Step>, Mistake> {
        let at = self.at();
        let kind = if !filters {
            return Ok(None);
        } else if self.eat_sign("|") {
            let name = self.dotted_name()?;
            let args = if self.is_sign("(") { self.args()? } else { Args::default() };
            StepKind::Filter(name, args)
        } else if self.eat_name("is") {
            self.test()?
        } else if self.is_sign("(") {
            StepKind::Call(self.args()?)
        } else {
            return Ok(None);
        };
        Ok(Some(Step { at, kind }))
    }

    fn postfix(&mut self) -> Result<Option<Step>, Mistake> {
        let at = self.at();
        let kind = if self.eat_sign(".") {
            match self.peek() {
                Some(Word::Name(name)) => {
                    self.advance();
                    StepKind::Attribute(name.clone())
                }
                Some(Word::Integer(number)) => {
                    self.advance();
                    StepKind::Item(vec![Index::At(Expr::Integer(number.unwrap_or(i64::MAX)))])
                }
                _ => return self.mistake("an attribute is missing"),
            }
        } else if self.eat_sign("[") {
            StepKind::Item(self.items()?)
        } else if self.is_sign("(") {
            StepKind::Call(self.args()?)
        } else {
            return Ok(None);
        };
        Ok(Some(Step { at, kind }))
    }

    fn items(&mut self) -> Result<Vec<Index>, Mistake> {
        let mut items = Vec::new();
        while !self.eat_sign("]") {
            if !items.is_empty() {
                self.need_sign(",", "a comma is missing")?;
            }
            items.push(self.index()?);
        }
        if items.is_empty() { self.mistake("an index is missing") } else { Ok(items) }
    }

    fn index(&mut self) -> Result<Index, Mistake> {
        let mut parts = [None, None, None];
        let mut at = 0usize;
        loop {
            if self.eat_sign(":") {
                at = at.saturating_add(1);
                continue;
            }
            if self.is_sign("]") || self.is_sign(",") {
                break;
            }
            match parts.get_mut(at) {
                Some(part @ None) => *part = Some(self.expression()?),
                _ => return self.mistake("a slice has too many parts"),
            }
        }
        match (at, parts) {
            (0, [Some(one), ..]) => Ok(Index::At(one)),
            (1 | 2, parts) => Ok(Index::Slice(Box::new(parts))),
            _ => self.mistake("an index is missing"),
        }
    }

    pub(super) fn dotted_name(&mut self) -> Result<String, Mistake> {
        let mut name = self.need_name()?;
        while self.eat_sign(".") {
            name.push('.');
            name.push_str(&self.need_name()?);
        }
        Ok(name)
    }

    /// `is [not] NAME`, with arguments in brackets or one without.
    fn test(&mut self) -> Result<StepKind, Mistake> {
        self.eat_name("not");
        let name = self.dotted_name()?;
        let bare = match self.peek() {
            Some(Word::Sign("(")) => return Ok(StepKind::Test(name, self.args()?)),
            Some(Word::Name(next)) if next == "is" => return self.mistake("tests cannot be chained"),
            Some(Word::Name(next)) => !matches!(next.as_str(), "else" | "or" | "and"),
            Some(Word::Text(_) | Word::Integer(_) | Word::Float | Word::Sign("[" | "{")) => true,
            _ => false,
        };
        // `x is defined if …`, `x is string in …`: Jinja reads these names as arguments and fails; so does this.
        let mut args = Args::default();
        if bare {
            let base = self.primary()?;
            args.plain.push(self.path(base, false)?);
        }
        Ok(StepKind::Test(name, args))
    }

    pub(super) fn args(&mut self) -> Result<Args, Mistake> {
        self.need_sign("(", "the arguments are missing")?;
        let mut args = Args::default();
        let mut first = true;
        while !self.eat_sign(")") {
            if !first {
                self.need_sign(",", "a comma is missing")?;
                if self.eat_sign(")") {
                    break;
                }
            }
            first = false;
            self.argument(&mut args)?;
        }
        Ok(args)
    }

    fn argument(&mut self, args: &mut Args) -> Result<(), Mistake> {
        if self.eat_sign("**") || self.eat_sign("*") {
            args.spread.push(self.expression()?);
            return Ok(());
        }
        if let (Some(Word::Name(name)), Some(Word::Sign("="))) = (self.peek(), self.peek_after()) {
            self.advance();
            self.advance();
            args.named.push((name.clone(), self.expression()?));
            return Ok(());
        }
        if !args.named.is_empty() {
            return self.mistake("an argument without a name follows one with a name");
        }
        args.plain.push(self.expression()?);
        Ok(())
    }

    fn primary(&mut self) -> Result<Expr, Mistake> {
        let at = self.at();
        let Some(word) = self.peek() else { return self.mistake("an expression is missing") };
        let expr = match word {
            Word::Name(name) => match name.as_str() {
                "true" | "false" | "True" | "False" | "none" | "None" => Expr::Plain,
                _ => Expr::Name(name.clone(), at),
            },
            Word::Text(_) => return Ok(self.texts()),
            Word::Integer(number) => number.map_or(Expr::Plain, Expr::Integer),
            Word::Float => Expr::Plain,
            Word::Sign("(") => return self.deeper(Self::brackets),
            Word::Sign("[") => return self.deeper(Self::list),
            Word::Sign("{") => return self.deeper(Self::dict),
            _ => return self.mistake("an expression is missing"),
        };
        self.advance();
        Ok(expr)
    }

    /// Strings beside each other are one.
    fn texts(&mut self) -> Expr {
        let mut all = String::new();
        while let Some(Word::Text(text)) = self.peek() {
            all.push_str(text);
            self.advance();
        }
        Expr::Text(all)
    }

    fn brackets(&mut self) -> Result<Expr, Mistake> {
        self.advance();
        if self.eat_sign(")") {
            return Ok(Expr::List(Vec::new()));
        }
        let inside = self.tuple(true, &[])?;
        self.need_sign(")", "a bracket does not close")?;
        Ok(inside)
    }

    fn list(&mut self) -> Result<Expr, Mistake> {
        self.advance();
        let mut items = Vec::new();
        while !self.eat_sign("]") {
            if !items.is_empty() {
                self.need_sign(",", "a comma is missing")?;
                if self.eat_sign("]") {
                    break;
                }
            }
            items.push(self.expression()?);
        }
        Ok(Expr::List(items))
    }

    fn dict(&mut self) -> Result<Expr, Mistake> {
        self.advance();
        let mut pairs = Vec::new();
        while !self.eat_sign("}") {
            if !pairs.is_empty() {
                self.need_sign(",", "a comma is missing")?;
                if self.eat_sign("}") {
                    break;
                }
            }
            let key = self.expression()?;
            self.need_sign(":", "a key lacks its value")?;
            pairs.push((key, self.expression()?));
        }
        Ok(Expr::Dict(pairs))
    }
}

fn chain(first: Expr, rest: Vec<(&'static str, Expr)>) -> Expr {
    if rest.is_empty() { first } else { Expr::Chain(Box::new(first), rest) }
}
