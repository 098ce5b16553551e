//! Mails on their way to SES: those of a run, and the one to its owner.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::address::{Address, Mailbox};
use crate::error::{Code, Error, Stage};
use crate::mail::{Envelope, Reach, Refusal, Sending, compose};
use crate::render::Message;
use crate::run::Runner;
use crate::run::delivery::attempt::IN_FLIGHT;
use crate::run::delivery::attempt::MessageSender;
use crate::run::delivery::notice;
use crate::run::dispatch::order_gate::OrderGate;
use crate::run::dispatch::shards as parts;
use crate::run::job::Job;
use crate::run::job::stop::stopped;
use crate::run::job::stop::unanswered;
use crate::run::ledger::fence::Fence;
use crate::run::ledger::recipient::DeliveryState;
use crate::run::ledger::recipient::Recipient;
use crate::run::ledger::record::RunRecord;
use crate::run::log_error;
use crate::run::message::build::check_allowed;

/// How much time a message needs.
const TO_SEND: Duration = Duration::from_secs(2);

/// How much is kept free after the last send, for its end to be written down.
const TO_RECORD: Duration = Duration::from_secs(1);

/// Sends the messages of one run.
pub(crate) struct RunSender<'a> {
    runner: &'a Runner,
    job: &'a Job,
    is_reissued: bool,
    /// How many recipients of the run come before these.
    first: usize,
    /// Why none of them may be sent.
    refused: Option<Error>,
    /// Whose turn to send it is, and the place of the run.
    turn: Option<(&'a OrderGate, usize)>,
}

/// SES's answers that would also affect later sends of the invocation, of one sender or of all. Clones
/// share what they know.
#[derive(Clone, Debug, Default)]
pub struct SendBreaker(Arc<Mutex<Vec<Stopped>>>);

/// Sends that would fare as another did.
#[derive(Clone, Debug)]
struct Stopped {
    /// Those of this sender; none where it is all of them.
    from: Option<Address>,
    error: Error,
}

impl<'a> RunSender<'a> {
    pub(crate) fn new(
        runner: &'a Runner,
        job: &'a Job,
        (record, unknown): (&RunRecord, Option<Error>),
    ) -> Self {
        let waiting = record.messages.iter().filter(|r| r.status == DeliveryState::Pending);
        let waiting: Result<Vec<Mailbox>, Error> = waiting.map(Recipient::mailbox).collect();
        let checked = waiting.and_then(|waiting| check_allowed(runner, &waiting));
        let refused = unknown.or(checked.err());
        let (is_reissued, first) = (record.reissued, record.recipients_before());
        Self { runner, job, is_reissued, first, refused, turn: None }
    }

    /// Sends only the mail to the owner of a run that has ended.
    pub(crate) fn to_owner(runner: &'a Runner, job: &'a Job) -> Self {
        Self { runner, job, is_reissued: false, first: 0, refused: None, turn: None }
    }

    /// The same, for a run that sends when those before it have ended.
    pub(crate) fn in_turn(self, turns: &'a OrderGate, place: usize) -> Self {
        Self { turn: Some((turns, place)), ..self }
    }

    async fn hand_over(
        &self,
        message: &Message,
        to: &Mailbox,
        index: usize,
    ) -> Result<String, Error> {
        let mail = self.job.compose(message, to, self.first + index)?;
        self.mail(to, &mail, &self.job.sending()).await
    }

    async fn mail(&self, to: &Mailbox, mail: &[u8], sending: &Sending) -> Result<String, Error> {
        let from = &self.job.report.email.from;
        let answer_by = self.job.invocation.clock.answer_by();
        let deadline = answer_by.map(|time| time.checked_sub(TO_RECORD).unwrap_or(time));
        let sending = self.runner.ses.send((from, to), mail, sending, deadline);
        let sent = self.job.invocation.stop.with_grace(sending).await;
        let breaker = &self.job.invocation.breaker;
        sent.ok_or_else(unanswered)?.map_err(|refusal| breaker.trip(refusal, &from.address))
    }
}

