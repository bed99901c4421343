//! Runs that were looked at: what ended early is judged by the blocks that it has.

#![allow(clippy::unwrap_used, reason = "in a test, an unexpected error is a failure like any other")]

#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
mod synthetic;

use reports_record::{Line, Look, Metric, Role, StopReason, Stopped, TrialOutcome};
use reports_render::analysis::Analysis;
use reports_render::analysis::comparison::{Obstacle, Withheld};
use reports_render::analysis::contrast::Kind;
use reports_render::analysis::subject::Subject;
use reports_stats::verdict::Verdict;

use synthetic::{World, cell, definition, lines, run};

/// A run of two cells and two rate levels, of which the first cell's control pair ended after 8 of 12 blocks but for its
/// open loop at the second rate.
fn looked_at() -> (reports_record::Run, Vec<Line>) {
    let mut definition = definition(vec![cell("wait", 0.0, 0, 8), cell("wait", 0.0, 0, 64)], 12);
    definition.looks = vec![8, 12];
    definition.phases.open_loads = vec![0.1, 0.5];
    let run = run(definition);
    let mut lines = lines(&run, &World::plausible());
    let ended = &run.definition.cells[0].name;
    let control = ["std-threads", "tokio-tasks"];
    for line in &mut lines {
        let Line::Trial(trial) = line else { continue };
        let TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
        measured.open.push(measured.open[0].clone());
        if trial.block >= 8 && trial.cell == *ended && control.contains(&trial.contender.as_str()) {
            measured.closed = None;
            measured.open.remove(0);
            measured.levels = vec![1];
        }
    }
    // Copies are measured up to the first look.
    lines.retain(|line| {
        !matches!(line, Line::Trial(trial) if trial.contender == "tokio-tasks-again" && trial.block >= 8)
    });
    let stopped = |loop_name: &str| Stopped {
        cell: ended.clone(),
        pair: Role::Control,
        loop_name: loop_name.into(),
        why: StopReason::Decided,
    };
    lines.push(Line::Look(Look { after: 8, stopped: vec![stopped("closed"), stopped("open")] }));
    (run, lines)
}

#[test]
fn a_loop_that_a_look_ended_is_judged_by_the_blocks_before_it() {
    let (run, lines) = looked_at();
    let analysis = Analysis::of(&run, &lines);
    // Blocks measured for it, or for another question of its loop; and those that its figures are of.
    let blocks = |metric: Metric, level: usize, cell: usize, kind: Kind| {
        let found = analysis.verdicts.at(kind, Subject { metric, level }, cell).unwrap();
        assert_eq!(found.obstacle, None, "{found:?}");
        if let Some(judgement) = found.judgement {
            assert_eq!((found.blocks().count(), found.planned), (judgement.seen, judgement.seen));
        }
        found.measured.len()
    };
    assert_eq!(blocks(Metric::Throughput, 0, 0, Kind::Control), 8);
    assert_eq!(blocks(Metric::CpuPerRequest, 0, 0, Kind::Control), 8);
    assert_eq!(blocks(Metric::CpuPerRequest, 1, 0, Kind::Control), 12);
    assert_eq!(blocks(Metric::Throughput, 0, 1, Kind::Control), 12);
    assert_eq!(blocks(Metric::Throughput, 0, 0, Kind::Stock), 12);
    assert_eq!(blocks(Metric::Throughput, 0, 0, Kind::Repeat), 8);
    // Two cells of 12 blocks of four contenders, and 8 of the copy.
    assert_eq!((analysis.grid.made(), analysis.grid.planned()), (112, 112));
    assert!(analysis.verdicts.at(Kind::Stock, Metric::Throughput, 0).unwrap().verdict.is_win());
}

/// A look after 8 blocks decides the median, and its loop may go on for the CPU time: a block of too few requests for a median bars the
/// question that went on to it, and no other.
#[test]
fn a_verdict_of_a_look_is_not_taken_back_by_a_block_that_another_question_needed() {
    let mut definition = definition(vec![cell("wait", 0.0, 0, 64)], 12);
    definition.looks = vec![8, 12];
    let run = run(definition);
    let settled = |few: Option<u32>| {
        let mut lines = lines(&run, &World::plausible());
        for line in &mut lines {
            let Line::Trial(trial) = line else { continue };
            let TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
            if trial.contender == "tiny-http" && Some(trial.block) == few {
                measured.open[0].measurement.response_time_us.as_mut().unwrap().p50 = None;
            }
        }
        let analysis = Analysis::of(&run, &lines);
        let median = analysis.verdicts.at(Kind::Stock, Metric::ResponseTimeP50, 0).unwrap();
        (median.verdict, median.obstacle, median.planned)
    };
    let (verdict, ..) = settled(None);
    assert!(verdict.is_win(), "{verdict:?}");
    for block in [8, 11] {
        assert_eq!(settled(Some(block)), (verdict, None, 8), "{block}");
    }
    for block in [0, 7] {
        let (verdict, obstacle, _) = settled(Some(block));
        assert_eq!((verdict.is_decided(), obstacle), (false, Some(Obstacle::TooFewRequests)), "{block}");
    }
}

