use proptest::prelude::*;

use super::*;

const FIELDS: &[Field] = &[
    Field { name: "license", kind: Kind::Text, about: "" },
    Field { name: "severity", kind: Kind::Word(&["low", "high", "critical"]), about: "" },
    Field { name: "held", kind: Kind::Number, about: "" },
    Field { name: "size", kind: Kind::Size, about: "" },
    Field { name: "seen", kind: Kind::Time, about: "" },
    Field { name: "path", kind: Kind::Path, about: "" },
];

fn parse(text: &str) -> Query {
    Query::parse(text, FIELDS).unwrap()
}

fn only(text: &str) -> Value {
    match parse(text).terms.remove(0).test {
        Test::Field { mut any_of, .. } => any_of.remove(0),
        Test::Contains(_) => panic!("no field in {text}"),
    }
}

fn wrong(text: &str) -> String {
    Query::parse(text, FIELDS).unwrap_err().to_string()
}

#[test]
fn words_fields_alternatives_and_negations_are_told_apart() {
    let query = parse(r#"Llama -license:MIT,apache-* "two words" severity:!low"#);
    assert_eq!(query.terms[0].test, Test::Contains("llama".into()));
    assert!(query.terms[1].negated);
    let Test::Field { name, any_of } = &query.terms[1].test else { panic!() };
    assert_eq!(*name, "license");
    assert_eq!(any_of[0], Value::Text { negated: false, pattern: Pattern(vec!["mit".into()]) });
    assert_eq!(
        any_of[1],
        Value::Text { negated: false, pattern: Pattern(vec!["apache-".into(), String::new()]) }
    );
    assert_eq!(query.terms[2].test, Test::Contains("two words".into()));
    assert_eq!(only("severity:!low"), Value::Text { negated: true, pattern: Pattern(vec!["low".into()]) });
}

#[test]
fn a_quoted_star_comma_or_colon_is_only_a_character() {
    assert_eq!(
        only(r#"license:"a*,b""#),
        Value::Text { negated: false, pattern: Pattern(vec!["a*,b".into()]) }
    );
    assert_eq!(parse(r#""nosuch:field""#).terms[0].test, Test::Contains("nosuch:field".into()));
}

#[test]
fn numbers_sizes_ages_and_dates_are_compared() {
    assert_eq!(only("held:>1"), Value::Number { compare: Compare::More, number: 1 });
    assert_eq!(only("size:>=1.5GiB"), Value::Number { compare: Compare::AtLeast, number: 3 << 29 });
    assert_eq!(only("size:4gb"), Value::Number { compare: Compare::Is, number: 4_000_000_000 });
    assert_eq!(only("seen:<7d"), Value::Age { compare: Compare::Less, millis: 7 * 86_400_000 });
    assert_eq!(
        only("seen:1970-01-02"),
        Value::Day { compare: Compare::Is, from: 86_400_000, until: 172_800_000 }
    );
}

#[test]
fn a_path_keeps_its_case_and_only_its_end_is_open() {
    let path = |pieces: &[&str]| Value::Text {
        negated: false,
        pattern: Pattern(pieces.iter().map(|&piece| piece.to_owned()).collect()),
    };
    assert_eq!(only("path:/home/Ann/*"), path(&["/home/Ann/", ""]));
    assert_eq!(only("path:/A.gguf"), path(&["/A.gguf"]));
    for text in ["path:*", "path:*.gguf", "path:/a/*/b", "path:/a*b*"] {
        assert!(wrong(text).contains("neither a path nor the beginning of one"), "{text}");
    }
}

#[test]
fn what_was_probably_meant_is_said() {
    assert_eq!(wrong("licence:mit"), "there is no field `licence`: did you mean `license`?");
    assert_eq!(wrong("severity:hihg"), "`severity` is never `hihg`: did you mean `high`?");
    assert_eq!(wrong("held:many"), "`many` is not a number such as `>3` (field `held`)");
    assert_eq!(
        wrong("seen:7d"),
        "`7d` is an age without `<` or `>`: `<7d` is less than 7d ago (field `seen`)"
    );
    assert_eq!(wrong("license:"), "`license:` has no value");
    assert_eq!(wrong("a \"b"), "the quote is not closed");
    assert_eq!(Query::parse("a severity:x", FIELDS).unwrap_err().at, 2);
}

#[test]
fn a_chip_puts_its_condition_in_and_takes_it_out() {
    let query = parse("llama severity:high");
    assert_eq!(query.toggled("severity:critical"), "llama severity:critical");
    assert_eq!(query.toggled("severity:high"), "llama");
    assert_eq!(query.toggled("held:>1"), "llama severity:high held:>1");
    assert!(query.has("severity:high") && query.names("severity") && !query.names("held"));
}

#[test]
fn a_query_is_bounded() {
    assert!(Query::parse(&"a ".repeat(1001), FIELDS).is_err());
    assert!(Query::parse(&"a ".repeat(41), FIELDS).is_err());
    assert!(Query::parse(&format!("license:{}", ",a".repeat(101)), FIELDS).is_err());
    assert!(wrong("size:99999999999999999999").starts_with("`9"));
    assert!(wrong("seen:<9223372036854775807y").contains("neither an age"));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic_and_what_is_understood_reads_back(text in r#"[a-z"*,:!<>=.0-9 -]{0,60}|.{0,60}"#) {
        if let Ok(query) = Query::parse(&text, FIELDS) {
            let again = Query::parse(&query.to_string(), FIELDS).unwrap();
            prop_assert_eq!(again, query);
        }
    }

    #[test]
    fn a_quoted_text_is_searched_as_it_is(text in "[^\"]{1,40}") {
        let query = parse(&format!("\"{text}\""));
        prop_assert_eq!(&query.terms[0].test, &Test::Contains(text.to_lowercase()));
    }
}
