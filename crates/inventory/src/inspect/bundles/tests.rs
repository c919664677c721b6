use proptest::prelude::*;

use super::*;

static FORMATS: std::sync::LazyLock<Vec<Format>> =
    std::sync::LazyLock::new(|| catalog::load().unwrap().formats);

fn entry<'e>(path: &'e Path, format: Option<&'e str>) -> Entry<'e> {
    Entry { path, format, parts: &[] }
}

fn format(name: &str) -> Option<&'static str> {
    let formats = [
        (".safetensors", "safetensors"),
        (".gguf", "gguf"),
        (".bin", "pytorch"),
        (".onnx", "onnx"),
        (".h5", "keras"),
        ("net.xml", "openvino"),
        (".index", "tensorflow"),
    ];
    formats.into_iter().find(|(end, _)| name.ends_with(end)).map(|(_, format)| format)
}

/// The groups of these names, each as its kind, its folder and the names of its members in it.
fn grouped(names: &[&str]) -> Vec<(BundleKind, String, Vec<String>)> {
    let paths: Vec<_> = names.iter().map(|name| Path::new("/m").join(name)).collect();
    let entries: Vec<_> = paths.iter().zip(names).map(|(path, name)| entry(path, format(name))).collect();
    let shown = |group: Group| {
        let members = group.members.iter().map(|at| paths[*at].strip_prefix(&group.folder).unwrap());
        let mut members: Vec<_> = members.map(|path| path.display().to_string()).collect();
        members.sort();
        (group.kind, group.folder.display().to_string(), members)
    };
    groups(&entries, &FORMATS).into_iter().map(shown).collect()
}

fn kinds(names: &[&str]) -> Vec<BundleKind> {
    grouped(names).into_iter().map(|(kind, ..)| kind).collect()
}

#[test]
fn a_snapshot_is_one_model_with_configuration_tokenizer_and_weights() {
    let names = ["s/config.json", "s/model-00001-of-00002.safetensors", "s/tokenizer.json", "other.gguf"];
    let [(kind, folder, members)] = grouped(&names).try_into().unwrap();
    assert_eq!((kind, folder.as_str()), (BundleKind::Snapshot, "/m/s"));
    assert_eq!(members, ["config.json", "model-00001-of-00002.safetensors", "tokenizer.json"]);
}

#[test]
fn a_folder_of_models_with_some_configuration_is_many_models() {
    assert_eq!(kinds(&["config.json", "llama.gguf", "qwen.gguf"]), []);
    assert_eq!(kinds(&["config.json", "faces.onnx", "voices.onnx"]), []);
}

#[test]
fn quantisations_beside_a_snapshot_stay_models_of_their_own() {
    let [(_, _, members)] =
        grouped(&["config.json", "model.safetensors", "model-q4.gguf"]).try_into().unwrap();
    assert_eq!(members, ["config.json", "model.safetensors"]);
}

#[test]
fn all_below_a_pipeline_or_a_saved_model_belongs_to_it() {
    let names = ["p/model_index.json", "p/unet/config.json", "p/unet/diffusion_pytorch_model.safetensors"];
    let [(kind, _, members)] = grouped(&names).try_into().unwrap();
    assert_eq!((kind, members.len()), (BundleKind::Pipeline, 3));
    let names =
        ["s/saved_model.pb", "s/variables/variables.index", "s/variables/variables.data-00000-of-00001"];
    let [(kind, _, members)] = grouped(&names).try_into().unwrap();
    assert_eq!((kind, members.len()), (BundleKind::SavedModel, 3));
    assert_eq!(kinds(&["x.mlpackage/Manifest.json", "x.mlpackage/Data/w.bin"]), [BundleKind::CoreMl]);
}

#[test]
fn no_file_makes_the_models_of_a_whole_folder_one() {
    let home = |marker: &str| {
        let names =
            [marker, "config.json", "model.safetensors", "a.safetensors", "b/c.gguf", "b/d/model.onnx"];
        grouped(&names).into_iter().flat_map(|(_, _, members)| members).collect::<Vec<_>>()
    };
    for marker in ["model_index.json", "saved_model.pb", "modules.json", "adapter_config.json"] {
        let members = home(marker);
        for own in ["a.safetensors", "b/c.gguf", "b/d/model.onnx"] {
            assert!(!members.iter().any(|name| name == own), "{marker}: {members:?}");
        }
        assert!(members.iter().any(|name| name == "model.safetensors"), "{marker}: {members:?}");
    }
}

