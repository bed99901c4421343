//! Where requests go.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::sync::mpsc;
use std::time::Duration;

use reports_record::shown;

/// Most of a wrong host or port that its error shows, characters.
const SHOWN: usize = 80;

/// Longest wait for a name to resolve; a run that cannot start says so within 5 s, connecting included.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(3);

/// An `http://` URL, which may leave that out: a host, a port and a request target. Without user info, fragment or control characters.
///
/// A small grammar of its own, stricter than browsers': what it does not understand it refuses, where a lenient parser
/// would send something other than what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    host: String,
    port: u16,
    target: String,
}

/// Why a text is not a URL that load can be sent to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// `https://`.
    #[error(
        "expected http://, found https:// (TLS is not spoken: measure a plain port, or put a plain listener in front)"
    )]
    Tls,
    /// Another scheme than plain HTTP.
    #[error("expected http://, found \"{found}://\" (only plain HTTP is spoken)", found = shown(.0, SHOWN))]
    Scheme(String),
    /// A word that may be a host's name as well as anything else.
    #[error("expected a URL such as http://127.0.0.1:8080/, found \"{found}\" (put http:// before the name of a host)", found = shown(.0, SHOWN))]
    NoScheme(String),
    /// `user:password@`.
    #[error("expected a URL without user info (pass credentials with --header 'authorization: …')")]
    UserInfo,
    /// A fragment, which clients keep to themselves.
    #[error("expected a URL without a fragment (what follows # is never sent)")]
    Fragment,
    /// Blanks, line breaks, other control characters, or characters beyond ASCII.
    #[error("expected printable ASCII without blanks, found {0:?} (percent-encode it)")]
    Character(char),
    /// No host, or one with characters that no host has.
    #[error(
        "expected a host after http://, such as 127.0.0.1, localhost or [::1], found \"{found}\"",
        found = shown(.0, SHOWN)
    )]
    Host(String),
    /// A port that is none.
    #[error("expected a port from 1 to 65535, found \"{found}\"", found = shown(.0, SHOWN))]
    Port(String),
}

/// Why a URL's host has no address.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The resolver said no.
    #[error(
        "could not resolve \"{name}\": {cause} (check the name, or use an address)",
        name = shown(host, SHOWN)
    )]
    Failed {
        /// The name.
        host: String,
        /// What the resolver said.
        cause: std::io::Error,
    },
    /// The resolver said nothing for too long.
    #[error(
        "could not resolve \"{name}\" within 3s (check the name server, or use an address)",
        name = shown(host, SHOWN)
    )]
    TimedOut {
        /// The name.
        host: String,
    },
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if let Some(bad) = text.chars().find(|c| !c.is_ascii_graphic()) {
            return Err(UrlError::Character(bad));
        }
        let rest = match text.split_at_checked(7) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http://") => rest,
            _ if is_address(text) => text,
            _ => return Err(refused_scheme(text)),
        };
        if rest.contains('#') {
            return Err(UrlError::Fragment);
        }
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        let (host, port) = split_authority(authority)?;
        Ok(Self { host: host.to_owned(), port, target: origin_form(target) })
    }
}

fn refused_scheme(text: &str) -> UrlError {
    match text.split_once("://") {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => UrlError::Tls,
        Some((scheme, _)) => UrlError::Scheme(scheme.into()),
        None => UrlError::NoScheme(text.into()),
    }
}

/// Whether `text` is a URL whose `http://` was left out, such as `localhost:8080/hello`. A word alone is not: it may be a
/// mistyped command.
fn is_address(text: &str) -> bool {
    !text.contains("://") && (text == "localhost" || text.contains(['.', ':', '/']) && !text.starts_with('/'))
}

/// The request target of everything after the authority; an empty path is `/`.
fn origin_form(path_and_query: &str) -> String {
    let slash = if path_and_query.starts_with('/') { "" } else { "/" };
    format!("{slash}{path_and_query}")
}

fn split_authority(authority: &str) -> Result<(&str, u16), UrlError> {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_v6 = authority.starts_with('[') && host.parse::<std::net::Ipv6Addr>().is_ok();
    let is_name =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if !is_v6 && (authority.starts_with('[') || !is_name) {
        return Err(UrlError::Host(authority.to_owned()));
    }
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok((host, 80)),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => match digits.parse() {
            Ok(port) if port > 0 => Ok((host, port)),
            _ => Err(UrlError::Port(digits.to_owned())),
        },
        _ => Err(UrlError::Port(port.trim_start_matches(':').to_owned())),
    }
}

