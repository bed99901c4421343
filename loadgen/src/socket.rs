//! Opening connections, and what the errors of sockets mean.

use std::io;
use std::net::SocketAddr;

use nix::errno::Errno;
use reports_record::OutcomeKind;
use tokio::net::TcpStream;

/// A connection that did not come about.
#[derive(Debug)]
pub(crate) struct NotConnected {
    pub(crate) kind: OutcomeKind,
    pub(crate) source: io::Error,
}

impl NotConnected {
    /// It took longer than it may.
    pub(crate) fn in_time() -> Self {
        io::Error::from(Errno::ETIMEDOUT).into()
    }
}

impl From<io::Error> for NotConnected {
    fn from(source: io::Error) -> Self {
        Self { kind: kind_of_opening(&source), source }
    }
}

/// Opens a connection, however long that takes; small requests are sent at once (`TCP_NODELAY`).
///
/// Where nothing listens on a port of this machine that clients may be given as their own, a connection may be given it and meet
/// itself (RFC 9293, §3.5). That is none to a server, and refused.
pub(crate) async fn connect(address: SocketAddr) -> Result<TcpStream, NotConnected> {
    let stream = TcpStream::connect(address).await?;
    let own = stream.local_addr()?;
    if own.port() == address.port() && stream.peer_addr().is_ok_and(|peer| peer == own) {
        return Err(io::Error::from(Errno::ECONNREFUSED).into());
    }
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The kind of outcome that an error of opening a connection is.
pub(crate) fn kind_of_opening(error: &io::Error) -> OutcomeKind {
    match kind_of(error) {
        OutcomeKind::Timeout => OutcomeKind::ConnectTimeout,
        // The route drops what is sent there, or, to a link-local address without an interface, there is none.
        OutcomeKind::Io if is(error, Errno::EINVAL) => OutcomeKind::Unreachable,
        kind => kind,
    }
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno as i32)
}

/// The kind of outcome that an error of an open connection is.
pub(crate) fn kind_of(error: &io::Error) -> OutcomeKind {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ECONNREFUSED) => OutcomeKind::Refused,
        Some(Errno::ECONNRESET | Errno::EPIPE | Errno::ECONNABORTED | Errno::ENETRESET) => OutcomeKind::Reset,
        Some(
            Errno::EHOSTUNREACH | Errno::ENETUNREACH | Errno::EHOSTDOWN | Errno::ENETDOWN | Errno::ENONET
            // A firewall on the way that says so: over IPv4 it makes the first of these, over IPv6 this one. A route that prohibits
            // makes it over both.
            | Errno::EACCES
            // A host that says that it speaks no TCP.
            | Errno::ENOPROTOOPT,
        ) => OutcomeKind::Unreachable,
        // Of an open connection: the kernel sent again and again, and the peer acknowledged nothing.
        Some(Errno::ETIMEDOUT) => OutcomeKind::Timeout,
        Some(Errno::EMFILE | Errno::ENFILE) => OutcomeKind::LocalFd,
        // The first when binding has no port left, the second when connecting has none.
        Some(Errno::EADDRINUSE | Errno::EADDRNOTAVAIL) => OutcomeKind::LocalPort,
        _ => OutcomeKind::Io,
    }
}

/// What may be done about a refused connection.
const NOTHING_LISTENS: &str = "nothing listens there: start the server, or check address and port";

