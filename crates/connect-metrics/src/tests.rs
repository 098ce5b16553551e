use super::metric::any_value;
use super::*;

#[test]
fn rows_stand_in_order_of_their_names() {
    assert!(METRICS.is_sorted_by(|a, b| a.name < b.name));
    for metric in METRICS {
        assert!(std::ptr::eq(find_metric(metric.name).unwrap(), metric));
    }
}

#[test]
fn a_title_holds_the_threshold() {
    let title = |name: &str| with_threshold(find_metric(name).unwrap().title, 20);
    assert_eq!(title("SERVICE_LEVEL"), "Service level 20 s");
    assert_eq!(title("SUM_CONTACTS_ANSWERED_IN_X"), "Contacts answered in 20 s");
}

#[test]
fn filters_and_groupings_differ_where_the_service_says_so() {
    let handle_time = find_metric("AVG_HANDLE_TIME").unwrap();
    assert!(handle_time.filters_by("FEATURE") && !handle_time.groups_by("FEATURE"));
    let occupancy = find_metric("AGENT_OCCUPANCY").unwrap();
    assert!(!occupancy.filters_by("QUEUE") && occupancy.groups_by("AGENT"));
    let service_level = find_metric("SERVICE_LEVEL").unwrap();
    assert!(!service_level.groups_by("AGENT") && !service_level.thresholds().is_empty());
}

/// A key that is not in the lists would be missing in `groupings` and `filters`.
#[test]
fn the_keys_of_a_row_are_keys_of_the_service() {
    let count = |sets: &[&[&'static [&'static str]]]| {
        let keys = sets.iter().copied().flatten().copied().flatten();
        let unique: std::collections::BTreeSet<_> = keys.clone().collect();
        assert_eq!(unique.len(), keys.count(), "{unique:?}");
        unique.len()
    };
    for metric in METRICS {
        let name = metric.name;
        assert_eq!(
            metric.groupings().count(),
            count(&[metric.keys, metric.grouping_only]),
            "{name}"
        );
        assert_eq!(metric.filters().count(), count(&[metric.keys, metric.filter_only]), "{name}");
        assert!(metric.required_filter().is_none_or(|key| metric.filters_by(key)), "{name}");
    }
    let service_level: Vec<_> = find_metric("SERVICE_LEVEL").unwrap().filters().collect();
    assert_eq!(service_level, ["CHANNEL", "Q_CONNECT_ENABLED", "QUEUE", "ROUTING_PROFILE"]);
    assert!(AUTHORISING_KEYS.iter().all(|key| FILTER_KEYS.contains(key)));
}

#[test]
fn metric_filters_have_values_and_may_be_negated() {
    let connecting = find_metric("SUM_CONNECTING_TIME_AGENT").unwrap();
    let values = connecting.metric_filter("INITIATION_METHOD").unwrap().values;
    assert!(values.contains(&"CALLBACK_CUSTOMER_FIRST_DIALED") && values.len() == 5);
    assert!(!connecting.can_negate());
    let abandoned = find_metric("CONTACTS_ABANDONED").unwrap();
    assert_eq!(abandoned.metric_filters(), [any_value("INITIATION_METHOD")]);
    assert!(abandoned.can_negate());
    assert!(!find_metric("CONTACTS_QUEUED").unwrap().can_negate());
    let known = metric_filter_values("INITIATION_METHOD");
    for metric in METRICS {
        for filter in metric.metric_filters() {
            let is_bots = filter.key.starts_with("BOT_");
            let are_known = filter.values.iter().all(|value| known.contains(value));
            assert!(is_bots || are_known, "{}", metric.name);
        }
    }
}

/// As the administrator guide has them for the metrics of bots.
#[test]
fn bot_metrics_are_filtered_by_outcome() {
    let filters = |name: &str| -> Vec<(&str, usize)> {
        let filters = find_metric(name).unwrap().metric_filters().iter();
        filters.map(|filter| (filter.key, filter.values.len())).collect()
    };
    let conversation = ("BOT_CONVERSATION_OUTCOME_TYPE", 3);
    let intent = ("BOT_INTENT_OUTCOME_TYPE", 4);
    for name in [
        "AVG_BOT_CONVERSATION_TIME",
        "AVG_BOT_CONVERSATION_TURNS",
        "BOT_CONVERSATIONS_COMPLETED",
        "PERCENT_BOT_CONVERSATIONS_OUTCOME",
    ] {
        assert_eq!(filters(name), [conversation], "{name}");
    }
    assert_eq!(filters("BOT_INTENTS_COMPLETED"), [conversation, intent]);
    assert_eq!(filters("PERCENT_BOT_INTENTS_OUTCOME"), [intent]);
    for (name, key) in [
        ("PERCENT_BOT_CONVERSATIONS_OUTCOME", conversation.0),
        ("PERCENT_BOT_INTENTS_OUTCOME", intent.0),
    ] {
        let Merge::Mean([whole]) = find_metric(name).unwrap().merge() else {
            panic!("{name} is no mean of one weight");
        };
        assert!(whole.fits(&["BOT_ID"], &["CHANNEL"], &[key]), "{name}");
        assert!(!whole.takes_metric_filter(key), "{name} is in percent of all");
    }
}

