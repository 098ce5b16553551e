//! The mails of a run: one for each recipient, and one for the owner.

use crate::address::Mailbox;
use crate::definition;
use crate::error::Error;
use crate::mail::{Envelope, List, SendOptions, compose};
use crate::render::Message;
use crate::run::job::{Job, RunKey};

/// Composes the mail of a run's message for one recipient. `index` is their place among the recipients.
///
/// # Errors
/// Fails where it can't be written.
pub fn compose_mail(
    job: &Job,
    message: &Message,
    to: &Mailbox,
    index: usize,
) -> Result<Vec<u8>, Error> {
    let key = job.key(&job.window()?);
    let email = &job.report.email;
    let id = mail_id(job, &key, &index.to_string());
    let list = List { unsubscribe: email.unsubscribe.as_deref(), ..mailing_list(job) };
    let envelope = Envelope {
        from: &email.from,
        to,
        reply_to: email.reply_to.as_ref(),
        id: &id,
        date: job.clock().started(),
        run: Some(key.name()),
        list,
    };
    compose(envelope, message)
}

/// Composes the mail to the owner of a run.
///
/// # Errors
/// Fails where it can't be written.
pub(crate) fn compose_notice(
    job: &Job,
    message: &Message,
    to: &Mailbox,
    key: &RunKey,
) -> Result<Vec<u8>, Error> {
    let id = mail_id(job, key, "notice");
    let envelope = Envelope {
        from: &job.report.email.from,
        to,
        reply_to: None,
        id: &id,
        date: job.clock().started(),
        run: Some(key.name()),
        list: mailing_list(job),
    };
    compose(envelope, message)
}

/// The identity of one mail of a run. An invocation may have several runs of a report, for several windows or
/// orders, and its retry has the same id: so the key of the run and the time are part of it.
fn mail_id(job: &Job, key: &RunKey, mail: &str) -> String {
    let id = &job.invocation.id;
    let started = job.clock().started();
    let attempt = definition::digest(format!("{} {started}", key.name()).as_bytes());
    format!("{id}.{}.{attempt}.{mail}", job.report.id)
}

/// The mailing list that the report is, without a way to unsubscribe.
fn mailing_list(job: &Job) -> List<'_> {
    List { report: job.report.id.as_str(), title: &job.report.title, unsubscribe: None }
}

/// The configuration set and the tags of a run's mails.
pub(crate) fn send_options(job: &Job) -> SendOptions {
    let run = job.window().map(|window| job.key(&window).name().to_owned()).unwrap_or_default();
    SendOptions {
        configuration_set: job.report.email.configuration_set.clone(),
        tags: vec![("report", job.report.id.to_string()), ("run", run)],
    }
}
