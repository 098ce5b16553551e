//! What the benches in process work on: a report, and all that the simulated service answers to it.
#![allow(dead_code, unreachable_pub, reason = "a bench needs a part of it")]

use std::path::Path;
use std::sync::Arc;

use aws_config::SdkConfig;
use connect_reports::connect::{Connect, NameList};
use connect_reports::definition::Report;
use connect_reports::language::Language;
use connect_reports::metric::limits::Limits;
use connect_reports::plan::{self, Directory, Plan, Query, RequestAnswer, SectionAnswer};
use connect_reports::rate_limit::Pacer;
use connect_reports::render::{Contents, Templates};
use connect_reports::run::{Checks, Clock as RunClock, Invocation, Job, SendBreaker, Stop};
use connect_reports::settings::{Deployment, Rate, Rates};
use connect_reports::table::{self, LabelledBase, MOST_ROWS, Table};
use connect_reports::trigger;
use connect_reports::window::Window;
use connect_simulator::{Options, Simulator, SimulatorClock};
use serde_json::json;

/// When it is, for the simulator and for the report.
pub const NOW: &str = "2026-11-23T12:00:00Z";

pub const SHIPPED: &str = include_str!("../reports/daily-queues.toml");

/// The shipped daily report with its own files in the place of both kinds.
pub fn daily(attach: &str) -> String {
    SHIPPED.replace("[\"csv\", \"xlsx\"]", attach)
}

/// Two days, of which 1,780 queues by channel and hour have 192,000 rows.
pub const TWO_DAYS: [&str; 2] = ["2026-11-18T00:00", "2026-11-20T00:00"];

/// A report of one table: all queues by channel and hour.
pub fn hourly(attach: &str) -> String {
    format!(
        "title = \"Hours\"\nowner = \"workforce@example.com\"\ntimezone = \"UTC\"\n\
         instance = \"arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee\"\n\
         window = \"previous-day\"\n\
         email = {{ from = \"reports@example.com\", to = [\"ops@example.com\"], attach = {attach} }}\n\
         [[section]]\ntitle = \"All\"\ngroup_by = [\"QUEUE\", \"CHANNEL\"]\ninterval = \"HOUR\"\nrows = 20\n\
         filters = {{ QUEUE = [\"*\"] }}\n\
         metrics = [\"AGENT_SCHEDULED_TIME\", \"CONTACTS_QUEUED\", \"AVG_HANDLE_TIME\"]\n"
    )
}

/// A report with its answers.
pub struct Case {
    pub work: Job,
    pub window: Window,
    pub compared: Vec<Window>,
    pub directory: Directory,
    pub queries: Vec<Query>,
    pub plan: Plan,
    pub answers: Vec<RequestAnswer>,
    pub templates: Templates,
    run: String,
}

/// A simulated centre of so many queues.
pub async fn centre(queues: usize) -> Simulator {
    let clock = SimulatorClock::At(NOW.parse().expect("a time"));
    let options = Options { clock, page_size: 100, queues, ..Options::awkward() };
    Simulator::start(options).await.expect("a free port")
}

/// A client of Connect that nothing holds back.
pub fn client(config: &SdkConfig, report: &Report) -> Connect {
    let rate: Rate = "1000000".parse().expect("a rate");
    let pacer = Arc::new(Pacer::new(Rates { requests: rate, lists: rate, messages: rate }));
    Connect::new(config, &report.instance, pacer, Limits::CURRENT)
}

/// The definition, read and checked.
pub fn report(text: &str, templates: &Templates) -> Report {
    let deployment = Deployment::default();
    let checks = Checks { deployment: &deployment, templates, limits: &Limits::CURRENT };
    checks.check("daily-queues.toml", text.as_bytes()).report.expect("a valid definition")
}

impl Case {
    /// The report of this definition for yesterday, or for these local times; with its answers.
    pub async fn answered(text: &str, times: Option<[&str; 2]>, config: &SdkConfig) -> Self {
        let mut case = Self::planned(text, times, config).await;
        let client = client(config, &case.work.report);
        for request in &case.plan.requests {
            case.answers.push(client.figures(request, None).await.expect("an answer"));
        }
        case
    }

