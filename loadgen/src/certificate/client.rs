//! Whether the client, and the machine below it, had room to measure.

use std::time::Duration;

use reports_record::{Check, CheckStatus};
use reports_terminal::decimals_beside;

use super::{About, grade, percent, percent_beside};
use crate::engine::NAP;
use crate::evidence::{Evidence, Occupied};

/// Busiest client thread: an M/D/1 queue at 70 % makes requests wait 1.2 service times on average, at 90 % 4.5.
pub(super) const BUSY_BOUND: f64 = 0.70;
/// Closer to its ceiling than that, a client cannot be told from a server that is just as fast. Whoever knows what the
/// server used can be stricter, as the runner is.
pub(super) const TOO_BUSY: f64 = 0.98;

/// CPU share of the busiest client thread over the window. A closed loop whose client ran or waited for a CPU all the time went as
/// fast as that client.
pub(super) fn headroom(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "headroom", unit: "share", bound: BUSY_BOUND };
    let share = evidence.cost.busiest_thread;
    let mut status = grade(share, BUSY_BOUND, TOO_BUSY);
    let mut finding =
        format!("the busiest client thread used {} of a CPU", percent_beside(share, &[BUSY_BOUND, TOO_BUSY]));
    let is_closed = evidence.response.is_none();
    let mut threads = evidence.occupied.iter().filter(|_| is_closed);
    if let Some(words) = threads.find_map(|thread| never_slept(thread.share(), thread.waited)) {
        status = CheckStatus::Fail;
        finding += &words;
    } else if status == CheckStatus::Fail {
        finding += ": client-limited, the figures are the client's own";
    }
    let remedy = match evidence.crew.pins.is_empty() {
        true => "add --threads on CPUs of their own (--pin), or send less",
        false => "add --threads, each on a CPU of its own, or send less",
    };
    about.found(status, Some(share), finding, remedy)
}

/// The words for a closed loop in which one client thread was `occupied`, running or waiting for a CPU, for so large a share of the
/// window, and waited for more than it may; `None` where it slept or hardly waited.
pub(super) fn never_slept(occupied: f64, waited: f64) -> Option<String> {
    (waited > WAIT_BOUND && occupied > TOO_BUSY).then(|| {
        format!(
            "; a client thread ran or waited for a CPU for {} of the window, so that it never slept: client-limited, the figures are the \
             client's own",
            percent(occupied.min(1.0))
        )
    })
}

/// Ready without a CPU for a twentieth of the time, a client is late for a twentieth of what it has to do.
pub(super) const WAIT_BOUND: f64 = 0.05;
/// Beyond this, whoever shares its CPU had more of it than the client: it timed the scheduler, not the server.
pub(super) const TOO_LONG_WAIT: f64 = 0.60;
/// A delay of the client's makes a difference where it may be more than this share of a median: the margin within which two contenders
/// count as equal.
const DIFFERENCE: f64 = 0.05;

/// Time that a client thread was ready and had no CPU, because others on this machine had it.
///
/// Where replies take so long that it moves no median, it only warns: of each time at most a nap's length of it stays unseen.
pub(super) fn cpu_wait(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "cpu_wait", unit: "share", bound: WAIT_BOUND };
    let Some(share) = evidence.cost.cpu_wait else {
        return about.not_applicable("the kernel does not say how long threads wait for a CPU");
    };
    let mut status = grade(share, WAIT_BOUND, TOO_LONG_WAIT);
    let mut finding = format!(
        "a client thread was ready and had no CPU for {} of the window",
        percent_beside(share, &[WAIT_BOUND, TOO_LONG_WAIT])
    );
    let missing = missing_for_waiting(evidence);
    if missing > MISSING {
        status = CheckStatus::Fail;
        finding += &lacks(missing);
    } else if status == CheckStatus::Fail && moves_no_median(evidence, NAP) {
        status = CheckStatus::Warn;
        finding += &format!(
            "; of a time at most {} ms of that stay unseen, which does not move a median of {:.0} ms",
            NAP.as_millis(),
            evidence.service.p50.unwrap_or_default() / 1e3
        );
    } else if status == CheckStatus::Fail {
        finding += ": client-limited, service times include its own waiting";
    } else if let Some(occupied) = hardly_slept(evidence).filter(|_| status == CheckStatus::Warn) {
        // Measured beside a neighbour of the client's: half to two thirds of the rate are missing then, and up to a sixth otherwise.
        finding += &format!(
            "; one ran or waited for {} of it: replies waited for that thread, and the server's rate is higher than this one",
            percent(occupied)
        );
    }
    let remedy = format!("{}, apart from the server's and from other programs", evidence.own_cpu());
    about.found(status, Some(share), finding, &remedy)
}

