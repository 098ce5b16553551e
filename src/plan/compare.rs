//! The comparison: the same question about other windows, and one figure of their several answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::figure::{Absent, Figure};
use super::merge::{self, Parts, Rule};
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
    /// The windows that it is of: one alone, or of several those that had figures at all.
    pub windows: Vec<Window>,
    /// The intervals of the section; without intervals none.
    pub intervals: Vec<Arc<Window>>,
    /// The starts of those of them that the windows have too.
    pub shared: BTreeSet<Timestamp>,
}

impl Base {
    /// Figures of one window that has all intervals of the section, as examples have them.
    pub fn of_same_intervals(
        query: &Query,
        rows: Rows,
        totals: BTreeMap<MetricQuery, Figure>,
    ) -> Self {
        let told = rows.intervals();
        let all = query.interval.map(|interval| intervals(&query.window, interval, &told));
        let shared = told.iter().map(|interval| interval.start()).collect();
        let windows = vec![query.window.clone()];
        Self { rows, totals, windows, intervals: all.unwrap_or_default(), shared }
    }

    /// True where an interval of the section is none that the windows have.
    pub fn lacks_intervals(&self) -> bool {
        self.intervals.iter().any(|own| !self.shared.contains(&own.start()))
    }
}

/// The questions about these windows in place of the query's own. Where there are several, what
/// their figures become one by is asked beside them.
pub fn base_queries(query: &Query, windows: &[Window], limits: &Limits) -> Vec<Query> {
    let weights: BTreeSet<MetricQuery> = match windows {
        [] | [_] => BTreeSet::new(),
        _ => rules(query, limits).values().flat_map(Rule::needs).cloned().collect(),
    };
    let metrics: BTreeSet<_> = query.metrics.iter().chain(&weights).cloned().collect();
    let unread = weights.into_iter().filter(|weight| !query.metrics.contains(weight)).collect();
    let asked = Query { metrics: metrics.into_iter().collect(), weights: unread, ..query.clone() };
    windows.iter().map(|window| Query { window: window.clone(), ..asked.clone() }).collect()
}

