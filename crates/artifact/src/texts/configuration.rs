//! What a configuration makes its loader do: code that comes with the model, modules that are imported, functions that
//! are called, templates that are rendered. And secrets that stand in it.
//!
//! A configuration is judged by what stands in it and not by its name, since any loader may read any of its keys; the
//! name only adds what one file alone means (`model_index.json`).

use super::{
    jinja::{self, Place},
    names::{self, Leads},
    node::Node,
};
use crate::{inspect::Look, reader::cut, rules::texts as rules};

/// Values in which secrets are looked for, and the longest of them.
const SECRETS: usize = 50_000;
const SECRET_LENGTH: usize = 4096;

/// Judges a tree.
pub(super) fn judge(root: &Node, name: &str, look: &mut Look<'_>) {
    let mut looked_for_secrets = 0usize;
    root.walk(&mut Vec::new(), &mut |path, map, key, value| {
        let at = At { path, map, key, value };
        code(&at, look);
        targets(&at, look);
        template(&at, look);
        looked_for_secrets = looked_for_secrets.saturating_add(1);
        if looked_for_secrets <= SECRETS {
            secret(&at, look);
        }
    });
    match name {
        "adapter_config.json" => adapter(root, look),
        "model_index.json" => pipeline(root, look),
        "modules.json" => modules(root, look),
        "configuration.json" => plugins(root, look),
        _ if name.ends_with(".index.json") => index(root, look),
        "schema.json" => super::skops::judge(root, look),
        _ => {}
    }
}

/// A pair of the tree, and where it stands.
struct At<'n> {
    path: &'n [String],
    map: &'n Node,
    key: &'n str,
    value: &'n Node,
}

impl At<'_> {
    /// The keys from the root to the value.
    fn place(&self) -> String {
        let keys = self.path.iter().map(String::as_str).chain([self.key]);
        cut(&keys.collect::<Vec<_>>().join("."))
    }
}

/// Code that comes with the model.
fn code(at: &At<'_>, look: &mut Look<'_>) {
    match at.key {
        "auto_map" => {
            let all = at.value.pairs().iter().flat_map(|(_, value)| value.texts()).chain(at.value.texts());
            for reference in all {
                remote(&at.place(), reference, look);
            }
        }
        "custom_pipelines" => {
            for (task, pipeline) in at.value.pairs() {
                if let Some(reference) = pipeline.get("impl").and_then(Node::text) {
                    remote(&format!("{}.{task}", at.place()), reference, look);
                }
            }
        }
        "trust_remote_code" if at.value.is_true() => {
            look.say(&rules::TRUST_REMOTE_CODE, None, &at.place(), format!("`{}` is set", at.place()));
        }
        // A repository of compiled kernels, which are loaded into the process.
        "attn_implementation" | "_attn_implementation" | "_attn_implementation_internal" => {
            for reference in at.value.texts().into_iter().filter(|text| text.contains('/')) {
                let message =
                    format!("`{}` loads compiled code from the repository `{}`", at.place(), cut(reference));
                look.say(&rules::REMOTE_CODE, None, reference, message);
            }
        }
        _ => {}
    }
}

/// `modeling_x.XModel`, or `owner/name--modeling_x.XModel` of another repository.
fn remote(place: &str, reference: &str, look: &mut Look<'_>) {
    let (repository, class) = match reference.split_once("--") {
        Some((repository, class)) => (Some(repository), class),
        None => (None, reference),
    };
    let file = class.rsplit_once('.').map_or(class, |(module, _)| module);
    let from = match repository {
        Some(repository) => format!("of the repository `{}`", cut(repository)),
        None => "beside the model".to_owned(),
    };
    let message = format!("`{place}` loads `{}` from `{}.py` {from}", cut(class), cut(file));
    look.say(&rules::REMOTE_CODE, None, reference, message);
}

/// Functions and classes that are called by their names.
fn targets(at: &At<'_>, look: &mut Look<'_>) {
    let own = match at.key {
        "_target_" | "__target__" | "_target" => true,
        // The older spelling; a `target` may be anything else as well.
        "target" => at.map.get("params").is_some(),
        "class_path" => at.map.get("init_args").is_some(),
        _ => return,
    };
    for name in at.value.texts() {
        let place = at.place();
        match names::leads(name) {
            Leads::Model => {}
            Leads::Runs if own || at.key == "class_path" => {
                let message = format!("`{place}` calls `{}`, which runs programs or code", cut(name));
                look.say(&rules::TARGET_RUNS, None, name, message);
            }
            Leads::Unknown if own && at.key.starts_with('_') => {
                let message =
                    format!("`{place}` calls `{}`, which no known library of models has", cut(name));
                look.say(&rules::TARGET_UNKNOWN, None, name, message);
            }
            _ => {}
        }
    }
}

