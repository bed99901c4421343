//! What the benches of whole programs (`truths`, `pacing`, `peers`, `instructions`) share.
//!
//! [`started`]: by whom this program was started, and starting it again. [`scripted`]: a server that does what a script
//! says, to the microsecond. [`metered`]: a program that is run for what it costs. [`oha`]: the one other load
//! generator that is asked about times. [`place`]: CPUs and Ctrl-C. [`table`]: figures for people.

pub mod metered;
pub mod oha;
pub mod place;
pub mod scripted;
pub mod started;
pub mod table;
