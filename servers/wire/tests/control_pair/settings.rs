//! Settings of the process.

use std::{fs, path::Path};

use servers_conformance::ask;
use servers_contract::Health;

use super::start;

#[test]
fn the_timer_slack_is_the_system_s_unless_one_is_given() {
    let slack = |flags: &[&str]| {
        ask::<Health>(start(flags).ready().address, "/health").unwrap().settings.timer_slack_ns
    };
    // A program inherits it from the thread that starts it.
    let thread = fs::read_link("/proc/thread-self").unwrap();
    let file = Path::new("/proc").join(thread.file_name().unwrap()).join("timerslack_ns");
    let own: u64 = fs::read_to_string(file).unwrap().trim().parse().unwrap();
    assert_eq!(slack(&[]), Some(own));
    assert_eq!(slack(&["--timer-slack", "7us"]), Some(7_000));
    assert_eq!(slack(&["--timer-slack", "1ns"]), Some(1));
}
