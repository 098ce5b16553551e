//! The program as its users meet it: the built binary, the real SDK clients, and what they talk to
//! on loopback.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test that panics has failed, which is its purpose"
)]

/// The harness: what holds for every mail, a Runtime API, a small S3 and SQS, moto, canned answers, and the binary under test.
mod harness {
    pub mod binary;
    pub mod canned;
    pub mod crates;
    pub mod http;
    pub mod mail;
    pub mod moto;
    pub mod runtime_api;
    pub mod s3;
    pub mod sqs;
    pub mod template;
}

/// Validation and the simulator agree about what may be asked.
mod agreement;
/// What real answers of the service become.
mod answers;
/// The commands that help to write definitions.
mod authoring;
/// A fault that befalls a process or its store after it has rendered says nothing against templates.
mod blame;
/// What one definition, or one template, can't do to the reports beside it.
mod bounds;
/// The catalogue of metrics says what the documentation of the SDK says.
mod catalogue;
/// Whether instances have what definitions name.
mod checking_names;
/// What figures are compared with, and what they are to reach.
mod comparing;
/// Which connections calls go through, from one invocation to the next.
mod connections;
/// A stack is bounded by default: whom it mails, how it is called, how much of it runs.
mod defaults;
/// The function is built from the same crates whatever else the workspace has.
mod dependencies;
/// What is wrong with definitions, before anything is asked.
mod diagnostics;
/// The documents, and the files that they name.
mod documents;
/// Which runs an event starts, and what is kept of them.
mod due;
/// Every error of the SDK has its code.
mod errors;
/// Merged answers are those of one request without limits.
mod exactness;
/// What goes wrong, and what is told of it.
mod failures;
/// Runs that a queue hands to many workers.
mod fan_out;
/// An event becomes a mail, with the figures that the contact centre really had.
mod figures;
/// Files that can't be definitions, and places that have none.
mod files;
/// The formats in which problems are printed, as those who read them take them.
mod formats;
/// Answers that lack what they must have, and pages whose tokens have expired.
mod incomplete;
/// The deployment: its template against what the program reads, asks and writes.
mod infra;
/// Rows of intervals, and what they are compared with.
mod intervals;
/// What figures are to reach, as it is shown.
mod judging;
/// The function in Lambda: events, orders, several invocations of one process.
mod lambda;
/// Filters that leave something out of the rest.
mod leaving_out;
/// `list`, `new`, `completions` and `man` at a terminal.
mod listing;
/// Messages as countries write them.
mod locales;
/// Mails: their parts, names, headers; nothing gets through that should not.
mod mails;
/// What a message holds: charts, files, headers, languages, templates of one's own.
mod messages;
/// Records in another S3 than that of these tests, where it is installed.
mod moto;
/// What names do to what stands beside them, and what has none.
mod naming;
/// SES on bad days: what an outage costs, and owners who could not be reached.
mod outage;
/// One outcome for every run: retries, races, deaths, re-issues, and who hears of them.
mod outcomes;
/// The phases of an invocation: which of its requests are on their way at once, and which wait.
mod phases;
/// Printing, and failing to print.
mod printing;
/// Reports to many recipients.
mod recipients;
/// Sending runs again, by several people at once.
mod resends;
/// The policies of retrying, in the code, in the documentation and in the template.
mod retrying;
/// The rooms of the code and their order.
mod rooms;
/// What filters stand for: names, patterns, tags, agents and groups.
mod selecting;
/// Contact centres of any size, and the limits of the API.
mod sizes;
/// A thousand events on bad days.
mod soak;
/// Names in definitions that the instance does not have any more.
mod stale;
/// Runs that are stopped before their end, or can't begin.
mod stopping;
/// Definitions that ask for too much, and what is said of them.
mod telling;
/// The commands at a terminal.
mod terminal;
/// Definitions and orders that are large on purpose.
mod volume;
/// The spans that reports cover, and the intervals in them, whatever the clock shows.
mod windows;
/// The workflows that the project has and those that users copy, with what they call.
#[cfg(target_os = "linux")]
mod workflows;
/// Records, messages and files that an earlier version has written.
mod written_before;
