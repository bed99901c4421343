//! The HTTP/1.1 codec that the control pair shares.
//!
//! Pure: bytes in, requests out; replies in, bytes out. It never touches a socket or a clock, so that both controls
//! do exactly the same work per request and differ in how they wait for the bytes alone.
//!
//! A connection's loop, whichever way it waits:
//!
//! 1. take requests from the [`Decoder`] until it has no complete one, answer each, push the reply to [`Replies`];
//! 2. write what the replies add up to, once;
//! 3. read into [`Decoder::space`], for as long as [`Timeouts`] allows the present [`Progress`] to take.
//!
//! Strict where leniency would leave it open where a request ends or which host it names: see
//! [`servers_contract::Framing`]. The form of a target is the contract's to judge.

mod chunks;
mod date;
mod decoder;
mod extension;
mod head;
mod replies;
mod request;
mod section;
mod timeouts;

pub use decoder::{Decoder, Progress};
pub use replies::{Replies, alone};
pub use request::{Persistence, Request};
pub use timeouts::{LINGER, LINGER_BYTES, Timeouts};

/// Bytes that each read asks for, and what an idle connection's buffer takes: a page holds any usual head.
pub const READ_SIZE: usize = 4096;

/// Buffers that grew beyond this are given back once they are empty, so that one large body does not stay.
pub(crate) const KEEP_SIZE: usize = 64 * 1024;

/// What an interim reply to `expect: 100-continue` looks like.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
