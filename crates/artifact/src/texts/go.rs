//! Go templates, with which Ollama builds prompts: data is read, and a handful of functions is called.
//!
//! Source: Go, `text/template`; Ollama, `template/template.go` for the functions that it adds. Nothing is rendered.

use crate::{
    inspect::Look,
    reader::cut,
    rules::{TOO_MUCH_WORK, texts as rules},
};

/// Longer templates are not judged.
const LONGEST: usize = 1 << 20;
/// Blocks in blocks and brackets in brackets.
const DEPTH: usize = 64;

/// The functions of Go and of Ollama. `call` calls values, of which Ollama passes none in.
const FUNCTIONS: &[&str] = &[
    "and",
    "or",
    "not",
    "len",
    "index",
    "slice",
    "print",
    "printf",
    "println",
    "html",
    "js",
    "urlquery",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "json",
    "toJson",
    "currentDate",
    "yesterdayDate",
    "toTypeScriptType",
    "break",
    "continue",
    "nil",
    "true",
    "false",
];

/// A word of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word<'t> {
    Name(&'t str),
    /// A string, character or number.
    Value,
    /// `.Field`, or a dot.
    Field,
    /// `$name`, or the dollar alone.
    Variable,
    Sign(&'static str),
}

/// What a template uses that is not known, and why it cannot be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) unknown: Vec<String>,
    pub(super) mistake: Option<&'static str>,
}

/// Judges a template and says what is wrong with it; `key` is where it stands, as it is shown.
pub(super) fn judge(template: &str, key: &str, look: &mut Look<'_>) {
    if template.len() > LONGEST {
        let message =
            format!("the template `{key}` has {} bytes; {LONGEST} are read at most", template.len());
        look.say(&TOO_MUCH_WORK, None, key, message);
        return;
    }
    let seen = read(template);
    for name in &seen.unknown {
        let message =
            format!("the template `{key}` calls `{}`, which no runtime of such templates has", cut(name));
        look.say(&rules::GO_TEMPLATE_FUNCTION, None, name, message);
    }
    if let Some(mistake) = seen.mistake {
        look.say(
            &rules::GO_TEMPLATE_BROKEN,
            None,
            key,
            format!("the template `{key}` cannot be read: {mistake}"),
        );
    }
}

/// Reads a template to its end, or to the first mistake.
pub(super) fn read(template: &str) -> Seen {
    let mut seen = Seen::default();
    let mut open: Vec<Block> = Vec::new();
    let mut rest = template;
    while let Some((_, after)) = rest.split_once("{{") {
        let outcome = match comment(after) {
            Some(end) => end.map(|end| (end, ())),
            None => action(after)
                .and_then(|(words, end)| statement(&words, &mut open, &mut seen).map(|()| (end, ()))),
        };
        match outcome {
            Ok((end, ())) => rest = after.get(end..).unwrap_or_default(),
            Err(mistake) => {
                seen.mistake = Some(mistake);
                return seen;
            }
        }
    }
    if !open.is_empty() {
        seen.mistake = Some("a block does not end");
    }
    seen
}

/// A block that waits for its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    /// May have an `else`.
    Choice,
    /// Had it.
    Otherwise,
    /// `define`, `block`.
    Named,
}

/// Where a comment ends, if one stands here.
fn comment(after: &str) -> Option<Result<usize, &'static str>> {
    let inside = after.strip_prefix("- ").or(after.strip_prefix("-\n")).unwrap_or(after).trim_start();
    let inside = inside.strip_prefix("/*")?;
    Some((|| {
        let (_, rest) = inside.split_once("*/").ok_or("a comment does not end")?;
        let rest = rest.trim_start();
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        let rest = rest.strip_prefix("}}").ok_or("a comment is not alone")?;
        Ok(after.len().saturating_sub(rest.len()))
    })())
}

