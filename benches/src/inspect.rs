//! `eyeline inspect` beside the scanners people use, on the same files in one run: CPU time and memory.
//!
//! The inputs are those on which scanners differ: a large nested pickle whose last call is the attack, a large checkpoint, thousands of
//! small pickles, models of gigabytes. What is said of them matters as far as it must be right: a wrong answer is an error here.

use std::{
    fs::{self, File},
    io::{BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use artifact::testkit::{self, Value};

use crate::{
    measure::{Command, Sample, median},
    report::Row,
};

/// Goals of the product.
const NESTED_CPU: f64 = 0.01;
const NESTED_PEAK_MB: f64 = 32.0;
const SMALL_CPU: f64 = 1.0;
const METADATA_MS: f64 = 20.0;
const METADATA_PEAK_MB: f64 = 16.0;
/// A digest and an inspection may take 1/0.95 of a digest alone.
const WHOLE: f64 = 1.0 / 0.95;

/// Rounds of what is quick; the median counts. A peer that takes a minute runs once.
const ROUNDS: usize = 5;

const NESTED: usize = 50 << 20;
const SMALL: usize = 2000;
/// Of the small pickles, each of so many attacks.
const ONE_IN: usize = 20;
const STORAGE: u64 = 128 << 20;
const STORAGES: u64 = 8;
const LARGE: u64 = 2 << 30;

/// The files, made once and kept.
struct Inputs {
    nested: PathBuf,
    nested_benign: PathBuf,
    small: PathBuf,
    checkpoint: PathBuf,
    checkpoint_benign: PathBuf,
    safetensors: PathBuf,
    gguf: PathBuf,
}

/// Measures with the peers in `peers`, a virtual environment's folder of programs, if there is one.
pub(crate) fn measure(eyeline: &Path, dir: &Path, peers: Option<&Path>) -> Result<Vec<Row>> {
    let inputs = inputs(&dir.join("inspect"))?;
    let peer = |name: &str| peers.map(|folder| folder.join(name)).filter(|program| program.exists());
    if peers.is_none() {
        eprintln!("bench: no peers named (--peers): `./dev bench` brings them");
    }
    let mut rows = Vec::new();
    let picklescan = peer("picklescan");
    nested(eyeline, &inputs, picklescan.as_deref(), &mut rows)?;
    small(eyeline, &inputs, picklescan.as_deref(), &mut rows)?;
    checkpoint(eyeline, &inputs, picklescan.as_deref(), &mut rows)?;
    for (program, what) in [("modelscan", MODELSCAN), ("modelaudit", MODELAUDIT)] {
        if let Some(program) = peer(program) {
            others(eyeline, &inputs, &program, what, &mut rows)?;
        }
    }
    metadata(eyeline, &inputs, &mut rows)?;
    whole(eyeline, &inputs, &mut rows)?;
    Ok(rows)
}

const MODELSCAN: [&str; 2] =
    ["small pickles: CPU beside modelscan, s", "checkpoint: CPU beside modelscan, s"];
const MODELAUDIT: [&str; 2] =
    ["small pickles: CPU beside modelaudit, s", "checkpoint: CPU beside modelaudit, s"];

fn inspect(eyeline: &Path, words: &[&str], file: &Path, code: i64) -> Command {
    Command::new(eyeline).words(&["inspect", "--no-cache", "--json"]).words(words).word(file).accept(&[code])
}

fn samples(command: &Command, rounds: usize) -> Result<Vec<Sample>> {
    command.sample()?;
    (0..rounds).map(|_| command.sample()).collect()
}

fn cpu(samples: &[Sample]) -> f64 {
    median(samples, |sample| sample.cpu_s)
}

fn peak(samples: &[Sample]) -> f64 {
    median(samples, |sample| sample.peak_mb)
}

/// Exit codes of scanners: nothing found, something found.
fn scanner(program: &Path, words: &[&str], path: &Path) -> Command {
    Command::new(program).words(words).word(path).accept(&[0, 1, 2, 3])
}

fn nested(eyeline: &Path, inputs: &Inputs, picklescan: Option<&Path>, rows: &mut Vec<Row>) -> Result<()> {
    let ours = samples(&inspect(eyeline, &[], &inputs.nested, 1), ROUNDS)?;
    inspect(eyeline, &[], &inputs.nested_benign, 0).sample().context("the benign twin is not clean")?;
    if let Some(program) = picklescan {
        let peer = scanner(program, &["-p"], &inputs.nested).sample()?;
        rows.push(Row::share(
            "50 MB nested pickle: CPU beside picklescan, s",
            cpu(&ours),
            peer.cpu_s,
            NESTED_CPU,
        ));
        rows.push(
            Row::below("50 MB nested pickle: peak memory, MB", peak(&ours), NESTED_PEAK_MB)
                .peer(peer.peak_mb),
        );
    } else {
        rows.push(Row::below("50 MB nested pickle: peak memory, MB", peak(&ours), NESTED_PEAK_MB));
    }
    Ok(())
}

fn small(eyeline: &Path, inputs: &Inputs, picklescan: Option<&Path>, rows: &mut Vec<Row>) -> Result<()> {
    let command = inspect(eyeline, &[], &inputs.small, 1);
    let ours = samples(&command, ROUNDS)?;
    let document: serde_json::Value =
        serde_json::from_slice(&command.output()?).context("inspect printed no JSON")?;
    // Equal files are one artefact with many paths.
    let malicious = |artifact: &&serde_json::Value| artifact["verdict"] == "malicious";
    let paths = |artifact: &serde_json::Value| artifact["paths"].as_array().map_or(0, Vec::len);
    let found = document["artifacts"]
        .as_array()
        .map_or(0, |artifacts| artifacts.iter().filter(malicious).map(paths).sum());
    rows.push(Row::exactly("2,000 small pickles: malicious ones found", found, SMALL / ONE_IN));
    if let Some(program) = picklescan {
        let peer = samples(&scanner(program, &["-p"], &inputs.small), ROUNDS)?;
        rows.push(Row::share(
            "2,000 small pickles: CPU beside picklescan, s",
            cpu(&ours),
            cpu(&peer),
            SMALL_CPU,
        ));
    }
    Ok(())
}

fn checkpoint(eyeline: &Path, inputs: &Inputs, picklescan: Option<&Path>, rows: &mut Vec<Row>) -> Result<()> {
    let ours = samples(&inspect(eyeline, &["--quick"], &inputs.checkpoint, 1), ROUNDS)?;
    inspect(eyeline, &[], &inputs.checkpoint_benign, 0)
        .sample()
        .context("the benign checkpoint is not clean")?;
    if let Some(program) = picklescan {
        let peer = samples(&scanner(program, &["-p"], &inputs.checkpoint), ROUNDS)?;
        rows.push(Row::beside(
            "1 GiB checkpoint, its pickle alone: CPU beside picklescan, s",
            cpu(&ours),
            cpu(&peer),
        ));
    }
    Ok(())
}

fn others(
    eyeline: &Path,
    inputs: &Inputs,
    program: &Path,
    what: [&'static str; 2],
    rows: &mut Vec<Row>,
) -> Result<()> {
    let words: &[&str] = match program.file_name().and_then(|name| name.to_str()) {
        Some("modelscan") => &["-p"],
        _ => &["scan"],
    };
    for (what, path) in what.into_iter().zip([&inputs.small, &inputs.checkpoint]) {
        let ours = samples(&inspect(eyeline, &[], path, 1), 1)?;
        let peer = scanner(program, words, path).sample()?;
        rows.push(Row::beside(what, cpu(&ours), peer.cpu_s));
    }
    Ok(())
}

fn metadata(eyeline: &Path, inputs: &Inputs, rows: &mut Vec<Row>) -> Result<()> {
    let names = [
        ["2 GiB safetensors, metadata: ms", "2 GiB safetensors, metadata: peak memory, MB"],
        ["2 GiB GGUF, metadata and template: ms", "2 GiB GGUF, metadata and template: peak memory, MB"],
    ];
    for ([time, memory], (file, code)) in names.into_iter().zip([(&inputs.safetensors, 0), (&inputs.gguf, 1)])
    {
        let ours = samples(&inspect(eyeline, &["--quick"], file, code), ROUNDS)?;
        rows.push(Row::below(time, median(&ours, |sample| sample.wall_s) * 1000.0, METADATA_MS));
        rows.push(Row::below(memory, peak(&ours), METADATA_PEAK_MB));
    }
    Ok(())
}

fn whole(eyeline: &Path, inputs: &Inputs, rows: &mut Vec<Row>) -> Result<()> {
    let openssl = Command::new("openssl").words(&["dgst", "-sha256"]).word(&inputs.safetensors);
    let ours = inspect(eyeline, &[], &inputs.safetensors, 0);
    let (mut of_openssl, mut of_ours) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        of_openssl.push(openssl.warm_sample()?);
        of_ours.push(ours.warm_sample()?);
    }
    let wall = |samples: &[Sample]| median(samples, |sample| sample.wall_s);
    rows.push(Row::share(
        "2 GiB, digest and inspection: s, beside openssl",
        wall(&of_ours),
        wall(&of_openssl),
        WHOLE,
    ));
    rows.push(Row::beside(
        "2 GiB, digest and inspection: CPU s, beside openssl",
        cpu(&of_ours),
        cpu(&of_openssl),
    ));
    Ok(())
}

fn inputs(dir: &Path) -> Result<Inputs> {
    fs::create_dir_all(dir).with_context(|| format!("failed to make `{}`", dir.display()))?;
    let make = |name: &str, write: &dyn Fn(&Path) -> Result<()>| -> Result<PathBuf> {
        let (path, stamp) = (dir.join(name), dir.join(format!(".{name}.ready")));
        if !stamp.exists() {
            write(&path).with_context(|| format!("failed to make `{}`", path.display()))?;
            fs::write(&stamp, "")?;
        }
        Ok(path)
    };
    Ok(Inputs {
        nested: make("nested.pkl", &|path| Ok(fs::write(path, nested_pickle(ATTACK))?))?,
        nested_benign: make("nested-benign.pkl", &|path| Ok(fs::write(path, nested_pickle(b""))?))?,
        small: make("small", &small_pickles)?,
        checkpoint: make("checkpoint.pt", &|path| write_checkpoint(path, ATTACK))?,
        checkpoint_benign: make("checkpoint-benign.pt", &|path| write_checkpoint(path, b""))?,
        safetensors: make("large.safetensors", &write_safetensors)?,
        gguf: make("large.gguf", &write_gguf)?,
    })
}

/// `posix.system("true")`, and the answer dropped.
const ATTACK: &[u8] = b"cposix\nsystem\nX\x04\x00\x00\x00true\x85R0";

/// A list of small dictionaries in lists, as a pickler writes them, and an attack just before the end.
fn nested_pickle(attack: &[u8]) -> Vec<u8> {
    let mut out = b"\x80\x04]\x94(".to_vec();
    let mut number = 0u32;
    while out.len() < NESTED {
        out.extend(b"]\x94(}\x94(\x8c\x04name\x94\x8c\x08");
        out.extend(format!("{number:08x}").bytes());
        out.extend(b"\x94\x8c\x05value\x94J");
        out.extend(number.to_le_bytes());
        out.extend(b"\x8c\x05parts\x94](K\x01K\x02K\x03G\x3f\xf0\0\0\0\0\0\0eue");
        number = number.wrapping_add(1);
    }
    out.push(b'e');
    out.extend(attack);
    out.push(b'.');
    out
}

fn small_pickles(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for number in 0..SMALL {
        let mut out = b"\x80\x04}\x94(".to_vec();
        for key in 0..40u8 {
            out.extend(format!("\x58\x08\0\0\0layer{number:03}", number = usize::from(key)).bytes());
            out.extend(b"](K\x01K\x02G\x3f\xf0\0\0\0\0\0\0e");
        }
        out.push(b'u');
        out.extend(if number % ONE_IN == 0 { ATTACK } else { b"" });
        out.push(b'.');
        fs::write(folder.join(format!("{number:04}.pkl")), out)?;
    }
    Ok(())
}

/// A checkpoint of eight storages of zeros, which take no room on a disk.
fn write_checkpoint(path: &Path, attack: &[u8]) -> Result<()> {
    let pickle = [b"\x80\x02}q\0X\x01\0\0\0wq\x01K\x01s", attack, b"."].concat();
    let mut out = BufWriter::new(File::create(path)?);
    let mut directory = Vec::new();
    let mut count = 0u16;
    let mut at = 0u64;
    let zeros = testkit::crc32_of_zeros(STORAGE);
    let storages = (0..STORAGES).map(|number| (format!("archive/data/{number}"), None));
    let small = [
        ("archive/data.pkl".to_owned(), Some(pickle)),
        ("archive/version".to_owned(), Some(b"3\n".to_vec())),
    ];
    for (name, data) in small.into_iter().chain(storages) {
        let size = data.as_ref().map_or(STORAGE, |data| data.len() as u64);
        let crc = data.as_ref().map_or(zeros, |data| testkit::crc32(data));
        let size32 = u32::try_from(size)?.to_le_bytes();
        let length = u16::try_from(name.len())?.to_le_bytes();
        let common =
            [&[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..], &crc.to_le_bytes(), &size32, &size32, &length, &[0, 0]]
                .concat();
        let header = [&b"PK\x03\x04"[..], &common, name.as_bytes()].concat();
        out.write_all(&header)?;
        match &data {
            Some(data) => out.write_all(data)?,
            None => drop(out.seek(SeekFrom::Current(i64::try_from(STORAGE)?))?),
        }
        let place = [&[0; 10][..], &u32::try_from(at)?.to_le_bytes()].concat();
        directory.extend([&b"PK\x01\x02\x14\x00"[..], &common, &place, name.as_bytes()].concat());
        at += header.len() as u64 + size;
        count += 1;
    }
    out.write_all(&directory)?;
    let (size, start) = (u32::try_from(directory.len())?.to_le_bytes(), u32::try_from(at)?.to_le_bytes());
    let count = count.to_le_bytes();
    out.write_all(&[&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size, &start, &[0, 0]].concat())?;
    Ok(out.flush()?)
}

/// A header of three hundred tensors, and zeros for them that take no room on a disk.
fn write_safetensors(path: &Path) -> Result<()> {
    let each = LARGE / 300 / 4 * 4;
    let tensors: Vec<String> = (0..300u64)
        .map(|number| {
            let (start, end) = (number * each, (number + 1) * each);
            format!(r#""model.layers.{number}.weight":{{"dtype":"F32","shape":[{}],"data_offsets":[{start},{end}]}}"#, each / 4)
        })
        .collect();
    let header = format!(r#"{{"__metadata__":{{"format":"pt"}},{}}}"#, tensors.join(","));
    let header = format!("{header:<width$}", width = header.len().next_multiple_of(8));
    let bytes = testkit::safetensors_header(&header);
    fs::write(path, &bytes)?;
    let file = File::options().write(true).open(path)?;
    Ok(file.set_len(bytes.len() as u64 + 300 * each)?)
}

/// A model whose chat template runs a command when it is rendered outside a sandbox.
fn write_gguf(path: &Path) -> Result<()> {
    let words: Vec<String> = (0..32_000).map(|number| format!("token{number}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let template = "{% for m in messages %}{{ m.content }}{% endfor %}\
                    {{ cycler.__init__.__globals__.os.popen('true').read() }}";
    let keys = [
        ("general.architecture", Value::Text("llama")),
        ("general.name", Value::Text("bench")),
        ("tokenizer.ggml.tokens", Value::Texts(&words)),
        ("tokenizer.chat_template", Value::Text(template)),
    ];
    let tensor = [32, LARGE / 4 / 32];
    let header = testkit::gguf_header(&keys, &[("token_embd.weight", &tensor)]);
    fs::write(path, &header)?;
    let file = File::options().write(true).open(path)?;
    Ok(file.set_len(header.len() as u64 + LARGE)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inputs_are_what_they_are_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.pt");
        write_checkpoint(&path, ATTACK).unwrap();
        let length = fs::metadata(&path).unwrap().len();
        assert!(length > STORAGE * STORAGES);
        let found = artifact::identify(&mut File::open(&path).unwrap(), length).unwrap().unwrap();
        assert_eq!((found.format.as_str(), found.facts.len()), ("pytorch", 0));
        for (write, format) in
            [(write_safetensors as fn(&Path) -> Result<()>, "safetensors"), (write_gguf, "gguf")]
        {
            write(&path).unwrap();
            let length = fs::metadata(&path).unwrap().len();
            assert!(length > LARGE - 2000);
            let found = artifact::identify(&mut File::open(&path).unwrap(), length).unwrap().unwrap();
            assert_eq!((found.format.as_str(), found.facts), (format, Vec::new()));
        }
    }
}
