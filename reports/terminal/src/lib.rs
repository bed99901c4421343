//! Text of this project's programs for the people and programs that read it.
//!
//! Talk (announcements, warnings, errors) goes to stderr by [`talk!`] and may be lost: a full disk or a reader that has
//! gone away ends no measurement. Data goes to stdout by [`print()`], and a program that cannot write it says so by its
//! exit code. A [`LiveLine`] is talk that is rewritten in place on a terminal. Counts are written by [`count()`] and [`counted()`].
//!
//! `println!` and `eprintln!` panic when they cannot write; the workspace's lints refuse them outside of tests.

mod beside;
mod count;
mod live_line;
mod stderr;
mod stdout;

pub use beside::decimals_beside;
pub use count::{count, counted};
pub use live_line::LiveLine;
#[doc(hidden)]
pub use stderr::write_line;
pub use stdout::print;
