//! The awaiting side's event loop.

use tokio::runtime::{Builder, Runtime};

/// An event loop on the calling thread, as the contenders have one a worker.
pub(crate) fn event_loop() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("this system gives an event loop its descriptors")
}
