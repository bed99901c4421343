//! Pushes load at an HTTP server on a schedule, and certifies what it measured.

mod clock;
mod decimal;
mod expect;
mod load;
mod rate;
mod reply;
mod request;
mod schedule;
mod span;
mod url;

pub use expect::{Expect, ExpectBody};
pub use load::{Load, LoadError, Pace, Stop};
pub use rate::{Rate, RateError};
pub use request::{Request, RequestError};
pub use schedule::Schedule;
pub use span::{parse_span, show_span};
pub use url::{ResolveError, Url, UrlError};
