//! Tricks 26 and 32: templates that reach into the program that renders them, and configurations that name what is to be run.

use super::Case;
use crate::testkit::{Value, archives, gguf};

pub(super) fn cases() -> Vec<Case> {
    [templates(), hidden_names(), configurations(), yaml(), skops(), code(), programs()].concat()
}

const CHAT: &str = "{% for m in messages %}{{ m['role'] ~ m.content }}{% endfor %}";
const INJECTION: &str = "{{ cycler.__init__.__globals__.os.popen('id').read() }}";
const INTERNALS: &[&str] = &["template-internals"];
const CODE: &[&str] = &["target-runs-code"];

/// A text under a name.
fn case(
    tricks: &'static [u8],
    file: &'static str,
    what: impl Into<String>,
    rules: &'static [&'static str],
    malicious: &str,
    benign: &str,
) -> Case {
    let format = match file.rsplit_once('.') {
        Some((_, "json")) => "json",
        Some((_, "yaml")) => "yaml",
        Some((_, "py")) => "python",
        Some((_, "ini")) => "preset",
        Some(_) => "jinja",
        None => "template",
    };
    Case::new(tricks, format, what, rules, malicious, benign).called(file)
}

/// The same template wherever one may stand.
fn templates() -> Vec<Case> {
    let model = |key: &str, template| gguf(&[(key, Value::Text(template))], &[("w", &[32])]);
    let inside = |shape: &str, template: &str| shape.replace('?', template);
    let mut cases =
        vec![case(&[26], "chat_template.jinja", "a template by itself", INTERNALS, INJECTION, CHAT)];
    for (what, key) in [
        ("the default template", "tokenizer.chat_template"),
        ("a named template", "tokenizer.chat_template.tool_use"),
        ("a template under another key", "prompt_template"),
    ] {
        let (malicious, benign) = (model(key, INJECTION), model(key, CHAT));
        cases.push(Case::new(&[26], "gguf", what, INTERNALS, malicious, benign).called("model.gguf"));
    }
    for (what, shape) in [
        ("a template", r#"{"chat_template": "?"}"#),
        ("a named template in a list", r#"{"chat_template": [{"name": "a", "template": "?"}]}"#),
        ("a named template", r#"{"chat_template": {"default": "?"}}"#),
        ("the second of two templates", r#"{"chat_template": "x", "chat_template": "?"}"#),
    ] {
        for file in ["tokenizer_config.json", "chat_template.json", "processor_config.json"] {
            let (malicious, benign) = (inside(shape, INJECTION), inside(shape, CHAT));
            let case = case(&[26], file, format!("{what} in {file}"), INTERNALS, &malicious, &benign);
            let twice = shape.matches("chat_template").count() > 1;
            cases.push(if twice { case.remarked(&["duplicate-key"]) } else { case });
        }
    }
    let escaped = inside(r#"{"chat_template": "?"}"#, &INJECTION.replace("__", "\\u005f\\u005f"));
    let benign = inside(r#"{"chat_template": "?"}"#, &CHAT.replace("m.", "\\u006d."));
    cases.push(case(&[26], "tokenizer_config.json", "a template in escapes", INTERNALS, &escaped, &benign));
    cases
}

/// The same name in whatever it is spelled.
fn hidden_names() -> Vec<Case> {
    let spelled =
        |what: &str, rules, template: &str| case(&[26], "chat_template.jinja", what, rules, template, CHAT);
    vec![
        spelled("a name by attr", INTERNALS, "{{ x|attr('__class__') }}"),
        spelled("a name of two parts", INTERNALS, "{{ x['__cl' ~ 'ass__'] }}"),
        spelled("a name by format", INTERNALS, "{{ x['%c%cclass%c%c'|format(95, 95, 95, 95)] }}"),
        spelled("a name in hex escapes", INTERNALS, "{{ x['\\x5f\\x5fclass\\x5f\\x5f'] }}"),
        spelled("a name read backwards", INTERNALS, "{{ x['__ssalc__'[::-1]] }}"),
        spelled("a name by join", INTERNALS, "{{ x[['__cl', 'ass__']|join] }}"),
        spelled("a name through a variable", INTERNALS, "{% set a = '__cl' %}{{ x[a ~ 'ass__'] }}"),
        spelled("a name by map", INTERNALS, "{{ [x]|map(attribute='__class__')|list }}"),
        spelled(
            "a name from the letters of a value",
            &["template-built-name"],
            "{% set s = (()|select|string|list)[24] %}{{ x[s ~ s ~ 'class' ~ s ~ s] }}",
        ),
        spelled("another template", &["template-loads-template"], "{% include 'other' %}"),
        spelled("a function of none", &["template-outside-allow-list"], "{{ no_such_function() }}"),
        spelled(
            "a loop without end",
            &["template-exhausts"],
            "{% for x in range(100000000000) %}{% endfor %}",
        ),
    ]
}

fn configurations() -> Vec<Case> {
    let trick = |file, what: &str, rules, malicious: &str, benign: &str| {
        case(&[32], file, what, rules, malicious, benign)
    };
    let index = |file: &str| format!(r#"{{"weight_map": {{"w": "{file}"}}}}"#);
    let mut cases = vec![
        trick(
            "config.json",
            "auto_map",
            &["remote-code"],
            r#"{"model_type": "x", "auto_map": {"AutoModel": "modeling_x.XModel"}}"#,
            r#"{"model_type": "x", "auto_map": {}}"#,
        ),
        trick(
            "tokenizer_config.json",
            "auto_map of a tokenizer",
            &["remote-code"],
            r#"{"auto_map": {"AutoTokenizer": ["me/other--t.XTokenizer", null]}}"#,
            r#"{"tokenizer_class": "PreTrainedTokenizerFast"}"#,
        ),
        trick(
            "config.json",
            "custom_pipelines",
            &["remote-code"],
            r#"{"custom_pipelines": {"t": {"impl": "p.P", "pt": ["AutoModel"]}}}"#,
            r#"{"model_type": "x", "trust_remote_code": true}"#,
        )
        .remarked(&["trust-remote-code"]),
        trick(
            "model_index.json",
            "a part of another module",
            &["custom-module"],
            r#"{"unet": ["my_unet", "Net"]}"#,
            r#"{"unet": ["diffusers", "UNet2DConditionModel"]}"#,
        ),
        trick(
            "model_index.json",
            "a part that runs programs",
            CODE,
            r#"{"unet": ["os", "system"]}"#,
            r#"{"unet": ["diffusers", "UNet2DConditionModel"]}"#,
        ),
        trick(
            "modules.json",
            "a module of sentences",
            &["remote-code"],
            r#"[{"type": "custom_st.Transformer"}]"#,
            r#"[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]"#,
        ),
    ];
    for file in ["../x.bin", "/etc/passwd"] {
        let what = format!("a shard at {file}");
        cases.push(trick(
            "pytorch_model.bin.index.json",
            &what,
            &["index-escapes"],
            &index(file),
            &index("pytorch_model-00001-of-00002.bin"),
        ));
    }
    cases
}

fn yaml() -> Vec<Case> {
    let target = |name: &str| format!("a:\n- b:\n    _target_: {name}\n");
    let mut cases: Vec<Case> =
        ["os.system", "builtins.eval", "subprocess.run", "torch.hub.load", "pickle.loads"]
            .into_iter()
            .map(|name| {
                let what = format!("the target {name}");
                case(&[32], "model_config.yaml", what, CODE, &target(name), &target("torch.optim.AdamW"))
            })
            .collect();
    let benign = "a: !!python/tuple [1, 2]\nb: !!str 3\nc: !new:torch.nn.ReLU\n";
    for (what, rules, tag) in [
        ("a call", &["yaml-python-object"][..], "!!python/object/apply:os.system [id]"),
        ("an object", &["yaml-python-object"], "!!python/object/new:subprocess.Popen [[id]]"),
        ("a function", &["yaml-python-object"], "!!python/name:os.system ''"),
        ("a module", &["yaml-python-object"], "!!python/module:os ''"),
        ("a type", &["yaml-python-type"], "!!python/object:argparse.Namespace {}"),
        ("a call of another dialect", CODE, "!apply:os.system [id]"),
    ] {
        let what = format!("{what} by a tag");
        cases.push(case(&[32], "hparams.yaml", what, rules, &format!("a: {tag}\n"), benign));
    }
    cases.push(case(
        &[32],
        "model_config.yaml",
        "a target that nobody knows",
        &["target-unknown"],
        "_target_: my_package.build\n",
        "_target_: nemo.collections.asr.models.EncDecCTCModel\n",
    ));
    let packed = |name: &str| {
        let config = format!("optim:\n  _target_: {name}\n");
        archives::gzip(&archives::tar(&[archives::entry("./model_config.yaml", b'0', "", config.as_bytes())]))
    };
    let (malicious, benign) = (packed("os.system"), packed("torch.optim.AdamW"));
    cases.push(
        Case::new(&[21, 32], "tar", "a target in an archive", CODE, malicious, benign).called("m.nemo"),
    );
    cases
}

fn skops() -> Vec<Case> {
    let node = |module: &str, class: &str, loader: &str| {
        let inner =
            format!(r#"{{"__class__": "{class}", "__module__": "{module}", "__loader__": "{loader}"}}"#);
        let schema = format!(
            r#"{{"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "content": {{"a": [{inner}]}}, "protocol": 1}}"#
        );
        archives::zip(&[archives::part("schema.json", schema.as_bytes())])
    };
    let benign = node("sklearn.linear_model._logistic", "LogisticRegression", "ObjectNode");
    [
        ("a function that runs programs", &["skops-runs-code"][..], node("os", "system", "FunctionNode")),
        ("a type of another package", &["skops-unknown-type"], node("my_package", "Thing", "ObjectNode")),
        ("a call of a method", &["skops-unknown-type"], node("operator", "methodcaller", "OperatorFuncNode")),
    ]
    .into_iter()
    .map(|(what, rules, malicious)| {
        Case::new(&[32], "skops", what, rules, malicious, benign.clone()).called("model.skops")
    })
    .collect()
}

fn code() -> Vec<Case> {
    let benign = "import os\nimport torch\n\nclass X(torch.nn.Module):\n    def eval(self):\n        return os.path.join('a', 'b')\n";
    let beside = |what: &str, rules, text: &str| {
        case(&[32], "modeling_x.py", what, rules, text, benign).remarked(&["code-beside-model"])
    };
    vec![
        beside("code that starts programs", &["code-runs-programs"], "import os as o\no.popen('id')\n"),
        beside(
            "a function under another name",
            &["code-runs-programs"],
            "from os import popen as p\np('id')\n",
        ),
        beside("a module in a list", &["code-runs-programs"], "import os, subprocess as s\ns.run(['id'])\n"),
        beside(
            "code that runs what it decodes",
            &["code-hides-code"],
            "import base64\nexec(base64.b64decode('aWQ='))\n",
        ),
    ]
}

/// Texts for programs that run models.
fn programs() -> Vec<Case> {
    let preset = |line: &str| format!("version = 1\n[*]\nctx-size = 4096\n{line}\n");
    let mut cases = Vec::new();
    for line in ["log-file = /home/me/.bashrc", "--rpc = 1.2.3.4:5", "model = ../../x.gguf"] {
        let what = format!("the line {line}");
        let (malicious, benign) = (preset(line), preset("--temp = 0.7"));
        cases.push(case(&[32], "preset.ini", what, &["preset-option"], &malicious, &benign));
    }
    for function in ["exec \"id\"", "readFile \"/etc/passwd\""] {
        let malicious = format!("{{{{ .Prompt }}}}{{{{ {function} }}}}");
        let what = format!("the function {function}");
        cases.push(case(&[26], "template", what, &["go-template-function"], &malicious, "{{ .Prompt }}"));
    }
    cases
}
