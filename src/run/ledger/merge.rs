//! Results merge: a process that has lost a run alone knows what became of the messages that it was
//! sending.

use std::collections::{BTreeSet, HashMap};

use crate::run::ledger::recipient::Recipient;
use crate::run::ledger::record::RunRecord;
use crate::run::outcome::{DeliveryState, RunState};

impl RunRecord {
    /// Takes in what a writer found out that had this run before and lost it: it alone knows what
    /// became of the messages that it was sending.
    pub(crate) fn merge_deliveries(&mut self, from: &Self) {
        let places = Places::new(&self.recipients);
        for known in &from.recipients {
            let Some(own) = places.find(known, &mut self.recipients) else {
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

    /// Takes in the results of a writer that has lost the run: those that it has not written yet.
    pub(crate) fn merge_unsaved(&mut self, from: &Self, news: &BTreeSet<usize>) {
        let (places, mut has_learned) = (Places::new(&self.recipients), false);
        for known in news.iter().filter_map(|index| from.recipients.get(*index)) {
            match places.find(known, &mut self.recipients) {
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
                // The other has made a message of its own, for others.
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
struct Places(HashMap<(Option<String>, String), usize>);

impl Places {
    fn new(recipients: &[Recipient]) -> Self {
        // Of two with one address the first counts.
        let all = recipients.iter().enumerate().rev();
        Self(all.map(|(index, recipient)| (owned(recipient), index)).collect())
    }

    /// The recipient with the address of another.
    fn find<'r>(
        &self,
        known: &Recipient,
        recipients: &'r mut [Recipient],
    ) -> Option<&'r mut Recipient> {
        recipients.get_mut(*self.0.get(&owned(known))?)
    }
}

/// The kind and the address of a recipient.
fn owned(recipient: &Recipient) -> (Option<String>, String) {
    let (kind, to) = recipient.address();
    (kind.map(str::to_owned), to.to_owned())
}
