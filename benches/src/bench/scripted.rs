//! A server that does what a script says, as a process with a CPU of its own that it never gives up.

mod process;
mod script;
mod server;

pub use process::{SCRIPTED, Scripted, be_scripted};
pub use script::{Replies, Script, Spread};
pub use server::Punctuality;
