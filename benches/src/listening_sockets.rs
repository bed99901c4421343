//! The TCP sockets of this machine that listen, found without reading about its connections.

use std::fs::File;
use std::io::{BufRead, BufReader};

use procfs::net::{TcpNetEntries, TcpNetEntry};
use procfs::{FromBufReadSI as _, current_system_info};

/// Each lists all listening sockets first, and next all connections (the kernel's `proc_net_tcp.rst`).
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// The state of a socket that listens, as the tables write it.
const LISTEN: &str = "0A";

/// Every TCP socket that listens; none of a table that the system does not show.
///
/// Stops at the first connection. A run opens and closes two hundred connections a second, each of which stays in the table for a minute
/// after its end.
pub(crate) fn listening_sockets() -> Vec<TcpNetEntry> {
    let tables = TABLES.iter().filter_map(|table| File::open(table).ok());
    tables.flat_map(|table| listening(BufReader::new(table))).collect()
}

/// The sockets of a table down to the first that does not listen.
fn listening(table: impl BufRead) -> Vec<TcpNetEntry> {
    let mut lines = table.lines().map_while(Result::ok);
    let heading = lines.next();
    let sockets = lines.take_while(|line| line.split_whitespace().nth(3) == Some(LISTEN));
    let head: String = heading.into_iter().chain(sockets).map(|line| line + "\n").collect();
    TcpNetEntries::from_buf_read(head.as_bytes(), current_system_info()).map(|all| all.0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};
    use std::net::{TcpListener, TcpStream};

    use procfs::net::TcpState;

    use super::*;

    const HEADING: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    fn line(number: usize, port: u16, state: &str, inode: u64) -> String {
        format!(
            "{number:4}: 0100007F:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1 \
             0000000000000000 100 0 0 10 0\n"
        )
    }

    /// Connections behind the sockets that listen, without an end.
    struct Endless(Vec<u8>, usize);

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = (&self.0[self.1..]).read(buffer)?;
            self.1 = (self.1 + count) % self.0.len();
            Ok(count)
        }
    }

    #[test]
    fn a_table_is_read_down_to_its_first_connection() {
        let head = [HEADING.to_owned(), line(0, 80, "0A", 7), line(1, 443, "0A", 8)].concat();
        let connections = Endless(line(2, 80, "06", 0).into_bytes(), 0);
        let found = listening(BufReader::new(Cursor::new(head).chain(connections)));
        let told: Vec<(u16, u64)> =
            found.iter().map(|socket| (socket.local_address.port(), socket.inode)).collect();
        assert_eq!(told, [(80, 7), (443, 8)]);
        assert!(listening(HEADING.as_bytes()).is_empty());
        assert!(listening("".as_bytes()).is_empty());
    }

    /// As this machine's kernel has it: a listener that began after a connection stands before it.
    #[test]
    fn a_listener_is_found_whatever_connections_there_are() {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(first.local_addr().unwrap()).unwrap();
        let later = TcpListener::bind("[::1]:0").ok();
        let found = listening_sockets();
        assert!(found.iter().all(|socket| socket.state == TcpState::Listen));
        for listener in [Some(&first), later.as_ref()].into_iter().flatten() {
            let address = listener.local_addr().unwrap();
            assert!(found.iter().any(|socket| socket.local_address == address), "{address}");
        }
        drop(client);
    }
}
