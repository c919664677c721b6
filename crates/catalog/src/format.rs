//! File formats of models: what they are called and whether loading one runs code. It does not read files.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) format: Vec<Format>,
}

/// A file format that holds a model or a part of one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// The id that reports use, such as `gguf`.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// Usual extensions, with the dot, in lower case. A hint only: content decides.
    pub extensions: Vec<String>,
    /// What loading such a file can run.
    pub executes: Executes,
    /// What to use instead, if this format can run code.
    pub safe_alternative: Option<String>,
    /// What surprises people about it.
    pub note: Option<String>,
    /// Whether a file of it needs no configuration beside it.
    #[serde(default)]
    pub self_contained: bool,
    /// Names of files beside one of this format that hold its weights, as `catalog/formats.toml` writes them.
    #[serde(default)]
    pub parts: Vec<String>,
    /// Names of files in a folder of this format that it alone describes.
    #[serde(default)]
    pub beside: Vec<String>,
}

impl Format {
    /// Whether a file called `other` holds weights of the file of this format that is called `name`, in the same folder.
    pub fn has_part(&self, name: &str, other: &str) -> bool {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let filled = |pattern: &String| pattern.replace("{name}", name).replace("{stem}", stem);
        other != name && self.parts.iter().any(|pattern| fits(&filled(pattern), other))
    }

    /// Whether a file of that name, in a folder of this format, is one that it alone describes.
    pub fn describes(&self, name: &str) -> bool {
        self.beside.iter().any(|pattern| fits(pattern, name))
    }
}

/// Whether a name fits a pattern, in which one `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.rsplit_once('*') {
        Some((begin, end)) => {
            let rest = name.strip_prefix(begin).filter(|rest| rest.ends_with(end));
            rest.is_some_and(|rest| rest.len() > end.len())
        }
        None => pattern == name,
    }
}

/// What loading a file of a format can run, with the loader's usual settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Executes {
    /// Nothing: it is data.
    Never,
    /// Whatever its pickle says.
    Pickle,
    /// Code that the file carries: it is a program, or holds serialised functions.
    Code,
}

impl Executes {
    /// The word that `catalog/formats.toml` uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Pickle => "pickle",
            Self::Code => "code",
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn files_beside_a_model_are_known_by_its_own_name() {
        let catalog = crate::load().unwrap();
        let of = |id: &str, name, other| catalog.format(id).unwrap().has_part(name, other);
        assert!(of("openvino", "net.xml", "net.bin") && !of("openvino", "net.xml", "other.bin"));
        assert!(of("onnx", "a.onnx", "a.onnx_data") && of("onnx", "a.onnx", "a.onnx.data"));
        assert!(
            of("tensorflow", "x.index", "x.data-00000-of-00001") && !of("tensorflow", "x.index", "x.index")
        );
        let describes = |id: &str, name| catalog.format(id).unwrap().describes(name);
        assert!(describes("coreml", "weight.bin") && describes("tvm", "params_shard_7.bin"));
        assert!(!describes("coreml", ".bin") && !describes("tensorflow", "saved_model.pb"));
        assert!(catalog.format("gguf").unwrap().self_contained);
    }
}
