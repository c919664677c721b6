//! GPUs: what the driver's library says comes out, and a machine without one is a normal machine.

#![cfg(target_os = "linux")]

use std::{path::Path, process::Command};

use scenarios::{Scan, repository, schema::assert_follows_schema, tree::Tree};

/// Builds the stand-in for the driver's library into a folder.
fn driver(folder: &Path) {
    let status = Command::new("cc")
        .args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"])
        .arg(folder.join("libnvidia-ml.so.1"))
        .arg(repository().join("tests/tools/nvml.c"))
        .status()
        .expect("cc starts: `./dev test` installs it");
    assert!(status.success(), "the stand-in for the driver does not build");
}

#[test]
fn an_nvidia_gpu_is_listed_with_its_load_and_the_process_that_uses_it() {
    let (tree, library) = (Tree::new(), tempfile::tempdir().expect("a folder"));
    driver(library.path());
    let scan = Scan::with_processes(tree.root())
        .env("LD_LIBRARY_PATH", library.path())
        .env("EYELINE_TEST_PID", "4711");
    let document = scan.run().json();
    assert_follows_schema(&document);
    let gpu =
        document["accelerators"].as_array().and_then(|all| all.iter().find(|one| one["source"] == "nvml"));
    let gpu = gpu.unwrap_or_else(|| panic!("no GPU in {:#}", document["accelerators"]));
    assert_eq!((gpu["kind"].as_str(), gpu["name"].as_str()), (Some("gpu"), Some("NVIDIA H200")));
    assert_eq!((gpu["bus"].as_str(), gpu["utilization"].as_f64()), (Some("0000:0a:00.0"), Some(0.42)));
    assert_eq!(gpu["memory_total"].as_u64(), Some(150_754_820_096));
    let user = &gpu["processes"][0];
    assert_eq!((user["pid"].as_u64(), user["memory"].as_u64()), (Some(4711), Some(536_870_912)));
    assert_eq!(user["utilization"].as_f64(), Some(0.38));
}

#[test]
fn a_machine_without_the_driver_has_no_nvidia_gpu_and_no_complaint() {
    let tree = Tree::new();
    let answer = Scan::with_processes(tree.root()).env("LD_LIBRARY_PATH", tree.root()).run();
    let document = answer.json();
    assert!(
        document["accelerators"].as_array().is_some_and(|all| all.iter().all(|one| one["source"] != "nvml"))
    );
    assert_ne!(answer.code, Some(3), "{}", answer.stderr);
}
