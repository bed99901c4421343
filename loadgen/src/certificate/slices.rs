//! The certificate of many short measurements, taken in turns, as one.
//!
//! A bound is made for a window of a second, and chance passes it far more often in a window of some hundredths of one. So a
//! figure is held to its bound over all slices where it can be added up, and elsewhere as it stood in the middle one.

use reports_record::{Certificate, Check, CheckStatus, ClientCost, Measurement, Times};

use super::client::{
    BUSY_BOUND, GAP_BOUND, STANDSTILL_BOUND, STEAL_BOUND, TOO_BUSY, TOO_LONG_GAP, TOO_LONG_STANDSTILL,
    TOO_LONG_WAIT, TOO_MUCH_STEAL, WAIT_BOUND, never_slept,
};
use super::schedule::{FEWEST_STARTS, MEDIAN_BOUND_US, TOO_LATE, distance_bound, distance_too_far};
use super::{grade, percent_beside};

/// Checks that count and balance: one slice that does not pass is one too many.
const FACTS: [&str; 7] = ["replies", "errors", "pairing", "connections", "bystanders", "parts", "account"];

/// Each check over all slices; no check is worse than in its worst slice.
pub(crate) fn certify(slices: &[&Measurement]) -> Certificate {
    let Some(first) = slices.first() else { return Certificate::from_checks(Vec::new()) };
    let names = first.certificate.checks.iter().map(|check| check.name.as_str());
    Certificate::from_checks(names.filter_map(|name| over(name, slices)).collect())
}

/// One check of one slice.
#[derive(Clone, Copy)]
struct Found<'a> {
    slice: &'a Measurement,
    check: &'a Check,
}

/// One check over all slices.
fn over(name: &str, slices: &[&Measurement]) -> Option<Check> {
    let checks = slices.iter().map(|slice| (slice, slice.certificate.checks.iter()));
    let found = checks.filter_map(|(slice, mut checks)| {
        Some(Found { slice, check: checks.find(|check| check.name == name)? })
    });
    let mut all: Vec<Found<'_>> = found.collect();
    all.sort_by(|one, other| {
        let figure = |found: &Found<'_>| found.check.figure.unwrap_or(f64::NEG_INFINITY);
        one.check.status.cmp(&other.check.status).then(figure(one).total_cmp(&figure(other)))
    });
    // A slice of some hundredths of a second may have none; all of them together have.
    if name == "replies" && all.iter().any(|found| found.slice.account.due > 0) {
        all.retain(|found| found.slice.account.due > 0);
    }
    let worst = all.last()?.check;
    let added = if FACTS.contains(&name) { Some(told("worst", all.len(), worst)) } else { added(name, &all) };
    let check = added.unwrap_or_else(|| middle(&all, worst));
    let is_calm = check.status < CheckStatus::Warn;
    let worse = match worst.status > check.status {
        true => format!(" (in the worst of them: {})", worst.finding),
        false => String::new(),
    };
    Some(Check {
        finding: format!("{}{worse}", check.finding),
        remedy: if is_calm { None } else { check.remedy.or_else(|| worst.remedy.clone()) },
        explained_by: check.explained_by.filter(|_| !is_calm),
        ..check
    })
}

