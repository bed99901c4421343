//! Ctrl-C in the middle of a measurement.

use std::time::Duration;

use reports_record::CheckStatus;

use super::child::{interrupted, loadgen, measurement};
use crate::check;
use crate::server::{HELLO, Server};

#[test]
fn the_account_closes_across_ctrl_c_in_both_loops_and_beyond_capacity() {
    // Six connections and 20 ms a reply: 300/s at the most.
    for pace in [&[][..], &["--rate", "60/s"], &["--rate", "600/s"]] {
        let server = Server::answering(HELLO, Duration::from_millis(20));
        let url = server.url("/").to_string();
        let arguments = [&[url.as_str(), "-c", "6", "-t", "3", "-d", "10m", "--json", "-"], pace].concat();
        let child = loadgen(&arguments).spawn().unwrap();
        // Some of a closed loop's are answered before its window begins.
        while server.answered() < 110 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let measurement = measurement(&interrupted(child));
        let (account, closes) = (measurement.account, check(&measurement, "account"));
        assert!(account.closes() && !measurement.complete, "{pace:?}: {account:?}");
        assert_eq!(closes.status, CheckStatus::Pass, "{pace:?}: {}", closes.finding);
        assert!(account.finished >= 30 && account.failed == 0, "{pace:?}: {account:?}");
        assert!(account.finished <= server.answered() as u64, "{pace:?}: {account:?}");
    }
}
