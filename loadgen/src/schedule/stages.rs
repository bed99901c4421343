//! Rates that step and ramp: `500/s:10s, 500/s..2k/s:30s`.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use crate::decimal;
use crate::span::{parse_span, show_span};
use crate::{Load, Rate};

/// Most stages: more than anyone types, and few enough to be looked through for every start.
const MOST: usize = 1000;
/// How long a stage may be.
const LENGTH: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(86_400);

/// One or more stages, one after another. At least one has a rate above zero, and all together last as long as a window may.
#[derive(Debug, Clone, PartialEq)]
pub struct Stages(Vec<Stage>);

/// A rate that goes in a straight line from one value to another; zero is a pause.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stage {
    from_per_s: f64,
    to_per_s: f64,
    length: Duration,
}

/// Why a text is no stages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StagesError {
    /// One of them is none.
    #[error(
        "stage {number}, {text:?}: {why} (a stage is RATE:TIME or RATE..RATE:TIME, such as 500/s:10s or 0/s..2k/s:30s)"
    )]
    Stage {
        /// Which, from 1.
        number: usize,
        /// The stage as it was typed.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// More than can be.
    #[error("expected at most {MOST} stages, found {0}")]
    TooMany(usize),
    /// Together too short or too long.
    #[error("expected stages of {} to {} in all, found {}", show_span(*Load::WINDOW.start()), show_span(*Load::WINDOW.end()), show_span(*.0))]
    Length(Duration),
    /// Nothing would ever start.
    #[error("expected a rate above 0/s in one of the stages at least")]
    Silent,
}

impl Stages {
    /// How long all of them last.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.0.iter().map(|stage| stage.length).sum()
    }

    /// What turns counts of starts into times, with the first rate for `warm_up` in front.
    pub(super) fn crossing(&self, warm_up: Duration) -> Crossing {
        let first = self.0.first().map_or(0.0, |stage| stage.from_per_s);
        let before = Stage { from_per_s: first, to_per_s: first, length: warm_up };
        let all = std::iter::once(&before).chain(&self.0);
        Crossing::new(all.map(|stage| Line {
            from_per_s: stage.from_per_s,
            to_per_s: stage.to_per_s,
            length_s: stage.length.as_secs_f64(),
        }))
    }
}

impl FromStr for Stages {
    type Err = StagesError;

    fn from_str(text: &str) -> Result<Self, StagesError> {
        let texts: Vec<&str> = text.split(',').map(str::trim).collect();
        if texts.len() > MOST {
            return Err(StagesError::TooMany(texts.len()));
        }
        let stages = texts.iter().zip(1..).map(|(text, number)| {
            text.parse().map_err(|why| StagesError::Stage { number, text: (*text).to_owned(), why })
        });
        let stages = Self(stages.collect::<Result<_, _>>()?);
        if !Load::WINDOW.contains(&stages.length()) {
            return Err(StagesError::Length(stages.length()));
        }
        if stages.0.iter().all(|stage| stage.from_per_s == 0.0 && stage.to_per_s == 0.0) {
            return Err(StagesError::Silent);
        }
        Ok(stages)
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (rates, length) = text.rsplit_once(':').ok_or("expected a colon before how long it lasts")?;
        let (from, to) = rates.split_once("..").unwrap_or((rates, rates));
        Ok(Self {
            from_per_s: rate(from.trim())?,
            to_per_s: rate(to.trim())?,
            length: parse_span(length.trim(), &LENGTH)?,
        })
    }
}

/// A rate, or `0/s`, which only a stage may have.
fn rate(text: &str) -> Result<f64, String> {
    if text.strip_suffix("/s").and_then(decimal::billionths) == Some(0) {
        return Ok(0.0);
    }
    text.parse().map(Rate::get).map_err(|error| format!("{error}, or 0/s for none, found {text:?}"))
}

/// As it is typed; reads back as the same stages.
impl fmt::Display for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Stage { from_per_s, to_per_s, length }) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            let [from, to] = [*from_per_s, *to_per_s].map(decimal::show);
            let to = if to_per_s == from_per_s { String::new() } else { format!("..{to}/s") };
            write!(f, "{comma}{from}/s{to}:{}", show_span(*length))?;
        }
        Ok(())
    }
}

/// Where the integral of a rate that goes in straight lines reaches given counts, one after another.
#[derive(Debug, Clone)]
pub(super) struct Crossing {
    lines: Vec<Line>,
    /// The line under way, and what came before it.
    index: usize,
    begun_s: f64,
    begun_count: f64,
}

#[derive(Debug, Clone, Copy)]
struct Line {
    from_per_s: f64,
    to_per_s: f64,
    length_s: f64,
}

