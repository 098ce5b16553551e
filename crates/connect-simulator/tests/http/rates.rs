//! The account's rates.

use super::*;

async fn started_at_rates() -> Simulator {
    let rates = Rates {
        // None comes while the test runs, however slow it is.
        figures: Rate { per_second: 1e-6, burst: 2.0 },
        lists: Rate { per_second: 1e-6, burst: 1.0 },
        messages: Rate { per_second: 1e-6, burst: 1.0 },
        neighbour: 0.0,
    };
    started_with(Options { rates: Some(rates), ..Options::awkward() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_above_the_rate_are_throttled() {
    let simulator = started_at_rates().await;
    let request = by_queue(&simulator);
    // A request that is throttled doesn't use up a fault.
    for (fault, status) in [(None, 200), (Some(Fault::Denied), 403), (None, 429), (None, 429)] {
        if let Some(fault) = fault {
            simulator.misbehave(Operation::GetMetricDataV2, fault, Some(1));
        }
        let reply = metrics(&simulator, &request).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.head.contains("ThrottlingException"), status == 429, "{}", reply.head);
    }
    let path = format!("/users-summary/{INSTANCE}");
    for status in [200, 429] {
        assert_eq!(send(&simulator, "GET", &path, b"").await.unwrap().status, status);
    }
    let path = format!("/queues-summary/{INSTANCE}");
    assert_eq!(send(&simulator, "GET", &path, b"").await.unwrap().status, 200);
    let throttled: Vec<_> = simulator.calls().iter().map(|call| call.throttled).collect();
    assert_eq!(throttled, [false, false, true, true, false, true, false]);
    assert!(simulator.calls().is_sorted_by_key(|call| call.at));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rates_nothing_is_throttled() {
    let simulator = started().await;
    let path = format!("/users-summary/{INSTANCE}");
    for _ in 0..40 {
        assert_eq!(send(&simulator, "GET", &path, b"").await.unwrap().status, 200);
    }
}
