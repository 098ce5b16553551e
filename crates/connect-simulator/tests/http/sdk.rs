//! The answers as the SDK reads them.

use aws_sdk_connect::Client;
use aws_sdk_connect::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_connect::primitives::DateTime;
use aws_sdk_connect::types::{
    ControlPlaneTagFilter, FilterV2, MetricV2, QueueSearchCriteria, QueueSearchFilter,
    SearchableQueueType, TagCondition,
};

use super::*;

fn client(simulator: &Simulator) -> Client {
    let config = aws_sdk_connect::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-2"))
        .credentials_provider(Credentials::new("a", "b", None, None, "simulated"))
        .endpoint_url(simulator.url())
        .build();
    Client::from_conf(config)
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_and_lists_are_read() {
    let simulator = started_with(Options { page_size: 500, ..Options::awkward() }).await;
    let client = client(&simulator);
    let tag = TagCondition::builder().tag_key("team").tag_value("languages").build();
    let filter = ControlPlaneTagFilter::builder().tag_condition(tag).build();
    let criteria =
        QueueSearchCriteria::builder().queue_type_condition(SearchableQueueType::Standard);
    let found = client
        .search_queues()
        .instance_id(INSTANCE)
        .search_filter(QueueSearchFilter::builder().tag_filter(filter).build())
        .search_criteria(criteria.build())
        .max_results(500)
        .send()
        .await
        .unwrap();
    assert_eq!(found.approximate_total_count(), Some(2));
    let queue = &found.queues()[0];
    assert_eq!(queue.name(), Some("Général – Français"));
    assert_eq!(queue.tags().unwrap()["region"], "emea");

    let users = client.search_users().instance_id(INSTANCE).max_results(500).send().await.unwrap();
    let agent = &simulator.centre().agents()[1];
    let names = users.users()[1].identity_info().unwrap();
    assert_eq!(names.last_name(), Some(agent.last_name.as_str()));
    assert_eq!(users.users()[1].routing_profile_id().map(str::len), Some(36));

    let groups = client.search_user_hierarchy_groups().instance_id(INSTANCE).send().await.unwrap();
    let squad = groups.user_hierarchy_groups().last().unwrap();
    let path = squad.hierarchy_path().unwrap();
    assert_eq!(path.level_one().and_then(|group| group.name()), Some("EMEA"));
    let listed = client.list_user_hierarchy_groups().instance_id(INSTANCE).send().await.unwrap();
    assert_eq!(listed.user_hierarchy_group_summary_list().len(), 8);
    let structure = client.describe_user_hierarchy_structure().instance_id(INSTANCE).send();
    let structure = structure.await.unwrap();
    let levels = structure.hierarchy_structure().unwrap();
    assert_eq!(levels.level_three().and_then(|level| level.name()), Some("Squad"));
}

/// Spoilt figures reach the program that asks: the SDK doesn't refuse them.
#[tokio::test(flavor = "multi_thread")]
async fn no_number_is_read_as_such() {
    let simulator = started().await;
    simulator.misbehave(Operation::GetMetricDataV2, Fault::NotANumber, Some(1));
    let at = |text: &str| DateTime::from_secs(text.parse::<Timestamp>().unwrap().as_second());
    let queue = &simulator.centre().queues()[0].id;
    let filter = FilterV2::builder().filter_key("QUEUE").filter_values(queue).build();
    let answer = client(&simulator)
        .get_metric_data_v2()
        .resource_arn(format!("arn:aws:connect:eu-west-2:111122223333:instance/{INSTANCE}"))
        .start_time(at("2026-11-19T00:00:00Z"))
        .end_time(at("2026-11-20T00:00:00Z"))
        .filters(filter)
        .metrics(MetricV2::builder().name("CONTACTS_QUEUED").build())
        .send()
        .await
        .unwrap();
    let value = answer.metric_results()[0].collections()[0].value();
    assert!(value.unwrap().is_nan());
}
