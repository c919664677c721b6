//! Which files are one model: by the names that loaders look for, and by nothing else.
//!
//! Pure: names in, groups out. What is not claimed by a group is a model of its own, or none.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::{Path, PathBuf},
};

use artifact::Part;
use catalog::Format;
use domain::BundleKind;

/// Parts of one model that are waited for; a name that announces more is no shard.
const MOST_SHARDS: u32 = 10_000;
/// How the weights of a folder are called that is one model, without number and extension.
const WEIGHTS: [&str; 12] = [
    "model",
    "pytorch_model",
    "tf_model",
    "flax_model",
    "adapter_model",
    "diffusion_pytorch_model",
    "consolidated",
    "weights",
    "openvino_model",
    "rust_model",
    "params",
    "pytorch_lora_weights",
];
/// Documents of a server's or an engine's model, which may have folders of its own.
const SERVED: [&str; 4] = ["MLmodel", "mlc-chat-config.json", "ndarray-cache.json", "tensor-cache.json"];
/// How other files in a model's format begin that belong to the model of their folder: what training, exports and tokenizers leave there.
/// A model under any other name is one of its own, lest a single configuration swallow a folder full of models.
const COMPANIONS: [&str; 23] = [
    "model",
    "python_model",
    "pytorch_",
    "tf_",
    "flax_",
    "adapter_",
    "diffusion_",
    "openvino_",
    "optimizer",
    "scheduler",
    "scaler",
    "rng_state",
    "random_states",
    "training_args",
    "tokenizer",
    "spiece",
    "sentencepiece",
    "saved_model",
    "keras_metadata",
    "fingerprint",
    "_METADATA",
    "_CHECKPOINT_METADATA",
    "manifest",
];
/// Folders of a SavedModel.
const OF_SAVED_MODEL: [&str; 3] = ["variables", "assets", "assets.extra"];

/// A file as far as its grouping is concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'e> {
    /// Where it lies.
    pub(crate) path: &'e Path,
    /// The catalogue id of its format.
    pub(crate) format: Option<&'e str>,
    /// Files that it names as parts of it.
    pub(crate) parts: &'e [Part],
}

/// The path of a part, below the folder of the file that names it: `{stem}` in it is the name of that file without the extension.
pub(crate) fn path_of_part(file: &Path, part: &Part) -> PathBuf {
    let name = name(file).unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    file.with_file_name(part.path.replace("{stem}", stem))
}

/// Files that are one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) kind: BundleKind,
    /// Where the paths of its members begin.
    pub(crate) folder: PathBuf,
    /// Its members, by their place in the list.
    pub(crate) members: Vec<usize>,
    /// Names of parts that should be there and are not.
    pub(crate) missing: Vec<String>,
}

impl Group {
    /// Whether the group is all of a folder, whose path is then its own.
    pub(crate) fn is_folder(&self) -> bool {
        !matches!(self.kind, BundleKind::Shards | BundleKind::Pair)
    }
}

/// Groups files; `formats` says what goes with which.
pub(crate) fn groups(entries: &[Entry<'_>], formats: &[Format]) -> Vec<Group> {
    let mut folders: BTreeMap<&Path, Vec<usize>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        folders.entry(entry.path.parent().unwrap_or(Path::new(""))).or_default().push(at);
    }
    let mut groups: Vec<Group> = Vec::new();
    let mut taken: HashSet<usize> = HashSet::new();
    // A folder comes before those in it.
    for (folder, files) in &folders {
        if files.iter().any(|at| taken.contains(at)) {
            continue;
        }
        let listing = Listing { entries, formats, files };
        let Some((kind, reach)) = listing.kind(folder) else { continue };
        let below = folders.range(*folder..).take_while(|(other, _)| other.starts_with(folder));
        let below = below.filter(|(other, _)| reach.covers(other.strip_prefix(folder).unwrap_or(other)));
        let members: Vec<usize> = below
            .flat_map(|(other, files)| files.iter().map(move |at| (*other == *folder, *at)))
            .filter(|(direct, at)| reach == Reach::All || listing.belongs(*at, *direct))
            .map(|(_, at)| at)
            .collect();
        taken.extend(&members);
        let missing = missing_shards(members.iter().filter_map(|at| entries.get(*at)));
        groups.push(Group { kind, folder: folder.to_path_buf(), members, missing });
    }
    for (folder, files) in &folders {
        let free: Vec<usize> = files.iter().copied().filter(|at| !taken.contains(at)).collect();
        let listing = Listing { entries, formats, files: &free };
        groups.extend(listing.shards(folder));
        groups.extend(listing.pairs(folder));
    }
    groups.sort_by(|a, b| (&a.folder, &a.members).cmp(&(&b.folder, &b.members)));
    groups
}

