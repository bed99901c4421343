//! Handlers that panic.

use servers_contract::Refusal;

use crate::case::{Expected, Step};
use crate::faults::staged::{PATIENCE, Stage, hello, until};
use crate::finding::Finding;

/// More than any contender has workers, so that each of them meets one.
const PANICS: usize = 200;

pub(super) fn handler(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&["--panic-on", "wait"])?;
    let before = staged.stats()?.threads;
    for _ in 0..PANICS / 2 {
        let mut connection = staged.connect()?;
        let refused = || Some(Expected::Exactly(Refusal::Panicked.reply()));
        Step::get("/wait?ms=0", refused()).judge(&mut connection)?;
        // It was the handler that failed, not the connection.
        Step::get("/wait?ms=0", refused()).judge(&mut connection)?;
        hello(&mut connection)?;
    }
    let (mut held, mut after) = (Vec::new(), before);
    for _ in 0..8 {
        let mut connection = staged.connect_within(PATIENCE)?;
        hello(&mut connection)?;
        held.push(connection);
    }
    let as_many = || {
        after = staged.stats()?.threads;
        Ok(after >= before)
    };
    until("as many threads as before", as_many, || format!("fewer than {before:?}"))
}
