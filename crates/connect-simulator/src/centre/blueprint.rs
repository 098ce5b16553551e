//! The two centres that the simulator can be: their queues, routing profiles and agents, and what goes wrong in them.

use super::contact::Channel;
use super::contact::Channel::{Chat, Email, Task, Voice};
use super::incident::WeeklyIncident;

/// The centre that the simulator is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CentreKind {
    /// A centre as people know it: plain names, enough agents, and one day a week on which something goes wrong in
    /// one queue.
    #[default]
    Ordinary,
    /// A centre for tests: names that are hard for templates, headers and file names, and too few agents.
    Awkward,
}

impl CentreKind {
    pub(super) fn blueprint(self) -> &'static Blueprint {
        match self {
            Self::Ordinary => &ORDINARY,
            Self::Awkward => &AWKWARD,
        }
    }
}

/// The number of standard queues that have names of their own.
pub(crate) const NAMED_COUNT: usize = 12;

/// The parts of a centre that have names of their own.
#[derive(Debug)]
pub(super) struct Blueprint {
    pub(super) queues: [NamedQueue; NAMED_COUNT],
    pub(super) deleted_queue: NamedQueue,
    pub(super) profiles: &'static [NamedProfile],
    /// The login names of the first agents; the others are numbered.
    pub(super) usernames: &'static [&'static str],
    /// The factors by which handling takes longer in some queues, in turn.
    pub(super) handling_factors: [f64; 7],
    /// The incident of each week, where the centre has one.
    pub(super) incident: Option<WeeklyIncident>,
}

#[derive(Debug)]
pub(super) struct NamedQueue {
    pub(super) name: &'static str,
    /// The average number of contacts on a working day.
    pub(super) volume: f64,
    /// The shares of VOICE, CHAT, TASK and EMAIL.
    pub(super) channels: [u32; 4],
    /// The tag `team`; empty for none.
    pub(super) team: &'static str,
    /// The tag `region`; empty for none.
    pub(super) region: &'static str,
}

#[derive(Debug)]
pub(super) struct NamedProfile {
    pub(super) name: &'static str,
    /// The queues, as indexes.
    pub(super) queues: &'static [usize],
    pub(super) channels: &'static [Channel],
    /// True if its agents have schedules.
    pub(super) scheduled: bool,
    /// True if its agents also serve the queue that has been deleted since.
    pub(super) serves_deleted_queue: bool,
    pub(super) agents: usize,
}

/// The queue that is disabled in both centres: no contacts come, and no agent serves it.
pub(super) const DISABLED_QUEUE: &str = "Loans";

