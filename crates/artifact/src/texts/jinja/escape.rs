//! The escapes in a string of a template, which are those of a Python string.

/// The text without escapes; none where Python refuses, and where a character is named that we do not know.
pub(super) fn resolve(inside: &str) -> Option<String> {
    let mut out = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at)?);
        rest = rest.get(at.checked_add(1)?..)?;
        let kind = rest.chars().next()?;
        rest = rest.get(kind.len_utf8()..)?;
        match kind {
            '\n' => {}
            '\\' | '\'' | '"' => out.push(kind),
            'x' => rest = numbered(rest, 2, &mut out)?,
            'u' => rest = numbered(rest, 4, &mut out)?,
            'U' => rest = numbered(rest, 8, &mut out)?,
            'N' => rest = named(rest, &mut out)?,
            '0'..='7' => rest = octal(kind, rest, &mut out)?,
            _ => match simple(kind) {
                Some(character) => out.push(character),
                None => out.extend(['\\', kind]),
            },
        }
    }
    out.push_str(rest);
    Some(out)
}

const fn simple(kind: char) -> Option<char> {
    Some(match kind {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        _ => return None,
    })
}

fn numbered<'t>(rest: &'t str, digits: usize, out: &mut String) -> Option<&'t str> {
    let number = rest.get(..digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let code = u32::from_str_radix(number, 16).ok()?;
    // Python keeps halves of surrogate pairs, which Rust cannot hold.
    let lone = (0xd800..0xe000).contains(&code);
    out.push(if lone { char::REPLACEMENT_CHARACTER } else { char::from_u32(code)? });
    rest.get(digits..)
}

fn octal<'t>(first: char, rest: &'t str, out: &mut String) -> Option<&'t str> {
    let more = rest.chars().take(2).take_while(|c| ('0'..='7').contains(c)).count();
    let digits = format!("{first}{}", rest.get(..more)?);
    out.push(char::from_u32(u32::from_str_radix(&digits, 8).ok()?)?);
    rest.get(more..)
}

/// `\N{…}`: of the names of all characters, those that internals are written with.
fn named<'t>(rest: &'t str, out: &mut String) -> Option<&'t str> {
    let (name, rest) = rest.strip_prefix('{')?.split_once('}')?;
    let name = name.to_ascii_uppercase();
    let character = match name.as_str() {
        "LOW LINE" | "SPACING UNDERSCORE" => '_',
        "FULL STOP" | "PERIOD" => '.',
        "SPACE" => ' ',
        _ => match name.strip_prefix("LATIN SMALL LETTER ") {
            Some(letter) if letter.len() == 1 => letter.chars().next()?.to_ascii_lowercase(),
            _ => return None,
        },
    };
    out.push(character);
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn escapes_are_those_of_python() {
        for (written, meant) in [
            (r"\x5f\x5fclass\x5f\x5f", "__class__"),
            (r"\137\137init\137\137", "__init__"),
            (r"\u005f\U0000005fx", "__x"),
            (r"\N{LOW LINE}\N{LATIN SMALL LETTER C}", "_c"),
            (r"a\n\t\\\'\d", "a\n\t\\'\\d"),
            (r"\ud83d\ude00", "\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(resolve(written).as_deref(), Some(meant), "{written}");
        }
        for broken in [r"\x5", r"\u12", r"\N{NO SUCH}", r"\N", r"\U99999999"] {
            assert_eq!(resolve(broken), None, "{broken}");
        }
    }
}
