//! From a raw request to a reply: read, count, answer, survive.

use std::{fmt, io, sync::Arc};

use servers_contract::{Call, Process, Refusal, Reply};

use crate::{Single, Timer, answer::answer, guard::guarded, upstream::Upstream};

/// The handlers of one event loop; cloning is cheap.
#[derive(Clone)]
pub struct Handlers {
    pub(crate) process: Arc<dyn Process>,
    pub(crate) timer: Timer,
    pub(crate) single: Single,
    pub(crate) upstream: Arc<Upstream>,
}

impl Handlers {
    /// Handlers for the event loop that this is called on; `single` is to be the same for all loops of the process.
    ///
    /// # Errors
    /// The kernel gives no timer.
    ///
    /// # Panics
    /// Outside a tokio runtime that has I/O enabled.
    pub fn start(process: Arc<dyn Process>, single: Single) -> io::Result<Handlers> {
        let upstream = Arc::new(Upstream::of(process.upstream()));
        Ok(Handlers { process, timer: Timer::start()?, single, upstream })
    }

    /// Answers a request, awaiting whatever its endpoint waits for.
    ///
    /// Never fails: what is wrong with the request, and a handler's panic, come back as replies.
    /// Dropped early, it leaves nothing behind, save for work that was already handed to another thread.
    pub async fn respond(&self, method: &str, target: &str, body: &[u8]) -> Reply {
        let call = match Call::parse(method, target) {
            Ok(call) => call,
            Err(refusal) => return self.refuse(refusal),
        };
        let endpoint = call.endpoint();
        self.process.count_request(endpoint);
        let handler = async {
            assert!(!self.process.panics_in(endpoint), "told to panic");
            answer(&call, body, self).await
        };
        let answered = guarded(handler, endpoint, &*self.process).await;
        answered.unwrap_or_else(|refusal| self.refuse(refusal))
    }

    /// The reply for a request that the front refuses itself, such as one whose body is too large.
    pub fn refuse(&self, refusal: Refusal) -> Reply {
        self.process.count_refusal();
        refusal.reply()
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Handlers").finish_non_exhaustive()
    }
}
