//! A run with many recipients, cut into parts that several invocations send side by side, each with a
//! record and a lease of its own.
//!
//! 1. Who has the run stores its message, writes into its record which recipient is of which part,
//!    puts an order for each part into the queue, and lets go of the run, which has not ended.
//! 2. Who gets the order of a part claims the part's record, as that of any run, and sends the stored
//!    message to its recipients.
//! 3. Whose part has ended, and who finds all others ended too, takes the run up, takes over from the
//!    parts what became of each recipient, and ends it as any other: the run's outcome is computed
//!    from theirs.
//!
//! Where a process dies: before the orders are in the queue, or with one of them lost, the next tick
//! finds a run that has not ended and queues the parts that are open. In a part it is as in a run.
//! Between the last part and the end of the run, the next tick ends it. An order that comes twice finds
//! the part's record. Where there is no queue any more, whoever takes the run up sends its parts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::concurrency::side_by_side;
use crate::error::{Code, Error, Stage};
use crate::event::{Order, Part};
use crate::queue::Queue;
use crate::run::Runner;
use crate::run::delivery::attempt::ClaimRequest;
use crate::run::delivery::attempt::Claimed;
use crate::run::delivery::attempt::gone;
use crate::run::delivery::sender::RunSender;
use crate::run::dispatch::executor::BatchResult;
use crate::run::dispatch::executor::RunEnd;
use crate::run::job::Job;
use crate::run::ledger::recipient::DeliveryState;
use crate::run::ledger::record::RunRecord;
use crate::run::ledger::records;
use crate::run::ledger::records::HANDED_OUT_AGAIN;
use crate::run::ledger::store::LeasedRun;
use crate::run::outcome::run_outcome::DeliveryStatus;
use crate::run::outcome::run_outcome::RunOutcome;
use crate::settings::Rate;
use crate::window::{LocalTime, Zone};

/// How many recipients a part has, at most.
pub(crate) const SIZE: usize = 200;

/// How many seconds a worker sends to a part, at most.
const SECONDS: f64 = 100.0;

/// How many recipients a part has that a worker with this rate sends to.
pub(crate) fn size(rate: Rate) -> usize {
    let sends = |recipients: &usize| {
        u32::try_from(*recipients).is_ok_and(|n| f64::from(n) <= SECONDS * rate.per_second())
    };
    (1..=SIZE).take_while(sends).last().unwrap_or(1)
}

/// Into which parts a run is cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShardSet {
    /// The writer that cut it: its parts are nobody else's.
    by: String,
    count: u32,
    /// When their orders were put into the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queued_at: Option<jiff::Timestamp>,
}

/// What is left of a run that was cut into parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenShards {
    /// The parts that have not ended and that nobody has.
    open: Vec<Part>,
    /// How many of them have not been begun.
    untried: usize,
    /// How many others have at this moment.
    busy: usize,
}

impl OpenShards {
    pub(crate) fn is_nothing(&self) -> bool {
        self.open.is_empty() && self.busy == 0
    }

    /// Whether all that is left has been tried, and nobody tries it now.
    fn is_tried(&self) -> bool {
        self.untried == 0 && self.busy == 0
    }
}

impl ShardSet {
    fn all(&self) -> impl Iterator<Item = Part> {
        let by = &self.by;
        (1..=self.count).map(move |number| Part { by: by.clone(), number })
    }
}

impl RunRecord {
    /// Whether more wait for the message than a part has.
    pub(crate) fn is_larger_than(&self, size: usize) -> bool {
        self.messages.iter().filter(|r| r.status == DeliveryState::Pending).count() > size
    }

    /// The run, cut into parts of so many who wait for the message.
    pub(crate) fn cut(&mut self, size: usize) {
        let waiting = self.messages.iter_mut().filter(|r| r.status == DeliveryState::Pending);
        let mut count = 0;
        for (index, recipient) in waiting.enumerate() {
            count = u32::try_from(index / size + 1).unwrap_or(u32::MAX);
            recipient.part = Some(count);
        }
        self.parts = Some(ShardSet { by: self.claim.by.clone(), count, queued_at: None });
    }

