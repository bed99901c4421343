//! One connection, from its first byte to its last.

use std::{io, net::TcpStream};

use servers_contract::Refusal;
use servers_front::Probe;
use servers_wire::{CONTINUE, Decoder, Replies};

use crate::{
    Service,
    socket::{Read, Socket},
};

/// Answers requests until either side ends the connection.
///
/// # Errors
/// The client is gone, or did not take a reply in time.
pub(crate) fn serve(stream: &TcpStream, service: &Service, probe: &mut impl Probe) -> io::Result<()> {
    let mut socket = Socket::new(stream, service.timeouts)?;
    let mut decoder = Decoder::default();
    let mut replies = Replies::default();
    loop {
        let answered_all = answer(&mut decoder, &mut replies, service, probe);
        if !replies.bytes().is_empty() {
            socket.write(replies.bytes())?;
            probe.written();
            replies.clear();
        }
        if replies.is_closing() {
            // What the client may still send is read: unread, it would reset the connection, and the reply be lost to that.
            return socket.linger();
        }
        if !answered_all {
            continue;
        }
        if decoder.take_continue() {
            socket.write(CONTINUE)?;
        }
        match socket.read(&mut decoder, probe)? {
            Read::More => {}
            Read::End => return Ok(()),
            Read::TooSlow => {
                replies.push_last(&service.handlers.refuse(Refusal::TooSlow), service.clock.second());
            }
        }
    }
}

/// Answers the requests that have arrived; `false` if it stopped before the last of them, to write first.
fn answer(decoder: &mut Decoder, replies: &mut Replies, service: &Service, probe: &mut impl Probe) -> bool {
    while !replies.is_full() && !replies.is_closing() {
        match decoder.next() {
            Ok(Some(request)) => {
                probe.parsed(request.target);
                let reply = service.handlers.respond(request.method, request.target, request.body);
                probe.handled();
                replies.push(&request, &reply, service.connections.is_draining(), service.clock.second());
            }
            Ok(None) => return true,
            Err(refusal) => replies.push_last(&service.handlers.refuse(refusal), service.clock.second()),
        }
    }
    false
}
