//! From what a file, a card or a store says of a licence to a licence of the catalogue.

use catalog::Catalog;
use domain::{CommercialUse, License};

use crate::stores::LicenseClaim;

pub(super) fn license_of_store(catalog: &Catalog, claim: &LicenseClaim) -> License {
    match claim {
        LicenseClaim::Tag { value, evidence } => license(catalog, value, evidence),
        LicenseClaim::Text { text, evidence } => match catalog.licenses.recognize(text) {
            Some(entry) => license(catalog, &entry.id, evidence),
            None => license(catalog, "unknown", &format!("{evidence}, a text the catalogue does not have")),
        },
    }
}

/// The claims of a file: the most telling one is the first that the catalogue has; else the first.
pub(super) fn license_of_claims<'a>(
    catalog: &Catalog,
    claims: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<License> {
    let claims: Vec<_> = claims.collect();
    let says_something = |value: &str| {
        catalog
            .licenses
            .by_claim(value)
            .is_some_and(|entry| !matches!(entry.id.as_str(), "other" | "unknown"))
    };
    let best = claims.iter().find(|(value, _)| says_something(value)).or(claims.first())?;
    Some(license(catalog, best.0, best.1))
}

fn license(catalog: &Catalog, value: &str, evidence: &str) -> License {
    let entry = catalog.licenses.by_claim(value);
    License {
        id: entry.map_or_else(|| value.trim().to_lowercase(), |entry| entry.id.clone()),
        evidence: evidence.to_owned(),
        commercial_use: entry.map_or(CommercialUse::Unknown, |entry| entry.commercial_use),
    }
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
}