impl Url {
    /// Path and query as they are sent, beginning with `/`.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Host and port as the `host` header carries them; port 80 is left out.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == 80 { host } else { format!("{host}:{}", self.port) }
    }

    /// The same server, another path and query; one that is not a target is refused as in a whole URL.
    ///
    /// # Errors
    /// When `target` holds what no URL may.
    pub fn with_target(&self, target: &str) -> Result<Self, UrlError> {
        format!("http://{}{}", self.authority(), origin_form(target)).parse()
    }

    /// Every address of the host, once, in the resolver's order; never empty.
    ///
    /// # Errors
    /// When there is none, or the resolver takes longer than 3 s.
    pub fn resolve(&self) -> Result<Vec<SocketAddr>, ResolveError> {
        let (sender, receiver) = mpsc::channel();
        let (host, port) = (self.host.clone(), self.port);
        // The system's resolver cannot be interrupted: it gets a thread that may be left behind.
        std::thread::spawn(move || {
            let found = (host.as_str(), port).to_socket_addrs().map(|found| {
                let mut addresses = Vec::new();
                found.for_each(|address| {
                    if !addresses.contains(&address) {
                        addresses.push(address)
                    }
                });
                addresses
            });
            // Nobody listens any more after the time-out.
            let _ = sender.send(found);
        });
        let failed = |cause| ResolveError::Failed { host: self.host.clone(), cause };
        match receiver.recv_timeout(RESOLVE_TIMEOUT) {
            Ok(Ok(addresses)) if addresses.is_empty() => {
                Err(failed(std::io::Error::other("it has no address")))
            }
            Ok(found) => found.map_err(failed),
            Err(_) => Err(ResolveError::TimedOut { host: self.host.clone() }),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.target)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_url_is_taken_apart_as_typed() {
        for (text, authority, target) in [
            ("http://127.0.0.1:8080/wait?ms=10", "127.0.0.1:8080", "/wait?ms=10"),
            ("http://localhost", "localhost", "/"),
            ("HTTP://a.b:80?x=1", "a.b", "/?x=1"),
            ("http://[::1]:9/a//b", "[::1]:9", "/a//b"),
            ("127.0.0.1:8080/wait?ms=10", "127.0.0.1:8080", "/wait?ms=10"),
            ("localhost", "localhost", "/"),
            ("localhost/a:b", "localhost", "/a:b"),
            ("[::1]:9", "[::1]:9", "/"),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!((url.authority().as_str(), url.target()), (authority, target), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_sent_as_typed_is_refused() {
        for text in [
            "",
            "/hello",
            "capcity",
            "ftp://localhost/",
            "user@localhost:80/",
            "https://localhost/",
            "http://",
            "http:///hello",
            "http://user:secret@localhost/",
            "http://localhost/\r\nx: y",
            "http://localhost/a b",
            "http://localhost/#top",
            "http://localhost:0/",
            "http://localhost:65536/",
            "http://localhost:+80/",
            "http://localhost:/",
            "http://a:b:c/",
            "http://[::1/",
            "http://[localhost]/",
            "http://[::1]x/",
            "http://löcalhost/",
        ] {
            assert!(text.parse::<Url>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn only_https_is_told_about_tls() {
        let refused = |text: &str| text.parse::<Url>().unwrap_err().to_string();
        assert!(refused("HTTPS://localhost/").contains("TLS is not spoken"));
        for (text, told) in [
            ("ftp://localhost/", "found \"ftp://\" (only plain HTTP is spoken)"),
            ("myhost", "found \"myhost\" (put http:// before the name of a host)"),
            ("/hello", "found \"/hello\" (put http:// before the name of a host)"),
        ] {
            assert!(refused(text).ends_with(told) && !refused(text).contains("TLS"), "{}", refused(text));
        }
    }

    #[test]
    fn a_name_without_address_is_named() {
        let url: Url = "http://no-such-host.invalid/".parse().unwrap();
        assert!(url.resolve().unwrap_err().to_string().contains("no-such-host.invalid"));
    }

    proptest! {
        #[test]
        fn what_is_accepted_reads_back_the_same(text in "http://[a-z\\[\\]:@0-9.]{0,12}[/?#a-z%]{0,9}") {
            if let Ok(url) = text.parse::<Url>() {
                prop_assert_eq!(url.to_string().parse::<Url>(), Ok(url));
            }
        }
    }
}
