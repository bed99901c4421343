//! Every endpoint answered by blocking the thread that asked.
//!
//! The files have the same names as in `servers-async`, so that the two can be read side by side; what differs is
//! how they wait and where they compute. No async runtime is in reach of this crate.

mod answer;
mod compute;
mod guard;
mod handlers;
mod upstream;
mod wait;

pub use handlers::Handlers;
