//! What is known of an artefact on all devices: one row, which every device that holds it adds to. The last one that says
//! something is believed; what it does not know erases nothing.

use std::collections::{BTreeMap, HashMap};

use domain::{Artifact, Metadata, Role, Verdict};

use super::{apply::Work, identity};
use crate::{
    Collection, StoreError,
    db::{Row, Value},
    text,
};

/// Of the rows that are looked at in one go: their descriptions are large.
const AT_ONCE: usize = 256;

/// An artefact as columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Facts {
    uid: String,
    sha256: Option<String>,
    digest_status: String,
    name: String,
    format: String,
    size: i64,
    license: Option<String>,
    commercial_use: Option<String>,
    license_json: Option<String>,
    registry: Option<String>,
    repository: Option<String>,
    revision: Option<String>,
    origin_json: Option<String>,
    publisher: Option<String>,
    role: Option<String>,
    architecture: Option<String>,
    quantization: Option<String>,
    parameters: Option<i64>,
    metadata: String,
    base: String,
    verdict: String,
    facts: String,
    stores: String,
    search: String,
    content: String,
    weights: Option<String>,
}

const COLUMNS: &str = "uid, sha256, digest_status, name, format, size, license, commercial_use, license_json, registry, repository, \
    revision, origin_json, publisher, role, architecture, quantization, parameters, metadata, base, verdict, facts, stores, search, content, weights";

/// An artefact that is stored.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) name: String,
    /// It was not there before, and its numbers of paths and devices count this report already.
    pub(super) new: bool,
}

/// Makes sure that there is a row for each of these; their rows by name. `paths` says at how many paths each will be held, so that
/// the row of a new one is written once.
pub(super) async fn store(
    work: &mut Work<'_>,
    artifacts: &[Artifact],
    paths: &HashMap<String, i64>,
) -> Result<HashMap<String, Stored>, StoreError> {
    let mut stored = HashMap::with_capacity(artifacts.len());
    for some in artifacts.chunks(AT_ONCE) {
        let mut told: BTreeMap<String, Facts> = BTreeMap::new();
        for artifact in some {
            let facts = Facts::of(artifact, work.uid)?;
            let facts = match told.remove(&facts.uid) {
                Some(other) => facts.beside(other)?,
                None => facts,
            };
            told.insert(facts.uid.clone(), facts);
        }
        store_some(work, told, paths, &mut stored).await?;
    }
    Ok(stored)
}

async fn store_some(
    work: &mut Work<'_>,
    mut told: BTreeMap<String, Facts>,
    paths: &HashMap<String, i64>,
    stored: &mut HashMap<String, Stored>,
) -> Result<(), StoreError> {
    let sql = format!("SELECT id, {COLUMNS} FROM artifacts WHERE uid IN ({{LIST}})");
    let list = told.keys().map(|uid| uid.as_str().into()).collect();
    for row in work.transaction.rows_in(&sql, &[], list).await? {
        let old = Facts::read(&row)?;
        let Some(new) = told.remove(&old.uid) else { continue };
        let merged = new.beside(old.clone())?;
        let known = Stored { id: row.int(0)?, name: merged.name.clone(), new: false };
        stored.insert(old.uid.clone(), known);
        if merged != old {
            told.insert(merged.uid.clone(), merged);
        }
    }
    if told.is_empty() {
        return Ok(());
    }
    work.changed.insert(Collection::Artifacts);
    let count =
        |facts: &Facts| if stored.contains_key(&facts.uid) { None } else { paths.get(&facts.uid).copied() };
    let rows = told.into_values().map(|facts| (count(&facts).unwrap_or(0), facts));
    let rows = rows.map(|(paths, facts)| facts.values(work.now, paths)).collect();
    for row in work.transaction.insert_returning(&upsert(), rows).await? {
        let (id, name) = (row.int(0)?, row.text(2)?);
        stored.entry(row.text(1)?).or_insert(Stored { id, name, new: true });
    }
    Ok(())
}

fn upsert() -> String {
    let set: Vec<String> =
        COLUMNS.split(", ").skip(1).map(|name| format!("{name} = excluded.{name}")).collect();
    format!(
        "INSERT INTO artifacts ({COLUMNS}, first_seen_at, holdings, devices) {{ROWS}} ON CONFLICT (uid) DO UPDATE SET {} RETURNING id, uid, name",
        set.join(", ")
    )
}