/// The words of an action, and where it ends.
fn action(after: &str) -> Result<(Vec<Word<'_>>, usize), &'static str> {
    let mut words = Vec::new();
    let trimmed = after.strip_prefix('-').filter(|rest| rest.starts_with(char::is_whitespace));
    let mut rest = trimmed.unwrap_or(after);
    loop {
        rest = rest.trim_start();
        let first = rest.chars().next().ok_or("an action does not end")?;
        if let Some(end) = rest.strip_prefix("}}").or_else(|| rest.strip_prefix("-}}")) {
            return Ok((words, after.len().saturating_sub(end.len())));
        }
        let (word, length) = match first {
            '"' | '`' | '\'' => (Word::Value, quoted(rest, first)?),
            '.' => (Word::Field, 1_usize.saturating_add(name_length(rest.get(1..).unwrap_or_default()))),
            '$' => (Word::Variable, 1_usize.saturating_add(name_length(rest.get(1..).unwrap_or_default()))),
            '0'..='9' | '+' | '-' => (Word::Value, number_length(rest)?),
            '_' => (Word::Name(rest), name_length(rest)),
            _ if first.is_alphabetic() => (Word::Name(rest), name_length(rest)),
            _ => {
                let sign = [":=", "=", "|", "(", ")", ","].into_iter().find(|sign| rest.starts_with(sign));
                let sign = sign.ok_or("there is a character that no action has")?;
                (Word::Sign(sign), sign.len())
            }
        };
        words.push(match word {
            Word::Name(_) => Word::Name(rest.get(..length).unwrap_or_default()),
            word => word,
        });
        if words.len() > 100_000 {
            return Err("there are more words than are read");
        }
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn name_length(rest: &str) -> usize {
    rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len())
}

fn number_length(rest: &str) -> Result<usize, &'static str> {
    let digits = rest.trim_start_matches(['+', '-']);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Err("a number has no digits");
    }
    let end =
        digits.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_')).unwrap_or(digits.len());
    Ok(rest.len().saturating_sub(digits.len()).saturating_add(end))
}

