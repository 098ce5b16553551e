//! The faults that the simulator has when told so: what AWS and networks do on bad days.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

/// The operations of AWS that the simulator has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Amazon Connect: the figures.
    GetMetricDataV2,
    /// Amazon Connect: the queues.
    ListQueues,
    /// Amazon Connect: the routing profiles.
    ListRoutingProfiles,
    /// Amazon Connect: the agents.
    ListUsers,
    /// Amazon SES v2: a message.
    SendEmail,
}

/// The text names no operation of the simulator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the simulator has no operation {0:?}; it has {names}", names = Operation::names())]
pub struct UnknownOperation(pub String);

impl Operation {
    /// Every operation.
    pub const ALL: &[Self] = &[
        Self::GetMetricDataV2,
        Self::ListQueues,
        Self::ListRoutingProfiles,
        Self::ListUsers,
        Self::SendEmail,
    ];

    /// The API's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GetMetricDataV2 => "GetMetricDataV2",
            Self::ListQueues => "ListQueues",
            Self::ListRoutingProfiles => "ListRoutingProfiles",
            Self::ListUsers => "ListUsers",
            Self::SendEmail => "SendEmail",
        }
    }

    fn names() -> String {
        let names: Vec<_> = Self::ALL.iter().map(|operation| operation.as_str()).collect();
        names.join(", ")
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Operation {
    type Err = UnknownOperation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|operation| operation.as_str() == text)
            .ok_or_else(|| UnknownOperation(text.to_owned()))
    }
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Too many requests: status 429.
    Throttled,
    /// The service has a problem: status 500.
    ServerError,
    /// The connection is closed without an answer, and nothing was done.
    Dropped,
    /// The request is done and then the connection closed: a message is kept, nobody is told.
    DroppedAfter,
    /// The answer comes so much later.
    Slow(Duration),
    /// The answer never comes.
    Silent,
    /// The request is done, and the answer ends in the middle.
    BrokenJson,
    /// The caller may not do this: status 403.
    Denied,
    /// Figures and lists: every page is the first one and has the same `NextToken`.
    RepeatedToken,
    /// SES does not take the message: its sender is not verified.
    Rejected,
}

/// A fault as the body of `PUT /faults/{Operation}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToldFault {
    fault: String,
    times: Option<u32>,
    milliseconds: Option<u64>,
}

/// The names of the faults in [`ToldFault`].
pub(crate) const FAULT_NAMES: [&str; 10] = [
    "throttled",
    "server-error",
    "dropped",
    "dropped-after",
    "slow",
    "silent",
    "broken-json",
    "denied",
    "repeated-token",
    "rejected",
];

impl ToldFault {
    /// The fault and how often it happens.
    pub(crate) fn read(&self) -> Result<(Fault, Option<u32>), String> {
        let fault = match (self.fault.as_str(), self.milliseconds) {
            ("slow", Some(milliseconds)) => Fault::Slow(Duration::from_millis(milliseconds)),
            ("slow", None) => return Err("\"slow\" needs \"milliseconds\"".to_owned()),
            (_, Some(_)) => return Err("only \"slow\" takes \"milliseconds\"".to_owned()),
            ("throttled", None) => Fault::Throttled,
            ("server-error", None) => Fault::ServerError,
            ("dropped", None) => Fault::Dropped,
            ("dropped-after", None) => Fault::DroppedAfter,
            ("silent", None) => Fault::Silent,
            ("broken-json", None) => Fault::BrokenJson,
            ("denied", None) => Fault::Denied,
            ("repeated-token", None) => Fault::RepeatedToken,
            ("rejected", None) => Fault::Rejected,
            (other, None) => {
                let names = FAULT_NAMES.join(", ");
                return Err(format!("there is no fault {other:?}; there are {names}"));
            }
        };
        Ok((fault, self.times))
    }
}

/// The faults told and not yet used up.
#[derive(Debug, Default)]
pub(crate) struct Faults(HashMap<Operation, (Fault, Option<u32>)>);

impl Faults {
    pub(crate) fn tell(&mut self, operation: Operation, fault: Fault, times: Option<u32>) {
        self.0.insert(operation, (fault, times));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault of the next request of an operation.
    pub(crate) fn take(&mut self, operation: Operation) -> Option<Fault> {
        let (fault, left) = self.0.get_mut(&operation)?;
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
        assert_eq!(faults.take(Operation::ListQueues), None);
        assert_eq!(faults.take(Operation::ListUsers), Some(Fault::Denied));
        assert_eq!(faults.take(Operation::ListUsers), Some(Fault::Denied));
        assert_eq!(faults.take(Operation::ListUsers), None);
        faults.tell(Operation::ListUsers, Fault::Silent, None);
        faults.tell(Operation::ListUsers, Fault::Throttled, None);
        assert_eq!(faults.take(Operation::ListUsers), Some(Fault::Throttled));
        faults.clear();
        assert_eq!(faults.take(Operation::ListUsers), None);
    }

    #[test]
    fn every_name_is_a_fault() {
        for name in FAULT_NAMES {
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

    #[test]
    fn operations_are_known_by_the_names_of_the_api() {
        for operation in Operation::ALL {
            assert_eq!(operation.to_string().parse(), Ok(*operation));
        }
        assert!("GetMetricData".parse::<Operation>().is_err());
    }
}