/// The figures beside those of an answer: of one window as they are, of several as their average. That
/// is of counts and sums the mean over the windows that have figures at all, and of an interval over
/// those that have such a one; of averages and rates what they are of all their contacts together.
/// There is none of maxima and minima, nor where no rule is known.
pub fn base(
    query: &Query,
    answer: &SectionAnswer,
    windows: &[Window],
    answers: &[SectionAnswer],
    limits: &Limits,
) -> Base {
    let is_average = windows.len() > 1;
    let known = windows.iter().zip(answers).filter(|(_, answer)| !is_average || !answer.is_quiet);
    let known: Vec<_> = known.collect();
    let rules = is_average.then(|| rules(query, limits));
    let average = Average { rules: rules.as_ref() };
    let own = Told::of_rows(&query.window, &answer.rows);
    let others = known.iter().map(|(window, answer)| Told::of_rows(window, &answer.rows));
    let beside = Beside::laid_out(query.interval, &own, &others.collect::<Vec<_>>());
    let mut places: HashMap<RowKey, usize> = HashMap::new();
    let mut found: Vec<(Option<&Arc<Window>>, Vec<Row<'_>>)> = Vec::new();
    for (window, answer) in &known {
        for row in answer.rows.iter() {
            let interval = match row.interval() {
                None => None,
                Some(interval) => match beside.interval(window, interval) {
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
        let windows = interval.map_or(known.len(), |interval| beside.windows(interval));
        let figures = metrics.iter().map(|metric| (metric, average.figure(metric, parts, windows)));
        rows.add_with((Arc::clone(first.dimensions()), interval.cloned()), figures);
    }
    let totals: Vec<Rows> = known.iter().map(|(_, answer)| totals(answer)).collect();
    let totals: Vec<Row<'_>> = totals.iter().flat_map(Rows::iter).collect();
    Base {
        rows,
        totals: query
            .metrics
            .iter()
            .map(|metric| (metric.clone(), average.figure(metric, &totals, known.len())))
            .collect(),
        windows: known.iter().map(|(window, _)| (*window).clone()).collect(),
        intervals: beside.own,
        shared: beside.windows.into_keys().collect(),
    }
}

/// The intervals of a window that the service told of.
struct Told<'w> {
    window: &'w Window,
    intervals: Vec<Arc<Window>>,
}

impl<'w> Told<'w> {
    fn of_rows(window: &'w Window, rows: &Rows) -> Self {
        Self { window, intervals: rows.intervals() }
    }

    /// All intervals of the window. Nobody knows where the service begins weeks: where it told of none
    /// they lie as those of another window that is whole weeks away.
    fn all(&self, interval: Interval, others: &[Self]) -> Vec<Arc<Window>> {
        let others = others.iter().filter(|_| self.intervals.is_empty());
        let others = others.filter(|_| interval == Interval::Week);
        let mut alike = others.map(|other| {
            let weeks = other.intervals.iter().map(AsRef::as_ref);
            self.window.weeks_like(weeks, other.window).into_iter().map(Arc::new).collect()
        });
        let alike: Option<Vec<Arc<Window>>> = alike.find(|alike: &Vec<_>| !alike.is_empty());
        intervals(self.window, interval, alike.as_ref().unwrap_or(&self.intervals))
    }
}

/// The intervals of a window as the service told them, and where it told of none as they lie beside these.
pub fn intervals(window: &Window, interval: Interval, told: &[Arc<Window>]) -> Vec<Arc<Window>> {
    let shared: BTreeMap<Timestamp, &Arc<Window>> =
        told.iter().map(|interval| (interval.start(), interval)).collect();
    let all = window.intervals_among(interval, told.iter().map(AsRef::as_ref)).into_iter();
    all.map(|own| shared.get(&own.start()).map_or_else(|| Arc::new(own), |told| Arc::clone(told)))
        .collect()
}

/// Which interval of the section those of other windows stand beside.
#[derive(Default)]
struct Beside {
    /// The intervals of the section.
    own: Vec<Arc<Window>>,
    /// By when the window and its interval begin.
    places: BTreeMap<(Timestamp, Timestamp), Arc<Window>>,
    /// The number of windows that have one like it, by when the section's begins: an hour that the clocks
    /// skip is one that a window does not have.
    windows: BTreeMap<Timestamp, usize>,
}

impl Beside {
    /// Each window has the intervals that came of it.
    fn laid_out(interval: Option<Interval>, section: &Told<'_>, others: &[Told<'_>]) -> Self {
        let Some(interval) = interval else { return Self::default() };
        let own = section.all(interval, others);
        let by_start: BTreeMap<Timestamp, &Arc<Window>> =
            own.iter().map(|interval| (interval.start(), interval)).collect();
        let (mut places, mut windows) = (BTreeMap::new(), BTreeMap::new());
        for told in others {
            for other in told.all(interval, std::slice::from_ref(section)) {
                let alike = section.window.alike(other.start(), told.window, interval);
                let found = alike.and_then(|start| by_start.get(&start));
                // The first and the last may be cut off where the window begins and ends.
                if let Some(own) = found.filter(|own| own.is_as_long_as(&other, interval)) {
                    places.insert((told.window.start(), other.start()), Arc::clone(own));
                    *windows.entry(own.start()).or_default() += 1;
                }
            }
        }
        Self { own, places, windows }
    }

    /// The number of windows that have an interval like this one of the section.
    fn windows(&self, interval: &Window) -> usize {
        self.windows.get(&interval.start()).copied().unwrap_or_default()
    }

    /// Nothing where the section has none like it, as on a day that is shorter.
    fn interval(&self, window: &Window, interval: &Window) -> Option<&Arc<Window>> {
        self.places.get(&(window.start(), interval.start()))
    }
}

/// Makes one figure of those of several windows; those of a single window stay as they are.
struct Average<'r> {
    rules: Option<&'r BTreeMap<MetricQuery, Rule>>,
}

impl Average<'_> {
    /// The figure of so many windows; those that have no part had nothing.
    fn figure(&self, metric: &MetricQuery, parts: &[Row<'_>], windows: usize) -> Figure {
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
            None => merge::without_rule(metric, parts),
        }
    }
}

/// The rules by which figures of several windows become one, of those metrics whose figures do.
fn rules(query: &Query, limits: &Limits) -> BTreeMap<MetricQuery, Rule> {
    let over = Parts { keys: BTreeSet::new(), time: true };
    let rule = |metric: &MetricQuery| match merge::rule(metric, query, &over, limits) {
        Ok(Rule::Max | Rule::Min) | Err(_) => None,
        Ok(rule) => Some((metric.clone(), rule)),
    };
    query.metrics.iter().filter_map(rule).collect()
}

/// The totals as a row.
fn totals(answer: &SectionAnswer) -> Rows {
    let totals = answer.totals.iter().map(|(metric, figure)| (Arc::new(metric.clone()), *figure));
    let mut rows = Rows::default();
    rows.add_with((Arc::default(), None), totals);
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
            let of = (Arc::default(), Some(Arc::new(week.clone())));
            answer.rows.add_with(of, [(&metric, Figure::Value(f64::from(place)))]);
        }
        answer
    }

    proptest! {
        /// Windows that are whole weeks apart have the same weeks, on whichever day the service begins
        /// them, and whichever of them it tells of: each is compared with the one in its place.
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
            let (answered, compared) = (answer(&own, &own_came), answer(&other, &other_came));
            prop_assume!(!answered.rows.is_empty() || !compared.rows.is_empty());
            let query = question(between(first, first + days.days(), &zone));
            let windows = [between(before, before + days.days(), &zone)];
            let compared = [compared];
            let base = base(&query, &answered, &windows, &compared, &Limits::CURRENT);
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
