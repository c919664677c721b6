//! The front matter of a model card: the YAML between the first two lines of `---` in a `README.md`.
//!
//! Format: the model card metadata of the Hugging Face Hub. Everything in it is its author's claim.

use super::{LicenseClaim, LicenseText, reader::shown, yaml};

/// The longest front matter, in bytes. A longer one is a problem.
const FRONT_MATTER: usize = 64 << 10;

/// Licences of one card that are looked at.
const LICENSES: usize = 16;
/// Words of the Hub for "none of these".
const SAYS_NOTHING: [&str; 2] = ["other", "unknown"];
/// What people call the file with the text of a licence.
const LICENSE_FILES: [&str; 3] = ["LICENSE", "LICENSE.md", "LICENSE.txt"];
/// The longest text of a licence, in bytes.
pub const LICENSE_TEXT: usize = 64 << 10;

/// What a model card says about its model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// `license`: words such as `apache-2.0` or `other`.
    pub licenses: Vec<String>,
    /// `license_name`: the name of a licence that has no word.
    pub license_name: Option<String>,
    /// `license_link`: a file or an address.
    pub license_link: Option<String>,
    /// `base_model`: what the model was made from.
    pub base_models: Vec<String>,
    /// `pipeline_tag`: what the model is for.
    pub pipeline_tag: Option<String>,
}

impl Card {
    /// The licence that the card claims. Where the word says nothing, the name counts.
    pub fn license_claim(&self, source: &str, text: Option<LicenseText>) -> Option<LicenseClaim> {
        let license = Some(self.licenses.join(", ")).filter(|words| !words.is_empty());
        let says_nothing =
            self.licenses.iter().all(|word| SAYS_NOTHING.iter().any(|no| word.eq_ignore_ascii_case(no)));
        let values = match &self.license_name {
            Some(name) if says_nothing => vec![name.clone()],
            _ => self.licenses.clone(),
        };
        let fields = [
            ("license", &license),
            ("license_name", &self.license_name),
            ("license_link", &self.license_link),
        ];
        let said: Vec<_> =
            fields.iter().filter_map(|(key, value)| Some(format!("`{key}: {}`", value.as_ref()?))).collect();
        (!said.is_empty()).then(|| LicenseClaim::Tag {
            values,
            link: self.license_link.clone(),
            text,
            evidence: format!("{} in the front matter of {source}", said.join(", ")),
        })
    }

    /// The names of the files that may hold the text of its licence, the likeliest first; none when it claims none.
    pub fn license_files(&self) -> impl Iterator<Item = &str> {
        let claims = !self.licenses.is_empty() || self.license_name.is_some() || self.license_link.is_some();
        let linked = self.license_link.as_deref().filter(|link| is_file_name(link));
        linked.into_iter().chain(LICENSE_FILES.into_iter().filter(move |_| claims))
    }
}

/// A name in the folder of the card, and nothing that leads out of it.
fn is_file_name(link: &str) -> bool {
    let mut components = std::path::Path::new(link).components();
    let plain = matches!(components.next(), Some(std::path::Component::Normal(_)));
    plain && components.next().is_none() && !link.contains(['/', '\\', ':'])
}

/// Reads the front matter of a card, and says what is wrong with it. A text without one is an empty card.
pub fn read(content: &[u8]) -> (Card, Option<String>) {
    let yaml = match front_matter(content) {
        Ok(Some(yaml)) => yaml,
        Ok(None) => return (Card::default(), None),
        Err(problem) => return (Card::default(), Some(problem)),
    };
    let (pairs, problem) = yaml::top_level(&yaml);
    let mut card = Card::default();
    for (key, value) in pairs {
        let text = || Some(value.texts().join(", ")).filter(|text| !text.is_empty()).map(shown);
        match key.as_str() {
            "license" => card.licenses = value.texts().into_iter().take(LICENSES).map(shown).collect(),
            "license_name" => card.license_name = text(),
            "license_link" => card.license_link = text(),
            "pipeline_tag" => card.pipeline_tag = text(),
            "base_model" => card.base_models = value.texts().into_iter().map(shown).collect(),
            _ => {}
        }
    }
    (card, problem)
}

