//! `/health`: who answers, and with which settings in effect.

use serde::{Deserialize, Serialize};

/// How a contender's handlers wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// By blocking their thread.
    Sync,
    /// By awaiting on an event loop.
    Async,
}

/// The reply of `/health`. A reader tolerates fields that it does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The contender's name.
    pub contender: String,
    /// Version of the stack under test, such as `actix-web 4.11.0`.
    pub version: String,
    /// Sync or async.
    pub model: Model,
    /// As in the ready line ([`crate::Ready`]).
    pub nonce: String,
    /// What is in effect, not what was asked for.
    pub settings: Settings,
}

/// Effective settings. `null`, or a missing field, means: none, not applicable, or (in a foreign contender) unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Length of the listen queue, after the system's own bound (`net.core.somaxconn`).
    pub backlog: Option<u32>,
    /// Small replies are sent at once, on accepted connections.
    pub tcp_nodelay: Option<bool>,
    /// An idle connection is closed after this long.
    pub keep_alive_ms: Option<u64>,
    /// A head must be complete this long after its first byte.
    pub head_timeout_ms: Option<u64>,
    /// A body must be complete this long after its head.
    pub body_timeout_ms: Option<u64>,
    /// A batch of replies must be handed to the kernel within this long.
    pub write_timeout_ms: Option<u64>,
    /// Sent data must be acknowledged, and a closed window opened, within this long (`TCP_USER_TIMEOUT`).
    pub tcp_user_timeout_ms: Option<u64>,
    /// Event loops, one thread each.
    pub workers: Option<u64>,
    /// Size of a bounded pool of handler threads; `null` where there is a thread per request or per connection.
    pub threads: Option<u64>,
    /// More connections than this are answered 503 or wait.
    pub max_connections: Option<u64>,
    /// Largest request head in bytes.
    pub head_limit_bytes: Option<u64>,
    /// Largest request body in bytes.
    pub body_limit_bytes: Option<u64>,
    /// The guardrail lets blocking calls through.
    pub allow_blocking: Option<bool>,
    /// A poll longer than this is counted as slow.
    pub slow_poll_ms: Option<u64>,
    /// How late a thread's own sleep may be made on purpose, in nanoseconds (`PR_SET_TIMERSLACK`).
    pub timer_slack_ns: Option<u64>,
    /// Stack of a connection's or a request's thread, in bytes, where the contender chooses it.
    pub thread_stack_bytes: Option<u64>,
    /// Descriptors that the process may open.
    pub descriptor_limit: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_contender_may_leave_settings_out_and_add_its_own() {
        let line = r#"{"contender":"x","version":"1","model":"sync","nonce":"n","settings":{"threads":4,"x":1},"y":2}"#;
        let health: Health = serde_json::from_str(line).unwrap();
        assert_eq!(health.model, Model::Sync);
        assert_eq!(health.settings, Settings { threads: Some(4), ..Settings::default() });
    }
}
