//! GPUs and NPUs through the kernel: `/sys/class/drm`, `/sys/class/accel` and the `fdinfo` of their clients.
//! Source of the formats: Documentation/gpu/drm-usage-stats.rst and Documentation/accel of the kernel.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use domain::{Accelerator, AcceleratorProcess};

use crate::process::{OpenFile, read_proc};

const ATTRIBUTE_LIMIT: u64 = 4096;

/// A device of the kernel and where its attributes lie.
struct Node {
    accelerator: Accelerator,
    attributes: PathBuf,
}

pub(super) fn accelerators(measure: Duration) -> Vec<Accelerator> {
    let mut nodes = nodes(Path::new("/sys/class"));
    if nodes.is_empty() {
        return Vec::new();
    }
    let start = Instant::now();
    let (clients_before, busy_before) = (clients(), busy_times(&nodes));
    if !measure.is_zero() {
        std::thread::sleep(measure);
        let elapsed = start.elapsed();
        let busy = busy_times(&nodes);
        for (node, (before, after)) in nodes.iter_mut().zip(busy_before.into_iter().zip(busy)) {
            let microseconds = after.zip(before).map(|(after, before)| after.saturating_sub(before));
            let share = microseconds.and_then(|us| share(us.saturating_mul(1000), elapsed));
            node.accelerator.utilization = node.accelerator.utilization.or(share);
        }
        attribute(&mut nodes, &clients_before, &clients(), elapsed);
    } else {
        attribute(&mut nodes, &clients_before, &clients_before, Duration::ZERO);
    }
    nodes.into_iter().map(|node| node.accelerator).collect()
}

/// Cards that can compute (those with a render node) and NPUs.
fn nodes(class: &Path) -> Vec<Node> {
    let mut found: Vec<_> = names(&class.join("drm"))
        .into_iter()
        .filter(|name| name.strip_prefix("renderD").is_some_and(is_number))
        .map(|name| node("gpu", "drm", &class.join("drm").join(name).join("device")))
        .collect();
    let npus = names(&class.join("accel"));
    found.extend(
        npus.into_iter()
            .filter(|name| name.strip_prefix("accel").is_some_and(is_number))
            .map(|name| node("npu", "accel", &class.join("accel").join(name).join("device"))),
    );
    found
}