/// In a closed loop, the largest share of the window in which a thread that waited for a CPU for more than it may ran or waited; `None`
/// where that thread slept for long enough.
fn hardly_slept(evidence: &Evidence<'_>) -> Option<f64> {
    let waited = evidence.occupied.iter().filter(|thread| thread.waited > WAIT_BOUND);
    let most = waited.map(|thread| thread.share()).reduce(f64::max)?;
    (evidence.response.is_none() && most > BUSY_BOUND).then_some(most)
}

/// Beyond this share of its replies, a closed loop that lacks them for its client's sake says more of the client than it may: twice what
/// makes a difference between two contenders.
const MISSING: f64 = 2.0 * DIFFERENCE;

/// The share of its replies that a closed loop measured by itself may lack because client threads were ready and had no CPU; none where
/// that took no longer than a time slice or two in all.
///
/// A thread that waits sends nothing, so that the loop lacks no larger share than that of the window in which it waited. Where it slept for
/// long enough, it was late for each reply by one such wait, which takes no more than a nap or so: of long replies the loop lacks less.
fn missing_for_waiting(evidence: &Evidence<'_>) -> f64 {
    let window = evidence.tally.window.length();
    let share = |thread: &Occupied| {
        let reply = evidence.service.mean.filter(|_| thread.share() <= BUSY_BOUND);
        let of_reply = reply.map_or(1.0, |reply| NAP.as_secs_f64() * 1e6 / reply);
        if window.mul_f64(thread.waited) > FEW_STANDSTILLS { thread.waited.min(of_reply) } else { 0.0 }
    };
    let shares: Vec<f64> = evidence.occupied.iter().filter(|_| judges_replies(evidence)).map(share).collect();
    shares.iter().sum::<f64>() / shares.len().max(1) as f64
}

/// The same because client threads stood still: the share of the connections' time in which they may have waited for that.
fn missing_for_standing(evidence: &Evidence<'_>) -> f64 {
    let time = evidence.tally.window.length() * evidence.crew.connections;
    let stood_still = evidence.standstill.max(evidence.longest_gap) > FEW_STANDSTILLS && !time.is_zero();
    if judges_replies(evidence) && stood_still {
        evidence.tally.idled.as_secs_f64() / time.as_secs_f64()
    } else {
        0.0
    }
}

/// Whether the client's delays are held against the number of replies: in a closed loop, which shows them nowhere else.
fn judges_replies(evidence: &Evidence<'_>) -> bool {
    evidence.load.stands_alone && evidence.response.is_none()
}

/// The words for a closed loop that lacks this share of its replies.
fn lacks(missing: f64) -> String {
    format!(
        "; a closed loop sends nothing meanwhile, so that up to {} of its replies are missing: client-limited",
        percent_beside(missing.min(1.0), &[MISSING])
    )
}

/// Whether this `delay` of the client's is next to nothing of the median service time, and forgiven.
fn moves_no_median(evidence: &Evidence<'_>, delay: Duration) -> bool {
    evidence.load.stands_alone
        && evidence.service.p50.is_some_and(|median| delay.as_secs_f64() * 1e6 <= DIFFERENCE * median)
}

/// Steal: at 1 % a core loses 10 ms a second, already as long as the waits that are compared.
pub(super) const STEAL_BOUND: f64 = 0.01;
/// Up to here steal is noise that strikes all contenders of a block alike and widens their interval; beyond it, what is
/// measured is mostly the neighbour.
pub(super) const TOO_MUCH_STEAL: f64 = 0.25;

