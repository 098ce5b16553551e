//! Comparison with other windows: the same query is asked of each, and their answers become one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::figure::{Absent, Figure};
use super::merge::{self, MergeKeys, Rule};
use super::rows::{Row, RowKey, Rows};
use super::{Query, SectionAnswer};
use crate::definition::MetricQuery;
use crate::metric::limits::Limits;
use crate::window::{Interval, Window};

/// The figures that a section is compared with.
#[derive(Clone, Debug, Default)]
pub struct Base {
    /// The rows, their intervals moved onto those of the section.
    pub rows: Rows,
    /// The totals.
    pub totals: BTreeMap<MetricQuery, Figure>,
    /// The windows behind the figures: the only one, or those of several that had figures at all.
    pub windows: Vec<Window>,
    /// The intervals of the section; empty where it has none.
    pub intervals: Vec<Arc<Window>>,
    /// The starts of the intervals that the windows have too.
    pub shared: BTreeSet<Timestamp>,
}

impl Base {
    /// The base of examples: figures of one window that has all intervals of the section.
    pub fn of_same_intervals(
        query: &Query,
        rows: Rows,
        totals: BTreeMap<MetricQuery, Figure>,
    ) -> Self {
        let answered = rows.intervals();
        let all =
            query.interval.map(|interval| aligned_intervals(&query.window, interval, &answered));
        let shared = answered.iter().map(|interval| interval.start()).collect();
        let windows = vec![query.window.clone()];
        Self { rows, totals, windows, intervals: all.unwrap_or_default(), shared }
    }

    /// True where the windows lack an interval of the section.
    pub fn lacks_intervals(&self) -> bool {
        self.intervals.iter().any(|own| !self.shared.contains(&own.start()))
    }
}

/// The queries about these windows in place of the query's own. For several windows they also ask for
/// the metrics by which the figures are merged.
pub fn comparison_queries(query: &Query, windows: &[Window], limits: &Limits) -> Vec<Query> {
    let weights: BTreeSet<MetricQuery> = match windows {
        [] | [_] => BTreeSet::new(),
        _ => {
            average_rules(query, limits).values().flat_map(Rule::needed_metrics).cloned().collect()
        }
    };
    let metrics: BTreeSet<_> = query.metrics.iter().chain(&weights).cloned().collect();
    let unread = weights.into_iter().filter(|weight| !query.metrics.contains(weight)).collect();
    let asked = Query { metrics: metrics.into_iter().collect(), weights: unread, ..query.clone() };
    windows.iter().map(|window| Query { window: window.clone(), ..asked.clone() }).collect()
}

/// The figures with which an answer is compared: those of one window, or the average of several. Counts
/// and sums are averaged over the windows that have any figures, and in an interval over the windows that
/// have such an interval. Averages and rates are computed from all contacts of the windows together.
/// Maxima and minima have no average, nor do metrics without a known rule.
pub fn comparison_base(
    query: &Query,
    answer: &SectionAnswer,
    windows: &[Window],
    answers: &[SectionAnswer],
    limits: &Limits,
) -> Base {
    let is_average = windows.len() > 1;
    let known = windows.iter().zip(answers).filter(|(_, answer)| !is_average || !answer.is_quiet);
    let known: Vec<_> = known.collect();
    let rules = is_average.then(|| average_rules(query, limits));
    let average = Average { rules: rules.as_ref() };
    let own = AnsweredIntervals::of_rows(&query.window, &answer.rows);
    let others =
        known.iter().map(|(window, answer)| AnsweredIntervals::of_rows(window, &answer.rows));
    let aligned = IntervalAlignment::align(query.interval, &own, &others.collect::<Vec<_>>());
    let mut places: HashMap<RowKey, usize> = HashMap::new();
    let mut found: Vec<(Option<&Arc<Window>>, Vec<Row<'_>>)> = Vec::new();
    for (window, answer) in &known {
        for row in answer.rows.iter() {
            let interval = match row.interval() {
                None => None,
                Some(interval) => match aligned.section_interval(window, interval) {
                    Some(interval) => Some(interval),
                    None => continue,
                },
            };
            let start = interval.map(|interval| interval.start());
            let key = (start, Arc::clone(row.dimensions()));
            let place = *places.entry(key).or_insert(found.len());
            match found.get_mut(place) {
                Some((_, parts)) => parts.push(row),
                None => found.push((interval, vec![row])),
            }
        }
    }
    let metrics: Vec<_> = query.metrics.iter().cloned().map(Arc::new).collect();
    let mut rows = Rows::default();
    for (interval, parts) in &found {
        let Some(first) = parts.first() else { continue };
        let windows = interval.map_or(known.len(), |interval| aligned.window_count(interval));
        let figures =
            metrics.iter().map(|metric| (metric, average.average_figure(metric, parts, windows)));
        rows.add_with(Arc::clone(first.dimensions()), interval.cloned(), figures);
    }
    let totals: Vec<Rows> = known.iter().map(|(_, answer)| totals_row(answer)).collect();
    let totals: Vec<Row<'_>> = totals.iter().flat_map(Rows::iter).collect();
    Base {
        rows,
        totals: query
            .metrics
            .iter()
            .map(|metric| (metric.clone(), average.average_figure(metric, &totals, known.len())))
            .collect(),
        windows: known.iter().map(|(window, _)| (*window).clone()).collect(),
        intervals: aligned.own,
        shared: aligned.windows.into_keys().collect(),
    }
}

/// The intervals of a window for which the service answered rows.
struct AnsweredIntervals<'w> {
    window: &'w Window,
    intervals: Vec<Arc<Window>>,
}

