//! What every front shares: flags, listener, ready line, signals, counters.
//!
//! A contender's `main` describes its [`Front`] and hands a closure to [`run`]; everything that must be alike in
//! all contenders has then been done before the closure sees the listener:
//!
//! ```no_run
//! use servers_contract::Model;
//! use servers_front::{Flag, Front};
//!
//! const FRONT: Front = Front {
//!     name: "example",
//!     version: "example 1.0.0",
//!     model: Model::Sync,
//!     honours: &[Flag::Threads],
//! };
//!
//! fn main() -> std::process::ExitCode {
//!     servers_front::run(&FRONT, |start| {
//!         // … start threads or loops that accept from `start.listener` …
//!         start.contender.ready();
//!         start.stop.wait()
//!         // … answer what is in flight, for `start.flags.grace` at most …
//!     })
//! }
//! ```
//!
//! Exit codes: 0 after a drain, 1 when serving failed, 2 when it could not start, 128 + n on a second signal n.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "crossover measures on Linux only: its contenders need timerfd, TCP_USER_TIMEOUT and the counters in /proc; \
     build them on Linux, in a container or a virtual machine if need be"
);

mod accept;
mod clock;
mod connections;
mod contender;
mod drain;
mod flags;
mod honours;
mod listen;
mod notice;
mod process_limits;
mod run;
mod stages;
mod stamped;
mod stop;
mod usage;

pub use accept::{AfterError, after_error, turn_away};
pub use clock::Clock;
pub use connections::{Connections, Ticket};
pub use contender::Contender;
pub use drain::drain;
pub use flags::Flags;
pub use honours::{Flag, Front};
pub use notice::{Notice, notice};
pub use run::{Start, run};
pub use stages::{NoProbe, Probe, StageLog, StageProbe};
pub use stamped::read_stamped;
pub use stop::{Failure, Stop};
