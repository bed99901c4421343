//! Rules of RFC 9110 and RFC 9112 for servers, beyond refusing ambiguous requests.

/// One request, or two in one packet, and what must come for it.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The subject of the rule; unique.
    pub what: &'static str,
    /// Where the rule stands.
    pub section: &'static str,
    /// The bytes that are sent.
    pub sent: &'static [u8],
    /// The answer that the rule demands.
    pub right: Right,
}

/// The demand on the answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// It is answered, and so is the next request on its connection.
    Answered,
    /// It is answered, and nothing after it: the connection closes.
    Last,
    /// It is answered; the connection may close.
    Served,
    /// It is refused, and the connection closes.
    Refused,
    /// There is a final reply, whichever, and nothing is taken for another request.
    Prompt,
}

impl Right {
    /// Whether this cell of the document is right: what the contender answered, such as `200, open`.
    pub fn holds(self, cell: &str) -> bool {
        match self {
            Self::Answered => cell == "200, open",
            Self::Last => cell == "200, closed",
            Self::Served => ["200, open", "200, closed"].contains(&cell),
            Self::Refused => cell.starts_with('4') && cell.ends_with(", closed"),
            Self::Prompt => matches!(cell.split_once(", "), Some((_, "open" | "closed"))),
        }
    }

    /// As the document has it.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Answered => "200, open",
            Self::Last => "200, closed",
            Self::Served => "200",
            Self::Refused => "400, closed",
            Self::Prompt => "any reply",
        }
    }
}

/// `GET /hello` with these fields after its `host`.
macro_rules! get {
    ($what:literal, $section:literal, $fields:literal, $right:ident) => {
        sent!(
            $what,
            $section,
            concat!("GET /hello HTTP/1.1\r\nhost: conformance\r\n", $fields, "\r\n"),
            $right
        )
    };
}

/// `POST /echo` with these fields and this body after its `host`.
macro_rules! post {
    ($what:literal, $section:literal, $rest:literal, $right:ident) => {
        sent!($what, $section, concat!("POST /echo HTTP/1.1\r\nhost: conformance\r\n", $rest), $right)
    };
}

macro_rules! sent {
    ($what:literal, $section:literal, $sent:expr, $right:ident) => {
        Rule { what: $what, section: $section, sent: $sent.as_bytes(), right: Right::$right }
    };
}

