//! Gates: runs that overlap do some things one after the other, in their order.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// A gate that lets runs pass in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct OrderGate(Arc<GateState>);

#[derive(Debug)]
struct GateState {
    /// The first place that has not passed.
    next: watch::Sender<usize>,
    /// The later places that have passed already.
    passed: Mutex<BTreeSet<usize>>,
}

/// The place of a run at a gate. Dropping it lets the run pass, with or without a turn.
#[derive(Debug)]
pub(crate) struct GateSlot {
    gate: OrderGate,
    place: usize,
}

impl Default for GateState {
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
        // A slot keeps the channel open, so this can't fail.
        let _ = self.gate.0.next.subscribe().wait_for(|next| *next >= self.place).await;
    }
}

impl Drop for GateSlot {
    fn drop(&mut self) {
        let GateState { next, passed } = &*self.gate.0;
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
    use std::cell::RefCell;

    use futures_util::future::{FutureExt as _, join_all};
    use proptest::prelude::*;

    use super::*;

    fn may_pass(slot: &GateSlot) -> bool {
        slot.wait().now_or_never().is_some()
    }

    #[test]
    fn runs_pass_in_their_order() {
        let gate = OrderGate::default();
        let [first, second, third, fourth] = [0, 1, 2, 3].map(|place| gate.slot(place));
        assert!(may_pass(&first) && !may_pass(&second));
        drop(second);
        assert!(!may_pass(&third), "the first has not passed");
        drop(first);
        assert!(may_pass(&third) && !may_pass(&fourth));
    }

    /// Each run that waits is woken when it may pass, however many pass at once.
    #[tokio::test]
    async fn those_who_wait_are_woken_in_their_order() {
        let (gate, passed) = (OrderGate::default(), RefCell::new(Vec::new()));
        let needs_no_turn = gate.slot(2);
        let waiting = [4, 3, 1, 0].map(|place| {
            let (slot, passed) = (gate.slot(place), &passed);
            async move {
                slot.wait().await;
                passed.borrow_mut().push(place);
            }
        });
        drop(needs_no_turn);
        join_all(waiting).await;
        assert_eq!(*passed.borrow(), [0, 1, 3, 4]);
    }

    /// A run that is given up while it waits holds up no other.
    #[test]
    fn a_run_that_stops_waiting_has_passed() {
        let gate = OrderGate::default();
        let [first, second, third] = [0, 1, 2].map(|place| gate.slot(place));
        let mut waiting = Box::pin(async move { second.wait().await });
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(waiting);
        assert!(!may_pass(&third), "the first has not passed");
        drop(first);
        assert!(may_pass(&third));
    }

    proptest! {
        /// A run may pass when all before it have passed, and no earlier, whatever the order in which they do.
        #[test]
        fn a_place_may_pass_when_all_before_it_have(
            order in Just((0..7).collect::<Vec<usize>>()).prop_shuffle()
        ) {
            let gate = OrderGate::default();
            let mut slots: Vec<_> = (0..order.len()).map(|place| Some(gate.slot(place))).collect();
            for done in order {
                slots[done] = None;
                let first = slots.iter().position(Option::is_some);
                for slot in slots.iter().flatten() {
                    prop_assert_eq!(may_pass(slot), Some(slot.place) == first, "{:?}", slot);
                }
            }
        }
    }
}
