//! Front: tiny-http, over the sync handlers.

fn main() {}
