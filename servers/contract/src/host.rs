//! Which host a request names.

use std::net::Ipv6Addr;

use crate::uri::is_registered_name;

/// Whether `value` is a host with an optional port, as RFC 9110 §7.2 has it: `example.com`, `127.0.0.1:80`, `[::1]:80`.
///
/// The empty value is one: a client whose target has no authority sends it. User info, a path and blanks are not.
pub fn is_host(value: &[u8]) -> bool {
    let Ok(value) = str::from_utf8(value) else { return false };
    let (host, port) = match value.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => (address.parse::<Ipv6Addr>().is_ok(), port),
        None => {
            let (name, port) = value.split_at(value.find(':').unwrap_or(value.len()));
            (is_registered_name(name), port)
        }
    };
    host && is_port(port)
}

/// Nothing, or a colon and digits; RFC 3986 §3.2.3 allows none of them.
fn is_port(port: &str) -> bool {
    port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_and_addresses_with_or_without_a_port() {
        for host in ["", "a", "example.com", "127.0.0.1", "a:80", "a:", "[::1]", "[::1]:80", "a%20b", "a_b-c"]
        {
            assert!(is_host(host.as_bytes()), "{host:?}");
        }
    }

    #[test]
    fn what_else_could_be_read_from_a_host_is_refused() {
        for host in [
            "a b",
            "a/b",
            "user@a",
            "user:pass@a",
            "a:b",
            "a:80:80",
            "a:-1",
            "a?b",
            "a#b",
            "http://a",
            "a\tb",
            "a, b c",
            "[::1",
            "::1",
            "[a]",
            "[::1]a",
            "a%",
            "a%2",
            "a%zz",
            "a\"b",
            "a\\b",
            "\u{e4}",
        ] {
            assert!(!is_host(host.as_bytes()), "{host:?}");
        }
        assert!(!is_host(b"a\xffb"));
    }
}
