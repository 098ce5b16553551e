//! The faults that the simulator has when told so: what AWS and networks do on bad days.

use std::collections::HashMap;
use std::time::Duration;

use fastrand::Rng;
use serde::Deserialize;
use tokio::sync::watch;

use crate::api::operation::Operation;

/// Something that goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Too many requests: status 429.
    Throttled,
    /// The service has a problem: status 500.
    ServerError,
    /// The request is done, and the answer is that of [`Self::ServerError`] all the same.
    ServerErrorAfter,
    /// The service takes nothing at the moment: status 503, `ServiceUnavailable`.
    Unavailable,
    /// The connection is closed without an answer, and nothing was done.
    Dropped,
    /// The request is done and then the connection closed: a message is kept, nobody is told.
    DroppedAfter,
    /// The answer comes so much later.
    Slow(Duration),
    /// The answer never comes.
    Silent,
    /// The request waits until this is over: another fault is told of its operation, or all are forgotten.
    /// Then it is done. A test holds one request so until another has come.
    Held,
    /// The request is done, and the answer ends in the middle.
    BrokenJson,
    /// The caller may not do this: status 403.
    Denied,
    /// Figures and lists: every page is the first one and has the same `NextToken`.
    RepeatedToken,
    /// SES does not take the message: its sender is not verified.
    Rejected,
    /// SES: the account has sent what it may in 24 hours.
    QuotaExceeded,
    /// SES: sending is paused for the account.
    SendingPaused,
    /// Figures: the first row of the page comes twice. This and the following faults spoil the
    /// answer to a request for figures that has a row; other answers stay as they are.
    RepeatedRow,
    /// Figures: a metric comes twice in the first row, with two values.
    RepeatedMetric,
    /// Figures: there is also a row of a queue that the request did not ask for.
    ForeignQueue,
    /// Figures: the first row also has a metric that was not asked for.
    UnaskedMetric,
    /// Figures: a value of the first row is no number (`"NaN"`, which the SDKs read as such).
    NotANumber,
    /// Figures: a value of the first row is -1, that of a count where there is one.
    Negative,
    /// Figures: the first row is of an interval after the window.
    StrayInterval,
    /// The request is done, and the answer has status 200 and no body.
    EmptyAnswer,
    /// The first entry of a list has no id, and the first row of figures no list of them.
    MissingMember,
    /// Figures and lists: the token of a page has expired. It hits no first page.
    ExpiredToken,
}

/// A fault as the body of `PUT /faults/{Operation}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToldFault {
    fault: String,
    times: Option<u32>,
    milliseconds: Option<u64>,
}

/// The faults in [`ToldFault`] by name. There is "slow" besides, which says for how long.
const NAMED: [(&str, Fault); 24] = [
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

/// The names of the faults in [`ToldFault`].
pub(crate) fn names() -> Vec<&'static str> {
    NAMED.iter().map(|(name, _)| *name).chain(["slow"]).collect()
}

impl ToldFault {
    /// The fault and how often it happens.
    pub(crate) fn read(&self) -> Result<(Fault, Option<u32>), String> {
        let named = NAMED.iter().find(|(name, _)| *name == self.fault).map(|(_, fault)| *fault);
        let fault = match (self.fault.as_str(), self.milliseconds) {
            ("slow", Some(milliseconds)) => Fault::Slow(Duration::from_millis(milliseconds)),
            ("slow", None) => return Err("\"slow\" needs \"milliseconds\"".to_owned()),
            (_, Some(_)) => return Err("only \"slow\" takes \"milliseconds\"".to_owned()),
            (other, None) => named.ok_or_else(|| {
                format!("there is no fault {other:?}; there are {}", names().join(", "))
            })?,
        };
        Ok((fault, self.times))
    }
}

/// The faults told and not yet used up.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    told: HashMap<Operation, (Fault, Option<u32>)>,
    /// The number of requests of which one has a fault by chance.
    by_chance: Option<(Rng, u32)>,
    /// Wakes those who wait for a fault to be over.
    changes: watch::Sender<()>,
}

/// The faults that happen by chance.
const CHANCES: [Fault; 8] = [
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
    pub(crate) fn tell(&mut self, operation: Operation, fault: Fault, times: Option<u32>) {
        self.told.insert(operation, (fault, times));
        self.changes.send_replace(());
    }

    /// Lets one of so many requests fail by chance, whatever its operation.
    pub(crate) fn leave_to_chance(&mut self, seed: u64, one_of: u32) {
        self.by_chance = Some((Rng::with_seed(seed), one_of));
    }

    pub(crate) fn clear(&mut self) {
        self.told.clear();
        self.by_chance = None;
        self.changes.send_replace(());
    }

    /// The changes to wait for while an operation's requests are held.
    pub(crate) fn held(&self, operation: Operation) -> Option<watch::Receiver<()>> {
        let is_held = self.told.get(&operation).is_some_and(|(told, _)| *told == Fault::Held);
        is_held.then(|| self.changes.subscribe())
    }

    /// The fault of the next request of an operation, which may be for its first page.
    pub(crate) fn take(&mut self, operation: Operation, is_first_page: bool) -> Option<Fault> {
        if is_first_page
            && self.told.get(&operation).is_some_and(|(told, _)| *told == Fault::ExpiredToken)
        {
            return None;
        }
        let Some((fault, left)) = self.told.get_mut(&operation) else {
            let (chance, one_of) = self.by_chance.as_mut()?;
            return (chance.u32(..*one_of) == 0).then(|| chance.choice(CHANCES)).flatten();
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
    fn a_fault_happens_as_often_as_told() {
        let mut faults = Faults::default();
        faults.tell(Operation::ListUsers, Fault::Denied, Some(2));
        assert_eq!(faults.take(Operation::ListQueues, true), None);
        assert_eq!(faults.take(Operation::ListUsers, true), Some(Fault::Denied));
        assert_eq!(faults.take(Operation::ListUsers, true), Some(Fault::Denied));
        assert_eq!(faults.take(Operation::ListUsers, true), None);
        faults.tell(Operation::ListUsers, Fault::Silent, None);
        faults.tell(Operation::ListUsers, Fault::Throttled, None);
        assert_eq!(faults.take(Operation::ListUsers, true), Some(Fault::Throttled));
        faults.tell(Operation::ListUsers, Fault::ExpiredToken, Some(1));
        assert_eq!(faults.take(Operation::ListUsers, true), None);
        assert_eq!(faults.take(Operation::ListUsers, false), Some(Fault::ExpiredToken));
        assert_eq!(faults.take(Operation::ListUsers, false), None);
        faults.clear();
        assert_eq!(faults.take(Operation::ListUsers, true), None);
    }

    #[test]
    fn every_name_is_a_fault() {
        for name in names() {
            let told = ToldFault {
                fault: name.to_owned(),
                times: Some(3),
                milliseconds: (name == "slow").then_some(10),
            };
            assert_eq!(told.read().unwrap().1, Some(3));
        }
        let unknown = r#"{"fault": "sleepy"}"#;
        let unknown: ToldFault = serde_json::from_str(unknown).unwrap();
        assert!(unknown.read().unwrap_err().contains("broken-json"));
    }
}
