//! The mail to the owner of a definition that is not valid.

use crate::address::Mailbox;
use crate::definition::{ReportId, ReportIdError, digest};
use crate::error::Error;
use crate::mail::{Envelope, List, Mail, SendOptions, compose};
use crate::run::definitions::Invalid;
use crate::run::delivery::notice::definition_notice;
use crate::run::job::TriggerContext;
use crate::run::services::Services;

/// The two mailboxes of a mail to an owner.
pub(crate) struct Mailboxes {
    pub(crate) from: Mailbox,
    pub(crate) owner: Mailbox,
}

/// Notifies the owner of a definition that is not valid.
///
/// # Errors
/// Those of any mail.
pub(crate) async fn notify_of_definition(
    services: &Services,
    context: TriggerContext<'_>,
    invalid: &Invalid,
    Mailboxes { from, owner }: &Mailboxes,
) -> Result<String, Error> {
    let breaker = &context.invocation.breaker;
    let Some(error) = &invalid.outcome.error else {
        return Ok(String::new());
    };
    if let Some(stopped) = breaker.stops(&from.address) {
        return Err(stopped);
    }
    let message = definition_notice(services, &invalid.outcome.report, error)?;
    let report = file_id(&invalid.stem);
    let title = invalid.contacts.title.as_deref().unwrap_or(&invalid.stem);
    let envelope = Envelope {
        from,
        to: owner,
        reply_to: None,
        id: &format!("{}.{report}.{}.invalid", context.invocation.id, invalid.digest),
        date: context.clock().started(),
        run: None,
        list: List { report: &report, title, unsubscribe: None },
    };
    let mail = compose(envelope, &message)?;
    let configured = services.settings.deployment.configuration_set.as_ref();
    let options = SendOptions {
        configuration_set: configured.map(ToString::to_string),
        ..SendOptions::default()
    };
    let answer_by = context.clock().answer_by();
    let mail = Mail { from, to: owner, content: &mail, options: &options };
    let sent = services.outbox.ses.send(mail, answer_by).await;
    sent.map_err(|refusal| breaker.trip(refusal, &from.address))
}

/// The name of a definition in the ids of mails: the report's id, or the digest of the file's name where that can't
/// be an id.
fn file_id(stem: &str) -> String {
    match stem.parse::<ReportId>() {
        Ok(id) => id.to_string(),
        Err(ReportIdError::Form | ReportIdError::TooLong { .. }) => digest(stem.as_bytes()),
    }
}
