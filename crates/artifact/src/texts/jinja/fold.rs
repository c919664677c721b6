//! Operators, methods and filters of texts and lists, done to constants: what `'__cl' ~ 'ass__'` comes to.
//!
//! Nothing here renders a template. What is not followed is answered with none.

use super::value::Const;

/// Numbers of copies and digits that are followed.
const COPIES: i64 = 4096;

/// An operator between two constants.
pub(super) fn operator(sign: &str, left: &Const, right: &Const) -> Option<Const> {
    use Const::{Integer, List, Text};
    match (sign, left, right) {
        ("~", left, right) => Some(Text(format!("{}{}", shown(left)?, shown(right)?))),
        ("+", Text(left), Text(right)) => Some(Text(format!("{left}{right}"))),
        ("+", List(left), List(right)) => Some(List([left.as_slice(), right].concat())),
        ("+", Integer(left), Integer(right)) => left.checked_add(*right).map(Integer),
        ("-", Integer(left), Integer(right)) => left.checked_sub(*right).map(Integer),
        ("*", Integer(left), Integer(right)) => left.checked_mul(*right).map(Integer),
        ("//", Integer(left), Integer(right)) => left.checked_div_euclid(*right).map(Integer),
        ("%", Integer(left), Integer(right)) => left.checked_rem_euclid(*right).map(Integer),
        ("**", Integer(left), Integer(right)) => left.checked_pow(u32::try_from(*right).ok()?).map(Integer),
        ("*", Text(text), Integer(count)) | ("*", Integer(count), Text(text)) => {
            let count = usize::try_from((*count).clamp(0, COPIES)).ok()?;
            (text.len().saturating_mul(count) <= 65_536).then(|| Text(text.repeat(count)))
        }
        ("%", Text(format), right) => match right {
            List(values) => percent(format, values),
            value => percent(format, std::slice::from_ref(value)),
        },
        _ => None,
    }
}

/// A constant as a template puts it out.
fn shown(constant: &Const) -> Option<String> {
    match constant {
        Const::Text(text) => Some(text.clone()),
        Const::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `'%s%c' % (…)`.
pub(super) fn percent(format: &str, values: &[Const]) -> Option<Const> {
    let mut out = String::new();
    let mut values = values.iter();
    let mut rest = format.chars();
    while let Some(character) = rest.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        match rest.next()? {
            '%' => out.push('%'),
            's' | 'd' | 'i' => out.push_str(&shown(values.next()?)?),
            'c' => match values.next()? {
                Const::Integer(code) => out.push(char::from_u32(u32::try_from(*code).ok()?)?),
                Const::Text(text) => out.push_str(text),
                _ => return None,
            },
            'x' => match values.next()? {
                Const::Integer(number) => out.push_str(&format!("{number:x}")),
                _ => return None,
            },
            _ => return None,
        }
    }
    Some(Const::Text(out))
}

/// `'{}{}'.format(…)`, with fields that are empty, a number, a name or `:c`.
pub(super) fn braces(format: &str, plain: &[Const], named: &[(String, Const)]) -> Option<Const> {
    let mut out = String::new();
    let mut next = 0usize;
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(rest.get(..at)?);
        rest = rest.get(at..)?;
        if let Some(after) = rest.strip_prefix("{{") {
            out.push('{');
            rest = after;
        } else if let Some(after) = rest.strip_prefix("}}") {
            out.push('}');
            rest = after;
        } else {
            let (field, after) = rest.strip_prefix('{')?.split_once('}')?;
            rest = after;
            let (name, how) = field.split_once(':').unwrap_or((field, ""));
            let value = match name {
                "" => {
                    let value = plain.get(next);
                    next = next.checked_add(1)?;
                    value
                }
                _ => match name.parse::<usize>() {
                    Ok(index) => plain.get(index),
                    Err(_) => named.iter().find(|(key, _)| key == name).map(|(_, value)| value),
                },
            }?;
            match (how, value) {
                ("" | "s" | "d", value) => out.push_str(&shown(value)?),
                ("c", Const::Integer(code)) => out.push(char::from_u32(u32::try_from(*code).ok()?)?),
                _ => return None,
            }
        }
    }
    out.push_str(rest);
    Some(Const::Text(out))
}

