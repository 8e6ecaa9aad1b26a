//! One round of a notice: what is to be noted of each letter, and when a round stops because nobody can
//! be reached.

use domain::notice::{LATER_MAX, NoticeProgressed};

/// How many letters in a row that cannot be sent now mean that none can: the mail server is away.
pub(super) const OUTAGE_AFTER: usize = 5;

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was taken.
    Taken,
    /// It was refused for good.
    Refused,
    /// It could not be sent now, for this reason.
    Later(String),
}

/// A round.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// What is to be noted so far.
    pub(super) progress: NoticeProgressed,
    /// Why a letter could not be sent now, the last one.
    pub(super) why: String,
    /// Those in a row that could not be sent now.
    streak: Vec<u32>,
    stopped: bool,
}

impl Round {
    /// Goes on from what was noted.
    pub(super) fn of(progress: NoticeProgressed) -> Self {
        Self { progress, ..Self::default() }
    }

    /// Whether the rest waits for another round.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped || self.streak.len() >= OUTAGE_AFTER
    }

    /// Whether everybody was reached, or never will be.
    pub(super) fn has_all(&self) -> bool {
        !self.is_stopped() && self.streak.is_empty() && self.progress.later.is_empty()
    }

    /// Notes a letter to the next subscriber. What could not be sent now is noted once somebody behind it
    /// was reached: if nobody is, the next round begins with it.
    pub(super) fn note_next(&mut self, subscriber: u32, fate: &Fate) {
        if let Fate::Later(why) = fate {
            self.why.clone_from(why);
            self.streak.push(subscriber);
            return;
        }
        self.put_off_streak();
        if !self.stopped {
            self.progress.up_to = subscriber;
            self.count(fate);
        }
    }

    /// All subscribers were tried once.
    pub(super) fn end_pass(&mut self) {
        if !self.is_stopped() {
            self.put_off_streak();
        }
    }

    /// Notes a letter to one who was put off before.
    pub(super) fn note_again(&mut self, subscriber: u32, fate: &Fate) {
        if let Fate::Later(why) = fate {
            self.why.clone_from(why);
            self.streak.push(subscriber);
            return;
        }
        self.streak.clear();
        self.forget(subscriber);
        self.count(fate);
    }

    /// Nobody who was put off is left to be tried in this round.
    pub(super) fn end_again(&mut self) {
        if !self.is_stopped() {
            self.streak.clear();
        }
    }

    /// One who was put off was removed meanwhile.
    pub(super) fn forget(&mut self, subscriber: u32) {
        self.progress.later.retain(|it| *it != subscriber);
    }

    fn put_off_streak(&mut self) {
        let Some(last) = self.streak.last().copied() else { return };
        if self.progress.later.len() + self.streak.len() > LATER_MAX {
            self.stopped = true;
            return;
        }
        self.progress.later.append(&mut self.streak);
        self.progress.up_to = last;
    }

    fn count(&mut self, fate: &Fate) {
        let count = match fate {
            Fate::Taken => &mut self.progress.sent,
            Fate::Refused => &mut self.progress.failed,
            Fate::Later(_) => return,
        };
        *count = count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later() -> Fate {
        Fate::Later("put off 452".to_owned())
    }

    fn noted(fates: impl IntoIterator<Item = (u32, Fate)>) -> Round {
        let mut round = Round::default();
        for (subscriber, fate) in fates {
            if !round.is_stopped() {
                round.note_next(subscriber, &fate);
            }
        }
        round
    }

    #[test]
    fn who_cannot_be_reached_now_is_put_off_and_the_others_are_told() {
        let mut round = noted([(1, Fate::Taken), (2, later()), (4, Fate::Refused), (7, later())]);
        assert_eq!(round.progress.up_to, 4, "who is last is noted when the pass ends");
        round.end_pass();
        let NoticeProgressed { up_to, sent, failed, later } = round.progress.clone();
        assert_eq!((up_to, sent, failed, later), (7, 1, 1, vec![2, 7]));
        assert!(!round.has_all() && round.why == "put off 452");
        round.note_again(2, &Fate::Taken);
        round.forget(7);
        round.end_again();
        assert!(round.has_all());
        assert_eq!((round.progress.sent, round.progress.up_to), (2, 7));
    }

    #[test]
    fn several_in_a_row_are_an_outage_and_the_next_round_begins_with_them() {
        let fates = (1..=3).map(|it| (it, Fate::Taken)).chain((4..=20).map(|it| (it, later())));
        let mut round = noted(fates);
        round.end_pass();
        assert!(round.is_stopped() && !round.has_all());
        assert_eq!((round.progress.up_to, round.progress.later.len()), (3, 0));
        let mut next = Round::of(round.progress);
        (4..=20).for_each(|it| next.note_next(it, &Fate::Taken));
        next.end_pass();
        assert!(next.has_all());
        assert_eq!((next.progress.sent, next.progress.up_to), (20, 20));
    }

    #[test]
    fn an_outage_among_those_who_were_put_off_leaves_them_there() {
        let put_off =
            NoticeProgressed { up_to: 50, later: (1..=9).collect(), ..Default::default() };
        let mut round = Round::of(put_off.clone());
        (1..=OUTAGE_AFTER as u32).for_each(|it| round.note_again(it, &later()));
        round.end_again();
        assert!(round.is_stopped());
        assert_eq!(round.progress, put_off);
    }

    #[test]
    fn the_list_of_those_who_are_put_off_has_an_end() {
        let pairs = |count: u32| {
            (0..count).flat_map(|it| [(2 * it + 1, later()), (2 * it + 2, Fate::Taken)])
        };
        let at = noted(pairs(LATER_MAX as u32));
        assert!(!at.is_stopped() && at.progress.later.len() == LATER_MAX);
        let above = noted(pairs(LATER_MAX as u32 + 1));
        assert!(above.is_stopped());
        assert_eq!((above.progress.later.len(), above.progress.up_to), (LATER_MAX, 2_000));
    }
}
