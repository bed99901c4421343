//! The thread that accepts.

use std::{
    io,
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use servers_contract::Refusal;
use servers_front::{AfterError, Contender, NoProbe, Notice, StageLog, after_error, turn_away};
use servers_wire::alone;

use crate::{Service, THREAD_STACK, connection};

/// Accepts until the listener is shut down.
pub(crate) fn accept(listener: &TcpListener, contender: &Contender, service: &Arc<Service>) {
    let trouble = Notice::default();
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                contender.count_connection();
                if let Err(refused) = start(Arc::new(stream), service) {
                    trouble.write(format_args!("turned a connection away: {}", refused.reason));
                    service.handlers.refuse(Refusal::Busy);
                    turn_away(&refused.stream, &alone(Refusal::Busy, service.clock.second()));
                }
            }
            Err(error) => match after_error(&error) {
                AfterError::Next => {}
                AfterError::Pause(pause) => {
                    trouble.write(format_args!("could not accept: {error}; trying again in {pause:?}"));
                    thread::sleep(pause);
                }
                AfterError::End => return,
            },
        }
    }
}

/// A connection that gets no thread.
struct Refused {
    stream: Arc<TcpStream>,
    reason: io::Error,
}

/// Gives the connection a place and a thread.
fn start(stream: Arc<TcpStream>, service: &Arc<Service>) -> Result<(), Refused> {
    let ticket = service.connections.open(Arc::clone(&stream)).map_err(|stream| Refused {
        stream,
        reason: io::Error::other("as many are open as --max-connections allows"),
    })?;
    let (service, served) = (Arc::clone(service), Arc::clone(&stream));
    let probe = service.stages.as_ref().map(StageLog::accepted);
    let connection = move || {
        // An error here is a client that went away or was too slow to read; there is nobody left to tell.
        let _ = match probe {
            None => connection::serve(&served, &service, &mut NoProbe),
            Some(mut probe) => {
                probe.started();
                connection::serve(&served, &service, &mut *probe)
            }
        };
        drop(ticket);
    };
    thread::Builder::new()
        .stack_size(THREAD_STACK)
        .spawn(connection)
        .map(drop)
        .map_err(|reason| Refused { stream, reason })
}
