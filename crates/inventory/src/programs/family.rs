//! Families of processes: the worker of a manager is the manager's, and one tool's processes are one program.

use std::collections::{BTreeMap, HashMap, HashSet};

use catalog::{Catalog, ToolKind};
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

/// The process that a process belongs to: the outermost of those that are the same tool in a row, and, for a worker, its
/// nearest manager. An agent is nobody's worker. `None` for a process without evidence.
fn head(
    catalog: &Catalog,
    seen: &[Seen],
    identities: &[Identity<'_>],
    by_pid: &HashMap<u32, usize>,
    at: usize,
) -> Option<usize> {
    let own = identities.get(at).filter(|identity| !identity.evidence.is_empty())?;
    let tool = |id: Option<&str>| id.and_then(|id| catalog.tool(id));
    let is_agent = tool(own.tool).is_some_and(|tool| tool.kind == ToolKind::Agent);
    let (mut head, mut follows) = (at, own.tool);
    let mut visited = HashSet::new();
    let mut current = at;
    while let Some(&parent) =
        seen.get(current).and_then(|seen| seen.process.parent).and_then(|pid| by_pid.get(&pid))
    {
        if !visited.insert(parent) || visited.len() > DEEPEST {
            break;
        }
        let above = identities.get(parent).filter(|identity| !identity.evidence.is_empty());
        let above = above.and_then(|identity| identity.tool);
        let manages = !is_agent && follows == own.tool && tool(above).is_some_and(|tool| tool.manager);
        if above.is_some() && (above == follows || manages) {
            (head, follows) = (parent, above);
        }
        current = parent;
    }
    Some(head)
}

/// What a member has loaded or answered speaks for the group, and a worker speaks for its manager.
fn absorb(group: &mut Identity<'_>, member: &Identity<'_>, pid: u32) {
    use EvidenceFamily::{Argument, Http, MappedLibrary, MappedModel, Name, Parent, Store};
    let same = group.tool == member.tool;
    let speaks = |piece: &&Evidence| match piece.family {
        MappedModel | MappedLibrary | Http => true,
        Store | Argument | Name => same,
        _ => false,
    };
    let of_member =
        |piece: &Evidence| Evidence { detail: format!("{} in its child {pid}", piece.detail), ..*piece };
    group.evidence.extend(member.evidence.iter().filter(speaks).map(of_member));
    if !same {
        let detail = format!("it is the parent of {}, process {pid}", member.tool.unwrap_or("a runtime"));
        group.evidence.push(Evidence { family: Parent, detail });
    }
}

#[cfg(test)]
mod tests {
    use platform::process::Process;

    use super::*;

    fn process(pid: u32, parent: u32) -> Seen {
        Seen::of(Process {
            pid,
            parent: Some(parent),
            name: "x".into(),
            exe: None,
            arguments: vec![],
            user_id: None,
            user: None,
            started_at: None,
            directory: None,
        })
    }

    fn is(tool: Option<&str>, family: EvidenceFamily) -> Identity<'_> {
        Identity { tool, evidence: vec![Evidence { family, detail: String::new() }] }
    }

    #[test]
    fn a_worker_belongs_to_its_manager_even_behind_a_shell() {
        let catalog = catalog::load().unwrap();
        let manager = catalog.tools.iter().find(|tool| tool.manager).unwrap().id.as_str();
        let worker = catalog.tools.iter().find(|tool| tool.kind == ToolKind::Runtime && !tool.manager);
        let worker = worker.unwrap().id.as_str();
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
    fn an_agent_that_a_manager_starts_stays_an_agent() {
        let catalog = catalog::load().unwrap();
        let manager = catalog.tools.iter().find(|tool| tool.manager).unwrap().id.as_str();
        let agent = catalog.tools.iter().find(|tool| tool.kind == ToolKind::Agent).unwrap().id.as_str();
        let seen = [process(10, 1), process(11, 10)];
        let identities = [is(Some(manager), EvidenceFamily::Name), is(Some(agent), EvidenceFamily::Name)];
        let tools: Vec<_> =
            group(&catalog, &seen, &identities).iter().map(|group| group.identity.tool).collect();
        assert_eq!(tools, [Some(manager), Some(agent)]);
    }

    #[test]
    fn what_a_launcher_starts_makes_it_as_sure_as_itself() {
        let catalog = catalog::load().unwrap();
        let agent = catalog.tools.iter().find(|tool| tool.kind == ToolKind::Agent).unwrap().id.as_str();
        let seen = [process(10, 1), process(11, 10)];
        let identities = [is(Some(agent), EvidenceFamily::Argument), is(Some(agent), EvidenceFamily::Store)];
        let groups = group(&catalog, &seen, &identities);
        assert_eq!(domain::confidence(&groups[0].identity.evidence), Some(domain::Confidence::Confirmed));
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
