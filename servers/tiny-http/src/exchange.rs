//! One parsed request and its reply.

use std::io::{Cursor, Write};
use std::mem;

use servers_contract::{Refusal, Reply};
use servers_sync::Handlers;
use tiny_http::{Header, Request, Response, StatusCode};

use crate::{body, framing};

/// Reads the body, lets the handlers answer, and sends what they say. Blocks for all of that.
pub(crate) fn exchange(mut request: Request, handlers: &Handlers) {
    let body = framing::announced(&request).and_then(|announced| body::read(&mut request, announced));
    match body {
        Ok(body) => {
            let reply = handlers.respond(request.method().as_str(), request.url(), &body);
            send(request, reply);
        }
        Err(refusal) => refuse(request, refusal, handlers),
    }
}

/// Sends a refusal of the front's own.
pub(crate) fn refuse(request: Request, refusal: Refusal, handlers: &Handlers) {
    let reply = handlers.refuse(refusal);
    if body::can_be_dropped(&request) {
        send(request, reply);
    } else {
        abandon(request, reply);
    }
}

fn send(request: Request, reply: Reply) {
    // The library hides that a client has gone; what else can fail here ends the connection, and nobody is left to
    // be told.
    let _ = request.respond(response(reply));
}

/// Sends a reply and never drops the request, since dropping it would allocate the length that its head announces:
/// one head could abort the process.
///
/// The price is a thread and two descriptors of the library's, for as long as the process lives. Taking the connection
/// over is the only way to write without dropping; the reply then carries no length, so the client reads on until its
/// own time-out.
fn abandon(request: Request, reply: Reply) {
    let text = reply.body.clone();
    let mut stream = request.upgrade("none", response(reply));
    // As in `send`: a client that has gone needs no reply.
    let _ = stream.write_all(&text).and_then(|()| stream.flush());
    mem::forget(stream);
}

fn response(reply: Reply) -> Response<Cursor<std::borrow::Cow<'static, [u8]>>> {
    let header = |name: &str, value: &str| Header::from_bytes(name, value).ok();
    let headers = [
        header("Content-Type", reply.content_type),
        reply.allow.and_then(|methods| header("Allow", methods)),
    ];
    let headers = headers.into_iter().flatten().collect();
    let length = reply.body.len();
    Response::new(StatusCode(reply.status), headers, Cursor::new(reply.body), Some(length), None)
        // From 32,768 bytes on it would send chunks, as no other contender does.
        .with_chunked_threshold(usize::MAX)
}
