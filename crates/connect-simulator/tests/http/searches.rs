//! Searches by name, tag and group.

use super::*;

async fn search(simulator: &Simulator, path: &str, body: &Value) -> Reply {
    send(simulator, "POST", path, body.to_string().as_bytes()).await.unwrap()
}

/// All pages of the things found, by the member `shown`.
async fn found(simulator: &Simulator, path: &str, mut body: Value, shown: &str) -> Vec<Value> {
    let list = match path {
        "/search-queues" => "Queues",
        "/search-users" => "Users",
        _ => "UserHierarchyGroups",
    };
    body["InstanceId"] = json!(INSTANCE);
    let mut items = Vec::new();
    loop {
        let reply = search(simulator, path, &body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let answer = reply.json();
        items.extend(answer[list].as_array().unwrap().iter().map(|item| item[shown].clone()));
        match answer.get("NextToken") {
            Some(token) => body["NextToken"] = token.clone(),
            None => {
                assert_eq!(answer["ApproximateTotalCount"], items.len());
                return items;
            }
        }
    }
}

fn by(field: &str, how: &str, value: &str) -> Value {
    let condition = json!({ "FieldName": field, "ComparisonType": how, "Value": value });
    json!({ "StringCondition": condition })
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_are_found_by_name_and_type() {
    let simulator = started().await;
    let names = async |criteria: Value| {
        found(&simulator, "/search-queues", json!({ "SearchCriteria": criteria }), "Name").await
    };
    assert_eq!(names(by("name", "EXACT", "Sales")).await, ["Sales"]);
    assert_eq!(names(by("name", "STARTS_WITH", "Re")).await, ["Returns & refunds", "Retention"]);
    assert_eq!(names(by("name", "CONTAINS", "refu")).await, ["Returns & refunds"]);
    let either = json!({ "OrConditions": [
        by("name", "EXACT", "Loans"), by("name", "EXACT", "Support"),
    ]});
    assert_eq!(names(either).await, ["Support", "Loans"]);
    assert_eq!(names(json!({ "QueueTypeCondition": "STANDARD" })).await.len(), 12);
    // The agents' queues, which have no names, are found by default.
    let all = names(json!({})).await;
    assert_eq!(all.iter().filter(|name| name.is_null()).count(), 40);
    let call = simulator.calls().pop().unwrap();
    assert_eq!(call.operation, Operation::SearchQueues);
    assert_eq!(call.body["InstanceId"], INSTANCE);
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_are_found_by_tags() {
    let simulator = started().await;
    let tag = |key: &str, value: &str| json!({ "TagKey": key, "TagValue": value });
    let names = async |filter: Value| {
        let body = json!({
            "SearchFilter": { "TagFilter": filter },
            "SearchCriteria": { "QueueTypeCondition": "STANDARD" },
        });
        found(&simulator, "/search-queues", body, "Name").await
    };
    let sales = ["Sales", "Retention", "{{ queue.name }} O'Brien"];
    assert_eq!(names(json!({ "TagCondition": tag("team", "sales") })).await, sales);
    let both = json!([tag("team", "sales"), tag("region", "apac")]);
    assert_eq!(names(json!({ "AndConditions": both })).await, sales[2..]);
    let either = json!({ "OrConditions": [both, [tag("team", "languages")]] });
    assert_eq!(names(either).await.len(), 3);
    assert!(names(json!({ "TagCondition": tag("team", "Sales") })).await.is_empty());
    let any = json!({ "TagCondition": { "TagKey": "region" } });
    assert_eq!(names(any).await.len(), 10);
    let body = json!({ "SearchCriteria": by("name", "EXACT", "Sales") });
    let tags = found(&simulator, "/search-queues", body, "Tags").await;
    assert_eq!(tags, [json!({ "team": "sales", "region": "emea" })]);
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_found_by_names_and_groups() {
    let simulator = started().await;
    let users = async |criteria: Value, shown: &str| {
        found(&simulator, "/search-users", json!({ "SearchCriteria": criteria }), shown).await
    };
    assert_eq!(users(by("LastName", "EXACT", "O'Neill"), "Username").await.len(), 4);
    let names = json!({ "FirstName": "Ines", "LastName": "Ærø" });
    let called_ines = users(by("FirstName", "EXACT", "Ines"), "IdentityInfo").await;
    assert_eq!(called_ines, [names.clone(), names]);
    let hierarchy = simulator.centre().hierarchy();
    let within = |how: &str, group: usize| {
        let id = &hierarchy.groups[group].id;
        json!({ "HierarchyGroupCondition": { "Value": id, "HierarchyGroupMatchType": how } })
    };
    assert!(users(within("EXACT", 0), "Id").await.is_empty(), "nobody is in EMEA itself");
    let emea = users(within("WITH_CHILD_GROUPS", 0), "HierarchyGroupId").await;
    let apac = users(within("WITH_CHILD_GROUPS", 1), "HierarchyGroupId").await;
    assert_eq!(emea.len() + apac.len(), 39, "one agent has no group");
    assert!(!users(within("EXACT", 1), "Id").await.is_empty(), "some have no team");
    let profiles = users(json!({}), "RoutingProfileId").await;
    assert_eq!(profiles.len(), 40);
    assert_eq!(profiles[0], *simulator.centre().routing_profiles()[0].id);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_found_with_their_paths() {
    let simulator = started().await;
    let hierarchy = simulator.centre().hierarchy();
    let path = "/search-user-hierarchy-groups";
    let criteria = json!({ "SearchCriteria": by("name", "EXACT", "Phones") });
    let paths = found(&simulator, path, criteria.clone(), "HierarchyPath").await;
    let regions: Vec<_> = paths.iter().map(|path| &path["LevelOne"]["Name"]).collect();
    assert_eq!(regions, ["EMEA", "APAC"], "two groups have the same name");
    assert!(paths.iter().all(|path| path["LevelTwo"]["Name"] == "Phones"));
    assert!(paths.iter().all(|path| path.get("LevelThree").is_none()));
    let levels = found(&simulator, path, criteria, "LevelId").await;
    assert!(levels.iter().all(|level| *level == *hierarchy.levels[1].id));
    let squads = json!({ "SearchCriteria": by("levelId", "EXACT", &hierarchy.levels[2].id) });
    assert_eq!(found(&simulator, path, squads, "Name").await, ["Early birds", "Night owls"]);

    let path = format!("/user-hierarchy-structure/{INSTANCE}");
    let structure = send(&simulator, "GET", &path, b"").await.unwrap().json();
    let structure = &structure["HierarchyStructure"];
    assert_eq!(structure["LevelTwo"]["Name"], "Team");
    assert_eq!(structure["LevelThree"]["Id"], *hierarchy.levels[2].id);
    assert!(structure.get("LevelFour").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_searches_are_refused() {
    let simulator = started().await;
    let criteria = |criteria: Value| json!({ "InstanceId": INSTANCE, "SearchCriteria": criteria });
    for (path, body, code) in [
        ("/search-queues", json!({}), "InvalidParameterException"),
        ("/search-queues", json!([]), "SerializationException"),
        ("/search-queues", json!({ "InstanceId": "x" }), "ResourceNotFoundException"),
        (
            "/search-queues",
            json!({ "InstanceId": INSTANCE, "MaxResults": 501 }),
            "InvalidParameterException",
        ),
        (
            "/search-user-hierarchy-groups",
            json!({ "InstanceId": INSTANCE, "MaxResults": 101 }),
            "InvalidParameterException",
        ),
        (
            "/search-queues",
            json!({ "InstanceId": INSTANCE, "NextToken": "x" }),
            "InvalidParameterException",
        ),
        ("/search-queues", criteria(by("Name", "EXACT", "x")), "InvalidParameterException"),
        ("/search-queues", criteria(by("name", "LIKE", "x")), "InvalidParameterException"),
        ("/search-queues", criteria(by("name", "CONTAINS", "x")), "InvalidParameterException"),
        (
            "/search-queues",
            criteria(json!({ "OrConditions": [{ "QueueTypeCondition": "AGENT" }] })),
            "InvalidParameterException",
        ),
        ("/search-users", criteria(json!({ "ListCondition": {} })), "NotImplementedException"),
        (
            "/search-users",
            criteria(json!({ "HierarchyGroupCondition": { "Value": "x" } })),
            "InvalidParameterException",
        ),
    ] {
        let reply = search(&simulator, path, &body).await;
        assert!(
            reply.head.contains(&format!("x-amzn-errortype: {code}")),
            "{body}: {}",
            reply.body
        );
    }
    for operation in [Operation::SearchQueues, Operation::DescribeUserHierarchyStructure] {
        simulator.misbehave(operation, Fault::Denied, Some(1));
    }
    let body = json!({ "InstanceId": INSTANCE });
    let denied = search(&simulator, "/search-queues", &body).await;
    assert!(denied.json()["Message"].as_str().unwrap().contains("connect:SearchQueues"));
    simulator.misbehave(Operation::SearchUsers, Fault::RepeatedToken, None);
    let first = search(&simulator, "/search-users", &body).await.json();
    let mut next = body.clone();
    next["NextToken"] = first["NextToken"].clone();
    assert_eq!(search(&simulator, "/search-users", &next).await.json(), first);
}
