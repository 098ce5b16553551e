//! The choices with which a simulator is started.

use std::time::Duration;

use connect_metrics::Limits;

use crate::api::account::SimulatorClock;
use crate::api::instance::Instance;
use crate::api::rates::Rates;
use crate::centre::{Centre, CentreKind, IntervalLayout};

/// The choices with which a simulator is started; the default is a small contact centre on any free port.
#[derive(Clone, Debug)]
pub struct Options {
    /// The kind of the contact centre.
    pub centre: CentreKind,
    /// The seed from which the contact centre is made.
    pub seed: u64,
    /// The port on 127.0.0.1; 0 for any free one.
    pub port: u16,
    /// The most rows of a page; small, so that clients have to page.
    pub page_size: usize,
    /// The clock for the rules about the past and the future.
    pub clock: SimulatorClock,
    /// The number of standard queues of the centre, see [`Centre::sized`].
    pub queues: usize,
    /// The limits of requests for figures. The figures themselves do not depend on them.
    pub limits: Limits,
    /// The rates of the account; `None` for no limit.
    pub rates: Option<Rates>,
    /// The time that each answer takes, as over a network.
    pub latency: Duration,
    /// The only instance; `None` for any, in the Region of its requests.
    pub instance: Option<Instance>,
    /// The layout of the intervals of windows.
    pub layout: IntervalLayout,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            centre: CentreKind::Ordinary,
            seed: 7,
            port: 0,
            page_size: 5,
            clock: SimulatorClock::System,
            queues: Centre::NAMED_QUEUES,
            limits: Limits::CURRENT,
            rates: None,
            latency: Duration::ZERO,
            instance: None,
            layout: IntervalLayout::default(),
        }
    }
}

impl Options {
    /// The same for tests: the centre has names that are hard for templates, headers and file names, and too few
    /// agents.
    pub fn awkward() -> Self {
        Self { centre: CentreKind::Awkward, ..Self::default() }
    }
}
