//! Limits of the process that are set at the start, alike for every contender.

use std::time::Duration;

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

/// Sets how late the kernel may make a sleeping thread's wake-up, for this thread and every thread that it starts; without
/// a slack the system's stays. Returns what is then in effect, in nanoseconds.
///
/// A timerfd has no slack: what the system allows makes blocking waits later than awaited ones, and cheaper.
pub(crate) fn timer_slack(slack: Option<Duration>) -> nix::Result<u64> {
    if let Some(slack) = slack {
        prctl::set_timerslack(u64::try_from(slack.as_nanos()).unwrap_or(u64::MAX))?;
    }
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
            let system = timer_slack(None).unwrap();
            assert_eq!(Ok(system), prctl::get_timerslack().map(|slack| slack as u64));
            assert_eq!(timer_slack(Some(Duration::from_nanos(1))), Ok(1));
            thread::spawn(|| timer_slack(None)).join().unwrap()
        });
        assert_eq!(inherited.join().unwrap(), Ok(1));
    }

    #[test]
    fn descriptors_are_raised_to_the_hard_limit() {
        let limit = raise_descriptor_limit().unwrap();
        assert_eq!(getrlimit(Resource::RLIMIT_NOFILE).unwrap(), (limit, limit));
    }
}
