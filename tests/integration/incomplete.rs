use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use connect_reports::connect::{Connect, NameList};
use connect_reports::definition::{self, Dimension, HierarchyLevel};
use connect_reports::error::{Code, Error};
use connect_reports::metric::Limits;
use connect_reports::plan::{self, Directory, Request, RequestAnswer};
use connect_reports::queue::RunQueue;
use connect_reports::settings::Rates;
use connect_reports::store::Store;
use connect_reports::window::{Calendar, WindowRule, Zone};
use connect_simulator::{Fault, Operation, Options, Simulator, SimulatorClock};
use serde_json::{Value, json};

use crate::harness::binary::{
    self, DUE, Function, NOW, SMALL, definitions, sdk, simulator, text, tick,
};
use crate::harness::canned::Canned;
use crate::harness::http::{Server, answer};
use crate::harness::s3::S3;

const INSTANCE: &str =
    "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee";

/// Every operation of Connect that is read, by the list that it is read for.
const LISTS: [(Operation, NameList); 6] = [
    (Operation::ListQueues, NameList::Queues),
    (Operation::SearchQueues, NameList::SearchedQueues),
    (Operation::ListRoutingProfiles, NameList::RoutingProfiles),
    (Operation::SearchUsers, NameList::Agents),
    (Operation::DescribeUserHierarchyStructure, NameList::Hierarchy),
    (Operation::SearchUserHierarchyGroups, NameList::Hierarchy),
];

/// A centre whose answers have pages of two.
async fn paged() -> Simulator {
    let clock = SimulatorClock::At(NOW.parse().unwrap());
    Simulator::start(Options { clock, page_size: 2, ..Options::awkward() }).await.unwrap()
}

fn connect(url: &str) -> Connect {
    let [requests, lists] = ["100000", "100000"].map(|rate| rate.parse().unwrap());
    let rates = Rates { requests, lists, ..Rates::default() };
    binary::connect(url, rates, Limits::CURRENT)
}

async fn names(url: &str, list: NameList) -> Result<Directory, Error> {
    connect(url).names(&INSTANCE.parse().unwrap(), list, None).await
}

/// The question of a table of all queues.
fn request(simulator: &Simulator) -> Request {
    let ids: Vec<_> =
        simulator.centre().standard_queues().map(|queue| format!("\"{}\"", queue.id)).collect();
    let text = SMALL.replace("\"*\"", &ids.join(", "));
    let report = definition::parse("small.toml", text.as_bytes(), &Default::default());
    let report = report.report.unwrap();
    let zone = Zone::named("Europe/London").unwrap();
    let window = WindowRule::PreviousDay
        .window_before(DUE.parse().unwrap(), &zone, &Calendar::default())
        .unwrap();
    let nobody = Directory::default();
    let query =
        plan::Query::for_section(&report.sections[0], &report.instance, &window, &nobody).unwrap();
    plan::plan_requests(&[query], &Limits::CURRENT).requests.swap_remove(0)
}

async fn figures(simulator: &Simulator) -> Result<RequestAnswer, Error> {
    connect(&simulator.url()).figures(&request(simulator), None).await
}

/// The rows of an answer, in an order of their own.
fn rows(answer: &RequestAnswer) -> Vec<String> {
    let mut rows: Vec<_> = answer.rows.iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    rows
}

/// An empty answer, or a row without its figures, is no day without contacts: nothing is mailed, and
/// a retry sends the right figures.
#[tokio::test]
async fn figures_that_are_not_there_are_not_sent_as_zeros() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    for (fault, words) in [
        (Fault::EmptyAnswer, "can't be trusted: MetricResults is missing"),
        (Fault::MissingMember, "can't be trusted: Collections is missing in the row of QUEUE "),
    ] {
        simulator.misbehave(Operation::GetMetricDataV2, fault, None);
        let (kind, envelope) = function.fail(&tick()).await;
        let error = &envelope["error"];
        assert_eq!((kind.as_str(), &error["retryable"]), ("BAD_RESPONSE", &json!(true)));
        assert!(error["message"].as_str().unwrap().contains(words), "{error:#}");
        assert!(simulator.messages().is_empty());
        simulator.behave();
    }
    function.succeed(&tick()).await;
    assert_eq!(simulator.messages().len(), 1);
}

