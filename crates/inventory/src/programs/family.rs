//! Families of processes: the worker of a manager is the manager's, and one tool's processes are one program.

use std::collections::{BTreeMap, HashMap, HashSet};

use catalog::Catalog;
use domain::{Evidence, EvidenceFamily};

use super::{identify::Identity, observe::Seen};

/// Parents of parents are followed this far; a longer chain is a loop of reused ids.
const DEEPEST: usize = 64;

/// Processes that are one program.
pub(super) struct Group<'s> {
    /// The process that stands for all.
    pub(super) head: &'s Seen,
    /// All of them, the head too.
    pub(super) members: Vec<&'s Seen>,
    /// What they are, with everything that speaks for it.
    pub(super) identity: Identity<'s>,
}

/// Puts what has evidence into groups, by the id of each head.
pub(super) fn group<'s>(
    catalog: &'s Catalog,
    seen: &'s [Seen],
    identities: &[Identity<'s>],
) -> Vec<Group<'s>> {
    let by_pid: HashMap<_, _> = seen.iter().enumerate().map(|(at, seen)| (seen.process.pid, at)).collect();
    let mut groups: BTreeMap<usize, Group<'s>> = BTreeMap::new();
    let heads: Vec<_> = (0..seen.len()).map(|at| head(catalog, seen, identities, &by_pid, at)).collect();
    for (at, (identity, head)) in identities.iter().zip(&heads).enumerate() {
        let (Some(process), Some(owner)) = (seen.get(at), head.and_then(|head| seen.get(head))) else {
            continue;
        };
        let Some(head) = *head else { continue };
        let group = groups.entry(head).or_insert_with(|| Group {
            head: owner,
            members: Vec::new(),
            identity: identities.get(head).cloned().unwrap_or_default(),
        });
        group.members.push(process);
        if head != at {
            absorb(&mut group.identity, identity, process.process.pid);
        }
    }
    groups.into_values().collect()
}

/// The process that a process belongs to: itself, its nearest ancestor that is the same tool, or its manager. `None` for a
/// process without evidence.
fn head(
    catalog: &Catalog,
    seen: &[Seen],
    identities: &[Identity<'_>],
    by_pid: &HashMap<u32, usize>,
    at: usize,
) -> Option<usize> {
    let own = identities.get(at).filter(|identity| !identity.evidence.is_empty())?;
    let mut head = at;
    let mut visited = HashSet::new();
    let mut current = at;
    while let Some(&parent) =
        seen.get(current).and_then(|seen| seen.process.parent).and_then(|pid| by_pid.get(&pid))
    {
        if !visited.insert(parent) || visited.len() > DEEPEST {
            break;
        }
        let above = identities.get(parent);
        let tool = above.filter(|identity| !identity.evidence.is_empty()).and_then(|identity| identity.tool);
        let manages = tool.and_then(|id| catalog.tool(id)).is_some_and(|tool| tool.manager);
        if tool.is_some() && (tool == own.tool || manages) {
            head = parent;
        }
        current = parent;
    }
    Some(head)
}

/// What a member has loaded or answered speaks for the group, and a worker speaks for its manager.
fn absorb(group: &mut Identity<'_>, member: &Identity<'_>, pid: u32) {
    use EvidenceFamily::{Http, MappedLibrary, MappedModel, Parent};
    let hard = |piece: &&Evidence| matches!(piece.family, MappedModel | MappedLibrary | Http);
    let of_member =
        |piece: &Evidence| Evidence { detail: format!("{} in its child {pid}", piece.detail), ..*piece };
    group.evidence.extend(member.evidence.iter().filter(hard).map(of_member));
    if group.tool != member.tool {
        let detail = format!("it is the parent of {}, process {pid}", member.tool.unwrap_or("a runtime"));
        group.evidence.push(Evidence { family: Parent, detail });
    }
}

#[cfg(test)]
mod tests {
    use platform::process::Process;

    use super::*;

    fn process(pid: u32, parent: u32) -> Seen {
        let process = Process {
            pid,
            parent: Some(parent),
            name: "x".into(),
            exe: None,
            arguments: vec![],
            user_id: None,
            user: None,
            started_at: None,
            directory: None,
        };
        Seen {
            process,
            models: vec![],
            libraries: vec![],
            written: vec![],
            variables: vec![],
            listeners: vec![],
            shares_network: true,
        }
    }

    fn is(tool: Option<&str>, family: EvidenceFamily) -> Identity<'_> {
        Identity { tool, evidence: vec![Evidence { family, detail: String::new() }] }
    }

    #[test]
    fn a_worker_belongs_to_its_manager_even_behind_a_shell() {
        let catalog = catalog::load().unwrap();
        let manager = catalog.tools.iter().find(|tool| tool.manager).unwrap().id.as_str();
        let worker = catalog.tools.iter().find(|tool| !tool.manager).unwrap().id.as_str();
        let seen = [process(10, 1), process(11, 10), process(12, 11)];
        let identities = vec![
            is(Some(manager), EvidenceFamily::Name),
            Identity::default(),
            is(Some(worker), EvidenceFamily::MappedModel),
        ];
        let groups = group(&catalog, &seen, &identities);
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].identity.tool, groups[0].members.len()), (Some(manager), 2));
        let families: Vec<_> = groups[0].identity.evidence.iter().map(|piece| piece.family).collect();
        assert_eq!(families, [EvidenceFamily::Name, EvidenceFamily::MappedModel, EvidenceFamily::Parent]);
    }

    #[test]
    fn two_runtimes_without_a_manager_stay_two() {
        let catalog = catalog::load().unwrap();
        let seen = [process(10, 1), process(11, 10)];
        let identities = vec![is(None, EvidenceFamily::MappedModel), is(None, EvidenceFamily::MappedModel)];
        assert_eq!(group(&catalog, &seen, &identities).len(), 2);
    }

    #[test]
    fn a_loop_of_parents_ends() {
        let catalog = catalog::load().unwrap();
        let seen = [process(10, 11), process(11, 10)];
        let identities = vec![is(None, EvidenceFamily::MappedModel), Identity::default()];
        assert_eq!(group(&catalog, &seen, &identities).len(), 1);
    }
}
