//! Pushes load at an HTTP server on a schedule, and certifies what it measured.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "crossover measures on Linux only: its load generator needs timerfd, CPU affinity and the counters in /proc; \
     build it on Linux, in a container or a virtual machine if need be"
);

mod backlog;
mod body_sha256;
mod bystanders;
pub mod capacity;
mod certificate;
mod client;
mod clock;
mod condition;
mod crew;
mod decimal;
mod descriptors;
mod draws;
mod ending_signals;
mod engine;
mod evidence;
mod expect;
#[doc(hidden)]
pub mod hot_path;
mod intended;
mod interrupt;
mod intervals;
mod load;
#[cfg(test)]
mod measured;
mod merge;
mod opening;
mod order;
mod progress;
mod rate;
mod raw_request;
mod reply;
mod request;
mod route;
mod schedule;
mod shared_starts;
mod socket;
mod span;
mod statuses;
mod tally;
mod thread;
mod timer;
mod url;
mod usage;
mod window;

pub use body_sha256::{BodySha256, BodySha256Error};
pub use client::{Client, MeasureError, StartError};
pub use condition::{Condition, ConditionError, Judgement, NoSuchFigure};
pub use crew::{Crew, CrewError, Pool};
pub use descriptors::TooFewDescriptors;
pub use draws::{Draws, DrawsError, Variant};
pub use ending_signals::ending_signals;
pub use expect::{Expect, ExpectBody};
pub use interrupt::Interrupt;
pub use intervals::{Counts, Interval};
pub use load::{Load, LoadError, Pace, Pacing, Stop};
pub use merge::{MergeError, Part, merge, merge_slices};
pub use opening::LeftOut;
pub use progress::Progress;
pub use rate::{Rate, RateError};
pub use raw_request::RawRequest;
pub use request::{Request, RequestError};
pub use schedule::{Bursts, BurstsError, Course, Replay, ReplayError, Schedule, Stages, StagesError};
pub use span::{parse_span, show_span};
pub use statuses::{Statuses, StatusesError};
pub use url::{ResolveError, Url, UrlError};
