//! Runs whose waits are drawn: both loops draw, and an open one takes each request's own wait from its response time.

use std::time::Duration;

use reports_record::{Loop, Measured, TrialOutcome};

use crate::project::{Ended, Project, end, is_complete, trials};
use crate::server::serve_one_slowly;

/// What the awaiting contender adds to each wait: four waits of the cell.
const SLOWER: Duration = Duration::from_millis(20);

/// What each contender's trial measured, the awaiting ones with `true`.
fn measured(slices: &str) -> Vec<(bool, Measured)> {
    let project = Project::working(serve_one_slowly(SLOWER))
        .edit("wait_ms = [0], connections = [1]", "wait_ms = [5], connections = [4]")
        .edit("[phases]", &format!("[phases]\nwait_spread = 0.5\n{slices}"));
    let Ended { code, stderr, .. } = end(&mut project.runner());
    assert!(is_complete(code), "{stderr}");
    let all = trials(&project.run_folder().unwrap()).into_iter().map(|trial| match trial.outcome {
        TrialOutcome::Measured(measured) => (trial.contender != "blocking", *measured),
        TrialOutcome::Failed { reason, .. } => panic!("{}: {reason}", trial.contender),
    });
    all.collect()
}

/// Holds that a loop's requests drew their waits, and that an open one knows what is left of each response time.
fn draws(of: &Loop, is_slower: bool) {
    let one = &of.measurement;
    assert_eq!(one.plan.variants, Some(256));
    let (beyond, response) = (one.beyond_wait_times().unwrap(), one.response_times().unwrap());
    let Some(response) = response else { return assert_eq!(beyond, None) };
    let beyond = beyond.expect("an open loop that draws has times beyond the waits");
    assert_eq!((beyond.count(), beyond.censored()), (response.count(), response.censored()));
    let mean = |times: &Option<reports_record::Times>| times.as_ref().unwrap().mean.unwrap() / 1e3;
    let asked = mean(&one.response_time_us) - mean(&one.beyond_wait_us);
    // Drawn around 5 ms, by a few dozen requests.
    assert!((3.0..8.0).contains(&asked), "{asked} ms");
    let least = Duration::from_nanos(beyond.exact().min());
    assert!(!is_slower || least >= SLOWER.mul_f64(0.999), "{least:?}");
    assert!(least < SLOWER || is_slower, "{least:?}");
}

#[test]
fn each_loop_of_a_run_draws_its_waits_in_slices_and_alone() {
    for slices in ["slices = { closed = 1, open = 1 }", ""] {
        let all = measured(slices);
        assert!(all.len() >= 3, "{slices}");
        for (is_slower, measured) in all {
            assert_eq!(measured.loops().count(), 2);
            measured.loops().for_each(|(_, of)| draws(of, is_slower));
        }
    }
}
