//! A runtime: it runs the tasks of the connections that are handed to it, on one event loop or on several that steal.

use std::{
    convert::Infallible,
    future, io,
    num::NonZeroUsize,
    sync::{Arc, mpsc::Sender},
};

use anyhow::Context;
use servers_async::Handlers;
use servers_contract::Refusal;
use servers_front::{NoProbe, Notice, StageProbe, turn_away};
use servers_wire::alone;
use tokio::{
    net::TcpStream,
    runtime::{self, Handle, Runtime},
    sync::mpsc::UnboundedReceiver,
};

use crate::{
    Service, connection,
    loops::{HandedOut, Place},
    socket::Outside,
};

/// What a runtime is started with.
pub(crate) struct Worker {
    /// Its connections.
    pub(crate) handed_out: UnboundedReceiver<HandedOut>,
    pub(crate) service: Arc<Service>,
    /// Threads for offloaded work.
    pub(crate) pool: usize,
    /// Threads that take work from each other; `None` for one event loop on the thread that runs it.
    pub(crate) stealing: Option<NonZeroUsize>,
}

impl Worker {
    /// Runs until the process ends; says first whether it could be started.
    pub(crate) fn run(mut self, started: &Sender<anyhow::Result<()>>) {
        let runtime = self.runtime();
        let served: anyhow::Result<Infallible> = runtime.context("no runtime").and_then(|runtime| {
            runtime.block_on(async {
                let handlers = self.prepare()?;
                // Nobody waits for it once the process is going to end.
                let _ = started.send(Ok(()));
                self.serve(&handlers).await;
                // The tasks go on until the process, which drains, ends.
                future::pending().await
            })
        });
        let Err(error) = served;
        let _ = started.send(Err(error));
    }

    fn runtime(&self) -> io::Result<Runtime> {
        let mut builder = match self.stealing {
            None => runtime::Builder::new_current_thread(),
            Some(threads) => {
                let mut builder = runtime::Builder::new_multi_thread();
                builder.worker_threads(threads.get()).thread_name("stealing");
                builder
            }
        };
        builder.enable_all().max_blocking_threads(self.pool).build()
    }

    fn prepare(&self) -> anyhow::Result<Handlers> {
        let handlers = Handlers::start(self.service.contender.clone(), self.service.single.clone())
            .context("could not start the timer")?;
        let metrics = Handle::current().metrics();
        let loop_waits = metrics.clone();
        self.service.contender.report_tasks(move || metrics.num_alive_tasks() as u64);
        self.service.contender.report_loop_waits(move || {
            (0..loop_waits.num_workers()).map(|worker| loop_waits.worker_park_count(worker)).sum()
        });
        Ok(handlers)
    }

    /// Starts what is handed out, until the thread that accepts has ended.
    async fn serve(&mut self, handlers: &Handlers) {
        let trouble = Notice::default();
        while let Some(HandedOut { stream, place, probe }) = self.handed_out.recv().await {
            let stream = match watched(stream) {
                Ok(stream) => stream,
                Err(error) => {
                    trouble.write(format_args!("could not watch a connection: {error}"));
                    continue;
                }
            };
            if let Err(refused) = self.start(stream, place, probe, handlers) {
                trouble.write(format_args!(
                    "turned a connection away: as many are open as --max-connections allows"
                ));
                handlers.refuse(Refusal::Busy);
                if let Ok(stream) = refused.into_std() {
                    turn_away(&stream, &alone(Refusal::Busy, self.service.clock.second()));
                }
            }
        }
    }

    /// Gives the connection a place and a task.
    fn start(
        &self,
        stream: TcpStream,
        place: Place,
        probe: Option<Box<StageProbe>>,
        handlers: &Handlers,
    ) -> Result<(), TcpStream> {
        let (stream, outside) = Outside::of(stream);
        let ticket = match self.service.connections.open(outside) {
            Ok(ticket) => ticket,
            Err(outside) => return Err(outside.reunite(stream)),
        };
        let (service, handlers) = (Arc::clone(&self.service), handlers.clone());
        // An error here is a client that went away or was too slow to read; there is nobody left to tell.
        match probe {
            None => tokio::spawn(async move {
                let _ = connection::serve(stream, &place, &handlers, &service, &mut NoProbe).await;
                drop((ticket, place));
            }),
            // A task of its own, so that the other kind has no room for a probe.
            Some(mut probe) => tokio::spawn(async move {
                probe.started();
                let _ = connection::serve(stream, &place, &handlers, &service, &mut *probe).await;
                // The log has it before the connection counts as closed, for which the process's end waits.
                drop(probe);
                drop((ticket, place));
            }),
        };
        Ok(())
    }
}

/// A connection on the event loop that calls this.
fn watched(stream: std::net::TcpStream) -> io::Result<TcpStream> {
    stream.set_nonblocking(true)?;
    TcpStream::from_std(stream)
}
