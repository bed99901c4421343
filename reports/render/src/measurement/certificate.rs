//! The certificate: every check with its figure, its bound, its finding and, outside the bound, its remedy.

use std::cmp::Reverse;

use maud::{Markup, html};
use reports_record::{Certificate, Check, CheckStatus};

use crate::page::table::Table;
use crate::{label, number};

pub(super) fn markup(certificate: &Certificate) -> Markup {
    html! {
        section #certificate {
            h2 { "Can you trust this?" }
            p { (summary(certificate)) }
            (table(certificate).markup())
        }
    }
}

fn summary(certificate: &Certificate) -> String {
    let number_of = |status| certificate.checks.iter().filter(|check| check.status == status).count();
    if certificate.checks.is_empty() {
        return format!(
            "{}, by a certificate that lists no checks.",
            number::capitalised(&certificate.verdict.to_string())
        );
    }
    format!(
        "{}: {} checks passed, {} warned, {} failed, {} did not apply.",
        number::capitalised(&certificate.verdict.to_string()),
        number_of(CheckStatus::Pass),
        number_of(CheckStatus::Warn),
        number_of(CheckStatus::Fail),
        number_of(CheckStatus::NotApplicable),
    )
}

fn table(certificate: &Certificate) -> Table {
    let head = ["check", "status", "figure", "bound", "finding, and what to do"];
    let mut table = Table::new("Checks of the load generator", &head, 2);
    table.prose = true;
    let mut checks: Vec<&Check> = certificate.checks.iter().collect();
    // Failures and warnings first: they are what a reader came for.
    checks.sort_by_key(|check| Reverse(check.status));
    for check in checks {
        let none = || ["—", "—"].map(String::from);
        let [figure, bound] =
            check.figure.map_or_else(none, |figure| beside(figure, check.bound, &check.unit));
        table.push(vec![label::name(&check.name), status(check.status).into(), figure, bound, told(check)]);
    }
    table
}

fn status(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::NotApplicable => "does not apply",
        CheckStatus::Pass => "pass",
        CheckStatus::Warn => "warn",
        CheckStatus::Fail => "FAIL",
    }
}

fn told(check: &Check) -> String {
    let finding = label::passage(&check.finding);
    match &check.remedy {
        Some(remedy) => format!("{finding} → {}", label::passage(remedy)),
        None => finding,
    }
}

/// Most digits of a figure next to its bound.
const DIGITS: usize = 12;

/// A check's figure and bound in their unit. Where they would look alike and differ, both have as many digits as show it: a figure that
/// looks like its bound would contradict the status beside it.
fn beside(figure: f64, bound: f64, unit: &str) -> [String; 2] {
    let both = [figure, bound].map(|value| written(value, unit));
    if figure == bound || both[0] != both[1] || !(figure.is_finite() && bound.is_finite()) {
        return both;
    }
    let (factor, name) = match unit {
        "us" => (1.0, "\u{a0}µs".to_owned()),
        "ms" => (1.0, "\u{a0}ms".to_owned()),
        "share" => (100.0, "\u{a0}%".to_owned()),
        "ratio" | "distance" => (1.0, String::new()),
        _ => (1.0, format!(" {}", label::name(unit))),
    };
    let digits = |value: f64, digits: usize| {
        let rounded: f64 = format!("{:.*e}", digits - 1, value * factor).parse().unwrap_or(value);
        format!("{rounded}{name}")
    };
    let longer = (4..=DIGITS).map(|count| [figure, bound].map(|value| digits(value, count)));
    longer.into_iter().find(|[one, other]| one != other).unwrap_or(both)
}

/// A check's figure or bound in its unit.
fn written(value: f64, unit: &str) -> String {
    match unit {
        "us" => number::micros(value),
        "ms" => number::micros(value * 1e3),
        "share" => number::percent(value),
        "ratio" | "distance" => number::plain(value),
        _ => format!("{} {}", number::plain(value), label::name(unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_next_to_its_bound_does_not_look_like_it() {
        for (figure, bound, unit, expected) in [
            (0.989_96, 0.99, "ratio", ["0.98996", "0.99"]),
            (0.010_04, 0.01, "share", ["1.004\u{a0}%", "1\u{a0}%"]),
            (1000.4, 1000.0, "us", ["1000.4\u{a0}µs", "1000\u{a0}µs"]),
            (250.2, 250.0, "ms", ["250.2\u{a0}ms", "250\u{a0}ms"]),
            (19.998, 20.0, "reply times", ["19.998 reply times", "20 reply times"]),
            (0.01, 0.01, "share", ["1.0\u{a0}%", "1.0\u{a0}%"]),
            (0.5, 0.01, "share", ["50\u{a0}%", "1.0\u{a0}%"]),
            (0.01, 0.01 + 1e-17, "share", ["1.0\u{a0}%", "1.0\u{a0}%"]),
        ] {
            assert_eq!(beside(figure, bound, unit), expected, "{figure} {bound} {unit}");
        }
    }

    #[test]
    fn a_figure_is_written_in_its_unit() {
        for (value, unit, expected) in [
            (1500.0, "us", "1.50\u{a0}ms"),
            (20.0, "ms", "20.0\u{a0}ms"),
            (0.5, "share", "50\u{a0}%"),
            (0.99, "ratio", "0.990"),
            (3.0, "reopened", "3.00 reopened"),
            (f64::NAN, "us", number::NO_DATA),
        ] {
            assert_eq!(written(value, unit), expected);
        }
    }
}
