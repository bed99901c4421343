//! Where along the grid's axes the verdict changes.

use reports_record::Metric;
use reports_stats::crossover::{Crossover, crossover};
use reports_stats::verdict::Verdict;

use super::comparison::Comparison;
use super::contrast::Kind;
use super::grid::Grid;
use super::subject::Subject;
use super::verdicts::Verdicts;
use super::workload;
use crate::number;

/// What is followed along the offered rate.
pub const ALONG_RATES: [Metric; 2] = [Metric::CpuPerRequest, Metric::ResponseTimeP50];

/// The verdicts of one pair and metric along one axis, all else being equal.
#[derive(Debug)]
pub struct Row<'v, 'a> {
    /// What is equal: the workload, or the number of connections.
    pub title: String,
    /// Places on the axis in ascending order, each with its comparison; two at least.
    pub points: Vec<(f64, &'v Comparison<'a>)>,
    /// What the axis shows.
    pub found: Crossover,
}

/// A row a workload, along the number of connections.
#[must_use]
pub fn by_connections<'v, 'a>(
    verdicts: &'v Verdicts<'a>,
    kind: Kind,
    of: impl Into<Subject>,
) -> Vec<Row<'v, 'a>> {
    let cells = verdicts.cells;
    let mut rows: Vec<(usize, Vec<(f64, &Comparison<'a>)>)> = Vec::new();
    for comparison in verdicts.about(kind, of) {
        let cell = &cells[comparison.cell];
        let point = (f64::from(cell.connections), comparison);
        match rows.iter_mut().find(|(first, _)| workload::is_same(&cells[*first], cell)) {
            Some((_, points)) => points.push(point),
            None => rows.push((comparison.cell, vec![point])),
        }
    }
    rows.into_iter().filter_map(|(first, points)| Row::of(workload::name(&cells[first]), points)).collect()
}

/// A row a cell, along the offered rate; none where an experiment asks one rate.
///
/// Rates are calibrated, so that a place on this axis is rounded to two digits.
#[must_use]
pub fn by_rate<'v, 'a>(
    verdicts: &'v Verdicts<'a>,
    grid: &Grid<'_>,
    kind: Kind,
    metric: Metric,
) -> Vec<Row<'v, 'a>> {
    let point = |cell: usize, subject: Subject| {
        let comparison = verdicts.at(kind, subject, cell)?;
        let offered = grid.offered(cell, comparison.contrast.sync, subject.level)?;
        Some((two_digits(offered), comparison))
    };
    verdicts
        .judged_cells()
        .filter_map(|(index, cell)| {
            let points = verdicts.subjects(metric).filter_map(|subject| point(index, subject));
            Row::of(workload::cell_name(cell), points.collect())
        })
        .collect()
}

/// A place on an axis as it is written, without the last digits that rounding leaves.
fn place(value: f64) -> String {
    number::exact(value)
}

/// A positive figure rounded to two significant digits.
fn two_digits(value: f64) -> f64 {
    let unit = 10_f64.powf(value.log10().floor() - 1.0);
    (value / unit).round() * unit
}

/// A row a number of connections, along the wait, over cells that do nothing but wait.
#[must_use]
pub fn by_wait<'v, 'a>(verdicts: &'v Verdicts<'a>, kind: Kind, of: impl Into<Subject>) -> Vec<Row<'v, 'a>> {
    let mut rows: Vec<(u32, Vec<(f64, &Comparison<'a>)>)> = Vec::new();
    for comparison in verdicts.about(kind, of) {
        let cell = &verdicts.cells[comparison.cell];
        if cell.family != "wait" || cell.rounds > 0 || !cell.flags.is_empty() {
            continue;
        }
        let point = (cell.wait_ms, comparison);
        match rows.iter_mut().find(|(connections, _)| *connections == cell.connections) {
            Some((_, points)) => points.push(point),
            None => rows.push((cell.connections, vec![point])),
        }
    }
    rows.sort_by_key(|(connections, _)| *connections);
    rows.into_iter().filter_map(|(connections, points)| Row::of(connections.to_string(), points)).collect()
}

impl<'v, 'a> Row<'v, 'a> {
    /// `None` without two places on the axis; of a place taken twice the first counts.
    fn of(title: String, mut points: Vec<(f64, &'v Comparison<'a>)>) -> Option<Self> {
        points.retain(|(place, _)| place.is_finite());
        points.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        points.dedup_by(|(later, _), (earlier, _)| later == earlier);
        if points.len() < 2 {
            return None;
        }
        let verdicts: Vec<(f64, Verdict)> =
            points.iter().map(|&(place, comparison)| (place, comparison.verdict)).collect();
        let found = crossover(&verdicts).ok()?;
        Some(Self { title, points, found })
    }

    /// Where on the axis comparisons are as `wanted`, in words: `at 128 or more`, `at 1 to 8`, `everywhere`; `None` for nowhere.
    ///
    /// Only measured places are named. One place alone is `at`, though it be the last: nothing beyond bears it out.
    #[must_use]
    pub fn places(&self, wanted: impl Fn(&Comparison<'_>) -> bool) -> Option<String> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for (index, (_, comparison)) in self.points.iter().enumerate() {
            if !wanted(comparison) {
                continue;
            }
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == index => *last = index,
                _ => runs.push((index, index)),
            }
        }
        let end = self.points.len() - 1;
        let place = |index: usize| place(self.points[index].0);
        let written = runs.iter().map(|&(first, last)| match (first, last) {
            (0, last) if last == end => "everywhere".into(),
            (first, last) if first == last => format!("at {}", place(first)),
            (first, last) if last == end => format!("at {} or more", place(first)),
            (first, last) => format!("at {} to {}", place(first), place(last)),
        });
        let written: Vec<String> = written.collect();
        (!written.is_empty()).then(|| written.join(" and "))
    }

    /// The changes of verdict in words: each an interval of the axis, since between two measured places nothing is known.
    #[must_use]
    pub fn changes(&self) -> String {
        match &self.found {
            Crossover::CannotTell => "cannot tell: none is decided".into(),
            Crossover::NoneInRange { verdict, first, last } if first == last => {
                format!("none seen: {verdict} at {}, the only one decided", place(*first))
            }
            Crossover::NoneInRange { verdict, first, last } => {
                format!("none seen: {verdict} from {} to {}", place(*first), place(*last))
            }
            Crossover::Changes(changes) => {
                let written = changes.iter().map(|change| {
                    let (after, before) = (place(change.after), place(change.before));
                    format!("{} → {} between {after} and {before}", change.from, change.to)
                });
                written.collect::<Vec<_>>().join("; ")
            }
        }
    }

    /// The win with the largest effect, and its place.
    #[must_use]
    pub fn largest_win(&self) -> Option<(f64, &'v Comparison<'a>)> {
        let size = |comparison: &Comparison<'_>| comparison.ratio().map_or(0.0, |ratio| ratio.ln().abs());
        self.points
            .iter()
            .copied()
            .filter(|(_, comparison)| comparison.verdict.is_win())
            .max_by(|(_, one), (_, other)| size(one).total_cmp(&size(other)))
    }
}

/// Where `verdict` falls over several rows, rows alike taken together: `at 128 or more (wait 1 ms; wait 5 ms)`.
///
/// `None` for nowhere.
#[must_use]
pub fn reach(rows: &[Row<'_, '_>], verdict: Verdict) -> Option<String> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for row in rows {
        let Some(places) = row.places(|comparison| comparison.verdict == verdict) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == places) {
            Some((_, titles)) => titles.push(&row.title),
            None => groups.push((places, vec![&row.title])),
        }
    }
    let written: Vec<String> =
        groups.iter().map(|(places, titles)| format!("{places} ({})", titles.join("; "))).collect();
    (!written.is_empty()).then(|| written.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::contrast::Contrast;
    use Verdict::{AsyncWins, CannotTell, SyncWins, Tie};

    fn comparisons(verdicts: &[Verdict]) -> Vec<Comparison<'static>> {
        let of = |&verdict: &Verdict| Comparison {
            contrast: Contrast { kind: Kind::Control, sync: "threads", awaiting: "tasks" },
            cell: 0,
            subject: Metric::Throughput.into(),
            measured: Vec::new(),
            planned: 6,
            obstacle: None,
            barred_after: 0,
            verdict,
            judgement: None,
            connections_bind: false,
            is_round_trip: false,
            understated: Vec::new(),
            withheld: None,
            ratio_of_first: None,
            of_run: 8,
            stopped: None,
        };
        verdicts.iter().map(of).collect()
    }

    fn row<'v>(title: &str, all: &'v [Comparison<'static>]) -> Row<'v, 'static> {
        let points = [1.0, 8.0, 32.0, 128.0, 512.0].into_iter().zip(all).collect();
        Row::of(title.into(), points).unwrap()
    }

    #[test]
    fn wins_are_named_by_the_places_that_bear_them_out() {
        let cases = [
            ([SyncWins, CannotTell, Tie, AsyncWins, AsyncWins], Some("at 128 or more")),
            ([AsyncWins; 5], Some("everywhere")),
            ([AsyncWins, AsyncWins, Tie, Tie, AsyncWins], Some("at 1 to 8 and at 512")),
            ([Tie, AsyncWins, CannotTell, AsyncWins, CannotTell], Some("at 8 and at 128")),
            ([Tie; 5], None),
        ];
        for (verdicts, expected) in cases {
            let all = comparisons(&verdicts);
            let places = row("", &all).places(|comparison| comparison.verdict == AsyncWins);
            assert_eq!(places.as_deref(), expected, "{verdicts:?}");
        }
    }

    #[test]
    fn a_crossover_is_an_interval_between_decided_places() {
        let all = comparisons(&[SyncWins, CannotTell, Tie, AsyncWins, AsyncWins]);
        let changes = row("", &all).changes();
        assert_eq!(changes, "sync wins → tie between 1 and 32; tie → async wins between 32 and 128");
        let all = comparisons(&[Tie, CannotTell, Tie, Tie, CannotTell]);
        assert_eq!(row("", &all).changes(), "none seen: tie from 1 to 128");
        let all = comparisons(&[CannotTell; 5]);
        assert!(row("", &all).changes().starts_with("cannot tell"));
    }

    #[test]
    fn rows_that_agree_are_told_together() {
        let (late, never) = (comparisons(&[Tie, Tie, Tie, AsyncWins, AsyncWins]), comparisons(&[Tie; 5]));
        let rows = [row("wait 1 ms", &late), row("wait 5 ms", &never), row("wait 9 ms", &late)];
        assert_eq!(reach(&rows, AsyncWins).as_deref(), Some("at 128 or more (wait 1 ms; wait 9 ms)"));
        assert_eq!(reach(&rows, SyncWins), None);
    }

    #[test]
    fn a_place_measured_twice_counts_once_and_one_place_is_no_axis() {
        let all = comparisons(&[Tie, AsyncWins, SyncWins]);
        let places = [1.0, 1.0, f64::NAN];
        assert!(Row::of(String::new(), places.into_iter().zip(&all).collect()).is_none());
    }
}