/// A list that is not there is no empty one, and what has no id is not left out of it.
#[tokio::test]
async fn a_list_that_lacks_something_is_refused() {
    let simulator = paged().await;
    for (operation, list) in LISTS {
        let whole = names(&simulator.url(), list).await.unwrap();
        for fault in [Fault::EmptyAnswer, Fault::MissingMember] {
            simulator.misbehave(operation, fault, None);
            let error = names(&simulator.url(), list).await.unwrap_err();
            let what = format!("{operation} {fault:?}: {error:?}");
            assert_eq!((error.code, error.retryable), (Code::BadResponse, true), "{what}");
            assert!(error.message.contains(&format!("connect:{operation} can't be")), "{what}");
            simulator.behave();
        }
        let again = names(&simulator.url(), list).await.unwrap();
        for dimension in [Dimension::Queue, Dimension::RoutingProfile, Dimension::Agent] {
            assert_eq!(again.entries(&dimension), whole.entries(&dimension));
        }
    }
}

/// Members deeper down that nothing may be left out for: ids that are empty, the level of a group, and
/// what a group belongs to.
#[tokio::test]
async fn what_an_entry_needs_is_missed() {
    let one = json!({"Id": "1", "Name": "Region"});
    let structure = json!({"HierarchyStructure": {"LevelOne": one, "LevelTwo": {"Id": "2"}}});
    let group = |members: Value| [structure.clone(), json!({"UserHierarchyGroups": [members]})];
    let path = |member: Value| json!({"LevelOne": member, "LevelTwo": {"Id": "g", "Name": "G"}});
    for (list, answers, is_right) in [
        (NameList::Queues, vec![json!({"QueueSummaryList": [{"Id": "", "Name": "Sales"}]})], false),
        (NameList::Queues, vec![json!({"QueueSummaryList": [{"Id": "q"}]})], true),
        (NameList::Queues, vec![json!({"QueueSummaryList": []})], true),
        (NameList::Agents, vec![json!({"Users": [{"Username": "ana"}]})], false),
        (NameList::Hierarchy, group(json!({"Id": "g", "LevelId": "1"})).to_vec(), true),
        (NameList::Hierarchy, group(json!({"Id": "g"})).to_vec(), false),
        (NameList::Hierarchy, group(json!({"Id": "g", "LevelId": "2"})).to_vec(), false),
        (
            NameList::Hierarchy,
            group(json!({"Id": "g", "LevelId": "2", "HierarchyPath": path(json!({"Name": "N"}))}))
                .to_vec(),
            false,
        ),
        (
            NameList::Hierarchy,
            group(json!({"Id": "g", "LevelId": "2", "HierarchyPath": path(json!({"Id": "n"}))}))
                .to_vec(),
            true,
        ),
        // An instance without a hierarchy has no groups either.
        (NameList::Hierarchy, vec![json!({}), json!({"UserHierarchyGroups": []})], true),
        (
            NameList::Hierarchy,
            vec![json!({}), json!({"UserHierarchyGroups": [{"Id": "g"}]})],
            false,
        ),
        (NameList::Hierarchy, vec![json!({}), json!({})], false),
    ] {
        let service = Canned::start(answers.clone()).await;
        let found = names(&service.url(), list).await;
        let code = found.as_ref().err().map(|error| (error.code, error.retryable));
        let expected = (!is_right).then_some((Code::BadResponse, true));
        assert_eq!(code, expected, "{answers:?}: {found:?}");
    }
}

/// An S3 that answers each list with the next of these, and the last one again and again.
async fn lists(bodies: &[(u16, &str)]) -> (Server, Store) {
    let bodies: Vec<(u16, String)> = bodies
        .iter()
        .map(|(status, members)| {
            let root = if *status == 200 { "ListBucketResult" } else { "Error" };
            (*status, format!("<?xml version=\"1.0\"?><{root}>{members}</{root}>"))
        })
        .collect();
    let (count, bodies) = (Arc::new(AtomicUsize::new(0)), Arc::new(bodies));
    let server = Server::start(move |asked| {
        let index = count.fetch_add(1, Ordering::SeqCst).min(bodies.len() - 1);
        let (status, body) = bodies[index].clone();
        async move {
            match asked.path.ends_with(".toml") {
                true => answer(200, "text/plain", SMALL),
                false => answer(status, "application/xml", body),
            }
        }
    })
    .await;
    let client = aws_sdk_s3::Client::new(&sdk(&server.url()));
    let store = Store::at(&"s3://reports-bucket/".parse().unwrap(), || client);
    (server, store)
}

