//! Requests that are sent without waiting for replies.

use crate::case::{Expected, Step, request};
use crate::faults::staged::Stage;
use crate::finding::Finding;

/// Each with a reply of its own, so that a wrong order shows.
const REQUESTS: u32 = 64;

pub(super) fn many(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&[])?;
    let targets: Vec<String> = (0..REQUESTS).map(|number| format!("/wait?ms=0.{number:03}")).collect();
    let piece = targets.iter().flat_map(|target| request("GET", target, &[], b"")).collect();
    let expected = targets.iter().filter_map(|target| Expected::of("GET", target, b"")).collect();
    let mut connection = staged.connect()?;
    Step { pieces: vec![piece], expected }.judge(&mut connection)?;
    Step::hello().judge(&mut connection).map_err(Finding::on_the_same_connection)
}
