//! The names of the secrets that stand in the configuration of a server itself. Their values are never kept.

use catalog::Secrets;
use domain::PlainSecret;
use serde_json::{Map, Value};

use super::mcp::{COMMANDS, URLS};

/// Tables in tables are followed this far.
const DEPTH: usize = 16;
/// Secrets listed per server.
const LISTED: usize = 100;
/// Longer names are not shown.
const LONGEST_NAME: usize = 200;
/// Keys whose values are names of variables, not what is in them.
const NAMES_ONLY: [&str; 5] = ["bearer_token_env_var", "env_http_headers", "env_keys", "env_vars", "envVars"];

/// The secrets in variables, headers, settings, arguments and addresses of a server, sorted.
pub(super) fn plain_secrets(
    secrets: &Secrets,
    entry: &Map<String, Value>,
    command: &[String],
    url: Option<&str>,
) -> Vec<PlainSecret> {
    let mut search = Search { secrets, found: Vec::new() };
    for (key, value) in entry {
        match value {
            Value::Object(inner) if COMMANDS.contains(&key.as_str()) => {
                let inner = inner.iter().filter(|(key, _)| !["path", "args"].contains(&key.as_str()));
                inner.for_each(|(key, value)| search.value(&[], key, value));
            }
            _ if COMMANDS.contains(&key.as_str()) || URLS.contains(&key.as_str()) || key == "args" => {}
            _ => search.value(&[], key, value),
        }
    }
    search.arguments(command);
    if url.is_some_and(|url| secrets.clean(url) != url) {
        search.add("url", "address");
    }
    search.found.sort();
    search.found.dedup();
    search.found
}

struct Search<'a> {
    secrets: &'a Secrets,
    found: Vec<PlainSecret>,
}

impl Search<'_> {
    fn add(&mut self, place: &str, name: &str) {
        if self.found.len() < LISTED {
            let name = self.shown(name);
            self.found.push(PlainSecret { place: place.to_owned(), name });
        }
    }

    /// A name as it may be shown. Many secrets can stand below one name, so a long one would be repeated too often.
    fn shown(&self, name: &str) -> String {
        if name.len() > LONGEST_NAME { "(a long name)".to_owned() } else { self.secrets.clean(name) }
    }

    /// A value called `name` in the tables that lead to it.
    fn value(&mut self, tables: &[&str], name: &str, value: &Value) {
        if tables.len() > DEPTH || NAMES_ONLY.contains(&name) {
            return;
        }
        match value {
            Value::String(text) if self.found.len() < LISTED && self.secrets.is_plain_secret(name, text) => {
                let place = self.place(tables);
                self.add(&place, name);
            }
            // A list has no name of its own beside what is in it.
            Value::Array(list) => list.iter().for_each(|value| self.value(tables, name, value)),
            Value::Object(table) => {
                let inner: Vec<_> = tables.iter().copied().chain([name]).collect();
                table.iter().for_each(|(key, value)| self.value(&inner, key, value));
            }
            _ => {}
        }
    }

    /// What the tables are called together: `env` and `header` in any spelling, else the way to them.
    fn place(&self, tables: &[&str]) -> String {
        match tables {
            [] => "server".to_owned(),
            ["env" | "environment" | "envs"] => "env".to_owned(),
            ["headers" | "http_headers" | "requestInit"] | ["requestInit", "headers"] => "header".to_owned(),
            _ => tables.iter().map(|table| self.shown(table)).collect::<Vec<_>>().join("."),
        }
    }

    /// What cleaning changes is a secret.
    fn arguments(&mut self, command: &[String]) {
        let mut before = None;
        for (dirty, clean) in command.iter().zip(self.secrets.clean_argv(command)) {
            if *dirty != clean {
                self.add("argument", argument_name(before, dirty));
            }
            before = Some(dirty.as_str());
        }
    }
}

