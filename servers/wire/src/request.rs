//! A complete request.

/// One request, borrowed from the decoder's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'buffer> {
    /// The method as sent; methods are case-sensitive.
    pub method: &'buffer str,
    /// The target as sent: usually path and query.
    pub target: &'buffer str,
    /// The body, without the framing of chunks.
    pub body: &'buffer [u8],
    /// What the client wants to become of the connection.
    pub persistence: Persistence,
}

impl Request<'_> {
    /// Whether the reply must come without its body: it then still tells the body's length (RFC 9110 §9.3.2).
    pub fn wants_no_body(&self) -> bool {
        self.method == "HEAD"
    }
}

/// What becomes of the connection after the reply, and what has to be said about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// HTTP/1.1 without `connection: close`: it stays open, and nothing needs saying.
    Stays,
    /// HTTP/1.0 with `connection: keep-alive`: it stays open, and the reply has to say so.
    StaysOnRequest,
    /// It closes.
    Closes,
}
