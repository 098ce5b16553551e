//! The faults that the simulator has on request: failures of AWS and of networks.

use std::collections::HashMap;
use std::time::Duration;

use fastrand::Rng;
use serde::Deserialize;
use tokio::sync::watch;

use crate::api::operation::Operation;

/// A failure of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Too many requests: status 429.
    Throttled,
    /// The service has a problem: status 500.
    ServerError,
    /// The request is done, but the answer is that of [`Self::ServerError`].
    ServerErrorAfter,
    /// The service is not available at the moment: status 503, `ServiceUnavailable`.
    Unavailable,
    /// The connection is closed without an answer, and nothing was done.
    Dropped,
    /// The request is done, and the connection is closed without an answer; a message is kept.
    DroppedAfter,
    /// The answer is delayed by so much.
    Slow(Duration),
    /// The answer never comes.
    Silent,
    /// The request waits until its operation gets another fault or all are cleared, and is then done. With it a
    /// test holds one request until another has come.
    Held,
    /// The request is done, and the answer ends in the middle.
    BrokenJson,
    /// The caller may not do this: status 403.
    Denied,
    /// Figures and lists: every page is the first one and has the same `NextToken`.
    RepeatedToken,
    /// SES does not take the message: its sender is not verified.
    Rejected,
    /// SES: the account has reached its quota for 24 hours.
    QuotaExceeded,
    /// SES: sending is paused for the account.
    SendingPaused,
    /// Figures: the first row of the page comes twice. This and the following faults spoil the
    /// answer to a request for figures that has a row; other answers stay as they are.
    RepeatedRow,
    /// Figures: a metric comes twice in the first row, with two values.
    RepeatedMetric,
    /// Figures: there is also a row for a queue that was not requested.
    ForeignQueue,
    /// Figures: the first row also has a metric that was not requested.
    UnaskedMetric,
    /// Figures: a value of the first row is no number (`"NaN"`, which the SDKs read as such).
    NotANumber,
    /// Figures: a value of the first row is -1, that of a count where there is one.
    Negative,
    /// Figures: the first row's interval is after the window.
    StrayInterval,
    /// The request is done, and the answer has status 200 and no body.
    EmptyAnswer,
    /// The first entry of a list has no id; the first row of figures has no list of figures.
    MissingMember,
    /// Figures and lists: the token of a page has expired. First pages have no such fault.
    ExpiredToken,
}

/// A fault as the body of `PUT /faults/{Operation}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultRequest {
    fault: String,
    times: Option<u32>,
    milliseconds: Option<u64>,
}

/// The faults of a [`FaultRequest`] by name. There is also "slow", with a duration.
const NAMED_FAULTS: [(&str, Fault); 24] = [
    ("throttled", Fault::Throttled),
    ("server-error", Fault::ServerError),
    ("server-error-after", Fault::ServerErrorAfter),
    ("unavailable", Fault::Unavailable),
    ("dropped", Fault::Dropped),
    ("dropped-after", Fault::DroppedAfter),
    ("silent", Fault::Silent),
    ("held", Fault::Held),
    ("broken-json", Fault::BrokenJson),
    ("denied", Fault::Denied),
    ("repeated-token", Fault::RepeatedToken),
    ("rejected", Fault::Rejected),
    ("quota-exceeded", Fault::QuotaExceeded),
    ("sending-paused", Fault::SendingPaused),
    ("repeated-row", Fault::RepeatedRow),
    ("repeated-metric", Fault::RepeatedMetric),
    ("foreign-queue", Fault::ForeignQueue),
    ("unasked-metric", Fault::UnaskedMetric),
    ("not-a-number", Fault::NotANumber),
    ("negative", Fault::Negative),
    ("stray-interval", Fault::StrayInterval),
    ("empty-answer", Fault::EmptyAnswer),
    ("missing-member", Fault::MissingMember),
    ("expired-token", Fault::ExpiredToken),
];

/// The names of the faults of a [`FaultRequest`].
pub(crate) fn fault_names() -> Vec<&'static str> {
    NAMED_FAULTS.iter().map(|(name, _)| *name).chain(["slow"]).collect()
}

impl FaultRequest {
    /// The fault, and the number of requests that it affects.
    pub(crate) fn parse(&self) -> Result<(Fault, Option<u32>), String> {
        let named =
            NAMED_FAULTS.iter().find(|(name, _)| *name == self.fault).map(|(_, fault)| *fault);
        let fault = match (self.fault.as_str(), self.milliseconds) {
            ("slow", Some(milliseconds)) => Fault::Slow(Duration::from_millis(milliseconds)),
            ("slow", None) => return Err("\"slow\" needs \"milliseconds\"".to_owned()),
            (_, Some(_)) => return Err("only \"slow\" takes \"milliseconds\"".to_owned()),
            (other, None) => named.ok_or_else(|| {
                format!("there is no fault {other:?}; there are {}", fault_names().join(", "))
            })?,
        };
        Ok((fault, self.times))
    }
}

