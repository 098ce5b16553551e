use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const NULL: Option<f64> = None;

fn query(name: &str) -> MetricQuery {
    MetricQuery { name: name.to_owned(), threshold: None, filters: Vec::new() }
}

/// A part with these figures; `Some(None)` is a null, `None` a figure that is missing.
fn part(figures: &[(&str, Option<Option<f64>>)]) -> Rows {
    let figures = figures.iter().filter_map(|(name, value)| {
        let figure = match (*value)? {
            Some(value) => Figure::Value(value),
            None => Figure::Absent(Absent::NotComputable),
        };
        Some((Arc::new(query(name)), figure))
    });
    let mut rows = Rows::default();
    rows.add_with(Arc::default(), None, figures);
    rows
}

fn merged(rule: &Rule, parts: &[Rows]) -> Figure {
    rule.merge(&query("ASKED"), &parts.iter().flat_map(Rows::iter).collect::<Vec<_>>())
}

#[test]
fn sums_and_extremes_merge() {
    let of = |values: &[Option<Option<f64>>]| -> Vec<Rows> {
        values.iter().map(|value| part(&[("ASKED", *value)])).collect()
    };
    let parts = of(&[Some(Some(2.0)), None, Some(Some(5.0))]);
    assert_eq!(merged(&Rule::Sum, &parts), Figure::Value(7.0));
    assert_eq!(merged(&Rule::Max, &parts), Figure::Value(5.0));
    assert_eq!(merged(&Rule::Min, &parts), Figure::Value(2.0));
    let with_null = of(&[Some(Some(2.0)), Some(NULL)]);
    assert_eq!(merged(&Rule::Sum, &with_null), NOT_AVAILABLE, "an undercount is no figure");
    assert_eq!(merged(&Rule::Max, &with_null), Figure::Value(2.0), "nothing to compare with");
    let nulls = of(&[Some(NULL), Some(NULL)]);
    assert_eq!(merged(&Rule::Sum, &nulls), Figure::Absent(Absent::NotComputable));
    assert_eq!(merged(&Rule::Max, &of(&[None, None])), Figure::Absent(Absent::NoData));
    let nothing = of(&[Some(NULL), None]);
    assert_eq!(merged(&Rule::Sum, &nothing), Figure::Absent(Absent::NotComputable));
}

/// A metric that no rule merges has no figure where no part has any; a figure that a part lost is lost.
#[test]
fn figures_without_a_rule_are_not_available_unless_absent() {
    let of = |figures: [Option<Figure>; 2]| {
        let parts = figures.map(|figure| {
            let mut rows = Rows::default();
            let figure = figure.map(|figure| (Arc::new(query("ASKED")), figure));
            rows.add_with(Arc::default(), None, figure);
            rows
        });
        let parts: Vec<Row<'_>> = parts.iter().flat_map(Rows::iter).collect();
        let asked = query("ASKED");
        assert_eq!(
            merge_by_rule(&asked, Some(&Err("No rule.")), &parts).unwrap(),
            merge_without_rule(&asked, &parts)
        );
        merge_without_rule(&asked, &parts)
    };
    let [none, null] = [Absent::NoData, Absent::NotComputable].map(Figure::Absent);
    let value = Some(Figure::Value(0.0));
    assert_eq!(of([None, None]), none);
    assert_eq!(of([None, Some(null)]), null);
    for lost in [[value, None], [value, Some(null)], [value, value], [Some(NOT_AVAILABLE), None]] {
        assert_eq!(of(lost), NOT_AVAILABLE, "{lost:?}");
    }
}

#[test]
fn means_are_weighted() {
    let rule = Rule::Mean(query("WEIGHT"));
    let of = |mean, weight| part(&[("ASKED", mean), ("WEIGHT", weight)]);
    let two = [of(Some(Some(10.0)), Some(Some(1.0))), of(Some(Some(40.0)), Some(Some(3.0)))];
    assert_eq!(merged(&rule, &two), Figure::Value(32.5), "and not 25");
    let quiet = [two[0].clone(), of(Some(NULL), Some(Some(0.0))), of(None, None)];
    assert_eq!(merged(&rule, &quiet), Figure::Value(10.0));
    let untold = [two[0].clone(), of(Some(Some(40.0)), None)];
    assert_eq!(merged(&rule, &untold), NOT_AVAILABLE);
}