/// How far below its folder a model reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The files of the folder, and those of so many levels of folders in it.
    Levels(usize),
    /// The folders that TensorFlow makes for a SavedModel.
    SavedModel,
    /// Everything.
    All,
}

impl Reach {
    /// Whether the files of a folder at this place below belong to it.
    fn covers(self, below: &Path) -> bool {
        let mut names = below.components();
        match (self, names.next()) {
            (Self::All, _) | (_, None) => true,
            (Self::Levels(most), Some(_)) => names.count() < most,
            (Self::SavedModel, Some(first)) => OF_SAVED_MODEL.iter().any(|name| first.as_os_str() == *name),
        }
    }
}

/// The files of one folder.
struct Listing<'l, 'e> {
    entries: &'l [Entry<'e>],
    formats: &'l [Format],
    files: &'l [usize],
}

impl<'e> Listing<'_, 'e> {
    fn named(&self) -> impl Iterator<Item = (usize, &'e str, Entry<'e>)> {
        self.files.iter().filter_map(|at| {
            let entry = *self.entries.get(*at)?;
            Some((*at, name(entry.path)?, entry))
        })
    }

    fn has(&self, wanted: &str) -> bool {
        self.named().any(|(_, name, _)| name == wanted)
    }

    fn has_weights(&self, stem_of: impl Fn(&str) -> bool) -> bool {
        self.named().any(|(at, name, entry)| {
            let model = entry.format.is_some() && !self.stands_alone(at);
            model && stem_of(stem(without_number(name)))
        })
    }

    /// What the folder is, and how far below it reaches.
    fn kind(&self, folder: &Path) -> Option<(BundleKind, Reach)> {
        let extension = folder.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if self.has("oci-layout") && self.has("index.json") {
            return Some((BundleKind::Image, Reach::All));
        }
        if self.has("model_index.json") {
            return Some((BundleKind::Pipeline, Reach::Levels(1)));
        }
        if self.has("saved_model.pb") || self.has("saved_model.pbtxt") {
            return Some((BundleKind::SavedModel, Reach::SavedModel));
        }
        if (extension == "mlpackage" && self.has("Manifest.json"))
            || (extension == "mlmodelc" && self.has("coremldata.bin"))
        {
            return Some((BundleKind::CoreMl, Reach::All));
        }
        let manifest = self.has("_METADATA") && self.has("manifest.ocdbt");
        if manifest || self.has("_CHECKPOINT_METADATA") {
            return Some((BundleKind::Snapshot, Reach::Levels(4)));
        }
        if SERVED.iter().any(|name| self.has(name)) || self.is_served(folder) {
            return Some((BundleKind::Snapshot, Reach::Levels(3)));
        }
        if self.has("adapter_config.json") && self.has_weights(|stem| stem.starts_with("adapter")) {
            return Some((BundleKind::Adapter, Reach::Levels(0)));
        }
        let known = |stem: &str| WEIGHTS.contains(&stem);
        if self.has("config.json") && self.has_weights(known) {
            let reach = if self.has("modules.json") { Reach::Levels(1) } else { Reach::Levels(0) };
            return Some((BundleKind::Snapshot, reach));
        }
        None
    }

    /// A model of Triton: its configuration, and folders of versions that are numbers.
    fn is_served(&self, folder: &Path) -> bool {
        let is_version = |path: &Path| {
            let below = path.strip_prefix(folder).ok().and_then(|below| below.components().next());
            let first = below.and_then(|first| first.as_os_str().to_str()).unwrap_or_default();
            path.parent() != Some(folder)
                && !first.is_empty()
                && first.bytes().all(|byte| byte.is_ascii_digit())
        };
        self.has("config.pbtxt") && self.entries.iter().any(|entry| is_version(entry.path))
    }

    fn format(&self, entry: &Entry<'_>) -> Option<&Format> {
        let id = entry.format?;
        self.formats.iter().find(|format| format.id == id)
    }

    fn stands_alone(&self, at: usize) -> bool {
        let format = self.entries.get(at).and_then(|entry| self.format(entry));
        format.is_some_and(|format| format.self_contained)
    }

    /// Whether a file is part of the model of a folder; `direct` tells that it lies in the folder itself.
    fn belongs(&self, at: usize, direct: bool) -> bool {
        let Some(entry) = self.entries.get(at) else { return false };
        let named_so = || {
            let stem = name(entry.path).map(|name| stem(without_number(name))).unwrap_or_default();
            WEIGHTS.contains(&stem) || COMPANIONS.iter().any(|begin| stem.starts_with(begin))
        };
        entry.format.is_none() || !self.stands_alone(at) && (!direct || named_so())
    }

    fn shards(&self, folder: &Path) -> Vec<Group> {
        let mut sets: BTreeMap<(&str, u32, &str), Vec<usize>> = BTreeMap::new();
        for (at, name, _) in self.named() {
            if let Some(shard) = Shard::of(name) {
                sets.entry((shard.stem, shard.total, shard.extension)).or_default().push(at);
            }
        }
        let mut groups = Vec::new();
        for ((stem, total, extension), mut members) in sets {
            let is_model = |at: &usize| self.entries.get(*at).is_some_and(|entry| entry.format.is_some());
            if total < 2 || !members.iter().any(is_model) {
                continue;
            }
            let missing = missing_shards(members.iter().filter_map(|at| self.entries.get(*at)));
            let index = format!("{stem}{extension}.index.json");
            members.extend(self.named().filter(|(_, name, _)| *name == index).map(|(at, ..)| at));
            groups.push(Group { kind: BundleKind::Shards, folder: folder.to_path_buf(), members, missing });
        }
        groups
    }

    /// A graph and the files of its weights, by the names that the format gives them or the graph itself.
    fn pairs(&self, folder: &Path) -> Vec<Group> {
        let by_path: BTreeMap<&Path, usize> = self.named().map(|(at, _, entry)| (entry.path, at)).collect();
        let mut groups = Vec::new();
        for (at, name, entry) in self.named() {
            let Some(format) = self.format(&entry) else { continue };
            let by_name =
                self.named().filter(|(_, other, _)| format.has_part(name, other)).map(|(at, ..)| at);
            let said =
                entry.parts.iter().filter_map(|part| by_path.get(&*path_of_part(entry.path, part)).copied());
            let others: BTreeSet<usize> = by_name.chain(said).filter(|other| *other != at).collect();
            if !others.is_empty() {
                let members = std::iter::once(at).chain(others).collect();
                let (kind, folder) = (BundleKind::Pair, folder.to_path_buf());
                groups.push(Group { kind, folder, members, missing: Vec::new() });
            }
        }
        groups
    }
}

