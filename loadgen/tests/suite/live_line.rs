//! The line on a terminal while a measurement is under way.

use std::fs::File;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::pty::{Winsize, openpty};

use super::server::{HELLO, Server};

/// Bytes that `loadgen` writes to stderr on a terminal of this kind and width while it measures for 1.2 s.
fn on_terminal(kind: Option<&str>, columns: u16) -> String {
    let server = Server::answering(HELLO, Duration::from_millis(5));
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let terminal = openpty(Some(&size), None).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args([&server.url("/").to_string(), "-d", "1200ms", "-c", "4"]).stdout(Stdio::null());
    match kind {
        Some(kind) => command.env("TERM", kind),
        None => command.env_remove("TERM"),
    };
    let mut child = command.stderr(terminal.slave).spawn().unwrap();
    // The command's own copy of the terminal, without which reading would not end.
    drop(command);
    let mut bytes = Vec::new();
    // Linux ends a terminal that has no writer left with EIO.
    let _ = File::from(terminal.master).read_to_end(&mut bytes);
    child.wait().unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_live_line_never_fills_its_terminal_and_leaves_nothing() {
    for columns in [20, 40, 80] {
        let written = on_terminal(Some("xterm"), columns);
        let (announced, live) = written.split_once("\r\u{1b}[2K").unwrap_or_else(|| panic!("{written:?}"));
        assert!(announced.ends_with("\r\n") && live.ends_with("\r\u{1b}[2K"), "{written:?}");
        let lines: Vec<_> = live.split("\r\u{1b}[2K").collect();
        assert!(lines.len() >= 4, "{lines:?}");
        for line in lines {
            assert!(!line.contains('\n') && line.chars().count() < columns.into(), "{columns}: {line:?}");
        }
    }
}

#[test]
fn a_terminal_without_escape_sequences_gets_none() {
    for kind in [Some("dumb"), Some(""), None] {
        let written = on_terminal(kind, 80);
        assert!(!written.contains('\u{1b}') && !written.contains("replies"), "{kind:?}: {written:?}");
    }
}
