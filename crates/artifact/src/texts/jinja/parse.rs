//! The pieces of a template: text, output and statements. Expressions are parsed in `expression`.
//!
//! The grammar is that of Jinja 3 with the extensions that chat templates are rendered with: `break`, `continue`,
//! `do` and `generation`.

use super::{
    lex::{self, Mistake, Placed, Word},
    tree::{Args, Expr, Param, Piece, Step, StepKind, Target},
};

/// Brackets in brackets and blocks in blocks, together.
const DEPTH: usize = 64;

/// Parses a template.
pub(super) fn template(text: &str) -> Result<Vec<Piece>, Mistake> {
    let words = lex::words(text)?;
    let mut parser = Parser { words: &words, next: 0, depth: 0, end: text.len() };
    let pieces = parser.pieces(&[])?;
    match parser.peek() {
        None => Ok(pieces),
        Some(_) => parser.mistake("a block ends that was not begun"),
    }
}

pub(super) struct Parser<'w> {
    words: &'w [Placed],
    next: usize,
    depth: usize,
    end: usize,
}

impl<'w> Parser<'w> {
    pub(super) fn peek(&self) -> Option<&'w Word> {
        self.words.get(self.next).map(|placed| &placed.word)
    }

    pub(super) fn peek_after(&self) -> Option<&'w Word> {
        self.words.get(self.next.saturating_add(1)).map(|placed| &placed.word)
    }

    pub(super) fn at(&self) -> usize {
        self.words.get(self.next).map_or(self.end, |placed| placed.at)
    }

    pub(super) fn advance(&mut self) {
        self.next = self.next.saturating_add(1);
    }

    pub(super) fn mistake<T>(&self, what: &'static str) -> Result<T, Mistake> {
        Err(Mistake { at: self.at(), what })
    }

    /// Runs `inner` one level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, Mistake>,
    ) -> Result<T, Mistake> {
        if self.depth >= DEPTH {
            return self.mistake("it is nested deeper than is read");
        }
        self.depth = self.depth.saturating_add(1);
        let outcome = inner(self);
        self.depth = self.depth.saturating_sub(1);
        outcome
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Word::Sign(found)) if *found == sign)
    }

    pub(super) fn eat_sign(&mut self, sign: &str) -> bool {
        let eaten = self.is_sign(sign);
        if eaten {
            self.advance();
        }
        eaten
    }

    pub(super) fn need_sign(&mut self, sign: &str, what: &'static str) -> Result<(), Mistake> {
        if self.eat_sign(sign) { Ok(()) } else { self.mistake(what) }
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.peek(), Some(Word::Name(found)) if found == name)
    }

    pub(super) fn eat_name(&mut self, name: &str) -> bool {
        let eaten = self.is_name(name);
        if eaten {
            self.advance();
        }
        eaten
    }

    pub(super) fn need_name(&mut self) -> Result<String, Mistake> {
        match self.peek() {
            Some(Word::Name(name)) => {
                self.advance();
                Ok(name.clone())
            }
            _ => self.mistake("a name is missing"),
        }
    }

    fn need(&mut self, word: &Word, what: &'static str) -> Result<(), Mistake> {
        if self.peek() != Some(word) {
            return self.mistake(what);
        }
        self.advance();
        Ok(())
    }

    fn block_end(&mut self) -> Result<(), Mistake> {
        self.need(&Word::BlockEnd, "a statement goes on where it should end")
    }

    /// Pieces up to a block that begins with one of `ends`, which is left standing behind its `{%`.
    fn pieces(&mut self, ends: &[&str]) -> Result<Vec<Piece>, Mistake> {
        self.deeper(|parser| parser.pieces_here(ends))
    }

    fn pieces_here(&mut self, ends: &[&str]) -> Result<Vec<Piece>, Mistake> {
        let mut out = Vec::new();
        while let Some(word) = self.peek() {
            match word {
                Word::Data(data) => {
                    self.advance();
                    out.push(Piece::Data(data.clone()));
                }
                Word::Print => {
                    self.advance();
                    out.push(Piece::Print(vec![self.tuple(true, &[])?]));
                    self.need(&Word::PrintEnd, "an output goes on where it should end")?;
                }
                Word::Block => {
                    self.advance();
                    if let Some(Word::Name(name)) = self.peek()
                        && ends.contains(&name.as_str())
                    {
                        return Ok(out);
                    }
                    out.extend(self.statement()?);
                }
                _ => return self.mistake("a word stands outside of tags"),
            }
        }
        match ends {
            [] => Ok(out),
            _ => self.mistake("a block does not end"),
        }
    }

    /// The body of a block up to its end tag, behind which only the end of the tag may follow.
    fn body(&mut self, end: &str) -> Result<Vec<Piece>, Mistake> {
        self.block_end()?;
        let pieces = self.pieces(&[end])?;
        self.advance();
        Ok(pieces)
    }

    /// A statement behind its `{%`; some give nothing to look at.
    fn statement(&mut self) -> Result<Option<Piece>, Mistake> {
        let at = self.at();
        let tag = self.need_name()?;
        let piece = match tag.as_str() {
            "if" => self.condition()?,
            "for" => self.repetition()?,
            "set" => self.assignment()?,
            "macro" => {
                let name = self.need_name()?;
                let params = self.params()?;
                Piece::Macro { name, params, body: self.body("endmacro")? }
            }
            "call" => {
                let params = if self.is_sign("(") { self.params()? } else { Vec::new() };
                let call = self.expression()?;
                Piece::CallBlock { params, call, body: self.body("endcall")? }
            }
            "filter" => {
                let filters = self.filters(true)?;
                Piece::FilterBlock(filters, self.body("endfilter")?)
            }
            "with" => self.with()?,
            "autoescape" => {
                let how = self.expression()?;
                Piece::Group(Some(how), self.body("endautoescape")?)
            }
            "generation" => Piece::Group(None, self.body("endgeneration")?),
            "block" => self.named_block()?,
            "print" => Piece::Print(self.expressions()?),
            "do" => Piece::Print(vec![self.tuple(true, &[])?]),
            "include" | "extends" | "import" | "from" => self.load(at, &tag)?,
            "break" | "continue" => {
                self.block_end()?;
                return Ok(None);
            }
            _ => return Err(Mistake { at, what: "there is no such statement" }),
        };
        self.block_end()?;
        Ok(Some(piece))
    }

    fn condition(&mut self) -> Result<Piece, Mistake> {
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            let test = self.tuple(false, &[])?;
            self.block_end()?;
            branches.push((test, self.pieces(&["elif", "else", "endif"])?));
            if self.eat_name("elif") {
                continue;
            }
            if self.eat_name("else") {
                otherwise = self.body("endif")?;
            } else {
                self.advance();
            }
            return Ok(Piece::If { branches, otherwise });
        }
    }

    fn repetition(&mut self) -> Result<Piece, Mistake> {
        let target = self.target()?;
        if !self.eat_name("in") {
            return self.mistake("a loop lacks its `in`");
        }
        let over = self.tuple(false, &["recursive"])?;
        let only = if self.eat_name("if") { Some(self.expression()?) } else { None };
        self.eat_name("recursive");
        self.block_end()?;
        let body = self.pieces(&["endfor", "else"])?;
        let otherwise = if self.eat_name("else") {
            self.body("endfor")?
        } else {
            self.advance();
            Vec::new()
        };
        Ok(Piece::For { target, over, only, body, otherwise })
    }

    fn assignment(&mut self) -> Result<Piece, Mistake> {
        let target = self.target()?;
        if self.eat_sign("=") {
            return Ok(Piece::Set(target, self.tuple(true, &[])?));
        }
        let filters = self.filters(false)?;
        Ok(Piece::SetBlock { target, filters, body: self.body("endset")? })
    }

    fn with(&mut self) -> Result<Piece, Mistake> {
        let mut pairs = Vec::new();
        while self.peek() != Some(&Word::BlockEnd) {
            if !pairs.is_empty() {
                self.need_sign(",", "a comma is missing")?;
            }
            let target = self.target_names(false)?;
            self.need_sign("=", "an assignment lacks its `=`")?;
            pairs.push((target, self.expression()?));
        }
        Ok(Piece::With(pairs, self.body("endwith")?))
    }

    fn named_block(&mut self) -> Result<Piece, Mistake> {
        let name = self.need_name()?;
        while self.eat_name("scoped") || self.eat_name("required") {}
        let body = self.body("endblock")?;
        self.eat_name(&name);
        Ok(Piece::Group(None, body))
    }

    /// `x`, `x, (y, z)`, `ns.x`: the names, one after the other.
    fn target(&mut self) -> Result<Target, Mistake> {
        self.target_names(true)
    }

    fn target_names(&mut self, several: bool) -> Result<Target, Mistake> {
        let mut names = Vec::new();
        loop {
            if self.is_sign("(") || self.is_sign("[") {
                let end = if self.is_sign("(") { ")" } else { "]" };
                self.advance();
                names.append(&mut self.deeper(|parser| parser.target_names(true))?);
                self.need_sign(end, "a bracket does not close")?;
            } else {
                let name = self.need_name()?;
                names.push(match self.eat_sign(".") {
                    true => format!("{name}.{}", self.need_name()?),
                    false => name,
                });
            }
            let ends = !several || !self.eat_sign(",");
            if ends || self.is_name("in") || self.is_sign("=") || self.is_sign(")") {
                return Ok(names);
            }
        }
    }

    fn params(&mut self) -> Result<Vec<Param>, Mistake> {
        self.need_sign("(", "the parameters are missing")?;
        let mut params: Vec<Param> = Vec::new();
        while !self.eat_sign(")") {
            if !params.is_empty() {
                self.need_sign(",", "a comma is missing")?;
                if self.eat_sign(")") {
                    break;
                }
            }
            let name = self.need_name()?;
            let default = if self.eat_sign("=") { Some(self.expression()?) } else { None };
            params.push((name, default));
        }
        Ok(params)
    }

    /// `|trim|upper`; the first one may stand without its bar.
    fn filters(&mut self, first_bare: bool) -> Result<Vec<Step>, Mistake> {
        let mut filters = Vec::new();
        let mut bare = first_bare;
        while bare || self.eat_sign("|") {
            bare = false;
            let at = self.at();
            let name = self.dotted_name()?;
            let args = if self.is_sign("(") { self.args()? } else { Args::default() };
            filters.push(Step { at, kind: StepKind::Filter(name, args) });
        }
        Ok(filters)
    }

    fn expressions(&mut self) -> Result<Vec<Expr>, Mistake> {
        let mut out = Vec::new();
        while self.peek() != Some(&Word::BlockEnd) {
            if !out.is_empty() {
                self.need_sign(",", "a comma is missing")?;
            }
            out.push(self.expression()?);
        }
        Ok(out)
    }

    fn load(&mut self, at: usize, tag: &str) -> Result<Piece, Mistake> {
        let from = self.expression()?;
        let mut names = Vec::new();
        let tag = match tag {
            "extends" => "extends",
            "include" => {
                if self.eat_name("ignore") && !self.eat_name("missing") {
                    return self.mistake("`ignore` lacks its `missing`");
                }
                self.context()?;
                "include"
            }
            "import" => {
                if !self.eat_name("as") {
                    return self.mistake("an import lacks its `as`");
                }
                names.push(self.need_name()?);
                self.context()?;
                "import"
            }
            _ => {
                names = self.imported()?;
                "from"
            }
        };
        Ok(Piece::Load { at, tag, from, names })
    }

    fn imported(&mut self) -> Result<Vec<String>, Mistake> {
        if !self.eat_name("import") {
            return self.mistake("a `from` lacks its `import`");
        }
        let mut names = Vec::new();
        while matches!(self.peek(), Some(Word::Name(_))) {
            if self.context()? {
                break;
            }
            let name = self.need_name()?;
            names.push(if self.eat_name("as") { self.need_name()? } else { name });
            if !self.eat_sign(",") {
                self.context()?;
                break;
            }
        }
        Ok(names)
    }

    /// `with context`, `without context`.
    fn context(&mut self) -> Result<bool, Mistake> {
        let stands = (self.is_name("with") || self.is_name("without"))
            && matches!(self.peek_after(), Some(Word::Name(name)) if name == "context");
        if stands {
            self.advance();
            self.advance();
        }
        Ok(stands)
    }
}
