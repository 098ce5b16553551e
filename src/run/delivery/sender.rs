//! The sender of a run's messages, each through the service for its destination's kind, and of the mail to the owner.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::address::Mailbox;
use crate::destination::{Destination, DestinationError, DestinationKind, StoredDestination};
use crate::error::{Code, Error, Stage};
use crate::mail::Mail;
use crate::render::Message;
use crate::run::delivery::mail::{compose_mail, compose_notice, send_options};
use crate::run::delivery::notice::run_notice;
use crate::run::delivery::{IN_FLIGHT_MAX, MessageSender};
use crate::run::job::{GateSlot, Job, stopped, unanswered};
use crate::run::ledger::{Fence, Recipient, RunRecord, largest_shard};
use crate::run::outcome::{DeliveryState, log_error};
use crate::run::services::Services;

/// The time that sending a message needs.
const SEND_TIME: Duration = Duration::from_secs(2);

/// The time that is kept free after the last send to record its result.
const RECORD_TIME: Duration = Duration::from_secs(1);

/// Sends the messages of one run.
pub(crate) struct RunSender<'a> {
    services: &'a Services,
    job: &'a Job,
    is_reissued: bool,
    /// The number of recipients in the shards before this one.
    first: usize,
    /// The reason why none of the recipients may be sent to.
    refused: Option<Error>,
    /// The right to send the run's message again, where it is a resend.
    fence: Option<&'a Fence>,
    /// The turn to send, where several runs are under way.
    turn: Option<&'a GateSlot>,
}

impl<'a> RunSender<'a> {
    /// The sender for the recipients of a record who wait for the message.
    pub(crate) fn new(services: &'a Services, job: &'a Job, record: &RunRecord) -> Self {
        // Recipients of an unknown kind are refused one by one.
        let known = waiting(record).filter(|recipient| recipient.kind().is_ok());
        let waiting: Result<Vec<Destination>, Error> = known.map(destination).collect();
        let deployment = &services.settings.deployment;
        let checked = waiting.and_then(|waiting| deployment.check_recipients(&waiting));
        Self {
            is_reissued: record.reissued,
            first: record.recipients_before(),
            refused: checked.err(),
            ..Self::to_owner(services, job)
        }
    }

    /// The sender for only the mail to the owner of a run that has ended.
    pub(crate) fn to_owner(services: &'a Services, job: &'a Job) -> Self {
        Self { services, job, is_reissued: false, first: 0, refused: None, fence: None, turn: None }
    }

    /// The same, which sends to nobody if there is an error: it is not known who has the message already.
    pub(crate) fn refused_by(self, error: Option<Error>) -> Self {
        Self { refused: error.or(self.refused), ..self }
    }

    /// The same, for a resend that has the run's fence.
    pub(crate) fn fenced(self, fence: Option<&'a Fence>) -> Self {
        Self { fence, ..self }
    }

    /// The same, for a run that sends when the runs before it have ended.
    pub(crate) fn in_turn(self, turn: &'a GateSlot) -> Self {
        Self { turn: Some(turn), ..self }
    }

    /// Sends a run's message by mail.
    async fn send_mail(
        &self,
        message: &Message,
        to: &Mailbox,
        index: usize,
    ) -> Result<String, Error> {
        let job = self.job;
        let place = self.first + index;
        let mail = if self.is_reissued {
            let reissued = message.clone().reissued(job.report.locale.language());
            compose_mail(job, &reissued, to, place)?
        } else {
            compose_mail(job, message, to, place)?
        };
        self.mail(to, &mail).await
    }

    async fn mail(&self, to: &Mailbox, content: &[u8]) -> Result<String, Error> {
        let from = &self.job.report.email.from;
        let answer_by = self.job.clock().answer_by();
        let deadline = answer_by.map(|time| time.checked_sub(RECORD_TIME).unwrap_or(time));
        let mail = Mail { from, to, content, options: &send_options(self.job) };
        let sending = self.services.outbox.ses.send(mail, deadline);
        let sent = self.job.invocation.stop.with_grace(sending).await;
        let breaker = &self.job.invocation.breaker;
        sent.ok_or_else(unanswered)?.map_err(|refusal| breaker.trip(refusal, &from.address))
    }
}

