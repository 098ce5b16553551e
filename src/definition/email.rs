//! Reading `[email]`: who gets the message, from whom, and with what.

use std::str::FromStr;

use super::problem::{Placed, Problems, choice};
use super::reader::{Table, Value};
use super::report::{Attachment, Email};
use crate::address::{AddressError, Mailbox};
use crate::settings::Defaults;

pub(super) fn read(mut table: Table<'_>, defaults: &Defaults) -> Option<Email> {
    let problems = table.problems();
    let from = match (&defaults.from, table.get("from")) {
        (_, Some(value)) => address(problems, value),
        (Some(from), None) => Some(from.clone()),
        (None, None) => {
            let help =
                "add `from = \"Queue reports <reports@example.com>\"`, or set CONNECT_REPORTS_FROM";
            problems.error(table.span(), "missing-key", "[email] has no `from`", help);
            None
        }
    };
    let to = table
        .required("to", "`to = [\"ops@example.com\"]`")
        .map(|value| read_recipients(problems, value))
        .filter(|to| !to.is_empty());
    let subject = match table.get("subject") {
        Some(value) => problems.text(value),
        None => Some(Placed {
            value: "{{ report.title }}, {{ window.label }}".to_owned(),
            place: problems.place(table.span()),
        }),
    };
    let attach =
        table.get("attach").map_or_else(Vec::new, |value| read_attachments(problems, value));
    table.not_yet("delivery", &["separate"]);
    table.not_yet("send", &["always"]);
    table.finish();
    Some(Email { from: from?, to: to?, subject: subject?, attach })
}

fn read_recipients(problems: &Problems<'_>, value: Value<'_>) -> Vec<Mailbox> {
    let mut to: Vec<Mailbox> = Vec::new();
    for value in problems.list(value, "a list of addresses such as [\"ops@example.com\"]") {
        let Some(mailbox) = address::<Mailbox>(problems, value) else {
            continue;
        };
        match to.iter().any(|other| other.address.reaches_the_same(&mailbox.address)) {
            true => {
                let help = "remove one of the two, or they would get the message twice";
                problems.error(
                    &value.span(),
                    "repeated-recipient",
                    "this recipient stands here twice",
                    help,
                );
            }
            false => to.push(mailbox),
        }
    }
    to
}

fn read_attachments(problems: &Problems<'_>, value: Value<'_>) -> Vec<Attachment> {
    // An empty list is how one says that there are none.
    if value.get_ref().as_array().is_some_and(|list| list.is_empty()) {
        return Vec::new();
    }
    let mut attach = Vec::new();
    for (value, name) in problems.texts(value) {
        match name.as_str() {
            "json" if attach.contains(&Attachment::Json) => {
                problems.error(
                    &value.span(),
                    "repeated-attachment",
                    "`json` stands here twice",
                    "remove one of the two",
                );
            }
            "json" => attach.push(Attachment::Json),
            "csv" | "xlsx" => {
                let message = format!("`{name}` attachments are not supported by this version yet");
                problems.error(&value.span(), "not-yet", message, "allowed: json");
            }
            _ => {
                let message = format!("there is no attachment `{name}`");
                problems.error(
                    &value.span(),
                    "unknown-attachment",
                    message,
                    choice(&name, &["json"]),
                );
            }
        }
    }
    attach
}

pub(super) fn address<T>(problems: &Problems<'_>, value: Value<'_>) -> Option<T>
where
    T: FromStr<Err = AddressError>,
{
    let text = problems.text(value)?.value;
    match text.parse() {
        Ok(address) => Some(address),
        Err(error) => {
            let help = "write an address such as ops@example.com, or `Name <ops@example.com>` for senders and recipients";
            problems.error(&value.span(), "address", format!("`{text}` {error}"), help);
            None
        }
    }
}