/// A chat template, under its own key or as one of a list with names; elsewhere only what is Jinja.
fn template(at: &At<'_>, look: &mut Look<'_>) {
    let place = at.place();
    let offset = None;
    match at.value {
        Node::Text(text) if at.key.contains("chat_template") => {
            jinja::judge(text, Place { key: &place, offset }, look);
        }
        Node::Text(text)
            if at.key.contains("template") || at.path.iter().any(|key| key.contains("template")) =>
        {
            jinja::judge_if_jinja(text, Place { key: &place, offset }, look);
        }
        Node::List(items) if at.key.contains("template") => {
            for text in items.iter().filter_map(Node::text) {
                jinja::judge_if_jinja(text, Place { key: &place, offset }, look);
            }
        }
        _ => {}
    }
}

/// A secret, named by its place and never shown.
fn secret(at: &At<'_>, look: &mut Look<'_>) {
    // Tokens of a vocabulary are no secrets, whatever they are called.
    let name = if at.key.contains("token") && !at.key.contains("auth") && !at.key.contains("hub") {
        ""
    } else {
        at.key
    };
    let secrets = &look.catalog.secrets;
    let found = at.value.texts().into_iter().any(|text| {
        let shown = text.contains(['<', ' ', '[']) || text.len() < 8;
        (8..=SECRET_LENGTH).contains(&text.len())
            && (secrets.is_plain_secret("", text) || !shown && secrets.is_plain_secret(name, text))
    });
    if found {
        let place = at.place();
        look.say(&rules::SECRET_IN_CONFIGURATION, None, &place, format!("`{place}` holds a secret"));
    }
}

/// An adapter: the model that it belongs to, and modules that its loader imports.
fn adapter(root: &Node, look: &mut Look<'_>) {
    if let Some(base) = root.get("base_model_name_or_path").and_then(Node::text)
        && !base.is_empty()
    {
        look.base_models.push(cut(base));
    }
    let library =
        root.get("auto_mapping").and_then(|mapping| mapping.get("parent_library")).and_then(Node::text);
    let megatron = root.get("megatron_core").and_then(Node::text).filter(|name| *name != "megatron.core");
    for (key, module) in [("auto_mapping.parent_library", library), ("megatron_core", megatron)] {
        // The script that trained the adapter: nothing is imported for it.
        if let Some(module) = module.filter(|module| *module != "__main__") {
            import(key, module, look);
        }
    }
}

/// Says what comes of importing a module by the name that a configuration gives it.
fn import(key: &str, module: &str, look: &mut Look<'_>) {
    match names::leads(module) {
        Leads::Model => {}
        Leads::Runs => {
            let message = format!("`{}` imports `{}`, which runs programs or code", cut(key), cut(module));
            look.say(&rules::TARGET_RUNS, None, module, message);
        }
        Leads::Unknown => {
            let message = format!("`{}` imports the module `{}`", cut(key), cut(module));
            look.say(&rules::CUSTOM_MODULE, None, module, message);
        }
    }
}

