//! What a handler may ask of the process around it.

use std::time::Duration;

use crate::{Endpoint, Health, Stats, Upstream};

/// The process that handlers run in: it counts what they report and knows what only it can know.
///
/// Handlers do no I/O besides their workload; whoever starts them implements this.
pub trait Process: Send + Sync + 'static {
    /// A request reached its handler.
    fn count_request(&self, endpoint: Endpoint);
    /// A request was refused.
    fn count_refusal(&self);
    /// The guardrail stopped a blocking call.
    fn count_guardrail_trip(&self);
    /// A poll of this endpoint's handler held the event loop longer than [`Process::slow_poll`].
    fn count_slow_poll(&self, endpoint: Endpoint, held: Duration);
    /// Whether the guardrail lets blocking calls through.
    fn allow_blocking(&self) -> bool;
    /// How long a poll may hold an event loop before it is counted.
    fn slow_poll(&self) -> Duration;
    /// Fault injection: whether the handler of this endpoint is to panic.
    fn panics_in(&self, _endpoint: Endpoint) -> bool {
        false
    }
    /// The server that `/upstream` asks; `None` where there is none.
    fn upstream(&self) -> Option<Upstream> {
        None
    }
    /// The reply of `/health`.
    fn health(&self) -> Health;
    /// The reply of `/stats`.
    fn stats(&self) -> Stats;
}
