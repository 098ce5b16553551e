//! The merging of results: only the process that was sending a message knows how that ended, even after it has
//! lost the run.

use std::collections::{BTreeSet, HashMap};

use crate::run::ledger::recipient::Recipient;
use crate::run::ledger::record::RunRecord;
use crate::run::outcome::{DeliveryState, RunState};

impl RunRecord {
    /// Takes in the results that a writer has added which had this run before, and lost it.
    pub(crate) fn merge_deliveries(&mut self, from: &Self) {
        let index = RecipientIndex::new(&self.recipients);
        for known in &from.recipients {
            let Some(own) = index.find(known, &mut self.recipients) else {
                continue;
            };
            let is_news = match known.status {
                DeliveryState::Sent => own.status != DeliveryState::Sent,
                DeliveryState::Failed => own.status == DeliveryState::Unknown && own.by == known.by,
                DeliveryState::Pending | DeliveryState::Sending | DeliveryState::Unknown => false,
            };
            if is_news {
                own.adopt(known);
            }
        }
        if self.status != RunState::Running {
            self.recompute_status();
        }
    }

    /// Takes in the results that a writer which has lost the run has not written yet: those of `news`.
    pub(crate) fn merge_unsaved(&mut self, from: &Self, news: &BTreeSet<usize>) {
        let index = RecipientIndex::new(&self.recipients);
        let mut has_learned = false;
        for known in news.iter().filter_map(|place| from.recipients.get(*place)) {
            match index.find(known, &mut self.recipients) {
                Some(own) => {
                    let is_open =
                        matches!(own.status, DeliveryState::Sending | DeliveryState::Unknown);
                    let sent =
                        known.status == DeliveryState::Sent && own.status != DeliveryState::Sent;
                    if sent || is_open && own.by == known.by {
                        own.adopt(known);
                        has_learned = true;
                    }
                }
                // The new holder has made a message of its own, for other recipients.
                None if known.status == DeliveryState::Failed => {}
                None => {
                    self.recipients.push(known.clone());
                    has_learned = true;
                }
            }
        }
        if has_learned && self.status != RunState::Running {
            self.recompute_status();
        }
    }
}

/// The place of each recipient in a record, by kind and address.
struct RecipientIndex(HashMap<(Option<String>, String), usize>);

impl RecipientIndex {
    fn new(recipients: &[Recipient]) -> Self {
        // The first of two recipients with the same address counts.
        let all = recipients.iter().enumerate().rev();
        Self(all.map(|(place, recipient)| (owned_address(recipient), place)).collect())
    }

    /// Finds the recipient with the same address.
    fn find<'r>(
        &self,
        known: &Recipient,
        recipients: &'r mut [Recipient],
    ) -> Option<&'r mut Recipient> {
        recipients.get_mut(*self.0.get(&owned_address(known))?)
    }
}

/// The kind and the address of a recipient.
fn owned_address(recipient: &Recipient) -> (Option<String>, String) {
    let (kind, to) = recipient.address();
    (kind.map(str::to_owned), to.to_owned())
}
