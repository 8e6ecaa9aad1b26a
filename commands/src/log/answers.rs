//! Gives callers the outcome of their commits.
//!
//! Waking a task from another thread costs a system call, and the writer should not spend its time
//! on that. So it wakes only a few callers of a block, and each of them wakes a share of the
//! others.

use domain::log::{AppendError, Appended};
use tokio::sync::oneshot;

use super::commit::Prepared;

/// How many callers the writer wakes itself.
const WOKEN_MAX: usize = 2;

/// A commit that waits for its turn.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) prepared: Prepared,
    pub(crate) reply: ReplySender,
}

type Outcome = Result<Appended, AppendError>;

/// Where a caller waits.
pub(crate) type ReplySender = oneshot::Sender<Reply>;

/// What a caller gets: its own outcome, and those of others, to be passed on by dropping them.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) outcome: Outcome,
    pub(crate) of_others: Answers,
}

/// Answers that have not been delivered yet. Dropping them delivers them: a caller that went away
/// meanwhile takes nobody's answer with it.
#[derive(Debug, Default)]
pub(crate) struct Answers(Vec<(ReplySender, Outcome)>);

impl Answers {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    pub(crate) fn push(&mut self, sender: ReplySender, outcome: Outcome) {
        self.0.push((sender, outcome));
    }

    /// Wakes some of the callers, who wake the others.
    pub(crate) fn send(mut self) {
        while !self.0.is_empty() {
            let share = self.0.len().div_ceil(WOKEN_MAX).max(WOKEN_MAX);
            let others = self.0.split_off(self.0.len().saturating_sub(share));
            Self(others).send_through_one();
        }
    }

    fn send_through_one(mut self) {
        while let Some((sender, outcome)) = self.0.pop() {
            let of_others = Self(std::mem::take(&mut self.0));
            match sender.send(Reply { outcome, of_others }) {
                Ok(()) => return,
                // The caller may have gone away; its commit is durable all the same.
                Err(mut reply) => self.0 = std::mem::take(&mut reply.of_others.0),
            }
        }
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        for (sender, outcome) in self.0.drain(..) {
            let _ = sender.send(Reply { outcome, of_others: Self::default() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(first: u64) -> Outcome {
        Ok(Appended { first, last: first, fingerprint: 0, repeated: false })
    }

    /// As callers do: take the own outcome, pass the others on.
    fn take(receiver: &mut oneshot::Receiver<Reply>) -> Option<u64> {
        let reply = receiver.try_recv().ok()?;
        reply.outcome.ok().map(|it| it.first)
    }

    #[test]
    fn every_caller_gets_its_own_answer_whoever_goes_away() {
        for callers in 0..20_u64 {
            for gone in 0..=callers {
                let mut answers = Answers::with_capacity(4);
                let mut receivers = Vec::new();
                for n in 0..callers {
                    let (sender, receiver) = oneshot::channel();
                    answers.push(sender, outcome(n));
                    receivers.push(Some(receiver));
                }
                // Every other caller goes away: before its answer arrives, or right after it has
                // arrived.
                for n in (0..gone).step_by(2) {
                    receivers[n as usize] = None;
                }
                answers.send();
                for n in (1..gone).step_by(2) {
                    receivers[n as usize] = None;
                }
                // Those who were woken pass on what they have, in any order.
                let mut found = vec![None; callers as usize];
                for _ in 0..2 {
                    for (receiver, found) in receivers.iter_mut().zip(&mut found) {
                        *found = found.or_else(|| take(receiver.as_mut()?));
                    }
                }
                for n in gone..callers {
                    assert_eq!(found[n as usize], Some(n), "{callers} callers, {gone} gone");
                }
            }
        }
    }
}
