//! One dedicated thread that runs offloaded work in order.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, OnceLock,
        mpsc::{self, Sender},
    },
    thread,
};

use servers_contract::Refusal;
use tokio::sync::oneshot;

/// The thread of `run=single`, for libraries that must stay on one thread; started when it is first needed.
///
/// Clones share the thread; it ends with the last of them.
#[derive(Clone, Debug, Default)]
pub struct Single {
    jobs: Arc<OnceLock<Sender<Job>>>,
}

type Job = Box<dyn FnOnce() + Send>;

impl Single {
    /// Runs `work` after everything that was given before, and awaits its result. A panic there is a panic here.
    ///
    /// Dropped early, the work is still done: threads cannot be cancelled.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if the thread could not be started; the next request tries again.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (finished, result) = oneshot::channel();
        let job = Box::new(move || {
            // Fails only if the request that asked is gone.
            let _ = finished.send(catch_unwind(AssertUnwindSafe(work)));
        });
        let jobs = catch_unwind(AssertUnwindSafe(|| self.jobs.get_or_init(start)));
        jobs.map_err(|_| Refusal::Busy)?.send(job).expect("the thread of run=single survives its jobs");
        match result.await.expect("the thread of run=single answers each job") {
            Ok(result) => Ok(result),
            Err(panic) => resume_unwind(panic),
        }
    }
}

fn start() -> Sender<Job> {
    // Unbounded, yet never longer than there are connections: each has one request in progress.
    let (sender, jobs) = mpsc::channel::<Job>();
    thread::Builder::new()
        .name("run-single".to_owned())
        .spawn(move || jobs.into_iter().for_each(|job| job()))
        // A panic leaves the lock open, so that it is tried again; std knows no other way to fail here.
        .expect("could not start the thread of run=single");
    sender
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::caught;
    use std::sync::Mutex;

    #[tokio::test]
    async fn work_runs_in_order_on_one_thread_other_than_the_loop() {
        let single = Single::default();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let job = |number: u32| {
            let seen = seen.clone();
            single.run(move || seen.lock().unwrap().push((number, thread::current().id())))
        };
        assert_eq!(tokio::join!(job(1), job(2), job(3)), (Ok(()), Ok(()), Ok(())));
        let seen = seen.lock().unwrap();
        assert_eq!(seen.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(seen.iter().all(|(_, id)| *id == seen[0].1 && *id != thread::current().id()));
    }

    #[tokio::test]
    async fn a_panic_reaches_the_handler_and_the_thread_lives_on() {
        let single = Single::default();
        assert!(caught(single.run(|| panic!("deliberate"))).await.is_none());
        assert_eq!(single.run(|| 7).await, Ok(7));
    }
}
