//! The runner under fault: contenders that fail, runners that are killed, folders that cannot be written.
//!
//! Each test runs `crossover` as a user does, in a project of its own whose contenders are shell scripts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod both_sides;
mod conditions;
#[path = "../deadline/mod.rs"]
mod deadline;
mod disk_full;
mod killed;
mod measuring;
mod project;
mod resuming;
mod server;
mod slices;
mod standstill;
mod starting;
mod waits;