impl Crossing {
    /// One rate without end.
    pub(super) fn steady(rate: Rate) -> Self {
        let rate = rate.get();
        Self::new([Line { from_per_s: rate, to_per_s: rate, length_s: f64::INFINITY }])
    }

    fn new(lines: impl IntoIterator<Item = Line>) -> Self {
        Self { lines: lines.into_iter().collect(), index: 0, begun_s: 0.0, begun_count: 0.0 }
    }

    /// When the integral reaches `count`, which is no less than the one before; `None` when it never does.
    pub(super) fn reach(&mut self, count: f64) -> Option<Duration> {
        loop {
            let line = self.lines.get(self.index)?;
            let area = (line.from_per_s + line.to_per_s) / 2.0 * line.length_s;
            // A start that falls due just as a line ends belongs to the next one, as a window ends before its end.
            if count < self.begun_count + area {
                let offset_s = self.begun_s + line.reach(count - self.begun_count);
                // A double holds nanoseconds exactly for 104 days, and longer than a run for the rest.
                return Some(Duration::from_nanos((offset_s * 1e9).round() as u64));
            }
            self.begun_count += area;
            self.begun_s += line.length_s;
            self.index += 1;
        }
    }
}

impl Line {
    /// When its own integral reaches `count`, which lies within it: the root of a τ + c τ² = count that is not negative, in
    /// the form that does not subtract.
    fn reach(&self, count: f64) -> f64 {
        if count <= 0.0 {
            return 0.0;
        }
        let Self { from_per_s, to_per_s, length_s } = *self;
        let bend = (to_per_s - from_per_s) / (2.0 * length_s);
        let root = (from_per_s * from_per_s + 4.0 * bend * count).max(0.0).sqrt();
        (2.0 * count / (from_per_s + root)).min(length_s)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steps_ramps_and_pauses_are_read() {
        let stages: Stages = "500/s:10s, 500/s .. 2k/s:30s,0/s:500ms , 30/m:1m".parse().unwrap();
        assert_eq!(stages.length(), Duration::from_millis(100_500));
        assert_eq!(stages.to_string(), "500/s:10s, 500/s..2000/s:30s, 0/s:500ms, 0.5/s:60s");
    }

    #[test]
    fn a_wrong_stage_is_named_with_its_text_and_what_is_allowed() {
        for (text, number, part) in [
            ("", 1, "colon"),
            ("500/s", 1, "colon"),
            ("500/s:10s,", 2, "colon"),
            ("1/s:1s, 5:1s", 2, "0.01/s to 1000k/s"),
            ("1/s:1s, 1/s..:1s", 2, "0.01/s to 1000k/s"),
            ("-1/s:1s", 1, "0.01/s to 1000k/s"),
            ("NaN/s:1s", 1, "0.01/s to 1000k/s"),
            ("2/s:0s", 1, "1ms to 24h"),
            ("2/s:1e3s", 1, "1ms to 24h"),
        ] {
            let error = text.parse::<Stages>().unwrap_err();
            assert!(matches!(error, StagesError::Stage { number: found, .. } if found == number), "{text}");
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
        assert_eq!("0/s:1s".parse::<Stages>(), Err(StagesError::Silent));
        assert!(matches!("1/s:99ms".parse::<Stages>(), Err(StagesError::Length(_))));
        assert!(matches!("1/s:20h,1/s:20h".parse::<Stages>(), Err(StagesError::Length(_))));
        let many = vec!["1/s:1s"; MOST + 1].join(",");
        assert_eq!(many.parse::<Stages>(), Err(StagesError::TooMany(MOST + 1)));
    }

    #[test]
    fn a_ramp_is_reached_where_its_integral_says() {
        // From 0 to 200/s in 2 s the integral is 50 t².
        let mut crossing = "0/s..200/s:2s".parse::<Stages>().unwrap().crossing(Duration::ZERO);
        for count in [0.0, 2.0, 8.0, 50.0, 128.0] {
            let expected = (count / 50.0f64).sqrt();
            let found = crossing.reach(count).unwrap().as_secs_f64();
            assert!((found - expected).abs() < 2e-9, "{count}: {found} against {expected}");
        }
        assert_eq!(crossing.reach(200.0), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9./smk:, ]{0,40}") {
            if let Ok(stages) = text.parse::<Stages>() {
                prop_assert_eq!(stages.to_string().parse::<Stages>(), Ok(stages));
            }
        }

        #[test]
        fn what_is_shown_reads_back(stages in proptest::collection::vec((1u32..100_000, 0u32..100_000, 100u64..100_000), 1..9)) {
            let text: Vec<String> =
                stages.iter().map(|(from, to, ms)| format!("{from}/s..{to}/s:{ms}ms")).collect();
            let read: Stages = text.join(",").parse().unwrap();
            prop_assert_eq!(read.to_string().parse::<Stages>(), Ok(read));
        }
    }
}