impl<'w> AnsweredIntervals<'w> {
    fn of_rows(window: &'w Window, rows: &Rows) -> Self {
        Self { window, intervals: rows.intervals() }
    }

    /// All intervals of the window. The service does not document where weeks begin: if it answered none,
    /// they lie like those of another window that is whole weeks away.
    fn all_intervals(&self, interval: Interval, others: &[Self]) -> Vec<Arc<Window>> {
        let others = others.iter().filter(|_| self.intervals.is_empty());
        let others = others.filter(|_| interval == Interval::Week);
        let mut alike = others.map(|other| {
            let weeks = other.intervals.iter().map(AsRef::as_ref);
            self.window.matching_weeks(weeks, other.window).into_iter().map(Arc::new).collect()
        });
        let alike: Option<Vec<Arc<Window>>> = alike.find(|alike: &Vec<_>| !alike.is_empty());
        aligned_intervals(self.window, interval, alike.as_ref().unwrap_or(&self.intervals))
    }
}

/// The intervals of a window: those that the service answered, and beside them those that it did not.
pub fn aligned_intervals(
    window: &Window,
    interval: Interval,
    answered: &[Arc<Window>],
) -> Vec<Arc<Window>> {
    let shared: BTreeMap<Timestamp, &Arc<Window>> =
        answered.iter().map(|interval| (interval.start(), interval)).collect();
    let all = window.intervals_among(interval, answered.iter().map(AsRef::as_ref)).into_iter();
    all.map(|own| shared.get(&own.start()).map_or_else(|| Arc::new(own), |same| Arc::clone(same)))
        .collect()
}

/// The intervals of other windows, each with the interval of the section that it is compared with.
#[derive(Default)]
struct IntervalAlignment {
    /// The intervals of the section.
    own: Vec<Arc<Window>>,
    /// The section's interval, by the starts of another window and of its interval.
    places: BTreeMap<(Timestamp, Timestamp), Arc<Window>>,
    /// The number of windows that have an interval like the section's, by the start of the latter. A
    /// window lacks an hour that the clocks skip.
    windows: BTreeMap<Timestamp, usize>,
}

impl IntervalAlignment {
    fn align(
        interval: Option<Interval>,
        section: &AnsweredIntervals<'_>,
        others: &[AnsweredIntervals<'_>],
    ) -> Self {
        let Some(interval) = interval else { return Self::default() };
        let own = section.all_intervals(interval, others);
        let by_start: BTreeMap<Timestamp, &Arc<Window>> =
            own.iter().map(|interval| (interval.start(), interval)).collect();
        let mut places = BTreeMap::new();
        let mut windows = BTreeMap::new();
        for compared in others {
            for other in compared.all_intervals(interval, std::slice::from_ref(section)) {
                let alike = section.window.matching_time(other.start(), compared.window, interval);
                let found = alike.and_then(|start| by_start.get(&start));
                // The first and the last may be cut off where the window begins and ends.
                if let Some(own) = found.filter(|own| own.is_as_long_as(&other, interval)) {
                    places.insert((compared.window.start(), other.start()), Arc::clone(own));
                    *windows.entry(own.start()).or_default() += 1;
                }
            }
        }
        Self { own, places, windows }
    }

    /// The number of windows that have an interval like this one of the section.
    fn window_count(&self, interval: &Window) -> usize {
        self.windows.get(&interval.start()).copied().unwrap_or_default()
    }

    /// The section's interval that one of another window is compared with; `None` where it has none like
    /// it, as on a shorter day.
    fn section_interval(&self, window: &Window, interval: &Window) -> Option<&Arc<Window>> {
        self.places.get(&(window.start(), interval.start()))
    }
}

/// Averages the figures of several windows; those of a single window stay as they are.
struct Average<'r> {
    rules: Option<&'r BTreeMap<MetricQuery, Rule>>,
}

impl Average<'_> {
    /// The average over so many windows; windows without a part had no figures.
    fn average_figure(&self, metric: &MetricQuery, parts: &[Row<'_>], windows: usize) -> Figure {
        let absent = Figure::Absent(Absent::NoData);
        let Some(rules) = self.rules else {
            return parts.first().and_then(|row| row.get(metric)).unwrap_or(absent);
        };
        let count = u32::try_from(windows).map_or(f64::NAN, f64::from);
        match rules.get(metric) {
            Some(rule @ Rule::Sum) => match rule.merge(metric, parts) {
                Figure::Value(sum) if windows > 0 => Figure::Value(sum / count),
                figure => figure,
            },
            Some(rule) => rule.merge(metric, parts),
            None => merge::merge_without_rule(metric, parts),
        }
    }
}