impl Facts {
    fn of(artifact: &Artifact, device: &str) -> Result<Self, StoreError> {
        let Artifact {
            size, format, digest, store, origin, license, metadata, verdict, facts, content, ..
        } = artifact;
        let file = artifact.path().file_name().to_string();
        let repository = origin.as_ref().and_then(|origin| origin.repository.clone());
        let publisher =
            repository.as_deref().and_then(|name| name.split_once('/')).map(|(who, _)| who.to_owned());
        let name = repository
            .as_deref()
            .and_then(|name| name.rsplit('/').next())
            .or(metadata.name.as_deref())
            .filter(|name| !name.is_empty())
            .unwrap_or(&file);
        let mut made = Self {
            uid: identity::artifact(artifact, device),
            sha256: digest.sha256.map(|digest| digest.to_string()),
            digest_status: word(&digest.status)?,
            name: text::cut(name, text::INDEXED),
            format: format.clone(),
            size: i64::try_from(*size).unwrap_or(i64::MAX),
            license: license.as_ref().map(|license| license.id.clone()),
            commercial_use: license.as_ref().map(|license| word(&license.commercial_use)).transpose()?,
            license_json: license.as_ref().map(json).transpose()?,
            registry: origin.as_ref().map(|origin| origin.registry.clone()),
            repository,
            revision: origin.as_ref().and_then(|origin| origin.revision.clone()),
            origin_json: origin.as_ref().map(json).transpose()?,
            publisher,
            role: metadata.role.as_ref().map(word).transpose()?,
            architecture: metadata.architecture.clone(),
            quantization: metadata.quantization.clone(),
            parameters: metadata.parameters.map(|number| i64::try_from(number).unwrap_or(i64::MAX)),
            metadata: json(metadata)?,
            base: text::words(metadata.base_models.iter().map(String::as_str)),
            verdict: word(verdict)?,
            facts: json(facts)?,
            stores: text::words(store.as_deref()),
            search: format!("/{file}"),
            content: json(content)?,
            weights: content.weights.map(|digest| digest.to_string()),
        };
        made.search = made.searched("");
        made.listed()
    }

    /// Data that is dangerous stands among the models: nobody must ask for data to learn of it.
    fn listed(mut self) -> Result<Self, StoreError> {
        let dangerous = [word(&Verdict::Malicious)?, word(&Verdict::Suspicious)?].contains(&self.verdict);
        if dangerous && self.role == Some(word(&Role::Data)?) {
            self.role = None;
        }
        Ok(self)
    }

    /// What is searched. Names of files, which are lines that begin with a slash, are only ever added.
    fn searched(&self, before: &str) -> String {
        let files = self.search.lines().chain(before.lines()).filter(|line| line.starts_with('/'));
        let mut known: Vec<&str> = Vec::new();
        for file in files {
            if !known.contains(&file) {
                known.push(file);
            }
        }
        // In one order whoever comes first, so that two devices do not write the same row in turns.
        known.sort_unstable();
        let words = [
            Some(self.name.as_str()),
            self.repository.as_deref(),
            self.publisher.as_deref(),
            self.registry.as_deref(),
            Some(&self.format),
            self.license.as_deref(),
            self.sha256.as_deref(),
            self.architecture.as_deref(),
        ];
        text::search(words.into_iter().chain(known.into_iter().map(Some)))
    }

    /// This, and what only another one knows of the same artefact.
    fn beside(mut self, old: Self) -> Result<Self, StoreError> {
        if self.standing()? < old.standing()? {
            self.name = old.name;
        }
        if self.license_json.is_none() {
            (self.license, self.commercial_use) = (old.license, old.commercial_use);
            self.license_json = old.license_json;
        }
        if self.origin_json.is_none() {
            (self.registry, self.repository, self.revision) = (old.registry, old.repository, old.revision);
            (self.origin_json, self.publisher) = (old.origin_json, old.publisher);
        }
        if self.metadata == json(&Metadata::default())? {
            (self.role, self.architecture, self.quantization) =
                (old.role, old.architecture, old.quantization);
            (self.parameters, self.metadata, self.base) = (old.parameters, old.metadata, old.base);
        }
        if self.verdict == word(&Verdict::NotScanned)? {
            (self.verdict, self.facts) = (old.verdict, old.facts);
            (self.content, self.weights) = (old.content, old.weights);
        }
        (self.format, self.size) = (old.format, old.size);
        self.stores = text::words(old.stores.split(' ').chain(self.stores.split(' ')));
        self.search = self.searched(&old.search);
        self.listed()
    }

