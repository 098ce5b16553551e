//! A line of the function's log: one JSON object with its own fields and those that every line has.

use std::fmt::{self, Debug};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

use crate::error::redacted;

/// The current invocation of the process, or its last one; there is one at a time.
static CURRENT_INVOCATION: Mutex<CurrentInvocation> =
    Mutex::new(CurrentInvocation { is_first: true, request_id: None, trace_id: None });

struct CurrentInvocation {
    /// True where there was none before it.
    is_first: bool,
    /// The request id; `None` until the first invocation begins.
    request_id: Option<String>,
    trace_id: Option<String>,
}

/// Begins an invocation: lines logged from now on carry its ids. The trace has the form of AWS X-Ray, such as
/// `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.
pub fn begin_invocation(request_id: &str, trace: Option<&str>) {
    let mut current = CURRENT_INVOCATION.lock().unwrap_or_else(PoisonError::into_inner);
    current.is_first = current.request_id.is_none();
    current.request_id = Some(request_id.to_owned());
    current.trace_id = trace.and_then(trace_id).map(ToOwned::to_owned);
}

/// The id in a tracing header (AWS X-Ray, "Tracing header").
fn trace_id(header: &str) -> Option<&str> {
    let mut parts = header.split(';').map(str::trim);
    let root = parts.find_map(|part| part.strip_prefix("Root="));
    root.or(Some(header.trim()).filter(|id| !id.contains('='))).filter(|id| !id.is_empty())
}

/// Adds to a line's own fields those that every line has. An address in the line's own fields is replaced,
/// also where it is part of another name, such as a file's.
pub(super) fn with_common_fields(time: Timestamp, own: Map<String, Value>) -> Map<String, Value> {
    let own = own.into_iter().map(|(name, value)| (name, redacted(value)));
    let current = CURRENT_INVOCATION.lock().unwrap_or_else(PoisonError::into_inner);
    let mut line = Map::from_iter([("timestamp".to_owned(), json!(format!("{time:.3}")))]);
    line.extend(own);
    for (name, value) in [
        ("version", json!(env!("CARGO_PKG_VERSION"))),
        ("cold_start", json!(current.is_first)),
        ("function_request_id", json!(current.request_id)),
        ("xray_trace_id", json!(current.trace_id)),
    ] {
        line.insert(name.to_owned(), value);
    }
    line
}

/// The format that writes events as lines of JSON.
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut own = EventFields(Map::new());
        own.0.insert("level".to_owned(), json!(event.metadata().level().as_str()));
        event.record(&mut own);
        let line = with_common_fields(Timestamp::now(), own.0);
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// The fields of an event.
struct EventFields(Map<String, Value>);

impl EventFields {
    fn insert_field(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for EventFields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert_field(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert_field(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert_field(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert_field(field, json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert_field(field, json!(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.insert_field(field, json!(format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_id_of_a_trace_is_logged() {
        let id = "1-5759e988-bd862e3fe1be46a994272793";
        for (header, found) in [
            (format!("Root={id};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:0"), Some(id)),
            (format!("Self=1-67891234-12456789abcdef012345678;Root={id}"), Some(id)),
            (format!("Sampled=0; Root={id}"), Some(id)),
            (format!("Root={id}"), Some(id)),
            (id.to_owned(), Some(id)),
            ("Sampled=0".to_owned(), None),
            ("Root=".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(trace_id(&header), found, "{header}");
        }
    }

    /// A line's own fields replace none that every line has.
    #[test]
    fn every_line_has_its_time_and_the_version() {
        let time = "2026-11-22T08:00:00.0607Z".parse().unwrap();
        let own =
            Map::from_iter([("version".to_owned(), json!(7)), ("code".to_owned(), json!("X"))]);
        let line = with_common_fields(time, own);
        assert_eq!(line["timestamp"], "2026-11-22T08:00:00.060Z");
        assert_eq!(
            (&line["version"], &line["code"]),
            (&json!(env!("CARGO_PKG_VERSION")), &json!("X"))
        );
        assert!(line["cold_start"].is_boolean() && line.contains_key("xray_trace_id"));
    }
}
