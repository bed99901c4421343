//! Several threads' counts and times as one.

use super::Tally;

impl Tally {
    /// Adds what another thread counted in the same measurement.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (into, from) in [
            (&mut self.timings.service, &other.timings.service),
            (&mut self.timings.response, &other.timings.response),
            (&mut self.timings.beyond_wait, &other.timings.beyond_wait),
            (&mut self.timings.lateness, &other.timings.lateness),
            (&mut self.timings.connection_wait, &other.timings.connection_wait),
            (&mut self.timings.connect, &other.timings.connect),
            (&mut self.timings.first_byte, &other.timings.first_byte),
            (&mut self.timings.wrong_reply_service, &other.timings.wrong_reply_service),
        ] {
            into.merge(from);
        }
        for (into, from) in [
            (&mut self.due, other.due),
            (&mut self.censored, other.censored),
            (&mut self.waited, other.waited),
            (&mut self.replies, other.replies),
            (&mut self.good_replies, other.good_replies),
            (&mut self.received_bytes, other.received_bytes),
            (&mut self.sent_in_all, other.sent_in_all),
            (&mut self.answered_in_all, other.answered_in_all),
            (&mut self.failed_in_all, other.failed_in_all),
            (&mut self.reopened, other.reopened),
            (&mut self.stale_reuse, other.stale_reuse),
            (&mut self.stale_resets, other.stale_resets),
            (&mut self.closes_announced, other.closes_announced),
            (&mut self.late_connects, other.late_connects),
            (&mut self.unopened, other.unopened),
            (&mut self.lost_in_all, other.lost_in_all),
            (&mut self.outlasted, other.outlasted),
            (&mut self.unasked_replies, other.unasked_replies),
        ] {
            *into += from;
        }
        for (into, from) in [
            (&mut self.sums.lateness, other.sums.lateness),
            (&mut self.sums.connection_wait, other.sums.connection_wait),
            (&mut self.sums.connect, other.sums.connect),
            (&mut self.sums.service, other.sums.service),
            (&mut self.sums.response, other.sums.response),
        ] {
            *into += from;
        }
        for (kind, count) in &other.outcomes {
            *self.outcomes.entry(*kind).or_default() += count;
        }
        for (count, more) in self.statuses.iter_mut().zip(&other.statuses) {
            *count += more;
        }
        self.wrong_replies.merge(&other.wrong_replies);
        self.flown += other.flown;
        self.idled += other.idled;
        self.longest_reply = self.longest_reply.max(other.longest_reply);
        self.unanswered.extend(&other.unanswered);
        self.service_in_all += other.service_in_all;
        self.edges.merge(other.edges);
        self.last_ended = self.last_ended.max(other.last_ended);
        self.shortest_service = [self.shortest_service, other.shortest_service].into_iter().flatten().min();
        self.body_bytes = match (self.body_bytes, other.body_bytes) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (one, other) => one.or(other),
        };
        self.in_flight.merge(&other.in_flight);
        if let (Some(parts), Some(other)) = (&mut self.parts, &other.parts) {
            parts.merge(other);
        }
        if let (Some(grid), Some(other)) = (&mut self.grid, &other.grid) {
            grid.merge(other);
        }
        if let (Some(backlog), Some(other)) = (&mut self.backlog, &other.backlog) {
            backlog.merge(other);
        }
    }
}
