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
    /// What the contact centre is made from.
    pub seed: u64,
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// Rows a page at most; small, so that clients have to page.
    pub page_size: usize,
    /// What time it is for the rules about the past and the future.
    pub clock: Clock,
    /// How many standard queues the centre has, see [`Centre::sized`].
    pub queues: usize,
    /// What a request for figures may ask. The figures themselves do not depend on it.
    pub limits: Limits,
    /// How many requests the account may make; `None`: any number.
    pub rates: Option<Rates>,
    /// How long each answer takes, as over a network.
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
