//! The first screen: what was measured, what came out, and whether to believe it.

use maud::{Markup, html};
use reports_record::{Arrivals, CertificateVerdict, Check, CheckStatus, Measurement, Mode, Plan};
use reports_terminal::counted;

use super::{count, seconds, times};
use crate::{label, number};

pub(super) fn markup(measurement: &Measurement, contents: &Markup) -> Markup {
    let plan = &measurement.plan;
    html! {
        header {
            div.top {
                p.eyebrow { "Crossover · one measurement" }
                (contents)
            }
            h1 { bdi { (label::passage(&format!("{} {}", plan.method, plan.url))) } }
            p.question { bdi { (load(plan)) } }
        }
        (contradictory(measurement))
        (invalid(measurement))
        (incomplete(measurement))
        section #answer aria-label="The answer" {
            p { strong { (lead(measurement)) } " " bdi { (sentence(measurement)) } }
            @if !measurement.merged_from.is_empty() {
                p.note {
                    "The sum of " (counted(measurement.merged_from.len() as u64, "measurement"))
                    " with one plan, as if their windows lay one after another."
                }
            }
            (warnings(measurement))
        }
    }
}

/// What was asked for, in words.
fn load(plan: &Plan) -> String {
    let schedule =
        plan.schedule.as_deref().map_or_else(String::new, |words| format!(" of {}", label::passage(words)));
    let pace = match plan.mode {
        Mode::Closed if plan.think_s > 0.0 => {
            format!("closed loop with {} of think time", seconds(plan.think_s))
        }
        Mode::Closed => "closed loop".into(),
        Mode::Open { arrivals: Arrivals::Poisson } => format!("open loop{schedule}, Poisson arrivals"),
        Mode::Open { arrivals: Arrivals::Constant } => format!("open loop{schedule}"),
    };
    format!("{pace}, over {}", counted(plan.connections.into(), "connection"))
}

/// Figures that do not agree: the page shows what the file says, and no reader may take it for a measurement.
fn contradictory(measurement: &Measurement) -> Markup {
    let Some(what) = measurement.contradiction() else { return html! {} };
    html! {
        p.banner role="note" {
            strong { "Do not use these figures." } " They contradict each other, so that the file was altered or is no measurement of loadgen: "
            bdi { (label::passage(&what)) } "."
        }
    }
}

/// What no reader may miss.
fn invalid(measurement: &Measurement) -> Markup {
    let certificate = &measurement.certificate;
    if certificate.is_believable() {
        return html! {};
    }
    let failed: Vec<_> =
        certificate.checks.iter().filter(|check| check.status == CheckStatus::Fail).collect();
    html! {
        div.banner role="note" {
            p { strong { "Invalid: do not use these figures." } " They are shown to find out what went wrong." }
            @if failed.is_empty() {
                p { "The certificate names no check that failed." }
            } @else {
                ul { @for check in failed { (told(check)) } }
            }
        }
    }
}

/// What a reader must know of figures that may be used: each warning with its remedy.
fn warnings(measurement: &Measurement) -> Markup {
    let checks = measurement.certificate.checks.iter();
    let warned: Vec<_> = checks.filter(|check| check.status == CheckStatus::Warn).collect();
    html! {
        @if !warned.is_empty() {
            ul.warnings { @for check in warned { (told(check)) } }
        }
    }
}

/// A check outside its bound, with what to do.
fn told(check: &Check) -> Markup {
    html! {
        li {
            strong { bdi { (label::name(&check.name)) } } ": " bdi { (label::passage(&check.finding)) }
            @if let Some(remedy) = &check.remedy { ". Remedy: " bdi { (label::passage(remedy)) } }
        }
    }
}

fn incomplete(measurement: &Measurement) -> Markup {
    if measurement.complete {
        return html! {};
    }
    let plan = &measurement.plan;
    let planned = match (plan.duration_s, plan.requests) {
        (Some(duration), _) => format!(" of the planned {}", seconds(duration)),
        (None, Some(requests)) => format!(", of {} planned requests", count(requests)),
        (None, None) => String::new(),
    };
    let window = seconds(measurement.window_s);
    let cause = match measurement.given_up {
        0 => format!("The measurement was interrupted after {window}{planned}"),
        given_up => format!(
            "No connection could be opened any more, so that {} given up after {window}{planned}",
            if given_up == 1 { "1 request was".into() } else { format!("{} requests were", count(given_up)) }
        ),
    };
    html! {
        p.banner role="note" {
            strong { "Incomplete." } " " (cause) ". What is here was measured, but less than was asked for."
        }
    }
}

fn lead(measurement: &Measurement) -> String {
    let verdict = match measurement.certificate.verdict {
        CertificateVerdict::Valid => "Valid",
        CertificateVerdict::ValidWithWarnings => "Valid, with warnings",
        CertificateVerdict::Invalid => "Invalid",
    };
    format!("{verdict}{}:", if measurement.complete { "" } else { ", incomplete" })
}

/// Everything a reader asks first, in one sentence.
fn sentence(measurement: &Measurement) -> String {
    let plan = &measurement.plan;
    let window = seconds(measurement.window_s);
    if measurement.account.due == 0 {
        return format!(
            "in {window} no request was due, so there is {} on rates and times.",
            number::NO_DATA
        );
    }
    let offered =
        measurement.offered_rate_per_s.map(|offered| format!("{} offered, ", number::rate(offered)));
    let (what, all) = match &measurement.response_time_us {
        Some(response) => ("response time", response),
        None => ("service time", &measurement.service_time_us),
    };
    format!(
        "in {window} over {}, {}{} answered, {} correctly and in time; {what} {}.",
        counted(plan.connections.into(), "connection"),
        offered.unwrap_or_default(),
        number::rate(measurement.achieved_rate_per_s),
        number::rate(measurement.goodput_per_s),
        quantiles(all)
    )
}

fn quantiles(all: &reports_record::Times) -> String {
    if all.count == 0 {
        return number::NO_DATA.into();
    }
    let told = |name: &str, value| match times::written(all, name, value) {
        Some(time) => format!("{name} {time}"),
        None => format!("{name} {} (too few requests)", number::NO_DATA),
    };
    format!("{}, {}", told("p50", all.p50), told("p99", all.p99))
}