/// What may be done about an error of connecting to `address`.
pub(crate) fn remedy(error: &io::Error, address: &SocketAddr) -> &'static str {
    match kind_of_opening(error) {
        OutcomeKind::Unreachable if is(error, Errno::EINVAL) && is_link_local(address) => {
            "a link-local address (fe80::...) means nothing without an interface: use another address of the server"
        }
        OutcomeKind::LocalFd => "raise the descriptor limit, or open fewer connections",
        OutcomeKind::LocalPort => {
            "widen net.ipv4.ip_local_port_range, open fewer connections, or use an address of a family that this machine has"
        }
        OutcomeKind::Unreachable => {
            "check the address, the route to it (ip route get ADDRESS) and the firewalls between"
        }
        OutcomeKind::ConnectTimeout => {
            "a server that listens there accepts no connection: its queue of them is full, or a firewall drops what is sent to it"
        }
        OutcomeKind::Io if is(error, Errno::EAFNOSUPPORT) => {
            "this machine does not speak that family of addresses: use another address of the server"
        }
        OutcomeKind::Io => "check this machine's firewall and its limits on sockets and memory",
        OutcomeKind::Reset => {
            "the server, or something in front of it, ended the connection at once; see why in its log"
        }
        _ => NOTHING_LISTENS,
    }
}

fn is_link_local(address: &SocketAddr) -> bool {
    matches!(address, SocketAddr::V6(address) if address.ip().is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_whose_fault_it_is() {
        for (errno, kind) in [
            (Errno::ECONNREFUSED, OutcomeKind::Refused),
            (Errno::EPIPE, OutcomeKind::Reset),
            (Errno::EHOSTUNREACH, OutcomeKind::Unreachable),
            (Errno::ENETUNREACH, OutcomeKind::Unreachable),
            (Errno::EHOSTDOWN, OutcomeKind::Unreachable),
            (Errno::ENETDOWN, OutcomeKind::Unreachable),
            (Errno::EACCES, OutcomeKind::Unreachable),
            (Errno::ENOPROTOOPT, OutcomeKind::Unreachable),
            (Errno::EPERM, OutcomeKind::Io),
            (Errno::EAFNOSUPPORT, OutcomeKind::Io),
            (Errno::EMFILE, OutcomeKind::LocalFd),
            (Errno::EADDRNOTAVAIL, OutcomeKind::LocalPort),
            (Errno::ENOBUFS, OutcomeKind::Io),
        ] {
            assert_eq!(kind_of(&io::Error::from(errno)), kind, "{errno}");
            assert_eq!(kind_of_opening(&io::Error::from(errno)), kind, "{errno}");
        }
    }

    #[test]
    fn only_a_connection_that_is_being_opened_runs_into_the_connect_timeout() {
        let timed_out = io::Error::from(Errno::ETIMEDOUT);
        assert_eq!(kind_of_opening(&timed_out), OutcomeKind::ConnectTimeout);
        assert_eq!(kind_of(&timed_out), OutcomeKind::Timeout);
    }

    #[test]
    fn only_of_a_refused_connection_it_is_said_that_nothing_listens() {
        for (errno, asks) in
            [(Errno::ECONNREFUSED, true), (Errno::ETIMEDOUT, false), (Errno::ECONNRESET, false)]
        {
            let remedy = remedy(&io::Error::from(errno), &address("192.0.2.1"));
            assert_eq!(remedy == NOTHING_LISTENS, asks, "{errno}: {remedy}");
        }
    }

    #[test]
    fn a_link_local_address_and_an_unknown_family_have_remedies_of_their_own() {
        let link_local = remedy(&io::Error::from(Errno::EINVAL), &address("fe80::1"));
        assert!(link_local.contains("link-local") && !link_local.contains("firewall"), "{link_local}");
        let family = remedy(&io::Error::from(Errno::EAFNOSUPPORT), &address("::1"));
        assert!(family.contains("family") && !family.contains("firewall"), "{family}");
    }

    #[test]
    fn an_unreachable_host_has_a_remedy_of_its_own() {
        for errno in [Errno::EHOSTUNREACH, Errno::ENETUNREACH, Errno::EACCES, Errno::EINVAL] {
            let remedy = remedy(&io::Error::from(errno), &address("192.0.2.1"));
            assert!(remedy.contains("route") && !remedy.contains("descriptor"), "{remedy}");
        }
    }

    fn address(host: &str) -> SocketAddr {
        SocketAddr::new(host.parse().unwrap(), 80)
    }
}
