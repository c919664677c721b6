//! `<publisher>/<model>/v<version>/<file>`: a folder that holds `inference_model.json` holds a model.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    Claim,
    folder::Folder,
    reader::{Reader, relative_to, shown},
};

/// What makes a folder a model.
const DESCRIPTION: &str = "inference_model.json";
/// Folders above such a file.
const DEPTH: usize = 8;

#[derive(Deserialize)]
struct Description {
    #[serde(rename = "Name", default)]
    name: Option<String>,
}

pub(super) fn read(reader: &mut Reader<'_>) {
    let files = reader.files_below(reader.root, DEPTH);
    let mut models: HashMap<PathBuf, Model> = HashMap::new();
    for path in files.iter().filter(|path| is_description(path)) {
        if let Some(directory) = path.parent() {
            models.insert(directory.to_path_buf(), Model::read(reader, directory, path));
        }
    }
    for path in files.into_iter().filter(|path| !is_description(path)) {
        let nearest = path.ancestors().find_map(|folder| models.get(folder));
        if let Some(model) = nearest {
            model.describe(reader, path);
        }
    }
}

fn is_description(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == DESCRIPTION)
}

/// What a folder says of the files in it.
struct Model {
    name: Option<String>,
    folders: String,
    folder: Folder,
}

impl Model {
    fn read(reader: &mut Reader<'_>, directory: &Path, description: &Path) -> Self {
        let name =
            reader.json::<Description>(description).and_then(|description| description.name).map(shown);
        let folders = relative_to(reader.root, directory);
        Self { name, folders, folder: Folder::read(reader, directory, directory) }
    }

    fn describe(&self, reader: &mut Reader<'_>, path: PathBuf) {
        let model = self.name.clone().or_else(|| Some(self.folders.clone()));
        let note = Some(format!("stands in `{}`", self.folders));
        let mut claim = Claim { model, note, ..reader.claim(path) };
        self.folder.describe(&mut claim);
        reader.push(claim);
    }
}
