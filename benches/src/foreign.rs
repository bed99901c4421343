//! Servers that nobody wrote for this project: a command or a URL, and one request that each answers right.
//!
//! They know no contract. Which process is theirs, where they listen, what they cost and how they end is read from outside.

mod asked;
mod listening;
mod origin;
mod server;

pub use asked::{Asked, AskedError};
pub use origin::{Origin, OriginError};
pub use server::{Place, Readiness, Server};
