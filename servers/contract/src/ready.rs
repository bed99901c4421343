//! The ready line.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// The first line on a contender's stdout: one line of JSON, printed and flushed once requests are answered.
///
/// A reader tolerates fields that it does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// The contender's name, as in its [`crate::Health`].
    pub contender: String,
    /// Where it listens, with the port that the system chose if it was asked for port 0.
    pub address: SocketAddr,
    /// Different for each process and repeated in `/health`: whoever answers there with another is not this process.
    pub nonce: String,
    /// Process id of the server, for people: the runner does not trust it.
    pub pid: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ready_line_is_read_back_and_may_carry_more() {
        let line = r#"{"contender":"x","address":"127.0.0.1:4102","nonce":"ab","pid":7,"extra":[1]}"#;
        let ready: Ready = serde_json::from_str(line).unwrap();
        assert_eq!(ready.address.port(), 4102);
        assert_eq!(serde_json::from_str::<Ready>(&serde_json::to_string(&ready).unwrap()).unwrap(), ready);
    }
}
