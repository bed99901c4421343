//! The thread that accepts.

use std::{net::TcpListener, sync::Arc, thread};

use servers_front::{AfterError, Contender, Notice, StageLog, after_error};

use crate::loops::Loops;

/// Accepts until the listener is shut down, and hands each connection to an event loop.
pub(crate) fn accept(
    listener: &TcpListener,
    contender: &Contender,
    mut loops: Loops,
    stages: Option<&Arc<StageLog>>,
) {
    let trouble = Notice::default();
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                contender.count_connection();
                loops.hand_out(stream, stages.map(StageLog::accepted));
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