const fn queue(
    name: &'static str,
    volume: f64,
    channels: [u32; 4],
    [team, region]: [&'static str; 2],
) -> NamedQueue {
    NamedQueue { name, volume, channels, team, region }
}

const fn profile(
    name: &'static str,
    agents: usize,
    queues: &'static [usize],
    channels: &'static [Channel],
) -> NamedProfile {
    NamedProfile { name, queues, channels, scheduled: true, serves_deleted_queue: false, agents }
}

#[rustfmt::skip]
const ORDINARY: Blueprint = Blueprint {
    queues: [
        queue("Sales", 240.0, [78, 20, 0, 2], ["sales", "emea"]),
        queue("Support", 260.0, [70, 20, 5, 5], ["service", "emea"]),
        queue("Billing", 120.0, [92, 8, 0, 0], ["service", "emea"]),
        queue("Returns & Refunds", 130.0, [70, 15, 5, 10], ["service", "apac"]),
        queue("Français", 40.0, [80, 10, 0, 10], ["languages", "emea"]),
        queue("Ελληνικά", 30.0, [85, 5, 0, 10], ["languages", "emea"]),
        queue("Retention", 70.0, [95, 5, 0, 0], ["sales", "emea"]),
        queue(DISABLED_QUEUE, 0.0, [100, 0, 0, 0], ["", ""]),
        queue("Complaints", 14.0, [100, 0, 0, 0], ["service", ""]),
        queue("Technical Support", 80.0, [75, 20, 5, 0], ["service", "apac"]),
        queue("New Customers", 50.0, [80, 20, 0, 0], ["sales", "apac"]),
        queue("Escalations", 24.0, [85, 0, 15, 0], ["service", "emea"]),
    ],
    deleted_queue: queue("Winter Campaign", 6.0, [100, 0, 0, 0], ["sales", "emea"]),
    profiles: &[
        NamedProfile { serves_deleted_queue: true, ..profile("Customer service", 22, &[0, 1, 3], &[Voice, Chat]) },
        profile("Sales & retention", 13, &[0, 6, 10], &[Voice, Chat]),
        profile("Back office", 5, &[0, 1, 3, 9], &[Task, Email]),
        profile("Specialists", 11, &[1, 8, 9, 11], &[Voice, Chat, Task]),
        profile("Languages", 9, &[4, 5], &[Voice, Chat, Email]),
        profile("Billing", 11, &[2], &[Voice, Chat]),
        NamedProfile { scheduled: false, ..profile("Trainees", 3, &[1], &[Chat]) },
    ],
    usernames: &USERNAMES,
    handling_factors: [0.9, 0.8, 1.0, 0.7, 0.9, 1.0, 1.1],
    incident: Some(WeeklyIncident { queue: 2, start_hour: 11, hours: 2, calls: 110, handling_factor: 1.5 }),
};

#[rustfmt::skip]
const AWKWARD: Blueprint = Blueprint {
    queues: [
        queue("Sales", 260.0, [70, 25, 0, 5], ["sales", "emea"]),
        queue("Support", 330.0, [50, 30, 10, 10], ["service", "emea"]),
        queue("Billing <VIP>", 90.0, [80, 15, 5, 0], ["service", "emea"]),
        queue("Returns & refunds", 165.0, [45, 25, 10, 20], ["service", "apac"]),
        queue("Général – Français", 60.0, [60, 20, 0, 20], ["languages", "emea"]),
        queue("日本語 Reservations", 50.0, [70, 10, 0, 20], ["languages", "apac"]),
        queue("Retention", 80.0, [90, 10, 0, 0], ["sales", "emea"]),
        queue(DISABLED_QUEUE, 0.0, [100, 0, 0, 0], ["", ""]),
        queue("Complaints (board)", 0.7, [100, 0, 0, 0], ["service", ""]),
        queue("Technical \"Tier 2\"", 70.0, [50, 20, 30, 0], ["service", "apac"]),
        // These names are hard for templates, headers and file names.
        queue("{{ queue.name }} O'Brien", 40.0, [60, 40, 0, 0], ["sales", "apac"]),
        queue("Escalations: =?utf-8?Q?Bcc:?= a/b\\c", 30.0, [70, 0, 30, 0], ["service", "emea"]),
    ],
    deleted_queue: queue("Closed last month", 6.0, [100, 0, 0, 0], ["sales", "emea"]),
    profiles: &[
        NamedProfile { serves_deleted_queue: true, ..profile("Generalists", 15, &[0, 1, 3], &[Voice, Chat]) },
        profile("Sales & retention", 8, &[0, 6, 10], &[Voice, Chat]),
        profile("Back office", 5, &[0, 1, 3, 9], &[Task, Email]),
        profile("Specialists", 6, &[2, 8, 9, 11], &[Voice, Chat, Task]),
        profile("Languages – langues", 4, &[4, 5], &[Voice, Chat, Email]),
        NamedProfile { scheduled: false, ..profile("Trainees", 2, &[1], &[Chat]) },
    ],
    usernames: USERNAMES.split_at(40).0,
    handling_factors: [1.0, 0.9, 1.3, 0.8, 1.1, 1.2, 1.4],
    incident: None,
};

#[rustfmt::skip]
const USERNAMES: [&str; 74] = [
    "adele", "amir", "anneliese", "beatriz", "bjarne", "carmen", "chidi", "dagny", "dimitri",
    "elif", "emeka", "farah", "felix", "giulia", "hana", "hugo", "ines", "isabeau", "jamal",
    "jun", "kaja", "kenji", "lars", "leila", "mateusz", "mei", "nadia", "niamh", "olga", "oscar",
    "priya", "quentin", "rosa", "sanjay", "signe", "tariq", "uma", "viktor", "yuki", "zoe",
    "aaron", "aisha", "bella", "bruno", "clara", "daniel", "elena", "ethan", "fiona", "gabriel",
    "grace", "henrik", "ivan", "jasmin", "jonas", "katya", "kofi", "lena", "liam", "lucia",
    "marco", "maya", "milan", "nina", "noah", "omar", "paula", "petra", "rafael", "ravi",
    "sara", "sofia", "tomas", "vera",
];
