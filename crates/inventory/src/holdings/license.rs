//! From what a file, a card or a store says of a licence to a licence of the catalogue.

use catalog::{Catalog, LicenseEntry};
use domain::{CommercialUse, License};

use crate::stores::{LicenseClaim, LicenseText};

/// What a store or a card says.
pub(super) fn license_of_store(catalog: &Catalog, claim: &LicenseClaim) -> License {
    match claim {
        LicenseClaim::Tag { values, link, text, evidence } => {
            license_of_card(catalog, values, link.as_deref(), text.as_ref(), evidence)
        }
        LicenseClaim::Text { text, evidence } => match catalog.licenses.recognize(text) {
            Some(entry) => known(entry, evidence),
            None => license(catalog, "unknown", &format!("{evidence}, a text the catalogue does not have")),
        },
    }
}

/// Words that say nothing give way to the address of the text, then to the text itself. Of several licences the strictest
/// counts: whoever keeps to it keeps to the others.
fn license_of_card(
    catalog: &Catalog,
    values: &[String],
    link: Option<&str>,
    text: Option<&LicenseText>,
    evidence: &str,
) -> License {
    let told = |value: &String| catalog.licenses.by_claim(value).filter(|entry| says_something(entry));
    let licenses = values.iter().filter_map(told).map(|entry| known(entry, evidence));
    let mut licenses: Vec<_> = licenses.collect();
    if licenses.len() < values.len() || values.is_empty() {
        let linked =
            || link.and_then(|link| catalog.licenses.by_claim(link)).filter(|entry| says_something(entry));
        let read = || {
            let text = text?;
            let evidence = format!("{evidence}, and the text in {}", text.name);
            Some(known(catalog.licenses.recognize(&text.text)?, &evidence))
        };
        match linked().map(|entry| known(entry, evidence)).or_else(read) {
            Some(license) => licenses.push(license),
            None => {
                let words = values.iter().filter(|value| told(value).is_none());
                licenses.extend(words.map(|word| license(catalog, word, evidence)));
            }
        }
    }
    let strictest = licenses.into_iter().min_by_key(|license| strictness(license.commercial_use));
    strictest.unwrap_or_else(|| license(catalog, "unknown", evidence))
}

fn strictness(commercial_use: CommercialUse) -> u8 {
    match commercial_use {
        CommercialUse::No => 0,
        CommercialUse::Conditional => 1,
        CommercialUse::Unknown => 2,
        CommercialUse::Yes => 3,
    }
}

/// `other` and `unknown` are rows of the catalogue and name no licence.
fn says_something(entry: &LicenseEntry) -> bool {
    !matches!(entry.id.as_str(), "other" | "unknown")
}

/// The claims of a file: the most telling one is the first that the catalogue has; else the first.
pub(super) fn license_of_claims<'a>(
    catalog: &Catalog,
    claims: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<License> {
    let claims: Vec<_> = claims.collect();
    let told = |value: &str| catalog.licenses.by_claim(value).is_some_and(says_something);
    let best = claims.iter().find(|(value, _)| told(value)).or(claims.first())?;
    Some(license(catalog, best.0, best.1))
}

fn license(catalog: &Catalog, value: &str, evidence: &str) -> License {
    match catalog.licenses.by_claim(value) {
        Some(entry) => known(entry, evidence),
        None => License {
            id: value.trim().to_lowercase(),
            evidence: evidence.to_owned(),
            commercial_use: CommercialUse::Unknown,
        },
    }
}

fn known(entry: &LicenseEntry, evidence: &str) -> License {
    let (id, commercial_use) = (entry.id.clone(), entry.commercial_use);
    License { id, evidence: evidence.to_owned(), commercial_use }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_license_the_catalogue_has_wins_over_a_word_that_says_nothing() {
        let catalog = catalog::load().unwrap();
        let claims = [("other", "a"), ("apache-2.0", "b")];
        let license = license_of_claims(&catalog, claims.into_iter()).unwrap();
        assert_eq!((license.id.as_str(), license.commercial_use), ("apache-2.0", CommercialUse::Yes));
        let unknown = license_of_claims(&catalog, [("My Own Terms", "a")].into_iter()).unwrap();
        assert_eq!((unknown.id.as_str(), unknown.commercial_use), ("my own terms", CommercialUse::Unknown));
    }

    fn of_card(values: &[&str], link: Option<&str>, text: Option<&str>) -> License {
        let catalog = catalog::load().unwrap();
        let claim = LicenseClaim::Tag {
            values: values.iter().map(ToString::to_string).collect(),
            link: link.map(str::to_owned),
            text: text.map(|text| LicenseText { name: "LICENSE".into(), text: text.into() }),
            evidence: "card".into(),
        };
        license_of_store(&catalog, &claim)
    }

    #[test]
    fn of_several_licences_the_strictest_counts() {
        let id = |values: &[&str]| of_card(values, None, None).id;
        assert_eq!(id(&["mit", "cc-by-nc-4.0"]), "cc-by-nc-4.0");
        assert_eq!(id(&["llama3.2", "mit"]), "llama3.2");
        assert_eq!(id(&["apache-2.0", "my own terms"]), "my own terms");
        assert_eq!(id(&["my own terms", "llama3.2"]), "llama3.2");
    }

    #[test]
    fn a_word_that_says_nothing_gives_way_to_a_well_known_address() {
        let links = [
            ("https://ai.google.dev/gemma/terms", "gemma"),
            ("https://www.llama.com/llama3_2/license/", "llama3.2"),
            ("https://github.com/meta-llama/llama-models/blob/main/models/llama3_2/LICENSE", "llama3.2"),
            ("https://falconllm.tii.ae/falcon-terms-and-conditions.html", "tii-falcon-license"),
        ];
        for (link, id) in links {
            assert_eq!(of_card(&["other"], Some(link), None).id, id, "{link}");
            assert_eq!(of_card(&["my-name-for-it"], Some(link), None).id, id, "{link}");
        }
        assert_eq!(of_card(&["mit"], Some("https://ai.google.dev/gemma/terms"), None).id, "mit");
        assert_eq!(of_card(&["other"], Some("https://example.org/"), None).id, "other");
    }

    #[test]
    fn a_word_that_says_nothing_gives_way_to_the_text_beside_the_card() {
        let text = Some("Qwen RESEARCH LICENSE AGREEMENT\n\nRelease Date: …");
        let license = of_card(&["my-name-for-it"], Some("LICENSE"), text);
        assert_eq!((license.id.as_str(), license.commercial_use), ("qwen-research", CommercialUse::No));
        assert_eq!(license.evidence, "card, and the text in LICENSE");
        assert_eq!(of_card(&["mit"], None, text).id, "mit");
        assert_eq!(of_card(&["other"], None, Some("I do what I want")).id, "other");
    }
}