/// The rules by which figures of several windows are averaged, for the metrics that have one.
fn average_rules(query: &Query, limits: &Limits) -> BTreeMap<MetricQuery, Rule> {
    let over = MergeKeys { keys: BTreeSet::new(), time: true };
    let rules = query.metrics.iter().filter_map(|metric| {
        match merge::merge_rule(metric, query, &over, limits) {
            Ok(Rule::Max | Rule::Min) | Err(_) => None,
            Ok(rule) => Some((metric.clone(), rule)),
        }
    });
    rules.collect()
}

/// The totals as a row.
fn totals_row(answer: &SectionAnswer) -> Rows {
    let totals = answer.totals.iter().map(|(metric, figure)| (Arc::new(metric.clone()), *figure));
    let mut rows = Rows::default();
    rows.add_with(Arc::default(), None, totals);
    rows
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    use super::*;
    use crate::window::{LocalTime, Zone};

    /// The days on which the service begins weeks.
    #[derive(Clone, Copy, Debug)]
    enum Weeks {
        /// On this day of the week, from Monday on.
        On(i8),
        /// With the window, and then every seven days.
        FromTheStart,
    }

    fn between(start: Date, end: Date, zone: &Zone) -> Window {
        Window::between(LocalTime::Date(start), LocalTime::Date(end), zone).unwrap()
    }

    /// The weeks of so many days, those at the borders cut short.
    fn weeks(first: Date, days: i32, weeks: Weeks, zone: &Zone) -> Vec<Window> {
        let begins = |date: &Date| match weeks {
            Weeks::On(day) => date.weekday().to_monday_zero_offset() == day,
            Weeks::FromTheStart => (*date - first).get_days() % 7 == 0,
        };
        let inner = (1..days).map(|day| first + day.days()).filter(begins);
        let borders: Vec<Date> =
            std::iter::once(first).chain(inner).chain([first + days.days()]).collect();
        borders.windows(2).map(|pair| between(pair[0], pair[1], zone)).collect()
    }

    fn question(window: Window) -> Query {
        let instance =
            "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee";
        Query {
            instance: instance.parse().unwrap(),
            window,
            interval: Some(Interval::Week),
            groupings: Vec::new(),
            filters: BTreeMap::new(),
            metrics: vec![queued()],
            has_totals: false,
            weights: BTreeSet::new(),
        }
    }

    fn queued() -> MetricQuery {
        MetricQuery { name: "CONTACTS_QUEUED".to_owned(), threshold: None, filters: Vec::new() }
    }

    /// An answer in which the weeks came whose place `came` names, each with its place as its count.
    fn answer(weeks: &[Window], came: &[bool]) -> SectionAnswer {
        let metric = Arc::new(queued());
        let mut answer = SectionAnswer::default();
        for ((place, week), _) in (0_i32..).zip(weeks).zip(came).filter(|(_, came)| **came) {
            let interval = Some(Arc::new(week.clone()));
            answer.rows.add_with(
                Arc::default(),
                interval,
                [(&metric, Figure::Value(f64::from(place)))],
            );
        }
        answer
    }

    proptest! {
        /// Windows that are whole weeks apart have the same weeks, on whichever day the service begins
        /// them, and whichever of them it answers: each is compared with the one in its place.
        #[test]
        fn weeks_are_compared_with_those_in_their_place(
            day in 0_i32..600,
            days in 1_i32..35,
            apart in 1_i64..6,
            layout in prop_oneof![(0_i8..7).prop_map(Weeks::On), Just(Weeks::FromTheStart)],
            zone in proptest::sample::select(vec!["Europe/London", "America/Santiago", "UTC"]),
            (own_came, other_came) in (any::<[bool; 6]>(), any::<[bool; 6]>()),
        ) {
            let zone = Zone::named(zone).unwrap();
            let first = date(2026, 1, 1) + day.days();
            let before = first.checked_sub(apart.weeks()).unwrap();
            let own = weeks(first, days, layout, &zone);
            let other = weeks(before, days, layout, &zone);
            let answered = answer(&own, &own_came);
            let compared = answer(&other, &other_came);
            prop_assume!(!answered.rows.is_empty() || !compared.rows.is_empty());
            let query = question(between(first, first + days.days(), &zone));
            let windows = [between(before, before + days.days(), &zone)];
            let compared = [compared];
            let base = comparison_base(&query, &answered, &windows, &compared, &Limits::CURRENT);
            prop_assert!(!base.lacks_intervals(), "{base:?}");
            let told: Vec<Window> = base.intervals.iter().map(|week| week.as_ref().clone()).collect();
            prop_assert_eq!(&told, &own);
            let places = base.rows.iter().map(|row| {
                let place = own.iter().position(|week| Some(week.start()) == row.start());
                (place, row.get(&queued()).and_then(Figure::value))
            });
            let expected = (0_u8..).zip(other.iter().zip(other_came)).filter(|(_, (_, came))| *came);
            let expected = expected.map(|(place, _)| (Some(usize::from(place)), Some(f64::from(place))));
            prop_assert_eq!(places.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        }
    }
}
