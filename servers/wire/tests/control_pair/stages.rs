//! The probes of `--stages`, and a server without them.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use servers_contract::{RequestStages, StageTimes};

use super::{BINARY, HELLO, connect, reply, start};

const WAIT: &str = "GET /wait?ms=2 HTTP/1.1\r\nhost: test\r\n\r\n";

fn file(name: &str) -> PathBuf {
    let program = Path::new(BINARY).file_name().unwrap().to_str().unwrap();
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{program}-{name}.json"))
}

#[test]
fn stages_lie_within_what_the_client_saw_and_the_handler_s_holds_its_wait() {
    let file = file("stages");
    let program = start(&["--stages", file.to_str().unwrap()]);
    let mut stream = connect(&program);
    let mut seen_ns = Vec::new();
    for _ in 0..20 {
        let began = Instant::now();
        stream.write_all(WAIT.as_bytes()).unwrap();
        reply(&mut stream);
        seen_ns.push(began.elapsed().as_nanos() as u64);
    }
    // Two in one packet share a read.
    stream.write_all([HELLO, HELLO].concat().as_bytes()).unwrap();
    reply(&mut stream);
    drop(stream);
    program.stop().unwrap();
    let times: StageTimes = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let waits = &times.requests["wait"];
    assert_eq!((waits.len(), times.left_out), (20, 2), "{times:?}");
    assert_eq!(times.starts_ns.len(), 1);
    assert!(times.reading_ns < 1_000_000, "{times:?}");
    for (&stages, seen_ns) in waits.iter().zip(seen_ns) {
        let RequestStages { wake_ns, parse_ns, handle_ns, .. } = stages;
        assert!(handle_ns >= 2_000_000, "{stages:?}");
        // The client may have the reply before the server's call of the kernel returns.
        assert!(wake_ns > 0 && wake_ns + parse_ns + handle_ns <= seen_ns, "{stages:?} within {seen_ns} ns");
    }
}

#[test]
fn a_file_that_cannot_be_made_is_told_before_anything_is_served() {
    let output = Command::new(BINARY).args(["--stages", "/no-such-folder/stages.json"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("--stages /no-such-folder/stages.json: could not make the file"), "{stderr}");
}
