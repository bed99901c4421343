//! Opening connections, and what the errors of sockets mean.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use nix::errno::Errno;
use reports_record::OutcomeKind;
use tokio::net::TcpStream;

/// A connection that did not come about.
#[derive(Debug)]
pub(crate) struct NotConnected {
    pub(crate) kind: OutcomeKind,
    pub(crate) source: io::Error,
}

/// Opens a connection within `timeout`; small requests are sent at once (`TCP_NODELAY`).
pub(crate) async fn connect(address: SocketAddr, timeout: Duration) -> Result<TcpStream, NotConnected> {
    let failed = |source: io::Error| NotConnected { kind: kind_of(&source), source };
    let stream = match tokio::time::timeout(timeout, TcpStream::connect(address)).await {
        Ok(connected) => connected.map_err(failed)?,
        Err(_) => return Err(failed(io::Error::from(Errno::ETIMEDOUT))),
    };
    stream.set_nodelay(true).map_err(failed)?;
    Ok(stream)
}

/// The kind of outcome that an error of a socket call is.
pub(crate) fn kind_of(error: &io::Error) -> OutcomeKind {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ECONNREFUSED) => OutcomeKind::Refused,
        Some(Errno::ECONNRESET | Errno::EPIPE | Errno::ECONNABORTED) => OutcomeKind::Reset,
        Some(Errno::ETIMEDOUT) => OutcomeKind::ConnectTimeout,
        Some(Errno::EMFILE | Errno::ENFILE) => OutcomeKind::LocalFd,
        // The first when binding has no port left, the second when connecting has none.
        Some(Errno::EADDRINUSE | Errno::EADDRNOTAVAIL) => OutcomeKind::LocalPort,
        _ => OutcomeKind::Io,
    }
}

/// What may be done about an error of connecting.
pub(crate) fn remedy(error: &io::Error) -> &'static str {
    match kind_of(error) {
        OutcomeKind::LocalFd => "raise the descriptor limit, or open fewer connections",
        OutcomeKind::LocalPort => "widen net.ipv4.ip_local_port_range, or open fewer connections",
        _ => "is the server listening there?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_whose_fault_it_is() {
        for (errno, kind) in [
            (Errno::ECONNREFUSED, OutcomeKind::Refused),
            (Errno::EPIPE, OutcomeKind::Reset),
            (Errno::EMFILE, OutcomeKind::LocalFd),
            (Errno::EADDRNOTAVAIL, OutcomeKind::LocalPort),
            (Errno::ENOBUFS, OutcomeKind::Io),
        ] {
            assert_eq!(kind_of(&io::Error::from(errno)), kind, "{errno}");
        }
    }
}
