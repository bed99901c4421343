//! The answer to a case in one or two sentences.
//!
//! `page/case.js` has the same sentences; `tests/case.rs` and `scripts/browser` hold both to one list.

use super::{Conclusion, Outlook, Saving, Side};
use crate::analysis::amount::Amount;
use crate::number;

/// The answer to a case, in the first words of which stands what was asked: which costs less where a rate is given that both can
/// serve, else which can serve more. `names` are the two sides', the blocking one first.
///
/// Without a verdict's words: arithmetic has no intervals.
#[must_use]
pub fn headline(outlook: &Outlook<'_>, names: [&str; 2]) -> String {
    let conclusion = outlook.conclusion();
    let rate = outlook.case.rate_per_s.map(number::exact).unwrap_or_default();
    match (outlook.both_keep_up(), outlook.saving()) {
        (Some(true), Some(saving)) => at_rate(conclusion, &saving, &rate, names),
        (Some(false), _) if conclusion != Conclusion::NeitherKeepsUp => past_one(outlook, conclusion, names),
        _ => at_limit(outlook, conclusion, &rate, names),
    }
}

/// Both serve the rate: what is left to choose by is the cost.
fn at_rate(conclusion: Conclusion, saving: &Saving, rate: &str, names: [&str; 2]) -> String {
    let is_idle = conclusion == Conclusion::EitherIdle;
    let Some(side) = saving.cheaper else {
        return if is_idle {
            format!(
                "Either. Both cost about the same, and {rate} requests a second keep a server less than a tenth busy."
            )
        } else {
            format!("Either. Both can serve {rate} requests a second, at about the same cost.")
        };
    };
    let name = names[usize::from(side == Side::Async)];
    let alone = if saving.is_confirmed { "" } else { ", by arithmetic alone" };
    let matters =
        if is_idle || saving.is_little() { "It hardly matters." } else { "Both can serve this rate." };
    format!(
        "Cheaper with {name}{alone}: {} less CPU a request, {} in all. {matters}",
        number::percent(saving.share),
        Amount::Cores(saving.cores).words(),
    )
}

/// The rate lies between both limits.
fn past_one(outlook: &Outlook<'_>, conclusion: Conclusion, names: [&str; 2]) -> String {
    let limits = [outlook.sync.limit_per_s, outlook.awaiting.limit_per_s];
    let is_async = limits[1] > limits[0];
    let lower = number::trimmed(&number::whole_rate(limits[usize::from(!is_async)])).replace("/s", "");
    let alone = match conclusion {
        Conclusion::SyncServesMore | Conclusion::AsyncServesMore => "",
        Conclusion::Open => ", by arithmetic alone",
        _ => return format!("Too close to call. Both end at about {lower} requests a second."),
    };
    let (winner, loser) = (names[usize::from(is_async)], names[usize::from(!is_async)]);
    format!(
        "Only {winner} can serve this rate{alone}. The most with {loser} is about {lower} requests a second."
    )
}

/// No rate is known, or no cost at any.
fn at_limit(outlook: &Outlook<'_>, conclusion: Conclusion, rate: &str, names: [&str; 2]) -> String {
    let own = number::exact(outlook.case.cpu_ms);
    match conclusion {
        Conclusion::EitherIdle => {
            format!("Either. {rate} requests a second keep a server less than a tenth busy.")
        }
        Conclusion::EitherWaits => "Either. Your connections and their waiting are the limit.".into(),
        Conclusion::EitherComputes => format!("Either. Your own {own} ms of CPU is the limit."),
        Conclusion::EitherAlike => "Either. Both can serve about the same.".into(),
        Conclusion::NeitherKeepsUp => {
            format!("Neither. {rate} requests a second are more than either can serve.")
        }
        Conclusion::SyncServesMore => more(names[0], 1.0 / outlook.ratio(), ""),
        Conclusion::AsyncServesMore => more(names[1], outlook.ratio(), ""),
        Conclusion::Open => {
            let ratio = outlook.ratio();
            let (name, ratio) = if ratio > 1.0 { (names[1], ratio) } else { (names[0], 1.0 / ratio) };
            more(name, ratio, ", by arithmetic alone")
        }
    }
}

