//! Many keep-alive connections that open at once, before the contender has seen any.

use std::sync::Barrier;
use std::thread;

use crate::connection::Connection;
use crate::faults::staged::{BOUND, Stage, hello};
use crate::finding::Finding;

const CONNECTIONS: usize = 64;

/// Times that it is tried, each with a fresh process: a stack whose threads race for connections loses not every time.
const TIMES: usize = 3;

pub(super) fn first(stage: &Stage) -> Result<(), Finding> {
    for _ in 0..TIMES {
        let staged = stage.start(&[])?;
        let start = Barrier::new(CONNECTIONS);
        let one = || {
            start.wait();
            let mut connection = staged.connect_within(BOUND)?;
            // Held until the last has been answered: a place that becomes free would help another one.
            hello(&mut connection).map(|()| connection)
        };
        let answers: Vec<Result<Connection, Finding>> = thread::scope(|scope| {
            let clients: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(one)).collect();
            let gone = |_| Err(Finding::new("GET /hello", "a client that goes on", "a panic of its own"));
            clients.into_iter().map(|client| client.join().unwrap_or_else(gone)).collect()
        });
        let silent = answers.iter().filter(|answer| answer.is_err()).count();
        if let Some(finding) = answers.iter().find_map(|answer| answer.as_ref().err()) {
            let got = format!("{silent} of {CONNECTIONS} without an answer, one with: {}", finding.got);
            return Err(Finding::new(&finding.sent, "an answer on each of them", got));
        }
    }
    Ok(())
}