    /// All parts of the run, none of which has been begun.
    pub(crate) fn all_parts(&self) -> OpenShards {
        let open: Vec<Part> = self.parts.iter().flat_map(ShardSet::all).collect();
        OpenShards { untried: open.len(), open, busy: 0 }
    }

    /// How many recipients of the whole run come before those of this part.
    pub(crate) fn recipients_before(&self) -> usize {
        let first = self.messages.first().filter(|_| self.is_part);
        let number = first.and_then(|recipient| recipient.part).unwrap_or(1);
        usize::try_from(number - 1).unwrap_or_default().saturating_mul(SIZE)
    }

    /// The record that a part has if it has none yet; none where the run is not cut so any more.
    fn of_part(&self, part: &Part) -> Option<Self> {
        let parts = self.parts.as_ref().filter(|parts| parts.by == part.by)?;
        let is_its = (1..=parts.count).contains(&part.number);
        let its = self.messages.iter().filter(|r| r.part == Some(part.number));
        let (report, window) = (self.report.clone(), self.window.clone());
        let mut record = Self::new(report, window, self.definition.clone(), self.event.clone());
        record.is_part = true;
        record.reissued = self.reissued;
        record.made_at = self.made_at;
        record.message.clone_from(&self.message);
        record.messages = its.cloned().collect();
        is_its.then_some(record)
    }

    /// Takes over from a part what became of its recipients.
    fn take_over(&mut self, part: &Self, number: u32) {
        let mut its = part.messages.iter();
        for own in self.messages.iter_mut().filter(|own| own.part == Some(number)) {
            // They stand in the same order.
            if let Some(known) = its.find(|known| known.to == own.to) {
                own.take(known);
            }
        }
    }

    /// Whoever was sending in a part that nobody has any more does not say how it ended.
    fn lose(&mut self, number: u32, now: Timestamp) {
        let its = self.messages.iter_mut().filter(|own| own.part == Some(number));
        its.filter(|own| own.status == DeliveryState::Sending).for_each(|own| own.lost(now));
    }

    /// The run in one piece again.
    pub(crate) fn put_together(&mut self) {
        self.parts = None;
        self.messages.iter_mut().for_each(|recipient| recipient.part = None);
    }
}

impl Runner {
    /// Takes over from the parts of a run what became of its recipients, and says what is left.
    ///
    /// # Errors
    /// Where a part's record can't be read.
    pub(crate) async fn gather(
        &self,
        job: &Job,
        record: &mut RunRecord,
    ) -> Result<OpenShards, Error> {
        let ledger = self.ledger_store(job);
        let parts = record.all_parts().open;
        let key = |part: &Part| records::part_key(&job.report.id, &record.window, part);
        let found = side_by_side(&parts, async |part| ledger.record(&key(part)).await);
        let found: Result<Vec<Option<RunRecord>>, Error> = found.await.into_iter().collect();
        let (now, mut left) = (job.invocation.clock.now(), OpenShards::default());
        for (part, found) in parts.into_iter().zip(found?) {
            if let Some(found) = &found {
                record.take_over(found, part.number);
            }
            match found {
                Some(found) if found.is_final => {}
                Some(found) if found.is_held_at(now) => left.busy += 1,
                found => {
                    record.lose(part.number, now);
                    left.untried += usize::from(found.is_none());
                    left.open.push(part);
                }
            }
        }
        Ok(left)
    }

    /// Ends what is open for good, so that nobody begins it any more, and says what others have at this
    /// moment.
    ///
    /// # Errors
    /// Where a part's record can't be read or written.
    pub(crate) async fn close_parts(
        &self,
        job: &Job,
        record: &mut RunRecord,
        error: &Error,
    ) -> Result<OpenShards, Error> {
        let left = self.gather(job, record).await?;
        for part in &left.open {
            let Some(fresh) = record.of_part(part) else { continue };
            if let Claimed::Held(mut leased) = self.claim_part(job, part, &fresh).await? {
                let sender = RunSender::new(self, job, (&leased.record, None));
                self.ledger_store(job).close(&mut leased, &sender, error.clone()).await?;
            }
        }
        match left.open.is_empty() {
            true => Ok(left),
            false => self.gather(job, record).await,
        }
    }

