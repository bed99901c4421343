//! Seeds in JSON: as numbers where every reader keeps them, as text where some would round them.

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// The largest integer up to which a reader that keeps all numbers as 64-bit floats keeps every one: 2⁵³.
const KEPT: u64 = 1 << 53;

pub(crate) fn serialize<S: Serializer>(seed: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    if *seed <= KEPT { serializer.serialize_u64(*seed) } else { serializer.collect_str(seed) }
}

/// Reads both, and a large number too, as earlier versions wrote it.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_any(Seed)
}

struct Seed;

impl Visitor<'_> for Seed {
    type Value = u64;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a seed: an integer from 0 to 18446744073709551615, or the same as text")
    }

    fn visit_u64<E: Error>(self, seed: u64) -> Result<u64, E> {
        Ok(seed)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        let seed = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit())).map(str::parse);
        seed.and_then(Result::ok).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder {
        #[serde(with = "super")]
        seed: u64,
    }

    #[test]
    fn a_seed_is_text_as_soon_as_a_float_would_round_it() {
        for (seed, written) in [
            (0, "{\"seed\":0}"),
            (1 << 53, "{\"seed\":9007199254740992}"),
            ((1 << 53) + 1, "{\"seed\":\"9007199254740993\"}"),
            (u64::MAX, "{\"seed\":\"18446744073709551615\"}"),
        ] {
            assert_eq!(serde_json::to_string(&Holder { seed }).unwrap(), written);
            assert_eq!(serde_json::from_str::<Holder>(written).unwrap(), Holder { seed });
        }
    }

    #[test]
    fn what_earlier_versions_wrote_is_read_and_anything_else_is_refused() {
        let read = |text: &str| serde_json::from_str::<Holder>(text).map(|holder| holder.seed);
        assert_eq!(read("{\"seed\":18446744073709551615}").unwrap(), u64::MAX);
        for text in ["-1", "1.5", "\"\"", "\"+1\"", "\"18446744073709551616\"", "null"] {
            let error = read(&format!("{{\"seed\":{text}}}")).unwrap_err().to_string();
            assert!(error.contains("a seed: an integer"), "{text}: {error}");
        }
    }
}