/// The faults that are set and not yet used up.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    by_operation: HashMap<Operation, (Fault, Option<u32>)>,
    /// The source of chance, and the number of requests of which one has a fault.
    by_chance: Option<(Rng, u32)>,
    /// Wakes requests that are held.
    changes: watch::Sender<()>,
}

/// The faults that happen by chance.
const RANDOM_FAULTS: [Fault; 8] = [
    Fault::Throttled,
    Fault::ServerError,
    Fault::ServerErrorAfter,
    Fault::Unavailable,
    Fault::Dropped,
    Fault::DroppedAfter,
    Fault::Slow(Duration::from_millis(100)),
    Fault::BrokenJson,
];

impl Faults {
    pub(crate) fn set_fault(&mut self, operation: Operation, fault: Fault, times: Option<u32>) {
        self.by_operation.insert(operation, (fault, times));
        self.changes.send_replace(());
    }

    /// Lets one of so many requests fail by chance, whatever its operation.
    pub(crate) fn leave_to_chance(&mut self, seed: u64, one_of: u32) {
        self.by_chance = Some((Rng::with_seed(seed), one_of));
    }

    pub(crate) fn clear_all(&mut self) {
        self.by_operation.clear();
        self.by_chance = None;
        self.changes.send_replace(());
    }

    /// The changes for which an operation's requests wait while they are held.
    pub(crate) fn hold_changes(&self, operation: Operation) -> Option<watch::Receiver<()>> {
        let is_held =
            self.by_operation.get(&operation).is_some_and(|(told, _)| *told == Fault::Held);
        is_held.then(|| self.changes.subscribe())
    }

    /// The fault of the next request of an operation, which may be for its first page.
    pub(crate) fn next_fault(
        &mut self,
        operation: Operation,
        is_first_page: bool,
    ) -> Option<Fault> {
        if is_first_page
            && self
                .by_operation
                .get(&operation)
                .is_some_and(|(told, _)| *told == Fault::ExpiredToken)
        {
            return None;
        }
        let Some((fault, left)) = self.by_operation.get_mut(&operation) else {
            let (chance, one_of) = self.by_chance.as_mut()?;
            return (chance.u32(..*one_of) == 0).then(|| chance.choice(RANDOM_FAULTS)).flatten();
        };
        match left {
            None => Some(*fault),
            Some(0) => None,
            Some(left) => {
                *left -= 1;
                Some(*fault)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_as_often_as_set() {
        let mut faults = Faults::default();
        faults.set_fault(Operation::ListUsers, Fault::Denied, Some(2));
        assert_eq!(faults.next_fault(Operation::ListQueues, true), None);
        assert_eq!(faults.next_fault(Operation::ListUsers, true), Some(Fault::Denied));
        assert_eq!(faults.next_fault(Operation::ListUsers, true), Some(Fault::Denied));
        assert_eq!(faults.next_fault(Operation::ListUsers, true), None);
        faults.set_fault(Operation::ListUsers, Fault::Silent, None);
        faults.set_fault(Operation::ListUsers, Fault::Throttled, None);
        assert_eq!(faults.next_fault(Operation::ListUsers, true), Some(Fault::Throttled));
        faults.set_fault(Operation::ListUsers, Fault::ExpiredToken, Some(1));
        assert_eq!(faults.next_fault(Operation::ListUsers, true), None);
        assert_eq!(faults.next_fault(Operation::ListUsers, false), Some(Fault::ExpiredToken));
        assert_eq!(faults.next_fault(Operation::ListUsers, false), None);
        faults.clear_all();
        assert_eq!(faults.next_fault(Operation::ListUsers, true), None);
    }

    #[test]
    fn every_name_is_a_fault() {
        for name in fault_names() {
            let told = FaultRequest {
                fault: name.to_owned(),
                times: Some(3),
                milliseconds: (name == "slow").then_some(10),
            };
            assert_eq!(told.parse().unwrap().1, Some(3));
        }
        let unknown = r#"{"fault": "sleepy"}"#;
        let unknown: FaultRequest = serde_json::from_str(unknown).unwrap();
        assert!(unknown.parse().unwrap_err().contains("broken-json"));
    }
}
