//! Trick 32: what configurations make their loaders do. Each malicious text has a benign twin.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use domain::{Severity, Verdict};
use proptest::prelude::*;

use crate::tests::inspected_as;

/// The verdict, and the rules said with the names they are about.
fn judged(name: &str, text: &str) -> (Verdict, Vec<(String, String)>) {
    let found = inspected_as(text.as_bytes(), name);
    let said = found.facts.into_iter().map(|fact| (fact.rule, fact.name.unwrap_or_default()));
    (found.verdict, said.collect())
}

fn is_clean(name: &str, text: &str) {
    let found = inspected_as(text.as_bytes(), name);
    assert_eq!(found.verdict, Verdict::Clean, "{name}: {:?}", found.facts);
    assert!(found.facts.iter().all(|fact| fact.severity <= Severity::Low), "{name}: {:?}", found.facts);
}

fn is(verdict: Verdict, name: &str, text: &str, rule: &str) {
    let (found, said) = judged(name, text);
    assert_eq!(found, verdict, "{name} {text}: {said:?}");
    assert!(said.iter().any(|(said, _)| said == rule), "{name} {text}: {said:?}");
}

#[test]
fn the_files_of_an_ordinary_model_are_clean() {
    is_clean(
        "config.json",
        r#"{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "_name_or_path": "me/model", "torch_dtype": "bfloat16",
            "bos_token_id": 1, "rope_scaling": {"factor": 8.0, "rope_type": "llama3"}, "quantization_config": {"quant_method": "gptq", "bits": 4},
            "time_step_limit": [0.0, Infinity], "_attn_implementation": "sdpa", "id2label": {"0": "A"}, "token": "<s>"}"#,
    );
    is_clean(
        "tokenizer_config.json",
        r#"{"bos_token": {"__type": "AddedToken", "content": "<s>"}, "added_tokens_decoder": {"0": {"content": "<unk>"}},
            "eos_token": "<|end_of_text|>", "unk_token": "[UNK]", "tokenizer_class": "PreTrainedTokenizerFast",
            "chat_template": "{% for m in messages %}{{ m['content'] }}{% endfor %}"}"#,
    );
    is_clean(
        "tokenizer_config.json",
        r#"{"chat_template": [{"name": "default", "template": "{{ messages[0].content }}"}, {"name": "tool_use", "template": "{{ tools }}"}]}"#,
    );
    is_clean(
        "tokenizer.json",
        r#"{"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#,
    );
    is_clean("generation_config.json", r#"{"do_sample": true, "temperature": 0.6, "eos_token_id": [1, 2]}"#);
    is_clean(
        "model.safetensors.index.json",
        r#"{"metadata": {"total_size": 1}, "weight_map": {"w": "model-00001-of-00002.safetensors"}}"#,
    );
    is_clean("chat_template.jinja", "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}");
    is_clean("README.md", "---\nlicense: mit\n---\n# Model\n");
    is_clean("LICENSE", "Apache License\n");
    is_clean(".gitattributes", "*.bin filter=lfs\n");
    is_clean("merges.txt", "#version: 0.2\na b\n");
    is_clean(
        "modules.json",
        r#"[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]"#,
    );
}

