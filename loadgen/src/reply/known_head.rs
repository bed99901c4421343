//! The head that came last, recognised by its bytes.

use std::cell::{Cell, RefCell};

use super::head::Head;

/// Longest head that is kept: far beyond what a quick handler sends, and small beside one reply's buffers.
const LIMIT: usize = 1024;

/// The head that was read last, so that the very same bytes need not be read again.
///
/// A server that is asked the same question again and again begins its answers with the same bytes, but for a date that
/// changes once a second: comparing them takes a hundredth of the instructions that reading them does, which were a
/// quarter of all that a request cost. Shared by the connections of a thread; the same bytes mean the same head on
/// each, because all of them sent the same request.
#[derive(Debug, Default)]
pub(crate) struct KnownHead {
    last: RefCell<Option<(Vec<u8>, Head)>>,
    /// The most requests a connection that a head announced (`keep-alive: max=`).
    announced_requests: Cell<Option<u32>>,
}

impl KnownHead {
    /// The head at the beginning of `bytes` and its length, if it is the known one.
    #[inline]
    pub(super) fn recognise(&self, bytes: &[u8]) -> Option<(Head, usize)> {
        let known = self.last.borrow();
        let (text, head) = known.as_ref()?;
        bytes.starts_with(text).then_some((*head, text.len()))
    }

    /// The most requests a connection that any head announced.
    pub(crate) fn announced_requests(&self) -> Option<u32> {
        self.announced_requests.get()
    }

    /// A head announced that its connection carries this many requests more.
    pub(super) fn announce(&self, requests: Option<u32>) {
        self.announced_requests.set(self.announced_requests.get().max(requests));
    }

    /// Remembers that `text`, a whole head and nothing else, reads as `head`.
    pub(super) fn learn(&self, text: &[u8], head: Head) {
        if text.len() > LIMIT {
            return;
        }
        let mut known = self.last.borrow_mut();
        let (kept, meaning) = known.get_or_insert_with(|| (Vec::with_capacity(LIMIT), head));
        kept.clear();
        kept.extend_from_slice(text);
        *meaning = head;
    }
}
