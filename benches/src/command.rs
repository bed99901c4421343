//! What each subcommand of `crossover` does; each gives the exit code to end with.

mod ask;
mod check;
mod compare;
mod contest;
mod cores;
mod diff;
mod doctor;
mod list;
mod namesakes;
mod path;
mod profile;
#[cfg(test)]
mod published;
mod run;
mod verify;

pub use self::ask::{Arguments as AskArguments, ask};
pub use self::check::check;
pub use self::compare::{Arguments as CompareArguments, compare};
pub use self::diff::diff;
pub use self::doctor::doctor;
pub use self::list::list;
pub use self::path::{Arguments as PathArguments, path};
pub use self::profile::{Arguments as ProfileArguments, profile};
pub use self::run::{resume, run};
pub use self::verify::verify;
