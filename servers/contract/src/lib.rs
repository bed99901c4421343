//! What every contender answers: endpoints, parameters, refusals, expected replies.
//!
//! Pure: no socket, no clock, no thread, no HTTP library. A front hands over the raw method, target and body
//! and gets back either a [`Call`] or a [`Refusal`]; the handlers turn the call into a [`Reply`] and only
//! they wait. So that a contender in any language can answer alike, every text is fixed, nothing that a
//! client sent is repeated in a refusal, and the CPU work is plain SHA-256. What a contender says to the server that `/upstream` asks is
//! fixed as well ([`upstream`]).
//!
//! ```
//! use servers_contract::{Call, Refusal, expected};
//!
//! let call = Call::parse("GET", "/wait?ms=1.5").unwrap();
//! assert_eq!(expected(&call, b"").unwrap().body.as_ref(), b"waited 1500 us\n");
//!
//! let refused = Call::parse("GET", "/wait?ms=-1").unwrap_err();
//! assert_eq!(refused.reply().status, 400);
//! ```

mod call;
mod endpoint;
mod expected;
mod health;
mod host;
pub mod limits;
mod parameter;
mod process;
mod query;
mod ready;
mod refusal;
mod reply;
mod stages;
mod stats;
mod target;
pub mod upstream;
mod uri;
pub mod work;

pub use call::{Call, Run};
pub use endpoint::Endpoint;
pub use expected::expected;
pub use health::{Health, Model, Settings};
pub use host::is_host;
pub use parameter::Parameter;
pub use process::Process;
pub use ready::Ready;
pub use refusal::{Framing, Refusal};
pub use reply::{BINARY, JSON, Reply, TEXT};
pub use stages::{MOST_REQUESTS, RequestStages, StageTimes};
pub use stats::Stats;
pub use upstream::Upstream;