impl MessageSender for RunSender<'_> {
    async fn turn(&self) {
        if let Some((turns, place)) = self.turn {
            turns.come(place).await;
        }
    }

    async fn send(&self, message: &Message, to: &Recipient, index: usize) -> Result<String, Error> {
        let to = to.mailbox()?;
        match self.is_reissued {
            true => {
                self.hand_over(
                    &message.clone().reissued(self.job.report.locale.language()),
                    &to,
                    index,
                )
                .await
            }
            false => self.hand_over(message, &to, index).await,
        }
    }

    fn cuts(&self, record: &RunRecord) -> Option<usize> {
        let may = self.runner.queue.is_some() && self.job.is_recorded() && !self.job.is_reissue();
        let is_whole = !record.is_part && record.parts.is_none();
        let size = parts::size(self.runner.settings.rates.messages);
        (may && is_whole && record.is_larger_than(size)).then_some(size)
    }

    fn at_once(&self) -> usize {
        // What SES takes in half a second.
        let places = 1..=IN_FLIGHT;
        let rate = self.runner.settings.rates.messages.per_second();
        let takes = |places: usize| u32::try_from(2 * places).is_ok_and(|n| f64::from(n) <= rate);
        places.take_while(|places| takes(*places)).last().unwrap_or(1)
    }

    fn stopped(&self) -> Option<Error> {
        let time_is_left = self.job.invocation.clock.has_time_for(TO_SEND);
        let late = || {
            let message = "there was no time left to send to this recipient";
            Error::new(Code::Timeout, Stage::Deliver, message).retryable()
        };
        let refused = self.refused.clone();
        let refused = refused.or_else(|| self.job.invocation.stop.has_come().then(stopped));
        let stopped = || self.job.send_stop();
        let superseded = || self.job.fence.as_ref().and_then(Fence::loss);
        refused.or_else(superseded).or_else(stopped).or_else(|| (!time_is_left).then(late))
    }

    fn owner(&self) -> Option<Mailbox> {
        let owner = Mailbox { name: None, address: self.job.report.owner.clone() };
        let allowed = check_allowed(self.runner, std::slice::from_ref(&owner));
        if let Err(error) = &allowed {
            let report = self.job.report.id.as_str();
            tracing::warn!(report, code = error.code.as_str(), "the owner may not be told");
        }
        allowed.ok().map(|()| owner)
    }

    async fn notify(&self, record: &RunRecord, to: &Recipient) -> Result<String, Error> {
        if let Some(error) = self.job.send_stop() {
            return Err(error);
        }
        let message = notice::of_a_run(self.runner, self.job, record)?;
        let clock = self.job.invocation.clock;
        let run = self.job.run(&record.window);
        let id = self.job.mail_id(&run, "notice");
        let (from, to) = (&self.job.report.email.from, to.mailbox()?);
        let envelope = Envelope {
            from,
            to: &to,
            reply_to: None,
            id: &id,
            date: clock.started(),
            run: Some(&run),
            list: self.job.list(),
        };
        let mail = compose(envelope, &message)?;
        let sent = self.mail(&to, &mail, &self.job.sending()).await;
        sent.inspect_err(|error| {
            let (batch, report) = (self.job.event().id, self.job.report.id.as_str());
            log_error(&batch, Some(report), error, "the owner could not be told");
        })
    }
}

impl SendBreaker {
    /// Stops what a refusal says would fare the same, and returns its error.
    pub(crate) fn trip(&self, refusal: Refusal, from: &Address) -> Error {
        let error = refusal.error;
        let stopped = match refusal.reach {
            Reach::Message => return error,
            Reach::Sender => Stopped { from: Some(from.clone()), error: error.clone() },
            Reach::Account => Stopped { from: None, error: error.clone() },
            Reach::Service => Stopped { from: None, error: in_trouble() },
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(stopped);
        error
    }

    /// The reason for which a sender's mails are not tried, if there is one.
    pub(crate) fn stops(&self, from: &Address) -> Option<Error> {
        let stopped = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let concerns = |stopped: &&Stopped| stopped.from.as_ref().is_none_or(|s| s == from);
        stopped.iter().find(concerns).map(|stopped| stopped.error.clone())
    }
}

/// The reason for which nobody else is sent to after an end that is not known.
fn in_trouble() -> Error {
    let message = "SES gave no clear answer for another message, and this one was not tried";
    Error::new(Code::ServiceError, Stage::Deliver, message)
        .retryable()
        .hint("it is sent by the next attempt, once SES answers again")
}
