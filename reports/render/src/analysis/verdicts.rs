//! Every comparison of a run, judged family by family.

use reports_record::{Cell, Definition, Metric};
use reports_stats::effect::Pair;
use reports_stats::false_wins::FalseWins;
use reports_stats::judge::{Cell as JudgedCell, Question, judge};
use reports_stats::looks::Looks;
use reports_stats::power::smallest_visible;
use reports_stats::verdict::{Better, Verdict};

use super::bound::Bounds;
use super::comparison::{Comparison, Withheld};
use super::contrast::{Contrast, Kind, contrasts};
use super::first_attempts::Beside;
use super::grid::Grid;
use super::subject::Subject;

/// The verdict table: all that an answer may be derived from.
#[derive(Debug)]
pub struct Verdicts<'a> {
    /// The experiment's cells, in order.
    pub cells: &'a [Cell],
    /// The rate levels, as shares of what the pair's weaker contender can do.
    pub levels: &'a [f64],
    /// What is held against what.
    pub contrasts: Vec<Contrast<'a>>,
    comparisons: Vec<Comparison<'a>>,
    repeats: Vec<Repeat>,
}

/// What measuring one contender as if it were two came to, by one metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repeat {
    /// The metric, and its rate level.
    pub subject: Subject,
    /// Wins among the A/A cells; every one of them is false.
    pub false_wins: FalseWins,
    /// The smallest effect that the typical (median) A/A cell would have shown in four of five runs, as a ratio above 1, in
    /// the metric's noisiest family; `None` without A/A cells.
    pub visible: Option<f64>,
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
    /// Judged, and not decided.
    pub cannot_tell: usize,
    /// Not judged, because too little of the data is sound.
    pub lacking: usize,
    /// Ties by construction, which do not count above.
    pub by_construction: usize,
}

impl Score {
    /// Cells that count.
    #[must_use]
    pub fn cells(self) -> usize {
        self.async_wins + self.sync_wins + self.ties + self.cannot_tell + self.lacking
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
        for subject in Subject::all(definition) {
            let mut of_subject = collect(definition, grid, bounds, &contrasts, subject);
            let looks = looks(definition);
            let first = looks.spending().next().map_or(0, |(blocks, _)| blocks);
            let question = question(subject.metric, &looks);
            let mut repeat = Repeat { subject, false_wins: FalseWins { wins: 0, cells: 0 }, visible: None };
            for bind in [false, true] {
                let (originals, family): (Vec<_>, Vec<_>) = of_subject
                    .iter_mut()
                    .filter(|comparison| comparison.connections_bind == bind && comparison.is_fit_at(first))
                    .partition(|comparison| comparison.contrast.kind == Kind::Repeat);
                repeat.add_family(question, &originals, family);
            }
            repeats.push(repeat);
            comparisons.append(&mut of_subject);
        }
        Self {
            cells: &definition.cells,
            levels: &definition.phases.open_loads,
            contrasts,
            comparisons,
            repeats,
        }
    }

    /// Takes back each verdict that the repeats have made: one whose effect by the `first` attempts alone lies farther off than the margin.
    pub fn hold_against(&mut self, first: &Self) {
        for comparison in &mut self.comparisons {
            let beside = Beside::of(comparison, first);
            comparison.ratio_of_first = beside.and_then(|beside| beside.ratio_of_first);
            if beside.is_some_and(|beside| beside.differs()) {
                comparison.withhold(Withheld::Repeats);
            }
        }
    }

    /// The cells that get verdicts, with their indices: all but the steps of sweeps.
    pub fn judged_cells(&self) -> impl Iterator<Item = (usize, &'a Cell)> {
        self.cells.iter().enumerate().filter(|(_, cell)| !cell.is_sweep())
    }

