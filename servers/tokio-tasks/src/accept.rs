//! The thread that accepts.

use std::{net::TcpListener, thread};

use servers_front::{AfterError, Contender, Notice, after_error};

use crate::loops::Loops;

/// Accepts until the listener is shut down, and hands each connection to an event loop.
pub(crate) fn accept(listener: &TcpListener, contender: &Contender, mut loops: Loops) {
    let trouble = Notice::default();
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                contender.count_connection();
                loops.hand_out(stream);
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
