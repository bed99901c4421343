//! The flags that an experiment may start a contender with.

use std::fmt;
use std::time::Duration;

/// A flag as a list of contenders has it: `--allow-blocking`, `--backlog N`, `--nodelay BOOL`, `--grace TIME`, or with any
/// other word behind it, which stands for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag<'a> {
    name: &'a str,
    value: Option<&'a str>,
}

impl<'a> Flag<'a> {
    /// Reads one entry of a list; `None` when it is none.
    pub fn parse(entry: &'a str) -> Option<Self> {
        let mut words = entry.split(' ');
        let name = words.next().filter(|name| is_name(name))?;
        let flag = Self { name, value: words.next() };
        (words.next().is_none() && flag.value != Some("")).then_some(flag)
    }

    /// The kind of value expected, when `value` is not of it.
    fn expected(&self, value: &str) -> Option<&'static str> {
        let whole = || value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty();
        let time = || humantime::parse_duration(value).is_ok_and(|time| TIME.contains(&time));
        let (expected, holds) = match self.value? {
            "BOOL" => ("true or false", matches!(value, "true" | "false")),
            "N" => ("a whole number", whole()),
            "TIME" => ("a time from 1ms to 1h, such as 100ms", time()),
            _ => ("a value", !value.is_empty()),
        };
        (!holds).then_some(expected)
    }
}

/// Times that every contender takes.
const TIME: std::ops::RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(3600);

fn is_name(word: &str) -> bool {
    word.strip_prefix("--").is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

impl fmt::Display for Flag<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)?;
        self.value.map_or(Ok(()), |value| write!(formatter, " {value}"))
    }
}

/// Why a contender that knows the flags `known` would not start with `given`; `None` if it would.
///
/// A value is joined to its flag by `=` or follows it.
pub(super) fn refusal(known: &[Flag<'_>], given: &[String]) -> Option<String> {
    let mut words = given.iter().map(String::as_str);
    let mut seen = Vec::new();
    while let Some(word) = words.next() {
        let (name, joined) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        let Some(flag) = known.iter().find(|flag| flag.name == name) else {
            let known: Vec<_> = known.iter().map(Flag::to_string).collect();
            return Some(format!("it knows no flag {name:?}; expected one of {}", known.join(", ")));
        };
        if seen.contains(&name) {
            return Some(format!("{name} is given twice"));
        }
        seen.push(name);
        let value = if flag.value.is_some() { joined.or_else(|| words.next()) } else { joined };
        match (flag.value, value) {
            (None, Some(value)) => return Some(format!("{name} takes no value, found {value:?}")),
            (Some(kind), None) => return Some(format!("{name} needs a value: {kind}")),
            (Some(_), Some(value)) => {
                if let Some(expected) = flag.expected(value) {
                    return Some(format!("{name} {value:?}: expected {expected}"));
                }
            }
            (None, None) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(given: &str) -> Option<String> {
        let list = ["--allow-blocking", "--backlog N", "--nodelay BOOL", "--grace TIME", "--name TEXT"];
        let known: Vec<_> = list.into_iter().map(|entry| Flag::parse(entry).unwrap()).collect();
        let given: Vec<String> = given.split_whitespace().map(str::to_owned).collect();
        refusal(&known, &given)
    }

    #[test]
    fn known_flags_with_values_of_their_kind_pass() {
        for given in
            ["", "--nodelay=false", "--nodelay false --backlog 16", "--allow-blocking --grace=5s", "--name x"]
        {
            assert_eq!(judged(given), None, "{given}");
        }
    }

    #[test]
    fn anything_else_is_refused_for_what_it_is() {
        for (given, says) in [
            ("--no-such-flag", "no flag \"--no-such-flag\"; expected one of --allow-blocking, --backlog N"),
            ("--nodelay=maybe", "--nodelay \"maybe\": expected true or false"),
            ("--backlog=-1", "expected a whole number"),
            ("--grace 2h", "expected a time from 1ms to 1h"),
            ("--grace", "--grace needs a value: TIME"),
            ("--allow-blocking=yes", "takes no value"),
            ("--nodelay=true --nodelay=false", "--nodelay is given twice"),
            ("--backlog 1 2", "no flag \"2\""),
        ] {
            let said = judged(given).unwrap_or_default();
            assert!(said.contains(says), "{given}: {said}");
        }
    }

    #[test]
    fn an_entry_is_a_name_and_at_most_one_word() {
        for entry in ["", "nodelay", "--", "--a b c", "--a ", "--a=b"] {
            assert_eq!(Flag::parse(entry), None, "{entry:?}");
        }
    }
}
