//! Every comparison of a run, judged family by family.

use reports_record::{Cell, Definition, Metric};
use reports_stats::aa_limit::AaLimit;
use reports_stats::effect::Pair;
use reports_stats::false_wins::FalseWins;
use reports_stats::judge::judge;
use reports_stats::verdict::{Better, Verdict};

use super::bound::Bounds;
use super::comparison::Comparison;
use super::contrast::{Contrast, Kind, contrasts};
use super::grid::Grid;

/// The verdict table: all that an answer may be derived from.
#[derive(Debug)]
pub struct Verdicts<'a> {
    /// The experiment's cells, in order.
    pub cells: &'a [Cell],
    /// What is held against what.
    pub contrasts: Vec<Contrast<'a>>,
    comparisons: Vec<Comparison<'a>>,
    repeats: Vec<Repeat>,
}

/// What measuring one contender as if it were two came to, by one metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repeat {
    /// The metric.
    pub metric: Metric,
    /// Wins among the A/A cells; every one of them is false.
    pub false_wins: FalseWins,
    /// The A/A limit as a ratio, at least 1: the largest of the metric's families; `None` without A/A cells.
    pub limit: Option<f64>,
}

/// How often each verdict fell, over cells that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Score {
    /// Async wins.
    pub async_wins: usize,
    /// Sync wins.
    pub sync_wins: usize,
    /// Ties.
    pub ties: usize,
    /// Sound data that do not decide.
    pub cannot_tell: usize,
    /// Data that are not sound.
    pub invalid: usize,
    /// Ties by construction, which do not count above.
    pub by_construction: usize,
}

impl Score {
    /// Cells that count.
    #[must_use]
    pub fn cells(self) -> usize {
        self.async_wins + self.sync_wins + self.ties + self.cannot_tell + self.invalid
    }

    /// Cells in which the data decided.
    #[must_use]
    pub fn decided(self) -> usize {
        self.async_wins + self.sync_wins + self.ties
    }
}

impl<'a> Verdicts<'a> {
    /// Judges every metric of every contrast in every cell.
    ///
    /// A family is one metric of all pairs, in all cells where connections bind alike: ties by
    /// construction are certain beforehand and would buy others their significance.
    #[must_use]
    pub fn of(definition: &'a Definition, grid: &Grid<'_>, bounds: &Bounds<'_>) -> Self {
        let contrasts = contrasts(definition);
        let mut comparisons = Vec::new();
        let mut repeats = Vec::new();
        for metric in Metric::ALL {
            let mut of_metric = collect(definition, grid, bounds, &contrasts, metric);
            let better = if metric.more_is_better() { Better::More } else { Better::Less };
            let mut repeat = Repeat { metric, false_wins: FalseWins { wins: 0, cells: 0 }, limit: None };
            for bind in [false, true] {
                let (originals, family): (Vec<_>, Vec<_>) = of_metric
                    .iter_mut()
                    .filter(|comparison| comparison.connections_bind == bind && comparison.is_fit())
                    .partition(|comparison| comparison.contrast.kind == Kind::Repeat);
                repeat.add_family(better, &originals, family);
            }
            repeats.push(repeat);
            comparisons.append(&mut of_metric);
        }
        Self { cells: &definition.cells, contrasts, comparisons, repeats }
    }

    /// The cells that get verdicts, with their indices: all but the steps of sweeps.
    pub fn judged_cells(&self) -> impl Iterator<Item = (usize, &'a Cell)> {
        self.cells.iter().enumerate().filter(|(_, cell)| !cell.is_sweep())
    }

    /// The comparisons of one contrast by one metric, in the order of the cells.
    pub fn of_metric(&self, kind: Kind, metric: Metric) -> impl Iterator<Item = &Comparison<'a>> {
        let contrast = self.contrast(kind);
        self.comparisons
            .iter()
            .filter(move |comparison| comparison.metric == metric && Some(comparison.contrast) == contrast)
    }

    /// One comparison; `None` if the experiment has no such contrast.
    #[must_use]
    pub fn at(&self, kind: Kind, metric: Metric, cell: usize) -> Option<&Comparison<'a>> {
        self.of_metric(kind, metric).find(|comparison| comparison.cell == cell)
    }

    /// The first contrast of a kind.
    #[must_use]
    pub fn contrast(&self, kind: Kind) -> Option<Contrast<'a>> {
        self.contrasts.iter().copied().find(|contrast| contrast.kind == kind)
    }

    /// How often each verdict fell for one contrast and metric.
    #[must_use]
    pub fn score(&self, kind: Kind, metric: Metric) -> Score {
        let mut score = Score::default();
        for comparison in self.of_metric(kind, metric) {
            let counter = match comparison.verdict {
                _ if comparison.is_by_construction() => &mut score.by_construction,
                Verdict::AsyncWins => &mut score.async_wins,
                Verdict::SyncWins => &mut score.sync_wins,
                Verdict::Tie => &mut score.ties,
                Verdict::CannotTell => &mut score.cannot_tell,
                Verdict::Invalid => &mut score.invalid,
            };
            *counter += 1;
        }
        score
    }

    /// What the A/A contrast came to, by metric.
    #[must_use]
    pub fn repeats(&self) -> &[Repeat] {
        &self.repeats
    }
}

fn collect<'a>(
    definition: &'a Definition,
    grid: &Grid<'_>,
    bounds: &Bounds<'_>,
    contrasts: &[Contrast<'a>],
    metric: Metric,
) -> Vec<Comparison<'a>> {
    let mut all = Vec::new();
    for &contrast in contrasts {
        let judged = (0..definition.cells.len()).filter(|&cell| !definition.cells[cell].is_sweep());
        for cell in judged {
            let mut comparison = Comparison::collect(definition, grid, contrast, cell, metric);
            comparison.connections_bind =
                metric == Metric::Throughput && bounds.connections_bind_both(cell, contrast);
            all.push(comparison);
        }
    }
    all
}

impl Repeat {
    /// Judges one family against the A/A limit of its own cells, and those cells against each other's.
    ///
    /// The A/A comparisons themselves keep no verdict: what counts is how many of them won.
    fn add_family(
        &mut self,
        better: Better,
        originals: &[&mut Comparison<'_>],
        mut family: Vec<&mut Comparison<'_>>,
    ) {
        let pairs: Vec<Vec<Pair>> = originals.iter().map(|comparison| comparison.pairs()).collect();
        let cells: Vec<_> =
            originals.iter().zip(&pairs).map(|(comparison, pairs)| comparison.as_cell(pairs)).collect();
        let limit = AaLimit::pooled(&cells);
        let found = FalseWins::among(better, &cells);
        self.false_wins.wins += found.wins;
        self.false_wins.cells += found.cells;
        self.limit = self.limit.into_iter().chain(limit.map(AaLimit::ratio)).reduce(f64::max);
        settle(better, limit, &mut family);
    }
}

fn settle(better: Better, limit: Option<AaLimit>, family: &mut [&mut Comparison<'_>]) {
    let pairs: Vec<Vec<Pair>> = family.iter().map(|comparison| comparison.pairs()).collect();
    let cells: Vec<_> =
        family.iter().zip(&pairs).map(|(comparison, pairs)| comparison.as_cell(pairs)).collect();
    let judgements = judge(better, limit, &cells);
    for (comparison, judgement) in family.iter_mut().zip(judgements) {
        comparison.settle(judgement.verdict);
        comparison.win_limit = judgement.evidence.ok().map(|evidence| evidence.win_limit.exp());
    }
}
