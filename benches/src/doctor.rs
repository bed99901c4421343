//! Is this machine fit to measure, and what to change if not.
//!
//! [`Readings`] and [`Watch`] look; [`judge()`] is pure and says what that means; [`alike`] measures what is left of a
//! difference where there is none.

pub mod alike;
mod check;
mod judge;
mod readings;
mod watch;

pub use self::check::{Check, Fitness, is_fit, table};
pub use self::judge::judge;
pub use self::readings::Readings;
pub use self::watch::{Busiest, Watch};
