//! `<registry>/<name>/ggml/<file>`, with `<registry>/models.json` that lists the addresses and digests of each model.
//!
//! A model of one file has one digest; one in parts (`00001-of-00002.gguf`) has a digest for each part, in order.

use std::path::Path;

use serde::Deserialize;

use super::{
    Claim,
    reader::{Reader, name_of, plain_name, relative_to, shown},
    url,
};

#[derive(Deserialize)]
struct Model {
    name: String,
    #[serde(default)]
    urls: Option<Vec<String>>,
    #[serde(default)]
    sha256: String,
    #[serde(default)]
    partitioned_urls: Option<Vec<Part>>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    urls: Vec<String>,
    #[serde(default)]
    sha256: String,
}

pub(super) fn read(reader: &mut Reader<'_>) {
    for registry in reader.directories(reader.root) {
        let list = registry.join("models.json");
        for model in reader.json::<Vec<Model>>(&list).unwrap_or_default() {
            held(reader, &registry, &list, &model);
        }
    }
}

fn held(reader: &mut Reader<'_>, registry: &Path, list: &Path, model: &Model) {
    if model.name.is_empty() || model.name.contains(['/', '\\']) || model.name == ".." || model.name == "." {
        return reader.problem(list, format!("`{}` is not the name of a folder", shown(&model.name)));
    }
    let name = format!("{}/{}", name_of(registry), shown(&model.name));
    for path in reader.files(&registry.join(&model.name).join("ggml")) {
        let (urls, sha256) = model.part(plain_name(&path));
        let evidence = relative_to(reader.root, list);
        let origin = urls.iter().find_map(|address| url::origin(address, &evidence));
        let claim = reader.claim(path);
        reader.push(Claim { model: Some(name.clone()), origin, digest: sha256.parse().ok(), ..claim });
    }
}

impl Model {
    /// The addresses and the digest of a file, by the number in its name.
    fn part(&self, file: &str) -> (&[String], &str) {
        let number =
            file.split("-of-").next().and_then(|start| start.rsplit('-').next()?.parse::<usize>().ok());
        let parts = self.partitioned_urls.as_deref().unwrap_or_default();
        if let Some(part) = number.and_then(|number| parts.get(number.checked_sub(1)?)) {
            return (&part.urls, &part.sha256);
        }
        let whole = parts.is_empty() && number.is_none_or(|number| number == 1);
        if whole { (self.urls.as_deref().unwrap_or_default(), &self.sha256) } else { (&[], "") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(parts: usize) -> Model {
        let part = |n: usize| Part { urls: vec![format!("https://h/{n}")], sha256: n.to_string() };
        let partitioned_urls = (parts > 0).then(|| (1..=parts).map(part).collect());
        Model {
            name: "m".into(),
            urls: Some(vec!["https://h/w".into()]),
            sha256: "w".into(),
            partitioned_urls,
        }
    }

    #[test]
    fn a_part_has_its_own_digest_and_a_whole_file_the_only_one() {
        assert_eq!(model(2).part("00002-of-00002.gguf").1, "2");
        assert_eq!(model(2).part("model-00001-of-00002.gguf").1, "1");
        assert_eq!(model(0).part("00001-of-00001.gguf").1, "w");
        assert_eq!(model(0).part("model.gguf").1, "w");
        assert_eq!(model(0).part("q8_0.v2.gguf").1, "w");
    }

    #[test]
    fn a_part_that_is_not_listed_has_no_digest() {
        assert_eq!(model(2).part("00003-of-00003.gguf").1, "");
        assert_eq!(model(0).part("00002-of-00002.gguf").1, "");
        assert_eq!(model(2).part("00000-of-00002.gguf").1, "");
    }
}