fn quoted(rest: &str, quote: char) -> Result<usize, &'static str> {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            '\n' if quote != '`' => return Err("a string does not end in its line"),
            _ if character == quote => return Ok(at.saturating_add(1)),
            _ => {}
        }
    }
    Err("a string does not end")
}

fn statement(words: &[Word<'_>], open: &mut Vec<Block>, seen: &mut Seen) -> Result<(), &'static str> {
    if open.len() > DEPTH {
        return Err("it is nested deeper than is read");
    }
    let rest = words.get(1..).unwrap_or_default();
    match words.first() {
        None => Err("an action is empty"),
        Some(Word::Name("if" | "with" | "range")) => {
            if rest.is_empty() && words.first() != Some(&Word::Name("range")) {
                return Err("a block lacks its condition");
            }
            open.push(Block::Choice);
            pipeline(rest, seen)
        }
        Some(Word::Name("else")) => {
            let chained = matches!(rest.first(), Some(Word::Name("if" | "with")));
            match open.last_mut() {
                Some(block @ Block::Choice) if !chained => *block = Block::Otherwise,
                Some(Block::Choice) => {}
                _ => return Err("an `else` has no block"),
            }
            match (chained, rest) {
                (true, [_, condition @ ..]) if !condition.is_empty() => pipeline(condition, seen),
                (false, []) => Ok(()),
                _ => Err("an `else` goes on where it should end"),
            }
        }
        Some(Word::Name("end")) => match (open.pop(), rest) {
            (Some(_), []) => Ok(()),
            _ => Err("a block ends that was not begun"),
        },
        Some(Word::Name("define" | "block" | "template")) => {
            let [Word::Value, rest @ ..] = rest else { return Err("a template lacks its name") };
            if words.first() != Some(&Word::Name("template")) {
                open.push(Block::Named);
            }
            if rest.is_empty() { Ok(()) } else { pipeline(rest, seen) }
        }
        Some(_) => pipeline(words, seen),
    }
}

/// `$x, $y := command arguments | command …`: brackets are counted, and names are functions.
fn pipeline(words: &[Word<'_>], seen: &mut Seen) -> Result<(), &'static str> {
    let mut depth = 0usize;
    let mut command = false;
    let mut assigns = true;
    for word in words {
        match word {
            Word::Sign("(") => {
                depth = depth.saturating_add(1);
                (command, assigns) = (false, false);
            }
            Word::Sign(")") => {
                depth = depth.checked_sub(1).ok_or("a bracket closes that was not opened")?;
                if !command {
                    return Err("brackets are empty");
                }
            }
            Word::Sign("|") => {
                if !command {
                    return Err("a pipe has nothing before it");
                }
                (command, assigns) = (false, false);
            }
            Word::Sign(":=" | "=" | ",") => {
                if !assigns || !command {
                    return Err("an assignment stands where none can be");
                }
                command = false;
            }
            Word::Sign(_) => return Err("there is a sign that no action has"),
            Word::Name(name) => {
                if !FUNCTIONS.contains(name) && seen.unknown.len() < 64 {
                    seen.unknown.push((*name).to_owned());
                }
                (command, assigns) = (true, false);
            }
            Word::Variable => command = true,
            Word::Value | Word::Field => {
                command = true;
                assigns &= *word != Word::Value;
            }
        }
        if depth > DEPTH {
            return Err("it is nested deeper than is read");
        }
    }
    match (depth, command || words.is_empty()) {
        (0, true) => Ok(()),
        (0, false) => Err("a pipe has nothing behind it"),
        _ => Err("a bracket does not close"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn templates_of_ollama_are_read() {
        for template in [
            "{{ .Prompt }}",
            "{{ if .System }}<|system|>\n{{ .System }}<|end|>\n{{ end }}{{ if .Prompt }}<|user|>\n{{ .Prompt }}<|end|>\n{{ end }}<|assistant|>\n{{ .Response }}<|end|>",
            "{{- range $i, $_ := .Messages }}\n{{- $last := eq (len (slice $.Messages $i)) 1 -}}\n{{ if eq .Role \"user\" }}{{ .Content }}{{ else if eq .Role \"assistant\" }}{{ .Content }}{{ if not $last }}<|im_end|>\n{{ end }}{{ end }}\n{{- end }}",
            "{{- if or .System .Tools }}{{ range .Tools }}{{ json . }}{{ .Function.Parameters.Type }}{{ end }}{{ end }}{{/* a comment }} */}}{{- /* and */ -}}",
            "{{- if and (ne .Role \"tool\") (gt (len .ToolCalls) 0) }}{{ range .ToolCalls }}{\"name\": \"{{ .Function.Name }}\", \"parameters\": {{ .Function.Arguments }}}{{ end }}{{ end }}",
            "{{ $x := \"a\" }}{{ $x = `b }}` }}{{ (index .Messages 0).Content | printf \"%s\" }}{{ currentDate }}{{ with .Tools }}{{ . }}{{ else }}none{{ end }}{{ define \"t\" }}x{{ end }}{{ template \"t\" . }}{{ break }}{{ -1 }}",
            "no actions at all",
        ] {
            assert_eq!(read(template), Seen::default(), "{template}");
        }
    }

    #[test]
    fn functions_that_ollama_does_not_have_are_told() {
        for (template, name) in [
            ("{{ exec \"id\" }}", "exec"),
            ("{{ call .F }}", "call"),
            ("{{ .A | shell }}", "shell"),
            ("{{ if (env \"HOME\") }}{{ end }}", "env"),
            ("{{ range $i := readFile \"/etc/passwd\" }}{{ end }}", "readFile"),
        ] {
            assert_eq!(read(template), Seen { unknown: vec![name.to_owned()], mistake: None }, "{template}");
        }
    }

    #[test]
    fn what_go_refuses_is_not_read() {
        for template in [
            "{{",
            "{{ .A",
            "{{ end }}",
            "{{ if .A }}",
            "{{ if }}{{ end }}",
            "{{ .A | }}",
            "{{ ( }}",
            "{{ ) }}",
            "{{ \"a }}",
            "{{ else }}",
            "{{ if .A }}{{ else }}{{ else }}{{ end }}",
            "{{ }}",
            "{{ .A ! }}",
            "{{ define x }}{{ end }}",
            "{{ | .A }}",
            "{{/* a }}",
            "{{ a b = c }}",
        ] {
            assert!(read(template).mistake.is_some(), "{template}");
        }
        assert!(read(&"{{ if .A }}".repeat(100_000)).mistake.is_some());
        assert!(read(&format!("{{{{ {} }}}}", "(".repeat(100_000))).mistake.is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "(?s).{0,200}") {
            read(&text);
        }

        #[test]
        fn template_like_text_is_answered(parts in prop::collection::vec(prop::sample::select(vec![
            "{{", "}}", "-", " ", ".A", "$x", ":=", "|", "(", ")", "if", "else", "end", "range", "\"", "`", "/*", "*/", "1",
        ]), 0..40)) {
            read(&parts.concat());
        }
    }
}