    /// Goes on with a run that was cut into parts and has not ended, and lets go of it.
    pub(crate) async fn hand_on(
        &self,
        job: &Job,
        mut leased: LeasedRun,
        left: OpenShards,
    ) -> RunEnd {
        let went_on = self.go_on(job, &mut leased, &left).await;
        self.let_go(job, &mut leased).await;
        let outcome = |run: RunOutcome| Box::new(RunOutcome { effort: leased.effort, ..run });
        match went_on {
            _ if leased.is_lost() => RunEnd::Lost(Box::new(leased.record)),
            Ok(Ended::Whole) => {
                self.records.know(&job.key(&leased.record.window), &leased.record);
                RunEnd::Outcome(outcome(leased.record.outcome()), None)
            }
            Ok(Ended::Queued(parts)) => {
                let told = job.is_named().then(|| outcome(under_way(&leased.record, &left)));
                RunEnd::Queued { parts, told }
            }
            Err(error) => {
                let window = Some(leased.record.window.clone());
                let run = RunOutcome { window, ..RunOutcome::started(&job.report.id) };
                RunEnd::Outcome(outcome(run.failed(error)), None)
            }
        }
    }

    /// Ends the lease of a run that this invocation has and does not end.
    pub(crate) async fn let_go(&self, job: &Job, leased: &mut LeasedRun) {
        if leased.record.claim.until.take().is_some() {
            // Where this fails, the lease ends by itself.
            let _ = self.ledger_store(job).save(leased).await;
        }
    }

    /// Queues what is open, unless it was queued a short while ago; or sends it, where there is no
    /// queue. Where all has been tried, the run ends for now with what failed.
    async fn go_on(
        &self,
        job: &Job,
        leased: &mut LeasedRun,
        left: &OpenShards,
    ) -> Result<Ended, Error> {
        match &self.queue {
            _ if job.is_overdue => Ok(Ended::Queued(0)),
            None => self.send_here(job, leased, left).await,
            Some(queue) => {
                let queued = queue_open(queue, job, &mut leased.record, left).await?;
                match left.is_tried() {
                    true => self.end_for_now(job, leased).await,
                    false => Ok(Ended::Queued(queued)),
                }
            }
        }
    }

    async fn send_here(
        &self,
        job: &Job,
        leased: &mut LeasedRun,
        left: &OpenShards,
    ) -> Result<Ended, Error> {
        let ledger = self.ledger_store(job);
        for part in &left.open {
            self.send_part(job, part).await?;
            // The lease goes on.
            ledger.save(leased).await?;
            if leased.is_lost() {
                return Ok(Ended::Queued(0));
            }
        }
        let left = self.gather(job, &mut leased.record).await?;
        if left.is_nothing() {
            leased.record.put_together();
            leased.effort = leased.record.effort;
            let definition = leased.record.definition.clone();
            let sender = RunSender::new(self, job, (&leased.record, None));
            ledger.carry_out(leased, &definition, &sender, async |_| Err(gone())).await?;
            return Ok(Ended::Whole);
        }
        match left.is_tried() {
            true => self.end_for_now(job, leased).await,
            false => Err(others_are_sending()),
        }
    }

    /// Ends a run of which all has been tried, and that is tried again later.
    async fn end_for_now(&self, job: &Job, leased: &mut LeasedRun) -> Result<Ended, Error> {
        let sender = RunSender::new(self, job, (&leased.record, None));
        self.ledger_store(job).end(leased, &sender, None).await.map(|()| Ended::Whole)
    }

