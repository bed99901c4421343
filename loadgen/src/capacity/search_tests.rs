//! The search against servers whose capacity is known.

use proptest::prelude::*;

use super::*;
use crate::Rate;

fn rate(per_second: f64) -> Rate {
    Rate::per_second(per_second).unwrap()
}

fn range(from: f64, to: f64, precision: f64, trials: u32) -> SearchRange {
    SearchRange { from: rate(from), to: rate(to), precision, trials }
}

/// Asks `server` (rate, trial) until the search ends, and holds every step to what a search promises.
fn ask(range: SearchRange, mut server: impl FnMut(f64, u32) -> Verdict) -> Search {
    let mut search = Search::new(range).unwrap();
    let mut asked = 0;
    while let Some((rate, trial)) = search.next() {
        let known = search.answer();
        assert!(range.from <= rate && rate <= range.to, "{rate} is outside the range");
        assert!(known.passed.is_none_or(|passed| rate > passed), "{rate} is below what passed: {known}");
        assert!(known.failed.is_none_or(|failed| rate < failed), "{rate} is above what failed: {known}");
        let decided = search.ballots().iter().find(|ballot| ballot.rate() == rate);
        assert!(decided.is_none_or(|ballot| ballot.verdict().is_none()), "{rate} was decided before");
        search.take(rate, server(rate.get(), trial)).unwrap();
        asked += 1;
        // 27 doublings are the widest range there is, and two sides of a doubt halve one gap of 1 in 7 steps each.
        assert!(asked <= 45 * Ballot::most(range.trials), "the search does not end: {}", search.answer());
    }
    assert!(search.answer().is_finished());
    search
}

fn exactly(capacity: f64) -> impl FnMut(f64, u32) -> Verdict {
    move |rate, _| if rate <= capacity { Verdict::Pass } else { Verdict::Fail }
}

/// Numbers in 0–1 that look drawn, of `seed` and whatever tells one draw from another.
fn drawn(seed: u64, rate: f64, trial: u32) -> f64 {
    let mut mixed = seed ^ rate.to_bits() ^ u64::from(trial).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for _ in 0..3 {
        // SplitMix64's finaliser (Steele, Lea, Flood 2014).
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) ^ (mixed >> 31);
    }
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}

#[test]
fn a_client_that_is_the_limit_ends_the_climb_and_is_said() {
    let search = ask(range(100.0, 1e6, 0.05, 3), |rate, _| {
        if rate <= 1000.0 { Verdict::Pass } else { Verdict::Unsure(Doubt::Client) }
    });
    let Finding::ClientLimited { passed: Some(passed), limit } = search.answer().finding() else {
        panic!("{}", search.answer());
    };
    assert!(passed.get() <= 1000.0 && limit.get() > 1000.0 && limit.get() <= passed.get() * 1.05);
    assert!(search.ballots().iter().all(|ballot| ballot.rate().get() <= 1600.0), "nothing above the limit");
    assert!(search.answer().to_string().contains("the client was the limit"), "{}", search.answer());
}

#[test]
fn a_rate_in_doubt_widens_the_interval_and_is_named() {
    // 800 is a rate of the climb from 100.
    let search = ask(range(100.0, 1e6, 0.05, 1), |rate, trial| match rate {
        780.0..=820.0 => Verdict::Unsure(Doubt::Noise),
        _ => exactly(790.0)(rate, trial),
    });
    let Finding::Between { passed, failed } = search.answer().finding() else {
        panic!("{}", search.answer())
    };
    assert!(passed.get() < 780.0 && failed.get() > 820.0, "{}", search.answer());
    assert!(passed.get() > 730.0 && failed.get() < 870.0, "both sides were narrowed: {}", search.answer());
    assert!(!search.answer().is_narrow());
    assert!(search.answer().to_string().contains("could not be believed"), "{}", search.answer());
}

#[test]
fn only_doubt_ends_after_two_rates() {
    let search = ask(range(100.0, 1e6, 0.05, 3), |_, _| Verdict::Unsure(Doubt::Samples));
    assert_eq!(search.answer().finding(), Finding::CannotTell { passed: None, failed: None });
    assert_eq!(search.ballots().len(), 2);
}

#[test]
fn a_verdict_on_another_rate_is_refused() {
    let mut search = Search::new(range(100.0, 1000.0, 0.05, 1)).unwrap();
    let refused = search.take(rate(101.0), Verdict::Pass).unwrap_err();
    assert_eq!(refused.to_string(), "expected a trial at 100/s, found one at 101/s");
    assert_eq!(search.answer().finding(), Finding::CannotTell { passed: None, failed: None });
}

