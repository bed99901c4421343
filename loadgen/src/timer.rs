//! A timer that can be awaited, to the nanosecond.

use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::clock::Moment;

/// One alarm, on the kernel's high-resolution timers.
///
/// Not tokio's own sleep, which ticks in milliseconds: paced by it, requests left 0.9 ms late at the median.
#[derive(Debug)]
pub(crate) struct Timer {
    fd: AsyncFd<Pollable>,
    armed: Cell<bool>,
}

/// tokio asks for both of the traits that give a descriptor, nix has the newer.
#[derive(Debug)]
struct Pollable(TimerFd);

impl AsFd for Pollable {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Pollable {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Timer {
    /// A timer that is not armed. Has to be made inside the runtime that awaits it.
    pub(crate) fn new() -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let fd = Pollable(TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?);
        #[expect(
            deprecated,
            reason = "its successors are unsafe, for types that may swap descriptors: this one cannot"
        )]
        let fd = AsyncFd::with_interest(fd, Interest::READABLE)?;
        Ok(Self { fd, armed: Cell::new(false) })
    }

    /// Whether an alarm is still to come, or to be [taken note of](Self::disarmed).
    pub(crate) fn is_armed(&self) -> bool {
        self.armed.get()
    }

    /// Sets the alarm to `at`; at once if that is past.
    pub(crate) fn arm(&self, at: Moment, now: Moment) -> io::Result<()> {
        // Zero would disarm it.
        let delay = at.since(now).max(Duration::from_nanos(1));
        self.fd
            .get_ref()
            .0
            .set(Expiration::OneShot(TimeSpec::from_duration(delay)), TimerSetTimeFlags::empty())?;
        self.armed.set(true);
        Ok(())
    }

    /// Waits for the alarm.
    pub(crate) async fn expired(&self) -> io::Result<()> {
        // Never read: setting a timer anew takes back that it expired, and its next expiry is a new edge.
        self.fd.readable().await?.clear_ready();
        Ok(())
    }

    /// Takes note that it expired.
    pub(crate) fn disarmed(&self) {
        self.armed.set(false);
    }
}

/// What comes of `work` within `limit`; `None` where that is over before.
///
/// With a timer of its own, which costs four system calls: for what is done once a connection. A request has none.
pub(crate) async fn within<F: Future>(limit: Duration, work: F) -> io::Result<Option<F::Output>> {
    tokio::select! {
        biased;
        output = work => Ok(Some(output)),
        slept = sleep(limit) => slept.map(|()| None),
    }
}

/// Waits for this long.
pub(crate) async fn sleep(span: Duration) -> io::Result<()> {
    let timer = Timer::new()?;
    timer.arm(Moment::default().after(span), Moment::default())?;
    timer.expired().await
}
