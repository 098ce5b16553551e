//! Limits on what a definition may ask for.

/// The most recipients of one message (SES, quotas: "recipients per message").
pub(super) const MAX_RECIPIENTS_TOGETHER: usize = 50;

/// The most recipients that a report may have: each gets a mail of their own, and has a place in the run's
/// record.
pub(super) const MAX_RECIPIENTS: usize = 2_000;

/// The most sections that a report may have.
pub(super) const MAX_SECTIONS: usize = 200;

/// The most metrics that a section may show, each a column. The service has about 150.
pub(super) const MAX_COLUMNS: usize = 500;

/// The most rows of a section that a message can be asked to show.
pub(super) const MAX_ROWS: u32 = 100_000;