impl MessageSender for RunSender<'_> {
    type Message = Message;

    fn files<'m>(&self, message: &'m Message) -> Vec<(&'m str, &'m [u8])> {
        message.kept.iter().map(|file| (file.name.as_str(), file.content.as_slice())).collect()
    }

    async fn wait_turn(&self) {
        if let Some(turn) = self.turn {
            turn.wait().await;
        }
    }

    async fn send(&self, message: &Message, to: &Recipient, index: usize) -> Result<String, Error> {
        match destination(to)? {
            Destination::Mail(mailbox) => self.send_mail(message, &mailbox, index).await,
        }
    }

    fn shard_size(&self, record: &RunRecord) -> Option<usize> {
        // Each write is of a whole record. That of a shard is small, however many recipients the run has.
        let is_kept = self.services.ledger.is_kept() && self.job.is_recorded();
        let can_be_cut = is_kept && !self.job.is_reissue();
        let is_whole = !record.is_shard && record.shards.is_none();
        let kinds: BTreeSet<_> = waiting(record).filter_map(|to| to.kind().ok()).collect();
        // The slowest service decides how many are sent to in time.
        let sizes = kinds.into_iter().map(|kind| largest_shard(self.services.outbox.rate(kind)));
        sizes.min().filter(|size| can_be_cut && is_whole && record.is_larger_than(*size))
    }

    fn concurrency(&self, to: &Recipient) -> usize {
        let Ok(kind) = to.kind() else { return IN_FLIGHT_MAX };
        // As many as the service accepts in half a second.
        let rate = self.services.outbox.rate(kind).per_second();
        (1..=IN_FLIGHT_MAX)
            .take_while(|places| u32::try_from(2 * places).is_ok_and(|n| f64::from(n) <= rate))
            .last()
            .unwrap_or(1)
    }

    fn refusal(&self, to: &Recipient) -> Option<Error> {
        match to.kind().ok()? {
            DestinationKind::Mail => self.job.send_stop(),
        }
    }

    fn stop_reason(&self) -> Option<Error> {
        let is_stopped = self.job.invocation.stop.has_come();
        let is_late = !self.job.clock().has_time_for(SEND_TIME);
        let refused = self.refused.clone().or_else(|| is_stopped.then(stopped));
        let fenced_off = refused.or_else(|| self.fence.and_then(Fence::loss));
        fenced_off.or_else(|| is_late.then(no_time_to_send))
    }

    fn owner(&self) -> Option<StoredDestination> {
        let address = self.job.report.owner.clone();
        let owner = Destination::Mail(Mailbox { name: None, address });
        let deployment = &self.services.settings.deployment;
        if let Err(error) = deployment.check_recipients(std::slice::from_ref(&owner)) {
            let report = self.job.report.id.as_str();
            tracing::warn!(report, code = error.code.as_str(), "the owner may not be told");
            return None;
        }
        Some(StoredDestination::from(&owner))
    }

    async fn notify(&self, record: &RunRecord, to: &Recipient) -> Result<String, Error> {
        if let Some(error) = self.job.send_stop() {
            return Err(error);
        }
        let message = run_notice(self.services, self.job, record)?;
        // Notices are mail, whatever the recipients of the report are.
        let Destination::Mail(to) = destination(to)?;
        let mail = compose_notice(self.job, &message, &to, &self.job.key(&record.window))?;
        let sent = self.mail(&to, &mail).await;
        sent.inspect_err(|error| {
            let report = self.job.report.id.as_str();
            log_error(self.job.context().id(), Some(report), error, "the owner could not be told");
        })
    }
}

fn no_time_to_send() -> Error {
    let message = "there was no time left to send to this recipient";
    Error::new(Code::Timeout, Stage::Deliver, message).retryable()
}

/// The recipients of a record who wait for the message.
fn waiting(record: &RunRecord) -> impl Iterator<Item = &Recipient> {
    record.recipients.iter().filter(|r| r.status == DeliveryState::Pending)
}

/// The destination of a recipient in a record.
///
/// # Errors
/// `STORE_ERROR` where it is no destination, or one of a kind that this program does not know.
fn destination(recipient: &Recipient) -> Result<Destination, Error> {
    Destination::try_from(recipient.destination()).map_err(|error| {
        let message = format!("a recipient in the record {error}");
        let wrong = Error::new(Code::StoreError, Stage::Record, message);
        match error {
            DestinationError::Kind => {
                wrong.hint("deploy the version that wrote it, or a later one")
            }
            DestinationError::Address(_) => wrong,
        }
    })
}
