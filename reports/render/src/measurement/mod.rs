//! The page of one measurement: what `loadgen` found, and whether to believe it.

mod again;
mod answer;
mod certificate;
mod command;
mod cost;
mod outcomes;
mod tail;
mod timeline;
mod times;

use std::path::{Path, PathBuf};

use maud::{Markup, html};
use reports_record::{Folder, Measurement, MeasurementFileError, read_measurement};

use crate::page::frame::frame;
use crate::{RenderError, label, number};

/// Why there is no page of a measurement.
#[derive(Debug, thiserror::Error)]
pub enum MeasurementPageError {
    /// The file cannot be read as a measurement.
    #[error(transparent)]
    Read(#[from] MeasurementFileError),
    /// The page would take the measurement's place.
    #[error("{0} is the measurement itself; name another file for its page with --output")]
    Itself(PathBuf),
    /// The page could not be written.
    #[error(transparent)]
    Write(#[from] RenderError),
}

/// The page of one measurement: one HTML document. The same measurement gives the same bytes.
///
/// Pure: no file, no clock. Figures appear where their data is; what is not known is told as such, never as zero.
#[must_use]
pub fn page(measurement: &Measurement) -> String {
    let rest = html! {
        (times::markup(measurement))
        (tail::markup(measurement))
        (timeline::markup(measurement))
        (outcomes::markup(measurement))
        (cost::markup(measurement))
        (certificate::markup(&measurement.certificate))
        (again::markup(measurement))
    };
    let content = html! {
        (answer::markup(measurement, &contents(&rest)))
        (rest)
    };
    frame(&label::name(&format!("{} {}", measurement.plan.method, measurement.plan.url)), &content)
}

/// The parts of the page that its reader may want to go to, by their ids.
const CONTENTS: [(&str, &str); 6] = [
    ("times", "Times"),
    ("timeline", "Over time"),
    ("outcomes", "Outcomes"),
    ("cost", "The client"),
    ("certificate", "Can you trust this?"),
    ("again", "Run it yourself"),
];

/// Links to the parts that `rest` has.
fn contents(rest: &Markup) -> Markup {
    html! {
        nav aria-label="Contents" {
            @for (id, title) in CONTENTS {
                @if rest.0.contains(&format!("id=\"{id}\"")) { a href={ "#" (id) } { (title) } " " }
            }
        }
    }
}

/// Renders the measurement in the file at `path` and writes its page to `output`, else beside it with the ending
/// `html`; whole or not at all. Gives the page's path.
///
/// # Errors
/// When the file is no measurement, its page would take its place, or the page cannot be written; an earlier page is
/// then intact.
pub fn write(path: &Path, output: Option<&Path>) -> Result<PathBuf, MeasurementPageError> {
    let measurement = read_measurement(path)?;
    let output = output.map_or_else(|| path.with_extension("html"), Path::to_owned);
    let is_itself =
        output.canonicalize().is_ok_and(|place| path.canonicalize().is_ok_and(|own| own == place));
    if is_itself {
        return Err(MeasurementPageError::Itself(output));
    }
    let folder = Folder::open(path.parent().unwrap_or(Path::new("")));
    Ok(crate::write_file(&folder, &output, page(&measurement))?)
}

/// A count in full.
fn count(value: u64) -> String {
    number::count(usize::try_from(value).unwrap_or(usize::MAX))
}

/// `part` of `whole` as a percentage; of nothing there is none. What is not the whole is never 100 %.
fn share(part: u64, whole: u64) -> String {
    let percent = 100.0 * part as f64 / whole as f64;
    match percent {
        _ if part >= whole || percent < 99.5 => number::percent(part as f64 / whole as f64),
        _ if percent > 99.99 => "above 99.99\u{a0}%".into(),
        _ => format!("{percent:.2}\u{a0}%"),
    }
}

/// A length of time given in seconds.
fn seconds(value: f64) -> String {
    // An axis in seconds does not begin in microseconds.
    if value == 0.0 { "0\u{a0}s".into() } else { number::micros(value * 1e6) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_the_whole_is_not_a_hundred_percent() {
        for (part, whole, expected) in [
            (10_000, 10_000, "100\u{a0}%"),
            (9_998, 10_000, "99.98\u{a0}%"),
            (99_999, 100_000, "above 99.99\u{a0}%"),
            (995, 1_000, "99.50\u{a0}%"),
            (99, 100, "99\u{a0}%"),
            (1, 100_000, "below 0.01\u{a0}%"),
            (0, 0, number::NO_DATA),
        ] {
            assert_eq!(share(part, whole), expected, "{part} of {whole}");
        }
    }
}
