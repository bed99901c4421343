//! Ambiguous requests: the table, what a contender makes of each, and the document that shows it.

mod document;
mod observe;
mod table;

pub use document::{DocumentError, with_column};
pub use observe::{Answer, observe};
pub use table::{AMBIGUOUS, Ambiguous};