/// Every rule: connections, hosts, targets, upgrades, expectations, fields, chunks.
pub const RULES: [Rule; 41] = [
    get!("close", "9112 §9.6", "connection: close\r\n", Last),
    get!("close in capitals", "9110 §7.6.1", "CONNECTION: CLOSE\r\n", Last),
    get!("close before keep-alive", "9112 §9.3", "connection: close, keep-alive\r\n", Last),
    get!("close after keep-alive", "9112 §9.3", "connection: keep-alive,close\r\n", Last),
    get!("close in a second field", "9110 §5.3", "connection: keep-alive\r\nconnection: close\r\n", Last),
    get!("close before a second field", "9110 §5.3", "connection: close\r\nconnection: keep-alive\r\n", Last),
    get!("an option that only begins with close", "9110 §7.6.1", "connection: closed\r\n", Answered),
    get!("keep-alive", "9112 §9.3", "connection: keep-alive\r\n", Answered),
    sent!(
        "a request after close in the same packet",
        "9112 §9.6",
        "GET /hello HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\nGET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n",
        Last
    ),
    sent!(
        "a request after HTTP/1.0 in the same packet",
        "9112 §9.3",
        "GET /hello HTTP/1.0\r\n\r\nGET /nowhere HTTP/1.0\r\n\r\n",
        Last
    ),
    sent!(
        "a request after a refused one in the same packet",
        "9112 §9.6",
        "GET /hello HTTP/1.1\r\nhost: a/b\r\n\r\nGET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n",
        Refused
    ),
    sent!("HTTP/1.0", "9112 §9.3", "GET /hello HTTP/1.0\r\n\r\n", Last),
    sent!(
        "HTTP/1.0 with keep-alive",
        "9112 §9.3",
        "GET /hello HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
        Served
    ),
    sent!(
        "HTTP/1.0 with close and keep-alive",
        "9112 §9.3",
        "GET /hello HTTP/1.0\r\nconnection: keep-alive\r\nconnection: close\r\n\r\n",
        Last
    ),
    sent!("no host", "9112 §3.2", "GET /hello HTTP/1.1\r\n\r\n", Refused),
    sent!("an empty host", "9112 §3.2", "GET /hello HTTP/1.1\r\nhost:\r\n\r\n", Answered),
    sent!("a host with a blank", "9112 §3.2", "GET /hello HTTP/1.1\r\nhost: a b\r\n\r\n", Refused),
    sent!("a host with a slash", "9112 §3.2", "GET /hello HTTP/1.1\r\nhost: a/b\r\n\r\n", Refused),
    sent!("a host with a user", "9110 §4.2.4", "GET /hello HTTP/1.1\r\nhost: user@a\r\n\r\n", Refused),
    sent!("a port of letters", "9110 §7.2", "GET /hello HTTP/1.1\r\nhost: a:b\r\n\r\n", Refused),
    sent!(
        "a host with a blank in HTTP/1.0",
        "9112 §3.2",
        "GET /hello HTTP/1.0\r\nhost: a b\r\n\r\n",
        Refused
    ),
    sent!("an address of IPv6", "9110 §7.2", "GET /hello HTTP/1.1\r\nhost: [::1]:80\r\n\r\n", Answered),
    sent!("an absolute target", "9112 §3.2.2", "GET http://a/hello HTTP/1.1\r\nhost: a\r\n\r\n", Answered),
    sent!("a scheme in capitals", "9110 §4.2.3", "GET HTTP://a/hello HTTP/1.1\r\nhost: a\r\n\r\n", Answered),
    sent!("the target of OPTIONS", "9112 §3.2.4", "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n", Prompt),
    sent!("CONNECT", "9110 §9.3.6", "CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\n", Prompt),
    sent!("CONNECT with a path", "9112 §3.2.3", "CONNECT /hello HTTP/1.1\r\nhost: a\r\n\r\n", Refused),
    get!("an upgrade to HTTP/2", "9110 §7.8", "connection: upgrade\r\nupgrade: h2c\r\n", Served),
    get!("an upgrade to WebSocket", "9110 §7.8", "connection: upgrade\r\nupgrade: websocket\r\n", Served),
    post!(
        "an upgrade with a body",
        "9110 §7.8",
        "connection: upgrade\r\nupgrade: websocket\r\ncontent-length: 5\r\n\r\nhello",
        Served
    ),
    post!(
        "an upgrade with chunks",
        "9110 §7.8",
        "connection: upgrade\r\nupgrade: websocket\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        Served
    ),
    sent!(
        "an expectation in HTTP/1.0",
        "9110 §10.1.1",
        "POST /echo HTTP/1.0\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\nhello",
        Last
    ),
    Rule {
        what: "a byte past ASCII in a field",
        section: "9110 §5.5",
        sent: b"GET /hello HTTP/1.1\r\nhost: conformance\r\nx-name: \xe4\r\n\r\n",
        right: Right::Answered,
    },
    get!("an empty field", "9112 §5.1", "x-empty:\r\nx-blank: \t \r\n", Answered),
    post!("a length with blanks around it", "9112 §5.1", "content-length: \t 5 \r\n\r\nhello", Answered),
    post!("a length with zeros before it", "9110 §8.6", "content-length: 005\r\n\r\nhello", Answered),
    sent!(
        "an empty line before the request",
        "9112 §2.2",
        "\r\nGET /hello HTTP/1.1\r\nhost: a\r\n\r\n",
        Answered
    ),
    sent!(
        "two empty lines before the request",
        "9112 §2.2",
        "\r\n\r\nGET /hello HTTP/1.1\r\nhost: a\r\n\r\n",
        Answered
    ),
    post!(
        "an extension of a chunk",
        "9112 §7.1.1",
        "transfer-encoding: chunked\r\n\r\n5;a;b=c;d=\"e;f g\"\r\nhello\r\n0\r\n\r\n",
        Answered
    ),
    post!(
        "blanks beside an extension",
        "9112 §7.1.1",
        "transfer-encoding: chunked\r\n\r\n5 ; a = b\r\nhello\r\n0\r\n\r\n",
        Answered
    ),
    post!(
        "a trailer",
        "9112 §7.1.2",
        "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-trailer: a\r\n\r\n",
        Answered
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_rule_has_a_name_of_its_own_and_fits_a_cell_of_a_table() {
        let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.what).collect();
        assert_eq!(names.len(), RULES.len());
        for rule in RULES {
            assert!(!rule.sent.contains(&b'|') && !rule.sent.contains(&b'`'), "{}", rule.what);
        }
    }

    #[test]
    fn what_is_described_as_right_holds() {
        for right in [Right::Answered, Right::Last, Right::Refused] {
            assert!(right.holds(right.describe()), "{right:?}");
        }
        for right in [Right::Answered, Right::Last, Right::Served, Right::Refused, Right::Prompt] {
            for wrong in ["200, then another", "waits", "closed", "100, then 200, closed"] {
                assert!(!right.holds(wrong), "{right:?}: {wrong}");
            }
        }
    }
}
