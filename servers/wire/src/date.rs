//! The `date` of replies.

use std::{
    fmt,
    io::Write,
    time::{Duration, UNIX_EPOCH},
};

use httpdate::HttpDate;

/// Length of a date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
const LENGTH: usize = 29;

/// The last second of the year 9999: httpdate panics past it.
const LAST: u64 = 253_402_300_799;

/// A second as text, written anew only when the second is another one: a reply costs no more than a copy.
#[derive(Clone)]
pub(crate) struct Date {
    second: u64,
    text: [u8; LENGTH],
}

impl Date {
    /// The date of a second since 1970 (UTC).
    pub(crate) fn at(second: u64) -> Self {
        let mut text = [b' '; LENGTH];
        let time = UNIX_EPOCH + Duration::from_secs(second.min(LAST));
        // Cannot fail: up to that second a date has as many characters.
        let _ = write!(&mut text[..], "{}", HttpDate::from(time));
        Self { second, text }
    }

    /// Goes on to another second.
    pub(crate) fn set(&mut self, second: u64) {
        if second != self.second {
            *self = Self::at(second);
        }
    }

    /// As it stands in a reply.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Date({})", self.text.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_written_as_rfc_9110_has_it() {
        let mut date = Date::at(784_111_777);
        assert_eq!(date.text(), b"Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(format!("{date:?}"), "Date(Sun, 06 Nov 1994 08:49:37 GMT)");
        date.set(784_111_778);
        assert_eq!(date.text(), b"Sun, 06 Nov 1994 08:49:38 GMT");
        date.set(u64::MAX);
        assert_eq!(date.text(), b"Fri, 31 Dec 9999 23:59:59 GMT");
        date.set(0);
        assert_eq!(date.text(), b"Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
