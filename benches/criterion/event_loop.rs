//! The awaiting side's event loop.

use tokio::runtime::{Builder, Runtime};

/// An event loop on the thread that enters it, as the contenders have one a worker.
pub(crate) fn event_loop() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("this system gives an event loop its descriptors")
}

/// Runs `work` as a task of `runtime` until it ends.
///
/// As a task, because that is what a connection is: the future given to `block_on` is woken by asking the kernel for
/// events first, which no request pays for.
pub(crate) fn as_task<T: Send + 'static>(
    runtime: &Runtime,
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    runtime.block_on(async { tokio::spawn(work).await.expect("the work of a bench ends well") })
}