    async fn claim_part(
        &self,
        job: &Job,
        part: &Part,
        fresh: &RunRecord,
    ) -> Result<Claimed, Error> {
        let event = job.event();
        let claimant = ClaimRequest { event: &event, is_a_person: false };
        let key = records::part_key(&job.report.id, &fresh.window, part);
        self.ledger_store(job).claim(&key, fresh, claimant).await
    }

    /// Sends a part: its record, and the run's as it was before; nothing where another has it, or the
    /// run is not cut so any more.
    ///
    /// # Errors
    /// Where a record can't be read or written.
    async fn send_part(
        &self,
        job: &Job,
        part: &Part,
    ) -> Result<Option<(RunRecord, RunRecord)>, Error> {
        let (ledger, window) = (self.ledger_store(job), job.window()?);
        let key = job.key(&window);
        let run = ledger.record(&key).await?;
        let fresh = run.as_ref().and_then(|run| run.of_part(part));
        let (Some(run), Some(fresh)) = (run, fresh) else {
            let (report, part) = (job.report.id.as_str(), part.number);
            tracing::info!(report, part, "there is no such part any more");
            return Ok(None);
        };
        let record = match self.claim_part(job, part, &fresh).await? {
            Claimed::Busy(_) => return Ok(None),
            Claimed::Ended(record) => *record,
            Claimed::Held(mut leased) => {
                let learned = self.learn_reissues(job, &mut leased.record).await;
                let sender = RunSender::new(self, job, (&leased.record, learned.err()));
                let definition = leased.record.definition.clone();
                ledger.carry_out(&mut leased, &definition, &sender, async |_| Err(gone())).await?;
                log(part, &leased.record);
                leased.record
            }
        };
        Ok(Some((record, run)))
    }

    /// Does what the order of a part asks for: sends it, and ends the run if it was the last one.
    ///
    /// # Errors
    /// What the part failed with, where it is to be tried again; where a record can't be read or
    /// written.
    pub(crate) async fn run_part(
        &self,
        job: Job,
        part: &Part,
        tell: impl Fn(&RunOutcome),
    ) -> Result<BatchResult, Error> {
        let Some((record, mut run)) = self.send_part(&job, part).await? else {
            return Ok(BatchResult::default());
        };
        if !record.is_final {
            return record.error.map_or(Ok(BatchResult::default()), Err);
        }
        if !self.gather(&job, &mut run).await?.is_nothing() {
            return Ok(BatchResult::default());
        }
        Ok(self.run_all(&[job.whole()], tell).await)
    }
}

/// How it went on with a run that was cut into parts.
enum Ended {
    /// The run has ended, at least for now.
    Whole,
    /// So many of its parts were queued.
    Queued(usize),
}

/// Puts the orders of open parts into the queue, and answers how many.
async fn queue_open(
    queue: &Queue,
    job: &Job,
    record: &mut RunRecord,
    left: &OpenShards,
) -> Result<usize, Error> {
    let now = job.invocation.clock.now();
    let Some(parts) = &mut record.parts else { return Ok(0) };
    if parts.queued_at.is_some_and(|at| now.duration_since(at) < HANDED_OUT_AGAIN) {
        return Ok(0);
    }
    let at = |time| LocalTime::Instant(time);
    let order = |part: &Part| Order {
        id: Some(job.event().id),
        time: Some(job.time()),
        reports: vec![job.report.id.clone()],
        window: Some((at(record.window.start()), at(record.window.end()))),
        zone: Zone::named(record.window.zone_name()),
        due: true,
        part: Some(part.clone()),
        ..Order::default()
    };
    let messages: Vec<String> =
        left.open.iter().map(|part| order(part).message().to_string()).collect();
    queue.send(&messages).await?;
    parts.queued_at = Some(now);
    Ok(messages.len())
}