/// Pipelines of diffusers that have parts of their own, by the names that their modules have there.
const PIPELINES: &[&str] = &[
    "alt_diffusion",
    "animatediff",
    "audioldm",
    "audioldm2",
    "aura_flow",
    "blip_diffusion",
    "chroma",
    "cogvideo",
    "cogview3",
    "cogview4",
    "controlnet",
    "cosmos",
    "deepfloyd_if",
    "dit",
    "flux",
    "hidream_image",
    "hunyuan_video",
    "hunyuandit",
    "i2vgen_xl",
    "kandinsky",
    "kandinsky2_2",
    "kandinsky3",
    "kolors",
    "latent_consistency_models",
    "latent_diffusion",
    "ledits_pp",
    "ltx",
    "lumina",
    "lumina2",
    "marigold",
    "mochi",
    "musicldm",
    "omnigen",
    "paint_by_example",
    "pia",
    "pixart_alpha",
    "qwenimage",
    "sana",
    "score_sde_ve",
    "semantic_stable_diffusion",
    "shap_e",
    "skyreels_v2",
    "stable_audio",
    "stable_cascade",
    "stable_diffusion",
    "stable_diffusion_3",
    "stable_diffusion_xl",
    "stable_diffusion_safe",
    "stable_video_diffusion",
    "text_to_video_synthesis",
    "unclip",
    "unidiffuser",
    "versatile_diffusion",
    "visualcloze",
    "vq_diffusion",
    "wan",
    "wuerstchen",
    "stable_diffusion_k_diffusion",
    "amused",
    "t2i_adapter",
    "deprecated",
    "k_diffusion",
    "onnxruntime",
    "schedulers",
    "wuerstchen_prior",
    "easyanimate",
    "consisid",
    "allegro",
    "latte",
    "ip_adapter",
    "z_image",
    "flux2",
    "bria",
    "prx",
    "ovis_image",
];

/// The parts of a pipeline of diffusers: a library and a class for each.
fn pipeline(root: &Node, look: &mut Look<'_>) {
    for (part, value) in root.pairs() {
        let [library, class] = value.items() else { continue };
        let (Some(library), Some(class)) = (library.text(), class.text()) else { continue };
        if part == "_class_name" {
            remote(part, &format!("{library}.{class}"), look);
        } else if !PIPELINES.contains(&library) {
            import(part, library, look);
        }
    }
}

/// The modules of a model of sentence-transformers.
fn modules(root: &Node, look: &mut Look<'_>) {
    for module in root.items() {
        let Some(class) = module.get("type").and_then(Node::text) else { continue };
        match names::leads(class) {
            Leads::Model => {}
            Leads::Runs => import("type", class, look),
            Leads::Unknown => remote("type", class, look),
        }
    }
}

/// ModelScope: plugins that are installed, and code that is fetched.
fn plugins(root: &Node, look: &mut Look<'_>) {
    for plugin in root.get("plugins").map(Node::texts).unwrap_or_default() {
        let message = format!("`plugins` installs and imports the package `{}`", cut(plugin));
        look.say(&rules::CUSTOM_MODULE, None, plugin, message);
    }
    if root.get("allow_remote").is_some_and(Node::is_true) {
        look.say(
            &rules::REMOTE_CODE,
            None,
            "allow_remote",
            "`allow_remote` imports the code beside the model",
        );
    }
}

/// An index of shards names files beside it.
fn index(root: &Node, look: &mut Look<'_>) {
    for (_, file) in root.get("weight_map").map(Node::pairs).unwrap_or_default() {
        let Some(file) = file.text() else { continue };
        let drive = file.as_bytes().get(1) == Some(&b':');
        let up = file.split(['/', '\\']).any(|part| part == "..");
        if up || drive || file.starts_with(['/', '\\', '~']) {
            let message = format!("the index names `{}`, which lies elsewhere", cut(file));
            look.say(&rules::INDEX_ESCAPES, None, file, message);
        }
    }
}

/// Tags of YAML that make objects.
pub(super) fn tag(tag: &str, text: &str, look: &mut Look<'_>) {
    let (kind, name) = match tag.split_once("python/") {
        Some((_, python)) => {
            let (kind, name) = python.split_once(':').unwrap_or((python, text));
            if !matches!(kind, "object" | "object/apply" | "object/new" | "name" | "module") {
                return;
            }
            (kind, name)
        }
        // HyperPyYAML, as SpeechBrain reads it.
        None => match tag.trim_start_matches('!').split_once(':') {
            Some((kind @ ("new" | "name" | "apply" | "module"), name)) => (kind, name),
            _ => return,
        },
    };
    let python = tag.contains("python/");
    match names::leads(name) {
        Leads::Runs => {
            let rule = if python { &rules::YAML_OBJECT } else { &rules::TARGET_RUNS };
            look.say(
                rule,
                None,
                name,
                format!("a tag `{kind}` calls `{}`, which runs programs or code", cut(name)),
            );
        }
        Leads::Model if !python => {}
        _ => {
            let rule = if python { &rules::YAML_TYPE } else { &rules::TARGET_UNKNOWN };
            look.say(rule, None, name, format!("a tag `{kind}` makes an object of `{}`", cut(name)));
        }
    }
}
