//! The contact record, as far as the figures need it.
//!
//! Times are milliseconds since 1970-01-01T00:00:00Z. Queues and agents are indexes into
//! [`Centre::queues`](super::Centre::queues) and [`Centre::agents`](super::Centre::agents).

/// One contact record: one stay of a contact in one queue and with one agent. A transfer or a
/// callback makes another record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The queue; `None` for a contact that ended before it reached one. The index one past
    /// [`Centre::queues`](super::Centre::queues) is the deleted queue.
    pub queue: Option<usize>,
    /// The channel on which the customer and the centre meet.
    pub channel: Channel,
    /// The way in which the record began.
    pub initiation: InitiationMethod,
    /// The reason why it ended.
    pub disconnect_reason: DisconnectReason,
    /// `InitiationTimestamp`.
    pub initiated: i64,
    /// Its stay in the queue; `None` if it was never enqueued (an outbound call).
    pub waiting: Option<Waiting>,
    /// The work of the agent on it; `None` if it never reached one.
    pub handling: Option<Handling>,
    /// True if there is a `NextContactId`: the contact goes on as another record.
    pub continued: bool,
    /// True if there is a `TransferCompletedTimestamp`.
    pub transferred: bool,
    /// True if the agent dialled a callback that the customer did not pick up.
    pub callback_missed: bool,
    /// `DisconnectTimestamp`; the figures count a record in the interval that this falls in.
    pub disconnected: i64,
}

/// The stay in a queue (`QueueInfo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// `EnqueueTimestamp`.
    pub enqueued: i64,
    /// `QueueInfo.Duration` in milliseconds, the ringing included.
    pub duration: i64,
    /// The way in which it left the queue.
    pub exit: QueueExit,
}

/// The way in which a contact left its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueExit {
    /// An agent answered, or dialled a callback.
    Answered,
    /// The customer gave up, or the contact expired, before an agent rang.
    GaveUp,
    /// The customer gave up while an agent's phone rang.
    GaveUpRinging,
    /// The customer asked to be called back.
    AskedCallback,
    /// The flow moved it to another queue.
    Moved,
}

/// The work of an agent on a contact (`Agent` of the record).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handling {
    /// The agent.
    pub agent: usize,
    /// `ConnectedToAgentTimestamp`.
    pub connected: i64,
    /// `AgentInteractionDuration` in milliseconds, without the hold.
    pub interaction: i64,
    /// `CustomerHoldDuration` in milliseconds; `None` on channels that cannot hold.
    pub hold: Option<i64>,
    /// `AfterContactWorkDuration` in milliseconds.
    pub after_work: i64,
    /// True if the record has these durations: a few have been with an agent and have none.
    pub has_durations: bool,
    /// True if the contact ended on hold (`PreDisconnectState` is `CONNECTED_ONHOLD`).
    pub ended_on_hold: bool,
}

impl Contact {
    /// True for a contact that was enqueued, never connected and not continued elsewhere: the guide's
    /// "abandoned".
    pub fn is_abandoned(&self) -> bool {
        self.waiting.is_some() && self.handling.is_none() && !self.continued && !self.transferred
    }
}

impl Handling {
    /// The time of interaction, hold and after-contact work, in milliseconds.
    pub fn handle_time(&self) -> i64 {
        self.interaction + self.hold.unwrap_or(0) + self.after_work
    }
}

macro_rules! named {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The API's spelling.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value that the API spells so.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }
    };
}

named! {
    /// The channels of Amazon Connect.
    Channel {
        /// A call.
        Voice = "VOICE",
        /// A chat.
        Chat = "CHAT",
        /// A task.
        Task = "TASK",
        /// An e-mail.
        Email = "EMAIL",
    }
}

named! {
    /// The way in which a contact record began (`InitiationMethod`).
    InitiationMethod {
        /// The customer came.
        Inbound = "INBOUND",
        /// An agent called the customer.
        Outbound = "OUTBOUND",
        /// An agent transferred the contact.
        Transfer = "TRANSFER",
        /// The flow moved it out of another queue.
        QueueTransfer = "QUEUE_TRANSFER",
        /// A queued callback.
        Callback = "CALLBACK",
        /// A program made it (chats and tasks).
        Api = "API",
    }
}

named! {
    /// The reason why a contact ended (`DisconnectReason`).
    DisconnectReason {
        /// The customer left.
        Customer = "CUSTOMER_DISCONNECT",
        /// The agent left.
        Agent = "AGENT_DISCONNECT",
        /// The line broke.
        Telecom = "TELECOM_PROBLEM",
        /// The flow ended it.
        ContactFlow = "CONTACT_FLOW_DISCONNECT",
        /// The agent completed a task or an e-mail.
        Completed = "AGENT_COMPLETED",
        /// It waited too long.
        Expired = "EXPIRED",
        /// Anything else, such as a transfer.
        Other = "OTHER",
    }
}
