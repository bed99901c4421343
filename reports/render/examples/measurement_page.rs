//! Prints the page of a made-up measurement, to look at: redirect it to a file and open that.
//!
//! Takes which one: `open` if not given, `closed`, `invalid`, `gap`, `errors`, `one` or `empty`.

#![allow(clippy::unwrap_used, reason = "what is made up is known to be whole")]

use std::error::Error;
use std::io::Write as _;

use reports_record::CheckStatus;

#[path = "../tests/made_up/mod.rs"]
mod made_up;

fn main() -> Result<(), Box<dyn Error>> {
    let mut measurement =
        match std::env::args().nth(1).as_deref() {
            None | Some("open" | "invalid" | "gap") => made_up::open(),
            Some("closed") => made_up::closed(),
            Some("errors") => made_up::all_errors(),
            Some("one") => made_up::one(),
            Some("empty") => made_up::empty(),
            Some(other) => return Err(format!(
                "no made-up measurement {other}, expected open, closed, invalid, gap, errors, one or empty"
            )
            .into()),
        };
    match std::env::args().nth(1).as_deref() {
        Some("invalid") => {
            measurement.certificate = made_up::certificate(CheckStatus::Fail);
            (measurement.complete, measurement.window_s) = (false, 2.6);
            measurement.sub_windows.truncate(5);
        }
        Some("gap") => measurement.sub_windows[8..12].iter_mut().for_each(|part| {
            (part.replies, part.service_time_us_p50, part.response_time_us_max) = (0, None, None);
        }),
        _ => {}
    }
    std::io::stdout().write_all(reports_render::measurement::page(&measurement).as_bytes())?;
    Ok(())
}
