//! Jinja templates, which render chats and can reach into the program that renders them (CVE-2024-34359).
//!
//! A template is parsed as Jinja parses it and judged by what chat templates use. Nothing is rendered. This file only
//! says what was seen; the grammar, the lists and the judgement are below it.

mod allowed;
mod escape;
mod expression;
mod fold;
mod judge;
mod lex;
mod parse;
#[cfg(test)]
mod tests;
mod tree;
mod value;

use self::judge::{Seen, Wrong};
use crate::{
    inspect::Look,
    rules::{TOO_MUCH_WORK, texts as rules},
};

/// Longer templates are not judged; the longest in use has some 30 kB.
const LONGEST: usize = 1 << 20;

/// Where a template stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'p> {
    /// The key or file that holds it, as it is shown.
    pub(crate) key: &'p str,
    /// The offset of its first byte, where the file holds it as it stands.
    pub(crate) offset: Option<u64>,
}

/// Judges a template and says what is wrong with it.
pub(crate) fn judge(template: &str, place: Place<'_>, look: &mut Look<'_>) {
    if template.len() > LONGEST {
        let message =
            format!("the template `{}` has {} bytes; {LONGEST} are read at most", place.key, template.len());
        look.say(&TOO_MUCH_WORK, place.offset, place.key, message);
        return;
    }
    match parse::template(template) {
        Err(mistake) => {
            let line = line(template, mistake.at);
            let message =
                format!("the template `{}` cannot be read: {} in line {line}", place.key, mistake.what);
            look.say(&rules::TEMPLATE_BROKEN, offset(place, mistake.at), place.key, message);
        }
        Ok(pieces) => {
            let (seen, whole) = judge::judge(&pieces);
            seen.iter().for_each(|seen| say(seen, template, place, look));
            if !whole {
                let message = format!("judging the template `{}` takes too many steps", place.key);
                look.say(&TOO_MUCH_WORK, place.offset, place.key, message);
            }
        }
    }
}

/// Judges a text that may be a template, as under keys that other languages of templates use as well.
pub(crate) fn judge_if_jinja(text: &str, place: Place<'_>, look: &mut Look<'_>) {
    if has_tags(text) && text.len() <= LONGEST && parse::template(text).is_ok() {
        judge(text, place, look);
    }
}

fn say(seen: &Seen, template: &str, place: Place<'_>, look: &mut Look<'_>) {
    let (rule, what) = match seen.wrong {
        Wrong::Internals => (
            &rules::TEMPLATE_INTERNALS,
            "reaches into the program that renders it, which can run any command",
        ),
        Wrong::BuiltName => {
            (&rules::TEMPLATE_BUILT_NAME, "reaches into a value by a name put together while it runs")
        }
        Wrong::Loads => (&rules::TEMPLATE_LOADS, "loads another template"),
        Wrong::Outside => (&rules::TEMPLATE_OUTSIDE, "is nothing that a chat template uses"),
        Wrong::Exhausts => (&rules::TEMPLATE_EXHAUSTS, "asks for an endless amount of work"),
        Wrong::UnknownName => {
            (&rules::TEMPLATE_UNKNOWN_NAME, "is a variable that is not known to be passed in")
        }
    };
    let message = format!("`{}` in line {} of `{}` {what}", seen.name, line(template, seen.at), place.key);
    look.say(rule, offset(place, seen.at), &seen.name, message);
}

fn offset(place: Place<'_>, at: usize) -> Option<u64> {
    place.offset.and_then(|offset| offset.checked_add(at as u64))
}

fn line(template: &str, at: usize) -> usize {
    template.bytes().take(at).filter(|byte| *byte == b'\n').count().saturating_add(1)
}

/// Whether a text has a tag of a template at all.
fn has_tags(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|tag| text.contains(tag))
}
