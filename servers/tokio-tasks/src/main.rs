//! Front: tokio-tasks, over the async handlers.

fn main() {}
