//! Orders as JSON: the members that people and programs write, and the messages of the queue.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::kind::{NamedReports, QueuedSpan, Resend, ShardId, Trigger, TriggerKind, payload_error};
use crate::address::{MOST_OF_AN_ORDER, Mailbox, each_once};
use crate::definition::ReportId;
use crate::error::{Error, cut};
use crate::window::{LocalTime, Zone};

/// The members that an order may have.
const ORDER_MEMBERS: &[&str] =
    &["id", "reports", "time", "window", "to", "dry_run", "resend", "due", "part"];

/// The members of an order, each read by itself.
struct Members {
    id: Option<String>,
    time: Option<Timestamp>,
    reports: Vec<ReportId>,
    window: Option<(LocalTime, LocalTime)>,
    zone: Option<Zone>,
    to: Option<Vec<Mailbox>>,
    dry_run: bool,
    resend: Option<Resend>,
    due: bool,
    shard: Option<ShardId>,
}

/// Reads the members of an order.
///
/// # Errors
/// `VALIDATION_ERROR` with every problem in `details`.
pub(super) fn read_order(members: &Map<String, Value>) -> Result<Trigger, Error> {
    let mut reader = OrderReader { members, problems: Vec::new() };
    let read = reader.read_members();
    reader.check_together(&read);
    let mut unknown = members.keys().filter(|member| !ORDER_MEMBERS.contains(&member.as_str()));
    let left = MOST_PROBLEMS.saturating_sub(reader.problems.len());
    for member in unknown.by_ref().take(left) {
        // An unknown name may be long.
        reader.add_problem(
            &cut(member, 40),
            &format!("is unknown; an order has {}", ORDER_MEMBERS.join(", ")),
        );
    }
    if reader.problems.is_empty() {
        return Ok(read.trigger());
    }
    let more = match unknown.count() {
        0 => String::new(),
        more => format!("; and {more} more members are unknown"),
    };
    Err(payload_error(format!("the order is wrong: {}{more}", reader.problem_summary()))
        .details(reader.problems.into_iter().map(|(details, _)| details).collect()))
}

impl Members {
    /// The trigger of these members.
    fn trigger(self) -> Trigger {
        let Self { id, time, reports, window, zone, to, dry_run, resend, due, shard } = self;
        let kind = match (window, resend) {
            _ if reports.is_empty() => TriggerKind::Tick { from_queue: false },
            (Some(window), _) if due => {
                let span = QueuedSpan { window, zone };
                match (shard, reports.as_slice()) {
                    (Some(shard), [report]) => {
                        TriggerKind::Shard { report: report.clone(), span, shard }
                    }
                    _ => TriggerKind::Group { reports, span },
                }
            }
            (window, None) => TriggerKind::Reports(NamedReports { reports, window, to }),
            (window, Some(resent_to)) => {
                let named = NamedReports { reports, window, to };
                TriggerKind::Resend { named, to: resent_to }
            }
        };
        Trigger { id, time, dry_run, kind }
    }
}

impl Trigger {
    /// The message that hands queued runs to another invocation; read back, it gives this same trigger.
    pub(crate) fn to_message(&self) -> Value {
        let mut members = Map::new();
        if let Some(id) = &self.id {
            members.insert("id".to_owned(), json!(id));
        }
        if let Some(time) = self.time {
            members.insert("time".to_owned(), json!(time));
        }
        let reports: Vec<&str> = self.reports().iter().map(ReportId::as_str).collect();
        if !reports.is_empty() {
            members.insert("reports".to_owned(), json!(reports));
        }
        if let Some((start, end)) = self.window() {
            let zone = self.queued_zone().map(Zone::name);
            let window =
                json!({"start": start.to_string(), "end": end.to_string(), "time_zone": zone});
            members.insert("window".to_owned(), window);
        }
        if self.is_queued() {
            members.insert("due".to_owned(), json!(true));
        }
        if let TriggerKind::Shard { shard: ShardId { by, number }, .. } = &self.kind {
            members.insert("part".to_owned(), json!({"by": by, "number": number}));
        }
        Value::Object(members)
    }
}

/// The most problems of an order that are reported.
const MOST_PROBLEMS: usize = 100;

/// The form of an id, as errors state it.
const ID_FORM: &str = "a text of 1 to 128 letters, digits and `.`, `_`, `:`, `-`";

/// True for a valid id; it becomes part of logs and of the names of records.
pub(super) fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._:-".contains(c))
}

/// The form of a window, as errors state it.
const WINDOW_FORM: &str = "two different dates, local times, or times with an offset, such as \
                      {\"start\": \"2026-11-22\", \"end\": \"2026-11-23\"}";

/// The most reports that an order may name.
const MOST_REPORTS: usize = 10_000;

/// The most entries of a member that is a list.
fn most_entries(member: &str) -> usize {
    if member == "to" { MOST_OF_AN_ORDER } else { MOST_REPORTS }
}

