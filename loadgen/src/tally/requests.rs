//! Every request one by one, where that is asked for.

use std::time::Duration;

use reports_record::OutcomeKind;

use super::{Flight, Tally, Unsent};
use crate::RawRequest;
use crate::clock::Moment;

/// Requests since they were last taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Requests {
    ended: Vec<RawRequest>,
    /// Of the whole reply that ends the next one.
    status: Option<u16>,
}

impl Requests {
    /// A whole reply came: its request ends next.
    pub(super) fn replied(&mut self, status: u16) {
        self.status = Some(status);
    }
}

impl Tally {
    /// From now on keeps every request by itself, until it is taken.
    pub(crate) fn keep_requests(&mut self) {
        self.requests = Some(Requests::default());
    }

    /// The requests that were kept since this was last called.
    pub(crate) fn take_requests(&mut self) -> Vec<RawRequest> {
        self.requests.as_mut().map(|requests| std::mem::take(&mut requests.ended)).unwrap_or_default()
    }

    /// Keeps a request that ended (in `kind`) or is given up at `now`; unless it `was_sent`, no connection was opened for it.
    pub(super) fn keep(&mut self, flight: &Flight, kind: Option<OutcomeKind>, was_sent: bool, now: Moment) {
        let (window, open_loop) = (self.window, self.open_loop);
        let Some(requests) = &mut self.requests else { return };
        let status = requests.status.take();
        let is_told = flight.measured || (status.is_some() && !window.overlap(flight.started, now).is_zero());
        if !is_told {
            return;
        }
        let since = |moment: Moment| moment.as_nanos() as i64 - window.start.as_nanos() as i64;
        let came = flight.first_byte != Moment::NEVER || kind == Some(OutcomeKind::Ok);
        requests.ended.push(RawRequest {
            intended: since(flight.intended),
            started: was_sent.then(|| since(flight.started)),
            ended: since(now),
            lateness: (open_loop && (was_sent || !flight.stalled_after.is_zero()))
                .then(|| nanos(flight.lateness())),
            connection_wait: open_loop.then(|| nanos(flight.connection_wait())),
            connect: Some(nanos(if was_sent { flight.connect } else { flight.service(now) })),
            first_byte: came.then(|| nanos(flight.first_byte.min(now).since(flight.started))),
            service: Some(nanos(flight.service(now))),
            response: open_loop.then(|| nanos(now.since(flight.intended))),
            status,
            outcome: kind,
            requests: 1,
        });
    }

    /// Keeps requests that were due, and not sent by `now`.
    pub(super) fn keep_never_sent(&mut self, unsent: &Unsent, now: Moment) {
        let Unsent { intended, requests, own, had_connection } = *unsent;
        let (start, open_loop) = (self.window.start, self.open_loop);
        let Some(kept) = &mut self.requests else { return };
        let since = |moment: Moment| moment.as_nanos() as i64 - start.as_nanos() as i64;
        let response = now.since(intended);
        kept.ended.push(RawRequest {
            intended: since(intended),
            started: None,
            ended: since(now),
            lateness: (open_loop && !own.is_zero()).then(|| nanos(own)),
            connection_wait: open_loop.then(|| nanos(response.saturating_sub(own))),
            connect: had_connection.then_some(0),
            first_byte: None,
            service: None,
            response: open_loop.then(|| nanos(response)),
            status: None,
            outcome: None,
            requests,
        });
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
