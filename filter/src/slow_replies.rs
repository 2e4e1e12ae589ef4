//! Replies that are given late: a refused request waits, and a tick answers it.
//!
//! Slowness costs an attacker connections and time, and a feigned failure must take as long as a real one. It must cost us
//! little: a reply that waits takes its own bytes and a place in a table of [`MOST`]; what the client still sends is thrown
//! away as it comes.

use crate::host;
use bartizan_engine::clock::Millis;
use bartizan_engine::exchange::Reply;
use std::time::Duration;

/// Replies that wait in a worker at the same time, for each configuration. One more is given at once.
const MOST: usize = 128;
/// How often a worker looks while a reply waits: how late one can be.
const TICK: Duration = Duration::from_millis(50);

/// The replies of this VM that wait.
#[derive(Debug, Default)]
pub(crate) struct SlowReplies {
    waiting: Vec<Waiting>,
    /// Whether ticks come often.
    is_ticking_fast: bool,
}

#[derive(Debug)]
struct Waiting {
    /// The stream's context.
    context: u32,
    since: Millis,
    reply: Reply,
}

impl Waiting {
    fn is_due(&self, now: Millis) -> bool {
        now.0.saturating_sub(self.since.0) >= u64::from(self.reply.delay_ms)
    }
}

impl SlowReplies {
    /// Keeps a reply until it is due.
    ///
    /// # Errors
    ///
    /// There is no room; the reply comes back and is to be given at once.
    pub(crate) fn keep(&mut self, context: u32, reply: Reply, now: Millis) -> Result<(), Reply> {
        if self.waiting.len() >= MOST {
            return Err(reply);
        }
        self.waiting.push(Waiting { context, since: now, reply });
        if !self.is_ticking_fast {
            self.is_ticking_fast = true;
            host::tick_every(TICK);
        }
        Ok(())
    }

    /// Takes the reply of a stream, due or not. `None` where none waits.
    pub(crate) fn take(&mut self, context: u32) -> Option<Reply> {
        let place = self.waiting.iter().position(|waiting| waiting.context == context)?;
        Some(self.waiting.swap_remove(place).reply)
    }

    /// Takes what is due, with the context of its stream. Once nothing waits, ticks come every `usual` again.
    pub(crate) fn due(&mut self, now: Millis, usual: Duration) -> Vec<(u32, Reply)> {
        for waiting in &mut self.waiting {
            // A clock that was set back: what was waited for is lost, but nothing waits until the old time comes again.
            waiting.since = waiting.since.min(now);
        }
        let due: Vec<_> = self.waiting.extract_if(.., |waiting| waiting.is_due(now)).collect();
        if self.waiting.is_empty() && self.is_ticking_fast {
            self.is_ticking_fast = false;
            host::tick_every(usual);
        }
        due.into_iter().map(|waiting| (waiting.context, waiting.reply)).collect()
    }
}
