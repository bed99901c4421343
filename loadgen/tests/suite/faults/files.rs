//! Results that cannot be written.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use nix::mount::{MsFlags, mount};

use super::child::{loadgen, stderr};
use crate::namespace::apart;
use crate::server::{HELLO, Server};

/// A folder on a file system of its own, of `size` bytes.
fn small_disk(size: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let options = format!("size={size}");
    mount(Some("tmpfs"), folder.path(), Some("tmpfs"), MsFlags::empty(), Some(options.as_str())).unwrap();
    folder
}

fn set_read_only(folder: &Path) {
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    mount(None::<&str>, folder, None::<&str>, flags, None::<&str>).unwrap();
}

fn server() -> (Server, String) {
    let server = Server::answering(HELLO, Duration::from_millis(1));
    let url = server.url("/").to_string();
    (server, url)
}

#[test]
fn a_full_stdout_is_an_error_and_no_panic() {
    let (_server, url) = server();
    for json in [&["--json", "-"][..], &[]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = loadgen(&[&[url.as_str(), "-n", "20"], json].concat()).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).contains("could not write"), "{}", stderr(&output));
        assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    }
}

#[test]
fn talk_that_cannot_be_written_costs_no_result() {
    let (_server, url) = server();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.json");
    let json = path.to_str().unwrap();
    let commands: [&[&str]; 2] = [
        &[&url, "-n", "20", "--fail-if", "error_rate >= 0%", "--json", json],
        &[
            "capacity",
            &url,
            "-o",
            "p50 < 1s",
            "--from",
            "20/s",
            "--to",
            "40/s",
            "--precision",
            "50%",
            "--trials",
            "1",
            "--trial",
            "1s",
            "--warm-up",
            "0s",
            "--json",
            json,
        ],
    ];
    for arguments in commands {
        let full = || File::options().write(true).open("/dev/full").unwrap();
        let output = loadgen(arguments).stderr(full()).output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1 | 3 | 4)), "{:?}", output.status);
        assert!(!output.stdout.is_empty(), "{arguments:?}");
        assert!(
            serde_json::from_slice::<serde_json::Value>(&fs::read(&path).unwrap()).is_ok(),
            "{arguments:?}"
        );
        fs::remove_file(&path).unwrap();

        // As `2>&1 | head -1` once its line has come: both are closed.
        let mut child = loadgen(arguments).spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        let status = child.wait().unwrap();
        assert!(matches!(status.code(), Some(0 | 1 | 3 | 4)), "{status:?}");
        assert!(
            serde_json::from_slice::<serde_json::Value>(&fs::read(&path).unwrap()).is_ok(),
            "{arguments:?}"
        );
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_full_disk_leaves_no_half_file_and_earlier_results_as_they_were() {
    apart("faults::files::a_full_disk_leaves_no_half_file_and_earlier_results_as_they_were", || {
        let (_server, url) = server();
        let disk = small_disk(8192);
        fs::write(disk.path().join("earlier"), vec![b'x'; 8192]).unwrap();
        for flag in ["--json", "--hgrm", "--html"] {
            let path = disk.path().join("late");
            let output = loadgen(&[&url, "-n", "300", flag, path.to_str().unwrap()]).output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{flag}: {}", stderr(&output));
            let summary = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(summary.contains("certificate"), "{flag}: the summary comes in any case");
            let said = stderr(&output);
            assert!(said.contains("could not write") && said.contains("late"), "{flag}: {said}");
            let left: Vec<_> =
                fs::read_dir(disk.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(left, ["earlier"], "{flag}");
        }
        assert_eq!(fs::read(disk.path().join("earlier")).unwrap(), vec![b'x'; 8192]);
    });
}

#[test]
fn a_read_only_folder_is_refused_before_anything_is_sent() {
    apart("faults::files::a_read_only_folder_is_refused_before_anything_is_sent", || {
        let (server, url) = server();
        let disk = small_disk(8192);
        set_read_only(disk.path());
        for flag in ["--json", "--html", "--hgrm", "--hdr-log", "--csv", "--raw"] {
            let path = disk.path().join("out");
            let output = loadgen(&[&url, "-n", "5", flag, path.to_str().unwrap()]).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{flag}: {}", stderr(&output));
            assert!(stderr(&output).contains("Read-only file system"), "{flag}: {}", stderr(&output));
        }
        assert_eq!(server.accepted(), 0);
    });
}