#[test]
fn a_filter_authorises_unless_no_metric_can_have_one() {
    let needs = |names: &[&str]| {
        needs_authorising_filter(names.iter().map(|name| find_metric(name).unwrap()))
    };
    assert!(needs(&[]));
    assert!(needs(&["CONTACTS_HANDLED"]));
    assert!(needs(&["CAMPAIGN_SEND_ATTEMPTS"]));
    assert!(needs(&["FLOWS_STARTED", "CONTACTS_HANDLED"]));
    assert!(!needs(&["FLOWS_STARTED", "BOT_INTENTS_COMPLETED"]));
    assert!(!needs(&["CASES_CREATED"]));
}

#[test]
fn listed_keys_name_the_agent_hierarchy_once() {
    assert_eq!(key_list([]), "");
    assert_eq!(key_list(["QUEUE"]), "QUEUE");
    let hierarchy = GROUPING_KEYS.iter().copied().filter(|key| key.starts_with("AGENT"));
    let keys = hierarchy.chain(["CHANNEL"]);
    assert_eq!(key_list(keys), "AGENT, AGENT_HIERARCHY_LEVEL_ONE to _FIVE, CHANNEL");
}

/// The metrics that a rule names.
fn named(merge: Merge) -> Vec<&'static str> {
    match merge {
        Merge::Sum | Merge::Max | Merge::Min | Merge::None(_) => Vec::new(),
        Merge::Mean(weights) => weights.iter().map(|weight| weight.metric).collect(),
        Merge::MeanBySum { sum, otherwise } => {
            otherwise.iter().map(|weight| weight.metric).chain([sum]).collect()
        }
        Merge::MeanOfSum(sum) => vec![sum],
        Merge::Ratio { part, whole } => whole.iter().copied().chain([part]).collect(),
    }
}

#[test]
fn metrics_named_by_a_rule_add_up_where_it_holds() {
    for metric in METRICS {
        for name in named(metric.merge()) {
            let part = find_metric(name).unwrap_or_else(|| panic!("{} names {name}", metric.name));
            assert_eq!(part.merge(), Merge::Sum, "{name}");
            let holds = |over: MergeScope| {
                let keys = FILTER_KEYS.iter().map(|key| over.holds_for(key));
                keys.chain([over.holds_for_time()]).collect::<Vec<_>>()
            };
            let rule = holds(metric.merges_over());
            let part = holds(part.merges_over());
            assert!(rule.iter().zip(part).all(|(rule, part)| part || !rule), "{}", metric.name);
        }
    }
}

/// The keys with which a metric cannot be merged, because nothing that its rule names takes the key or
/// counts the whole with it. These are facts of the service; any other is a mistake in a row.
const NEVER_MERGED_WITH: &[(&str, &[&str])] = &[
    ("ABANDONMENT_RATE", &["FEATURE"]),
    ("AVG_ABANDON_TIME", &["FEATURE"]),
    (
        "AVG_CONTACT_DURATION",
        &[
            "AGENT",
            "AGENT_HIERARCHY_LEVEL_ONE",
            "AGENT_HIERARCHY_LEVEL_TWO",
            "AGENT_HIERARCHY_LEVEL_THREE",
            "AGENT_HIERARCHY_LEVEL_FOUR",
            "AGENT_HIERARCHY_LEVEL_FIVE",
        ],
    ),
    ("AVG_HANDLE_TIME", &["AI_USE_CASE"]),
    ("AVG_HOLD_TIME", &["contact/segmentAttributes/connect:Subtype", "FEATURE"]),
    ("AVG_QUEUE_ANSWER_TIME", &["FEATURE"]),
    ("PERCENT_FLOWS_OUTCOME", &["FLOWS_OUTCOME_TYPE"]),
];

#[test]
fn metrics_named_by_a_rule_take_the_keys_of_its_metric() {
    let mut never = Vec::new();
    for metric in METRICS {
        let named = named(metric.merge());
        let fits = |key: &str| {
            let groupings = if metric.groups_by(key) { &[key][..] } else { &[] };
            match metric.merge() {
                Merge::Mean(weights) | Merge::MeanBySum { otherwise: weights, .. } => {
                    weights.iter().any(|weight| weight.fits(groupings, &[key], &[]))
                }
                _ => named.iter().all(|name| {
                    find_metric(name).is_some_and(|part| part.fits(groupings, &[key], &[]))
                }),
            }
        };
        let keys: Vec<_> = metric.filters().filter(|key| !fits(key)).collect();
        if !keys.is_empty() {
            never.push((metric.name, keys));
        }
    }
    let never: Vec<_> = never.iter().map(|(name, keys)| (*name, keys.as_slice())).collect();
    assert_eq!(never, NEVER_MERGED_WITH);
}

