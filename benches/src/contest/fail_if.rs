//! What a comparison must not find.

use std::str::FromStr;

use reports_record::shown;

use super::{Finding, Findings, Metric, Winner};

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
            "throughput" | "capacity" => Metric::Throughput,
            "cpu" => Metric::CpuPerRequest,
            "p50" | "response" => Metric::ResponseTimeP50,
            "p99" => Metric::ResponseTimeP99,
            "memory" => Metric::Memory,
            _ => return Err(wrong()),
        };
        Ok(Self { entrant, metric })
    }
}

impl FailIf {
    /// The beginning of the outcome's line where there are no figures.
    pub const WITHOUT_FIGURES: &str = "passed without figures";

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

    /// Whether `findings` have it.
    #[must_use]
    pub fn is_met(&self, findings: &Findings) -> bool {
        self.about(findings).any(|(_, is_lost)| is_lost)
    }

    /// The outcome in one line for each finding: lost, not worse, or how large a loss could have hidden.
    #[must_use]
    pub fn tell(&self, findings: &Findings) -> Vec<String> {
        let line = |(finding, is_lost): (&Finding, bool)| {
            let what = finding.subject.metric.title();
            let rate = findings.rates_per_s.get(finding.subject.level);
            let at = match rate {
                Some(rate) if finding.subject.metric.is_at_a_rate() => {
                    format!(" at {}", Metric::Throughput.show(*rate))
                }
                _ => String::new(),
            };
            let against =
                &findings.names[if self.entrant == findings.names[0] { finding.entrant } else { 0 }];
            let head = format!("{} worse {what}{at} than {against}", self.entrant);
            if is_lost {
                return format!("failed: {head}");
            }
            match (finding.winner, self.hidden(findings, finding)) {
                (Winner::CannotTell | Winner::NoData, Some(loss)) if loss > 0.0 => {
                    format!(
                        "passed, cannot tell: {head}; a loss of up to {:.0} % could have hidden",
                        loss * 100.0
                    )
                }
                (Winner::NoData, _) => format!("{}: {head}", Self::WITHOUT_FIGURES),
                _ => format!("passed: not {head}"),
            }
        };
        self.about(findings).map(line).collect()
    }

    /// The largest loss that the interval still holds, as a share of the rival's figure; below 0 where there is none.
    fn hidden(&self, findings: &Findings, finding: &Finding) -> Option<f64> {
        let (low, high) = finding.interval?;
        let is_first = findings.names[0] == self.entrant;
        // The entrant's figure ÷ its rival's, at its worst.
        let (low, high) = if is_first { (1.0 / high, 1.0 / low) } else { (low, high) };
        Some(if self.metric == Metric::Throughput { 1.0 - low } else { high - 1.0 })
    }
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
        assert!(condition("new worse throughput").is_met(&slower));
        assert!(condition("new worse cpu").is_met(&slower) && condition("new worse p50").is_met(&slower));
        assert!(!condition("old worse throughput").is_met(&slower));
        let faster = findings(&blocks(8, 1.3, 0.7, 0.01));
        assert!(condition("old worse throughput").is_met(&faster));
        assert!(!condition("new worse throughput").is_met(&faster));
    }

    /// A mean of −6 % in noise of 30 % a block: a noisy ratio is no verdict.
    #[test]
    fn what_cannot_be_told_passes_and_says_how_large_a_loss_could_have_hidden() {
        let noisy = findings(&blocks(8, 0.94, 1.0, 0.3));
        let found = condition("new worse throughput");
        assert!(!found.is_met(&noisy));
        let told = found.tell(&noisy).join("\n");
        assert!(
            told.starts_with("passed, cannot tell: new worse capacity than old; a loss of up to"),
            "{told}"
        );
        let told = condition("new worse p99").tell(&noisy).join("\n");
        assert_eq!(told, "passed without figures: new worse p99 at 1.00k/s than old");
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