fn log(part: &Part, record: &RunRecord) {
    let outcome = record.outcome();
    let [sent, failed, unknown] =
        [DeliveryStatus::Sent, DeliveryStatus::Failed, DeliveryStatus::Unknown]
            .map(|status| outcome.count(status));
    let (report, part, code) =
        (&record.report, part.number, outcome.error.map(|e| e.code.as_str()));
    tracing::info!(report, part, sent, failed, unknown, code, "part");
}

/// What a person is told of a run that goes out in parts.
fn under_way(record: &RunRecord, left: &OpenShards) -> RunOutcome {
    let of = record.all_parts().open.len();
    let left = left.open.len() + left.busy;
    let window = Some(record.window.clone());
    let mut run = RunOutcome { window, report: record.report.clone(), ..RunOutcome::default() };
    run.skip(&format!("workers are sending it in parts: {left} of {of} are left"));
    RunOutcome { told_again: true, ..run }
}

fn others_are_sending() -> Error {
    let message = "other invocations are sending parts of this report";
    Error::new(Code::Timeout, Stage::Deliver, message).retryable()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::ledger::record::Lease;
    use crate::run::ledger::record::TriggerId;
    use crate::window::Window;

    fn record(recipients: usize) -> RunRecord {
        let day = |day| LocalTime::Date(jiff::civil::date(2026, 11, day));
        let window = Window::between(day(22), day(23), &Zone::named("UTC").unwrap()).unwrap();
        let event = TriggerId { id: "tick".to_owned(), time: window.end() };
        let mut record = RunRecord::new("daily".to_owned(), window, "0123".to_owned(), event);
        let to: Vec<_> =
            (0..recipients).map(|n| format!("agent-{n}@example.com").parse().unwrap()).collect();
        record.made("message".to_owned(), &to, record.started_at);
        record.claim = Lease { by: "00c0ffee".to_owned(), until: None };
        record
    }

    /// Each recipient who waits is in one part, in their order, and those who have it are in none.
    #[test]
    fn each_recipient_is_in_one_part() {
        let mut run = record(2 * SIZE + 2);
        run.messages[0].ended(Ok("id".to_owned()));
        assert!(run.is_larger_than(SIZE));
        run.cut(SIZE);
        let parts = run.all_parts().open;
        let of_parts: Vec<RunRecord> =
            parts.iter().map(|part| run.of_part(part).unwrap()).collect();
        let sizes: Vec<_> = of_parts.iter().map(|part| part.messages.len()).collect();
        assert_eq!(sizes, [SIZE, SIZE, 1]);
        let to: Vec<_> = of_parts.iter().flat_map(|part| &part.messages).map(|r| &r.to).collect();
        let all: Vec<_> = run.messages.iter().skip(1).map(|r| &r.to).collect();
        assert_eq!(to, all);
        assert!(of_parts.iter().all(|part| part.is_part && part.message == run.message));
    }

    /// The run has of each recipient what their part has; in one piece it has no parts, and an order
    /// for one of another cut finds nothing.
    #[test]
    fn what_parts_know_the_run_knows() {
        let mut run = record(SIZE + 1);
        run.cut(SIZE);
        let parts = run.all_parts().open;
        for part in &parts {
            let mut sent = run.of_part(part).unwrap();
            for (index, recipient) in sent.messages.iter_mut().enumerate() {
                recipient.ended(Ok(format!("{}-{index}", part.number)));
            }
            sent.end(None, sent.started_at);
            assert!(sent.is_final && !sent.owes_a_notice());
            run.take_over(&sent, part.number);
        }
        let ids: Vec<_> =
            run.outcome().messages.into_iter().filter_map(|sent| sent.message_id).collect();
        assert_eq!((ids.len(), ids[SIZE].as_str()), (SIZE + 1, "2-0"));
        assert!(run.of_part(&Part { by: "another".to_owned(), number: 1 }).is_none());
        assert!(run.of_part(&Part { number: 3, ..parts[0].clone() }).is_none());
        run.put_together();
        assert!(run.of_part(&parts[0]).is_none());
        assert!(run.messages.iter().all(|recipient| recipient.part.is_none()));
    }
}
