//! What faults do to pushes: decided where a push is queued, under the state's lock, so in the same order every time.

use bytes::Bytes;
use stend_core::fault::Effect;
use stend_core::journal::Channel;
use stend_core::{Timestamp, World};

use super::outbox::{Ending, Inner, Item, Outbox, Payload};
use crate::pipeline::{match_fault, part};

/// The most messages of a socket that faults hold back at a time.
const HELD: usize = 256;

impl Outbox {
    pub(super) fn put_or_misbehave(
        &self,
        inner: &mut Inner,
        world: &std::sync::Arc<World>,
        mut item: Item,
        now: Timestamp,
    ) {
        let client = inner.client.clone();
        let client = client.as_deref();
        let head = self.head(item.command);
        let exchange = self.exchange(Channel::Push, Some(item.command), &head, client.as_slice(), now, Bytes::new());
        let Some(hit) = match_fault(world, &exchange) else { return inner.put(item) };
        if let Some(pushed) = &mut item.pushed {
            pushed.fault = Some(hit.id.into());
        }
        match hit.effect {
            Effect::Drop => self.note_unsent(world, item),
            Effect::Duplicate => {
                let second = Item {
                    payload: item.payload.clone(),
                    pushed: item.pushed.clone(),
                    guard: item.guard.is_some().then(|| world.guard()),
                    ..item
                };
                inner.put(item);
                inner.items.push_back(second);
            }
            Effect::Reorder(later) => {
                // Nobody waits for what may never come.
                let item = Item { topic: None, guard: None, ..item };
                match inner.behind.len() < HELD {
                    true => inner.behind.push((later, item)),
                    false => self.end(inner, world, item, Ending::Overheld),
                }
            }
            Effect::Delay(span) => match inner.hold() {
                true => inner.items.push_back(Item { topic: None, hold: Some(span.after(now)), ..item }),
                false => self.end(inner, world, item, Ending::Overheld),
            },
            Effect::Truncate(percent) => {
                if let Payload::Text(text) = &mut item.payload {
                    *text = part(text, percent).into();
                }
                inner.put(item);
            }
            Effect::Garbage(bytes) => {
                item.payload = Payload::Binary(bytes.into());
                inner.put(item);
            }
            Effect::Close(code) => self.end(inner, world, item, Ending::Close(code)),
            Effect::Reset(_) => self.end(inner, world, item, Ending::Reset),
            // None of these is for pushes: a fault with one of them never matches one.
            Effect::Respond(_) | Effect::TooMany(_) | Effect::Dribble(_) | Effect::NoPong => inner.put(item),
        }
    }

    fn end(&self, inner: &mut Inner, world: &World, mut item: Item, ending: Ending) {
        inner.ending = Some((ending, item.guard.take()));
        self.note_unsent(world, item);
    }

    pub(super) fn note_unsent(&self, world: &World, mut item: Item) {
        if let Some(pushed) = item.pushed.take() {
            self.note(world, item.command, pushed, Bytes::new(), 0);
        }
    }

    /// One more message is held back; false if there are too many.
    pub(crate) fn hold(&self) -> bool {
        self.inner.lock().hold()
    }

    /// A message that was held back is no more.
    pub(crate) fn unhold(&self) {
        self.inner.lock().held -= 1;
    }

    /// Queues a push that was held back until now; one whose socket is gone is recorded as not sent.
    pub(crate) fn release(&self, mut item: Item) {
        let mut inner = self.inner.lock();
        inner.held -= 1;
        if let (Some(pushed), Some(until)) = (&mut item.pushed, item.hold.take()) {
            pushed.at = until;
        }
        if inner.closed {
            drop(inner);
            if let Some(world) = self.world() {
                self.note_unsent(&world, item);
            }
            return;
        }
        inner.items.push_back(item);
        inner.let_pass();
        inner.wake();
    }
}

impl Inner {
    fn hold(&mut self) -> bool {
        let can = self.held < HELD;
        self.held += usize::from(can);
        can
    }

    /// One more push goes to the socket: those that wait for it may follow.
    pub(super) fn let_pass(&mut self) {
        for (later, item) in std::mem::take(&mut self.behind) {
            match later {
                0 | 1 => self.items.push_back(item),
                more => self.behind.push((more - 1, item)),
            }
        }
    }
}
