//! One list of what runs and what is installed.

use domain::{Agent, Program, Runtime};

/// One list of running and installed agents: what an account configured belongs to each of its running agents, if it has
/// any.
pub fn merge(running: Vec<Agent>, installed: Vec<Agent>) -> Vec<Agent> {
    let mut agents = running;
    for agent in installed {
        let mut runs = false;
        let live = agents
            .iter_mut()
            .filter(|one| runs_as(&one.program, &agent.program) && one.program.user == agent.program.user);
        for live in live {
            runs = true;
            live.configs.clone_from(&agent.configs);
            live.instructions.clone_from(&agent.instructions);
            live.mcp_servers.clone_from(&agent.mcp_servers);
        }
        if !runs {
            agents.push(agent);
        }
    }
    agents
}

/// As [`merge`]: an installed runtime that runs for the same account is listed once, as running. What belongs to no
/// account is what any account runs.
pub fn merge_runtimes(running: Vec<Runtime>, installed: Vec<Runtime>) -> Vec<Runtime> {
    let same_account = |live: &Program, installed: &Program| {
        live.user.is_none() || installed.user.is_none() || live.user == installed.user
    };
    let mut runtimes = running;
    for runtime in installed {
        if !runtimes.iter().any(|live| runs_as(live, &runtime) && same_account(live, &runtime)) {
            runtimes.push(runtime);
        }
    }
    runtimes
}

fn runs_as(live: &Program, installed: &Program) -> bool {
    live.pid.is_some() && live.tool == installed.tool
}

#[cfg(test)]
mod tests {
    use domain::{Confidence, HostPath};

    use super::*;

    fn program(pid: Option<u32>, user: Option<&str>) -> Program {
        let user = user.map(str::to_owned);
        Program { pid, ..Program::installed(Some("tool".into()), user, Vec::new(), Confidence::Possible) }
    }

    fn agent(pid: Option<u32>, user: Option<&str>, config: Option<&str>) -> Agent {
        let configs = config.map(HostPath::from).into_iter().collect();
        Agent { configs, ..Agent::new(program(pid, user)) }
    }

    #[test]
    fn every_running_agent_of_an_account_has_what_the_account_configured() {
        let running = vec![
            agent(Some(1), Some("ann"), None),
            agent(Some(2), Some("ann"), None),
            agent(Some(3), Some("bob"), None),
        ];
        let agents = merge(running, vec![agent(None, Some("ann"), Some("/home/ann/config"))]);
        let configured: Vec<_> = agents.iter().map(|agent| agent.configs.len()).collect();
        assert_eq!(configured, [1, 1, 0]);
    }

    #[test]
    fn an_installed_runtime_of_another_account_stays_listed() {
        let running = || vec![program(Some(1), Some("ann"))];
        let listed = |user: Option<&str>| merge_runtimes(running(), vec![program(None, user)]).len();
        assert_eq!((listed(Some("ann")), listed(Some("bob")), listed(None)), (1, 2, 1));
    }
}
