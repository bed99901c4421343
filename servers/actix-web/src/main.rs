//! Front: actix-web, over the async handlers.

fn main() {}