#[test]
fn errors_of_one_trial_in_twenty_mislead_few_searches() {
    let capacity = 3_000.0;
    let searches = 2_000;
    let misled = (0..searches).filter(|seed| {
        let search = ask(range(100.0, 1e6, 0.05, 3), |rate, trial| {
            let is_wrong = drawn(*seed, rate, trial) < 0.05;
            if (rate <= capacity) != is_wrong { Verdict::Pass } else { Verdict::Fail }
        });
        !matches!(search.answer().finding(), Finding::Between { passed, failed }
            if passed.get() <= capacity && capacity < failed.get())
    });
    let misled = misled.count() as f64 / searches as f64;
    // Six doublings and five halvings, each wrong with Ballot::error(3, 0.05) = 0.7 %: at most 8.0 %. Two percent more are
    // three standard errors of 2,000 searches.
    let promised = 11.0 * Ballot::error(3, 0.05);
    assert!(
        misled < promised + 0.02,
        "{misled} of the searches were misled, at most {promised} are promised"
    );
    assert!(misled > 0.0, "errors of 5 % mislead nobody: is the noise drawn at all?");
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Pass),
        Just(Verdict::Fail),
        Just(Verdict::Unsure(Doubt::Noise)),
        Just(Verdict::Unsure(Doubt::Samples)),
        Just(Verdict::Unsure(Doubt::Client)),
    ]
}

proptest! {
    #[test]
    fn the_interval_contains_the_capacity_and_is_as_narrow_as_asked(
        from in 0.01f64..1e4,
        capacity in 0.001f64..1e7,
        precision in 0.01f64..0.5,
        half in 0u32..3,
    ) {
        let range = range(from, 1e6, precision, 2 * half + 1);
        let search = ask(range, exactly(capacity));
        match search.answer().finding() {
            Finding::Between { passed, failed } => {
                prop_assert!(passed.get() <= capacity && capacity < failed.get());
                prop_assert!(failed.get() / passed.get() <= 1.0 + precision + 1e-9);
                prop_assert!(search.answer().is_narrow());
            }
            Finding::AboveRange => prop_assert!(capacity >= 1e6),
            Finding::BelowRange => prop_assert!(capacity < from),
            finding => prop_assert!(false, "{finding:?}"),
        }
    }

    #[test]
    fn any_verdicts_come_to_an_end_and_only_decided_rates_are_ends(
        seed in proptest::collection::vec(verdict(), 1..200),
        half in 0u32..3,
    ) {
        let mut verdicts = seed.iter().cycle();
        let search = ask(range(1.0, 1e6, 0.01, 2 * half + 1), |_, _| *verdicts.next().unwrap());
        let decided = |rate: Rate, verdict| {
            search.ballots().iter().any(|ballot| ballot.rate() == rate && ballot.verdict() == Some(verdict))
        };
        let answer = search.answer();
        prop_assert!(answer.passed.is_none_or(|rate| decided(rate, Verdict::Pass)));
        prop_assert!(answer.failed.is_none_or(|rate| decided(rate, Verdict::Fail)));
        prop_assert!(answer.passed.zip(answer.failed).is_none_or(|(passed, failed)| passed < failed));
        prop_assert!(!answer.to_string().is_empty());
    }

    #[test]
    fn doubts_never_put_an_end_beyond_the_capacity(
        seed in any::<u64>(),
        capacity in 1f64..1e6,
        doubtful in 0.0f64..1.0,
    ) {
        let search = ask(range(1.0, 1e6, 0.05, 3), |rate, trial| {
            if drawn(seed, rate, trial) < doubtful {
                Verdict::Unsure(Doubt::Noise)
            } else {
                exactly(capacity)(rate, trial)
            }
        });
        let answer = search.answer();
        prop_assert!(answer.passed.is_none_or(|passed| passed.get() <= capacity), "{answer}");
        prop_assert!(answer.failed.is_none_or(|failed| failed.get() > capacity), "{answer}");
    }

    #[test]
    fn a_search_taken_up_again_asks_the_same(seed in any::<u64>(), capacity in 1f64..1e5, cut in 0usize..60) {
        let noisy = |rate: f64, trial| if rate * (0.9 + 0.2 * drawn(seed, rate, trial)) <= capacity { Verdict::Pass } else { Verdict::Fail };
        let range = range(1.0, 1e6, 0.02, 3);
        let whole = ask(range, noisy);
        let trials = whole.ballots().iter().flat_map(|ballot| ballot.votes().iter().map(|vote| (ballot.rate(), *vote)));
        let mut again = Search::new(range).unwrap();
        for (rate, vote) in trials.take(cut) {
            again.take(rate, vote).unwrap();
        }
        while let Some((rate, trial)) = again.next() {
            again.take(rate, noisy(rate.get(), trial)).unwrap();
        }
        prop_assert_eq!(again, whole);
    }
}
