//! A reply's status as a key of counts.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The three digits of a reply's status. As a key in JSON it is a string, `"503"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(pub u16);

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

// Not the derived form: a tagged line of a run hands keys on as text, from which no integer is read.
impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let is_status = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_status);
        number.map(Self).ok_or_else(|| serde::de::Error::custom("expected a status of three digits"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_status_is_a_key_of_three_digits() {
        let counts = BTreeMap::from([(Status(200), 7_u64), (Status(503), 1)]);
        let text = serde_json::to_string(&counts).unwrap();
        assert_eq!(text, r#"{"200":7,"503":1}"#);
        assert_eq!(serde_json::from_str::<BTreeMap<Status, u64>>(&text).unwrap(), counts);
        for key in ["20", "+20", "2000", "abc", ""] {
            let text = format!(r#"{{"{key}":1}}"#);
            assert!(serde_json::from_str::<BTreeMap<Status, u64>>(&text).is_err(), "{key}");
        }
    }
}
