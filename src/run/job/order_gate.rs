//! Gates: runs that are under way at once do some things one after the other, in their order.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// A gate that lets runs pass in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct OrderGate(Arc<Places>);

#[derive(Debug)]
struct Places {
    /// The first place that has not passed.
    next: watch::Sender<usize>,
    /// Those behind it that have passed before it.
    passed: Mutex<BTreeSet<usize>>,
}

/// The place of a run at a gate. When it is dropped it has passed, whether it had its turn or needed none.
#[derive(Debug)]
pub(crate) struct GateSlot {
    gate: OrderGate,
    place: usize,
}

impl Default for Places {
    fn default() -> Self {
        Self { next: watch::Sender::new(0), passed: Mutex::default() }
    }
}

impl OrderGate {
    /// The slot for a place; the gate waits for each place once.
    pub(crate) fn slot(&self, place: usize) -> GateSlot {
        GateSlot { gate: self.clone(), place }
    }
}

impl GateSlot {
    /// Waits until all places before this one have passed.
    pub(crate) async fn wait(&self) {
        // The channel is never closed while a slot has it.
        let _ = self.gate.0.next.subscribe().wait_for(|next| *next >= self.place).await;
    }
}

impl Drop for GateSlot {
    fn drop(&mut self) {
        let Places { next, passed } = &*self.gate.0;
        let mut passed = passed.lock().unwrap_or_else(PoisonError::into_inner);
        passed.insert(self.place);
        next.send_modify(|next| {
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
    fn runs_pass_in_their_order() {
        let gate = OrderGate::default();
        let [first, second, third, fourth] = [0, 1, 2, 3].map(|place| gate.slot(place));
        let may_pass = |slot: &GateSlot| slot.wait().now_or_never().is_some();
        assert!(may_pass(&first) && !may_pass(&second));
        drop(second);
        assert!(!may_pass(&third), "the first has not passed");
        drop(first);
        assert!(may_pass(&third) && !may_pass(&fourth));
    }
}
