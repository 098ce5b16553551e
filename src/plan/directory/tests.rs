use super::*;
use crate::definition::HierarchyLevel;

const TEAM: Dimension = Dimension::Hierarchy(HierarchyLevel::Two);

fn agent(id: &str, name: &str, user_name: &str) -> DirectoryEntry {
    DirectoryEntry { user_name: Some(user_name.to_owned()), ..DirectoryEntry::new(id, name) }
}

fn group(id: &str, name: &str, path: &[&str]) -> DirectoryEntry {
    DirectoryEntry {
        path: path.iter().map(|&name| name.to_owned()).collect(),
        ..DirectoryEntry::new(id, name)
    }
}

fn queue(id: &str, name: &str, tags: &[(&str, &str)]) -> DirectoryEntry {
    let tags = tags.iter().map(|&(key, value)| (key.to_owned(), value.to_owned()));
    DirectoryEntry { tags: tags.collect(), ..DirectoryEntry::new(id, name) }
}

fn directory() -> Directory {
    let mut directory = Directory::default();
    let queues = vec![
        queue("q1", "Sales", &[("team", "sales"), ("a=b", "c")]),
        queue("q2", "Sales *", &[("team", "sales")]),
        queue("q3", "Sales EMEA", &[("region", "EMEA"), ("a", "b=c")]),
        // Listed twice, because somebody changed it while pages were read.
        queue("q1", "Sales", &[]),
    ];
    directory.insert(Dimension::Queue, queues);
    let agents = vec![
        agent("a1", "Ines Ærø", "ines"),
        agent("a2", "Ines Ærø", "isabeau"),
        agent("a3", "Bo", "amir"),
        agent("a4", "Amir Ng", "Bo"),
        agent("a5", "zoe", "zoe"),
    ];
    directory.insert(Dimension::Agent, agents);
    let groups = vec![group("g1", "Phones", &["EMEA"]), group("g2", "Phones", &["APAC"])];
    directory.insert(TEAM, groups);
    directory.set_levels([(TEAM, "Team".to_owned())].into());
    directory
}

fn name(text: &str) -> Selector {
    Selector::Name(text.to_owned())
}

fn pattern(text: &str) -> Selector {
    Selector::Pattern(text.to_owned())
}

fn tag(key: &str, value: &str) -> Selector {
    Selector::Tag { key: key.to_owned(), value: value.to_owned() }
}

fn unresolved(dimension: &Dimension, selector: &Selector) -> [String; 2] {
    let Unresolved { message, help, .. } = directory().select(dimension, selector).unwrap_err();
    [message, help]
}

#[test]
fn selectors_stand_for_ids() {
    let directory = directory();
    for (dimension, selector, ids) in [
        (Dimension::Queue, Selector::All, &["q1", "q2", "q3"][..]),
        (Dimension::Queue, name("Sales"), &["q1"]),
        (Dimension::Queue, pattern("S*s*"), &["q1", "q2", "q3"]),
        (Dimension::Queue, pattern("Sales ?*"), &["q2", "q3"]),
        (Dimension::Queue, tag("team", "sales"), &["q1", "q2"]),
        // Whichever of the two is the key's.
        (Dimension::Queue, tag("a", "b=c"), &["q1", "q3"]),
        (Dimension::Queue, Selector::Id("gone".to_owned()), &["gone"]),
        (Dimension::Agent, name("ines"), &["a1"]),
        (Dimension::Agent, name("Ines Ærø (isabeau)"), &["a2"]),
        (Dimension::Agent, name("Amir Ng"), &["a4"]),
        (Dimension::Agent, name("zoe"), &["a5"]),
        // One agent's user name is the name of another, and comes first.
        (Dimension::Agent, name("Bo"), &["a4"]),
        (Dimension::Agent, name("amir"), &["a3"]),
        (Dimension::Agent, pattern("Ines *"), &["a1", "a2"]),
        (Dimension::Agent, pattern("is*"), &["a2"]),
        (TEAM, name("Phones (APAC)"), &["g2"]),
        (TEAM, pattern("Phone?"), &["g1", "g2"]),
        (TEAM, Selector::All, &["g1", "g2"]),
    ] {
        assert_eq!(directory.select(&dimension, &selector).unwrap(), ids, "{selector:?}");
    }
}