#[test]
fn trick_32_auto_map_names_code_that_is_loaded() {
    for (reference, file) in
        [("modeling_x.XModel", "modeling_x.py"), ("me/other--modeling_x.XModel", "me/other")]
    {
        let text = format!(r#"{{"model_type": "x", "auto_map": {{"AutoModel": "{reference}"}}}}"#);
        for name in ["config.json", "processor_config.json", "preprocessor_config.json"] {
            is(Verdict::Suspicious, name, &text, "remote-code");
        }
        let found = inspected_as(text.as_bytes(), "config.json");
        assert!(found.facts[0].message.contains(file), "{:?}", found.facts);
    }
    let listed = r#"{"auto_map": {"AutoTokenizer": ["tokenization_x.XTokenizer", null]}}"#;
    is(Verdict::Suspicious, "tokenizer_config.json", listed, "remote-code");
    is(
        Verdict::Suspicious,
        "config.json",
        r#"{"text_config": {"auto_map": {"AutoConfig": "a.B"}}}"#,
        "remote-code",
    );
    is(
        Verdict::Suspicious,
        "config.json",
        r#"{"custom_pipelines": {"t": {"impl": "p.P", "pt": ["AutoModel"]}}}"#,
        "remote-code",
    );
    is(Verdict::Suspicious, "config.json", r#"{"attn_implementation": "me/kernels"}"#, "remote-code");
    is_clean("config.json", r#"{"model_type": "x", "auto_map": {}}"#);
    is_clean("training_args.json", r#"{"trust_remote_code": true}"#);
}

#[test]
fn trick_26_templates_are_judged_wherever_they_occur() {
    let payload = r"{{ ''.__class__.__mro__[1].__subclasses__() }}";
    is(Verdict::Malicious, "chat_template.jinja", payload, "template-internals");
    for text in [
        format!(r#"{{"chat_template": "{payload}"}}"#),
        format!(r#"{{"chat_template": [{{"name": "a", "template": "{payload}"}}]}}"#),
        format!(r#"{{"chat_template": {{"default": "{payload}"}}}}"#),
        format!(r#"{{"chat_template": "x", "chat_template": "{payload}"}}"#),
        format!(r#"{{"a": {{"prompt_template": "{payload}"}}}}"#),
        format!(r#"{{"chat_template": "{}"}}"#, payload.replace("__", "\\u005f\\u005f")),
    ] {
        for name in ["tokenizer_config.json", "chat_template.json", "processor_config.json"] {
            is(Verdict::Malicious, name, &text, "template-internals");
        }
    }
    is(Verdict::Unscannable, "tokenizer_config.json", r#"{"chat_template": "{% if %}"}"#, "template-broken");
}

#[test]
fn trick_32_targets_that_run_programs_are_malicious() {
    is_clean(
        "model_config.yaml",
        "target: nemo.collections.asr.models.EncDecCTCModel\noptim:\n  _target_: torch.optim.AdamW\n  lr: 1e-3\npreprocessor:\n  _target_: nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor\n",
    );
    is_clean(
        "v1-inference.yaml",
        "model:\n  target: ldm.models.diffusion.ddpm.LatentDiffusion\n  params:\n    a: 1\n",
    );
    for name in
        ["os.system", "builtins.eval", "subprocess.run", "torch.hub.load", "pickle.loads", "posix.system"]
    {
        is(
            Verdict::Malicious,
            "model_config.yaml",
            &format!("a:\n- b:\n    _target_: {name}\n    command: id\n"),
            "target-runs-code",
        );
        is(
            Verdict::Malicious,
            "model_config.yaml",
            &format!("x: &x {name}\na: {{_target_: *x}}\n"),
            "target-runs-code",
        );
        is(
            Verdict::Malicious,
            "config.json",
            &format!(r#"{{"a": [{{"_target_": "{name}"}}]}}"#),
            "target-runs-code",
        );
        is(Verdict::Malicious, "x.yaml", &format!("target: {name}\nparams: [id]\n"), "target-runs-code");
    }
    is(Verdict::Suspicious, "model_config.yaml", "_target_: my_package.build\n", "target-unknown");
    is(Verdict::Suspicious, "model_config.yaml", "_target_: ${name}\n", "target-unknown");
    is(Verdict::Malicious, "model_config.yaml", "a: 1\n---\n_target_: os.system\n", "target-runs-code");
    is(Verdict::Malicious, "model_config.yaml", "_target_: os.system\nb: [\n", "target-runs-code");
}

#[test]
fn trick_32_yaml_that_makes_objects_is_malicious() {
    is_clean("hparams.yaml", "a: !!python/tuple [1, 2]\nb: !!str 3\nc: !new:torch.nn.ReLU\nd: !ref <a>\n");
    for tag in [
        "!!python/object/apply:os.system [id]",
        "!!python/object/new:subprocess.Popen [[id]]",
        "!!python/name:os.system ''",
        "!!python/module:os ''",
        "!<tag:yaml.org,2002:python/object/apply:os.system> [id]",
    ] {
        is(Verdict::Malicious, "hparams.yaml", &format!("a: {tag}\n"), "yaml-python-object");
    }
    is(Verdict::Suspicious, "hparams.yaml", "a: !!python/object:argparse.Namespace {}\n", "yaml-python-type");
    is(Verdict::Malicious, "hyperparams.yaml", "a: !apply:os.system [id]\n", "target-runs-code");
    is(
        Verdict::Malicious,
        "hyperparams.yaml",
        "%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!object/apply:os.system [id]\n",
        "yaml-python-object",
    );
}

#[test]
fn trick_32_modules_that_are_imported_by_name() {
    is_clean(
        "model_index.json",
        r#"{"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30", "unet": ["diffusers", "UNet2DConditionModel"], "text_encoder": ["transformers", "CLIPTextModel"], "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"], "feature_extractor": [null, null]}"#,
    );
    is(Verdict::Suspicious, "model_index.json", r#"{"unet": ["my_unet", "Net"]}"#, "custom-module");
    is(Verdict::Malicious, "model_index.json", r#"{"unet": ["os", "system"]}"#, "target-runs-code");
    is(Verdict::Suspicious, "model_index.json", r#"{"_class_name": ["pipeline", "P"]}"#, "remote-code");
    is_clean(
        "adapter_config.json",
        r#"{"peft_type": "LORA", "base_model_name_or_path": "org/base", "auto_mapping": {"base_model_class": "X", "parent_library": "transformers.models.x"}, "megatron_core": "megatron.core"}"#,
    );
    is(
        Verdict::Suspicious,
        "adapter_config.json",
        r#"{"auto_mapping": {"parent_library": "evil_lib"}}"#,
        "custom-module",
    );
    is(Verdict::Malicious, "adapter_config.json", r#"{"megatron_core": "antigravity"}"#, "target-runs-code");
    is(Verdict::Suspicious, "modules.json", r#"[{"type": "custom_st.Transformer"}]"#, "remote-code");
    is_clean("configuration.json", r#"{"framework": "pytorch", "task": "chat", "allow_remote": false}"#);
    is(Verdict::Suspicious, "configuration.json", r#"{"allow_remote": true}"#, "remote-code");
    is(Verdict::Suspicious, "configuration.json", r#"{"plugins": ["evil"]}"#, "custom-module");
}

#[test]
fn trick_32_a_skops_schema_with_types_that_run_programs() {
    let node = |module, class, loader| {
        format!(
            r#"{{"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "content": {{"a": [{{"__class__": "{class}", "__module__": "{module}", "__loader__": "{loader}"}}]}}, "protocol": 1}}"#
        )
    };
    is_clean("schema.json", &node("sklearn.linear_model._logistic", "LogisticRegression", "ObjectNode"));
    is_clean("schema.json", &node("numpy", "ndarray", "NdArrayNode"));
    is(Verdict::Malicious, "schema.json", &node("os", "system", "FunctionNode"), "skops-runs-code");
    is(Verdict::Malicious, "schema.json", &node("builtins", "eval", "TypeNode"), "skops-runs-code");
    is(Verdict::Suspicious, "schema.json", &node("my_package", "Thing", "ObjectNode"), "skops-unknown-type");
    is(
        Verdict::Suspicious,
        "schema.json",
        &node("sklearn.linear_model", "LogisticRegression", "MethodNode"),
        "skops-unknown-type",
    );
    is(
        Verdict::Suspicious,
        "schema.json",
        &node("operator", "methodcaller", "OperatorFuncNode"),
        "skops-unknown-type",
    );
    is_clean("schema.json", r#"{"$schema": "x", "properties": {"__class__": {"type": "string"}}}"#);
}

#[test]
fn an_index_that_leads_elsewhere_is_suspicious() {
    for file in ["../x.bin", "/etc/passwd", "a/../../b", "C:\\\\x", "\\\\\\\\host\\\\x"] {
        let text = format!(r#"{{"weight_map": {{"w": "{file}"}}}}"#);
        is(Verdict::Suspicious, "pytorch_model.bin.index.json", &text, "index-escapes");
    }
}

#[test]
fn code_beside_a_model_is_a_remark_and_what_runs_programs_is_suspicious() {
    is_clean(
        "modeling_x.py",
        "# os.system('x')\n\"\"\" eval('1') \"\"\"\nimport os\nimport torch\nfrom torch import nn\n\nclass X(nn.Module):\n    def eval(self):\n        self.model.eval()\n        re.compile('x')\n        torch.compile(self)\n        s = 'os.system(1)'\n        return os.path.join('a', 'b')\n",
    );
    is_clean("tokenization_x.py", "import requests\nrequests.get(url)\n");
    for code in [
        "import os\nos.system('id')\n",
        "import os as o\no.system('id')\n",
        "from os import system\nsystem('id')\n",
        "from os import (path, popen as p)\np('id')\n",
        "import subprocess\nsubprocess.run(['id'])\n",
        "from subprocess import *\nimport subprocess as s\ns.Popen('id')\n",
        "eval(x)\n",
        "exec(open('x').read())\n",
        "__import__('os').system('id')\n",
        "getattr(os, 'sys' + 'tem')('id')\n",
        "import socket\ns = socket.socket()\n",
        "x = 1; y = f(lambda: eval(z))\n",
    ] {
        is(Verdict::Suspicious, "modeling_x.py", code, "code-runs-programs");
    }
    for code in [
        "import base64\nexec(base64.b64decode('aWQ='))\n",
        "exec(compile(zlib.decompress(b64decode(x)), '', 'exec'))\n",
        "eval(codecs.decode('x', 'rot13'))\n",
        "import socket, os, pty\ns = socket.socket()\nos.dup2(s.fileno(), 0)\npty.spawn('sh')\n",
        "exec(urllib.request.urlopen(u).read())\n",
    ] {
        is(Verdict::Malicious, "modeling_x.py", code, "code-hides-code");
    }
    is_clean("setup.py", "import subprocess\nsubprocess.run('x')\n");
}

#[test]
fn a_secret_is_named_and_never_shown() {
    let token = format!("hf_{}", "aB3dE6gH".repeat(5));
    for text in [
        format!(r#"{{"hub": {{"push_token": "{token}"}}}}"#),
        format!(r#"{{"hub": {{"url": "https://me:{token}@example.org/x"}}}}"#),
    ] {
        let found = inspected_as(text.as_bytes(), "trainer_config.json");
        let fact = &found.facts[0];
        assert_eq!((found.verdict, fact.rule.as_str()), (Verdict::Clean, "secret-in-configuration"));
        assert!(fact.name.as_deref().is_some_and(|name| name.starts_with("hub.")));
        assert!(!format!("{found:?}").contains("aB3dE6gH"), "{found:?}");
    }
    is(Verdict::Clean, "x.yaml", "db:\n  password: correct-horse-9\n", "secret-in-configuration");
    is_clean(
        "special_tokens_map.json",
        r#"{"pad_token": "<|finetune_right_pad_id|>", "image_token": "<image_soft_token>", "cls_token": "abcdefghijkl", "secret": "${SECRET}"}"#,
    );
}

#[test]
fn what_cannot_be_read_is_unscannable() {
    for (name, text) in [
        ("config.json", "{"),
        ("config.json", "{\"a\": 1,}"),
        ("tokenizer.json", "{]"),
        ("x.yaml", "a: [\n"),
        ("chat_template.jinja", "{{"),
    ] {
        assert_eq!(judged(name, text).0, Verdict::Unscannable, "{name} {text}");
    }
    assert_eq!(inspected_as(b"{\"a\": \"\xff\"}", "config.json").verdict, Verdict::Unscannable);
    assert_eq!(inspected_as(b"a\0b", "notes.txt").verdict, Verdict::Unscannable);
    assert_eq!(inspected_as(b"text", "no-known-name").verdict, Verdict::Unscannable);
}

#[test]
fn a_key_that_stands_twice_is_told_and_both_values_are_judged() {
    let text = r#"{"auto_map": {"AutoModel": "a.B"}, "auto_map": {}}"#;
    is(Verdict::Suspicious, "config.json", text, "duplicate-key");
}

proptest! {
    #[test]
    fn any_text_of_any_name_is_answered(
        name in prop::sample::select(vec!["config.json", "a.yaml", "schema.json", "model_index.json", "a.py", "Modelfile", "preset.ini", "README.md", "template", "tokenizer.json"]),
        text in "(?s).{0,300}",
    ) {
        inspected_as(text.as_bytes(), name);
    }

    #[test]
    fn python_like_text_is_answered(parts in prop::collection::vec(prop::sample::select(vec![
        "import", "from", "as", "os", ".", "system", "(", ")", ",", "'", "\"\"\"", "\\", "#", "\n", " ", "exec", "b64decode", "*",
    ]), 0..60)) {
        inspected_as(parts.concat().as_bytes(), "a.py");
    }
}
