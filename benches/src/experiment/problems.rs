//! What forbids running an experiment file, and on which line.

use std::ops::Range;

use anyhow::{anyhow, bail};
use reports_record::shown;

/// Most problems that are shown: behind so many, one mistake is usually repeated.
const SHOWN: usize = 20;

/// Longest problem that is shown in full, characters: a file says what it likes, and at length.
const REASON: usize = 400;

/// Everything that was found wrong with one file, in the order of finding.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

#[derive(Debug)]
struct Problem {
    /// Bytes of the text that it is about; `None` when it is about none in particular.
    at: Option<Range<usize>>,
    reason: String,
}

impl Problems {
    /// Notes `reason`, about the text `at`.
    pub(super) fn add(&mut self, at: Range<usize>, reason: impl Into<String>) {
        self.0.push(Problem { at: Some(at), reason: reason.into() });
    }

    /// Notes `reason`, about the file as a whole.
    pub(super) fn add_to_all(&mut self, reason: impl Into<String>) {
        self.0.push(Problem { at: None, reason: reason.into() });
    }

    /// Notes `reason`, about the text `at`, unless `holds`.
    pub(super) fn expect(&mut self, holds: bool, at: Range<usize>, reason: impl FnOnce() -> String) {
        if !holds {
            self.add(at, reason());
        }
    }

    /// Nothing, or an error that names every problem with its line in `text`: one in a sentence, more on a line each.
    pub(super) fn into_result(self, text: &str) -> anyhow::Result<()> {
        match self.0.as_slice() {
            [] => Ok(()),
            [one] => bail!("{}", one.shown(text)),
            many => {
                let lines = many.iter().take(SHOWN).map(|problem| format!("\n  {}", problem.shown(text)));
                let rest = many.len().saturating_sub(SHOWN);
                let rest = if rest > 0 { format!("\n  and {rest} more") } else { String::new() };
                bail!("{} problems{}{rest}", many.len(), lines.collect::<String>())
            }
        }
    }
}

impl Problem {
    fn shown(&self, text: &str) -> String {
        let reason = shown(&self.reason, REASON);
        match &self.at {
            Some(at) => format!("line {}: {reason}", line(text.as_bytes(), at.start)),
            None => reason,
        }
    }
}

/// Why a TOML reader makes no sense of `text`, with the line if it is about one.
pub(super) fn unreadable(text: &str, error: &toml::de::Error) -> anyhow::Error {
    // What the whole file lacks stands on none of its lines; the reader points at the first.
    let lacks = error.message().starts_with("missing field");
    let at = error.span().filter(|at| !lacks || at.start > 0);
    // Of several lines, the first says what is wrong and the rest what was expected.
    let reason = error.message().lines().collect::<Vec<_>>().join("; ");
    anyhow!("{}", Problem { at, reason }.shown(text))
}

/// The number, from 1, of the line that the byte at `offset` stands on.
pub(super) fn line(text: &[u8], offset: usize) -> usize {
    1 + text.iter().take(offset).filter(|&&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_problem_is_a_sentence_and_more_are_a_list_with_an_end() {
        let text = "a\nb\nc\n";
        assert!(Problems::default().into_result(text).is_ok());
        let mut problems = Problems::default();
        problems.expect(true, 0..1, || unreachable!("nothing is wrong"));
        problems.add(2..3, "b is wrong");
        assert_eq!(problems.into_result(text).unwrap_err().to_string(), "line 2: b is wrong");
        let mut problems = Problems::default();
        problems.add_to_all("all is wrong");
        (0..30).for_each(|_| problems.add(4..5, "c is wrong"));
        let message = problems.into_result(text).unwrap_err().to_string();
        assert!(message.starts_with("31 problems\n  all is wrong\n  line 3: c is wrong"), "{message}");
        assert!(message.ends_with("\n  and 11 more"), "{message}");
    }
}
