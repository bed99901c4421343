//! The largest request and the longest work that a contender accepts, each with where the number comes from.

use std::time::Duration;

/// Longest `ms`: one minute, twice the longest long poll that public services keep open (30 s).
pub const WAIT_MAX: Duration = Duration::from_millis(60_000);

/// Most `rounds`: about a second of SHA-256 on a core with SHA instructions, a few without.
pub const ROUNDS_MAX: u32 = 10_000_000;

/// Largest `/payload`: 1 MiB. A thousand connections that do not read then hold 1 GiB, which still fits in memory.
pub const PAYLOAD_MAX: usize = 1 << 20;

/// Largest request body: 1 MiB, for the same reason (and nginx's `client_max_body_size`).
pub const BODY_LIMIT: usize = 1 << 20;

/// Longest request target in bytes: RFC 9110 §4.1 asks for at least 8,000.
pub const TARGET_LIMIT: usize = 8 * 1024;

/// Largest request head in bytes, request line and blank line included: the default of Node.js.
pub const HEAD_LIMIT: usize = 16 * 1024;

/// Most header fields in a request: Apache's default is 100, actix-web's fixed limit 96; a browser sends about 20.
pub const HEADERS_LIMIT: usize = 64;