fn parse_reports(value: &Value) -> Option<Vec<ReportId>> {
    let mut ids = Vec::new();
    let mut known = HashSet::new();
    for id in value.as_array()? {
        let id: ReportId = id.as_str()?.parse().ok()?;
        if known.insert(id.clone()) {
            ids.push(id);
        }
    }
    (!ids.is_empty()).then_some(ids)
}

fn parse_window(value: &Value) -> Option<(LocalTime, LocalTime)> {
    let members = value.as_object()?;
    let own = ["start", "end", "time_zone"];
    if members.keys().any(|member| !own.contains(&member.as_str())) {
        return None;
    }
    let start = members.get("start")?.as_str()?;
    let end = members.get("end")?.as_str()?;
    Some((parse_border(start)?, parse_border(end)?))
}

/// A border of a window: a local time, or an instant to the second, as answers have them where the clock
/// shows a reading twice.
fn parse_border(text: &str) -> Option<LocalTime> {
    if let Ok(local) = text.parse() {
        return Some(local);
    }
    let time: Timestamp = text.parse().ok()?;
    (time.subsec_nanosecond() == 0).then_some(LocalTime::Instant(time))
}

/// The zone of a window, as answers have it; `Some(None)` where the window has none.
fn parse_zone(value: &Value) -> Option<Option<Zone>> {
    match value.get("time_zone") {
        None | Some(Value::Null) => Some(None),
        Some(name) => Zone::named(name.as_str()?).map(Some),
    }
}

fn parse_shard(value: &Value) -> Option<ShardId> {
    let members = value.as_object().filter(|members| members.len() == 2)?;
    let by = members.get("by")?.as_str().filter(|by| is_id(by))?;
    let number = u32::try_from(members.get("number")?.as_u64()?).ok()?;
    (number > 0).then(|| ShardId { by: by.to_owned(), number })
}

fn parse_mailboxes(value: &Value) -> Option<Vec<Mailbox>> {
    let to = value.as_array()?.iter().map(|address| address.as_str()?.parse().ok());
    let to = each_once(to.collect::<Option<Vec<Mailbox>>>()?);
    (!to.is_empty()).then_some(to)
}

/// Reads an order's members, and collects the problems.
struct OrderReader<'o> {
    members: &'o Map<String, Value>,
    problems: Vec<(Value, String)>,
}

impl OrderReader<'_> {
    fn read_members(&mut self) -> Members {
        Members {
            id: self.read_member("id", ID_FORM, |value| {
                value.as_str().filter(|id| is_id(id)).map(ToOwned::to_owned)
            }),
            time: self.read_member("time", "a time such as \"2026-11-23T07:00:00Z\"", |value| {
                value.as_str()?.parse().ok()
            }),
            reports: self
                .read_member("reports", "a list of one or more report ids", parse_reports)
                .unwrap_or_default(),
            window: self.read_member("window", WINDOW_FORM, parse_window),
            zone: self.read_member("window", WINDOW_FORM, parse_zone).flatten(),
            to: self.read_member("to", "a list of one or more mail addresses", parse_mailboxes),
            dry_run: self
                .read_member("dry_run", "true or false", Value::as_bool)
                .unwrap_or_default(),
            resend: self.read_member("resend", "\"failed\", \"unknown\" or \"all\"", |value| {
                let word = value.as_str()?;
                Resend::ALL.iter().find(|(name, _)| *name == word).map(|(_, resend)| *resend)
            }),
            due: self.read_member("due", "true or false", Value::as_bool).unwrap_or_default(),
            shard: self.read_member("part", "a part that this program has queued", parse_shard),
        }
    }

    fn read_member<T>(
        &mut self,
        member: &str,
        wanted: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.members.get(member)?;
        let length = value.as_array().map_or(0, Vec::len);
        let most = most_entries(member);
        if length > most {
            self.add_problem(member, &format!("has {length} entries, {most} are allowed"));
            return None;
        }
        let found = read(value);
        if found.is_none() {
            self.add_problem(member, &format!("is not {wanted}"));
        }
        found
    }

    /// Adds the problems of members that need another, or exclude one.
    fn check_together(&mut self, members: &Members) {
        for member in ["to", "window", "resend", "due", "part"] {
            if self.members.contains_key(member) && !self.members.contains_key("reports") {
                self.add_problem(member, "needs `reports`");
            }
        }
        let Members { window, to, dry_run, resend, due, shard, .. } = members;
        if *due && window.is_none() && self.members.contains_key("reports") {
            self.add_problem("due", "needs the `window`");
        }
        if *due && (to.is_some() || resend.is_some() || *dry_run) {
            self.add_problem("due", "does not go with `to`, `resend` or `dry_run`");
        }
        if shard.is_some() && !(*due && members.reports.len() == 1) {
            self.add_problem("part", "needs `due` and one report");
        }
    }

    fn add_problem(&mut self, member: &str, message: &str) {
        let text = format!("`{member}` {message}");
        self.problems.push((json!({"member": member, "message": text}), text));
    }

    fn problem_summary(&self) -> String {
        let texts: Vec<_> = self.problems.iter().map(|(_, text)| text.as_str()).collect();
        texts.join("; ")
    }
}
