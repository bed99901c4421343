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
        let figure = check.figure.map_or_else(|| "—".into(), |figure| written(figure, &check.unit));
        let bound = check.figure.map_or_else(|| "—".into(), |_| written(check.bound, &check.unit));
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
