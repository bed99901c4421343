//! Limits of the process that are set at the start, alike for every contender.

use nix::sys::{
    prctl,
    resource::{Resource, getrlimit, setrlimit},
};

/// Raises the number of descriptors to the hard limit and returns what is then in effect.
///
/// A library whose accept loop ends when descriptors run out (tiny_http's does) should not meet that day.
pub(crate) fn raise_descriptor_limit() -> nix::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(getrlimit(Resource::RLIMIT_NOFILE)?.0)
}

/// Timer slack in nanoseconds: the smallest that can be set, since 0 means the default of 50 µs.
const TIMER_SLACK_NS: u8 = 1;

/// Makes `thread::sleep` as punctual as a timerfd, for this thread and every thread that it starts.
///
/// The slack lets the kernel delay a sleeping thread's wake-up, by 50 µs unless told otherwise, but not a timerfd's:
/// without this a blocking handler would wait longer than an awaiting one for no reason of its model.
/// Returns what is then in effect.
pub(crate) fn sharpen_timers() -> nix::Result<u64> {
    prctl::set_timerslack(TIMER_SLACK_NS.into())?;
    Ok(u64::try_from(prctl::get_timerslack()?).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn threads_inherit_the_timer_slack() {
        // In a thread of its own: the setting would otherwise stay with the test harness.
        let inherited = thread::spawn(|| {
            assert_eq!(sharpen_timers(), Ok(1));
            thread::spawn(prctl::get_timerslack).join().unwrap()
        });
        assert_eq!(inherited.join().unwrap(), Ok(1));
    }

    #[test]
    fn descriptors_are_raised_to_the_hard_limit() {
        let limit = raise_descriptor_limit().unwrap();
        assert_eq!(getrlimit(Resource::RLIMIT_NOFILE).unwrap(), (limit, limit));
    }
}
