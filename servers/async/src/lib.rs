//! Every endpoint answered by awaiting, with the precise timer and the cheap time-outs that this takes.
//!
//! The files have the same names as in `servers-sync`, so that the two can be read side by side; `timer`,
//! `deadlines`, `patience` and `single` have no counterpart there. An event loop is shared, so three things guard it: clippy
//! refuses blocking calls in this crate, the guardrail answers the deliberate one with an error, and each poll of a
//! handler is timed.
//!
//! A future that is made and never awaited does nothing at all; the workspace makes that an error:
//!
//! ```compile_fail
//! #![deny(unused_must_use)]
//! async fn save() {}
//! async fn handler() {
//!     save();
//! }
//! ```
//!
//! Awaited, the same code compiles:
//!
//! ```
//! #![deny(unused_must_use)]
//! async fn save() {}
//! async fn handler() {
//!     save().await;
//! }
//! ```

mod answer;
mod compute;
mod deadlines;
mod guard;
mod handlers;
mod patience;
mod single;
mod timer;
mod upstream;
mod wait;

pub use handlers::Handlers;
pub use patience::Patience;
pub use single::Single;
pub use timer::{Timer, Wait};