/// A list of objects that may have gone on is not taken for the whole, and an answer without members
/// not for an empty bucket.
#[tokio::test]
async fn a_list_of_objects_is_whole_or_refused() {
    const ONE: &str = "<Contents><Key>one.toml</Key><ETag>\"1\"</ETag></Contents>";
    for (members, problem) in [
        (String::new(), "IsTruncated is missing"),
        (ONE.to_owned(), "IsTruncated is missing"),
        (format!("<IsTruncated>true</IsTruncated>{ONE}"), "NextContinuationToken is missing"),
        ("<IsTruncated>false</IsTruncated><Contents></Contents>".to_owned(), "no Key"),
    ] {
        let (_server, store) = lists(&[(200, &members)]).await;
        let error = store.definitions().await.unwrap_err();
        assert_eq!((error.code, error.retryable), (Code::BadResponse, true), "{error:?}");
        assert!(error.message.contains(problem), "{error:?}");
    }
    let (_server, store) = lists(&[(200, "<IsTruncated>false</IsTruncated>")]).await;
    assert!(store.definitions().await.unwrap().is_empty());
}

/// A token of S3 that has expired begins the list anew, and no definition is read twice.
#[tokio::test]
async fn a_list_of_objects_begins_anew() {
    let object = |name: &str| format!("<Contents><Key>{name}.toml</Key></Contents>");
    let first = format!(
        "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>{}",
        object("one")
    );
    let last = format!("<IsTruncated>false</IsTruncated>{}", object("two"));
    let refusal =
        "<Code>InvalidArgument</Code><Message>The continuation token is incorrect</Message>";
    let answers = [(200, first.as_str()), (400, refusal), (200, &first), (200, &last)];
    let (_server, store) = lists(&answers).await;
    let files = store.definitions().await.unwrap();
    let names: Vec<_> = files.iter().map(|file| file.stem()).collect();
    assert_eq!(names, ["one", "two"]);

    let (_server, store) =
        lists(&[(200, first.as_str()), (400, refusal), (200, &first), (400, refusal)]).await;
    let error = store.definitions().await.unwrap_err();
    assert_eq!((error.code, error.retryable), (Code::ServiceError, true), "{error:?}");
}

/// A record without its tag could be written over by nobody, or by everybody.
#[tokio::test]
async fn a_record_without_its_tag_is_no_record() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let server = Server::start(|asked| async move {
        match asked.method.as_str() {
            "PUT" => {
                answer(412, "application/xml", "<Error><Code>PreconditionFailed</Code></Error>")
            }
            _ => answer(200, "application/json", "{}"),
        }
    })
    .await;
    let url = server.url();
    let more = [
        ("CONNECT_REPORTS_RUNS", "s3://reports-bucket/runs"),
        ("AWS_ENDPOINT_URL_S3", url.as_str()),
    ];
    let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
    let (kind, envelope) = function.fail(&json!({ "reports": ["small"], "time": DUE })).await;
    assert_eq!((kind.as_str(), &envelope["error"]["retryable"]), ("BAD_RESPONSE", &json!(true)));
    let message = envelope["error"]["message"].as_str().unwrap();
    assert!(message.contains("s3:GetObject answered without an ETag"), "{message}");
    assert!(simulator.messages().is_empty());
}

/// A message of which SQS says nothing is put there again; one that was there twice is sent once.
#[tokio::test]
async fn a_message_that_the_queue_does_not_name_is_put_again() {
    let taken = |ids: &[&str]| {
        let entry = |id: &&str| json!({"Id": id, "MessageId": "m", "MD5OfMessageBody": ""});
        json!({"Successful": ids.iter().map(entry).collect::<Vec<_>>(), "Failed": []})
    };
    let send = async |answers: Vec<Value>| {
        let service = Canned::start(answers).await;
        let url = format!("{}/123456789012/runs", service.url());
        let queue = RunQueue::new(&sdk(&service.url()), url.parse().unwrap());
        let ended = queue.send(&["one".to_owned(), "two".to_owned()]).await;
        let asked = service.asked();
        let bodies = |asked: &Value| {
            let entries = asked["Entries"].as_array().unwrap().iter();
            let bodies = entries.map(|entry| entry["MessageBody"].as_str().unwrap().to_owned());
            bodies.collect::<Vec<_>>()
        };
        (ended, asked.iter().map(bodies).collect::<Vec<_>>())
    };
    let (ended, asked) = send(vec![taken(&["0", "1"])]).await;
    assert!(ended.is_ok());
    assert_eq!(asked, [["one", "two"]]);
    let (ended, asked) = send(vec![json!({}), taken(&["1"]), taken(&["0"])]).await;
    assert!(ended.is_ok());
    assert_eq!(asked, [vec!["one", "two"], vec!["one", "two"], vec!["one"]]);
    let (ended, _) = send(vec![json!({})]).await;
    let error = ended.unwrap_err();
    assert_eq!((error.code, error.retryable), (Code::BadResponse, true));
}

