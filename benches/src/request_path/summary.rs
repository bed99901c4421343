//! Means and medians over requests' stages. Pure.

use reports_record::Stages;
use reports_record::rank::{is_enough, rank};
use servers_contract::RequestStages;

/// Fewest requests whose means are shown: those of a slowest hundredth need a thousand in all.
const FEWEST: usize = 10;

/// Mean stages of the middle half of requests, in order of the server's own time for them; `None` without any.
pub(super) fn typical(all: &[RequestStages], wait_us: f64) -> Option<Stages> {
    let sorted = by_whole(all);
    let quarter = sorted.len() / 4;
    means(&sorted[quarter..sorted.len() - quarter], wait_us)
}

/// Mean stages of the slowest hundredth; `None` with fewer than ten requests in it.
pub(super) fn slowest(all: &[RequestStages], wait_us: f64) -> Option<Stages> {
    let sorted = by_whole(all);
    let slowest = &sorted[sorted.len() - sorted.len() / 100..];
    if slowest.len() < FEWEST { None } else { means(slowest, wait_us) }
}

/// The median of times in nanoseconds, in microseconds; `None` where there are too few for one.
pub(super) fn median_us(times_ns: &[u64]) -> Option<f64> {
    let count = times_ns.len() as u64;
    let mut sorted = times_ns.to_vec();
    sorted.sort_unstable();
    is_enough(count, 0.5).then(|| sorted[rank(0.5, count) as usize - 1] as f64 / 1e3)
}

/// The mean; `None` of nothing.
pub(super) fn mean(figures: &[f64]) -> Option<f64> {
    (!figures.is_empty()).then(|| figures.iter().sum::<f64>() / figures.len() as f64)
}

fn by_whole(all: &[RequestStages]) -> Vec<RequestStages> {
    let mut sorted = all.to_vec();
    sorted.sort_unstable_by_key(|stages| stages.whole_ns());
    sorted
}

fn means(requests: &[RequestStages], wait_us: f64) -> Option<Stages> {
    if requests.is_empty() {
        return None;
    }
    let of = |stage: fn(&RequestStages) -> u64| {
        requests.iter().map(stage).sum::<u64>() as f64 / 1e3 / requests.len() as f64
    };
    Some(Stages {
        requests: requests.len() as u64,
        wake_us: of(|stages| stages.wake_ns),
        parse_us: of(|stages| stages.parse_ns),
        overdue_us: of(|stages| stages.handle_ns) - wait_us,
        reply_us: of(|stages| stages.write_ns),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests whose own time, beside a wait of 1 ms, grows by 4 us each: a quarter of it in each stage.
    fn growing(number: u64) -> Vec<RequestStages> {
        // Not in order.
        (0..number)
            .map(|index| index * 7 % number * 1000)
            .map(|ns| [ns, ns, 1_000_000 + ns, ns].into())
            .collect()
    }

    #[test]
    fn stages_of_typical_requests_add_up_to_the_mean_of_the_middle_half_without_the_wait() {
        // Requests 100 to 299 of 400: 199.5 us a stage on average.
        let typical = typical(&growing(400), 1000.0).unwrap();
        assert_eq!(typical.requests, 200);
        for stage in typical.in_order() {
            assert!((stage - 199.5).abs() < 1e-9, "{typical:?}");
        }
        assert!((typical.whole_us() - 4.0 * 199.5).abs() < 1e-9);
    }

    #[test]
    fn one_request_that_took_a_second_moves_the_slowest_and_no_typical_one() {
        let calm = growing(1100);
        let mut disturbed = calm.clone();
        disturbed.push([1_000_000_000, 0, 1_000_000, 0].into());
        disturbed.push([0, 0, 1_000_000, 0].into());
        let typical = |all: &[RequestStages]| typical(all, 1000.0).unwrap().whole_us();
        assert!((typical(&disturbed) - typical(&calm)).abs() < 0.01 * typical(&calm));
        let slowest = |all: &[RequestStages]| slowest(all, 1000.0).unwrap();
        assert!(slowest(&disturbed).wake_us > 20.0 * slowest(&calm).wake_us);
        assert_eq!(slowest(&calm).requests, 11);
    }

    #[test]
    fn too_few_requests_have_no_slowest_and_none_have_no_typical_one() {
        assert_eq!(slowest(&growing(999), 1000.0), None);
        assert_eq!(typical(&[], 0.0), None);
        assert_eq!(typical(&growing(1), 1000.0).unwrap().requests, 1);
        assert_eq!((median_us(&[1; 19]), median_us(&[3000; 20])), (None, Some(3.0)));
    }
}
