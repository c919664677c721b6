//! What a model names beside itself: files with its weights, and code that its configuration loads. Whether they are there, are long
//! enough, and lie where they should.

use std::path::{Path, PathBuf};

use artifact::{Inspection, Part, rules::bundles as rules};
use domain::{Artifact, Fact, HostPath, Verdict};
use platform::read::EntryKind;

use super::{Assembly, Piece, bundle::inside};
use crate::inspect::{bundles::path_of_part, collect::follow, fact, look::Looked};

/// Facts of one kind that are told of one file; more are counted.
const TOLD: usize = 3;

/// What is wrong with a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Missing,
    Short,
    LeadsOut,
}

impl Assembly<'_> {
    /// What is wrong with the parts that files of a bundle name, said of the whole.
    pub(super) fn facts_of_parts(&self, folder: &Path, pieces: &[Piece<'_>]) -> Vec<Fact> {
        let mut facts = Vec::new();
        for piece in pieces {
            let place = piece.candidate.path.strip_prefix(folder).unwrap_or(&piece.candidate.path);
            let place = HostPath::from(place).to_string();
            facts.extend(self.faults(piece).iter().map(|fact| inside(&place, fact)));
        }
        facts
    }

    /// The same of a file by itself. What is not there leaves it undecided.
    pub(super) fn say_of_parts(&self, piece: &Piece<'_>, artifact: &mut Artifact) {
        let facts = self.faults(piece);
        if !facts.is_empty() {
            artifact.verdict = artifact.verdict.max(Verdict::Unscannable);
            artifact.facts.extend(facts);
            artifact.facts.sort_by_key(|fact| std::cmp::Reverse(fact.severity));
        }
    }

    fn faults(&self, piece: &Piece<'_>) -> Vec<Fact> {
        let parts = piece.inspection().map(|seen| seen.parts.as_slice()).unwrap_or_default();
        let mut found: Vec<(Fault, &Part)> =
            parts.iter().filter_map(|part| Some((self.fault(piece, part)?, part))).collect();
        found.sort_by_key(|(fault, _)| *fault);
        let mut facts = Vec::new();
        for of_kind in found.chunk_by(|a, b| a.0 == b.0) {
            facts.extend(of_kind.first().map(|(fault, _)| said(*fault, &piece.candidate.path, of_kind)));
        }
        facts
    }

    fn fault(&self, piece: &Piece<'_>, part: &Part) -> Option<Fault> {
        let path = path_of_part(&piece.candidate.path, part);
        if self.found.links_out.binary_search(&path).is_ok() {
            return Some(Fault::LeadsOut);
        }
        let size = match self.piece_at(&path) {
            // A pointer of Git LFS stands for the part; that it does is said of itself.
            Some(Piece { answer: Some(Ok(Looked::Pointer(_))), .. }) => return None,
            Some(piece) => piece.candidate.identity.size,
            None => match beside(&path, piece.candidate.path.parent().unwrap_or(Path::new(""))) {
                Ok(size) => size,
                Err(fault) => return Some(fault),
            },
        };
        (size < part.least).then_some(Fault::Short)
    }

    /// Code that a configuration names: whether it is among the files, and what was said of it there.
    pub(super) fn say_of_code(&self, folder: &Path, pieces: &[Piece<'_>], facts: &mut Vec<Fact>) {
        let mut missing = Vec::new();
        for fact in facts.iter_mut().filter(|fact| fact.rule == "remote-code") {
            let Some(module) = fact.name.as_deref().and_then(module) else { continue };
            let member = fact.member.clone().unwrap_or_default();
            let code = folder.join(&member).with_file_name(format!("{module}.py"));
            let there = pieces.iter().find(|piece| piece.candidate.path == code);
            match there.and_then(Piece::inspection) {
                Some(seen) => fact.message = format!("{}, where it was read: {}", fact.message, judged(seen)),
                None if there.is_some() => {}
                None => {
                    let message = format!("`{module}.py` is named and is not there");
                    missing.push(inside(&member, &self::fact(&rules::CODE_MISSING, message)));
                }
            }
        }
        missing.dedup_by(|a, b| a.message == b.message && a.member == b.member);
        facts.extend(missing);
    }
}

/// The module of `module.Class`, where it lies beside the configuration and not in another repository.
fn module(reference: &str) -> Option<&str> {
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte));
    let (module, _) = reference.rsplit_once('.').filter(|_| plain(reference))?;
    // What lies in folders is `folder.module.Class`; loaders take the last part for the file.
    module.rsplit('.').next()
}

fn judged(seen: &Inspection) -> String {
    let graver = seen.facts.iter().filter(|fact| fact.rule != "code-beside-model");
    match graver.map(|fact| fact.rule.as_str()).next() {
        Some(rule) => format!("{} ({rule})", seen.verdict.as_str()),
        None => "nothing in it starts programs".to_owned(),
    }
}

/// The size of a file that was not listed.
fn beside(path: &Path, folder: &Path) -> Result<u64, Fault> {
    let missing = |_| Fault::Missing;
    match platform::read::kind(path).map_err(missing)? {
        EntryKind::File => Ok(platform::read::identity_of(path).map_err(missing)?.size),
        EntryKind::Link => match follow(path, &[PathBuf::from(folder)]) {
            Some((_, identity)) => Ok(identity.size),
            None => Err(Fault::LeadsOut),
        },
        _ => Err(Fault::Missing),
    }
}

fn said(fault: Fault, file: &Path, parts: &[(Fault, &Part)]) -> Fact {
    let name = |part: &Part| {
        let path = path_of_part(file, part);
        let path = path.strip_prefix(file.parent().unwrap_or(Path::new(""))).unwrap_or(&path);
        format!("`{}`", HostPath::from(path))
    };
    let names: Vec<_> = parts.iter().take(TOLD).map(|(_, part)| name(part)).collect();
    let more = parts.len().saturating_sub(TOLD);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let names = format!("{}{rest}", names.join(", "));
    match fault {
        Fault::Missing => fact(&rules::MEMBER_MISSING, format!("weights are to lie in {names}: not there")),
        Fault::Short => fact(&rules::PART_SHORT, format!("weights reach beyond the end of {names}")),
        Fault::LeadsOut => fact(
            &rules::LINK_LEADS_OUT,
            format!("{names}: a link that leads out of the folder, not followed"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_beside_a_configuration_is_told_from_that_of_another_repository() {
        assert_eq!(module("modeling_x.XModel"), Some("modeling_x"));
        assert_eq!(module("custom.modeling_x.XModel"), Some("modeling_x"));
        for other in ["me/other--t.XTokenizer", "allow_remote", "kernels/flash", "x"] {
            assert_eq!(module(other), None, "{other}");
        }
    }
}
