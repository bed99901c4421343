//! The parameters: their names, their grammar, and how a value is read.

use std::time::Duration;

use crate::{Run, limits};

/// A query parameter of the contract.
///
/// Values are plain ASCII and are read as they stand: nothing is percent-decoded, so `%31` is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parameter {
    /// How long to wait, in milliseconds.
    Ms,
    /// Whether an async contender is to make the deliberate mistake of blocking its event loop.
    Blocking,
    /// How many rounds of hashing.
    Rounds,
    /// Where an async contender runs the hashing.
    Run,
    /// Size of the reply's body.
    Bytes,
}

impl Parameter {
    /// The name in the query.
    pub fn name(self) -> &'static str {
        match self {
            Parameter::Ms => "ms",
            Parameter::Blocking => "blocking",
            Parameter::Rounds => "rounds",
            Parameter::Run => "run",
            Parameter::Bytes => "bytes",
        }
    }

    /// What a value must be, as refusals say it. The numbers are those of [`limits`]; a test holds them together.
    pub fn grammar(self) -> &'static str {
        match self {
            Parameter::Ms => "a decimal from 0 to 60000 with at most 3 digits after the point",
            Parameter::Blocking => "0 or 1",
            Parameter::Rounds => "a whole number from 0 to 10000000",
            Parameter::Run => "inline, pool or single",
            Parameter::Bytes => "a whole number from 0 to 1048576",
        }
    }
}

/// Reads `ms`: digits, optionally a point and one to three digits, so whole microseconds.
///
/// Exact, without floating point: `NaN`, `+5`, `-1`, `1e3`, `.5`, `5.` and the empty string are no decimals at all.
/// `None` for those and for anything above [`limits::WAIT_MAX`].
pub(crate) fn milliseconds(value: &str) -> Option<Duration> {
    let (whole, fraction) = match value.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (value, None),
    };
    let micros = whole_number(whole)?.checked_mul(1000)?.checked_add(match fraction {
        Some(digits) if digits.len() > 3 => return None,
        Some(digits) => whole_number(digits)? * 10u64.pow(3 - digits.len() as u32),
        None => 0,
    })?;
    let wait = Duration::from_micros(micros);
    (wait <= limits::WAIT_MAX).then_some(wait)
}

/// Reads `rounds`; `None` above [`limits::ROUNDS_MAX`].
pub(crate) fn rounds(value: &str) -> Option<u32> {
    let rounds = u32::try_from(whole_number(value)?).ok()?;
    (rounds <= limits::ROUNDS_MAX).then_some(rounds)
}

/// Reads `bytes`; `None` above [`limits::PAYLOAD_MAX`].
pub(crate) fn bytes(value: &str) -> Option<usize> {
    let bytes = usize::try_from(whole_number(value)?).ok()?;
    (bytes <= limits::PAYLOAD_MAX).then_some(bytes)
}

/// Reads `blocking`.
pub(crate) fn flag(value: &str) -> Option<bool> {
    match value {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

/// Reads `run`.
pub(crate) fn run(value: &str) -> Option<Run> {
    match value {
        "inline" => Some(Run::Inline),
        "pool" => Some(Run::Pool),
        "single" => Some(Run::Single),
        _ => None,
    }
}

/// Digits and nothing else: `str::parse` alone would also take a plus sign.
fn whole_number(value: &str) -> Option<u64> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn milliseconds_are_exact_microseconds() {
        for (value, micros) in
            [("0", 0), ("0.001", 1), ("0.2", 200), ("1.5", 1500), ("007", 7000), ("60000.000", 60_000_000)]
        {
            assert_eq!(milliseconds(value), Some(Duration::from_micros(micros)), "{value}");
        }
    }

    #[test]
    fn what_is_not_a_plain_number_in_range_is_refused() {
        let bad = ["", "-1", "+5", "NaN", "inf", "1e3", "0x21", " 1", "1 ", "1_000", "٣", "%31"];
        for value in bad {
            assert_eq!(milliseconds(value), None, "ms={value:?}");
            assert_eq!(rounds(value), None, "rounds={value:?}");
            assert_eq!(bytes(value), None, "bytes={value:?}");
        }
        for value in
            [".5", "5.", ".", "1.2345", "1.-1", "1.+1", "60000.001", "60001", "99999999999999999999999"]
        {
            assert_eq!(milliseconds(value), None, "ms={value:?}");
        }
        for value in ["10000001", "4294967296", "18446744073709551616", "1.0"] {
            assert_eq!(rounds(value), None, "rounds={value:?}");
        }
        assert_eq!(bytes("1048577"), None);
    }

    #[test]
    fn grammars_state_the_limits() {
        let ms = limits::WAIT_MAX.as_millis().to_string();
        assert!(Parameter::Ms.grammar().contains(&ms));
        assert!(Parameter::Rounds.grammar().contains(&limits::ROUNDS_MAX.to_string()));
        assert!(Parameter::Bytes.grammar().contains(&limits::PAYLOAD_MAX.to_string()));
        assert!(milliseconds(&ms).is_some());
        assert!(rounds(&limits::ROUNDS_MAX.to_string()).is_some());
        assert!(bytes(&limits::PAYLOAD_MAX.to_string()).is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic_and_never_beyond_its_range(value in ".{0,24}") {
            prop_assert!(milliseconds(&value).is_none_or(|wait| wait <= limits::WAIT_MAX));
            prop_assert!(rounds(&value).is_none_or(|rounds| rounds <= limits::ROUNDS_MAX));
            prop_assert!(bytes(&value).is_none_or(|bytes| bytes <= limits::PAYLOAD_MAX));
        }
    }
}
