//! Turns: runs that are under way at once do some things one after the other, in their order.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// Whose turn it is, by the places of runs.
#[derive(Debug)]
pub(crate) struct OrderGate {
    next: watch::Sender<usize>,
    /// Those behind the next one who have passed before it.
    passed: Mutex<BTreeSet<usize>>,
}

impl Default for OrderGate {
    fn default() -> Self {
        Self { next: watch::Sender::new(0), passed: Mutex::default() }
    }
}

impl OrderGate {
    /// Waits until all before this place have passed.
    pub(crate) async fn come(&self, place: usize) {
        // It is closed never.
        let _ = self.next.subscribe().wait_for(|next| *next >= place).await;
    }

    /// This place has had its turn, or needs none; to pass again changes nothing.
    pub(crate) fn pass(&self, place: usize) {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        self.next.send_modify(|next| {
            if place >= *next {
                passed.insert(place);
            }
            while passed.remove(next) {
                *next += 1;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::FutureExt as _;

    use super::*;

    #[test]
    fn turns_come_in_order() {
        let turns = OrderGate::default();
        let has_come = |place: usize| turns.come(place).now_or_never().is_some();
        assert!(has_come(0) && !has_come(1));
        turns.pass(1);
        assert!(!has_come(1), "the first has not passed");
        turns.pass(0);
        turns.pass(0);
        assert!(has_come(1) && has_come(2) && !has_come(3));
    }
}