fn names(directory: &Path) -> Vec<String> {
    let entries = crate::read::entries(directory, 4096).unwrap_or_default();
    entries.into_iter().filter_map(|entry| entry.name.into_string().ok()).collect()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn node(kind: &str, source: &str, attributes: &Path) -> Node {
    let event = attribute_text(attributes, "uevent").unwrap_or_default();
    let of = |key: &str| event.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
    let (driver, bus) = (of("DRIVER="), of("PCI_SLOT_NAME="));
    let number = |name| attribute_text(attributes, name)?.trim().parse::<u64>().ok();
    let product = attribute_text(attributes, "product_name").map(|name| name.trim().to_owned());
    let name = product.filter(|name| !name.is_empty()).unwrap_or_else(|| {
        let parts: Vec<_> = [driver.as_deref(), bus.as_deref()].into_iter().flatten().collect();
        if parts.is_empty() { kind.to_owned() } else { parts.join(" ") }
    });
    let accelerator = Accelerator {
        kind: kind.to_owned(),
        name,
        source: source.to_owned(),
        driver,
        bus,
        utilization: number("gpu_busy_percent")
            .and_then(|percent| u8::try_from(percent).ok())
            .map(|p| f64::from(p) / 100.0),
        memory_used: number("mem_info_vram_used"),
        memory_total: number("mem_info_vram_total"),
        processes: Vec::new(),
    };
    Node { accelerator, attributes: attributes.to_owned() }
}

fn attribute_text(directory: &Path, name: &str) -> Option<String> {
    let bytes = read_proc(&directory.join(name), ATTRIBUTE_LIMIT).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// `npu_busy_time_us` of each node, where it has one.
fn busy_times(nodes: &[Node]) -> Vec<Option<u64>> {
    nodes
        .iter()
        .map(|node| attribute_text(&node.attributes, "npu_busy_time_us")?.trim().parse().ok())
        .collect()
}

/// What one client of one device says in its `fdinfo`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Client {
    pid: u32,
    device: String,
    id: u64,
    busy: u64,
    memory: Option<u64>,
}

/// The clients of all processes. Several descriptors may belong to one client, which counts once.
fn clients() -> Vec<Client> {
    let mut found = HashMap::new();
    for pid in names(Path::new("/proc")).iter().filter_map(|name| name.parse::<u32>().ok()) {
        for open in crate::process::open_files(pid).unwrap_or_default() {
            let OpenFile::Path { descriptor, path } = open else { continue };
            if !(path.starts_with("/dev/dri") || path.starts_with("/dev/accel")) {
                continue;
            }
            let info =
                read_proc(&PathBuf::from(format!("/proc/{pid}/fdinfo/{descriptor}")), ATTRIBUTE_LIMIT * 4);
            if let Some(client) = info.ok().and_then(|info| client(pid, &String::from_utf8_lossy(&info))) {
                found.insert((client.device.clone(), client.id), client);
            }
        }
    }
    found.into_values().collect()
}

/// `drm-*` keys: engine times in nanoseconds, memory with a unit of `KiB` or `MiB`.
pub(super) fn client(pid: u32, info: &str) -> Option<Client> {
    let pairs: BTreeMap<_, _> = info.lines().filter_map(|line| line.split_once(':')).collect();
    let text = |key: &str| pairs.get(key).map(|value| value.trim());
    let device = text("drm-pdev")?.to_owned();
    let id = text("drm-client-id")?.parse().ok()?;
    let engines = pairs.iter().filter(|(key, _)| key.starts_with("drm-engine-") && !key.contains("capacity"));
    let busy = engines.filter_map(|(_, value)| value.split_whitespace().next()?.parse::<u64>().ok());
    let memory = [
        "drm-resident-vram0",
        "drm-total-vram0",
        "drm-resident-vram",
        "drm-memory-vram",
        "drm-resident-memory",
    ]
    .iter()
    .find_map(|key| bytes(text(key)?));
    Some(Client { pid, device, id, busy: busy.fold(0, u64::saturating_add), memory })
}

fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let scale = match unit.trim() {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(scale)
}

/// Gives each device the processes that are its clients.
fn attribute(nodes: &mut [Node], before: &[Client], after: &[Client], elapsed: Duration) {
    for Node { accelerator, .. } in nodes {
        let mut by_pid: BTreeMap<u32, AcceleratorProcess> = BTreeMap::new();
        for client in after.iter().filter(|client| accelerator.bus.as_ref() == Some(&client.device)) {
            let earlier =
                before.iter().find(|other| (other.id, &other.device) == (client.id, &client.device));
            let used = earlier.and_then(|other| share(client.busy.saturating_sub(other.busy), elapsed));
            let process = by_pid.entry(client.pid).or_insert(AcceleratorProcess {
                pid: client.pid,
                memory: None,
                utilization: None,
            });
            process.memory = client
                .memory
                .map(|bytes| bytes.saturating_add(process.memory.unwrap_or_default()))
                .or(process.memory);
            process.utilization = used
                .map(|used| (used + process.utilization.unwrap_or_default()).min(1.0))
                .or(process.utilization);
        }
        accelerator.processes = by_pid.into_values().collect();
    }
}

/// Nanoseconds of work as a share of the time that passed, at most 1.
fn share(nanoseconds: u64, elapsed: Duration) -> Option<f64> {
    let work = Duration::from_nanos(nanoseconds).as_secs_f64();
    (!elapsed.is_zero()).then(|| (work / elapsed.as_secs_f64()).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "pos:\t0\nflags:\t02\ndrm-driver:\tamdgpu\ndrm-pdev:\t0000:03:00.0\ndrm-client-id:\t7\n\
                        drm-engine-gfx:\t250000000 ns\ndrm-engine-compute:\t250000000 ns\n\
                        drm-engine-capacity-gfx:\t9\ndrm-memory-vram:\t2048 KiB\n";

    fn fake_class() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let gpu = dir.path().join("drm/renderD128/device");
        let npu = dir.path().join("accel/accel0/device");
        for (folder, uevent) in [
            (&gpu, "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0\n"),
            (&npu, "DRIVER=intel_vpu\nPCI_SLOT_NAME=0000:00:0b.0\n"),
        ] {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join("uevent"), uevent).unwrap();
        }
        std::fs::create_dir_all(dir.path().join("drm/card0-HDMI-A-1")).unwrap();
        std::fs::write(gpu.join("gpu_busy_percent"), "40\n").unwrap();
        std::fs::write(gpu.join("mem_info_vram_total"), "8589934592\n").unwrap();
        std::fs::write(npu.join("npu_busy_time_us"), "1000\n").unwrap();
        dir
    }

    #[test]
    fn cards_and_npus_are_found_with_what_the_kernel_tells() {
        let class = fake_class();
        let nodes = nodes(class.path());
        let gpu = &nodes[0].accelerator;
        assert_eq!((gpu.kind.as_str(), gpu.name.as_str()), ("gpu", "amdgpu 0000:03:00.0"));
        assert_eq!((gpu.utilization, gpu.memory_total), (Some(0.4), Some(8 << 30)));
        assert_eq!(nodes[1].accelerator.kind, "npu");
        assert_eq!(busy_times(&nodes), [None, Some(1000)]);
    }

    #[test]
    fn a_client_is_read_and_given_to_its_device_and_process() {
        let before = Client { busy: 0, ..client(9, INFO).unwrap() };
        let after = client(9, INFO).unwrap();
        assert_eq!((after.busy, after.memory), (500_000_000, Some(2 << 20)));
        let mut nodes = nodes(fake_class().path());
        attribute(&mut nodes, &[before], &[after], Duration::from_secs(1));
        let process = &nodes[0].accelerator.processes[0];
        assert_eq!((process.pid, process.memory, process.utilization), (9, Some(2 << 20), Some(0.5)));
        assert!(nodes[1].accelerator.processes.is_empty());
    }

    #[test]
    fn a_device_without_accelerators_has_none() {
        assert!(nodes(Path::new("/nonexistent")).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_fdinfo_makes_the_parser_panic(info: String) {
            client(1, &info);
        }
    }
}
