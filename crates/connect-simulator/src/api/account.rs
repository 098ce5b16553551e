//! An account with Connect and SES, which operations read and change.

use std::sync::Mutex;

use connect_metrics::Limits;
use jiff::Timestamp;

use super::answer::RecentAnswers;
use super::mailbox::SentMessage;
use crate::centre::{Centre, IntervalLayout};

/// The clock for the rules about the past and the future.
#[derive(Clone, Copy, Debug)]
pub enum SimulatorClock {
    /// The time of this computer.
    System,
    /// Always this instant.
    At(Timestamp),
}

impl SimulatorClock {
    pub(crate) fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::At(instant) => instant,
        }
    }
}

/// The account of all requests.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) centre: Centre,
    /// The most rows of a page.
    pub(crate) page_size: usize,
    pub(crate) clock: SimulatorClock,
    pub(crate) limits: Limits,
    pub(crate) layout: IntervalLayout,
    pub(crate) answers: Mutex<RecentAnswers>,
    pub(crate) messages: Mutex<Vec<SentMessage>>,
    /// The number of accepted messages, for ids that never repeat.
    pub(crate) accepted: Mutex<u64>,
}