    /// How good the name is: that of a file is replaced by the file's own, and that by the repository's.
    fn standing(&self) -> Result<u8, StoreError> {
        if self.repository.is_some() {
            return Ok(2);
        }
        let metadata: Metadata = serde_json::from_str(&self.metadata)
            .map_err(|error| StoreError::Unexpected(error.to_string()))?;
        Ok(metadata.name.is_some().into())
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            uid: row.text(1)?,
            sha256: row.maybe_text(2)?,
            digest_status: row.text(3)?,
            name: row.text(4)?,
            format: row.text(5)?,
            size: row.int(6)?,
            license: row.maybe_text(7)?,
            commercial_use: row.maybe_text(8)?,
            license_json: row.maybe_text(9)?,
            registry: row.maybe_text(10)?,
            repository: row.maybe_text(11)?,
            revision: row.maybe_text(12)?,
            origin_json: row.maybe_text(13)?,
            publisher: row.maybe_text(14)?,
            role: row.maybe_text(15)?,
            architecture: row.maybe_text(16)?,
            quantization: row.maybe_text(17)?,
            parameters: row.maybe_int(18)?,
            metadata: row.text(19)?,
            base: row.text(20)?,
            verdict: row.text(21)?,
            facts: row.text(22)?,
            stores: row.text(23)?,
            search: row.text(24)?,
            content: row.text(25)?,
            weights: row.maybe_text(26)?,
        })
    }

    fn values(self, now: jiff::Timestamp, paths: i64) -> Vec<Value> {
        vec![
            self.uid.into(),
            self.sha256.into(),
            self.digest_status.into(),
            self.name.into(),
            self.format.into(),
            self.size.into(),
            self.license.into(),
            self.commercial_use.into(),
            self.license_json.into(),
            self.registry.into(),
            self.repository.into(),
            self.revision.into(),
            self.origin_json.into(),
            self.publisher.into(),
            self.role.into(),
            self.architecture.into(),
            self.quantization.into(),
            self.parameters.into(),
            self.metadata.into(),
            self.base.into(),
            self.verdict.into(),
            self.facts.into(),
            self.stores.into(),
            self.search.into(),
            self.content.into(),
            self.weights.into(),
            now.into(),
            paths.into(),
            paths.min(1).into(),
        ]
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    // What the database would replace is replaced here, so that what is read back is the same.
    serde_json::to_string(value).map_err(|error| StoreError::Unexpected(error.to_string()))
}

/// The word of a kebab-case enumeration.
pub(super) fn word(value: &impl serde::Serialize) -> Result<String, StoreError> {
    Ok(json(value)?.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use domain::{Digest, HostPath, Origin};

    use super::*;

    fn artifact(path: &str) -> Artifact {
        Artifact {
            paths: vec![HostPath::from(path)],
            size: 7,
            format: "gguf".into(),
            digest: Digest::computed(domain::Sha256Digest::from_bytes([7; 32]), None),
            store: Some("ollama".into()),
            origin: None,
            license: None,
            metadata: Metadata::default(),
            verdict: Verdict::NotScanned,
            facts: Vec::new(),
            content: domain::Content::default(),
        }
    }

    fn origin() -> Origin {
        let repository = Some("Qwen/Qwen3-8B-GGUF".to_owned());
        Origin { registry: "huggingface.co".into(), repository, revision: None, evidence: "a cache".into() }
    }

    #[test]
    fn a_device_that_knows_less_erases_nothing() {
        let known = Artifact { origin: Some(origin()), verdict: Verdict::Clean, ..artifact("/a/one.gguf") };
        let known = Facts::of(&known, "one").unwrap();
        let merged = Facts::of(&artifact("/b/two.gguf"), "two").unwrap().beside(known.clone()).unwrap();
        assert_eq!((merged.name.as_str(), merged.publisher.as_deref()), ("Qwen3-8B-GGUF", Some("Qwen")));
        assert_eq!(merged.verdict, "clean");
        assert!(merged.search.contains("/one.gguf") && merged.search.contains("/two.gguf"));
    }

    #[test]
    fn a_device_that_did_not_look_inside_erases_no_evidence() {
        let mut seen = artifact("/a/one.gguf");
        seen.verdict = Verdict::Suspicious;
        seen.content.weights = Some(domain::Sha256Digest::from_bytes([9; 32]));
        let known = Facts::of(&seen, "one").unwrap();
        let merged = Facts::of(&artifact("/b/two.gguf"), "two").unwrap().beside(known.clone()).unwrap();
        assert_eq!((merged.content, merged.weights), (known.content, known.weights));
    }

    #[test]
    fn two_devices_that_know_the_same_write_it_once_whoever_comes_last() {
        let one = Facts::of(&artifact("/a/one.gguf"), "one").unwrap();
        let named = Artifact { store: Some("hugging-face".into()), ..artifact("/b/one.gguf") };
        let two = Facts::of(&named, "two").unwrap();
        let both = two.clone().beside(one.clone()).unwrap();
        assert_eq!(one.beside(both.clone()).unwrap(), both);
        assert_eq!(two.beside(both.clone()).unwrap(), both);
    }

    #[test]
    fn a_better_name_replaces_that_of_a_file() {
        let plain = Facts::of(&artifact("/a/one.gguf"), "one").unwrap();
        assert_eq!(plain.name, "one.gguf");
        let better = Artifact { origin: Some(origin()), ..artifact("/b/two.gguf") };
        let merged = Facts::of(&better, "two").unwrap().beside(plain).unwrap();
        assert_eq!(merged.name, "Qwen3-8B-GGUF");
    }
}
