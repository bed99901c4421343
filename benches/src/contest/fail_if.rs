//! What a comparison must not find.

use std::fmt;
use std::str::FromStr;

use reports_record::shown;

use super::{Finding, Findings, Metric, Winner, words};

/// Most of a wrong condition that its error shows, characters.
const SHOWN: usize = 120;

/// A verdict that makes a comparison fail: an entrant is worse than the one that it is held against.
///
/// *Worse* is a verdict, never a ratio: what cannot be told passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailIf {
    entrant: String,
    metric: Metric,
}

/// The outcome of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Examined {
    /// Its entrant is worse.
    Met,
    /// It could be judged, and its entrant is not worse, or the blocks cannot tell.
    NotMet,
    /// Nothing that it asks about could be judged.
    Unjudged,
}

/// A text that is no such condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an entrant's name, the word worse and a figure, such as 'new worse throughput' (figures: throughput, cpu, p50, \
     p99, memory), found \"{found}\"",
    found = shown(.0, SHOWN)
)]
pub struct FailIfError(String);

impl FromStr for FailIf {
    type Err = FailIfError;

    /// Read from its end: a name may hold blanks.
    fn from_str(text: &str) -> Result<Self, FailIfError> {
        let wrong = || FailIfError(text.to_owned());
        let last_word = |text: &'_ str| -> Option<(String, String)> {
            let (before, word) = text.trim_end().rsplit_once(char::is_whitespace)?;
            Some((before.trim_end().to_owned(), word.to_owned()))
        };
        let (before, metric) = last_word(text).ok_or_else(wrong)?;
        let (entrant, worse) = last_word(&before).ok_or_else(wrong)?;
        let entrant = entrant.trim_start().to_owned();
        if worse != "worse" || entrant.is_empty() {
            return Err(wrong());
        }
        let metric = match metric.as_str() {
            "capacity" => Metric::Throughput,
            "response" => Metric::ResponseTimeP50,
            text => Metric::ALL.into_iter().find(|&metric| word(metric) == text).ok_or_else(wrong)?,
        };
        Ok(Self { entrant, metric })
    }
}

/// A metric as conditions name it.
fn word(metric: Metric) -> &'static str {
    match metric {
        Metric::Throughput => "throughput",
        Metric::CpuPerRequest => "cpu",
        Metric::ResponseTimeP50 => "p50",
        Metric::ResponseTimeP99 => "p99",
        Metric::Memory => "memory",
    }
}

impl fmt::Display for FailIf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} worse {}", shown(&self.entrant, SHOWN), word(self.metric))
    }
}

impl FailIf {
    /// Makes sure that it names one of `names`.
    ///
    /// # Errors
    /// When it does not.
    pub fn ensure_known(&self, names: &[String]) -> Result<(), String> {
        if names.contains(&self.entrant) {
            return Ok(());
        }
        Err(format!(
            "--fail-if names \"{}\", expected one of {}",
            shown(&self.entrant, SHOWN),
            names.join(", ")
        ))
    }

