//! What the flags of a measurement come to.

use std::time::Duration;

use loadgen::{Client, Crew, Load, Pace, Pool, Request, Stop, show_span};
use reports_record::Arrivals;
use reports_terminal::counted;

/// A measurement as it will be made.
pub(crate) struct Plan {
    pub(crate) crew: Crew,
    pub(crate) load: Load,
    pub(crate) priming: Option<Request>,
}

impl Plan {
    /// What will run, how long it takes, and the seed.
    pub(crate) fn announcement(&self, client: &Client) -> String {
        let Self { crew, load, .. } = self;
        let pace = match &load.pace {
            Pace::Closed { think } if think.is_zero() => "closed loop".into(),
            Pace::Closed { think } => format!("closed loop, {} of think time", show_span(*think)),
            Pace::Open { course, .. } if !course.leaves_spacing() => format!("open loop, {course}"),
            Pace::Open { course, arrivals: Arrivals::Constant, .. } => {
                format!("open loop of {course}, constant")
            }
            Pace::Open { course, arrivals: Arrivals::Poisson, seed } => {
                format!("open loop of {course}, Poisson, seed {seed}")
            }
        };
        let length = match load.stop {
            Stop::After(window) if load.settle.is_some() => format!(
                "{} once every connection has had a reply (at most {}), {}",
                show_span(window),
                show_span(load.warm_up + load.settle.unwrap_or_default()),
                in_all(load, window)
            ),
            Stop::After(window) => format!(
                "{} after {} of warm-up, {}",
                show_span(window),
                show_span(load.warm_up),
                in_all(load, window)
            ),
            Stop::Requests(requests) => {
                format!("{} after {} of warm-up", counted(requests, "request"), show_span(load.warm_up))
            }
        };
        let opens = crew.pool == Pool::OnDemand && matches!(load.pace, Pace::Open { .. });
        let at_most = if opens { "at most " } else { "" };
        format!(
            "{} {} at {}: {pace}, connections: {at_most}{}, threads: {}, {length}",
            load.request.method(),
            load.request.url(),
            targets(client),
            crew.connections,
            crew.threads
        )
    }
}

/// The longest that a measurement with this window takes.
fn in_all(load: &Load, window: Duration) -> String {
    let measured = load.warm_up + load.settle.unwrap_or_default() + window;
    let longest = show_span(measured + load.grace);
    match load.grace_at_least.filter(|least| *least < load.grace) {
        Some(least) => format!(
            "at most {} in all ({longest} where a reply takes more than {} on average)",
            show_span(measured + least),
            show_span(least / Load::GRACE_IN_REPLIES)
        ),
        None => format!("at most {longest} in all"),
    }
}

/// The addresses that connections go to, and those that they do not.
fn targets(client: &Client) -> String {
    let addresses: Vec<String> = client.addresses().iter().map(ToString::to_string).collect();
    let left_out: Vec<String> =
        client.left_out().iter().map(|left| format!("{}: {}", left.address, left.cause)).collect();
    let in_turn = if addresses.len() > 1 { " in turn" } else { "" };
    let without = if left_out.is_empty() { String::new() } else { format!(" (not {})", left_out.join(", ")) };
    format!("{}{in_turn}{without}", addresses.join(" and "))
}