#[test]
fn a_weight_fits_the_query() {
    let Merge::Mean([all, abandoned]) = find_metric("AVG_ABANDON_TIME").unwrap().merge() else {
        panic!("no mean of two weights");
    };
    assert_eq!(all.threshold, Some((Comparison::LessThanOrEqual, 604_800)));
    assert!(all.fits(&["QUEUE"], &["QUEUE", "CHANNEL"], &[]));
    assert!(!all.fits(&["AGENT"], &["QUEUE"], &[]) && abandoned.fits(&["AGENT"], &["QUEUE"], &[]));
    let initiation = ["INITIATION_METHOD"];
    assert!(!all.fits(&[], &["QUEUE"], &initiation));
    assert!(abandoned.fits(&[], &["QUEUE"], &initiation));
    let Merge::Mean([outcome]) = find_metric("PERCENT_FLOWS_OUTCOME").unwrap().merge() else {
        panic!("no mean of one weight");
    };
    assert!(outcome.fits(&["FLOW_TYPE"], &["CHANNEL"], &["FLOWS_OUTCOME_TYPE"]));
    assert!(!outcome.takes_metric_filter("FLOWS_OUTCOME_TYPE"));
    assert!(abandoned.takes_metric_filter("INITIATION_METHOD"));
}

/// `FLOWS_OUTCOME` takes the key, but then counts the chosen outcome alone.
#[test]
fn no_weight_fits_a_query_by_its_part_key() {
    let Merge::Mean([outcome]) = find_metric("PERCENT_FLOWS_OUTCOME").unwrap().merge() else {
        panic!("no mean of one weight");
    };
    let key = ["FLOWS_OUTCOME_TYPE"];
    assert!(find_metric(outcome.metric).unwrap().fits(&key, &key, &[]));
    assert!(!outcome.fits(&[], &key, &[]) && !outcome.fits(&key, &[], &[]));
    assert!(!outcome.fits(&[], &["CHANNEL", "FLOWS_OUTCOME_TYPE"], &key));
}

#[test]
fn the_thresholds_of_weights_are_those_of_the_metrics() {
    for metric in METRICS {
        if let Merge::Mean(weights) | Merge::MeanBySum { otherwise: weights, .. } = metric.merge() {
            assert!(!weights.is_empty(), "{}", metric.name);
            for weight in weights {
                let thresholds = find_metric(weight.metric).unwrap().thresholds();
                let fits = match weight.threshold {
                    Some((comparison, _)) => thresholds.contains(&comparison),
                    None => thresholds.is_empty(),
                };
                assert!(fits, "{}", metric.name);
            }
        }
        let unthresholded = |name: &&str| find_metric(name).unwrap().thresholds().is_empty();
        let is_mean = matches!(metric.merge(), Merge::Mean(_));
        assert!(is_mean || named(metric.merge()).iter().all(unthresholded), "{}", metric.name);
    }
}

#[test]
fn reasons_for_missing_figures_are_sentences() {
    for metric in METRICS {
        let unmerged = match metric.merge() {
            Merge::None(reason) => Some(reason),
            _ => None,
        };
        for reason in [unmerged, metric.merges_over().reason()].into_iter().flatten() {
            assert!(reason.ends_with('.') && !reason.contains('_'), "{reason}");
        }
    }
    let merges = |name: &str, key: &str| find_metric(name).unwrap().merges_over().holds_for(key);
    assert!(merges("AGENT_SCHEDULED_TIME", "AGENT") && !merges("AGENT_SCHEDULED_TIME", "QUEUE"));
    assert!(merges("CAMPAIGN_PROGRESS_RATE", "CAMPAIGN"));
    assert!(!find_metric("CAMPAIGN_PROGRESS_RATE").unwrap().merges_over().holds_for_time());
    assert!(find_metric("AGENT_OCCUPANCY").unwrap().merges_over().holds_for_time());
}

/// Both count phones that rang in vain, each for one contact of one queue.
#[test]
fn agent_non_response_metrics_merge_alike() {
    let over = |name: &str| find_metric(name).unwrap().merges_over();
    let names = ["AGENT_NON_RESPONSE", "AGENT_NON_RESPONSE_WITHOUT_CUSTOMER_ABANDONS"];
    assert_eq!(names.map(over), [MergeScope::Everything; 2]);
}

#[test]
fn automatic_fails_are_in_percent_of_evaluations() {
    let Merge::Mean([weight]) = find_metric("PERCENT_AUTOMATIC_FAILS").unwrap().merge() else {
        panic!("no mean of one weight");
    };
    assert_eq!(weight.metric, "EVALUATIONS_PERFORMED");
    assert!(weight.fits(&["AGENT", "EVALUATION_FORM"], &["QUEUE", "EVALUATION_SOURCE"], &[]));
}