#[test]
fn ratios_have_both_sides_of_every_part() {
    let whole = vec![query("PART"), query("REST")];
    let rule = Rule::Ratio { part: query("PART"), whole };
    let of = |asked, above, rest| part(&[("ASKED", asked), ("PART", above), ("REST", rest)]);
    let some = |value: f64| Some(Some(value));
    let two = [of(some(50.0), some(10.0), some(10.0)), of(some(100.0), some(20.0), some(0.0))];
    assert_eq!(merged(&rule, &two), Figure::Value(75.0));
    let lacking = [two[0].clone(), of(some(60.0), None, some(1000.0))];
    assert_eq!(merged(&rule, &lacking), NOT_AVAILABLE, "not busy for none of the time");
    let quiet = [two[0].clone(), of(None, None, None)];
    assert_eq!(merged(&rule, &quiet), Figure::Value(50.0));
    let nothing = [of(Some(NULL), some(0.0), some(0.0)), of(None, None, None)];
    assert_eq!(merged(&rule, &nothing), Figure::Absent(Absent::NotComputable));
}

#[test]
fn means_are_weighted_by_their_sums() {
    let rule = Rule::MeanBySum { sum: query("SUM"), weight: query("WEIGHT") };
    let of = |mean, sum, weight| part(&[("ASKED", mean), ("SUM", sum), ("WEIGHT", weight)]);
    let some = |value: f64| Some(Some(value));
    let two = [of(some(10.0), some(30.0), some(9.0)), of(some(20.0), some(20.0), some(5.0))];
    assert_eq!(merged(&rule, &two), Figure::Value(12.5), "50 seconds of 4 contacts, not of 14");
    let zero = of(some(0.0), some(0.0), some(1.0));
    assert_eq!(merged(&rule, &[two[0].clone(), two[1].clone(), zero]), Figure::Value(10.0));
    let quiet = [two[0].clone(), of(Some(NULL), some(0.0), some(2.0)), of(None, None, None)];
    assert_eq!(merged(&rule, &quiet), Figure::Value(10.0));
    for lacking in [
        of(some(20.0), None, some(5.0)),
        of(None, some(20.0), some(5.0)),
        of(some(0.0), some(0.0), None),
    ] {
        assert_eq!(merged(&rule, &[two[0].clone(), lacking]), NOT_AVAILABLE);
    }
    assert_eq!(merged(&rule, &[of(None, None, None)]), Figure::Absent(Absent::NoData));
}

#[test]
fn counts_follow_from_sums_and_means() {
    let sum = query("SUM");
    let handled = query("HANDLED");
    let rule = Rule::MeanOfSum { sum, handled };
    let of = |mean, sum, handled| part(&[("ASKED", mean), ("SUM", sum), ("HANDLED", handled)]);
    let some = |value: f64| Some(Some(value));
    let two = [of(some(10.0), some(30.0), some(9.0)), of(some(20.0), some(20.0), some(5.0))];
    assert_eq!(merged(&rule, &two), Figure::Value(12.5), "50 seconds of 4 contacts");
    let zero = of(some(0.0), some(0.0), some(4.0));
    assert_eq!(merged(&rule, &[two[0].clone(), zero.clone()]), NOT_AVAILABLE);
    assert_eq!(merged(&rule, &[zero.clone(), zero]), Figure::Value(0.0));
    let idle = of(some(0.0), some(0.0), some(0.0));
    assert_eq!(merged(&rule, &[two[0].clone(), idle]), Figure::Value(10.0));
}

/// A contact: its duration, and true where it counts for the part of a ratio.
#[derive(Clone, Copy, Debug)]
struct Contact {
    seconds: u16,
    is_of_part: bool,
}

/// The entry in the place of a figure: the figure, a null, nothing, or that it can't be had.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    Truly,
    Null,
    Lost,
}

const RULES: [&str; 7] = ["SUM", "MAX", "MIN", "MEAN", "MEAN_BY_SUM", "MEAN_OF_SUM", "RATIO"];

fn rule_named(name: &str) -> Rule {
    match name {
        "SUM" => Rule::Sum,
        "MAX" => Rule::Max,
        "MIN" => Rule::Min,
        "MEAN" => Rule::Mean(query("COUNT")),
        "MEAN_BY_SUM" => Rule::MeanBySum { sum: query("SECONDS"), weight: query("COUNT") },
        "MEAN_OF_SUM" => Rule::MeanOfSum { sum: query("SECONDS"), handled: query("COUNT") },
        _ => Rule::Ratio { part: query("PART"), whole: vec![query("COUNT")] },
    }
}