/// What an argument is called: by itself, as in `--token=x`, `TOKEN=x` or `Authorization: x`, or by the flag before it.
fn argument_name<'a>(before: Option<&'a str>, argument: &'a str) -> &'a str {
    let is_name = |name: &str| {
        name.chars().any(char::is_alphanumeric)
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    let own = argument
        .split_once(['=', ':'])
        .filter(|(name, rest)| is_name(name) && !rest.starts_with("//"))
        .map(|(name, _)| name);
    // In `-u name:secret` what stands before the colon is somebody's name.
    let flag = before.filter(|before| before.starts_with('-') && !before.contains('='));
    let is_pair = argument.split_once(':').is_some_and(|(_, rest)| !rest.starts_with(' '));
    match (flag, own) {
        (Some(flag), Some(own)) if is_pair && !argument.starts_with(&format!("{own}=")) => flag,
        (_, Some(own)) => own,
        (Some(flag), None) => flag,
        (None, None) => "value",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TOKEN: &str = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";

    #[allow(clippy::unwrap_used, reason = "a test may fail loudly, its helpers too")]
    fn named(entry: &Value, command: &[&str]) -> Vec<String> {
        let secrets = catalog::load().unwrap().secrets;
        let command: Vec<_> = command.iter().map(ToString::to_string).collect();
        let found = plain_secrets(&secrets, entry.as_object().unwrap(), &command, None);
        found.into_iter().map(|secret| format!("{} {}", secret.place, secret.name)).collect()
    }

    #[test]
    fn a_secret_is_named_wherever_it_stands() {
        for (entry, expected) in [
            (json!({"env": {"API_KEY": TOKEN}}), "env API_KEY"),
            (
                json!({"http_headers": {"Authorization": "Bearer abcdefghijklmnop1234"}}),
                "header Authorization",
            ),
            (json!({"oauth": {"clientSecret": "hunter22secret"}}), "oauth clientSecret"),
            (json!({"auth": {"CLIENT_SECRET": "hunter22secret"}}), "auth CLIENT_SECRET"),
            (
                json!({"requestOptions": {"headers": {"Authorization": "Bearer abcdefghijklmnop1234"}}}),
                "requestOptions.headers Authorization",
            ),
            (json!({"apiKey": "hunter22secret"}), "server apiKey"),
            (json!({"bearer_token": "hunter22secret"}), "server bearer_token"),
            (json!({"command": {"path": "x", "args": [], "env": {"API_KEY": TOKEN}}}), "env API_KEY"),
            (json!({"list": [{"deep": {"password": "hunter22secret"}}]}), "list.deep password"),
            (json!({"settings": {"values": [TOKEN]}}), "settings values"),
        ] {
            assert_eq!(named(&entry, &[]), [expected], "{entry}");
        }
    }

    #[test]
    fn many_secrets_below_a_long_name_are_told_in_few_words() {
        let many = (0..1000).map(|n| (format!("token_{n}"), json!("hunter22secret"))).collect::<Map<_, _>>();
        let told = named(&json!({"x".repeat(1 << 16): many}), &[]);
        assert!(told.len() == LISTED && told.iter().all(|line| line.len() < 100), "{}", told[0]);
    }

    #[test]
    fn what_only_names_a_secret_is_none() {
        let entry = json!({
            "bearer_token_env_var": "GITHUB_TOKEN", "env_http_headers": {"Authorization": "GITHUB_TOKEN"},
            "env_keys": ["GITHUB_TOKEN"], "headers": {"Authorization": "Bearer ${TOKEN}"},
            "autoApprove": ["get_token"], "oauth": {"clientId": "abc", "tokenUrl": "https://a.example/token"},
        });
        assert_eq!(named(&entry, &[]), [""; 0]);
    }

    #[test]
    fn a_secret_among_arguments_has_the_name_of_its_flag() {
        for (command, expected) in [
            (vec!["x", "--dsn", "postgresql://ann:hunter22secret@db/x"], "argument --dsn"),
            (vec!["x", "postgresql://ann:hunter22secret@db/x"], "argument value"),
            (vec!["x", "--token=ghp_abcdefghijklmnopqrstuvwxyz0123456789"], "argument --token"),
            (vec!["x", "-e", "API_KEY=ghp_abcdefghijklmnopqrstuvwxyz0123456789"], "argument API_KEY"),
            (vec!["x", "--header", "Authorization: Bearer abcdefghijklmnop1234"], "argument Authorization"),
            (vec!["x", "--user", "ann:hunter22secret"], "argument --user"),
        ] {
            assert_eq!(named(&json!({}), &command), [expected], "{command:?}");
        }
    }
}