    /// The same before anything but names is asked.
    pub async fn planned(text: &str, times: Option<[&str; 2]>, config: &SdkConfig) -> Self {
        let templates = Templates::built_in().expect("templates");
        let report = report(text, &templates);
        let mut directory = Directory::default();
        for list in [NameList::Queues, NameList::RoutingProfiles] {
            let names = client(config, &report).names(&report.instance, list, None).await;
            directory.extend(names.expect("names"));
        }
        let work = work(report, times);
        let window = work.window().expect("a window");
        let Report { compare, window: rule, calendar, .. } = work.report.as_ref();
        let mut case = Self {
            compared: compare.compared_windows(&window, *rule, calendar),
            run: format!("{}/2026-11-22", work.report.id),
            work,
            window,
            directory,
            queries: Vec::new(),
            plan: Plan::default(),
            answers: Vec::new(),
            templates,
        };
        case.queries = case.asked();
        case.plan = plan::plan_requests(&case.queries, &Limits::CURRENT);
        case
    }

    /// What the sections ask.
    pub fn asked(&self) -> Vec<Query> {
        let report = &self.work.report;
        let of_section = |section| {
            let query =
                Query::for_section(section, &report.instance, &self.window, &self.directory);
            let query = query.expect("a question");
            let bases = plan::comparison_queries(&query, &self.compared, &Limits::CURRENT);
            std::iter::once(query).chain(bases).collect::<Vec<_>>()
        };
        report.sections.iter().flat_map(of_section).collect()
    }

    /// The answers to the sections, from those to the requests.
    pub fn merged(&self) -> Vec<SectionAnswer> {
        let sections = self.plan.sections.iter();
        let answer = |index: usize| self.answers.get(index);
        sections.map(|section| section.answer(answer).expect("an answer")).collect()
    }

    /// The tables of these answers.
    pub fn tables(&self, answers: &[SectionAnswer]) -> Vec<Table> {
        let each = 1 + self.compared.len();
        let sections = self.work.report.sections.iter();
        let sections = sections.zip(self.queries.chunks(each).zip(answers.chunks(each)));
        let table = |(place, (section, (queries, answers))): (usize, (_, (&[Query], &[_])))| {
            let (query, (answer, bases)) = (queries.first()?, answers.split_first()?);
            let against = (each > 1).then(|| LabelledBase {
                label: self
                    .compared
                    .first()
                    .map_or_else(String::new, |w| w.label(Language::English)),
                base: plan::comparison_base(query, answer, &self.compared, bases, &Limits::CURRENT),
            });
            let directory = &self.directory;
            let table =
                table::build_table(section, query, answer, against.as_ref(), directory, MOST_ROWS);
            Some(Table { place, ..table })
        };
        sections.enumerate().filter_map(table).collect()
    }

    /// What the message is made of.
    pub fn contents<'c>(&'c self, tables: &'c [Table]) -> Contents<'c> {
        Contents {
            report: &self.work.report,
            run: &self.run,
            window: &self.window,
            tables,
            missing: &[],
            read_at: NOW.parse().expect("a time"),
            store: None,
        }
    }
}

fn work(report: Report, times: Option<[&str; 2]>) -> Job {
    let window = times.map(|[start, end]| json!({"start": start, "end": end}));
    let mut order = json!({"reports": ["daily-queues"], "time": NOW});
    if let Some(window) = window {
        order["window"] = window;
    }
    let Ok(trigger::Payload::One(order)) = trigger::parse_payload(&order) else {
        panic!("an order")
    };
    let clock = RunClock::read(NOW.parse().expect("a time"), None);
    let invocation = Invocation {
        id: "bench".to_owned(),
        clock,
        progress: None,
        stop: Stop::never(),
        breaker: SendBreaker::default(),
    };
    Job::new(report, &order, &invocation)
}

/// The SDK's configuration for a service at this address.
pub async fn sdk(url: &str) -> SdkConfig {
    let credentials = aws_credential_types::Credentials::new("bench", "bench", None, None, "bench");
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .endpoint_url(url)
        .region(aws_config::Region::new("eu-west-2"))
        .credentials_provider(credentials);
    config.load().await
}

/// Where the project lies.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