#[test]
fn parts_of_one_model_are_one_and_those_that_are_missing_are_named() {
    let paths = ["/m/x-00001-of-00003.gguf", "/m/x-00003-of-00003.gguf", "/m/y-00001-of-00001.gguf"];
    let entries: Vec<_> = paths.iter().map(|path| entry(Path::new(path), Some("gguf"))).collect();
    let [group] = groups(&entries, &FORMATS).try_into().unwrap();
    assert_eq!((group.kind, group.members), (BundleKind::Shards, vec![0, 1]));
    assert_eq!(group.missing, ["x-00002-of-00003.gguf"]);
}

#[test]
fn an_adapter_belongs_to_its_configuration() {
    let names = ["a/adapter_config.json", "a/adapter_model.safetensors", "a/README.md"];
    assert_eq!(kinds(&names), [BundleKind::Adapter]);
}

#[test]
fn graphs_are_paired_with_their_weights() {
    assert_eq!(kinds(&["net.xml", "net.bin"]), [BundleKind::Pair]);
    assert_eq!(kinds(&["pom.xml", "pom.bin"]), []);
    assert_eq!(kinds(&["a.onnx", "a.onnx_data"]), [BundleKind::Pair]);
    assert_eq!(kinds(&["ckpt.index", "ckpt.data-00000-of-00001"]), [BundleKind::Pair]);
}

#[test]
fn a_graph_is_paired_with_whatever_files_it_names() {
    let parts = [("w.bin", 0), ("{stem}.data", 0), ("../x.bin", 0)]
        .map(|(path, least)| Part { path: path.into(), least });
    let paths = ["/m/g.onnx", "/m/g.data", "/m/w.bin", "/x.bin"].map(Path::new);
    let mut entries = paths.map(|path| entry(path, None));
    entries[0] = Entry { format: Some("onnx"), parts: &parts, ..entries[0] };
    let [group] = groups(&entries, &FORMATS).try_into().unwrap();
    assert_eq!((group.kind, group.members), (BundleKind::Pair, vec![0, 1, 2]));
}

#[test]
fn a_checkpoint_of_orbax_and_a_model_of_a_server_are_all_of_their_folder() {
    let all = |names: &[&str]| {
        grouped(names).into_iter().map(|(kind, _, members)| (kind, members.len())).collect::<Vec<_>>()
    };
    assert_eq!(
        all(&["c/_METADATA", "c/manifest.ocdbt", "c/d/0fb0", "c/ocdbt.process_0/d/25ea"]),
        [(BundleKind::Snapshot, 4)]
    );
    assert_eq!(all(&["m/MLmodel", "m/model.skops", "m/code/x.py"]), [(BundleKind::Snapshot, 3)]);
    assert_eq!(all(&["t/config.pbtxt", "t/1/model.onnx"]), [(BundleKind::Snapshot, 2)]);
    assert_eq!(all(&["t/config.pbtxt", "t/notes.txt"]), []);
}

proptest! {
    #[test]
    fn no_name_brings_it_down_and_no_file_is_in_two_models(names in proptest::collection::btree_set(
        prop_oneof![
            "[a-c]/(config.json|model.safetensors|model_index.json|saved_model.pb|adapter_config.json|adapter_model.bin)",
            "[a-c]{0,2}[-_]?[0-9]{0,6}[-_]of[-_][0-9]{0,12}\\.(gguf|bin|xml|index)",
            ".{1,12}",
        ], 0..20,
    )) {
        let paths: Vec<_> = names.iter().map(|name| Path::new("/m").join(name)).collect();
        let entries: Vec<_> = paths.iter().zip(&names)
            .map(|(path, name)| entry(path, format(name))).collect();
        let mut seen = HashSet::new();
        for group in groups(&entries, &FORMATS) {
            prop_assert!(group.missing.len() <= MOST_SHARDS as usize);
            for member in group.members {
                prop_assert!(member < entries.len() && (seen.insert(member) || group.kind == BundleKind::Pair));
            }
        }
    }
}
