//! Several names may lead to one file: a blob that two tags use, a file of two snapshots. Here they become one claim.

use std::path::PathBuf;

use super::Claim;

/// Further origins that are named in the evidence; the rest are counted.
const NAMED: usize = 8;

/// One claim per path, sorted by path. The first origin by name is kept, the others are named in its evidence.
pub(super) fn merge(mut claims: Vec<Claim>) -> Vec<Claim> {
    claims.sort_by(|a, b| (&a.path, key(a)).cmp(&(&b.path, key(b))));
    let mut merged: Vec<Merging> = Vec::new();
    for claim in claims {
        match merged.last_mut() {
            Some(last) if last.claim.path == claim.path => last.add(claim),
            _ => merged.push(Merging { claim, others: Vec::new() }),
        }
    }
    merged.into_iter().map(Merging::finish).collect()
}

/// Claims with an origin come first, by its name.
fn key(claim: &Claim) -> (bool, Option<&str>, Option<&str>) {
    let repository = claim.origin.as_ref().and_then(|origin| origin.repository.as_deref());
    (claim.origin.is_none(), repository, claim.model.as_deref())
}

struct Merging {
    claim: Claim,
    others: Vec<String>,
}

impl Merging {
    fn add(&mut self, other: Claim) {
        let claim = &mut self.claim;
        let (mine, its) = (repository(claim), repository(&other));
        // Sorted by repository, so that one which was named before is the last.
        if its != mine && its.as_ref() != self.others.last() {
            self.others.extend(its);
        }
        claim.aliases.extend(other.aliases);
        claim.model = claim.model.take().or(other.model);
        claim.origin = claim.origin.take().or(other.origin);
        claim.digest = claim.digest.or(other.digest);
        claim.license = claim.license.take().or(other.license);
        claim.remote_code = claim.remote_code.take().or(other.remote_code);
        claim.note = claim.note.take().or(other.note);
        if claim.base_models.is_empty() {
            claim.base_models = other.base_models;
        }
    }

    fn finish(self) -> Claim {
        let mut claim = self.claim;
        sort_unique(&mut claim.aliases);
        if let (Some(origin), false) = (&mut claim.origin, self.others.is_empty()) {
            let named = self.others.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            origin.evidence.push_str(&format!("; the same file is also {named}"));
            if let Some(more) = self.others.len().checked_sub(NAMED).filter(|more| *more > 0) {
                origin.evidence.push_str(&format!(" and {more} more"));
            }
        }
        claim
    }
}

fn repository(claim: &Claim) -> Option<String> {
    claim.origin.as_ref().and_then(|origin| origin.repository.clone())
}

fn sort_unique(paths: &mut Vec<PathBuf>) {
    paths.sort();
    paths.dedup();
}

#[cfg(test)]
mod tests {
    use domain::Origin;

    use super::*;

    fn claim(path: &str, repository: Option<&str>) -> Claim {
        let origin = repository.map(|name| Origin {
            registry: "example.org".into(),
            repository: Some(name.into()),
            revision: None,
            evidence: "a manifest".into(),
        });
        Claim { path: path.into(), origin, ..Claim::default() }
    }

    #[test]
    fn one_file_with_two_origins_is_one_claim_that_names_both() {
        let merged = merge(vec![claim("/s/x", None), claim("/s/x", Some("b")), claim("/s/x", Some("a"))]);
        assert_eq!(merged.len(), 1);
        let origin = merged[0].origin.as_ref().unwrap();
        assert_eq!(origin.repository.as_deref(), Some("a"));
        assert_eq!(origin.evidence, "a manifest; the same file is also b");
    }

    #[test]
    fn the_evidence_of_a_file_with_a_hundred_names_stays_short() {
        let merged = merge((0..100).map(|n| claim("/s/x", Some(&format!("r{n:03}")))).collect());
        let evidence = &merged[0].origin.as_ref().unwrap().evidence;
        assert!(evidence.ends_with("r008 and 91 more"), "{evidence}");
    }

    #[test]
    fn aliases_are_sorted_and_said_once() {
        let mut one = claim("/s/x", Some("a"));
        one.aliases = vec!["/s/b".into(), "/s/a".into()];
        let mut two = claim("/s/x", Some("a"));
        two.aliases = vec!["/s/a".into()];
        assert_eq!(merge(vec![one, two])[0].aliases, [PathBuf::from("/s/a"), "/s/b".into()]);
    }
}
