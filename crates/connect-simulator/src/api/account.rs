//! An account with Connect and SES: the things that operations read and change.

use std::sync::Mutex;

use connect_metrics::Limits;
use jiff::Timestamp;

use super::answer::RecentAnswers;
use super::mailbox::SentMessage;
use crate::centre::{Centre, Layout};

/// The time that it is for the rules about the past and the future.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The time of this computer.
    System,
    /// Always this instant.
    At(Timestamp),
}

impl Clock {
    pub(crate) fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::At(instant) => instant,
        }
    }
}

/// The account that all requests are of.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) centre: Centre,
    /// Rows a page at most.
    pub(crate) page_size: usize,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) layout: Layout,
    pub(crate) answers: Mutex<RecentAnswers>,
    pub(crate) messages: Mutex<Vec<SentMessage>>,
    /// The number of messages that were taken, for ids that never repeat.
    pub(crate) accepted: Mutex<u64>,
}
