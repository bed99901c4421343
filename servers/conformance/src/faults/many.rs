//! More connections than the contender may hold.

use std::time::Duration;

use servers_contract::Health;

use crate::ask::ask_within;
use crate::case::request;
use crate::connection::Trouble;
use crate::faults::staged::{PATIENCE, Stage, hello, until};
use crate::finding::Finding;

/// How many come too many.
const MORE: usize = 8;

/// How long no answer means that a connection waits for its turn. Only an answer within it counts, so that a slow
/// machine finds nothing wrong.
const TURN: Duration = Duration::from_millis(200);

pub(super) fn beyond_the_bound(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&["--max-connections", "4"])?;
    let health: Health = ask_within(staged.address(), "/health", PATIENCE)?;
    // Rounded where it is shared out among workers.
    let bound = health.settings.max_connections.unwrap_or(4);
    let mut held = Vec::new();
    let full = || {
        // The connection that asked may still be open.
        let mut connection = staged.connect_within(Duration::from_secs(1))?;
        Ok(hello(&mut connection).map(|()| held.push(connection)).is_ok() && held.len() as u64 == bound)
    };
    until("as many connections as it may hold", full, || format!("fewer than {bound}"))?;
    let mut waiting = Vec::new();
    for _ in 0..MORE {
        let mut connection = staged.connect()?;
        let asked = request("GET", "/hello", &[("connection", "close")], b"");
        let answer = connection.send(&asked).and_then(|()| match connection.is_silent(TURN)? {
            true => Ok(None),
            false => connection.receive().map(Some),
        });
        match answer {
            Ok(None) => waiting.push(connection),
            Ok(Some(received)) if received.status == 503 => {}
            // The reply can be lost where there is no room to hold on to the connection.
            Err(Trouble::Closed { .. }) => {}
            Ok(Some(received)) => return Err(too_many(bound, format!("status {}", received.status))),
            Err(trouble) => return Err(too_many(bound, trouble.to_string())),
        }
    }
    held.iter_mut().try_for_each(hello)?;
    held.clear();
    for mut connection in waiting {
        let received = connection.receive();
        received.map_err(|trouble| Finding::new("GET /hello", "an answer once there is room", trouble))?;
    }
    let again = || Ok(staged.answers_others().is_ok());
    until("room once the others have gone", again, || "no answer".to_owned())
}

fn too_many(bound: u64, got: String) -> Finding {
    Finding::new(
        format!("GET /hello on one connection more than {bound}"),
        "503, the end, or no answer until there is room",
        got,
    )
}
