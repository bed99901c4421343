//! One event loop: it accepts, and runs the tasks of what it accepted.

use std::{
    convert::Infallible,
    future,
    net::TcpListener as StdListener,
    sync::{Arc, mpsc::Sender},
};

use anyhow::Context;
use servers_async::Handlers;
use servers_contract::Refusal;
use servers_front::{AfterError, Notice, after_error, turn_away};
use servers_wire::alone;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{self, Handle},
    time,
};

use crate::{Service, connection, socket::Outside};

/// What an event loop is started with.
pub(crate) struct Worker {
    /// Shared with the other loops: each wakes for a new connection, and the first to ask gets it.
    pub(crate) listener: StdListener,
    pub(crate) service: Arc<Service>,
    /// Threads for offloaded work.
    pub(crate) pool: usize,
}

impl Worker {
    /// Runs the loop until the process ends; says first whether it could be started.
    pub(crate) fn run(self, started: &Sender<anyhow::Result<()>>) {
        let runtime =
            runtime::Builder::new_current_thread().enable_all().max_blocking_threads(self.pool).build();
        let served: anyhow::Result<Infallible> = runtime.context("no runtime").and_then(|runtime| {
            runtime.block_on(async {
                let (listener, handlers) = self.prepare()?;
                // Nobody waits for it once the process is going to end.
                let _ = started.send(Ok(()));
                self.accept(&listener, &handlers).await;
                // The tasks go on until the process, which drains, ends.
                future::pending().await
            })
        });
        let Err(error) = served;
        let _ = started.send(Err(error));
    }

    fn prepare(&self) -> anyhow::Result<(TcpListener, Handlers)> {
        let listener = self.listener.try_clone().context("could not share the listener")?;
        let listener = TcpListener::from_std(listener).context("could not watch the listener")?;
        let handlers = Handlers::start(self.service.contender.clone(), self.service.single.clone())
            .context("could not start the timer")?;
        let metrics = Handle::current().metrics();
        self.service.contender.report_tasks(move || metrics.num_alive_tasks() as u64);
        Ok((listener, handlers))
    }

    /// Accepts until the listener is shut down.
    async fn accept(&self, listener: &TcpListener, handlers: &Handlers) {
        let trouble = Notice::default();
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    self.service.contender.count_connection();
                    if let Err(refused) = self.start(stream, handlers) {
                        trouble.write(format_args!(
                            "turned a connection away: as many are open as --max-connections allows"
                        ));
                        handlers.refuse(Refusal::Busy);
                        if let Ok(stream) = refused.into_std() {
                            turn_away(&stream, &alone(Refusal::Busy, self.service.clock.second()));
                        }
                    }
                }
                Err(error) => match after_error(&error) {
                    AfterError::Next => {}
                    AfterError::Pause(pause) => {
                        trouble.write(format_args!("could not accept: {error}; trying again in {pause:?}"));
                        time::sleep(pause).await;
                    }
                    AfterError::End => return,
                },
            }
        }
    }

    /// Gives the connection a place and a task.
    fn start(&self, stream: TcpStream, handlers: &Handlers) -> Result<(), TcpStream> {
        let (stream, outside) = Outside::of(stream);
        let ticket = match self.service.connections.open(outside) {
            Ok(ticket) => ticket,
            Err(outside) => return Err(outside.reunite(stream)),
        };
        let (service, handlers) = (Arc::clone(&self.service), handlers.clone());
        tokio::spawn(async move {
            // An error here is a client that went away or was too slow to read; there is nobody left to tell.
            let _ = connection::serve(stream, &handlers, &service).await;
            drop(ticket);
        });
        Ok(())
    }
}
