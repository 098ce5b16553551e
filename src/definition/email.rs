//! Reading `[email]`: from whom the message comes, and with what. Who gets it stands in [`recipients`].
//!
//! [`recipients`]: super::recipients

use std::ops::Range;

use super::attachment::Attachment;
use super::domains::{check_allowed, check_link};
use super::keys::{CSV_DIALECT, DELIVERY, SEND};
use super::limits::{MAX_LINK, MAX_RECIPIENTS_TOGETHER};
use super::problem::{Placed, Problems};
use super::reader::{Table, Value, WordKind};
use super::recipients::Recipients;
use super::report::{CsvDialect, DeliveryMode, Email, Section, SendRule};
use super::subject::{Subject, SubjectError};
use crate::address::Mailbox;
use crate::destination::Destination;
use crate::settings::{ConfigurationSet, Deployment};

/// `[email]`, and where its `send` stands.
pub(super) fn read(
    mut table: Table<'_>,
    recipients: Option<&Recipients>,
    deployment: &Deployment,
) -> Option<(Email, Range<usize>)> {
    let problems = table.problems();
    let from = match (&deployment.from, table.get("from").is_some()) {
        (Some(from), false) => Some(from.clone()),
        _ => table
            .required_or("from", ", or set CONNECT_REPORTS_FROM")
            .and_then(|value| problems.address(value)),
    };
    let subject = optional(table.get("subject"), |value| read_subject(problems, value));
    let attach =
        table.get("attach").map_or(Some(Vec::new()), |value| read_attachments(problems, value));
    let attach_max = table
        .get("attach_max")
        .map_or(Some(DEFAULT_ATTACH_MAX), |value| read_attach_max(problems, value));
    let csv_dialect = table
        .get("csv_dialect")
        .map_or(Some(CsvDialect::default()), |value| read_csv_dialect(problems, value));
    let reply_to =
        optional(table.get("reply_to"), |value| read_reply_to(problems, value, deployment));
    let unsubscribe =
        optional(table.get("unsubscribe"), |value| read_link(problems, value, deployment));
    let configuration_set = match table.get("configuration_set") {
        None => Some(deployment.configuration_set.as_ref().map(ToString::to_string)),
        value => optional(value, |value| read_configuration_set(problems, value)),
    };
    let delivered = table.get("delivery");
    let delivery =
        delivered.map_or(Some(DeliveryMode::Separate), |value| read_delivery(problems, value));
    if let (Some(DeliveryMode::Together), Some(recipients)) = (delivery, recipients) {
        check_together(problems, recipients);
    }
    let sent = table.get("send");
    let send = sent.map_or(Some(SendRule::Always), |value| read_send(problems, value));
    let span = sent.map_or_else(|| table.span().clone(), |value| value.span());
    table.finish();
    let email = Email {
        from: from?,
        subject: subject?,
        attach: attach?,
        attach_max: attach_max?,
        csv_dialect: csv_dialect?,
        reply_to: reply_to?,
        unsubscribe: unsubscribe?,
        configuration_set: configuration_set?,
        delivery: delivery?,
        send: send?,
    };
    Some((email, span))
}

fn read_subject(problems: &Problems<'_>, value: Value<'_>) -> Option<Placed<Subject>> {
    let Placed { value: text, place } = problems.text(value)?;
    match text.parse() {
        Ok(subject) => Some(Placed { value: subject, place }),
        Err(SubjectError { found, help }) => {
            problems.push(place.error("subject", found, help));
            None
        }
    }
}

