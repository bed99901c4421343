//! Whether a measurement's figures agree with each other.

use reports_record::{HistogramError, Measurement, Mode, OutcomeKind};

use super::sum::replies_by_outcome;
use super::{MergeError, Part, replies_in};

/// Refuses what was altered in a way that leaves JSON which still reads, as far as that shows.
pub(super) fn ensure(part: &Part) -> Result<(), MergeError> {
    let Part { name, measurement } = part;
    contradiction(measurement)
        .map_or(Ok(()), |what| Err(MergeError::Contradiction { name: name.clone(), what }))?;
    let read = |cause: HistogramError| match cause {
        HistogramError::OtherTimes(what) => MergeError::Contradiction { name: name.clone(), what },
        cause => MergeError::Histogram { name: name.clone(), cause },
    };
    measurement.service_times().map_err(read)?;
    measurement.response_times().map_err(read)?;
    measurement.beyond_wait_times().map_err(read)?;
    Ok(())
}

fn contradiction(measurement: &Measurement) -> Option<String> {
    let Measurement { account, outcomes, window_s, plan, .. } = measurement;
    let is_open = matches!(plan.mode, Mode::Open { .. });
    // Wide, so that absurd counts are found to be that and do not overflow.
    let whole: u128 = [account.finished, account.failed, account.censored].map(u128::from).iter().sum();
    if u128::from(account.due) != whole {
        return Some(format!(
            "account.due is {}, but finished, failed and censored are {whole}",
            account.due
        ));
    }
    let ok = outcomes.get(&OutcomeKind::Ok).copied().unwrap_or(0);
    let others: u128 = outcomes.values().copied().map(u128::from).sum::<u128>() - u128::from(ok);
    if (u128::from(ok), others) != (u128::from(account.finished), u128::from(account.failed)) {
        let (finished, failed) = (account.finished, account.failed);
        return Some(format!(
            "outcomes have {ok} correct replies and {others} others, but account {finished} and {failed}"
        ));
    }
    let by_status: u128 = measurement.statuses.values().copied().map(u128::from).sum();
    let by_outcome = replies_by_outcome(measurement);
    if !measurement.statuses.is_empty() && by_status != by_outcome {
        return Some(format!("statuses have {by_status} replies, but outcomes {by_outcome}"));
    }
    if measurement.censored != account.censored {
        return Some(format!(
            "censored is {}, but account.censored {}",
            measurement.censored, account.censored
        ));
    }
    if !(*window_s > 0.0 && window_s.is_finite()) {
        return Some(format!("window_s is {window_s}, which is no length"));
    }
    for (name, rate) in [
        ("achieved_rate_per_s", measurement.achieved_rate_per_s),
        ("goodput_per_s", measurement.goodput_per_s),
    ] {
        if is_open && replies_in(rate, *window_s).is_none() {
            return Some(format!("{name} is {rate}, which is no whole number of replies in {window_s} s"));
        }
        // Replies across the edges of a closed loop's window count in part.
        let most = measurement.answered_in_all as f64 + 0.01;
        if !is_open && !(0.0..=most).contains(&(rate * window_s)) {
            return Some(format!(
                "{name} is {rate}, which is no number of replies that came in {window_s} s"
            ));
        }
    }
    if is_open != measurement.offered_rate_per_s.is_some()
        || is_open != measurement.response_time_us.is_some()
    {
        return Some("response times and an offered rate go with an open loop, and only with it".into());
    }
    None
}
