//! Throttles slow calls down. The pacer tries these again, and the SDK all else.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_connect::Client;
use aws_sdk_connect::config::{Config, Credentials, Region};
use aws_sdk_connect::types::QueueType;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use tokio::task::LocalSet;

use super::model::{AT_9_5, Log, Throttle, all, call, figures, ms, pacer, tick};
use crate::error::sdk;
use crate::rate_limit::*;

#[tokio::test(start_paused = true)]
async fn a_throttle_slows_its_bucket_down_and_answers_quicken_it() {
    let test = async {
        let (pacer, log, throttled) = (pacer(), Log::new(), Cell::new(0));
        // Throttled twice, the bucket is empty and goes at a quarter.
        let first = call(&pacer, &figures(), &log, 0, None, move || {
            throttled.set(throttled.get() + 1);
            if throttled.get() <= 2 { Err(Throttle) } else { Ok(()) }
        });
        let rest: Vec<_> =
            (1..60).map(|name| call(&pacer, &figures(), &log, name, None, || Ok(()))).collect();
        first.await.unwrap().unwrap();
        all(rest).await;
        assert_eq!(log.names()[..6], [0, 0, 0, 1, 2, 3]);
        let times = log.times();
        let half = tick(AT_9_5 * 2);
        assert_eq!(times[..3], [ms(0), half, tick(half + AT_9_5 * 4)]);
        let gaps: Vec<_> = times[2..].windows(2).map(|pair| pair[1] - pair[0]).collect();
        // 0.27 of the full rate after the first answer, 0.85 after 30, and all of it after 38.
        for (answers, share) in [(1, 0.27), (30, 0.85)] {
            let (gap, expected) = (gaps[answers - 1], AT_9_5.div_f64(share));
            assert!(gap.abs_diff(expected) <= ms(1), "{gap:?} {expected:?}");
        }
        assert!(gaps.windows(2).all(|pair| pair[1] <= pair[0] + ms(1)), "{gaps:?}");
        assert!(gaps[37..].iter().all(|gap| [ms(105), ms(106)].contains(gap)), "{gaps:?}");
    };
    LocalSet::new().run_until(test).await;
}

#[tokio::test(start_paused = true)]
async fn a_throttle_is_forgotten_after_a_minute() {
    let mut tempo = TokenBucket::new("10".parse().unwrap(), BURST_SECONDS);
    for expected in [0.5, 0.25, 0.125, 0.0625, 0.0625] {
        assert_eq!(tempo.slow_down(Instant::now()), expected);
    }
    let now = Instant::now();
    assert_eq!(tempo.take_token(now), Err(now + AT_9_5 * 16));
    assert!(tempo.take_token(now + ms(59_999)).is_ok());
    assert_eq!(tempo.share, SLOWEST_SHARE);
    assert!(tempo.take_token(now + ms(60_000)).is_ok());
    assert_eq!(tempo.share, 1.0);
}

#[tokio::test(start_paused = true)]
async fn calls_that_were_on_their_way_together_slow_down_once() {
    let test = async {
        let (pacer, log) = (pacer(), Log { latency: ms(5), ..Log::new() });
        let throttled: Vec<_> = (0..9)
            .map(|name| {
                let tries = Cell::new(0);
                call(&pacer, &figures(), &log, name, None, move || {
                    tries.set(tries.get() + 1);
                    if tries.get() == 1 { Err(Throttle) } else { Ok(()) }
                })
            })
            .collect();
        let later = call(&pacer, &figures(), &log, 9, None, || Ok(()));
        assert!(all(throttled).await.iter().all(Result::is_ok));
        later.await.unwrap().unwrap();
        // Who came first starts first again, and before those who have not tried yet.
        assert_eq!(log.names(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let times = log.times();
        assert_eq!((times[8], times[9]), (ms(0), tick(ms(5) + AT_9_5 * 2)));
        assert!(times[18] < ms(5) + AT_9_5 * 2 * 10, "{times:?}");
    };
    LocalSet::new().run_until(test).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_throttle_is_not_tried_again() {
    let (pacer, tries) = (pacer(), Cell::new(0));
    let attempt = || {
        tries.set(tries.get() + 1);
        async { Err::<(), _>("refused") }
    };
    let ended = pacer.call(&figures(), None, attempt, |_| false).await;
    assert_eq!((ended, tries.get()), (Err(Unanswered::Failed("refused")), 1));
    assert_eq!(Unanswered::Failed("refused").to_string(), "refused");
}

/// Answers a status and a code, and counts the requests.
#[derive(Clone, Debug)]
struct Canned {
    answers: Arc<Vec<(u16, &'static str)>>,
    requests: Arc<AtomicUsize>,
}

impl HttpConnector for Canned {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let request = self.requests.fetch_add(1, Ordering::SeqCst);
        let (status, code) = self.answers[request.min(self.answers.len() - 1)];
        let body = r#"{"QueueSummaryList": []}"#;
        let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), body.into());
        if !code.is_empty() {
            response.headers_mut().insert("x-amzn-errortype", code);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// The SDK's client at a service that answers this, with the classifier or without, and how many
/// requests a call makes.
async fn requests_of_a_call(answers: &[(u16, &'static str)], paced: bool) -> (usize, bool) {
    let requests = Arc::new(AtomicUsize::new(0));
    let canned = Canned { answers: Arc::new(answers.to_vec()), requests: Arc::clone(&requests) };
    let mut config = Config::builder()
        .behavior_version(crate::settings::behavior())
        .region(Region::new("eu-west-2"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .http_client(http_client_fn(move |_, _| SharedHttpConnector::new(canned.clone())));
    if paced {
        config = config.retry_classifier(LeaveThrottles);
    }
    let client = Client::from_conf(config.build());
    let call = client.list_queues().instance_id("id").queue_types(QueueType::Standard).send();
    let throttled = call.await.is_err_and(|error| sdk::is_throttled(&error));
    (requests.load(Ordering::SeqCst), throttled)
}

#[tokio::test(start_paused = true)]
async fn the_sdk_retries_what_is_no_throttle() {
    let throttle = (429, "ThrottlingException");
    for (answers, paced, expected) in [
        (&[throttle][..], false, (3, true)),
        (&[throttle], true, (1, true)),
        // Some throttles have other statuses.
        (&[(400, "ThrottlingException")], true, (1, true)),
        (&[(503, "SlowDown")], true, (1, true)),
        (&[(500, "InternalServiceException"), (200, "")], true, (2, false)),
        (&[(503, "")], true, (3, false)),
        (&[(500, ""), throttle], true, (2, true)),
    ] {
        assert_eq!(requests_of_a_call(answers, paced).await, expected, "{answers:?} {paced}");
    }
}