/// A method of a text or list, or the filter of that name, with constants as arguments.
pub(super) fn method(name: &str, of: &Const, args: &[Const]) -> Option<Const> {
    match of {
        // Only maps have pairs; elsewhere Jinja fails.
        Const::Text(_) | Const::List(_) if matches!(name, "items" | "dictsort" | "keys" | "values") => {
            Some(Const::Hole)
        }
        Const::Text(text) => text_method(name, text, args),
        Const::List(items) => list_method(name, items, args),
        Const::Map(pairs) => map_method(name, pairs, args),
        Const::Integer(_) | Const::Hole => None,
    }
}

fn text_method(name: &str, text: &str, args: &[Const]) -> Option<Const> {
    let changed = match (name, args) {
        ("lower" | "casefold", _) => text.to_lowercase(),
        ("upper", _) => text.to_uppercase(),
        ("capitalize", _) => capitalized(text),
        ("title", _) => titled(text),
        ("swapcase", _) => text.chars().map(swapped).collect(),
        ("trim" | "strip", []) => text.trim().to_owned(),
        ("lstrip", []) => text.trim_start().to_owned(),
        ("rstrip", []) => text.trim_end().to_owned(),
        ("trim" | "strip", [Const::Text(set)]) => text.trim_matches(|c| set.contains(c)).to_owned(),
        ("lstrip", [Const::Text(set)]) => text.trim_start_matches(|c| set.contains(c)).to_owned(),
        ("rstrip", [Const::Text(set)]) => text.trim_end_matches(|c| set.contains(c)).to_owned(),
        ("removeprefix", [Const::Text(start)]) => {
            text.strip_prefix(start.as_str()).unwrap_or(text).to_owned()
        }
        ("removesuffix", [Const::Text(end)]) => text.strip_suffix(end.as_str()).unwrap_or(text).to_owned(),
        ("replace", [Const::Text(old), Const::Text(new)]) if !old.is_empty() => {
            let copies = text.matches(old.as_str()).count();
            if new.len().saturating_mul(copies) > 65_536 {
                return None;
            }
            text.replace(old.as_str(), new)
        }
        ("reverse", []) => text.chars().rev().collect(),
        ("string" | "safe" | "e" | "escape" | "forceescape" | "striptags", []) => text.to_owned(),
        ("join", [Const::List(items)]) => return joined(items, text),
        ("join", []) => text.to_owned(),
        ("first", []) => text.chars().next()?.to_string(),
        ("last", []) => text.chars().next_back()?.to_string(),
        ("list", []) => return Some(Const::List(Const::Text(text.to_owned()).elements())),
        ("split", _) => return split(text, args),
        _ => return None,
    };
    Some(Const::Text(changed))
}

fn split(text: &str, args: &[Const]) -> Option<Const> {
    let parts: Vec<&str> = match args {
        [] => text.split_whitespace().collect(),
        [Const::Text(mark)] if !mark.is_empty() => text.split(mark.as_str()).collect(),
        _ => return None,
    };
    Some(Const::List(parts.into_iter().map(|part| Const::Text(part.to_owned())).collect()))
}

fn list_method(name: &str, items: &[Const], args: &[Const]) -> Option<Const> {
    match (name, args) {
        ("first", []) => items.first().cloned(),
        ("last", []) | ("pop", []) => items.last().cloned(),
        ("pop", [Const::Integer(at)]) => items.get(place(*at, items.len())?).cloned(),
        ("reverse", []) => Some(Const::List(items.iter().rev().cloned().collect())),
        ("list" | "copy", []) => Some(Const::List(items.to_vec())),
        ("join", []) => joined(items, ""),
        ("join", [Const::Text(mark)]) => joined(items, mark),
        ("sort", []) => {
            let mut sorted = items.to_vec();
            sorted.sort();
            Some(Const::List(sorted))
        }
        _ => None,
    }
}

