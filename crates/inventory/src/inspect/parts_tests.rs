//! Files that a model names beside itself: what `inspect` says of them, in a folder and of a file alone.

use std::path::Path;

use artifact::testkit;
use domain::{Artifact, BundleKind, Verdict};

use super::*;

fn inspected(path: &Path) -> Vec<Artifact> {
    let request = Request {
        paths: vec![path.to_owned()],
        spooled: None,
        depth: Depth::Full,
        remember: Remember::No,
        environment: &|_| None,
    };
    let catalog = catalog::load().unwrap();
    inspect(&catalog, &request, &AtomicBool::new(false), &Watch::default()).unwrap().artifacts
}

fn rules(artifact: &Artifact) -> Vec<&str> {
    artifact.facts.iter().map(|fact| fact.rule.as_str()).collect()
}

/// A folder with a model whose ten floats lie in `w.bin`.
fn model(beside: Option<usize>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let graph = testkit::external(&[("location", "w.bin"), ("offset", "0"), ("length", "40")]);
    std::fs::write(folder.path().join("m.onnx"), testkit::onnx_with(&graph, &[])).unwrap();
    if let Some(length) = beside {
        std::fs::write(folder.path().join("w.bin"), vec![0xc3; length]).unwrap();
    }
    folder
}

#[test]
fn a_graph_with_the_weights_it_names_is_one_clean_model() {
    let folder = model(Some(40));
    let [artifact] = inspected(folder.path()).try_into().unwrap();
    assert_eq!(artifact.content.bundle.as_ref().map(|bundle| bundle.kind), Some(BundleKind::Pair));
    assert_eq!((artifact.verdict, rules(&artifact)), (Verdict::Clean, vec!["external-data"]));
    let [alone] = inspected(&folder.path().join("m.onnx")).try_into().unwrap();
    assert_eq!(alone.verdict, Verdict::Clean);
}

#[test]
fn weights_that_are_missing_or_too_short_leave_a_model_undecided() {
    for (beside, rule) in [(None, "member-missing"), (Some(39), "part-short")] {
        let folder = model(beside);
        for path in [folder.path().to_owned(), folder.path().join("m.onnx")] {
            let artifacts = inspected(&path);
            let [artifact] = artifacts.as_slice() else { panic!("{artifacts:?}") };
            assert_eq!(artifact.verdict, Verdict::Unscannable, "{rule} {}", path.display());
            assert!(rules(artifact).contains(&rule), "{:?}", artifact.facts);
        }
    }
}

#[cfg(unix)]
#[test]
fn weights_behind_a_link_that_leads_out_are_not_followed() {
    let (folder, elsewhere) = (model(None), tempfile::tempdir().unwrap());
    let target = elsewhere.path().join("w.bin");
    std::fs::write(&target, [0; 40]).unwrap();
    std::os::unix::fs::symlink(&target, folder.path().join("w.bin")).unwrap();
    for path in [folder.path().to_owned(), folder.path().join("m.onnx")] {
        let [artifact] = inspected(&path).try_into().unwrap();
        assert_eq!(artifact.verdict, Verdict::Unscannable);
        assert!(rules(&artifact).contains(&"link-leads-out"), "{:?}", artifact.facts);
    }
}

#[test]
fn code_that_a_configuration_names_is_told_with_what_was_read_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).unwrap();
    write(
        "config.json",
        br#"{"auto_map": {"AutoModel": "modeling_x.X", "AutoConfig": "configuration_x.C", "AutoTokenizer": "me/other--tok.T"}}"#,
    );
    write("model.safetensors", &testkit::safetensors(&[], &[("w", &[4])]));
    write("modeling_x.py", b"import os\nos.system('id')\n");
    let [artifact] = inspected(folder.path()).try_into().unwrap();
    let of = |name: &str| {
        let fact = artifact
            .facts
            .iter()
            .find(|fact| fact.rule == "remote-code" && fact.name.as_deref() == Some(name));
        fact.unwrap().message.clone()
    };
    assert!(
        of("modeling_x.X").ends_with("where it was read: suspicious (code-runs-programs)"),
        "{}",
        of("modeling_x.X")
    );
    assert!(of("me/other--tok.T").contains("of the repository `me/other`"));
    let missing: Vec<_> = artifact.facts.iter().filter(|fact| fact.rule == "code-missing").collect();
    assert_eq!(missing.len(), 1);
    assert!(missing[0].message.contains("configuration_x.py"));
    assert_eq!(artifact.verdict, Verdict::Suspicious);
}

#[test]
fn a_checkpoint_of_orbax_is_one_model_with_its_values() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("d")).unwrap();
    let write = |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).unwrap();
    write("_METADATA", b"{}");
    write("manifest.ocdbt", &testkit::ocdbt(&["d/0fb0", "d/25ea"]));
    write("d/0fb0", &[0xc3; 100]);
    let [artifact] = inspected(folder.path()).try_into().unwrap();
    assert_eq!((artifact.format.as_str(), artifact.verdict), ("orbax", Verdict::Unscannable));
    assert_eq!(rules(&artifact), ["member-missing"]);
    write("d/25ea", &[0xc3; 100]);
    let [artifact] = inspected(folder.path()).try_into().unwrap();
    assert_eq!((artifact.verdict, rules(&artifact)), (Verdict::Clean, vec![]));
}

#[test]
fn a_checkpoint_of_orbax_without_a_store_is_one_as_well() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("a")).unwrap();
    let write = |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).unwrap();
    write("_CHECKPOINT_METADATA", b"{\"item_handlers\": \"x.Handler\"}");
    write("_METADATA", b"{\"tree_metadata\": {}, \"use_ocdbt\": false}");
    write("a/.zarray", b"{\"shape\": [4], \"zarr_format\": 2}");
    write("a/0", &[0xc3; 16]);
    let [artifact] = inspected(folder.path()).try_into().unwrap();
    assert_eq!((artifact.format.as_str(), artifact.verdict), ("orbax", Verdict::Clean));
    assert_eq!(artifact.content.members.len(), 4);
}

#[test]
fn arrays_of_numbers_in_a_folder_are_no_models() {
    let folder = tempfile::tempdir().unwrap();
    let array = testkit::archives::npy("'<f4'", "(4,)", &[0; 16]);
    std::fs::write(folder.path().join("x.npy"), array).unwrap();
    assert_eq!(inspected(folder.path()), []);
    let [named] = inspected(&folder.path().join("x.npy")).try_into().unwrap();
    assert_eq!((named.format.as_str(), named.verdict), ("npy", Verdict::Clean));
}
