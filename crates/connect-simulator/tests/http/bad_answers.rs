//! Answers that are wrong in one way each.

use super::*;

/// The rows of the first page, spoilt and as they should be.
async fn both(simulator: &Simulator, fault: Fault) -> (Vec<Value>, Vec<Value>) {
    let request = by_queue(simulator);
    let rows = async || {
        let answer = metrics(simulator, &request).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["MetricResults"].as_array().unwrap().clone()
    };
    simulator.misbehave(Operation::GetMetricDataV2, fault, Some(1));
    (rows().await, rows().await)
}

fn names(row: &Value) -> Vec<String> {
    let collections = row["Collections"].as_array().unwrap().iter();
    collections.map(|one| one["Metric"]["Name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_may_be_repeated_or_foreign() {
    let simulator = started().await;
    let (spoilt, right) = both(&simulator, Fault::RepeatedRow).await;
    assert_eq!(spoilt.len(), right.len() + 1);
    assert_eq!(spoilt.last(), right.first());

    let (spoilt, right) = both(&simulator, Fault::ForeignQueue).await;
    assert_eq!(spoilt[..right.len()], right);
    let deleted = &simulator.centre().deleted_queue().unwrap().id;
    let foreign = &spoilt.last().unwrap()["Dimensions"];
    assert_eq!(foreign["QUEUE"], **deleted);
    assert!(foreign["QUEUE_ARN"].as_str().unwrap().ends_with(&format!("/queue/{deleted}")));

    let (spoilt, right) = both(&simulator, Fault::StrayInterval).await;
    let end = by_queue(&simulator)["EndTime"].as_f64();
    assert_eq!(spoilt[0]["MetricInterval"]["StartTime"].as_f64(), end);
    assert_eq!(spoilt[1..], right[1..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_may_be_repeated_or_unrequested() {
    let simulator = started().await;
    let (spoilt, right) = both(&simulator, Fault::RepeatedMetric).await;
    let twice = names(&spoilt[0]);
    let once = names(&right[0]);
    assert_eq!((twice.len(), twice.last()), (once.len() + 1, once.first()));
    assert_eq!(spoilt[1..], right[1..]);

    let (spoilt, right) = both(&simulator, Fault::UnaskedMetric).await;
    let more = names(&spoilt[0]);
    let asked = names(&right[0]);
    assert_eq!(more.len(), asked.len() + 1);
    assert!(!asked.contains(more.last().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn values_may_be_invalid() {
    let simulator = started().await;
    let (spoilt, _) = both(&simulator, Fault::NotANumber).await;
    assert_eq!(spoilt[0]["Collections"][0]["Value"], "NaN");

    let (spoilt, _) = both(&simulator, Fault::Negative).await;
    let collections = spoilt[0]["Collections"].as_array().unwrap();
    let negative = collections.iter().find(|one| one["Value"] == -1).unwrap();
    assert_eq!(negative["Metric"]["Name"], "CONTACTS_QUEUED");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_answers_stay_as_they_are() {
    let simulator = started().await;
    simulator.misbehave(Operation::ListUsers, Fault::RepeatedRow, None);
    let path = format!("/users-summary/{INSTANCE}");
    let answer = send(&simulator, "GET", &path, b"").await.unwrap().json();
    assert_eq!(answer["UserSummaryList"].as_array().unwrap().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_may_lack_what_they_must_have() {
    let simulator = started().await;
    let (spoilt, right) = both(&simulator, Fault::MissingMember).await;
    assert!(spoilt[0].get("Collections").is_none() && right[0]["Collections"].is_array());
    assert_eq!(spoilt[1..], right[1..]);

    let path = format!("/queues-summary/{INSTANCE}");
    let queues = async || send(&simulator, "GET", &path, b"").await.unwrap();
    simulator.misbehave(Operation::ListQueues, Fault::MissingMember, Some(1));
    let spoilt = queues().await.json()["QueueSummaryList"].clone();
    assert!(spoilt[0].get("Id").is_none() && spoilt[1]["Id"].is_string());
    simulator.misbehave(Operation::ListQueues, Fault::EmptyAnswer, Some(1));
    let empty = queues().await;
    assert_eq!((empty.status, empty.body.as_str()), (200, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_later_page_may_expire() {
    let simulator = started().await;
    simulator.misbehave(Operation::ListQueues, Fault::ExpiredToken, Some(1));
    let path = format!("/queues-summary/{INSTANCE}");
    let first = send(&simulator, "GET", &path, b"").await.unwrap();
    assert_eq!(first.status, 200);
    let token = first.json()["NextToken"].as_str().unwrap().to_owned();
    let next = format!("{path}?nextToken={token}");
    let refused = send(&simulator, "GET", &next, b"").await.unwrap();
    assert_eq!(refused.status, 400);
    assert!(refused.head.contains("x-amzn-errortype: InvalidToken"), "{}", refused.head);
    assert_eq!(send(&simulator, "GET", &next, b"").await.unwrap().status, 200);
}
