//! Small texts beside a model that are lines: a Modelfile of Ollama, a preset of llama.cpp, the front matter of a card.

use super::{
    go,
    jinja::{self, Place},
    node::Node,
    yaml,
};
use crate::{Claim, inspect::Look, reader::cut, rules::texts as rules};

/// A Modelfile: its templates are judged, the rest is data.
pub(super) fn modelfile(text: &str, look: &mut Look<'_>) {
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let trimmed = line.trim_start();
        let (word, value) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
        let value = value.trim_start();
        if !word.eq_ignore_ascii_case("template") && !value.starts_with("\"\"\"") {
            rest = after;
            continue;
        }
        let start = rest.len().saturating_sub(rest.find(value).map_or(0, |at| rest.len().saturating_sub(at)));
        let from = rest.get(start..).unwrap_or_default();
        let (value, length) = quoted(from);
        if word.eq_ignore_ascii_case("template") {
            go::judge(value, "TEMPLATE", look);
        }
        let behind = from.get(length..).unwrap_or_default();
        rest = behind.split_once('\n').map_or("", |(_, after)| after);
    }
}

/// A value of a Modelfile, which may be in quotes and go over lines, and its length with them.
fn quoted(text: &str) -> (&str, usize) {
    for mark in ["\"\"\"", "\""] {
        if let Some(inside) = text.strip_prefix(mark) {
            let end = inside.find(mark).unwrap_or(inside.len());
            let length = end.saturating_add(mark.len().saturating_mul(2)).min(text.len());
            return (inside.get(..end).unwrap_or_default(), length);
        }
    }
    let line = text.split('\n').next().unwrap_or_default();
    (line, line.len())
}

/// Options of llama.cpp that stay with the model: what is loaded, how it computes, how it speaks.
const OPTIONS: &[&str] = &[
    "alias",
    "model",
    "m",
    "hf",
    "hfr",
    "hf-repo",
    "hf-file",
    "hff",
    "mmproj",
    "mmproj-auto",
    "no-mmproj",
    "ctx-size",
    "c",
    "n-predict",
    "predict",
    "n",
    "batch-size",
    "b",
    "ubatch-size",
    "ub",
    "threads",
    "t",
    "threads-batch",
    "tb",
    "n-gpu-layers",
    "gpu-layers",
    "ngl",
    "n-cpu-moe",
    "cpu-moe",
    "ncmoe",
    "cmoe",
    "flash-attn",
    "fa",
    "mlock",
    "mmap",
    "no-mmap",
    "temp",
    "temperature",
    "top-k",
    "top-p",
    "min-p",
    "top-nsigma",
    "typical",
    "repeat-penalty",
    "repeat-last-n",
    "presence-penalty",
    "frequency-penalty",
    "dry-multiplier",
    "dry-base",
    "dry-allowed-length",
    "dry-penalty-last-n",
    "mirostat",
    "seed",
    "s",
    "samplers",
    "sampler-seq",
    "sampling-seq",
    "xtc-probability",
    "xtc-threshold",
    "jinja",
    "no-jinja",
    "chat-template",
    "chat-template-kwargs",
    "reasoning-format",
    "reasoning-budget",
    "cache-type-k",
    "cache-type-v",
    "ctk",
    "ctv",
    "parallel",
    "np",
    "cont-batching",
    "embedding",
    "embeddings",
    "pooling",
    "rerank",
    "reranking",
    "rope-scaling",
    "rope-scale",
    "rope-freq-base",
    "rope-freq-scale",
    "yarn-orig-ctx",
    "draft",
    "draft-max",
    "draft-min",
    "draft-p-min",
    "model-draft",
    "md",
    "hf-repo-draft",
    "hfd",
    "n-gpu-layers-draft",
    "ngld",
    "split-mode",
    "sm",
    "tensor-split",
    "ts",
    "main-gpu",
    "mg",
    "numa",
    "device",
    "dev",
    "override-tensor",
    "ot",
    "keep",
    "context-shift",
    "no-context-shift",
    "swa-full",
    "kv-unified",
    "no-kv-offload",
    "warmup",
    "no-warmup",
    "verbose",
    "load-on-startup",
    "stop-timeout",
    "version",
    "timeout",
    "cache-ram",
    "cache-reuse",
    "image-min-tokens",
    "image-max-tokens",
    "fit",
    "fit-target",
    "fit-ctx",
    "prio",
    "poll",
    "tags",
    "spec-type",
];
/// Options that reach files, the network or tools.
const REACHING: &[&str] = &[
    "log-file",
    "slot-save-path",
    "media-path",
    "path",
    "api-key",
    "api-key-file",
    "ssl-key-file",
    "ssl-cert-file",
    "host",
    "port",
    "rpc",
    "tools",
    "webui-config",
    "webui-config-file",
    "models-dir",
    "models-preset",
    "grammar-file",
    "json-schema-file",
    "jf",
    "chat-template-file",
    "file",
    "f",
    "binary-file",
    "bf",
    "prompt-cache",
    "output",
    "o",
    "output-file",
    "logits-output-dir",
    "system-prompt-file",
    "sysf",
    "lookup-cache-static",
    "lookup-cache-dynamic",
    "lcs",
    "lcd",
    "lora",
    "lora-scaled",
    "control-vector",
    "control-vector-scaled",
    "model-url",
    "mu",
    "mmproj-url",
    "hf-token",
    "hft",
    "props",
    "slots",
    "metrics",
    "api-prefix",
    "plugin",
    "plugins",
    "agent",
    "mcp",
    "webui-mcp-proxy",
    "override-kv",
    "docker-repo",
    "sleep-idle-seconds",
    "public-path",
    "exec",
    "command",
    "cmd",
    "cert",
    "proxy",
];

