//! What a finding is about, named so that the same thing has the same name in every scan.

use domain::{Artifact, McpServer};

/// A model is its repository where that is known, else its path; the shards of one model are one subject.
pub fn model_subject(artifact: &Artifact) -> String {
    let repository = artifact.origin.as_ref().and_then(|origin| {
        let repository = origin.repository.as_deref()?;
        Some(format!("{}/{repository}", origin.registry))
    });
    repository.unwrap_or_else(|| without_shard_number(&artifact.path().to_string()))
}

/// An MCP server is the package it runs, its address, or its command.
pub fn server_subject(server: &McpServer) -> String {
    let remote = || server.url.clone();
    let local = || Some(server.command.join(" ")).filter(|command| !command.is_empty());
    server.package.clone().or_else(remote).or_else(local).unwrap_or_else(|| server.name.clone())
}

/// `x-00002-of-00005.safetensors` becomes `x-*-of-00005.safetensors`.
fn without_shard_number(path: &str) -> String {
    let shard = path.match_indices("-of-").find_map(|(at, _)| {
        let before = path.get(..at)?;
        let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let after = path.get(at + 4..)?.bytes().next()?.is_ascii_digit();
        (digits > 0 && after).then(|| (at - digits, at))
    });
    match shard {
        Some((start, end)) => {
            format!("{}*{}", path.get(..start).unwrap_or_default(), path.get(end..).unwrap_or_default())
        }
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_one_subject() {
        assert_eq!(without_shard_number("/m/x-00002-of-00005.gguf"), "/m/x-*-of-00005.gguf");
        assert_eq!(without_shard_number("/m/best-of-breed.gguf"), "/m/best-of-breed.gguf");
        assert_eq!(without_shard_number("/m/3-of-"), "/m/3-of-");
    }
}
