//! The first wrong reply of each kind, kept to be shown.

use reports_record::WrongReply;

use crate::clock::Moment;
use crate::reply::Refusal;

/// In which way a reply is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    Status(u16),
    Body,
    /// It came before the request's wait was over.
    Early,
    Refused(Refusal),
    Truncated,
    /// It had begun when its deadline came.
    Unfinished,
}

/// At most one reply for each of the first eight ways.
#[derive(Debug, Clone, Default)]
pub(crate) struct WrongReplies(Vec<(Moment, Wrong, WrongReply)>);

impl WrongReplies {
    /// Most kinds of which one is kept: memory stays bounded, however many ways there are to be wrong.
    pub(crate) const KINDS: usize = 8;

    /// Whether a reply that is wrong in this way is to be kept.
    pub(crate) fn lacks(&self, wrong: Wrong) -> bool {
        self.0.len() < Self::KINDS && !self.0.iter().any(|(_, known, _)| *known == wrong)
    }

    pub(crate) fn keep(&mut self, at: Moment, wrong: Wrong, reply: WrongReply) {
        self.0.push((at, wrong, reply));
    }

    /// Of both the first of each kind, by time.
    pub(crate) fn merge(&mut self, other: &Self) {
        let mut all = std::mem::take(&mut self.0);
        all.extend(other.0.iter().cloned());
        all.sort_by_key(|(at, _, _)| *at);
        for (at, wrong, reply) in all {
            if self.lacks(wrong) {
                self.keep(at, wrong, reply);
            }
        }
    }

    /// In the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &WrongReply> {
        self.0.iter().map(|(_, _, reply)| reply)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reports_record::OutcomeKind;

    use super::*;

    fn at(ms: u64, status: u16) -> (Moment, Wrong, WrongReply) {
        let at = Moment::default().after(Duration::from_millis(ms));
        let reply = WrongReply::new(OutcomeKind::WrongStatus, &format!("{status} at {ms}"), b"");
        (at, Wrong::Status(status), reply)
    }

    #[test]
    fn the_first_of_each_kind_is_kept_whichever_thread_saw_it() {
        let mut one = WrongReplies(vec![at(5, 500), at(9, 503)]);
        one.merge(&WrongReplies(vec![at(2, 503), at(7, 404)]));
        let kept: Vec<_> = one.iter().map(|reply| reply.finding.as_str()).collect();
        assert_eq!(kept, ["503 at 2", "500 at 5", "404 at 7"]);
        assert!(!one.lacks(Wrong::Status(404)) && one.lacks(Wrong::Body));
    }

    #[test]
    fn no_more_than_eight_kinds_are_kept() {
        let many =
            |from: u16| WrongReplies((from..from + 6).map(|status| at(u64::from(status), status)).collect());
        let mut all = many(400);
        all.merge(&many(500));
        assert_eq!(all.iter().count(), WrongReplies::KINDS);
        assert!(!all.lacks(Wrong::Truncated), "there is no room");
    }
}