fn map_method(name: &str, pairs: &[(Const, Const)], args: &[Const]) -> Option<Const> {
    let keys = || pairs.iter().map(|(key, _)| key.clone());
    match (name, args) {
        ("keys" | "list", []) => Some(Const::List(keys().collect())),
        ("values", []) => Some(Const::List(pairs.iter().map(|(_, value)| value.clone()).collect())),
        ("items" | "dictsort", []) => {
            let pair = |(key, value): &(Const, Const)| Const::List(vec![key.clone(), value.clone()]);
            Some(Const::List(pairs.iter().map(pair).collect()))
        }
        ("get" | "pop", [key, ..]) => {
            let found = pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
            found.or_else(|| args.get(1).cloned())
        }
        _ => list_method(name, &keys().collect::<Vec<_>>(), args),
    }
}

fn joined(items: &[Const], mark: &str) -> Option<Const> {
    let parts: Option<Vec<String>> = items.iter().map(shown).collect();
    Some(Const::Text(parts?.join(mark)))
}

fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(rest.flat_map(char::to_lowercase)).collect()
    })
}

fn titled(text: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for character in text.chars() {
        match inside {
            true => out.extend(character.to_lowercase()),
            false => out.extend(character.to_uppercase()),
        }
        inside = character.is_alphabetic();
    }
    out
}

fn swapped(character: char) -> char {
    if character.is_ascii_lowercase() {
        character.to_ascii_uppercase()
    } else {
        character.to_ascii_lowercase()
    }
}

/// Where an index points that counts from the end when it is negative.
fn place(index: i64, len: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

/// `of[index]`.
pub(super) fn item(of: &Const, index: &Const) -> Option<Const> {
    match (of, index) {
        (Const::Text(text), Const::Integer(at)) => {
            let characters: Vec<char> = text.chars().collect();
            let character = characters.get(place(*at, characters.len())?)?;
            Some(Const::Text(character.to_string()))
        }
        (Const::List(items), Const::Integer(at)) => items.get(place(*at, items.len())?).cloned(),
        (Const::Map(pairs), key) => {
            pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
        }
        _ => None,
    }
}

/// `of[from:to:step]`, each part a number or left out.
pub(super) fn slice(of: &Const, parts: [Option<i64>; 3]) -> Option<Const> {
    let items = match of {
        Const::Text(_) | Const::List(_) => of.elements(),
        _ => return None,
    };
    let [from, to, step] = parts;
    let step = step.unwrap_or(1);
    let len = i64::try_from(items.len()).ok()?;
    let bound = |index: i64| if index < 0 { index.saturating_add(len) } else { index };
    let (low, high) = if step < 0 { (-1, len.saturating_sub(1)) } else { (0, len) };
    let from = from.map_or(if step < 0 { high } else { low }, |at| bound(at).clamp(low, high));
    let to = to.map_or(if step < 0 { low } else { high }, |at| bound(at).clamp(low, high));
    let mut taken = Vec::new();
    let mut at = from;
    while step != 0 && ((step > 0 && at < to) || (step < 0 && at > to)) {
        taken.push(items.get(usize::try_from(at).ok()?)?.clone());
        at = at.checked_add(step)?;
    }
    match of {
        Const::Text(_) => joined(&taken, ""),
        _ => Some(Const::List(taken)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Const {
        Const::Text(text.to_owned())
    }

    #[test]
    fn what_puts_names_together_is_followed() {
        assert_eq!(operator("~", &text("__cl"), &text("ass__")), Some(text("__class__")));
        let codes = Const::List(vec![Const::Integer(95), Const::Integer(95)]);
        assert_eq!(operator("%", &text("%c%cx"), &codes), Some(text("__x")));
        assert_eq!(braces("{0}{0}{a}{:c}", &[text("_")], &[]), None);
        assert_eq!(braces("{0}{0}{a}", &[text("_")], &[("a".into(), text("x"))]), Some(text("__x")));
        assert_eq!(slice(&text("__ssalc__"), [None, None, Some(-1)]), Some(text("__class__")));
        assert_eq!(slice(&text("abcdef"), [Some(1), Some(-1), Some(2)]), Some(text("bd")));
        assert_eq!(method("replace", &text("__clXass__"), &[text("X"), text("")]), Some(text("__class__")));
        assert_eq!(item(&text("a_b"), &Const::Integer(-2)), Some(text("_")));
        assert_eq!(slice(&text("abc"), [Some(i64::MIN), Some(i64::MAX), Some(i64::MAX)]), Some(text("a")));
    }
}
