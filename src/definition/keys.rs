//! The contents that a definition may have: every table with its keys, their meaning, form and example.
//!
//! The readers take from here which keys there are and what a missing one should look like, and
//! [`schema`](super::schema()) makes the JSON Schema of it. A key is added here first.

use super::attachment::Attachment;
use super::limits::{
    MAX_COLUMNS, MAX_DIGITS, MAX_LINK, MAX_RECIPIENTS, MAX_RECIPIENTS_TOGETHER, MAX_ROWS,
    MAX_SECTIONS, MAX_SUBJECT, MAX_TITLE,
};
use crate::instance::{LONGEST_ID, LONGEST_REGION};
use crate::metric::{self, GROUPING_KEYS, limits};
use crate::retry::CATCH_UP_AS_WRITTEN;

/// One table of a definition.
#[derive(Debug)]
pub(super) struct Keys {
    /// The name that problems call it by.
    pub(super) name: &'static str,
    /// Its purpose.
    pub(super) about: &'static str,
    pub(super) keys: &'static [Key],
}

/// One key of a table.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    /// Its meaning.
    pub(super) about: &'static str,
    /// An example, as a whole line.
    pub(super) example: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
    /// The value that holds without it.
    pub(super) default: Option<&'static str>,
}

/// The form of a value.
#[derive(Debug)]
pub(super) enum Shape {
    /// A text that is not blank, of so many characters at most.
    Text(usize),
    /// A text of this form, a regular expression.
    Form(&'static str),
    /// A text of this form, of so many characters at most.
    ShortForm(&'static str, usize),
    /// A mail address; with a name before it where that is allowed.
    Address,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One of these words, or another of this form that is not known yet.
    Suggestion(fn() -> Vec<&'static str>, &'static str),
    /// A whole number in this range.
    Number(u32, u32),
    /// `true` or `false`.
    Flag,
    /// A list of such values: how many there are at least and at most.
    List(&'static Self, usize, usize),
    /// A table.
    Table(&'static Keys),
    /// A table of filters: keys of the service, each with a list of values.
    Filters,
    /// A table with any keys of so many characters at most, whose values are such.
    Any(&'static Self, usize),
    /// One or the other.
    Either(&'static [Self]),
}

const fn optional(
    name: &'static str,
    shape: Shape,
    example: &'static str,
    about: &'static str,
) -> Key {
    Key { name, about, example, shape, required: false, default: None }
}

const fn required(
    name: &'static str,
    shape: Shape,
    example: &'static str,
    about: &'static str,
) -> Key {
    Key { required: true, ..optional(name, shape, example, about) }
}

impl Key {
    const fn default(mut self, value: &'static str) -> Self {
        self.default = Some(value);
        self
    }
}

/// Names the table to which a key belongs that `table` does not have, if another has it.
pub(super) fn belongs(key: &str, table: &Keys) -> Option<String> {
    home(key, TABLES.into_iter().filter(|other| !std::ptr::eq(*other, table)))
}

/// Names the table to which a key belongs that stands in a table of the service's keys, such as `filters`,
/// which is itself a key of `around`.
pub(super) fn belongs_outside(key: &str, around: &'static Keys, table: &str) -> Option<String> {
    if around.keys.iter().any(|known| known.name == key) {
        return Some(format!("`{key}` belongs to {}: write it before `{table}`", around.name));
    }
    belongs(key, around)
}

static TABLES: [&Keys; 6] = [&ROOT, &EMAIL, &SCHEDULE, &SECTION, &METRIC, &WINDOW];

/// Says where a key belongs: to the first of the tables that has it.
fn home(key: &str, mut tables: impl Iterator<Item = &'static Keys>) -> Option<String> {
    let found = |table: &'static Keys| Some((table, table.keys.iter().find(|k| k.name == key)?));
    let (table, Key { shape, example, .. }) = tables.find_map(found)?;
    Some(match (table.name, shape) {
        ("the definition", Shape::List(Shape::Table(_), ..)) => {
            format!("`{key}` belongs to the top: each begins with a line [[{key}]]")
        }
        ("the definition", Shape::Table(_)) => {
            format!("`{key}` belongs to the top: it begins with a line [{key}]")
        }
        ("the definition", _) => {
            format!("`{key}` belongs to the top, above the first table in brackets")
        }
        (name, _) if name.starts_with('[') => format!("`{key}` belongs to {name}, below that line"),
        ("the window", _) => format!("`{key}` belongs to `window`, as in window = {{ {example} }}"),
        _ if key == "name" => format!("`{key}` belongs to a metric, as in {{ {example} }}"),
        _ if key == "id" => {
            format!("`{key}` belongs to a metric, as in {{ {example}, label = \"…\" }}")
        }
        _ => format!("`{key}` belongs to a metric, as in {{ name = \"…\", {example} }}"),
    })
}

/// No limit.
const ANY: usize = usize::MAX;

pub(super) static ROOT: Keys = Keys {
    name: "the definition",
    about: "A report of connect-reports: which figures of an Amazon Connect instance are mailed to whom, and when.",
    keys: &[
        required("title", Shape::Text(MAX_TITLE), r#"title = "Daily queue report""#, "The title that people read."),
        optional("owner", Shape::Address, r#"owner = "workforce@example.com""#, "Who hears of failures; the audience never does. Without it, CONNECT_REPORTS_OWNER."),
        optional("instance", Shape::Form(INSTANCE), r#"instance = "arn:aws:connect:REGION:ACCOUNT:instance/INSTANCE-ID""#, "The ARN of the Connect instance. Without it, CONNECT_REPORTS_INSTANCE."),
        required("timezone", Shape::Text(ANY), r#"timezone = "Europe/London""#, "The IANA time zone of the window, the schedule and every time in the message."),
        required("window", Shape::Either(&[Shape::Choice(WINDOWS), Shape::Table(&WINDOW)]), r#"window = "previous-day""#, "The span that the report covers, on the local clock."),
        optional("compare", Shape::Choice(COMPARE), r#"compare = "same-weekday""#, "What the figures are compared with.").default("none"),
        optional("settle", Shape::Form(DURATION), r#"settle = "30m""#, "How long after its end a window is reported at the earliest; the service needs a while to count.").default("15m"),
        optional("catch_up", Shape::Form(DURATION), r#"catch_up = "12h""#, "For how long a run that was missed is made up for.").default(CATCH_UP_AS_WRITTEN),
        optional("locale", Shape::Form(LOCALE), r#"locale = "en""#, "The language of texts and numbers: en, de, fr, es, with a country where it matters, as in de-CH.").default("en"),
        optional("week_starts", Shape::Choice(&DAYS), r#"week_starts = "mon""#, "The first day of a week.").default("mon"),
        optional("workdays", Shape::List(&Shape::Choice(&DAYS), 1, 7), r#"workdays = ["mon", "tue", "wed", "thu", "fri"]"#, "The working days of a week; Monday to Friday by default."),
        optional("holidays", Shape::List(&Shape::Form(DATE), 0, ANY), r#"holidays = ["2026-12-25"]"#, "Dates on which nobody works: a schedule skips them, working-day windows pass over them."),
        optional("partial", Shape::Choice(PARTIAL), r#"partial = "fail""#, "What becomes of the message where a section's figures can't be had: it is not sent, or says what is missing.").default("fail"),
        optional("schedule", Shape::Table(&SCHEDULE), "[schedule]", "When the report is due. Without it, as soon as its window is over and has settled."),
        required("email", Shape::Table(&EMAIL), r#"an `[email]` table with `to = ["ops@example.com"]`"#, "The message."),
        required("section", Shape::List(&Shape::Table(&SECTION), 1, MAX_SECTIONS), "a `[[section]]` with `title`, `filters` and `metrics`", "The parts of the message, in their order."),
    ],
};

pub(super) static WINDOW: Keys = Keys {
    name: "the window",
    about: "A span that ends when the report is due, or hours of the last working day.",
    keys: &[
        optional(
            "last",
            Shape::Form(LENGTH),
            r#"last = "4h""#,
            "So long before the time at which the report is due; needs a schedule.",
        ),
        optional(
            "from",
            Shape::Form(TIME),
            r#"from = "08:00""#,
            "The local time at which the hours of a working day start; it is the last one whose hours are over.",
        ),
        optional(
            "to",
            Shape::Form(HOURS_END),
            r#"to = "18:00""#,
            "The local time at which they end, which is not part of them: up to 24:00, or on the next day where it is before `from`.",
        ),
    ],
};

pub(super) static SCHEDULE: Keys = Keys {
    name: "[schedule]",
    about: "When the report is due, on the local clock.",
    keys: &[
        required("at", Shape::Form(TIME), r#"at = "07:00""#, "The local time."),
        optional(
            "days",
            Shape::List(&Shape::Choice(&DAYS), 1, 7),
            r#"days = ["mon", "tue", "wed", "thu", "fri"]"#,
            "The days of the week; all by default.",
        ),
        optional(
            "day_of_month",
            Shape::Either(&[Shape::Number(1, 28), Shape::Choice(&["last"])]),
            "day_of_month = 1",
            "The day of the month, 1 to 28 or \"last\", in place of `days`.",
        ),
        optional(
            "start",
            Shape::Form(DATE),
            r#"start = "2026-12-01""#,
            "The first date on which it is due.",
        ),
        optional(
            "end",
            Shape::Form(DATE),
            r#"end = "2026-12-31""#,
            "The last date on which it is due.",
        ),
        optional("enabled", Shape::Flag, "enabled = false", "Whether it is due at all.")
            .default("true"),
    ],
};

pub(super) static EMAIL: Keys = Keys {
    name: "[email]",
    about: "Who gets the message, from whom, and with what.",
    keys: &[
        optional("from", Shape::Address, r#"from = "Queue reports <reports@example.com>""#, "The sender, verified in SES. Without it, CONNECT_REPORTS_FROM."),
        required("to", Shape::List(&Shape::Address, 1, MAX_RECIPIENTS), r#"to = ["ops@example.com"]"#, "The recipients, 2,000 at most."),
        optional("subject", Shape::Text(MAX_SUBJECT), r#"subject = "{{ report.title }}, {{ window.label }}""#, "The subject: text with values in {{ }} and {% if %}, of which docs/TEMPLATES.md has all. Without it, the template subject.txt: title and window."),
        optional("attach", Shape::List(&Shape::Choice(&Attachment::WORDS), 0, Attachment::WORDS.len()), r#"attach = ["csv"]"#, "The figures as files: every row, raw values."),
        optional("attach_max", Shape::Form(SIZE), r#"attach_max = "5MB""#, "How much the attachments may take in the mail, a third more than the files; larger ones are zipped, or kept in the store.").default("5MB"),
        optional("csv_dialect", Shape::Choice(CSV_DIALECT), r#"csv_dialect = "semicolon""#, "How CSV files are written: commas between fields and a point before decimals, or semicolons and a comma, as Excel has it in many countries.").default("comma"),
        optional("reply_to", Shape::Address, r#"reply_to = "workforce@example.com""#, "Whom answers go to, where not to the sender."),
        optional("unsubscribe", Shape::ShortForm(LINK, MAX_LINK), r#"unsubscribe = "https://example.com/reports""#, "Where one unsubscribes: a page, or an address as mailto:. It stands in the message, and in its header List-Unsubscribe."),
        optional("configuration_set", Shape::Form(CONFIGURATION_SET), r#"configuration_set = "queue-reports""#, "The configuration set of SES, which tells of bounces and complaints. Without it, CONNECT_REPORTS_CONFIGURATION_SET."),
        optional("delivery", Shape::Choice(DELIVERY), r#"delivery = "separate""#, TOGETHER_ABOUT).default("separate"),
        optional("send", Shape::Choice(SEND), r#"send = "always""#, "Whether the message is sent whatever the figures are, where there are any, or where one misses its target.").default("always"),
    ],
};

const TOGETHER_ABOUT: &str =
    "A private message for each recipient, or one message that shares the addresses, 50 at most.";
const _: () = assert!(MAX_RECIPIENTS_TOGETHER == 50, "the text above says how many");

pub(super) static SECTION: Keys = Keys {
    name: "[[section]]",
    about: "A table, a row of headline figures, or a trend.",
    keys: &[
        required(
            "title",
            Shape::Text(MAX_TITLE),
            r#"title = "By queue""#,
            "The title that people read.",
        ),
        optional(
            "kind",
            Shape::Choice(KIND),
            r#"kind = "table""#,
            "Headline figures, a table, or a line over time.",
        )
        .default("table"),
        optional(
            "group_by",
            Shape::List(&Shape::Suggestion(groupings, GROUPING_FORM), 1, limits::MAX_GROUPINGS),
            r#"group_by = ["QUEUE"]"#,
            "What the rows of the table are about; a row for each combination.",
        ),
        required(
            "filters",
            Shape::Filters,
            r#"filters = { QUEUE = ["*"] }"#,
            "Which contacts count: names, ids, ARNs, patterns such as \"Sales*\", \"tag:KEY=VALUE\", or \"*\" for all; with \"!\" before it what is left out, such as \"!Test*\" or \"!disabled\".",
        ),
        required(
            "metrics",
            Shape::List(&Shape::Either(&[METRIC_NAME, Shape::Table(&METRIC)]), 1, MAX_COLUMNS),
            r#"metrics = ["CONTACTS_QUEUED"]"#,
            "The columns: names of GetMetricDataV2's metrics, or tables with more to say of one.",
        ),
        optional(
            "interval",
            Shape::Choice(INTERVAL),
            r#"interval = "HOUR""#,
            "The length of an interval: a trend has a point, a table a row for each.",
        ),
        optional(
            "sort",
            Shape::Text(ANY),
            r#"sort = "-CONTACTS_QUEUED""#,
            "The column that rows are sorted by, by label or metric; \"-\" in front puts the largest first. By name without it.",
        ),
        optional(
            "rows",
            Shape::Number(1, MAX_ROWS),
            "rows = 25",
            "How many rows the message shows at most; attachments hold all.",
        ),
        optional(
            "targets",
            Shape::Any(
                &Shape::Either(&[Shape::Form(TARGET), Shape::Any(&Shape::Form(TARGET), ANY)]),
                ANY,
            ),
            r#"targets = { SERVICE_LEVEL = ">= 80" }"#,
            "Targets of columns, by label or metric; a table of targets is by queue, or whatever the section groups by first.",
        ),
    ],
};

pub(super) static METRIC: Keys = Keys {
    name: "the metric",
    about: "One column.",
    keys: &[
        optional(
            "name",
            METRIC_NAME,
            r#"name = "SERVICE_LEVEL""#,
            "The metric's name in GetMetricDataV2.",
        ),
        optional(
            "id",
            Shape::ShortForm(METRIC_ID, limits::MAX_METRIC_ID_LENGTH),
            r#"id = "aaaabbbb-1111-4222-8333-ccccddddeeee""#,
            "The id or ARN of a custom metric, in place of `name`; it needs a `label`.",
        ),
        optional(
            "label",
            Shape::Text(MAX_TITLE),
            r#"label = "SL 20 s""#,
            "The heading; the metric's name in Connect's own pages by default.",
        ),
        optional(
            "threshold",
            Shape::Number(*limits::THRESHOLD_SECONDS.start(), *limits::THRESHOLD_SECONDS.end()),
            "threshold = 20",
            "Seconds, for the metrics that need them.",
        ),
        optional(
            "comparison",
            Shape::Choice(COMPARISON),
            r#"comparison = "LT""#,
            "How times compare with the threshold: less than (LT), at most (LTE); GT only for campaigns.",
        ),
        optional(
            "where",
            Shape::Any(
                &Shape::List(&Shape::Text(MAX_TITLE), 1, limits::MAX_METRIC_FILTER_VALUES),
                MAX_TITLE,
            ),
            r#"where = { INITIATION_METHOD = ["INBOUND"] }"#,
            "Counts only contacts with one of these values.",
        ),
        optional(
            "where_not",
            Shape::Any(
                &Shape::List(&Shape::Text(MAX_TITLE), 1, limits::MAX_METRIC_FILTER_VALUES),
                MAX_TITLE,
            ),
            r#"where_not = { INITIATION_METHOD = ["INBOUND"] }"#,
            "Counts only contacts without these values.",
        ),
        optional("target", Shape::Form(TARGET), r#"target = ">= 80""#, "What is aimed at."),
        optional(
            "warn",
            Shape::Form(TARGET),
            r#"warn = ">= 70""#,
            "What still counts as near the target.",
        ),
        optional(
            "targets",
            Shape::Any(&Shape::Form(TARGET), ANY),
            r#"targets = { Sales = ">= 90" }"#,
            "Targets of its own for a queue, or whatever the section groups by first, by name.",
        ),
    ],
};

const METRIC_NAME: Shape = Shape::Suggestion(metric_names, NAME_FORM);

pub(super) const WINDOWS: &[&str] = &[
    "previous-hour",
    "previous-day",
    "previous-week",
    "previous-month",
    "previous-workday",
    "week-to-date",
    "month-to-date",
];
pub(super) const COMPARE: &[&str; 4] =
    &["none", "previous-window", "same-weekday", "average-4-weeks"];
pub(super) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
pub(super) const PARTIAL: &[&str; 2] = &["fail", "banner"];
pub(super) const CSV_DIALECT: &[&str; 2] = &["comma", "semicolon"];
pub(super) const DELIVERY: &[&str; 2] = &["separate", "together"];
pub(super) const SEND: &[&str; 3] = &["always", "when-data", "when-target-missed"];
pub(super) const KIND: &[&str; 3] = &["totals", "table", "trend"];
pub(super) const INTERVAL: &[&str; 5] = &["FIFTEEN_MIN", "THIRTY_MIN", "HOUR", "DAY", "WEEK"];
const COMPARISON: &[&str] = &["LT", "LTE", "GT"];

const DURATION: &str = r"^[0-9]+[mhd]$";
const LENGTH: &str = r"^0*[1-9][0-9]*[mhd]$";
const DATE: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
const TIME: &str = r"^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$";
const HOURS_END: &str = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)(:00)?$";
const LOCALE: &str = r"^(en|de|fr|es)(-[A-Z]{2})?$";
const TARGET: &str = r"^ *(>=|<=|>|<) *-?[0-9]{1,15}(\.[0-9]{1,15})? *$";
const _: () = assert!(MAX_DIGITS == 15, "the form above says so");
const INSTANCE: &str =
    r"^arn:aws[a-z0-9-]{0,28}:connect:[a-z0-9-]{1,31}:[0-9]{12}:instance/[a-z0-9-]{1,100}$";
const _: () = assert!(LONGEST_REGION == 31 && LONGEST_ID == 100, "the form above says so");
const SIZE: &str = r"^[0-9]+(KB|MB)$";
const LINK: &str = r"^(https://|mailto:).+$";
const CONFIGURATION_SET: &str = "^[A-Za-z0-9_-]{1,64}$";
const METRIC_ID: &str = r"^(arn(:[^:]*){4}:.+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$";
const NAME_FORM: &str = r"^[A-Z0-9_]+$";
pub(super) const GROUPING_FORM: &str = r"^([A-Z0-9_]+|contact/.+)$";

fn metric_names() -> Vec<&'static str> {
    metric::METRICS.iter().map(|metric| metric.name).collect()
}

fn groupings() -> Vec<&'static str> {
    GROUPING_KEYS.to_vec()
}
