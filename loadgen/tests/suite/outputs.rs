//! Results, wherever they go: replaced files, pipes, devices, and files with two names.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use reports_record::Measurement;

use super::server::{HELLO, Server};

fn server() -> (Server, String) {
    let server = Server::answering(HELLO, Duration::from_millis(1));
    let url = server.url("/").to_string();
    (server, url)
}

fn loadgen(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn every_result_is_replaced_whole_and_none_of_its_neighbours() {
    let (_server, url) = server();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let names = ["--json", "--html", "--hgrm", "--hdr-log", "--csv", "--raw"];
    let flags: Vec<String> =
        names.iter().flat_map(|flag| [(*flag).to_owned(), text(&path(&flag[2..])).to_owned()]).collect();
    let arguments: Vec<&str> =
        [url.as_str(), "-n", "30"].into_iter().chain(flags.iter().map(String::as_str)).collect();
    for name in names {
        fs::write(path(&name[2..]), vec![b'x'; 1 << 20]).unwrap();
    }
    for _ in 0..2 {
        let output = loadgen(&arguments).output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", stderr(&output));
        for name in names {
            let written = fs::read(path(&name[2..])).unwrap();
            assert!(!written.is_empty() && !written.ends_with(b"xx"), "{name}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), names.len());
    }
}

#[test]
fn pipes_and_devices_are_written_to_as_they_are() {
    let (_server, url) = server();
    let script = r#"
        set -e
        "$0" "$1" -n 20 --json /dev/null --csv /dev/null >/dev/null || [ $? = 3 ]
        test -c /dev/null
        "$0" "$1" -n 20 --json >(cat >"$2/substituted") >/dev/null || [ $? = 3 ]
        wait $!
        "$0" "$1" -n 20 --json /dev/stdout >"$2/redirected" || [ $? = 3 ]
        "$0" "$1" -n 20 --json /dev/stdout | cat >"$2/piped"
        "$0" "$1" -n 20 --json /dev/fd/7 7>"$2/descriptor" >/dev/null || [ $? = 3 ]
        mkfifo "$2/fifo"
        cat "$2/fifo" >"$2/through" &
        "$0" "$1" -n 20 --json "$2/fifo" >/dev/null || [ $? = 3 ]
        wait $!
        test -p "$2/fifo"
    "#;
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_loadgen"), &url, text(folder.path())])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    for name in ["substituted", "redirected", "piped", "descriptor", "through"] {
        let json = fs::read(folder.path().join(name)).unwrap();
        let measurement: Measurement = serde_json::from_slice(&json).unwrap();
        assert_eq!(measurement.account.finished, 20, "{name}");
    }
}

#[test]
fn two_results_for_one_file_are_refused_by_whatever_names() {
    let (server, url) = server();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| text(&folder.path().join(name)).to_owned();
    fs::write(path("there"), "0.1\n").unwrap();
    fs::hard_link(path("there"), path("hard")).unwrap();
    symlink("there", path("soft")).unwrap();
    symlink("new", path("dangling")).unwrap();
    for (one, two) in [("new", "./new"), ("there", "hard"), ("soft", "hard"), ("new", "dangling")] {
        let output = loadgen(&[&url, "-n", "5", "--csv", &path(one), "--json", &path(two)]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{one} {two}");
        let said = stderr(&output);
        assert!(said.contains("--csv") && said.contains("--json") && said.contains("same file"), "{said}");
    }
    let stdout_twice = loadgen(&[&url, "-n", "5", "--json", "-", "--csv", "/dev/stdout"]).output().unwrap();
    assert_eq!(stdout_twice.status.code(), Some(2), "{}", stderr(&stdout_twice));
    let read_too = loadgen(&[&url, "--replay", &path("there"), "--json", &path("hard")]).output().unwrap();
    assert!(stderr(&read_too).contains("would replace --replay"), "{}", stderr(&read_too));
    let open = || File::options().append(true).open(path("there")).unwrap();
    let redirected = loadgen(&[&url, "-n", "5", "--json", &path("soft")]).stdout(open()).output().unwrap();
    assert!(stderr(&redirected).contains("stdout is redirected to the same file"), "{}", stderr(&redirected));
    let talk = loadgen(&[&url, "-n", "5", "--json", &path("there")]).stderr(open()).output().unwrap();
    assert_eq!(talk.status.code(), Some(2));
    assert_eq!(server.accepted(), 0);
}

#[test]
fn what_could_not_take_its_place_is_kept_and_named_and_the_summary_comes() {
    let (server, url) = server();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.json");
    let child = loadgen(&[&url, "-d", "3s", "--json", text(&path), "--hgrm", text(&folder.path().join("h"))])
        .spawn()
        .unwrap();
    while server.answered() < 5 {
        std::thread::yield_now();
    }
    // Nothing can be renamed to a folder.
    fs::create_dir(&path).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("certificate"), "{said}");
    assert!(folder.path().join("h").is_file(), "the other result is written");
    let (_, kept) = said.split_once("kept as ").unwrap();
    let kept = fs::read(kept.lines().next().unwrap()).unwrap();
    assert!(serde_json::from_slice::<Measurement>(&kept).is_ok());
}

#[test]
fn a_table_on_stdout_has_it_alone() {
    let (_server, url) = server();
    let output = loadgen(&[&url, "-n", "20", "--csv", "-"]).output().unwrap();
    let table = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(table.starts_with("start_s,") && !table.contains("certificate"), "{table}");
    assert!(stderr(&output).contains("certificate"), "{}", stderr(&output));
}
