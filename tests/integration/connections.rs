use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connect_reports::mail::{Mail, SendOptions, Ses};
use connect_reports::rate_limit::Pacer;
use connect_reports::settings::{Aws, MailConnections, Rates};
use serde_json::{Value, json};

use crate::harness::binary::{Function, SMALL, definitions, sdk, simulator, text, tick};
use crate::harness::http::{Server, answer};

/// The connections that requests came on, by their numbers.
type Used = Arc<Mutex<Vec<usize>>>;

/// An SES that takes every mail; with `forgetful`, one behind a network that forgets a connection as soon
/// as it is idle: whatever is sent on it then is never answered.
async fn ses(forgetful: bool) -> (Server, Used) {
    let used = Used::default();
    let log = Arc::clone(&used);
    let server = Server::start(move |asked| {
        log.lock().unwrap().push(asked.connection);
        let is_lost = forgetful && asked.before > 0;
        async move {
            if is_lost {
                std::future::pending::<()>().await;
            }
            answer(200, "application/json", "{\"MessageId\": \"message\"}")
        }
    })
    .await;
    (server, used)
}

/// An idle connection that the network has silently dropped between two invocations makes no recipient
/// unknown.
#[tokio::test]
async fn a_dropped_connection_is_not_used_in_the_next_invocation() {
    let simulator = simulator().await;
    let (mails, used) = ses(true).await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let url = mails.url();
    let more = [("AWS_ENDPOINT_URL_SESV2", url.as_str())];
    let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
    for connection in 0..3 {
        let answer = function.succeed(&tick()).await;
        assert_eq!(answer["data"]["reports"][0]["status"], "sent", "{answer:#}");
        assert_eq!(used.lock().unwrap().pop(), Some(connection));
    }
}

/// Within an invocation many mails share few connections, and the next one uses none of these.
#[tokio::test]
async fn an_invocation_s_mails_share_its_own_connections() {
    let simulator = simulator().await;
    let (mails, used) = ses(false).await;
    let many: Vec<_> = (0..60).map(|index| format!("\"person-{index}@example.com\"")).collect();
    let definition = SMALL.replace("\"ops@example.com\"", &many.join(", "));
    let folder = definitions(&[("small.toml", &definition)]);
    let url = mails.url();
    let more = [("AWS_ENDPOINT_URL_SESV2", url.as_str())];
    let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
    let mut earlier = BTreeSet::new();
    for _ in 0..2 {
        function.succeed(&tick()).await;
        let used: Vec<usize> = std::mem::take(&mut *used.lock().unwrap());
        assert_eq!(used.len(), many.len());
        let connections: BTreeSet<usize> = used.into_iter().collect();
        assert!(connections.len() < many.len() / 2, "{connections:?}");
        assert!(connections.is_disjoint(&earlier), "{connections:?} {earlier:?}");
        earlier.extend(connections);
    }
}

/// Connect's stay: a call that goes out on a forgotten connection is made again, and does no harm.
#[tokio::test]
async fn calls_of_connect_keep_their_connections() {
    let simulator = simulator().await;
    let used = Used::default();
    let log = Arc::clone(&used);
    let connect = Server::start(move |asked| {
        log.lock().unwrap().push(asked.connection);
        let id = "aaaaaaaa-0000-4000-8000-000000000001";
        let queues = json!({"QueueSummaryList": [{"Id": id, "Name": "Sales"}]});
        let is_list = asked.path.starts_with("/queues-summary");
        let body: Value = if is_list { queues } else { json!({"MetricResults": []}) };
        async move { answer(200, "application/json", body.to_string()) }
    })
    .await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let url = connect.url();
    let more = [("AWS_ENDPOINT_URL_CONNECT", url.as_str())];
    let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
    function.succeed(&tick()).await;
    let first: BTreeSet<usize> = used.lock().unwrap().drain(..).collect();
    function.succeed(&tick()).await;
    let second: BTreeSet<usize> = used.lock().unwrap().drain(..).collect();
    assert!(!second.is_disjoint(&first), "{first:?} {second:?}");
}

/// A connection to SES that nothing went through for more than five seconds is used no more.
#[tokio::test]
async fn a_connection_to_ses_idles_for_five_seconds_at_most() {
    let (mails, used) = ses(false).await;
    let aws = Aws { config: sdk(&mails.url()), mail_connections: Some(MailConnections::default()) };
    let ses = Ses::new(&aws, Arc::new(Pacer::new(Rates::default())));
    let (from, to) = ("a@example.com".parse().unwrap(), "b@example.com".parse().unwrap());
    let options = &SendOptions::default();
    let mail = Mail { from: &from, to: &to, content: b"From: a", options };
    for (idle, connection) in [(0, 0), (4, 0), (6, 1), (4, 1)] {
        // The virtual clock stands still while the network is at work.
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(idle)).await;
        tokio::time::resume();
        ses.send(mail, None).await.unwrap();
        assert_eq!(used.lock().unwrap().pop(), Some(connection), "after {idle} s");
    }
}
