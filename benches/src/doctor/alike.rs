//! The A/A part: one contender measured as if it were two, and how far apart this machine puts them.

use std::time::Duration;

use anyhow::Context as _;
use reports_record::{Definition, Metric};
use reports_render::analysis::verdicts::Repeat;
use reports_terminal::counted;

use super::Check;
use crate::{estimate, experiment};

/// The experiment that is run.
const EXPERIMENT: &str = "aa";

/// Fewest blocks that say anything: as many as a verdict needs.
const FEWEST_BLOCKS: u32 = 6;

/// Most blocks: as many as an experiment may have.
const MOST_BLOCKS: u32 = 1_000;

/// A machine on which effects of a tenth show is fit: that is twice the margin within which nothing wins.
const FINE: f64 = 1.1;

/// A machine on which throughputs must differ by more than this leaves nothing to tell but extremes. The models alone rarely differ by more than half as
/// much again; a machine that cannot see that is not fit to compare them. Response times vary by far more, on machines
/// that tell throughputs apart well, and only warn.
const HOPELESS: f64 = 1.5;

/// The experiment, with as many blocks as fit into `span`, but no fewer than it takes to tell anything.
///
/// # Errors
/// When the embedded experiment is refused, which only a bug can bring about.
pub fn definition(span: Duration) -> anyhow::Result<Definition> {
    let mut definition = experiment::load(EXPERIMENT).context("the doctor's own experiment")?;
    let with = |blocks| estimate::duration(&Definition { blocks, ..definition.clone() }).as_secs_f64();
    // Every block takes alike; what is left over is done once.
    let block = (with(4) - with(2)) / 2.0;
    let blocks = ((span.as_secs_f64() - (with(2) - 2.0 * block)) / block).max(0.0) as u32;
    definition.blocks = (blocks / 2 * 2).clamp(FEWEST_BLOCKS, MOST_BLOCKS);
    Ok(definition)
}

/// What came of it, by metric, and in all.
#[must_use]
pub fn judge(repeats: &[Repeat]) -> Vec<Check> {
    let mut checks: Vec<_> = repeats.iter().map(of_metric).collect();
    let (wins, of) = repeats
        .iter()
        .fold((0, 0), |(wins, of), repeat| (wins + repeat.false_wins.wins, of + repeat.false_wins.cells));
    let found = format!("{wins} in {}", counted(of, "comparison"));
    checks.push(if repeats.iter().all(|repeat| repeat.false_wins.within_promise()) {
        Check::fit("A/A: false wins", found)
    } else {
        Check::unfit(
            "A/A: false wins",
            format!("{found}, more than the promised 5 % explain"),
            "find what changes from one process to the next: other load, heat, memory layout; then ask again",
        )
    });
    checks
}

fn of_metric(repeat: &Repeat) -> Check {
    let name = match repeat.subject.metric {
        Metric::Throughput => "A/A: throughput",
        Metric::ResponseTimeP50 => "A/A: p50",
        Metric::ResponseTimeP95 => "A/A: p95",
        Metric::ResponseTimeP99 => "A/A: p99",
        Metric::CpuPerRequest => "A/A: CPU/request",
        Metric::Memory => "A/A: memory",
    };
    let found = |visible: f64| {
        format!("differences from {:.1} % on show in 4 of 5 runs here", (visible - 1.0) * 100.0)
    };
    match (repeat.visible, repeat.subject.metric) {
        (Some(visible), _) if visible <= FINE => Check::fit(name, found(visible)),
        (Some(visible), Metric::Throughput) if visible > HOPELESS => Check::unfit(
            name,
            found(visible),
            "a quieter machine: stop what else runs (see the checks above), or measure elsewhere",
        ),
        (Some(visible), _) => Check::warn(
            name,
            found(visible),
            "more blocks, longer windows, a quieter machine; until then expect \"cannot tell\"",
        ),
        // p95 needs two hundred requests in a window of a third of a second, p99 a thousand.
        (None, Metric::ResponseTimeP95 | Metric::ResponseTimeP99) => Check::warn(
            name,
            "too few requests in a window for this percentile",
            "longer windows in the experiment",
        ),
        (None, _) => Check::unfit(
            name,
            "too few trials that may be believed",
            "see the page's certificates for what spoilt them, and the checks above for what to change",
        ),
    }
}

#[cfg(test)]
mod tests {
    use reports_render::analysis::Analysis;

    use super::super::Fitness;
    use super::*;

    #[test]
    fn two_minutes_give_an_even_number_of_blocks_that_fits() {
        let of = |seconds| definition(Duration::from_secs(seconds)).unwrap();
        let two_minutes = of(120);
        assert!(two_minutes.blocks >= 8 && two_minutes.blocks.is_multiple_of(2), "{}", two_minutes.blocks);
        let estimated = estimate::duration(&two_minutes).as_secs();
        assert!((90..=120).contains(&estimated), "{estimated}");
        assert_eq!(of(1).blocks, FEWEST_BLOCKS);
        assert!(of(1_200).blocks > 5 * two_minutes.blocks);
    }

    /// The verdicts of a run without a trial, as the analysis gives them; then with this visible effect.
    fn repeats(visible: Option<f64>) -> Vec<Repeat> {
        let run = reports_record::Run {
            schema: reports_record::SCHEMA,
            id: "test".to_owned(),
            command: String::new(),
            started_at: String::new(),
            contenders: Vec::new(),
            environment: crate::machine::environment(
                std::path::Path::new("."),
                &crate::cpus::Split { client: vec![0], contender: vec![1] },
                1_024,
            ),
            definition: definition(Duration::ZERO).unwrap(),
        };
        let repeats = Analysis::of(&run, &[]).verdicts.repeats().to_vec();
        repeats.into_iter().map(|repeat| Repeat { visible, ..repeat }).collect()
    }

    #[test]
    fn a_run_that_told_nothing_is_unfit() {
        let checks = judge(&repeats(None));
        assert_eq!(checks.len(), Metric::ALL.len() + 1);
        assert!(checks.iter().any(|check| check.fitness == Fitness::Unfit), "{checks:?}");
    }

    #[test]
    fn the_visible_effect_is_told_in_percent_and_warned_of_beyond_a_tenth() {
        let checks = judge(&repeats(Some(1.084)));
        assert!(checks.iter().all(|check| check.fitness == Fitness::Fit), "{checks:?}");
        assert_eq!(checks[0].found, "differences from 8.4 % on show in 4 of 5 runs here");
        assert_eq!(judge(&repeats(Some(1.2)))[0].fitness, Fitness::Warn);
    }

    #[test]
    fn a_machine_that_cannot_tell_throughputs_by_half_apart_is_unfit() {
        let checks = judge(&repeats(Some(1.6)));
        let unfit: Vec<_> = checks.iter().filter(|check| check.fitness == Fitness::Unfit).collect();
        assert_eq!(unfit.len(), 1, "{checks:?}");
        assert_eq!(unfit[0].name, "A/A: throughput");
    }
}
