//! The API against its own description: every answer that can be had from a real machine is as `/api/v1/openapi.json` says.

#![cfg(target_os = "linux")]

use std::fs;

use scenarios::{Product, Reply, Up, home::Home, models};
use serde_json::{Value, json};

/// The description of a running product.
struct Api(Value);

impl Api {
    fn of(up: &Up<'_>, token: &str) -> Self {
        let mut document = up.get(token, "/api/v1/openapi.json").json();
        closed(&mut document["components"]["schemas"]);
        Self(document)
    }

    /// Fails when an answer has a status, a type or a field that the description does not have.
    fn check(&self, method: &str, path: &str, reply: &Reply) {
        let operation = &self.0["paths"][path][method];
        assert!(operation.is_object(), "{method} {path} is not described");
        let response = &operation["responses"][reply.status.to_string()];
        assert!(response.is_object(), "{method} {path} may not answer {}: {}", reply.status, reply.body);
        let Some(content) = response["content"].as_object() else {
            assert!(reply.body.is_empty(), "{method} {path} should answer nothing: {}", reply.body);
            return;
        };
        let schema = &content.values().next().expect("an answer has a type")["schema"];
        let mut whole = schema.clone();
        whole["components"] = self.0["components"].clone();
        let validator = jsonschema::draft202012::new(&whole).expect("a schema");
        let body = reply.json();
        let errors: Vec<_> =
            validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{method} {path}: {errors:#?}\n{body:#}");
    }

    /// The paths of all that can be read without naming a thing.
    fn collections(&self) -> Vec<String> {
        let paths = self.0["paths"].as_object().expect("paths");
        let read = paths.iter().filter(|(path, methods)| methods["get"].is_object() && !path.contains('{'));
        read.map(|(path, _)| path.clone()).collect()
    }
}

/// A field that is not described must not pass.
fn closed(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            for (name, inner) in fields.iter_mut() {
                // The parts of a whole know nothing of each other.
                if name != "allOf" {
                    closed(inner);
                }
            }
            if fields.get("properties").is_some_and(Value::is_object) && fields.contains_key("type") {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(closed),
        _ => {}
    }
}

/// A machine with a bit of everything that needs no running program.
fn furnished() -> Product {
    let product = Product::new();
    let home = Home::new();
    home.ollama("tiny", "latest", &models::gguf(&[("general.architecture", "llama")]), "MIT License");
    home.hugging_face("acme/tiny", "tiny.gguf", &models::plain_gguf(), "cc-by-nc-4.0");
    home.tree.write("odd/weights.pkl", models::pickle());
    let servers = json!({"mcpServers": {"files": {"command": "npx", "args": ["-y", "some-server"],
        "env": {"SOME_API_KEY": "s3cr3t-s3cr3t-s3cr3t-s3cr3t"}}}});
    home.tree.write(".cursor/mcp.json", servers.to_string());
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .arg(home.tree.root().join("."))
        .arg(product.home())
        .status();
    assert!(copied.expect("cp starts").success());
    product
}

#[test]
fn every_answer_is_as_the_description_says() {
    let product = furnished();
    let up = product.up();
    let token = product.token("owner");
    let finding = up.items(&token, "/api/v1/findings")[0]["id"].as_str().unwrap().to_owned();
    let api = Api::of(&up, &token);
    let mut told = 0;
    for path in api.collections() {
        let reply = up.get(&token, &path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        api.check("get", &path, &reply);
        api.check("get", &path, &up.get("", &path));
        told += reply.json()["items"].as_array().map_or(0, Vec::len);
        if ["/api/v1/artifacts", "/api/v1/agents", "/api/v1/runtimes", "/api/v1/devices"].contains(&&*path) {
            let one = format!("{path}/{{id}}");
            for item in up.get(&token, &format!("{path}?q=state:installed,running")).json()["items"]
                .as_array()
                .or(reply.json()["items"].as_array())
                .unwrap()
            {
                api.check("get", &one, &up.get(&token, &format!("{path}/{}", item["id"].as_str().unwrap())));
            }
            api.check("get", &one, &up.get(&token, &format!("{path}/nothing")));
        }
        if reply.json()["next"].is_null() && reply.json()["items"].is_array() {
            api.check("get", &path, &up.get(&token, &format!("{path}?q=no-such-field:1")));
        }
    }
    assert!(told > 15, "a machine that is furnished fills the lists: {told}");
    changes(&up, &token, &api, &finding);
}

fn changes(up: &Up<'_>, token: &str, api: &Api, finding: &str) {
    let path = "/api/v1/findings/{id}";
    let change = |body: Value| up.send("PATCH", token, &format!("/api/v1/findings/{finding}"), Some(&body));
    for body in [json!({"acknowledge": {"reason": "seen"}}), json!({"reopen": true}), json!({"nonsense": 1})]
    {
        api.check("patch", path, &change(body));
    }
    api.check("get", path, &up.get(token, &format!("/api/v1/findings/{finding}")));
    let device = up.items(token, "/api/v1/devices")[0]["id"].as_str().unwrap().to_owned();
    for (action, body) in [("rescan", json!({})), ("revoke", json!({}))] {
        let reply = up.send("POST", token, &format!("/api/v1/devices/{device}/{action}"), Some(&body));
        assert!(reply.status < 300, "{action}: {}", reply.body);
        api.check("post", &format!("/api/v1/devices/{{id}}/{action}"), &reply);
    }
    let made = up.send("POST", token, "/api/v1/tokens", Some(&json!({"name": "one", "role": "auditor"})));
    assert_eq!(made.status, 201, "{}", made.body);
    api.check("post", "/api/v1/tokens", &made);
    api.check("get", "/api/v1/tokens", &up.get(token, "/api/v1/tokens"));
    let made = up.send("POST", token, "/api/v1/enrolment-tokens", Some(&json!({})));
    assert_eq!(made.status, 201, "{}", made.body);
    api.check("post", "/api/v1/enrolment-tokens", &made);
    for path in ["/api/v1/tokens", "/api/v1/sessions"] {
        let reply = up.send("DELETE", token, &format!("{path}/999999"), None);
        api.check("delete", &format!("{path}/{{id}}"), &reply);
    }
}

#[test]
fn a_page_after_a_page_misses_and_repeats_nothing_while_rows_come_and_go() {
    let product = Product::new();
    let named = |number: usize| {
        let name = format!("model {number:02}");
        models::gguf(&[("general.architecture", "llama"), ("general.name", &name)])
    };
    let file = |number: usize| product.home().join(format!("models/{number:02}.gguf"));
    (0..40).step_by(2).for_each(|number| fs::write(file(number), named(number)).unwrap());
    let up = product.up();
    let token = product.token("owner");
    up.items(&token, "/api/v1/artifacts?q=model");
    let page = |after: &str| {
        let after = if after.is_empty() { String::new() } else { format!("&after={after}") };
        up.get(&token, &format!("/api/v1/artifacts?q=model&sort=name&limit=8{after}")).json()
    };
    let names = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = page("");
    let mut read = names(&first);
    assert_eq!(read.last().unwrap(), "model 14");
    // Before the place where the page ended, at it, and behind it.
    let _ = [1, 15, 31].map(|number| fs::write(file(number), named(number)).unwrap());
    let _ = [2, 14, 30].map(|number| fs::remove_file(file(number)).unwrap());
    let device = up.items(&token, "/api/v1/devices")[0]["id"].as_str().unwrap().to_owned();
    up.send("POST", &token, &format!("/api/v1/devices/{device}/rescan"), Some(&json!({})));
    up.items(&token, "/api/v1/artifacts?q=%22model%2031%22");
    let mut next = first["next"].clone();
    while let Some(after) = next.as_str() {
        let page = page(after);
        read.extend(names(&page));
        next = page["next"].clone();
    }
    let rest = [15, 16, 18, 20, 22, 24, 26, 28, 31, 32, 34, 36, 38];
    let expected = (0..=14).step_by(2).chain(rest).map(|number| format!("model {number:02}"));
    assert_eq!(read, expected.collect::<Vec<_>>());
}
