//! An order as JSON: the members that people and programs write, and the messages of the queue.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::kind::{NamedReports, QueuedSpan, Resend, ShardId, Trigger, TriggerKind, invalid};
use crate::address::{MOST_OF_AN_ORDER, Mailbox, each_once};
use crate::definition::ReportId;
use crate::error::{Error, cut};
use crate::window::{LocalTime, Zone};

const MEMBERS: &[&str] =
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
    let mut reader = Reader { members, problems: Vec::new() };
    let read = reader.read_members();
    reader.check_together(&read);
    let mut unknown = members.keys().filter(|member| !MEMBERS.contains(&member.as_str()));
    let left = MOST_PROBLEMS.saturating_sub(reader.problems.len());
    for member in unknown.by_ref().take(left) {
        // A name is quoted as far as it can be one.
        reader
            .problem(&cut(member, 40), &format!("is unknown; an order has {}", MEMBERS.join(", ")));
    }
    if reader.problems.is_empty() {
        return Ok(read.trigger());
    }
    let more = match unknown.count() {
        0 => String::new(),
        more => format!("; and {more} more members are unknown"),
    };
    Err(invalid(format!("the order is wrong: {}{more}", reader.summary()))
        .details(reader.problems.into_iter().map(|(details, _)| details).collect()))
}

impl Members {
    /// The trigger that these members are together.
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
    /// The message by which queued runs are handed to another invocation; it reads as this very trigger.
    pub(crate) fn message(&self) -> Value {
        let mut members = Map::new();
        let mut add = |name: &str, value: Option<Value>| {
            members.extend(value.map(|value| (name.to_owned(), value)));
        };
        add("id", self.id.as_ref().map(|id| json!(id)));
        add("time", self.time.map(|time| json!(time)));
        let reports: Vec<&str> = self.reports().iter().map(ReportId::as_str).collect();
        add("reports", Some(json!(reports)).filter(|_| !reports.is_empty()));
        let window = self.window().map(|(start, end)| (start.to_string(), end.to_string()));
        let zone = self.queued_zone().map(Zone::name);
        add(
            "window",
            window.map(|(start, end)| json!({"start": start, "end": end, "time_zone": zone})),
        );
        add("due", self.is_queued().then_some(json!(true)));
        if let TriggerKind::Shard { shard: ShardId { by, number }, .. } = &self.kind {
            add("part", Some(json!({"by": by, "number": number})));
        }
        Value::Object(members)
    }
}

/// The most problems of an order that are told.
const MOST_PROBLEMS: usize = 100;

const ID: &str = "a text of 1 to 128 letters, digits and `.`, `_`, `:`, `-`";

/// An id ends in logs and in the names of records.
pub(super) fn is_id(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    (1..=128).contains(&text.len()) && text.chars().all(allowed)
}

const WINDOW: &str = "two different dates, local times, or times with an offset, such as \
                      {\"start\": \"2026-11-22\", \"end\": \"2026-11-23\"}";

/// The most reports that an order may name.
const MOST_REPORTS: usize = 10_000;

/// The most entries of a member that is a list.
fn most_of(member: &str) -> usize {
    if member == "to" { MOST_OF_AN_ORDER } else { MOST_REPORTS }
}

