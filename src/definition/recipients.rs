//! Reading who gets the message, of whichever kind: the mailboxes in `to` of `[email]`.

use std::collections::BTreeSet;
use std::ops::Range;

use super::domains::check_allowed;
use super::limits::MAX_RECIPIENTS;
use super::problem::Problems;
use super::reader::{Table, Value};
use crate::address::Mailbox;
use crate::destination::Destination;
use crate::settings::Deployment;

/// The recipients of a definition, none of which is named twice.
pub(super) struct Recipients {
    /// One at least.
    pub(super) destinations: Vec<Destination>,
    /// The place of `to`.
    pub(super) to: Range<usize>,
}

/// Reads the recipients; `email` is the table `[email]`.
pub(super) fn read(email: &mut Table<'_>, deployment: &Deployment) -> Option<Recipients> {
    let problems = email.problems();
    let listed = email.required("to")?;
    let mailboxes = read_mailboxes(problems, listed, deployment)?;
    let destinations = mailboxes.into_iter().map(Destination::Mail).collect();
    Some(Recipients { destinations, to: listed.span() })
}

fn read_mailboxes(
    problems: &Problems<'_>,
    listed: Value<'_>,
    deployment: &Deployment,
) -> Option<Vec<Mailbox>> {
    let values = problems.list(listed, "a list of addresses such as [\"ops@example.com\"]");
    if values.len() > MAX_RECIPIENTS {
        let message =
            format!("the report has {} recipients, {MAX_RECIPIENTS} are allowed", values.len());
        let help = "write to a mailing list, or split it into several reports";
        problems.error(&listed.span(), "too-many-recipients", message, help);
        return None;
    }
    let (mut mailboxes, mut known) = (Vec::new(), BTreeSet::new());
    let mut is_complete = !values.is_empty();
    for value in values {
        let Some(mailbox) = problems.address::<Mailbox>(value) else {
            is_complete = false;
            continue;
        };
        check_allowed(problems, &value.span(), &mailbox.address, deployment);
        if known.insert(mailbox.address.mailbox_key()) {
            mailboxes.push(mailbox);
        } else {
            let message = "this recipient stands here twice";
            let help = "remove one of the two, or they would get the message twice";
            problems.error(&value.span(), "repeated-recipient", message, help);
        }
    }
    is_complete.then_some(mailboxes)
}