/// A preset of llama.cpp: `[section]`, `option = value`.
pub(super) fn preset(text: &str, look: &mut Look<'_>) {
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with([';', '#', '['])) {
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (option(key.trim()), value.trim());
        let shown = cut(&key);
        if key == "chat-template" {
            jinja::judge(value, Place { key: "chat-template", offset: None }, look);
        }
        if REACHING.contains(&key.as_str()) {
            let message = format!("the preset sets `{shown}`, which reaches beyond the model");
            look.say(&rules::PRESET_OPTION, None, &key, message);
        } else if matches!(key.as_str(), "model" | "m" | "mmproj" | "model-draft" | "md") && leaves(value) {
            look.say(
                &rules::PRESET_OPTION,
                None,
                &key,
                format!("the preset sets `{shown}` to a file elsewhere"),
            );
        } else if !OPTIONS.contains(&key.as_str()) {
            look.say(&rules::PRESET_UNKNOWN, None, &key, format!("the preset sets `{shown}`"));
        }
        if look.catalog.secrets.is_plain_secret(&key, value) && value.len() >= 8 {
            look.say(&rules::SECRET_IN_CONFIGURATION, None, &key, format!("`{shown}` holds a secret"));
        }
    }
}

/// `--ctx-size`, `LLAMA_ARG_CTX_SIZE` and `ctx_size` as `ctx-size`.
fn option(key: &str) -> String {
    let key = key.trim_start_matches('-').to_ascii_lowercase().replace('_', "-");
    key.strip_prefix("llama-arg-").map_or_else(|| key.clone(), str::to_owned)
}

fn leaves(path: &str) -> bool {
    path.split(['/', '\\']).any(|part| part == "..")
}