/// What may be left out: nothing where it is, and nothing at all where it can't be read.
fn optional<T>(
    value: Option<Value<'_>>,
    read: impl FnOnce(Value<'_>) -> Option<T>,
) -> Option<Option<T>> {
    value.map_or(Some(None), |value| read(value).map(Some))
}

const DEFAULT_ATTACH_MAX: u64 = 5_000_000;

/// The largest message that SES takes, attachments in base64 (SES, quotas), less what the rest of a
/// message may need.
const MOST_ATTACHED: u64 = 39_000_000;

fn read_attach_max(problems: &Problems<'_>, value: Value<'_>) -> Option<u64> {
    let wanted =
        "a size from \"1KB\" to \"40MB\", as it is in the mail: a third larger than the file";
    problems.parsed(value, "attach-max", wanted, |text| {
        let (digits, bytes) = match text.strip_suffix("KB") {
            Some(digits) => (digits, 1_000),
            None => (text.strip_suffix("MB")?, 1_000_000),
        };
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let size = digits.parse::<u64>().ok().filter(|_| is_number)?.checked_mul(bytes)?;
        (1_000..=40_000_000).contains(&size).then_some(size.min(MOST_ATTACHED))
    })
}

fn read_reply_to(
    problems: &Problems<'_>,
    value: Value<'_>,
    deployment: &Deployment,
) -> Option<Mailbox> {
    let mailbox: Mailbox = problems.address(value)?;
    check_allowed(problems, &value.span(), &mailbox.address, deployment);
    Some(mailbox)
}

/// An address for a header: what could end it early or stand for another is refused.
fn read_link(problems: &Problems<'_>, value: Value<'_>, deployment: &Deployment) -> Option<String> {
    problems.check_length(value, MAX_LINK)?;
    let wanted = "an address such as \"https://example.com/reports\" or \"mailto:ops@example.com\"";
    let link = problems.parsed(value, "unsubscribe", wanted, |text| {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("mailto:"))?;
        let is_safe = |byte: u8| byte.is_ascii_graphic() && !b"<>\"'\\^`{|},".contains(&byte);
        (!rest.is_empty() && rest.bytes().all(is_safe)).then(|| text.to_owned())
    })?;
    check_link(problems, &value.span(), &link, deployment);
    Some(link)
}

fn read_configuration_set(problems: &Problems<'_>, value: Value<'_>) -> Option<String> {
    problems.check_length(value, ConfigurationSet::LONGEST)?;
    let wanted = "a name of up to 64 letters, digits, `-` and `_`";
    let parse = |text: &str| text.parse::<ConfigurationSet>().ok();
    let name = problems.parsed(value, "configuration-set", wanted, parse)?;
    Some(name.to_string())
}

fn read_attachments(problems: &Problems<'_>, value: Value<'_>) -> Option<Vec<Attachment>> {
    let values = problems.list_or_none(value, "a list such as [\"csv\", \"xlsx\"]")?;
    let mut attach = Vec::new();
    let mut complete = true;
    for value in values {
        let what = WordKind { name: "attachment", code: "unknown-attachment" };
        match problems.word(value, what, &Attachment::WORDS, Attachment::ALL) {
            Some(kind) if attach.contains(&kind) => {
                let message = "this attachment stands here twice";
                let help = "remove one of the two";
                problems.error(&value.span(), "repeated-attachment", message, help);
            }
            Some(kind) => attach.push(kind),
            None => complete = false,
        }
    }
    complete.then_some(attach)
}

fn read_csv_dialect(problems: &Problems<'_>, value: Value<'_>) -> Option<CsvDialect> {
    let meanings = [CsvDialect::Comma, CsvDialect::Semicolon];
    problems.word(
        value,
        WordKind { name: "dialect of CSV", code: "unknown-csv-dialect" },
        CSV_DIALECT,
        meanings,
    )
}

fn read_delivery(problems: &Problems<'_>, value: Value<'_>) -> Option<DeliveryMode> {
    let meanings = [DeliveryMode::Separate, DeliveryMode::Together];
    let what = WordKind { name: "way of delivery", code: "unknown-delivery" };
    let delivery = problems.word(value, what, DELIVERY, meanings)?;
    if delivery == DeliveryMode::Together {
        let instead = "write `delivery = \"separate\"`";
        problems.not_yet(&value.span(), "messages to all recipients together", instead);
    }
    Some(delivery)
}

fn check_together(problems: &Problems<'_>, recipients: &Recipients) {
    let found = recipients.destinations.iter().filter_map(Destination::mailbox).count();
    if found > MAX_RECIPIENTS_TOGETHER {
        let message = format!(
            "SES sends one message to {MAX_RECIPIENTS_TOGETHER} recipients at most, found {found}"
        );
        let help = "remove `delivery = \"together\"`, or write to a mailing list";
        problems.error(&recipients.to, "too-many-recipients", message, help);
    }
}

fn read_send(problems: &Problems<'_>, value: Value<'_>) -> Option<SendRule> {
    let meanings = [SendRule::Always, SendRule::WhenData, SendRule::WhenTargetMissed];
    problems.word(
        value,
        WordKind { name: "rule for sending", code: "unknown-send" },
        SEND,
        meanings,
    )
}

/// A report that is sent where a target is missed has to have one.
pub(super) fn check_send(
    problems: &Problems<'_>,
    email: &Email,
    span: &Range<usize>,
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