/// A pattern, a tag and a state may leave out nothing; a name says of something that it is there.
#[test]
fn left_out_entries_need_not_exist() {
    let directory = directory();
    let left_out = |selector: &Selector| directory.leave_out(&Dimension::Queue, selector);
    for selector in [pattern("Test*"), tag("stage", "test"), Selector::Disabled] {
        assert_eq!(left_out(&selector), Ok(Vec::new()), "{selector:?}");
        assert!(directory.select(&Dimension::Queue, &selector).is_err(), "{selector:?}");
    }
    assert_eq!(left_out(&pattern("Sales ?*")), Ok(["q2", "q3"].map(ToOwned::to_owned).into()));
    for (selector, dimension, expected) in [
        // Under its new name it would count again without the entry.
        (
            name("Verkauf"),
            Dimension::Queue,
            "write its new name; remove the entry only if the queue was deleted",
        ),
        (name("Verkauf"), Dimension::Agent, "only if the agent was deleted"),
        (name("Zentrale"), TEAM, "write its new name; remove the entry only if the group"),
    ] {
        let unresolved = directory.leave_out(&dimension, &selector).unwrap_err();
        assert!(unresolved.help.contains(expected), "{}", unresolved.help);
    }
    let unresolved = left_out(&name("sales emea")).unwrap_err();
    assert!(unresolved.help.contains("did you mean `Sales EMEA`?"), "{}", unresolved.help);
    let unresolved = left_out(&name("x")).unwrap_err();
    assert_eq!(unresolved.message, "the instance has no queue with the name `x`");
    assert_eq!(
        unresolved.help,
        "write its new name; remove the entry only if the queue was deleted"
    );
    let four = Dimension::Hierarchy(HierarchyLevel::Four);
    assert!(directory.leave_out(&four, &pattern("P*")).is_err());
}

/// Every unique name of an entry selects it and no other.
#[test]
fn unique_names_select_one_entry() {
    let mut directory = directory();
    let awkward =
        ["*", "!a", "tag:a=b", "arn:aws:x", "aaaabbbb-1111-4222-8333-ccccddddeeee", "a?", "a"];
    let entry = |(index, name): (usize, &&str)| DirectoryEntry::new(format!("p{index}"), *name);
    let entries = awkward.iter().enumerate().map(entry).collect();
    directory.insert(Dimension::RoutingProfile, entries);
    for (dimension, expected) in [
        (Dimension::RoutingProfile, &[&[][..], &[], &[], &[], &[], &["a?"], &["a"]][..]),
        (
            Dimension::Agent,
            &[
                &["Ines Ærø (ines)", "ines"],
                &["Ines Ærø (isabeau)", "isabeau"],
                &["amir"],
                &["Amir Ng", "Bo"],
                &["zoe"],
            ],
        ),
        (TEAM, &[&["Phones (EMEA)"], &["Phones (APAC)"]]),
    ] {
        let entries = directory.entries(&dimension);
        let calls: Vec<_> =
            entries.iter().map(|entry| directory.unique_names(&dimension, entry)).collect();
        assert_eq!(calls, expected);
        for (entry, calls) in entries.iter().zip(calls) {
            for call in calls {
                let selector = if call.contains(['*', '?']) { pattern(call) } else { name(call) };
                assert_eq!(directory.select(&dimension, &selector).unwrap(), [entry.id.as_str()]);
            }
        }
    }
}

/// The message for a name that looks like another says in what they differ.
#[test]
fn subtle_differences_of_names_are_explained() {
    let decomposed = DirectoryEntry::new("q4", "Cafe\u{301}");
    let mut directory = Directory::default();
    directory.insert(
        Dimension::Queue,
        vec![DirectoryEntry::new("q5", "North\u{a0}East Sales"), decomposed],
    );
    for (written, told) in [
        ("Café", "Its accents may be"),
        ("north\u{a0}east sales", "Upper and lower case differ"),
        ("North East Sales", "It has other spaces"),
    ] {
        let help = directory.select(&Dimension::Queue, &name(written)).unwrap_err().help;
        assert!(help.contains(told), "{written}: {help}");
    }
    let near = directory.select(&Dimension::Queue, &name("North\u{a0}East Sale")).unwrap_err();
    assert_eq!(near.help, "did you mean `North\u{a0}East Sales`?");
}

/// A name is taken at its word before it is taken as a pattern.
#[test]
fn a_name_with_a_star_wins_over_the_pattern() {
    assert_eq!(directory().select(&Dimension::Queue, &pattern("Sales *")).unwrap(), ["q2"]);
}

#[test]
fn rows_show_names_that_can_be_told_apart() {
    let directory = directory();
    for (dimension, id, shown) in [
        (Dimension::Queue, "q3", "Sales EMEA"),
        (Dimension::Queue, "gone", "gone"),
        (Dimension::Agent, "a1", "Ines Ærø (ines)"),
        (Dimension::Agent, "a2", "Ines Ærø (isabeau)"),
        (Dimension::Agent, "a4", "Amir Ng"),
        (Dimension::Agent, "a5", "zoe"),
        (TEAM, "g1", "Phones (EMEA)"),
        (Dimension::Channel, "VOICE", "VOICE"),
    ] {
        assert_eq!(directory.name(&dimension, id), shown);
    }
    assert!(directory.knows_id(&TEAM, "g1") && !directory.knows_id(&TEAM, "gone"));
    assert!(directory.knows_id(&Dimension::Channel, "VOICE"));
}