#[test]
fn a_trial_of_which_levels_were_left_out_has_the_others_by_their_level() {
    let (_, lines) = looked_at();
    let last = lines.iter().rev().find_map(|line| match line {
        Line::Trial(trial) if trial.block == 11 && trial.contender == "tokio-tasks" => match &trial.outcome {
            TrialOutcome::Measured(measured) if measured.closed.is_none() => Some(measured),
            _ => None,
        },
        _ => None,
    });
    let measured = last.unwrap();
    assert!(measured.open_at(0).is_none() && measured.open_at(1).is_some());
    assert_eq!(measured.loops().map(|(name, _)| name).collect::<Vec<_>>(), ["open2"]);
}

#[test]
fn a_verdict_that_only_the_repeats_have_made_does_not_stand() {
    let run = run(definition(vec![cell("wait", 0.0, 0, 64)], 8));
    let mut lines = lines(&run, &World::plausible());
    // Every trial of one side was made again; the first attempts were twice as fast.
    let again: Vec<Line> = lines
        .iter()
        .filter(|line| matches!(line, Line::Trial(trial) if trial.contender == "actix-web"))
        .cloned()
        .collect();
    for line in &mut lines {
        let Line::Trial(trial) = line else { continue };
        let TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
        if let (Some(closed), "actix-web") = (&mut measured.closed, trial.contender.as_str()) {
            closed.measurement.goodput_per_s *= 2.0;
        }
    }
    lines.extend(again.into_iter().map(|line| match line {
        Line::Trial(mut trial) => {
            trial.attempt = 1;
            Line::Trial(trial)
        }
        other => other,
    }));
    let analysis = Analysis::of(&run, &lines);
    let settled = |metric: Metric| {
        let comparison = analysis.verdicts.at(Kind::Stock, metric, 0).unwrap();
        (comparison.judgement.unwrap().verdict, comparison.verdict, comparison.withheld)
    };
    let throughput = settled(Metric::Throughput);
    assert_eq!(throughput, (Verdict::AsyncWins, Verdict::CannotTell, Some(Withheld::Repeats)));
    let (judged, stands, withheld) = settled(Metric::CpuPerRequest);
    assert!(judged == stands && withheld.is_none());
    let page = reports_render::page(&run, &lines, &[]);
    assert!(page.contains("? repeats") && page.contains("cannot tell: the repeated trials decide it"));
}

/// From the seventh block on one side is half as fast again.
#[test]
fn a_verdict_on_two_states_of_the_machine_does_not_stand() {
    let run = run(definition(vec![cell("wait", 0.0, 0, 64)], 12));
    let mut lines = lines(&run, &World::plausible());
    for line in &mut lines {
        let Line::Trial(trial) = line else { continue };
        let TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
        if let (Some(closed), "actix-web", 6..) =
            (&mut measured.closed, trial.contender.as_str(), trial.block)
        {
            closed.measurement.goodput_per_s *= 1.5;
        }
    }
    let analysis = Analysis::of(&run, &lines);
    let settled = |metric: Metric| {
        let comparison = analysis.verdicts.at(Kind::Stock, metric, 0).unwrap();
        (comparison.judgement.unwrap().verdict, comparison.verdict, comparison.withheld)
    };
    let throughput = settled(Metric::Throughput);
    assert_eq!(throughput, (Verdict::AsyncWins, Verdict::CannotTell, Some(Withheld::Machine)));
    assert_eq!(settled(Metric::CpuPerRequest).2, None);
    let page = reports_render::page(&run, &lines, &[]);
    assert!(page.contains("? machine") && page.contains("depends on the state of this machine"));
}

/// 250 requests in the least busy block are a quarter of what a 99th percentile takes.
#[test]
fn a_page_says_which_blocks_would_carry_a_quantile() {
    let run = run(definition(vec![cell("wait", 0.0, 0, 8), cell("wait", 0.0, 0, 64)], 8));
    let mut lines = lines(&run, &World::plausible());
    let whole = reports_render::page(&run, &lines, &[]);
    assert!(!whole.contains("This quantile takes"), "every block has enough");
    for line in &mut lines {
        let Line::Trial(trial) = line else { continue };
        let TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
        if trial.cell == run.definition.cells[0].name && trial.contender == "tiny-http" {
            let times = measured.open[0].measurement.response_time_us.as_mut().unwrap();
            (times.p99, times.count) = (None, 250 + u64::from(trial.block));
        }
    }
    let page = reports_render::page(&run, &lines, &[]);
    assert!(
        page.contains(
            "takes 1,000 requests of each contender in every block, which 3 of 4 comparisons have. The others need \
             blocks that are up to 4 times as long"
        ),
        "{page}"
    );
}
