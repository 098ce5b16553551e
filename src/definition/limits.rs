//! Limits on what a definition may ask for. `docs/DEFINITIONS.md` has them in one place.

/// The most bytes that a definition may have; one that says everything has a few thousand.
pub(super) const MAX_BYTES: usize = 512_000;

/// The most recipients of one message (SES, quotas: "recipients per message").
pub(super) const MAX_RECIPIENTS_TOGETHER: usize = 50;

/// The most recipients that a report may have: each gets a mail of their own, and has a place in the run's
/// record.
pub(super) const MAX_RECIPIENTS: usize = 2_000;

/// The most characters of a title or a label. Titles end in headers of mails, as subjects do.
pub(super) const MAX_TITLE: usize = 250;

/// The most characters of the address at which one unsubscribes. With the header's name it stays on one line
/// of a mail, of 998 (RFC 5322, 2.1.1).
pub(super) const MAX_LINK: usize = 900;

/// The most sections that a report may have.
pub(super) const MAX_SECTIONS: usize = 200;

/// The most metrics that a section may show, each a column. The service has about 150.
pub(super) const MAX_COLUMNS: usize = 500;

/// The most patterns and tags that a filter may have: each is compared with every name of the instance.
pub(super) const MAX_SEARCHES: usize = 1_000;

/// The most metrics of a trend, each a line or bars: more can't be told apart.
pub(super) const MAX_SERIES: usize = 6;

/// The most digits of a target on each side of the point: a figure with more is no longer exact.
pub(super) const MAX_DIGITS: usize = 15;

/// The most characters of a subject, before anything is put in.
pub(super) const MAX_SUBJECT: usize = 1_000;

/// The most rows of a section that a message can be asked to show.
pub(super) const MAX_ROWS: u32 = 100_000;