fn reports(value: &Value) -> Option<Vec<ReportId>> {
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

fn window(value: &Value) -> Option<(LocalTime, LocalTime)> {
    let members = value.as_object()?;
    let own = ["start", "end", "time_zone"];
    if members.keys().any(|member| !own.contains(&member.as_str())) {
        return None;
    }
    let time = |member: &str| {
        let text = members.get(member)?.as_str()?;
        // As answers have it: of two equal readings of the clock only the offset tells which.
        let instant = || {
            let time: Timestamp = text.parse().ok()?;
            (time.subsec_nanosecond() == 0).then_some(LocalTime::Instant(time))
        };
        text.parse().ok().or_else(instant)
    };
    Some((time("start")?, time("end")?))
}

/// The zone of a window, as answers have it; nothing where there is none.
fn zone(value: &Value) -> Option<Option<Zone>> {
    match value.get("time_zone") {
        None | Some(Value::Null) => Some(None),
        Some(name) => Zone::named(name.as_str()?).map(Some),
    }
}

fn shard(value: &Value) -> Option<ShardId> {
    let members = value.as_object().filter(|members| members.len() == 2)?;
    let by = members.get("by")?.as_str().filter(|by| is_id(by))?;
    let number = u32::try_from(members.get("number")?.as_u64()?).ok()?;
    (number > 0).then(|| ShardId { by: by.to_owned(), number })
}

fn mailboxes(value: &Value) -> Option<Vec<Mailbox>> {
    let to = value.as_array()?.iter().map(|address| address.as_str()?.parse().ok());
    let to = each_once(to.collect::<Option<Vec<Mailbox>>>()?);
    (!to.is_empty()).then_some(to)
}

/// Reads an order's members, and gathers what is wrong with them.
struct Reader<'o> {
    members: &'o Map<String, Value>,
    problems: Vec<(Value, String)>,
}

impl Reader<'_> {
    fn read_members(&mut self) -> Members {
        Members {
            id: self.read("id", ID, |value| {
                value.as_str().filter(|id| is_id(id)).map(ToOwned::to_owned)
            }),
            time: self.read("time", "a time such as \"2026-11-23T07:00:00Z\"", |value| {
                value.as_str()?.parse().ok()
            }),
            reports: self
                .read("reports", "a list of one or more report ids", reports)
                .unwrap_or_default(),
            window: self.read("window", WINDOW, window),
            zone: self.read("window", WINDOW, zone).flatten(),
            to: self.read("to", "a list of one or more mail addresses", mailboxes),
            dry_run: self.read("dry_run", "true or false", Value::as_bool).unwrap_or_default(),
            resend: self.read("resend", "\"failed\", \"unknown\" or \"all\"", |value| {
                let word = value.as_str()?;
                Resend::ALL.iter().find(|(name, _)| *name == word).map(|(_, resend)| *resend)
            }),
            due: self.read("due", "true or false", Value::as_bool).unwrap_or_default(),
            shard: self.read("part", "a part that this program has queued", shard),
        }
    }

    fn read<T>(
        &mut self,
        member: &str,
        wanted: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.members.get(member)?;
        let length = value.as_array().map_or(0, Vec::len);
        let most = most_of(member);
        if length > most {
            self.problem(member, &format!("has {length} entries, {most} are allowed"));
            return None;
        }
        let found = read(value);
        if found.is_none() {
            self.problem(member, &format!("is not {wanted}"));
        }
        found
    }

    /// Tells what can't stand alone, or not beside another.
    fn check_together(&mut self, members: &Members) {
        for member in ["to", "window", "resend", "due", "part"] {
            if self.members.contains_key(member) && !self.members.contains_key("reports") {
                self.problem(member, "needs `reports`");
            }
        }
        let Members { window, to, dry_run, resend, due, shard, .. } = members;
        if *due && window.is_none() && self.members.contains_key("reports") {
            self.problem("due", "needs the `window`");
        }
        if *due && (to.is_some() || resend.is_some() || *dry_run) {
            self.problem("due", "does not go with `to`, `resend` or `dry_run`");
        }
        if shard.is_some() && !(*due && members.reports.len() == 1) {
            self.problem("part", "needs `due` and one report");
        }
    }

    fn problem(&mut self, member: &str, message: &str) {
        let text = format!("`{member}` {message}");
        self.problems.push((json!({"member": member, "message": text}), text));
    }

    fn summary(&self) -> String {
        let texts: Vec<_> = self.problems.iter().map(|(_, text)| text.as_str()).collect();
        texts.join("; ")
    }
}