fn is_sum(name: &str) -> bool {
    matches!(name, "SUM" | "COUNT" | "SECONDS" | "PART")
}

/// The figure of some contacts; without contacts only counts and sums have one.
fn truth(name: &str, contacts: &[Contact]) -> Option<f64> {
    let seconds = || contacts.iter().map(|contact| f64::from(contact.seconds));
    let count: f64 = contacts.iter().map(|_| 1.0).sum();
    let part: f64 = contacts.iter().map(|contact| f64::from(u8::from(contact.is_of_part))).sum();
    let of_any = |figure: f64| (count > 0.0).then_some(figure);
    match name {
        "SUM" | "SECONDS" => Some(seconds().sum()),
        "COUNT" => Some(count),
        "PART" => Some(part),
        "MAX" => seconds().reduce(f64::max),
        "MIN" => seconds().reduce(f64::min),
        "RATIO" => of_any(part / count * 100.0),
        _ => of_any(seconds().sum::<f64>() / count),
    }
}

/// A part of an answer: the figure itself, and then the metrics by which it is merged. A null for a sum leaves it
/// unknown; a null for another figure means that there is none.
fn told_part(name: &str, contacts: &[Contact], told: [Told; 4]) -> Rows {
    let names = [name, "COUNT", "SECONDS", "PART"];
    let figures = names.into_iter().enumerate().zip(told).filter_map(|((index, of), told)| {
        let figure = match (told, truth(of, contacts)) {
            (Told::Lost, _) => NOT_AVAILABLE,
            (Told::Null, Some(sum)) if is_sum(of) && sum != 0.0 => {
                Figure::Absent(Absent::NotComputable)
            }
            // Where there is nothing the service may leave the figure out.
            (Told::Null, None) => return None,
            (Told::Null, Some(_)) if is_sum(of) => return None,
            (Told::Truly, None) => Figure::Absent(Absent::NotComputable),
            (_, Some(value)) => Figure::Value(value),
        };
        Some((Arc::new(query(if index == 0 { "ASKED" } else { of })), figure))
    });
    let mut rows = Rows::default();
    rows.add_with(Arc::default(), None, figures);
    rows
}

fn contacts() -> impl Strategy<Value = Vec<Contact>> {
    let contact = (0_u16..400, any::<bool>());
    vec(contact.prop_map(|(seconds, is_of_part)| Contact { seconds, is_of_part }), 0..4)
}

fn told() -> impl Strategy<Value = [Told; 4]> {
    let each =
        || prop_oneof![16 => Just(Told::Truly), 2 => Just(Told::Null), 1 => Just(Told::Lost)];
    [each(), each(), each(), each()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    /// Where parts lack figures, the whole is either the figure of all contacts or none. A part that is not
    /// available makes the whole not available.
    #[test]
    fn a_merged_figure_is_that_of_its_contacts(
        name in select(RULES.to_vec()),
        parts in vec((contacts(), told()), 1..6),
    ) {
        let rule = rule_named(name);
        let rows: Vec<Rows> =
            parts.iter().map(|(contacts, told)| told_part(name, contacts, *told)).collect();
        let merged = merged(&rule, &rows);
        let all: Vec<Contact> = parts.iter().flat_map(|(contacts, _)| contacts.clone()).collect();
        let truth = truth(name, &all);
        if let Figure::Value(value) = merged {
            prop_assert!(truth.is_some_and(|truth| (truth - value).abs() < 1e-9), "{truth:?}, merged {value}");
        }
        let needs = rule.needed_metrics();
        let needed = ["COUNT", "SECONDS", "PART"].map(|name| needs.iter().any(|need| need.name == name));
        let is_read = [true, needed[0], needed[1], needed[2]];
        let is_lost = |told: &[Told; 4]| told.iter().zip(is_read).any(|(told, read)| read && *told == Told::Lost);
        if parts.iter().any(|(_, told)| is_lost(told)) {
            prop_assert_eq!(merged, NOT_AVAILABLE);
        }
        // How many contacts stand behind a mean of 0 does not follow from its sum.
        if parts.iter().all(|(_, told)| *told == [Told::Truly; 4]) && name != "MEAN_OF_SUM" {
            prop_assert_eq!(merged.value().is_some(), truth.is_some());
        }
    }
}
