//! A list that older files wrote as its only element.

use serde::{Deserialize, Deserializer};

/// Reads a list, or one element as a list of it.
pub(crate) fn one_or_many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany<T> {
        Many(Vec<T>),
        One(Box<T>),
    }
    Ok(match OneOrMany::deserialize(from)? {
        OneOrMany::Many(many) => many,
        OneOrMany::One(one) => vec![*one],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<f64>, serde_json::Error> {
        one_or_many(&mut serde_json::Deserializer::from_str(json))
    }

    #[test]
    fn one_element_is_a_list_of_it() {
        assert_eq!(read("0.5").unwrap(), [0.5]);
        assert_eq!(read("[0.1, 0.7]").unwrap(), [0.1, 0.7]);
        assert!(read("\"half\"").is_err());
    }
}