/// By how much one can serve more.
fn more(name: &str, ratio: f64, alone: &str) -> String {
    let name = number::capitalised(name);
    if ratio >= 2.0 {
        format!("{name} can serve {ratio:.1} times as many requests{alone}.")
    } else {
        format!("{name} can serve {:.0}\u{a0}% more requests{alone}.", (ratio - 1.0) * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use reports_stats::verdict::Verdict;

    use super::*;
    use crate::analysis::arithmetic::{Case, Costs, Level, Point};

    /// A contender measured at 10 ms on 64 connections, whose request costs it this much at its limit and at 800/s.
    fn costs(contender: &'static str, saturated_us: f64, at_rate_us: f64) -> Costs<'static> {
        let level =
            Level { level: 0, rate_per_s: 800.0, added_cpu_us: at_rate_us, added_time_us: Some(70.0) };
        let point = Point {
            cell: 0,
            name: "wait=10ms/c=64",
            connections: 64,
            wait_ms: 10.0,
            cpu_ms: 0.0,
            saturated_us,
            throughput_per_s: 6_000.0,
            memory_mib: None,
            levels: vec![level],
        };
        Costs { contender, points: vec![point] }
    }

    /// Threads at 60 µs a request, tasks at this much, asked for `rate` on 64 connections that wait 10 ms.
    fn told(tasks_us: f64, rate: Option<f64>, nearest_cost: Option<Verdict>) -> String {
        let case = Case { connections: 64, wait_ms: 10.0, cpu_ms: 0.0, rate_per_s: rate, cores: 1 };
        let outlook = Outlook::of(case, &costs("t", 40.0, 60.0), &costs("a", 40.0, tasks_us)).unwrap();
        headline(&Outlook { nearest_cost, ..outlook }, ["threads", "async"])
    }

    /// By hand: 1 − 60 ÷ 80 = 25 %, and 800 × 20 µs = 1.6 % of a core.
    #[test]
    fn what_costs_less_at_a_rate_stands_first_with_its_size_and_that_it_hardly_matters() {
        assert_eq!(
            told(80.0, Some(800.0), Some(Verdict::SyncWins)),
            "Cheaper with threads: 25\u{a0}% less CPU a request, 1.6\u{a0}% of a core in all. It hardly matters."
        );
        assert_eq!(
            told(40.0, Some(4_000.0), Some(Verdict::AsyncWins)),
            "Cheaper with async: 33\u{a0}% less CPU a request, 8.0\u{a0}% of a core in all. Both can serve this rate."
        );
    }

    #[test]
    fn a_cost_that_no_measured_cell_confirms_is_called_arithmetic() {
        for nearest in [None, Some(Verdict::CannotTell), Some(Verdict::Tie), Some(Verdict::AsyncWins)] {
            let text = told(80.0, Some(800.0), nearest);
            assert!(text.starts_with("Cheaper with threads, by arithmetic alone: 25"), "{nearest:?}: {text}");
        }
    }

    #[test]
    fn costs_within_a_tenth_are_told_as_the_same_and_without_a_rate_no_cost_is() {
        assert_eq!(
            told(65.0, Some(800.0), Some(Verdict::SyncWins)),
            "Either. Both cost about the same, and 800 requests a second keep a server less than a tenth busy."
        );
        assert_eq!(told(80.0, None, None), "Either. Your connections and their waiting are the limit.");
    }

    /// 64 ÷ 10.04 ms = 6,375.
    #[test]
    fn a_rate_that_one_or_none_can_serve_is_told_as_such() {
        let case =
            |rate| Case { connections: 512, wait_ms: 1.0, cpu_ms: 0.0, rate_per_s: Some(rate), cores: 1 };
        let at = |rate: f64, nearest| {
            let outlook = Outlook::of(case(rate), &costs("t", 40.0, 60.0), &costs("a", 20.0, 30.0)).unwrap();
            headline(&Outlook { nearest, ..outlook }, ["threads", "async"])
        };
        assert_eq!(
            at(30_000.0, Some(Verdict::AsyncWins)),
            "Only async can serve this rate. The most with threads is about 25,000 requests a second."
        );
        assert!(at(30_000.0, None).starts_with("Only async can serve this rate, by arithmetic alone."));
        assert_eq!(at(60_000.0, None), "Neither. 60,000 requests a second are more than either can serve.");
    }
}
