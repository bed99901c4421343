//! One request and its reply.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use actix_web::body::{BodyStream, MessageBody, to_bytes_limited};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse, dev};
use servers_async::Handlers;
use servers_contract::limits::BODY_LIMIT;
use servers_contract::{Framing, Refusal, Reply};

use crate::head::{self, Body};

/// What a worker answers with.
#[derive(Debug)]
pub(crate) struct Worker {
    /// Of this worker's event loop: their timer is bound to it.
    pub(crate) handlers: Handlers,
    /// How long a body may take.
    pub(crate) body_timeout: Duration,
}

/// The default service: every request that the parser lets through.
pub(crate) async fn answer(request: HttpRequest, payload: Payload, worker: Data<Worker>) -> HttpResponse {
    let handlers = &worker.handlers;
    let body = match head::judge(&request) {
        Ok(body) => read(body, payload, worker.body_timeout).await,
        Err(refusal) => Err(refusal),
    };
    response(match body {
        Ok(body) => handlers.respond(request.method().as_str(), &head::target(&request), &body).await,
        Err(refusal) => handlers.refuse(refusal),
    })
}

/// Reads the whole body.
async fn read(body: Body, payload: Payload, limit: Duration) -> Result<Bytes, Refusal> {
    match (payload.into_inner(), body) {
        // Most requests: no timer is set and nothing is allocated for them.
        (dev::Payload::None, _) => Ok(Bytes::new()),
        (endless, Body::Endless(length)) => match timeout(limit, exactly(endless, length)).await {
            Ok(body) => body,
            Err(_) => Err(Refusal::TooSlow),
        },
        (some, Body::Whole) => {
            match timeout(limit, to_bytes_limited(BodyStream::new(some), BODY_LIMIT)).await {
                Ok(Ok(Ok(body))) => Ok(body),
                // Malformed chunks, or a client that is gone and reads no reply.
                Ok(Ok(Err(_))) => Err(Refusal::Framing(Framing::Chunk)),
                Ok(Err(_)) => Err(Refusal::BodyTooLarge),
                Err(_) => Err(Refusal::TooSlow),
            }
        }
    }
}

/// Reads this many bytes of a payload that does not end by itself. What comes beyond them is nobody's: the framework
/// closes the connection of such a request after its reply.
async fn exactly(payload: dev::Payload, length: usize) -> Result<Bytes, Refusal> {
    let mut stream = pin!(BodyStream::new(payload));
    let mut body = Vec::with_capacity(length);
    while body.len() < length {
        match poll_fn(|context| stream.as_mut().poll_next(context)).await {
            Some(Ok(part)) => body.extend_from_slice(&part[..part.len().min(length - body.len())]),
            // The client is gone and reads no reply.
            Some(Err(_)) | None => return Err(Refusal::Framing(Framing::Length)),
        }
    }
    Ok(body.into())
}

fn response(reply: Reply) -> HttpResponse {
    // The contract knows no status outside 200 to 599.
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static(reply.content_type)));
    if let Some(methods) = reply.allow {
        response.insert_header((ALLOW, HeaderValue::from_static(methods)));
    }
    if reply.close {
        response.force_close();
    }
    match reply.body {
        Cow::Borrowed(body) => response.body(Bytes::from_static(body)),
        Cow::Owned(body) => response.body(body),
    }
}