/// The check of the slice in the middle of those in which it applies, and without any the `worst`; `all` are in order.
fn middle(all: &[Found<'_>], worst: &Check) -> Check {
    let applies: Vec<_> =
        all.iter().filter(|found| found.check.status != CheckStatus::NotApplicable).collect();
    // The worse of the two in the middle of an even number.
    let chosen = applies.get(applies.len() / 2).map_or(worst, |found| found.check);
    told("middle", applies.len().max(1), chosen)
}

/// A check of one slice, told as the worst or the middle one of several.
fn told(which: &str, count: usize, check: &Check) -> Check {
    Check { finding: format!("{which} of {count} slices: {}", check.finding), ..check.clone() }
}

/// A check whose figure can be added up over slices; `None` for others, and where no slice has a figure.
fn added(name: &str, all: &[Found<'_>]) -> Option<Check> {
    let worst = all.last()?.check;
    let check = match name {
        "headroom" => headroom(all)?,
        "cpu_wait" => share(all, WAIT_BOUND, TOO_LONG_WAIT)?,
        "steal" => share(all, STEAL_BOUND, TOO_MUCH_STEAL)?,
        "gap" => gap(all)?,
        "arrivals" => arrivals(all)?,
        "pace" => lateness(all)?,
        _ => return None,
    };
    // A slice that does not apply by itself says nothing of how bad it can be.
    let all_apply = all.iter().all(|found| found.check.status != CheckStatus::NotApplicable);
    Some(Check { status: if all_apply { check.status.min(worst.status) } else { check.status }, ..check })
}

/// A share of the window's time, over all windows.
fn share(all: &[Found<'_>], pass: f64, warn: f64) -> Option<Check> {
    let seconds: f64 = all.iter().map(|found| found.slice.window_s).sum();
    let shares: Option<Vec<f64>> =
        all.iter().map(|found| Some(found.check.figure? * found.slice.window_s)).collect();
    let share = shares?.iter().sum::<f64>() / seconds;
    let finding = format!("{} over the {} slices together", percent_beside(share, &[pass, warn]), all.len());
    Some(Check {
        status: grade(share, pass, warn),
        figure: Some(share),
        finding,
        ..all.last()?.check.clone()
    })
}

/// The busiest thread's share over all slices; in a closed loop also whether it slept in any.
fn headroom(all: &[Found<'_>]) -> Option<Check> {
    let busy = share(all, BUSY_BOUND, TOO_BUSY)?;
    if all.iter().any(|found| found.slice.response_time_us.is_some()) {
        return Some(busy);
    }
    let seconds: f64 = all.iter().map(|found| found.slice.window_s).sum();
    let over = |share: fn(&ClientCost) -> Option<f64>| {
        let shares: Option<Vec<f64>> =
            all.iter().map(|found| Some(share(&found.slice.client)? * found.slice.window_s)).collect();
        shares.map(|shares| shares.iter().sum::<f64>() / seconds)
    };
    let both = over(|cost| cost.occupied).zip(over(|cost| cost.cpu_wait));
    let never_slept = both.and_then(|(occupied, waited)| never_slept(occupied, waited));
    Some(match never_slept {
        Some(words) => Check { status: CheckStatus::Fail, finding: busy.finding + &words, ..busy },
        None => busy,
    })
}

/// The longest standstill of any slice, and the longest ones of all slices together as a share of their windows.
///
/// Where a slice had several, all but the longest are missing from that share: it is no better than the slice in the middle.
fn gap(all: &[Found<'_>]) -> Option<Check> {
    let gaps: Option<Vec<f64>> = all.iter().map(|found| Some(found.check.figure? / 1e3)).collect();
    let gaps = gaps?;
    let longest = gaps.iter().copied().fold(0.0, f64::max);
    let windows = || all.iter().map(|found| found.slice.window_s);
    // One may have begun before its window, or have ended behind it.
    let within: f64 = gaps.iter().zip(windows()).map(|(gap, window)| gap.min(window)).sum();
    let share = within / windows().sum::<f64>();
    let status = grade(longest, GAP_BOUND.as_secs_f64(), TOO_LONG_GAP.as_secs_f64()).max(grade(
        share,
        STANDSTILL_BOUND,
        TOO_LONG_STANDSTILL,
    ));
    let finding = format!(
        "no client thread stood still for longer than {:.0} ms in any of {} slices; the longest stretch of each together are {} of \
         their windows",
        longest * 1e3,
        all.len(),
        percent_beside(share, &[STANDSTILL_BOUND, TOO_LONG_STANDSTILL])
    );
    let worst = all.last()?.check;
    let middle = middle(all, worst);
    let added = Check { status, figure: Some(longest * 1e3), finding, ..worst.clone() };
    Some(if middle.status > added.status { middle } else { added })
}

/// The distance of all starts from the schedule: at any instant those of one slice alone can lie on the wrong side.
fn arrivals(all: &[Found<'_>]) -> Option<Check> {
    let due = |found: &Found<'_>| found.slice.account.due;
    let total: u64 = all.iter().map(due).sum();
    if total < FEWEST_STARTS {
        return None;
    }
    let wrong = all.iter().filter_map(|found| Some(found.check.figure? * due(found) as f64));
    let distance = wrong.reduce(f64::max)? / total as f64;
    let bound = distance_bound(total);
    let mut status = grade(distance, bound, distance_too_far(total));
    let mut finding = format!(
        "at most {} of the {total} starts of {} slices lie on the wrong side of any instant",
        percent_beside(distance, &[bound, distance_too_far(total)]),
        all.len()
    );
    if status == CheckStatus::Fail && the_server_shaped_its_load(all) {
        status = CheckStatus::Warn;
        finding += "; requests waited for busy connections longer than for the client, so the server shaped its own load";
    }
    Some(Check { status, figure: Some(distance), bound, finding, ..all.last()?.check.clone() })
}

/// Whether starts were put off by busy connections more than by the client. A server that stalls must not have its worst blocks left out
/// by that.
fn the_server_shaped_its_load(all: &[Found<'_>]) -> bool {
    let total = |times: fn(&Measurement) -> Option<&Times>| -> f64 {
        all.iter()
            .filter_map(|found| times(found.slice))
            .filter_map(|times| Some(times.mean? * times.count as f64))
            .sum()
    };
    total(|slice| slice.connection_wait_us.as_ref()) > total(|slice| slice.lateness_us.as_ref())
}

/// The mean lateness, where no slice has requests enough for a quantile.
fn lateness(all: &[Found<'_>]) -> Option<Check> {
    if all.iter().any(|found| found.check.status != CheckStatus::NotApplicable) {
        return None;
    }
    let times = || all.iter().filter_map(|found| found.slice.lateness_us.as_ref());
    let count: u64 = times().map(|times| times.count).sum();
    let sum: f64 = times().filter_map(|times| Some(times.mean? * times.count as f64)).sum();
    if count == 0 {
        return None;
    }
    let mean = sum / count as f64;
    let finding = format!(
        "{count} requests of {} slices left {mean:.1} us late by the client's doing on average, against {MEDIAN_BOUND_US:.0}",
        all.len()
    );
    let status = grade(mean, MEDIAN_BOUND_US, MEDIAN_BOUND_US * TOO_LATE);
    Some(Check { status, figure: Some(mean), bound: MEDIAN_BOUND_US, finding, ..all.last()?.check.clone() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reports_record::{Account, Arrivals};

    use super::*;
    use crate::Rate;
    use crate::schedule::{Course, Schedule};
    use CheckStatus::{Fail, NotApplicable, Pass, Warn};

    fn check(name: &str, status: CheckStatus, figure: Option<f64>) -> Check {
        let (name, finding) = (name.to_owned(), format!("{status:?}"));
        Check {
            name,
            status,
            figure,
            bound: 0.5,
            unit: "share".into(),
            finding,
            remedy: None,
            explained_by: None,
        }
    }

    /// A slice of 25 ms with one check, and this many requests due.
    fn slice(check: Check, due: u64) -> Measurement {
        let whole = crate::measured::measured(1);
        let account = Account { due, finished: due, failed: 0, censored: 0 };
        let certificate = Certificate::from_checks(vec![check]);
        Measurement { window_s: 0.025, account, certificate, ..whole }
    }

    fn over_slices(slices: &[Measurement]) -> Check {
        let all: Vec<&Measurement> = slices.iter().collect();
        certify(&all).checks.remove(0)
    }

    fn of(name: &str, found: &[(CheckStatus, f64)]) -> Check {
        let slices: Vec<Measurement> =
            found.iter().map(|(status, figure)| slice(check(name, *status, Some(*figure)), 100)).collect();
        over_slices(&slices)
    }

    #[test]
    fn a_fact_is_taken_at_its_worst_and_a_statistic_in_the_middle() {
        let found = [(Pass, 0.0), (Fail, 1.0), (Pass, 0.0), (Pass, 0.0)];
        assert_eq!(of("account", &found).status, Fail);
        let pace = of("pace", &found);
        assert_eq!(pace.status, Pass);
        assert_eq!(pace.finding, "middle of 4 slices: Pass (in the worst of them: Fail)");
        assert_eq!(of("pace", &[(Fail, 1.0), (Pass, 0.0), (Fail, 1.0), (Pass, 0.0)]).status, Fail);
    }

    #[test]
    fn a_slice_in_which_nothing_was_due_has_no_wrong_reply() {
        let replies = |found: &[(CheckStatus, u64)]| {
            let slices: Vec<Measurement> =
                found.iter().map(|(status, due)| slice(check("replies", *status, None), *due)).collect();
            over_slices(&slices).status
        };
        assert_eq!(replies(&[(Pass, 3), (Fail, 0), (Pass, 4)]), Pass);
        assert_eq!(replies(&[(Pass, 3), (Fail, 2)]), Fail);
        assert_eq!(replies(&[(Fail, 0), (Fail, 0)]), Fail, "nothing was due at all");
    }

    #[test]
    fn a_statistic_s_middle_is_that_of_the_slices_it_applies_to() {
        let found = [(NotApplicable, 0.0), (NotApplicable, 0.0), (NotApplicable, 0.0), (Fail, 1.0)];
        assert_eq!(of("achieved", &found).status, Fail);
        assert_eq!(of("achieved", &found[..3]).status, NotApplicable);
    }

    /// Three slices with the CPU to themselves and one without: 24.5 % over all, and 98 % in the worst.
    #[test]
    fn shares_of_time_are_those_of_all_windows_together() {
        let busy = of("cpu_wait", &[(Pass, 0.0), (Pass, 0.0), (Pass, 0.0), (Fail, 0.98)]);
        assert_eq!((busy.status, busy.figure), (Warn, Some(0.245)));
        assert!(
            busy.finding.starts_with("24.5 % over the 4 slices together (in the worst"),
            "{}",
            busy.finding
        );
        let full = of("headroom", &[(Fail, 0.99); 4]);
        assert_eq!(full.status, Fail);
    }

    /// Forty slices of 25 ms: in one of them the client stood still throughout, in ten, in 24; or the machine slept.
    #[test]
    fn standstills_are_those_of_all_windows_together_and_a_long_one_of_any_slice_counts() {
        let gap = |stood_still: usize, ms: f64| {
            let fast = slice(check("gap", Pass, Some(0.0)), 100);
            let stopped = slice(check("gap", Fail, Some(ms)), 100);
            let others = std::iter::repeat_n(fast, 40 - stood_still);
            over_slices(&std::iter::repeat_n(stopped, stood_still).chain(others).collect::<Vec<_>>())
        };
        assert_eq!([0, 10, 24].map(|stopped| gap(stopped, 30.0).status), [Pass, Warn, Fail]);
        let found = gap(10, 30.0);
        let told = "no client thread stood still for longer than 30 ms in any of 40 slices; the longest stretch of each together \
                    are 25.0 % of their windows (in the worst";
        assert!(found.finding.starts_with(told), "{}", found.finding);
        assert_eq!(found.figure, Some(30.0));
        assert_eq!([gap(1, 300.0).status, gap(1, 2_000.0).status], [Warn, Fail]);
    }

    /// Forty slices of which the client stood still for most in five short stretches each, or now and then.
    #[test]
    fn many_short_standstills_of_each_slice_count_as_in_one_measurement() {
        assert_eq!(of("gap", &[(Fail, 3.0); 40]).status, Fail);
        assert_eq!(of("gap", &[(Warn, 0.4); 40]).status, Warn);
        let few: Vec<_> = (0..40).map(|slice| if slice < 19 { (Fail, 0.4) } else { (Pass, 0.0) }).collect();
        assert_eq!(of("gap", &few).status, Pass);
    }

    /// Ten slices in which it ran for half of the time and waited for the other, in a closed loop and in an open one.
    #[test]
    fn a_closed_loop_whose_client_never_slept_in_its_slices_measured_the_client() {
        let headroom = |cpu_wait, is_closed| {
            let of = slice(check("headroom", Fail, Some(0.5)), 100);
            let response = of.service_time_us.clone();
            let client = ClientCost { cpu_wait: Some(cpu_wait), occupied: Some(0.5 + cpu_wait), ..of.client };
            let response_time_us = if is_closed { None } else { Some(response) };
            over_slices(&vec![Measurement { client, response_time_us, ..of }; 10])
        };
        let starved = headroom(0.49, true);
        assert_eq!((starved.status, starved.figure), (Fail, Some(0.5)));
        assert!(starved.finding.contains("never slept: client-limited"), "{}", starved.finding);
        assert_eq!((headroom(0.4, true).status, headroom(0.49, false).status), (Pass, Pass));
    }

    /// Each slice may pass by a bound of the user's own, and then all of them do.
    #[test]
    fn shares_that_pass_in_every_slice_pass_over_all_and_need_no_remedy() {
        let busy = |status, remedy: Option<&str>| {
            let (remedy, explained_by) = (remedy.map(str::to_owned), remedy.map(|_| "steal".to_owned()));
            let found = Check { remedy, explained_by, ..check("headroom", status, Some(0.9)) };
            over_slices(&[slice(found, 100)])
        };
        let calm = busy(Pass, Some("use more threads"));
        assert_eq!((calm.status, calm.remedy, calm.explained_by), (Pass, None, None));
        let warned = busy(Warn, Some("use more threads"));
        assert_eq!(warned.status, Warn);
        assert_eq!(warned.remedy.as_deref(), Some("use more threads"));
        assert_eq!(warned.explained_by.as_deref(), Some("steal"));
    }

    /// Two late starts of 100 in one slice of eight are a quarter of a hundredth of all.
    #[test]
    fn the_distance_of_starts_is_that_of_the_worst_instant_among_all_starts() {
        let mut found = [(Pass, 0.0); 8];
        found[3] = (Fail, 0.06);
        let arrivals = of("arrivals", &found);
        assert!((arrivals.figure.unwrap() - 0.0075).abs() < 1e-12);
        assert_eq!((arrivals.status, arrivals.bound), (Warn, 0.005));
        let told = "at most 0.8 % of the 800 starts of 8 slices lie on the wrong side of any instant";
        assert!(arrivals.finding.starts_with(told), "{}", arrivals.finding);
        // Each slice by itself has too few starts for a distribution; all together have enough.
        let few = |wrong: f64| -> Vec<Measurement> {
            (0..8).map(|_| slice(check("arrivals", NotApplicable, Some(wrong)), 5)).collect()
        };
        assert_eq!(over_slices(&few(0.0)).status, Pass);
        assert_eq!(over_slices(&few(0.8)).status, Warn);
        assert_eq!(over_slices(&few(0.8)[..3]).status, NotApplicable);
        // Twelve of 24, all of one slice: Poisson starts are that far off in fewer than one of a hundred windows.
        let apart = [
            slice(check("arrivals", NotApplicable, Some(1.0)), 12),
            slice(check("arrivals", NotApplicable, Some(0.0)), 12),
        ];
        assert_eq!(over_slices(&apart).status, Fail);
        // A server that answered nothing for a while kept its connections busy: such a block counts.
        let put_off = |waited: f64, late: f64| {
            let times = |mean| Some(Times { mean: Some(mean), count: 12, ..Times::default() });
            let (connection_wait_us, lateness_us) = (times(waited), times(late));
            let [one, other] = apart.clone();
            over_slices(&[Measurement { connection_wait_us, lateness_us, ..one }, other])
        };
        let shaped = put_off(9_000.0, 60.0);
        assert_eq!((shaped.status, shaped.figure), (Warn, Some(0.5)));
        assert!(shaped.finding.contains("the server shaped its own load"), "{}", shaped.finding);
        assert_eq!(put_off(60.0, 9_000.0).status, Fail, "the client was late");
    }

    /// 500/s in two slices of 30 ms, each start 1 ms late, which *pace* lets pass in one of a hundred: those of the last millisecond
    /// are on the wrong side, and in most phases two or more fall together.
    #[test]
    fn starts_that_chance_brings_together_are_no_other_load() {
        let late = Duration::from_millis(1);
        let drawn = |seed| {
            let rate = Rate::per_second(500.0).unwrap();
            let starts: Vec<Duration> =
                Schedule::new(&Course::from(rate), Duration::ZERO, Arrivals::Poisson, seed)
                    .take_while(|start| *start < Duration::from_millis(30))
                    .collect();
            let owed =
                |at: &Duration| starts.iter().filter(|start| **start <= *at && *at < **start + late).count();
            let (most, due) = (starts.iter().map(owed).max().unwrap_or(0), starts.len() as u64);
            slice(check("arrivals", NotApplicable, Some(most as f64 / due.max(1) as f64)), due)
        };
        let phases: Vec<Check> =
            (0..1_000).map(|phase| over_slices(&[drawn(2 * phase), drawn(2 * phase + 1)])).collect();
        let count = |is: fn(&Check) -> bool| phases.iter().filter(|check| is(check)).count();
        assert!(count(|check| check.figure.is_some_and(|distance| distance > 0.05)) > 700);
        assert!(count(|check| check.status == Fail) <= 10, "{}", count(|check| check.status == Fail));
    }

    #[test]
    fn where_no_slice_has_a_quantile_of_lateness_its_mean_is_judged() {
        let late = |mean: f64| {
            let lateness_us = Some(Times { mean: Some(mean), count: 4, ..Times::default() });
            let one = slice(check("pace", NotApplicable, None), 4);
            let silent = Measurement { lateness_us: None, ..one.clone() };
            over_slices(&[Measurement { lateness_us, ..one }, silent])
        };
        assert_eq!((late(80.0).status, late(80.0).figure), (Pass, Some(80.0)));
        assert_eq!((late(300.0).status, late(3_000.0).status), (Warn, Fail));
        let told = "4 requests of 2 slices left 300.0 us late by the client's doing on average, against 250";
        assert_eq!((late(300.0).bound, late(300.0).finding.as_str()), (250.0, told));
    }
}
