//! Reading `[email]`: who gets the message, from whom, and with what.

use std::collections::BTreeSet;
use std::ops::Range;
use std::str::FromStr;

use super::keys::{ATTACH, DELIVERY, SEND};
use super::problem::{Placed, Problems};
use super::reader::{Table, Value};
use super::report::{
    Attachment, DEFAULT_SUBJECT, DeliveryMode, Email, MAX_RECIPIENTS_TOGETHER, Section, SendRule,
};
use crate::address::{Address, AddressError, Mailbox};
use crate::settings::Deployment;

/// `[email]`, and where its `send` stands.
pub(super) fn read(mut table: Table<'_>, deployment: &Deployment) -> Option<(Email, Range<usize>)> {
    let problems = table.problems();
    let from = match (&deployment.from, table.get("from").is_some()) {
        (Some(from), false) => Some(from.clone()),
        _ => table
            .required_or("from", ", or set CONNECT_REPORTS_FROM")
            .and_then(|value| address(problems, value)),
    };
    let listed = table.required("to");
    let to = listed.and_then(|value| read_recipients(problems, value, deployment));
    let subject = match table.get("subject") {
        Some(value) => problems.text(value),
        None => {
            Some(Placed { value: DEFAULT_SUBJECT.to_owned(), place: problems.place(table.span()) })
        }
    };
    let attach =
        table.get("attach").map_or(Some(Vec::new()), |value| read_attachments(problems, value));
    let delivered = table.get("delivery");
    let delivery =
        delivered.map_or(Some(DeliveryMode::Separate), |value| read_delivery(problems, value));
    if let (Some(value), Some(DeliveryMode::Together), Some(to)) = (listed, delivery, &to) {
        check_together(problems, value, to.len());
    }
    let sent = table.get("send");
    let send = sent.map_or(Some(SendRule::Always), |value| read_send(problems, value));
    let span = sent.map_or_else(|| table.span().clone(), |value| value.span());
    table.finish();
    let email = Email {
        from: from?,
        to: to?,
        subject: subject?,
        attach: attach?,
        delivery: delivery?,
        send: send?,
    };
    Some((email, span))
}

fn read_recipients(
    problems: &Problems<'_>,
    value: Value<'_>,
    deployment: &Deployment,
) -> Option<Vec<Mailbox>> {
    let mut to: Vec<Mailbox> = Vec::new();
    let mut known = BTreeSet::new();
    let values = problems.list(value, "a list of addresses such as [\"ops@example.com\"]");
    let mut complete = !values.is_empty();
    for value in values {
        let Some(mailbox) = address::<Mailbox>(problems, value) else {
            complete = false;
            continue;
        };
        check_allowed(problems, &value.span(), &mailbox.address, deployment);
        match known.insert(mailbox.address.mailbox_key()) {
            false => {
                let help = "remove one of the two, or they would get the message twice";
                problems.error(
                    &value.span(),
                    "repeated-recipient",
                    "this recipient stands here twice",
                    help,
                );
            }
            true => to.push(mailbox),
        }
    }
    complete.then_some(to)
}

/// Refuses an address outside the domains that the deployment allows.
pub(super) fn check_allowed(
    problems: &Problems<'_>,
    span: &Range<usize>,
    address: &Address,
    deployment: &Deployment,
) {
    if !deployment.allowed_recipients.allows(address) {
        let message = format!("mail to {} is not allowed here", address.domain());
        let help = format!(
            "allowed: {}; CONNECT_REPORTS_ALLOWED_RECIPIENTS says so",
            deployment.allowed_recipients
        );
        problems.error(span, "recipient-not-allowed", message, help);
    }
}

fn read_attachments(problems: &Problems<'_>, value: Value<'_>) -> Option<Vec<Attachment>> {
    let meanings = [Attachment::Csv, Attachment::Xlsx, Attachment::Json];
    let values = problems.list_or_none(value, "a list such as [\"csv\", \"xlsx\"]")?;
    let mut attach = Vec::new();
    let mut complete = true;
    for value in values {
        let what = ("attachment", "unknown-attachment");
        match problems.word(value, what, ATTACH, meanings) {
            Some(kind) if attach.contains(&kind) => {
                let message = "this attachment stands here twice";
                let help = "remove one of the two";
                problems.error(&value.span(), "repeated-attachment", message, help);
            }
            Some(kind) => {
                if kind != Attachment::Json {
                    problems.not_yet(&value.span(), "CSV and XLSX files", "attach \"json\"");
                }
                attach.push(kind);
            }
            None => complete = false,
        }
    }
    complete.then_some(attach)
}

fn read_delivery(problems: &Problems<'_>, value: Value<'_>) -> Option<DeliveryMode> {
    let meanings = [DeliveryMode::Separate, DeliveryMode::Together];
    let what = ("way of delivery", "unknown-delivery");
    let delivery = problems.word(value, what, DELIVERY, meanings)?;
    if delivery == DeliveryMode::Together {
        let instead = "write `delivery = \"separate\"`";
        problems.not_yet(&value.span(), "messages to all recipients together", instead);
    }
    Some(delivery)
}

fn check_together(problems: &Problems<'_>, value: Value<'_>, recipients: usize) {
    if recipients > MAX_RECIPIENTS_TOGETHER {
        let message = format!(
            "SES sends one message to {MAX_RECIPIENTS_TOGETHER} recipients at most, found {recipients}"
        );
        let help = "remove `delivery = \"together\"`, or write to a mailing list";
        problems.error(&value.span(), "too-many-recipients", message, help);
    }
}

fn read_send(problems: &Problems<'_>, value: Value<'_>) -> Option<SendRule> {
    let meanings = [SendRule::Always, SendRule::WhenData, SendRule::WhenTargetMissed];
    problems.word(value, ("rule for sending", "unknown-send"), SEND, meanings)
}

/// A report that is sent where a target is missed has to have one.
pub(super) fn check_send(
    problems: &Problems<'_>,
    (email, span): &(Email, Range<usize>),
    sections: &[Section],
) {
    let has_target = || {
        let mut columns = sections.iter().flat_map(|section| &section.columns);
        columns.any(|column| column.target.is_some() || !column.targets.is_empty())
    };
    if email.send == SendRule::WhenTargetMissed && !has_target() {
        let message = "no column has a target, so the report would never be sent";
        let help = "give a metric a `target` such as \">= 80\", or write `send = \"always\"`";
        problems.error(span, "no-target", message, help);
    }
}

pub(super) fn address<T>(problems: &Problems<'_>, value: Value<'_>) -> Option<T>
where
    T: FromStr<Err = AddressError>,
{
    let text = problems.text(value)?.value;
    match text.parse() {
        Ok(address) => Some(address),
        Err(error) => {
            let help = match text.matches('@').count() > 1 && text.contains([',', ';']) {
                true => "write each address as a text of its own, with a comma between the two",
                false => {
                    "write an address such as ops@example.com, or `Name <ops@example.com>` for senders and recipients"
                }
            };
            problems.error(&value.span(), "address", format!("`{text}` {error}"), help);
            None
        }
    }
}