/// A model card: licence and base models of its front matter.
pub(super) fn card(text: &str, look: &mut Look<'_>) {
    let text = text.trim_start_matches('\u{feff}');
    let Some(rest) =
        text.strip_prefix("---").filter(|rest| rest.trim_start_matches(' ').starts_with(['\n', '\r']))
    else {
        return;
    };
    let front = rest.split("\n---").next().unwrap_or_default();
    let front: String = front.chars().take(256 << 10).collect();
    let document = yaml::read(&front);
    let Some(root) = document.roots.first() else { return };
    for key in ["license", "license_name"] {
        for license in root.get(key).map(Node::texts).unwrap_or_default().into_iter().take(16) {
            let evidence = format!("README.md key {key}");
            look.license_claims.push(Claim { value: cut(license), evidence });
        }
    }
    for base in root.get("base_model").map(Node::texts).unwrap_or_default().into_iter().take(16) {
        look.base_models.push(cut(base));
    }
}

#[cfg(test)]
mod tests {
    use domain::Verdict;

    use super::*;
    use crate::{inspect::Limits, tests::CATALOG};

    fn said(with: impl FnOnce(&mut Look<'_>)) -> (Verdict, Vec<String>) {
        let limits = Limits::full();
        let mut look = Look::new(&CATALOG, &limits);
        with(&mut look);
        let (verdict, facts, ..) = look.into_parts();
        (verdict, facts.into_iter().map(|fact| fact.rule).collect())
    }

    #[test]
    fn the_template_of_a_modelfile_is_judged_and_its_other_texts_are_not() {
        let file = |template: &str| {
            format!(
                "FROM ./model.gguf\n# TEMPLATE {{{{ exec }}}}\nPARAMETER stop \"x\"\nSYSTEM \"\"\"a\nTEMPLATE {{{{ exec }}}}\n\"\"\"\nTEMPLATE {template}\nLICENSE \"\"\"\nlong\n\"\"\"\n"
            )
        };
        let (benign, hostile) = (
            "\"\"\"{{ if .System }}\n{{ .System }}{{ end }}\"\"\"",
            "\"\"\"{{ .A }}\n{{ exec \"id\" }}\"\"\"",
        );
        assert_eq!(said(|look| modelfile(&file(benign), look)), (Verdict::Clean, vec![]));
        assert_eq!(said(|look| modelfile(&file(hostile), look)).0, Verdict::Suspicious);
        assert_eq!(said(|look| modelfile("template {{ end }}", look)).0, Verdict::Unscannable);
    }

    #[test]
    fn trick_32_a_preset_that_reaches_beyond_the_model_is_suspicious() {
        let benign = "version = 1\n[*]\nctx-size = 4096\n; log-file = x\n[me/model:Q4]\nhf-repo = me/model\n--temp = 0.7\nLLAMA_ARG_TOP_K = 20\n";
        assert_eq!(said(|look| preset(benign, look)), (Verdict::Clean, vec![]));
        for line in [
            "log-file = /home/me/.bashrc",
            "LLAMA_ARG_HOST=0.0.0.0",
            "--rpc = 1.2.3.4:5",
            "model = ../../x.gguf",
            "tools = all",
        ] {
            assert_eq!(said(|look| preset(line, look)).0, Verdict::Suspicious, "{line}");
        }
        let template = "chat-template = {{ ''.__class__ }}";
        assert_eq!(said(|look| preset(template, look)).0, Verdict::Malicious);
        assert_eq!(said(|look| preset("some-new-option = 1", look)).0, Verdict::Clean);
    }

    #[test]
    fn a_card_claims_its_licence_and_its_base() {
        let limits = Limits::full();
        let mut look = Look::new(&CATALOG, &limits);
        card(
            "---\nlicense: apache-2.0\nbase_model:\n- org/base\n- org/other\ntags: [a]\n---\n# Title\n---\n",
            &mut look,
        );
        assert_eq!(look.license_claims[0].value, "apache-2.0");
        assert_eq!(look.base_models, ["org/base", "org/other"]);
        card("# no front matter\nlicense: mit\n", &mut look);
        assert_eq!(look.license_claims.len(), 1);
    }
}