    /// The findings that it is about, each with whether its entrant lost.
    fn about<'a>(&'a self, findings: &'a Findings) -> impl Iterator<Item = (&'a Finding, bool)> {
        findings.all.iter().filter(|finding| finding.subject.metric == self.metric).filter_map(|finding| {
            if findings.names[finding.entrant] == self.entrant {
                Some((finding, finding.winner == Winner::First))
            } else if findings.names[0] == self.entrant {
                Some((finding, finding.winner == Winner::Other))
            } else {
                None
            }
        })
    }

    /// Its outcome in all these findings.
    #[must_use]
    pub fn examine(&self, findings: &[&Findings]) -> Examined {
        let about: Vec<(&Finding, bool)> =
            findings.iter().flat_map(|findings| self.about(findings)).collect();
        if about.iter().any(|(_, is_lost)| *is_lost) {
            Examined::Met
        } else if about.iter().any(|(finding, _)| finding.winner != Winner::NoData) {
            Examined::NotMet
        } else {
            Examined::Unjudged
        }
    }

    /// Makes sure that there can be a figure: of a server that runs already neither CPU nor memory is read. `is_started` says of
    /// each name whether its server is started.
    ///
    /// # Errors
    /// When there cannot.
    pub fn ensure_readable(
        &self,
        names: &[String],
        is_started: impl Fn(usize) -> bool,
    ) -> Result<(), String> {
        let is_of_processes = matches!(self.metric, Metric::CpuPerRequest | Metric::Memory);
        // Each is held against the first.
        let is_asked = |at: &usize| names[*at] == self.entrant || names[0] == self.entrant;
        let is_readable = (1..names.len()).filter(is_asked).any(|at| is_started(0) && is_started(at));
        if is_readable || !is_of_processes {
            return Ok(());
        }
        Err(format!(
            "--fail-if '{self}': neither CPU nor memory is read of a server that runs already; give the commands that start \
             both servers, or another figure"
        ))
    }

    /// That it could not be judged, and the remedy.
    #[must_use]
    pub fn unjudged(&self) -> String {
        let remedy = match self.metric {
            Metric::ResponseTimeP99 => {
                "a 99th percentile needs 1,000 requests of each server in a block: offer a higher --rate"
            }
            _ => "too few blocks have sound figures: the notes say why, and --within gives more time",
        };
        format!("--fail-if '{self}' could not be judged, so it has neither failed nor passed; {remedy}")
    }

    /// The outcome in one line for each finding: worse, not worse, or how large a loss could have hidden.
    #[must_use]
    pub fn tell(&self, findings: &Findings) -> Vec<String> {
        let line = |(finding, is_lost): (&Finding, bool)| {
            let against =
                &findings.names[if self.entrant == findings.names[0] { finding.entrant } else { 0 }];
            let entrant = &self.entrant;
            let what = words::title(findings, finding.subject);
            match (finding.winner, self.hidden(findings, finding)) {
                _ if is_lost => format!("failed: {entrant} is worse than {against} in {what}"),
                (Winner::NoData, _) => {
                    format!("not judged: whether {entrant} is worse than {against} in {what}")
                }
                (Winner::CannotTell, Some(Hidden::Any)) => {
                    let why = match self.metric {
                        Metric::Throughput => format!("the client was the limit of {against}"),
                        _ => "one of them did not keep up with that rate".to_owned(),
                    };
                    format!(
                        "passed, cannot tell whether {entrant} is worse than {against} in {what}: {why}, so that a loss of any size could \
                         have hidden"
                    )
                }
                (Winner::CannotTell, Some(Hidden::UpTo(loss))) if loss > 0.0 => format!(
                    "passed, cannot tell whether {entrant} is worse than {against} in {what}: a loss of up to {:.0} % could have hidden",
                    loss * 100.0
                ),
                _ => format!("passed: {entrant} is not worse than {against} in {what}"),
            }
        };
        self.about(findings).map(line).collect()
    }

    /// The largest loss that the figures leave possible; `None` without an interval.
    fn hidden(&self, findings: &Findings, finding: &Finding) -> Option<Hidden> {
        let (low, high) = finding.interval?;
        let is_first = findings.names[0] == self.entrant;
        let is_rival_limited = if is_first { finding.at_least.1 } else { finding.at_least.0 };
        if finding.is_withheld && (is_rival_limited || self.metric != Metric::Throughput) {
            return Some(Hidden::Any);
        }
        // The entrant's figure ÷ its rival's, at its worst.
        let (low, high) = if is_first { (1.0 / high, 1.0 / low) } else { (low, high) };
        Some(Hidden::UpTo(if self.metric == Metric::Throughput { 1.0 - low } else { high - 1.0 }))
    }
}

