//! A request's target and its forms (RFC 9112 §3.2).

use crate::{Framing, Refusal, is_host, uri};

/// The path and query that a target names, as the client sent them; empty where it names none.
///
/// # Errors
/// The target has none of the four forms, or not the one that its method takes.
pub(crate) fn path_and_query<'target>(method: &str, target: &'target str) -> Result<&'target str, Refusal> {
    let named = match method {
        "CONNECT" => is_authority(target).then_some(""),
        _ if target.starts_with('/') => uri::is_path_and_query(target).then_some(target),
        "OPTIONS" if target == "*" => Some(""),
        _ => absolute(target),
    };
    named.ok_or(Refusal::Framing(Framing::Target))
}

/// The target of CONNECT: a host and a port.
fn is_authority(target: &str) -> bool {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    is_host(target.as_bytes())
        && target.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && is_port(port))
}

/// The path of the form that clients send to proxies and every server must accept: `http://host/path`. Another scheme
/// names nothing here.
fn absolute(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    // RFC 9110 §4.2.1: a URI of this scheme without a host must be rejected, and §4.2.4 for one with user info.
    let names_a_host = is_host(authority.as_bytes()) && !authority.is_empty() && !authority.starts_with(':');
    if !uri::is_scheme(scheme) || !names_a_host || !uri::is_path_and_query(path) {
        return None;
    }
    Some(if scheme.eq_ignore_ascii_case("http") { path } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_gives_its_path() {
        for (method, target, path) in [
            ("GET", "/hello?a=%20b", "/hello?a=%20b"),
            ("GET", "//hello", "//hello"),
            ("GET", "http://127.0.0.1:1/hello", "/hello"),
            ("GET", "HTTP://[::1]/hello?x", "/hello?x"),
            ("GET", "http://a", ""),
            ("GET", "http://a?x", "?x"),
            ("GET", "https://a/hello", ""),
            ("OPTIONS", "*", ""),
            ("CONNECT", "a:80", ""),
            ("CONNECT", "[::1]:80", ""),
        ] {
            assert_eq!(path_and_query(method, target), Ok(path), "{method} {target}");
        }
    }

    #[test]
    fn what_has_no_form_is_refused() {
        for (method, target) in [
            ("GET", "hello"),
            ("GET", "*"),
            ("GET", ""),
            ("GET", "a:80"),
            ("GET", "?x"),
            ("GET", "/hello#x"),
            ("GET", "/h\u{e4}llo"),
            ("GET", "/hel\"lo"),
            ("GET", "/hel\\lo"),
            ("GET", "/<hello>"),
            ("GET", "/%"),
            ("GET", "/%2"),
            ("GET", "/%zz"),
            ("GET", "http:///hello"),
            ("GET", "http://:80/hello"),
            ("GET", "http://user@a/hello"),
            ("GET", "http://a b/hello"),
            ("GET", "http://a/#x"),
            ("GET", "1http://a/hello"),
            ("GET", "http:/hello"),
            ("OPTIONS", "*x"),
            ("CONNECT", "/hello"),
            ("CONNECT", "a"),
            ("CONNECT", "a:"),
            ("CONNECT", ":80"),
            // The last colon of an address is not the one before a port.
            ("CONNECT", "[::1]"),
            ("CONNECT", "[::]"),
            ("CONNECT", "http://a:80/"),
        ] {
            let refused = Err(Refusal::Framing(Framing::Target));
            assert_eq!(path_and_query(method, target), refused, "{method} {target}");
        }
    }
}
