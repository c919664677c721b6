//! Evidence that a process is a runtime or an agent, and how sure several pieces make us.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// One thing that was seen and speaks for an identification.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// The kind of thing.
    pub family: EvidenceFamily,
    /// What exactly was seen, in words.
    pub detail: String,
}

/// Kinds of evidence, the ones hardest to fake first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceFamily {
    /// A file with the magic of a model format is mapped into the process.
    MappedModel,
    /// An inference library is mapped into the process.
    MappedLibrary,
    /// A listener of the process answers as the tool answers.
    Http,
    /// The program or its script lies where the tool is installed.
    Store,
    /// A parent or ancestor is the tool.
    Parent,
    /// It holds open a model, or writes to a file that the tool keeps. Programs that copy or inherit do that too.
    OpenFile,
    /// Names of environment variables.
    Environment,
    /// The command line.
    Argument,
    /// The process name.
    Name,
    /// A listening port. Never enough by itself, and it never adds to the confidence.
    Port,
}

impl EvidenceFamily {
    /// Families in one group can be faked by one act, so they count once.
    fn group(self) -> Option<u8> {
        match self {
            Self::MappedModel => Some(0),
            Self::MappedLibrary => Some(1),
            Self::Http => Some(2),
            Self::Store | Self::Parent => Some(3),
            Self::OpenFile | Self::Environment | Self::Argument | Self::Name => Some(4),
            Self::Port => None,
        }
    }

    /// Alone it is only a hint: the process said so about itself, or does what ordinary programs do too, such as searching
    /// a mapped file or importing a library that it may never use.
    fn is_hint(self) -> bool {
        !matches!(self, Self::Http | Self::Store | Self::Parent)
    }
}

/// How sure an identification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// One hint.
    Possible,
    /// One family that ordinary programs do not show, or several hints.
    Likely,
    /// Two independent families agree.
    Confirmed,
}

/// How sure these pieces make us; `None` if they identify nothing, as a port alone never does.
pub fn confidence(evidence: &[Evidence]) -> Option<Confidence> {
    let families: BTreeSet<_> =
        evidence.iter().map(|piece| piece.family).filter(|family| family.group().is_some()).collect();
    let groups: BTreeSet<_> = families.iter().filter_map(|family| family.group()).collect();
    if families.is_empty() {
        return None;
    }
    Some(match groups.len() {
        2.. => Confidence::Confirmed,
        _ if families.iter().any(|family| !family.is_hint()) || families.len() > 1 => Confidence::Likely,
        _ => Confidence::Possible,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sure(families: &[EvidenceFamily]) -> Option<Confidence> {
        let evidence: Vec<_> =
            families.iter().map(|&family| Evidence { family, detail: String::new() }).collect();
        confidence(&evidence)
    }

    #[test]
    fn a_port_alone_never_identifies() {
        assert_eq!(sure(&[]), None);
        assert_eq!(sure(&[EvidenceFamily::Port]), None);
        assert_eq!(sure(&[EvidenceFamily::Port, EvidenceFamily::Name]), Some(Confidence::Possible));
    }

    #[test]
    fn two_independent_families_confirm() {
        use EvidenceFamily::*;
        assert_eq!(sure(&[MappedModel, MappedLibrary]), Some(Confidence::Confirmed));
        assert_eq!(sure(&[Name, Http]), Some(Confidence::Confirmed));
        assert_eq!(sure(&[Store, Parent]), Some(Confidence::Likely));
    }

    #[test]
    fn what_a_process_says_of_itself_counts_once() {
        use EvidenceFamily::*;
        assert_eq!(sure(&[Name]), Some(Confidence::Possible));
        assert_eq!(sure(&[Name, Argument, Environment]), Some(Confidence::Likely));
        assert_eq!(sure(&[OpenFile]), Some(Confidence::Possible));
        assert_eq!(sure(&[Http]), Some(Confidence::Likely));
    }

    #[test]
    fn a_search_through_a_mapped_file_or_an_unused_import_is_only_a_hint() {
        use EvidenceFamily::*;
        assert_eq!(sure(&[MappedModel]), Some(Confidence::Possible));
        assert_eq!(sure(&[MappedLibrary]), Some(Confidence::Possible));
        assert_eq!(sure(&[MappedLibrary, OpenFile]), Some(Confidence::Confirmed));
    }
}