/// The text between the first line, which must be `---`, and the next such line.
fn front_matter(content: &[u8]) -> Result<Option<String>, String> {
    // A byte order mark, the opening line, the front matter and its closing line fit into this.
    let head = content.get(..content.len().min(FRONT_MATTER + 64)).unwrap_or_default();
    let head = String::from_utf8_lossy(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head));
    let mut lines = head.trim_start().split_inclusive('\n');
    if lines.next().is_none_or(|line| line.trim_end() != "---") {
        return Ok(None);
    }
    let mut yaml = String::new();
    for line in lines {
        if line.trim_end() == "---" {
            return Ok(Some(yaml));
        }
        yaml.push_str(line);
    }
    Err(format!("the front matter does not end within {FRONT_MATTER} bytes"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn card(text: &str) -> Card {
        let (card, problem) = read(text.as_bytes());
        assert_eq!(problem, None);
        card
    }

    fn tag(card: &Card) -> String {
        match card.license_claim("README.md", None) {
            Some(LicenseClaim::Tag { values, .. }) => values.join("|"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_card_gives_licence_base_models_and_task() {
        let card = card(
            "---\nlicense: apache-2.0\nbase_model:\n- Qwen/Qwen2.5-7B\n- x/y\npipeline_tag: text-generation\n---\n# Hi\nlicense: mit\n",
        );
        assert_eq!(card.licenses, ["apache-2.0"]);
        assert_eq!(card.base_models, ["Qwen/Qwen2.5-7B", "x/y"]);
        assert_eq!(card.pipeline_tag.as_deref(), Some("text-generation"));
        assert_eq!(tag(&card), "apache-2.0");
    }

    #[test]
    fn a_licence_called_other_goes_by_its_name_and_keeps_its_link() {
        let card = card("---\nlicense: other\nlicense_name: deepseek\nlicense_link: LICENSE-MODEL\n---\n");
        let evidence = "`license: other`, `license_name: deepseek`, `license_link: LICENSE-MODEL` in the front matter of README.md";
        let link = Some("LICENSE-MODEL".to_owned());
        let claim = LicenseClaim::Tag {
            values: vec!["deepseek".into()],
            link,
            text: None,
            evidence: evidence.into(),
        };
        assert_eq!(card.license_claim("README.md", None), Some(claim));
        assert_eq!(
            card.license_files().collect::<Vec<_>>(),
            ["LICENSE-MODEL", "LICENSE", "LICENSE.md", "LICENSE.txt"]
        );
    }

    #[test]
    fn several_licences_stay_several() {
        assert_eq!(tag(&card("---\nlicense: [mit, cc-by-nc-4.0]\n---\n")), "mit|cc-by-nc-4.0");
    }

    #[test]
    fn the_text_of_a_licence_is_looked_for_beside_the_card_only() {
        for link in ["../LICENSE", "/etc/passwd", "a/LICENSE", "C:x", "..", "https://example.org/x"] {
            let card = card(&format!("---\nlicense: other\nlicense_link: \"{link}\"\n---\n"));
            assert_eq!(card.license_files().next(), Some("LICENSE"), "{link}");
        }
        assert_eq!(card("---\ntags: []\n---\n").license_files().next(), None);
    }

    #[test]
    fn a_name_beside_a_known_word_does_not_replace_it() {
        assert_eq!(tag(&card("---\nlicense: llama3.2\nlicense_name: whatever\n---\n")), "llama3.2");
    }

    #[test]
    fn byte_order_mark_line_ends_and_leading_blank_lines_do_not_matter() {
        assert_eq!(tag(&card("\u{feff}---\r\nlicense: mit\r\n---\r\ntext")), "mit");
        assert_eq!(tag(&card("\n\n---  \nlicense: mit\n---")), "mit");
    }

    #[test]
    fn a_text_without_front_matter_is_an_empty_card() {
        for text in
            ["", "# Model\n---\nlicense: mit\n---\n", "----\nlicense: mit\n---\n", "---", "---\n---\n"]
        {
            assert_eq!(read(text.as_bytes()).0, Card::default(), "{text:?}");
        }
    }

    #[test]
    fn a_licence_of_null_is_no_licence() {
        assert_eq!(card("---\nlicense: null\nbase_model:\n---\n").license_claim("README.md", None), None);
    }

    #[test]
    fn broken_yaml_and_an_endless_front_matter_are_problems() {
        assert!(read(b"---\nlicense: mit\nx: {\n---\n").1.unwrap().starts_with("not YAML"));
        let endless = format!("---\nlicense: mit\n{}", "#\n".repeat(1 << 20));
        assert_eq!(
            read(endless.as_bytes()),
            (Card::default(), Some("the front matter does not end within 65536 bytes".into()))
        );
    }

    #[test]
    fn a_licence_cannot_draw_on_the_terminal_and_cannot_be_endless() {
        let card = card(&format!("---\nlicense: \"\\e[2J{}\"\n---\n", "x".repeat(5000)));
        let license = card.licenses.concat();
        assert!(license.starts_with("\\u{1b}[2J") && license.chars().count() <= 257, "{license}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(content: Vec<u8>) {
            read(&content);
            read(&[b"---\n".as_slice(), &content, b"\n---\n"].concat());
        }

        #[test]
        fn a_licence_is_found_among_other_fields(license in "[a-z][a-z0-9.]{0,15}x", tags in prop::collection::vec("[a-z]{1,9}", 0..9)) {
            let text = format!("---\ntags: [{}]\nlicense: {license}\n---\n", tags.join(", "));
            prop_assert_eq!(read(text.as_bytes()).0.licenses, [license]);
        }
    }
}