/// `model-00002-of-00005.safetensors`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shard<'n> {
    stem: &'n str,
    separator: char,
    number: u32,
    total: u32,
    /// How many digits a number has.
    digits: usize,
    extension: &'n str,
}

impl<'n> Shard<'n> {
    fn of(name: &'n str) -> Option<Self> {
        let dot = name.rfind('.')?;
        let (before, extension) = name.split_at_checked(dot)?;
        let digits_at_end =
            |text: &str| text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let digits = digits_at_end(before);
        let (rest, total) = before.split_at_checked(before.len().checked_sub(digits)?)?;
        let separator = rest.chars().last().filter(|c| matches!(c, '-' | '_'))?;
        let rest = rest.strip_suffix(separator)?.strip_suffix("of")?.strip_suffix(separator)?;
        let (rest, number) = rest.split_at_checked(rest.len().checked_sub(digits_at_end(rest))?)?;
        let stem = rest.strip_suffix(['-', '_'])?;
        let (number, total) = (number.parse().ok()?, total.parse().ok()?);
        (number <= total && total <= MOST_SHARDS).then_some(Self {
            stem,
            separator,
            number,
            total,
            digits,
            extension,
        })
    }

    fn named(&self, number: u32) -> String {
        let Self { stem, separator, total, digits, extension, .. } = self;
        format!("{stem}{separator}{number:0digits$}{separator}of{separator}{total:0digits$}{extension}")
    }
}

/// The names of the parts that are not there, of all sets of parts among these files.
fn missing_shards<'e>(files: impl Iterator<Item = &'e Entry<'e>>) -> Vec<String> {
    let mut sets: BTreeMap<(&str, u32, &str), (Shard<'_>, BTreeSet<u32>)> = BTreeMap::new();
    for shard in files.filter_map(|entry| Shard::of(name(entry.path)?)) {
        let set = sets.entry((shard.stem, shard.total, shard.extension)).or_insert((shard, BTreeSet::new()));
        set.1.insert(shard.number);
    }
    let mut missing = Vec::new();
    for (shard, there) in sets.into_values() {
        // Some tools count from 0.
        let numbers = if there.contains(&0) { 0..shard.total } else { 1..shard.total.saturating_add(1) };
        missing.extend(numbers.filter(|number| !there.contains(number)).map(|number| shard.named(number)));
    }
    missing
}

fn name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

fn stem(name: &str) -> &str {
    name.split_once('.').map_or(name, |(stem, _)| stem)
}

/// The name without the number of a shard and, for `consolidated.00.pth`, without the part.
fn without_number(name: &str) -> &str {
    Shard::of(name).map_or(name, |shard| shard.stem)
}

#[cfg(test)]
mod tests;
