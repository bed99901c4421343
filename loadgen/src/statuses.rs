//! Which statuses are right.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// A set of statuses: `404`, `200,404` or `2xx`. By default those of success, `2xx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statuses([u64; 16]);

/// A text that names no set of statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected statuses from 200 to 599, or their classes, separated by commas: 404, '200,404', 2xx, '2xx,304'; 1xx are no final replies"
)]
pub struct StatusesError;

impl Statuses {
    const NONE: Self = Self([0; 16]);
    /// Of final replies: what is informational comes before one.
    const CLASSES: std::ops::RangeInclusive<u16> = 2..=5;

    /// This status and no other; what is no status, beyond 999, is nobody's.
    #[must_use]
    pub fn only(status: u16) -> Self {
        let mut only = Self::NONE;
        only.add(status);
        only
    }

    /// Whether `status` is one of them.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.0.get(usize::from(status / 64)).is_some_and(|word| word >> (status % 64) & 1 == 1)
    }

    fn class(class: u16) -> Self {
        let mut statuses = Self::NONE;
        (class * 100..(class + 1) * 100).for_each(|status| statuses.add(status));
        statuses
    }

    fn add(&mut self, status: u16) {
        if let Some(word) = self.0.get_mut(usize::from(status / 64)) {
            *word |= 1 << (status % 64);
        }
    }

    fn union(self, other: Self) -> Self {
        let mut union = self;
        union.0.iter_mut().zip(other.0).for_each(|(word, more)| *word |= more);
        union
    }

    fn contains_all(&self, other: Self) -> bool {
        self.union(other) == *self
    }
}

impl Default for Statuses {
    fn default() -> Self {
        Self::class(2)
    }
}

impl FromStr for Statuses {
    type Err = StatusesError;

    fn from_str(text: &str) -> Result<Self, StatusesError> {
        let one = |text: &str| {
            let digits = text.strip_suffix("xx").unwrap_or(text);
            let number = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
            let number: u16 = number.and_then(|digits| digits.parse().ok()).ok_or(StatusesError)?;
            match digits.len() {
                1 if digits != text && Self::CLASSES.contains(&number) => Ok(Self::class(number)),
                3 if digits == text && Self::CLASSES.contains(&(number / 100)) => Ok(Self::only(number)),
                _ => Err(StatusesError),
            }
        };
        text.split(',').map(str::trim).try_fold(Self::NONE, |all, part| Ok(all.union(one(part)?)))
    }
}

/// As it is typed, classes first where they are whole.
impl Display for Statuses {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for class in 0..10 {
            if self.contains_all(Self::class(class)) {
                parts.push(format!("{class}xx"));
            } else {
                let members = (class * 100..(class + 1) * 100).filter(|status| self.contains(*status));
                parts.extend(members.map(|status| status.to_string()));
            }
        }
        f.write_str(&parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_what_is_contained_and_shown() {
        for (text, shown, inside, outside) in [
            ("404", "404", &[404][..], &[200, 403, 405, 0, 1023, 1024, u16::MAX][..]),
            ("200, 404", "200,404", &[200, 404], &[201, 300]),
            ("2xx", "2xx", &[200, 204, 299], &[199, 300, 100]),
            ("304,2xx,204", "2xx,304", &[200, 304], &[303]),
            ("5xx", "5xx", &[500, 599], &[499, 600]),
        ] {
            let statuses: Statuses = text.parse().unwrap();
            assert_eq!(statuses.to_string(), shown);
            assert_eq!(shown.parse(), Ok(statuses));
            assert!(inside.iter().all(|status| statuses.contains(*status)), "{text}");
            assert!(!outside.iter().any(|status| statuses.contains(*status)), "{text}");
        }
        assert_eq!(Statuses::default().to_string(), "2xx");
    }

    #[test]
    fn what_no_final_reply_has_is_refused() {
        for text in [
            "", ",", "200,", "20", "2000", "100", "1xx", "6xx", "600", "2x", "xx", "2xxx", "+200", "2XX ok",
            "20x", "٢٠٠",
        ] {
            assert_eq!(text.parse::<Statuses>(), Err(StatusesError), "{text:?}");
        }
    }
}
