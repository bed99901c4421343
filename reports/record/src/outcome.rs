//! How a request can end, and whose fault it is.

use serde::{Deserialize, Serialize};

/// How one request ended. A kind's name in files is its name here in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// The expected reply, whole and correct.
    Ok,
    /// A whole reply whose status is not the expected one (4xx or 5xx by default).
    WrongStatus,
    /// The expected status with another body than the first verified reply had.
    WrongBody,
    /// Nobody listens at the address.
    Refused,
    /// The host or its network cannot be reached from here.
    Unreachable,
    /// The connection was not established within its time.
    ConnectTimeout,
    /// No whole reply within the request's deadline, or within the kernel's for an established connection.
    Timeout,
    /// The connection was reset by the peer.
    Reset,
    /// The connection was closed before any byte of the reply.
    Closed,
    /// The connection ended within a reply.
    Truncated,
    /// What came back is not HTTP/1.x, or frames itself ambiguously.
    Protocol,
    /// A reply whose head is beyond 64 KiB or 128 headers.
    HeadTooLarge,
    /// This machine has no descriptor left for the client.
    LocalFd,
    /// This machine has no local port left for the client.
    LocalPort,
    /// Any other error of a socket call.
    Io,
}

/// Who is to blame for an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The load generator or the machine it runs on.
    Client,
    /// The way to the server: it does not exist.
    Network,
    /// The server or the way to it: a connection could not be made in time, for the server accepts none or packets are lost.
    ServerOrNetwork,
    /// The server broke off or stayed silent.
    Server,
    /// The server answered, wrongly.
    Reply,
}

impl Fault {
    /// The name used on screen, before `'s fault`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Network => "network",
            Self::ServerOrNetwork => "server's or network",
            Self::Server => "server",
            Self::Reply => "reply",
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl OutcomeKind {
    /// Every kind, in the order that reports list them.
    pub const ALL: [Self; 15] = [
        Self::Ok,
        Self::WrongStatus,
        Self::WrongBody,
        Self::Refused,
        Self::Unreachable,
        Self::ConnectTimeout,
        Self::Timeout,
        Self::Reset,
        Self::Closed,
        Self::Truncated,
        Self::Protocol,
        Self::HeadTooLarge,
        Self::LocalFd,
        Self::LocalPort,
        Self::Io,
    ];

    /// Whose fault it is; `None` for [`OutcomeKind::Ok`].
    #[must_use]
    pub fn fault(self) -> Option<Fault> {
        match self {
            Self::Ok => None,
            Self::LocalFd | Self::LocalPort | Self::Io => Some(Fault::Client),
            Self::Unreachable => Some(Fault::Network),
            // A full accept queue is the server's, a lost packet the network's: from here they look the same.
            Self::ConnectTimeout => Some(Fault::ServerOrNetwork),
            Self::Refused | Self::Timeout | Self::Reset | Self::Closed | Self::Truncated => {
                Some(Fault::Server)
            }
            Self::WrongStatus | Self::WrongBody | Self::Protocol | Self::HeadTooLarge => Some(Fault::Reply),
        }
    }

    /// Whether a whole HTTP reply arrived, right or wrong.
    #[must_use]
    pub fn is_reply(self) -> bool {
        matches!(self, Self::Ok | Self::WrongStatus | Self::WrongBody)
    }

    /// The name used in files and on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::WrongStatus => "wrong_status",
            Self::WrongBody => "wrong_body",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::ConnectTimeout => "connect_timeout",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Truncated => "truncated",
            Self::Protocol => "protocol",
            Self::HeadTooLarge => "head_too_large",
            Self::LocalFd => "local_fd",
            Self::LocalPort => "local_port",
            Self::Io => "io",
        }
    }
}

impl std::fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_spelt_alike_in_files_and_on_screen() {
        for kind in OutcomeKind::ALL {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
    }

    #[test]
    fn a_fault_is_spelt_alike_in_files_and_on_screen() {
        for fault in OutcomeKind::ALL.into_iter().filter_map(OutcomeKind::fault) {
            let on_screen = fault.to_string().replace("'s or ", "_or_");
            assert_eq!(serde_json::to_string(&fault).unwrap(), format!("\"{on_screen}\""));
        }
    }

    #[test]
    fn only_a_good_reply_is_nobodys_fault() {
        for kind in OutcomeKind::ALL {
            assert_eq!(kind.fault().is_none(), kind == OutcomeKind::Ok, "{kind}");
        }
    }
}
