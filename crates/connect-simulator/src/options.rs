//! The choices that a simulator is started with.

use std::time::Duration;

use connect_metrics::Limits;

use crate::api::account::Clock;
use crate::api::instance::Instance;
use crate::api::rates::Rates;
use crate::centre::{Centre, Layout};

/// The choices that a simulator is started with; the default is a small contact centre on any free port.
#[derive(Clone, Debug)]
pub struct Options {
    /// The seed that the contact centre is made from.
    pub seed: u64,
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// Rows a page at most; small, so that clients have to page.
    pub page_size: usize,
    /// The time that it is for the rules about the past and the future.
    pub clock: Clock,
    /// The number of standard queues of the centre, see [`Centre::sized`].
    pub queues: usize,
    /// The limits of requests for figures. The figures themselves do not depend on them.
    pub limits: Limits,
    /// The rates of the account; `None`: any number of requests is answered.
    pub rates: Option<Rates>,
    /// The time that each answer takes, as over a network.
    pub latency: Duration,
    /// The only instance that there is; `None`: any, in the Region that requests for it go to.
    pub instance: Option<Instance>,
    /// The layout of the intervals of windows.
    pub layout: Layout,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 7,
            port: 0,
            page_size: 5,
            clock: Clock::System,
            queues: Centre::QUEUES,
            limits: Limits::CURRENT,
            rates: None,
            latency: Duration::ZERO,
            instance: None,
            layout: Layout::default(),
        }
    }
}
