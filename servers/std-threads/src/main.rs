//! Front: std-threads, over the sync handlers.

fn main() {}
