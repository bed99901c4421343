//! One exchange of a connection, from a read to the write of what it led to. Pure: it is told the time.

use servers_contract::{Endpoint, RequestStages};

/// The readings of an exchange so far, in nanoseconds of one clock.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// Reads since the last write.
    reads: u32,
    /// Requests decoded since the last write.
    requests: u64,
    endpoint: Option<Endpoint>,
    arrived: Option<u64>,
    read: u64,
    parsed: u64,
    handled: u64,
}

/// The requests of an exchange that has ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finished {
    /// One that had it to itself.
    Request(Endpoint, RequestStages),
    /// This many whose stages cannot be told apart.
    LeftOut(u64),
}

impl Exchange {
    pub(super) fn read(&mut self, arrived: Option<u64>, now: u64) {
        self.reads += 1;
        (self.arrived, self.read) = (arrived, now);
    }

    pub(super) fn parsed(&mut self, now: u64) {
        self.requests += 1;
        self.parsed = now;
    }

    /// Names the endpoint of the request that was decoded last; `None` for a path without one.
    pub(super) fn names(&mut self, endpoint: Option<Endpoint>) {
        self.endpoint = endpoint;
    }

    pub(super) fn handled(&mut self, now: u64) {
        self.handled = now;
    }

    /// Ends it; the next one begins.
    pub(super) fn written(&mut self, now: u64) -> Finished {
        let exchange = std::mem::take(self);
        match exchange.stages(now) {
            Some((endpoint, stages)) => Finished::Request(endpoint, stages),
            None => Finished::LeftOut(exchange.requests),
        }
    }

    fn stages(&self, written: u64) -> Option<(Endpoint, RequestStages)> {
        if (self.reads, self.requests) != (1, 1) {
            return None;
        }
        let stages = RequestStages {
            wake_ns: self.read.checked_sub(self.arrived?)?,
            parse_ns: self.parsed.checked_sub(self.read)?,
            handle_ns: self.handled.checked_sub(self.parsed)?,
            write_ns: written.checked_sub(self.handled)?,
        };
        Some((self.endpoint?, stages))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An exchange of one request for `/wait` that arrived at 100.
    fn alone(at: [u64; 4]) -> Finished {
        let mut exchange = Exchange::default();
        exchange.read(Some(100), at[0]);
        exchange.parsed(at[1]);
        exchange.names(Some(Endpoint::Wait));
        exchange.handled(at[2]);
        exchange.written(at[3])
    }

    #[test]
    fn the_stages_of_a_request_add_up_from_its_arrival_to_its_reply() {
        let Finished::Request(endpoint, stages) = alone([130, 132, 1132, 1150]) else {
            panic!("it had the exchange to itself")
        };
        assert_eq!(endpoint, Endpoint::Wait);
        assert_eq!(<[u64; 4]>::from(stages), [30, 2, 1000, 18]);
        assert_eq!(stages.whole_ns(), 1150 - 100);
    }

    #[test]
    fn requests_that_share_an_exchange_are_left_out_and_the_next_one_is_not() {
        let mut exchange = Exchange::default();
        exchange.read(Some(1), 2);
        for now in [3, 5] {
            exchange.parsed(now);
            exchange.names(Some(Endpoint::Hello));
            exchange.handled(now + 1);
        }
        assert_eq!(exchange.written(7), Finished::LeftOut(2));
        // In two pieces.
        exchange.read(Some(10), 11);
        exchange.read(Some(12), 13);
        exchange.parsed(14);
        exchange.names(Some(Endpoint::Hello));
        exchange.handled(15);
        assert_eq!(exchange.written(16), Finished::LeftOut(1));
        exchange.read(Some(20), 21);
        exchange.parsed(22);
        exchange.names(Some(Endpoint::Hello));
        exchange.handled(23);
        assert_eq!(exchange.written(25), Finished::Request(Endpoint::Hello, [1, 1, 1, 2].into()));
    }

    #[test]
    fn a_clock_that_ran_backwards_and_an_arrival_that_is_not_known_leave_a_request_out() {
        assert_eq!(alone([99, 132, 1132, 1150]), Finished::LeftOut(1));
        assert_eq!(alone([130, 132, 131, 1150]), Finished::LeftOut(1));
        let mut exchange = Exchange::default();
        exchange.read(None, 21);
        exchange.parsed(22);
        exchange.names(Some(Endpoint::Hello));
        exchange.handled(23);
        assert_eq!(exchange.written(25), Finished::LeftOut(1));
        // A refusal that no request led to.
        exchange.read(Some(30), 31);
        assert_eq!(exchange.written(35), Finished::LeftOut(0));
    }
}