/// CPU time that the hypervisor gave to others.
pub(super) fn steal(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "steal", unit: "share", bound: STEAL_BOUND };
    let Some(steal) = evidence.cost.steal else {
        return about.not_applicable("the kernel does not say what the hypervisor took");
    };
    let finding = format!(
        "the hypervisor took {} of all CPU time",
        percent_beside(steal, &[STEAL_BOUND, TOO_MUCH_STEAL])
    );
    about.found(
        grade(steal, STEAL_BOUND, TOO_MUCH_STEAL),
        Some(steal),
        finding,
        "repeat at a quieter time, or on a machine of your own",
    )
}

/// A quarter of a second: far beyond any time slice, and visible in every quantile.
pub(super) const GAP_BOUND: Duration = Duration::from_millis(250);
/// Beyond a second the window has a hole.
pub(super) const TOO_LONG_GAP: Duration = Duration::from_secs(1);

/// All stretches together: twice the share of requests that a 99th percentile leaves beyond it.
pub(super) const STANDSTILL_BOUND: f64 = 0.02;
/// … but not below a scheduler's time slice or two: in a window of some milliseconds any of them is a large share.
const FEW_STANDSTILLS: Duration = Duration::from_millis(20);
/// Beyond this the client stood still more than it ran, and the figures are of the smaller part of the window.
pub(super) const TOO_LONG_STANDSTILL: f64 = 0.50;
/// … but not below two naps: of each stretch as much as one stays unseen, and the shortest window of a run has 25 ms.
const UNSURE: Duration = NAP.saturating_mul(2);

/// Stretches in which a client thread, or the whole machine, did not run: the longest, and all of the window together.
pub(super) fn gap(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "gap", unit: "ms", bound: GAP_BOUND.as_secs_f64() * 1e3 };
    let gap = evidence.longest_gap.max(evidence.suspended);
    let mut status = grade(gap.as_secs_f64(), GAP_BOUND.as_secs_f64(), TOO_LONG_GAP.as_secs_f64());
    let ms = gap.as_secs_f64() * 1e3;
    let window = evidence.tally.window.length().as_secs_f64();
    let share = if window > 0.0 { (evidence.standstill.as_secs_f64() / window).min(1.0) } else { 0.0 };
    status = status.max(standstill(evidence, share));
    let decimals = [GAP_BOUND, TOO_LONG_GAP].map(|bound| decimals_beside(ms, bound.as_secs_f64() * 1e3, 0));
    let decimals = decimals[0].max(decimals[1]);
    let mut finding = format!(
        "no client thread stood still for longer than {ms:.decimals$} ms, nor for more than {} of the window in all",
        percent_beside(share, &[STANDSTILL_BOUND, TOO_LONG_STANDSTILL])
    );
    let missing = missing_for_standing(evidence);
    if missing > MISSING {
        status = CheckStatus::Fail;
        finding += &lacks(missing);
    }
    if evidence.suspended > GAP_BOUND {
        status = CheckStatus::Fail;
        finding = format!("the machine slept for {:.1} s meanwhile", evidence.suspended.as_secs_f64());
    }
    about.found(status, Some(ms), finding, "keep the machine awake and the client's CPU free, and repeat")
}

/// The longest stretch, or all of the window together, as a share of it.
pub(super) fn stood_still(evidence: &Evidence<'_>) -> f64 {
    let window = evidence.tally.window.length().as_secs_f64();
    let time = evidence.standstill.max(evidence.longest_gap).as_secs_f64();
    if window > 0.0 { time / window } else { 0.0 }
}

/// All stretches of the window together, which are this `share` of it.
fn standstill(evidence: &Evidence<'_>, share: f64) -> CheckStatus {
    let is_most = share > TOO_LONG_STANDSTILL && evidence.standstill > UNSURE;
    if is_most && !moves_no_median(evidence, evidence.longest_gap) {
        CheckStatus::Fail
    } else if share > STANDSTILL_BOUND && evidence.standstill > FEW_STANDSTILLS {
        CheckStatus::Warn
    } else {
        CheckStatus::Pass
    }
}
