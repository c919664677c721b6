//! Where stores are looked for.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use inventory::stores::{default_roots, find_roots};

use crate::fixture::{Fixture, catalogue, hex};

fn nothing(_: &str) -> Option<OsString> {
    None
}

fn no_files<'p>() -> impl Iterator<Item = &'p Path> {
    std::iter::empty()
}

#[test]
fn the_default_places_of_every_account_are_found_where_they_exist() {
    let (stores, homes) = (catalogue(), tempfile::tempdir().unwrap());
    let (ann, bob) = (homes.path().join("ann"), homes.path().join("bob"));
    std::fs::create_dir_all(ann.join(".ollama/models")).unwrap();
    std::fs::create_dir_all(bob.join(".cache/huggingface/hub")).unwrap();
    let both = [ann.clone(), bob.clone()];
    let found = find_roots(&stores, &both, "linux", &nothing, &mut no_files());
    let in_homes: Vec<_> = found.iter().filter(|found| found.root.starts_with(homes.path())).collect();
    let ids: Vec<_> = in_homes.iter().map(|found| found.store.id.as_str()).collect();
    assert_eq!(ids, ["hugging-face", "ollama"]);
    let all = default_roots(&stores, &both, "linux", &nothing);
    assert!(all.contains(&bob.join(".ollama/models")), "also places that are not there yet");
}

#[test]
fn the_environment_names_places_and_a_relative_one_is_nowhere() {
    let (stores, folder) = (catalogue(), tempfile::tempdir().unwrap());
    let home = folder.path().join("hf");
    std::fs::create_dir_all(home.join("hub")).unwrap();
    let env = |name: &str| match name {
        "HF_HOME" => Some(home.clone().into_os_string()),
        "OLLAMA_MODELS" => Some("relative".into()),
        _ => None,
    };
    let found = find_roots(&stores, &[], "linux", &env, &mut no_files());
    let here: Vec<_> = found.iter().filter(|found| found.root.starts_with(folder.path())).collect();
    assert_eq!(here.len(), 1);
    assert_eq!((here[0].store.id.as_str(), &here[0].root), ("hugging-face", &home.join("hub")));
    assert!(default_roots(&stores, &[], "linux", &env).iter().all(|place| place.is_absolute()));
}

#[test]
fn a_store_is_said_once_however_it_was_found() {
    let store = Fixture::new("ollama", "home/.ollama/models");
    let blob = store.file(&format!("blobs/sha256-{}", hex(1)), "GGUF");
    store.file("manifests/registry.ollama.ai/library/x/latest", "{}");
    let (stores, home) = (catalogue(), store.outside().join("home"));
    let env = |name: &str| (name == "OLLAMA_MODELS").then(|| store.root.clone().into_os_string());
    let mut files = [blob.as_path(), blob.as_path()].into_iter();
    let found = find_roots(&stores, &[home.clone(), home], "linux", &env, &mut files);
    assert_eq!(found.iter().filter(|found| found.root == store.root).count(), 1, "{found:#?}");
}

#[test]
fn windows_places_stand_in_the_folders_of_the_account() {
    let stores = catalogue();
    let home = PathBuf::from(if cfg!(windows) { r"C:\Users\ann" } else { "/Users/ann" });
    let all = default_roots(&stores, std::slice::from_ref(&home), "windows", &nothing);
    assert!(all.contains(&home.join(".ollama").join("models")), "{all:?}");
    assert!(all.contains(&home.join("AppData").join("Local").join("llama.cpp")), "{all:?}");
    assert!(all.contains(
        &home.join("AppData").join("Roaming").join("Jan").join("data").join("llamacpp").join("models")
    ));
}

#[cfg(unix)]
#[test]
fn a_default_place_that_was_moved_behind_a_link_is_found_where_it_is() {
    let store = Fixture::new("ollama", "disk/models");
    store.file(&format!("blobs/sha256-{}", hex(1)), "GGUF");
    let home = store.outside().join("home");
    std::fs::create_dir_all(home.join(".ollama")).unwrap();
    std::os::unix::fs::symlink(&store.root, home.join(".ollama/models")).unwrap();
    let stores = catalogue();
    let found = find_roots(&stores, &[home], "linux", &nothing, &mut no_files());
    let real = store.root.canonicalize().unwrap();
    assert!(found.iter().any(|found| found.root == real), "{found:#?}");
}

#[test]
fn a_file_that_only_looks_like_a_blob_makes_no_store() {
    let store = Fixture::new("ollama", "x");
    let blob = store.file(&format!("blobs/sha256-{}", hex(1)), "GGUF");
    let stores = catalogue();
    let found = find_roots(&stores, &[], "linux", &nothing, &mut std::iter::once(blob.as_path()));
    assert!(!found.iter().any(|found| found.root.starts_with(store.outside())), "{found:#?}");
}
