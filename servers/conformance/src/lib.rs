//! The suite that holds every contender to the contract, over a raw socket.
//!
//! Nothing here knows a contender: an address is enough, so a program in any language can be checked. Replies
//! are read by this crate's own decoder, since a client library that mends a wrong reply would hide it.
//!
//! - [`check`] judges every case and gives a [`Report`]; cases that a contender is known to fail are listed
//!   with their reasons in `servers/contenders.toml` ([`contenders`]), and a listed one that holds is reported.
//! - [`check_program`] does so for a program: started, judged, asked to stop, expected to exit with 0.
//! - [`faults`] stages what a contender must survive, and judges what becomes of it.
//! - [`framing`] shows what it makes of ambiguous requests and of the protocol's rules.
//! - [`verify`] checks just the calls of a cell, before each trial; [`ask`] reads `/health` and `/stats`.

mod ask;
mod case;
mod cases;
mod connection;
pub mod contenders;
mod evidence;
pub mod faults;
mod finding;
pub mod framing;
mod patience;
mod program;
mod reply;
mod report;
mod verify;

use std::net::SocketAddr;
use std::time::Duration;

use servers_contract::Model;

pub use ask::{Answer, ask, exchange};
pub use contenders::Exception;
pub use finding::Finding;
pub use patience::{Patience, Peer, Stalls};
pub use program::{Program, ProgramError, check_program};
pub use report::{Outcome, Report};
pub use verify::verify;

/// What to expect of a contender besides the contract.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long to wait for a reply, or for the end of a connection, before it counts as missing. It bounds
    /// how long a hanging contender can hold the suite; no case measures time.
    pub patience: Duration,
    /// Cases that are known to fail.
    pub exceptions: Vec<Exception>,
    /// The name that `/health` must give, if known.
    pub contender: Option<String>,
    /// The model that `/health` must give, if known.
    pub model: Option<Model>,
    /// What the version that `/health` gives must contain, if known.
    pub version: Option<String>,
    /// The nonce of the ready line, which `/health` must repeat, if known.
    pub nonce: Option<String>,
}

impl Default for Options {
    /// Five seconds of patience, as a busy machine may need; no exceptions; whoever answers.
    fn default() -> Self {
        let patience = Duration::from_secs(5);
        Self { patience, exceptions: Vec::new(), contender: None, model: None, version: None, nonce: None }
    }
}

/// Judges every case of the suite against the contender at `address`, one after another.
///
/// Never fails by itself: a contender that is not there fails every case. Counters are only exact while nobody
/// else talks to the contender.
pub fn check(address: SocketAddr, options: &Options) -> Report {
    let mut failed: Option<(String, Finding)> = None;
    let exchanges = cases::exchanges().into_iter().map(|case| {
        // What was not even refused need not be waited for again to see whether the connection closes.
        let known = failed.take().filter(|(name, _)| case.is_the_end_of(name));
        let judged = match known {
            Some((_, finding)) => Err(finding),
            None => case.judge(address, options.patience),
        };
        failed = judged.as_ref().err().map(|finding| (case.name.clone(), finding.clone()));
        (case.name, judged)
    });
    let outcome = |(name, judged): (String, Result<(), Finding>)| {
        let reason = options.reason(&name);
        (name, Outcome::of(judged, reason))
    };
    let rules = cases::framing::judge_rules(address, options.patience);
    let judged = exchanges.chain(rules).chain(evidence::judge(address, options));
    Report { outcomes: judged.map(outcome).collect() }
}

impl Options {
    /// Why `case` is known to fail, if it is.
    pub(crate) fn reason(&self, case: &str) -> Option<String> {
        let lists = |exception: &&Exception| exception.cases.iter().any(|listed| listed == case);
        self.exceptions.iter().find(lists).map(|exception| exception.reason.clone())
    }
}
