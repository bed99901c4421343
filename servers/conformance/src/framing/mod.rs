//! Ambiguous requests and the rules of the protocol: what a contender makes of each, and the document that shows it.

mod document;
mod observe;
mod rules;
mod table;

pub use document::{DocumentError, with_column};
pub(crate) use observe::answer;
pub use observe::{Answer, Answers, Delivery, observe};
pub use rules::{RULES, Right, Rule};
pub use table::{AMBIGUOUS, Ambiguous};