/// A token that has expired begins the request anew, once; the rows of its pages are dropped, and no
/// figure doubles.
#[tokio::test]
async fn an_expired_page_token_begins_the_request_anew() {
    let simulator = paged().await;
    let whole = figures(&simulator).await.unwrap();
    assert!(whole.pages > 2);
    simulator.misbehave(Operation::GetMetricDataV2, Fault::ExpiredToken, Some(1));
    let anew = figures(&simulator).await.unwrap();
    assert_eq!((rows(&anew), anew.pages), (rows(&whole), whole.pages));

    simulator.misbehave(Operation::GetMetricDataV2, Fault::ExpiredToken, None);
    let before = simulator.calls().len();
    let error = figures(&simulator).await.unwrap_err();
    assert_eq!((error.code, error.retryable), (Code::ServiceError, true), "{error:?}");
    assert!(error.message.contains("refused its own page tokens twice"), "{error:?}");
    assert_eq!(simulator.calls().len() - before, 4, "two pages, twice");
}

/// The same of lists.
#[tokio::test]
async fn an_expired_page_token_begins_a_list_anew() {
    let simulator = paged().await;
    for (operation, list) in LISTS {
        if operation == Operation::DescribeUserHierarchyStructure {
            continue;
        }
        let dimension = match list {
            NameList::RoutingProfiles => Dimension::RoutingProfile,
            NameList::Agents => Dimension::Agent,
            NameList::Hierarchy => Dimension::Hierarchy(HierarchyLevel::Two),
            _ => Dimension::Queue,
        };
        let entries = async || names(&simulator.url(), list).await;
        let whole = entries().await.unwrap();
        assert!(whole.entries(&dimension).len() > 2, "{operation}");
        simulator.misbehave(operation, Fault::ExpiredToken, Some(1));
        let anew = entries().await.unwrap();
        assert_eq!(anew.entries(&dimension), whole.entries(&dimension));
        simulator.misbehave(operation, Fault::ExpiredToken, Some(2));
        let error = entries().await.unwrap_err();
        assert_eq!((error.code, error.retryable), (Code::ServiceError, true), "{error:?}");
    }
}

/// A fault of the first page is wrong with the request, and is not asked again.
#[tokio::test]
async fn a_first_page_that_is_refused_is_not_asked_again() {
    let service = Server::start(|_| async {
        let mut refused = answer(400, "application/json", "{\"message\": \"no such metric\"}");
        let name = "InvalidParameterException".parse().unwrap();
        refused.headers_mut().insert("x-amzn-errortype", name);
        refused
    })
    .await;
    let error = names(&service.url(), NameList::Queues).await.unwrap_err();
    assert_eq!((error.code, error.retryable), (Code::ValidationError, false));
}

/// A definition that S3 was too slow to hand out is no invalid definition: nothing is final.
#[tokio::test]
async fn a_definition_that_was_not_read_in_time_is_read_at_the_next_tick() {
    let simulator = simulator().await;
    let s3 = S3::start(&[("reports/small.toml", SMALL)]).await;
    s3.time_out_reads(3);
    let url = s3.url();
    let more = [("AWS_ENDPOINT_URL_S3", url.as_str())];
    let function = Function::start(&simulator.url(), "s3://reports-bucket/reports", &more).await;
    let (kind, envelope) = function.fail(&tick()).await;
    assert_eq!((kind.as_str(), &envelope["error"]["retryable"]), ("SERVICE_ERROR", &json!(true)));
    assert!(simulator.messages().is_empty(), "no owner hears of it");
    function.succeed(&tick()).await;
    assert_eq!(simulator.messages().len(), 1);
}
