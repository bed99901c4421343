//! Counts as people read them: every page, terminal and document writes them alike.

/// A count in full with commas between thousands, `12,345`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let first = (digits.len() + 2) % 3 + 1;
    let (head, rest) = digits.split_at(first.min(digits.len()));
    rest.as_bytes()
        .chunks(3)
        .fold(head.to_owned(), |text, group| text + "," + &String::from_utf8_lossy(group))
}

/// A count of things, `1 block` or `2,000 blocks`; `thing` is one of them, and takes an s where there are more.
#[must_use]
pub fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart_by_commas() {
        for (number, text) in [
            (0, "0"),
            (12, "12"),
            (999, "999"),
            (1000, "1,000"),
            (12_345, "12,345"),
            (1_234_567, "1,234,567"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(count(number), text);
        }
    }

    #[test]
    fn one_thing_is_one_and_all_other_counts_are_several() {
        let cases = [(0, "0 cells"), (1, "1 cell"), (2, "2 cells"), (2_000, "2,000 cells")];
        for (number, text) in cases {
            assert_eq!(counted(number, "cell"), text);
        }
    }
}
