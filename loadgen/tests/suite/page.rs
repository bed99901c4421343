//! The page of a measurement, as the program writes it.

use std::fs;
use std::process::{Command, Output};
use std::time::Duration;

use reports_record::read_measurement;

use super::server::{HELLO, Server};

fn loadgen(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loadgen")).args(arguments).output().unwrap()
}

#[test]
fn the_page_is_that_of_the_json_beside_it_in_both_loops() {
    for pace in [&[][..], &["--rate", "200/s", "--arrivals", "poisson"]] {
        let server = Server::answering(HELLO, Duration::from_millis(2));
        let folder = tempfile::tempdir().unwrap();
        let [json, html] = ["m.json", "m.html"].map(|name| folder.path().join(name));
        let url = server.url("/a?b=1&c=2").to_string();
        let outputs = ["--json", json.to_str().unwrap(), "--html", html.to_str().unwrap()];
        let output = loadgen(&[&[url.as_str(), "-c", "4", "-d", "1s"], pace, &outputs].concat());
        assert!(matches!(output.status.code(), Some(0 | 3)), "{output:?}");
        let page = fs::read_to_string(&html).unwrap();
        assert_eq!(page, reports_render::measurement::page(&read_measurement(&json).unwrap()));
        assert!(page.contains("default-src 'none'") && page.contains("<figure id=\"tail\""), "no curve");
        assert!(page.contains("/a?b=1&amp;c=2") && page.ends_with("</html>"));
    }
}

#[test]
fn the_command_on_the_page_is_one_that_loadgen_takes() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let url = server.url("/a?b=1&c=2").to_string();
    let shapes: [&[&str]; 5] = [
        &["-n", "9", "-t", "2", "-c", "2"],
        &["-d", "100ms", "--think", "10ms", "--churn", "3", "--idle", "1", "--slow", "1"],
        &["-d", "100ms", "--rate", "100/s", "--pacing", "timer"],
        &["--stages", "50/s:100ms, 50/s..100/s:100ms", "--arrivals", "poisson", "--seed", "3"],
        &["-d", "300ms", "--bursts", "4/100ms", "-X", "POST"],
    ];
    for shape in shapes {
        let command = repeated(&[&[url.as_str()], shape].concat());
        // A shell takes the command apart, as it would for a reader who pastes it.
        let pasted = command.replacen("loadgen ", "\"$0\" ", 1);
        let again = Command::new("sh").args(["-c", &pasted, env!("CARGO_BIN_EXE_loadgen")]).output().unwrap();
        assert!(matches!(again.status.code(), Some(0 | 3)), "{command}: {again:?}");
    }
}

/// The command on the page of a measurement by these arguments.
fn repeated(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let html = folder.path().join("m.html");
    let output = loadgen(&[arguments, &["--html", html.to_str().unwrap()]].concat());
    assert!(matches!(output.status.code(), Some(0 | 3)), "{output:?}");
    let page = fs::read_to_string(html).unwrap();
    let (_, rest) = page.split_once("<pre><code>").unwrap();
    let (command, _) = rest.split_once("</code>").unwrap();
    command.replace("&amp;", "&").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">")
}

#[test]
fn a_page_that_cannot_be_written_is_refused_before_anything_is_sent() {
    let server = Server::answering(HELLO, Duration::ZERO);
    let url = server.url("/").to_string();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(path("there")).unwrap();
    for (place, expected) in [
        (path("there"), "found a folder"),
        (path("no/such"), "could not create"),
        ("/".into(), "found a folder"),
    ] {
        let output = loadgen(&[&url, "-n", "5", "--html", &place]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("--html") && said.contains(expected), "{place}: {said}");
    }
    let twice = loadgen(&[&url, "-n", "5", "--json", &path("one"), "--html", &path("one")]);
    assert_eq!(twice.status.code(), Some(2), "{twice:?}");
    assert_eq!(server.accepted(), 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left of a refusal");
}
