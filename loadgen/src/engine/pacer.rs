//! Wakes a client thread at its next intended start, and waits as closely as it may.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use super::margin::Margin;
use crate::Pacing;
use crate::clock::Moment;
use crate::timer::Timer;
use crate::usage::Spin;

/// Between two looks at the clock while spinning, a thread that ran did nothing that takes so long.
const INTERRUPTION: Duration = Duration::from_micros(50);

/// The alarm of one client thread, and what waiting cost it.
#[derive(Debug)]
pub(super) struct Pacer {
    timer: Timer,
    /// The timer's from the moment on that spinning was given up.
    pacing: Cell<Pacing>,
    margin: Cell<Margin>,
    /// When the alarm was meant to go off.
    alarm: Cell<Moment>,
    spinning: Cell<bool>,
    /// Whether anything was sent or received since the last look.
    worked: Cell<bool>,
    spin: Cell<Spin>,
}

impl Pacer {
    /// Has to be made inside the runtime that awaits it.
    pub(super) fn new(pacing: Pacing) -> io::Result<Self> {
        Ok(Self {
            timer: Timer::new()?,
            pacing: Cell::new(pacing),
            margin: Cell::default(),
            alarm: Cell::default(),
            spinning: Cell::default(),
            worked: Cell::default(),
            spin: Cell::default(),
        })
    }

    /// Has it wake in time for `next`, unless it is awake or will wake before.
    pub(super) fn arm(&self, next: impl FnOnce() -> Option<Moment>, now: Moment) {
        if self.spinning.get() {
            return;
        }
        let Some(alarm) = next().map(|next| next.before(self.margin()).max(now)) else { return };
        if self.timer.is_armed() && self.alarm.get() <= alarm {
            return;
        }
        self.alarm.set(alarm);
        self.timer.arm(alarm, now).expect("a timer takes any delay above zero");
    }

    /// When it wakes the thread; [`Moment::NEVER`] unless it is to.
    pub(super) fn alarm(&self) -> Moment {
        if self.timer.is_armed() { self.alarm.get() } else { Moment::NEVER }
    }

    /// Waits for the alarm.
    pub(super) async fn expired(&self) -> io::Result<()> {
        self.timer.expired().await
    }

    /// Something was sent or received: the time since the last look was not spent waiting.
    pub(super) fn worked(&self) {
        self.worked.set(true);
    }

    /// What spinning took so far.
    pub(super) fn spin(&self) -> Spin {
        self.spin.get()
    }

    /// Keeps looking, `now` and after everything else had its turn, as long as `is_soon` says that a start is near.
    ///
    /// Gives up for good where others take the CPU meanwhile: a thread that has spun waits for it longer than one that slept.
    pub(super) async fn spin_while(
        &self,
        clock: impl Fn() -> Moment,
        is_soon: impl Fn(Moment, Duration) -> bool,
    ) {
        // The clock still sees when the alarm was due.
        let mut now = clock();
        self.timer.disarmed();
        self.woke(now);
        self.spinning.set(true);
        self.worked.set(false);
        while is_soon(now, self.margin()) {
            tokio::task::yield_now().await;
            let before = std::mem::replace(&mut now, clock());
            if !self.worked.replace(false) {
                self.spun(now.since(before));
            }
        }
        self.spinning.set(false);
    }

    fn spun(&self, since: Duration) {
        let mut spin = self.spin.get().and(since, INTERRUPTION);
        if spin.is_interrupted_often() {
            spin.is_given_up = true;
            self.pacing.set(Pacing::Timer);
        }
        self.spin.set(spin);
    }

    fn margin(&self) -> Duration {
        match self.pacing.get() {
            Pacing::Timer => Duration::ZERO,
            Pacing::Spin => self.margin.get().get(),
        }
    }

    /// Learns from how late the alarm was.
    fn woke(&self, now: Moment) {
        self.margin.set(self.margin.get().after(now.since(self.alarm.get())));
    }
}