/// The largest loss that figures leave possible.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Hidden {
    /// This share of the rival's figure; below 0 where there is none.
    UpTo(f64),
    /// Any: the rival may serve more than was measured, or the two were not measured at one rate.
    Any,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::findings::tests::{blocks, findings};

    fn condition(text: &str) -> FailIf {
        text.parse().unwrap()
    }

    #[test]
    fn a_loss_is_met_from_either_side_and_a_win_is_not() {
        let slower = findings(&blocks(8, 0.7, 1.3, 0.01));
        let examined = |text: &str, findings: &Findings| condition(text).examine(&[findings]);
        for lost in ["new worse throughput", "new worse cpu", "new worse p50"] {
            assert_eq!(examined(lost, &slower), Examined::Met, "{lost}");
        }
        assert_eq!(examined("old worse throughput", &slower), Examined::NotMet);
        let faster = findings(&blocks(8, 1.3, 0.7, 0.01));
        assert_eq!(examined("old worse throughput", &faster), Examined::Met);
        assert_eq!(examined("new worse throughput", &faster), Examined::NotMet);
    }

    /// A mean of −6 % in noise of 30 % a block: a noisy ratio is no verdict.
    #[test]
    fn what_cannot_be_told_passes_and_says_how_large_a_loss_could_have_hidden() {
        let noisy = findings(&blocks(8, 0.94, 1.0, 0.3));
        let found = condition("new worse throughput");
        assert_eq!(found.examine(&[&noisy]), Examined::NotMet);
        let told = found.tell(&noisy).join("\n");
        assert!(
            told.starts_with(
                "passed, cannot tell whether new is worse than old in capacity: a loss of up to"
            ),
            "{told}"
        );
        let told = condition("new worse p99").tell(&noisy).join("\n");
        assert_eq!(told, "not judged: whether new is worse than old in p99 at 1.00k/s");
        let told = |text: &str, findings: &Findings| condition(text).tell(findings).join("\n");
        let slower = findings(&blocks(8, 0.7, 1.3, 0.01));
        assert_eq!(told("new worse throughput", &slower), "failed: new is worse than old in capacity");
        assert_eq!(told("old worse cpu", &slower), "passed: old is not worse than new in CPU at 1.00k/s");
    }

    /// Old may serve ten times as much as the client asked it for, so that an interval of what was asked for bounds no loss.
    #[test]
    fn a_rival_that_the_client_limited_hides_a_loss_of_any_size() {
        for (limited, name, is_any) in
            [(0, "new", true), (0, "old", false), (1, "old", true), (1, "new", false)]
        {
            let mut blocks = blocks(8, 1.0, 1.0, 0.005);
            blocks[3].readings[limited].is_client_limited = true;
            let told = condition(&format!("{name} worse throughput")).tell(&findings(&blocks)).join("\n");
            assert!(told.starts_with("passed, cannot tell whether"), "{told}");
            assert_eq!(told.ends_with("a loss of any size could have hidden"), is_any, "{limited}: {told}");
            assert_eq!(told.contains("a loss of up to"), !is_any, "{limited}: {told}");
        }
    }

    /// Neither with no block at all, nor with fewer than a verdict needs, nor of a figure that no block has.
    #[test]
    fn what_was_never_examined_neither_fails_nor_passes() {
        let examined =
            |text: &str, count: usize| condition(text).examine(&[&findings(&blocks(count, 0.5, 2.0, 0.01))]);
        for (count, expected) in [(0, Examined::Unjudged), (5, Examined::Unjudged), (8, Examined::Met)] {
            assert_eq!(examined("new worse throughput", count), expected, "{count}");
        }
        assert_eq!(examined("new worse p99", 8), Examined::Unjudged);
        let told = condition("new worse p99").unjudged();
        assert!(
            told.starts_with("--fail-if 'new worse p99' could not be judged, so it has neither"),
            "{told}"
        );
        assert!(told.ends_with("offer a higher --rate"), "{told}");
        // Of two contests one with a verdict is enough.
        let (none, some) = (findings(&[]), findings(&blocks(8, 1.0, 1.0, 0.01)));
        assert_eq!(condition("new worse cpu").examine(&[&none, &some]), Examined::NotMet);
        assert!(!none.has_judged() && some.has_judged());
    }

    #[test]
    fn a_figure_that_is_not_read_of_a_running_server_is_refused() {
        let names = ["old".to_owned(), "new".to_owned(), "other".to_owned()];
        let refused =
            |text: &str, running: usize| condition(text).ensure_readable(&names, |at| at != running).is_err();
        assert!(refused("new worse cpu", 0) && refused("new worse memory", 1));
        assert!(!refused("new worse cpu", 2) && !refused("new worse throughput", 1));
        // The first is held against two others, of which one is read.
        assert!(!refused("old worse cpu", 1) && refused("old worse cpu", 0));
    }

    #[test]
    fn other_texts_and_names_are_refused() {
        for wrong in
            ["", "new", "new better cpu", "new worse", "worse cpu", "new worse speed", "new worse cpu now"]
        {
            assert!(wrong.parse::<FailIf>().is_err(), "{wrong}");
        }
        let names = ["old".to_owned(), "new".to_owned()];
        let refusal = condition("b worse cpu").ensure_known(&names).unwrap_err();
        assert_eq!(refusal, "--fail-if names \"b\", expected one of old, new");
        assert_eq!(condition("new worse cpu").ensure_known(&names), Ok(()));
    }

    #[test]
    fn a_name_may_hold_blanks_and_the_word_worse() {
        for name in ["my service", "much worse", "worse"] {
            let found = condition(&format!("  {name}  worse\tp99 "));
            assert_eq!((found.entrant.as_str(), found.metric), (name, Metric::ResponseTimeP99));
        }
    }
}