    /// The comparisons of one contrast about one subject, in the order of the cells; a metric alone means its first rate level.
    pub fn about(&self, kind: Kind, of: impl Into<Subject>) -> impl Iterator<Item = &Comparison<'a>> {
        let (contrast, subject) = (self.contrast(kind), of.into());
        self.comparisons
            .iter()
            .filter(move |comparison| comparison.subject == subject && Some(comparison.contrast) == contrast)
    }

    /// A metric at the last rate level, which is asked the most requests.
    #[must_use]
    pub fn at_last_level(&self, metric: Metric) -> Subject {
        Subject { metric, level: self.levels.len().saturating_sub(1) }
    }

    /// A metric at each rate level, or as it is where it has none.
    pub fn subjects(&self, metric: Metric) -> impl Iterator<Item = Subject> + use<> {
        Subject::at_levels(metric, if metric.is_at_a_rate() { self.levels.len() } else { 1 })
    }

    /// One comparison; `None` if the experiment has no such contrast.
    #[must_use]
    pub fn at(&self, kind: Kind, of: impl Into<Subject>, cell: usize) -> Option<&Comparison<'a>> {
        self.about(kind, of).find(|comparison| comparison.cell == cell)
    }

    /// The first contrast of a kind.
    #[must_use]
    pub fn contrast(&self, kind: Kind) -> Option<Contrast<'a>> {
        self.contrasts.iter().copied().find(|contrast| contrast.kind == kind)
    }

    /// How often each verdict fell for one contrast and subject.
    #[must_use]
    pub fn score(&self, kind: Kind, of: impl Into<Subject>) -> Score {
        let mut score = Score::default();
        for comparison in self.about(kind, of) {
            let counter = match comparison.verdict {
                _ if comparison.is_by_construction() => &mut score.by_construction,
                _ if comparison.lacks_data() => &mut score.lacking,
                Verdict::AsyncWins => &mut score.async_wins,
                Verdict::SyncWins => &mut score.sync_wins,
                Verdict::Tie => &mut score.ties,
                Verdict::CannotTell | Verdict::Invalid => &mut score.cannot_tell,
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
    subject: Subject,
) -> Vec<Comparison<'a>> {
    let mut all = Vec::new();
    for &contrast in contrasts {
        let is_judged = |cell: &Cell| !cell.is_sweep() && contrast.is_in(definition, cell);
        let judged = (0..definition.cells.len()).filter(|&cell| is_judged(&definition.cells[cell]));
        for cell in judged {
            let mut comparison = Comparison::collect(definition, grid, contrast, cell, subject);
            comparison.connections_bind =
                subject.metric == Metric::Throughput && bounds.connections_bind_both(cell, contrast);
            all.push(comparison);
        }
    }
    all
}

/// The looks of an experiment: those that it states, else one after its last block.
#[must_use]
pub fn looks(definition: &Definition) -> Looks {
    let stated: Vec<usize> = definition.looks.iter().map(|&blocks| blocks as usize).collect();
    // Looks that ascend from 2 are what an experiment file is held to; an altered record has its last block.
    Looks::after(&stated).unwrap_or_else(|_| Looks::once(definition.blocks as usize))
}

/// How the verdicts on a metric are asked for.
fn question(metric: Metric, looks: &Looks) -> Question<'_> {
    Question {
        better: if metric.more_is_better() { Better::More } else { Better::Less },
        looks,
        moderated: matches!(metric, Metric::Throughput | Metric::CpuPerRequest),
    }
}

impl Repeat {
    /// Judges one family with the excess variance of its A/A cells, and those cells with each other's.
    ///
    /// The A/A comparisons themselves keep no verdict: what counts is how many of them won.
    fn add_family(
        &mut self,
        question: Question<'_>,
        originals: &[&mut Comparison<'_>],
        mut family: Vec<&mut Comparison<'_>>,
    ) {
        let copies: Vec<Vec<Option<Pair>>> =
            originals.iter().map(|comparison| comparison.all_blocks()).collect();
        let copies: Vec<JudgedCell<'_>> = copies.iter().map(|blocks| JudgedCell { blocks }).collect();
        let found = FalseWins::among(question, &copies);
        self.false_wins.wins += found.wins;
        self.false_wins.cells += found.cells;
        self.visible = self.visible.into_iter().chain(typical_visible(question, &copies)).reduce(f64::max);
        settle(question, &copies, &mut family);
    }
}

/// The smallest visible effect of the middle one of these cells, as a ratio.
fn typical_visible(question: Question<'_>, copies: &[JudgedCell<'_>]) -> Option<f64> {
    let judgements = judge(question, copies, copies);
    let mut visible: Vec<f64> = judgements
        .iter()
        .filter_map(|judgement| judgement.evidence.as_ref().ok())
        .map(|evidence| smallest_visible(evidence).exp())
        .collect();
    visible.sort_by(f64::total_cmp);
    visible.get(visible.len() / 2).copied()
}

fn settle(question: Question<'_>, copies: &[JudgedCell<'_>], family: &mut [&mut Comparison<'_>]) {
    let blocks: Vec<Vec<Option<Pair>>> = family.iter().map(|comparison| comparison.judged_blocks()).collect();
    let cells: Vec<JudgedCell<'_>> = blocks.iter().map(|blocks| JudgedCell { blocks }).collect();
    for (comparison, judgement) in family.iter_mut().zip(judge(question, copies, &cells)) {
        comparison.settle(judgement);
    }
}
