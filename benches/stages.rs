//! Each stage of a run alone, in process: for the shipped daily report of 12, 250 and 1,000 queues, and for
//! a table of 192,000 rows.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench that can't run has nothing to show"
)]

mod case;

use std::fmt;
use std::sync::Mutex;

use case::{Case, TWO_DAYS, centre, daily, hourly, report, sdk};
use connect_reports::mail::{Envelope, List, compose};
use connect_reports::metric::limits::Limits;
use connect_reports::plan;
use connect_reports::render::{Draft, Message};
use connect_reports::table::Table;
use divan::{Bencher, black_box};
use serde_json::json;

/// What a stage works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// The daily report of so many queues, with their names in its filters.
    Queues(usize),
    /// 1,780 queues by channel and hour over two days.
    Rows,
}

const SIZES: [Size; 4] = [Size::Queues(12), Size::Queues(250), Size::Queues(1_000), Size::Rows];
const DAILY: [Size; 3] = [Size::Queues(12), Size::Queues(250), Size::Queues(1_000)];

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queues(queues) => write!(f, "{queues} queues"),
            Self::Rows => write!(f, "192,000 rows"),
        }
    }
}

fn main() {
    // `cargo test --benches` runs them too, and has no minutes to spare for these.
    if std::env::args().any(|argument| argument == "--bench") {
        divan::main();
    }
}

/// The case of a size, with these files attached. It is made once, for it takes the simulator seconds.
fn case(size: Size, attach: &'static str) -> (&'static Case, &'static [Table]) {
    type Known = (Size, &'static str, &'static Case, &'static [Table]);
    static KNOWN: Mutex<Vec<Known>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().expect("no panic before");
    let found = known.iter().find(|(of, files, ..)| (*of, *files) == (size, attach));
    if let Some((_, _, case, tables)) = found {
        return (case, tables);
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let case: &'static Case = Box::leak(Box::new(runtime.block_on(made(size, attach))));
    let tables: &'static [Table] = Vec::leak(case.tables(&case.merged()));
    known.push((size, attach, case, tables));
    (case, tables)
}

async fn made(size: Size, attach: &str) -> Case {
    let queues = match size {
        Size::Queues(queues) => queues,
        Size::Rows => 1_780,
    };
    let simulator = centre(queues).await;
    let config = sdk(&simulator.url()).await;
    match size {
        Size::Queues(_) => Case::answered(&daily(attach), None, &config).await,
        Size::Rows => {
            let case = Case::answered(&hourly(attach), Some(TWO_DAYS), &config).await;
            let rows: usize = case.answers.iter().map(|answer| answer.rows.len()).sum();
            assert!(rows >= 192_000, "{rows} rows");
            case
        }
    }
}

/// A definition that names each of its queues by its id.
#[divan::bench(args = DAILY)]
fn validate(bencher: Bencher<'_, '_>, size: Size) {
    let (case, _) = case(size, "[]");
    let queues = case.directory.entries(&connect_reports::definition::Dimension::Queue);
    let names: Vec<String> = queues.iter().map(|queue| json!(queue.id).to_string()).collect();
    let text = daily("[]").replace("\"*\"", &names.join(", "));
    bencher.bench_local(|| report(black_box(&text), &case.templates));
}

#[divan::bench(args = SIZES)]
fn plan_of_requests(bencher: Bencher<'_, '_>, size: Size) {
    let (case, _) = case(size, "[]");
    bencher.bench_local(|| plan::plan_requests(&case.asked(), &Limits::CURRENT));
}

#[divan::bench(args = SIZES, max_time = 5)]
fn merge(bencher: Bencher<'_, '_>, size: Size) {
    let (case, _) = case(size, "[]");
    bencher.bench_local(|| case.merged());
}

#[divan::bench(args = SIZES, max_time = 5)]
fn tables(bencher: Bencher<'_, '_>, size: Size) {
    let (case, _) = case(size, "[]");
    let answers = case.merged();
    bencher.bench_local(|| case.tables(&answers));
}

fn draft(size: Size, attach: &'static str) -> Draft<'static> {
    let (case, tables) = case(size, attach);
    Draft::new(&case.templates, case.contents(tables)).expect("a message")
}

#[divan::bench(args = SIZES, max_time = 5)]
fn html(bencher: Bencher<'_, '_>, size: Size) {
    bencher.bench_local(|| draft(size, "[]"));
}

#[divan::bench(args = SIZES, max_time = 5)]
fn text(bencher: Bencher<'_, '_>, size: Size) {
    let draft = draft(size, "[]");
    bencher.bench_local(|| draft.text());
}

/// A chart of a day by the hour, 600 × 200 pixels of CSS at twice the density.
#[divan::bench]
fn chart(bencher: Bencher<'_, '_>) {
    let draft = draft(Size::Queues(12), "[]");
    bencher.bench_local(|| draft.pictures());
}

#[divan::bench(args = SIZES, max_time = 5)]
fn csv(bencher: Bencher<'_, '_>, size: Size) {
    let draft = draft(size, "[\"csv\"]");
    bencher.bench_local(|| draft.files());
}

#[divan::bench(args = SIZES, max_time = 5)]
fn xlsx(bencher: Bencher<'_, '_>, size: Size) {
    let draft = draft(size, "[\"xlsx\"]");
    bencher.bench_local(|| draft.files());
}

#[divan::bench(args = SIZES, max_time = 5)]
fn json(bencher: Bencher<'_, '_>, size: Size) {
    let draft = draft(size, "[\"json\"]");
    bencher.bench_local(|| draft.files());
}

/// The mail of the whole message, with a CSV file.
#[divan::bench(args = SIZES, max_time = 5)]
fn mime(bencher: Bencher<'_, '_>, size: Size) {
    let (case, _) = case(size, "[\"csv\"]");
    let message: Message = draft(size, "[\"csv\"]").message().expect("a message");
    let report = &case.work.report;
    let envelope = Envelope {
        from: &report.email.from,
        to: report.mailboxes().next().expect("a recipient"),
        reply_to: None,
        id: "bench",
        date: case.contents(&[]).read_at,
        run: None,
        list: List { report: "bench", title: "Bench", unsubscribe: None },
    };
    bencher.bench_local(|| compose(envelope, &message));
}