#[test]
fn ambiguous_names_are_reported_with_unique_ones() {
    let [message, help] = unresolved(&Dimension::Agent, &name("Ines Ærø"));
    assert_eq!(message, "2 agents are called `Ines Ærø`: `ines` and `isabeau`");
    assert_eq!(help, "write the one that is meant as it is told here");
    let [message, _] = unresolved(&TEAM, &name("Phones"));
    assert_eq!(
        message,
        "2 groups of agent hierarchy level 2 (Team) are called `Phones`: `Phones (EMEA)` and `Phones (APAC)`"
    );
    let mut directory = Directory::default();
    let many = (0..7).map(|index| DirectoryEntry::new(index.to_string(), "Same")).collect();
    directory.insert(Dimension::Queue, many);
    let message = directory.select(&Dimension::Queue, &name("Same")).unwrap_err().message;
    assert_eq!(message, "7 queues are called `Same`: `0`, `1`, `2`, `3`, `4` and 2 more");
}

/// Asserts the message for a selector that finds nothing, and part of the help.
fn assert_finds_nothing(dimension: Dimension, selector: &Selector, message: &str, help: &str) {
    let told = unresolved(&dimension, selector);
    assert_eq!(told[0], format!("the instance has no {message}"));
    assert!(told[1].contains(help), "{told:?}");
}

#[test]
fn unknown_names_are_reported_with_near_ones() {
    use Dimension::{Agent, Queue, RoutingProfile};
    for (dimension, selector, message, help) in [
        (
            Queue,
            name("sales emea"),
            "queue with the name `sales emea`",
            "did you mean `Sales EMEA`?",
        ),
        (Queue, name("x"), "queue with the name `x`", "or \"*\" for all queues"),
        (Queue, pattern("Sails ?M*"), "queue that fits `Sails ?M*`", "did you mean `Sales"),
        (Queue, pattern("X*Y"), "queue that fits `X*Y`", "`names` prints"),
        (Queue, tag("team", "sails"), "queue with the tag `team=sails`", "`tag:team=sales`?"),
        (Queue, tag("x", "y"), "queue with the tag `x=y`", "have tags such as `tag:a=b=c`"),
        (Agent, name("isabea"), "agent with the name `isabea`", "did you mean `isabeau`?"),
        (Queue, tag("team", "s*"), "queue with the tag `team=s*`", "tags take no patterns"),
        (RoutingProfile, Selector::All, "routing profile", "check `instance`"),
    ] {
        assert_finds_nothing(dimension, &selector, message, help);
    }
}

#[test]
fn missing_levels_are_reported_with_existing_ones() {
    let four = Dimension::Hierarchy(HierarchyLevel::Four);
    for selector in [Selector::All, name("Phones"), pattern("P*")] {
        let help = "it has AGENT_HIERARCHY_LEVEL_TWO (Team)";
        assert_finds_nothing(four.clone(), &selector, "agent hierarchy level 4", help);
    }
}

#[test]
fn groups_of_another_level_are_reported_with_it() {
    let mut directory = directory();
    let three = Dimension::Hierarchy(HierarchyLevel::Three);
    directory.insert(three.clone(), vec![group("g3", "Night owls", &["EMEA", "Phones"])]);
    let levels = [(TEAM, "Team".to_owned()), (three.clone(), "Squad".to_owned())];
    directory.set_levels(levels.into());
    let unresolved = directory.select(&TEAM, &name("Night owls")).unwrap_err();
    assert_eq!(
        unresolved.message,
        "the instance has no group of agent hierarchy level 2 (Team) with the name `Night owls`"
    );
    assert_eq!(
        unresolved.help,
        "it is a group of agent hierarchy level 3 (Squad): write it under \
         AGENT_HIERARCHY_LEVEL_THREE"
    );
}

#[test]
fn an_instance_without_hierarchy_has_no_level() {
    let mut directory = Directory::default();
    assert_eq!(directory.check_level(&TEAM), Ok(()), "nobody has asked");
    directory.set_levels(BTreeMap::new());
    let unresolved = directory.check_level(&TEAM).unwrap_err();
    assert_eq!(unresolved.message, "the instance has no agent hierarchy level 2");
    assert!(unresolved.help.contains("no agent hierarchy"), "{}", unresolved.help);
}

/// Reports share the lists, however long they are.
#[test]
fn a_clone_copies_no_list() {
    let one = directory();
    let mut other = Directory::default();
    other.extend(one.clone());
    let [a, b] = [&one, &other].map(|directory| &directory.lists[&Dimension::Queue]);
    assert!(Arc::ptr_eq(a, b));
    assert_eq!(other.level_name(&TEAM), Some("Team"));
}
