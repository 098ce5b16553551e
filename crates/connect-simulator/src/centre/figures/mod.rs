//! Computes the figures of a query from raw contacts and agents' days.

pub(crate) mod definitions;
pub(crate) mod intervals;
pub(crate) mod query;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;

use crate::centre::Centre;
use crate::centre::contact::{Channel, Contact};
use crate::centre::day::{AgentDay, ContactAttempt};
use crate::centre::hierarchy::LEVEL_COUNT;
use crate::centre::shifts::TimeSpan;
use definitions::{Definition, FigureShape, Source};
use intervals::IntervalLayout;
use query::{Figure, MetricRequest, Query, Row};

/// Tells whether the simulator computes the metric with this name, such as `SERVICE_LEVEL`.
pub fn computes_metric(metric: &str) -> bool {
    definitions::find_definition(metric).is_some()
}

impl Centre {
    /// The figures of a query, computed from the raw contacts without limits or pages.
    ///
    /// Rows are in the order of their intervals; a group without any contact or activity for the metrics has no
    /// row.
    pub fn figures(&self, query: &Query) -> Vec<Row> {
        self.figures_with_layout(query, IntervalLayout::default())
    }

    /// The figures of a query whose intervals have this layout.
    pub(crate) fn figures_with_layout(&self, query: &Query, layout: IntervalLayout) -> Vec<Row> {
        let mut sums = Sums::new(self, query, layout);
        let needs_contacts = sums.needs_contacts();
        let needs_activity = sums.needs_activity();
        for day in self.days_around(query.start, query.end) {
            if needs_contacts {
                day.contacts.iter().for_each(|contact| sums.add_contact(contact));
            }
            // Otherwise a group of agents without contacts would have a row without any figure, which is left
            // out in the end.
            if needs_activity {
                day.attempts.iter().for_each(|attempt| sums.add_attempt(attempt));
                day.agents.iter().for_each(|agent_day| sums.add_agent_day(agent_day));
            }
        }
        sums.into_rows()
    }
}

/// The keys by which rows may be grouped here; their positions index [`Traits`].
const DIMENSION_KEYS: [&str; 9] = [
    "QUEUE",
    "CHANNEL",
    "ROUTING_PROFILE",
    "AGENT",
    "AGENT_HIERARCHY_LEVEL_ONE",
    "AGENT_HIERARCHY_LEVEL_TWO",
    "AGENT_HIERARCHY_LEVEL_THREE",
    "AGENT_HIERARCHY_LEVEL_FOUR",
    "AGENT_HIERARCHY_LEVEL_FIVE",
];

/// Tells whether the centre models this dimension.
pub(crate) fn is_dimension(key: &str) -> bool {
    DIMENSION_KEYS.contains(&key)
}

/// The queue, channel, routing profile, agent and agent's groups of something, as indexes.
type Traits = [Option<usize>; 9];

/// Adds up the groups of a query.
struct Sums<'a> {
    centre: &'a Centre,
    query: &'a Query,
    pieces: Vec<TimeSpan>,
    definitions: Vec<Option<&'static Definition>>,
    filters: Vec<(Option<usize>, HashSet<usize>)>,
    groupings: Vec<Option<usize>>,
    groups: BTreeMap<GroupKey, GroupSums>,
}

/// The key of a group in one interval.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct GroupKey {
    /// The index of the interval in the pieces of the window.
    piece: usize,
    ids: GroupIndexes,
}

/// The indexes of a group, in the order of the groupings.
type GroupIndexes = Vec<Option<usize>>;

/// The sums of a group.
struct GroupSums {
    has_contacts: bool,
    has_activity: bool,
    tallies: Vec<Tally>,
}

/// The sum of one metric in one group.
#[derive(Clone, Copy, Default)]
struct Tally {
    sum: i64,
    weight: i64,
    greatest: i64,
}

impl<'a> Sums<'a> {
    fn new(centre: &'a Centre, query: &'a Query, layout: IntervalLayout) -> Self {
        Self {
            centre,
            query,
            pieces: query.interval.pieces(query.start, query.end, &query.time_zone, layout),
            definitions: query
                .metrics
                .iter()
                .map(|metric| definitions::find_definition(&metric.name))
                .collect(),
            filters: query
                .filters
                .iter()
                .map(|(key, ids)| {
                    let dimension = dimension_index(key);
                    let indexes = dimension.map(|dimension| indexes_of(centre, dimension, ids));
                    (dimension, indexes.unwrap_or_default())
                })
                .collect(),
            groupings: query.groupings.iter().map(|key| dimension_index(key)).collect(),
            groups: BTreeMap::new(),
        }
    }

    /// True where any metric is computed from contact records.
    fn needs_contacts(&self) -> bool {
        self.sources().any(|source| matches!(source, Source::Contacts(_)))
    }

    /// True where any metric is computed from agents' activity.
    fn needs_activity(&self) -> bool {
        self.sources().any(|source| matches!(source, Source::Attempts(_) | Source::Time(_)))
    }

    fn sources(&self) -> impl Iterator<Item = Source> {
        self.definitions.iter().copied().filter_map(source_of)
    }

    /// Adds a contact record to the interval in which it disconnected.
    fn add_contact(&mut self, contact: &Contact) {
        let agent = contact.handling.map(|handling| handling.agent);
        let traits = self.traits_of(contact.queue, contact.channel, agent);
        let Some(piece) = self.piece_at(contact.disconnected) else {
            return;
        };
        if !self.passes_filters(&traits) {
            return;
        }
        let key = GroupKey { piece, ids: self.group_indexes(&traits) };
        let group = group_at(&mut self.groups, key, self.query);
        group.has_contacts = true;
        for (index, request) in self.query.metrics.iter().enumerate() {
            let Some(Source::Contacts(part)) = source_of(self.definitions[index]) else {
                continue;
            };
            let is_kept = request.keeps(|key| match key {
                "INITIATION_METHOD" => Some(contact.initiation.as_str()),
                "DISCONNECT_REASON" => Some(contact.disconnect_reason.as_str()),
                _ => None,
            });
            if is_kept {
                group.tallies[index].add_part(part(contact, request), 1);
            }
        }
    }

    /// Adds a ringing phone to the interval in which the ringing ended.
    fn add_attempt(&mut self, attempt: &ContactAttempt) {
        let traits = self.traits_of(Some(attempt.queue), attempt.channel, Some(attempt.agent));
        let Some(piece) = self.piece_at(attempt.time.end) else {
            return;
        };
        if !self.passes_filters(&traits) {
            return;
        }
        let key = GroupKey { piece, ids: self.group_indexes(&traits) };
        let group = group_at(&mut self.groups, key, self.query);
        group.has_activity = true;
        for (index, request) in self.query.metrics.iter().enumerate() {
            let Some(Source::Attempts(part)) = source_of(self.definitions[index]) else {
                continue;
            };
            let initiation = attempt.initiation.as_str();
            if request.keeps(|key| (key == "INITIATION_METHOD").then_some(initiation)) {
                group.tallies[index].add_part(part(attempt), 1);
            }
        }
    }

    /// Adds an agent's time to every group of a queue and channel that the agent serves, once to a group that
    /// spans several of them.
    fn add_agent_day(&mut self, day: &AgentDay) {
        let profile = &self.centre.routing_profiles()[self.centre.agents()[day.agent].profile];
        let mut groups = BTreeSet::new();
        for queue in &profile.queues {
            for channel in &profile.channels {
                let traits = self.traits_of(Some(*queue), *channel, Some(day.agent));
                if self.passes_filters(&traits) {
                    groups.insert(self.group_indexes(&traits));
                }
            }
        }
        let Some(work) = day.work_span() else { return };
        let first = self.pieces.partition_point(|piece| piece.end <= work.start);
        for piece in first..self.pieces.len() {
            let window = self.pieces[piece];
            if window.start >= work.end {
                break;
            }
            if day.is_active(window) {
                for ids in &groups {
                    self.add_time(day, window, GroupKey { piece, ids: ids.clone() });
                }
            }
        }
    }

    fn add_time(&mut self, day: &AgentDay, window: TimeSpan, key: GroupKey) {
        let group = group_at(&mut self.groups, key, self.query);
        group.has_activity = true;
        for (index, definition) in self.definitions.iter().enumerate() {
            if let Some(Source::Time(part)) = source_of(*definition) {
                let (sum, weight) = part(day, window);
                group.tallies[index].add_part(Some(sum), weight);
            }
        }
    }

    fn traits_of(&self, queue: Option<usize>, channel: Channel, agent: Option<usize>) -> Traits {
        let profile = agent.map(|agent| self.centre.agents()[agent].profile);
        let [one, two, three, four, five] =
            agent.map_or([None; LEVEL_COUNT], |agent| self.centre.groups_of(agent));
        [queue, Some(channel_index(channel)), profile, agent, one, two, three, four, five]
    }

    fn passes_filters(&self, traits: &Traits) -> bool {
        self.filters.iter().all(|(dimension, indexes)| {
            dimension
                .and_then(|dimension| traits[dimension])
                .is_some_and(|index| indexes.contains(&index))
        })
    }

    fn group_indexes(&self, traits: &Traits) -> GroupIndexes {
        self.groupings.iter().map(|dimension| traits[(*dimension)?]).collect()
    }

    /// The interval in which a time lies.
    fn piece_at(&self, time: i64) -> Option<usize> {
        let after = self.pieces.partition_point(|piece| piece.start <= time);
        let index = after.checked_sub(1)?;
        self.pieces.get(index)?.contains(time).then_some(index)
    }

    fn into_rows(self) -> Vec<Row> {
        self.groups
            .iter()
            .map(|(GroupKey { piece, ids }, group)| Row {
                dimensions: self.dimension_ids(ids),
                start: instant_at(self.pieces[*piece].start),
                end: instant_at(self.pieces[*piece].end),
                values: self.group_figures(group),
            })
            .filter(|row| row.values.iter().any(|value| *value != Figure::Missing))
            .collect()
    }

    fn dimension_ids(&self, indexes: &GroupIndexes) -> BTreeMap<String, String> {
        let mut dimensions = BTreeMap::new();
        for ((name, dimension), index) in
            self.query.groupings.iter().zip(&self.groupings).zip(indexes)
        {
            if let (Some(dimension), Some(index)) = (dimension, index) {
                dimensions.insert(name.clone(), id_at(self.centre, *dimension, *index).to_owned());
            }
        }
        dimensions
    }

    fn group_figures(&self, group: &GroupSums) -> Vec<Figure> {
        self.definitions
            .iter()
            .zip(&group.tallies)
            .map(|(definition, tally)| match definition {
                Some(definition) if group.has_source(definition.source) => {
                    tally.into_figure(definition.shape)
                }
                _ => Figure::Missing,
            })
            .collect()
    }
}

impl GroupSums {
    /// True where the group has the source of a metric.
    fn has_source(&self, source: Source) -> bool {
        match source {
            Source::Contacts(_) => self.has_contacts,
            Source::Attempts(_) | Source::Time(_) => self.has_activity,
        }
    }
}

impl Tally {
    fn add_part(&mut self, part: Option<i64>, weight: i64) {
        if let Some(part) = part {
            self.sum += part;
            self.weight += weight;
            self.greatest = self.greatest.max(part);
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of three months are far below 2^53"
    )]
    fn into_figure(self, shape: FigureShape) -> Figure {
        let sum = self.sum as f64;
        let weight = self.weight as f64;
        match shape {
            FigureShape::Count => Figure::Number(sum),
            FigureShape::Seconds => Figure::Number(sum / 1_000.0),
            _ if self.weight == 0 => Figure::Null,
            FigureShape::MeanSeconds => Figure::Number(sum / weight / 1_000.0),
            FigureShape::MaxSeconds => Figure::Number(self.greatest as f64 / 1_000.0),
            FigureShape::Percent => Figure::Number(sum / weight * 100.0),
        }
    }
}

impl MetricRequest {
    /// Tells whether the filters keep a contact with these values of keys.
    fn keeps<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> bool {
        self.filters.iter().all(|filter| {
            value(&filter.key).is_some_and(|value| {
                filter.values.iter().any(|kept| kept == value) != filter.negate
            })
        })
    }
}

fn source_of(definition: Option<&Definition>) -> Option<Source> {
    definition.map(|definition| definition.source)
}

fn group_at<'g>(
    groups: &'g mut BTreeMap<GroupKey, GroupSums>,
    key: GroupKey,
    query: &Query,
) -> &'g mut GroupSums {
    groups.entry(key).or_insert_with(|| GroupSums {
        has_contacts: false,
        has_activity: false,
        tallies: vec![Tally::default(); query.metrics.len()],
    })
}

/// The index of a dimension in [`DIMENSION_KEYS`].
fn dimension_index(key: &str) -> Option<usize> {
    DIMENSION_KEYS.iter().position(|name| *name == key)
}

/// The indexes of the entries with these ids; unknown ids are ignored.
fn indexes_of(centre: &Centre, dimension: usize, ids: &[String]) -> HashSet<usize> {
    let wanted: HashSet<&str> = ids.iter().map(String::as_str).collect();
    let count = match dimension {
        0 => centre.all_queues().len(),
        1 => Channel::ALL.len(),
        2 => centre.routing_profiles().len(),
        3 => centre.agents().len(),
        _ => centre.hierarchy().groups.len(),
    };
    (0..count).filter(|index| wanted.contains(id_at(centre, dimension, *index))).collect()
}

fn id_at(centre: &Centre, dimension: usize, index: usize) -> &str {
    match dimension {
        0 => &centre.all_queues()[index].id,
        1 => Channel::ALL[index].as_str(),
        2 => &centre.routing_profiles()[index].id,
        3 => &centre.agents()[index].id,
        _ => &centre.hierarchy().groups[index].id,
    }
}

fn channel_index(channel: Channel) -> usize {
    Channel::ALL.iter().position(|other| *other == channel).unwrap_or(0)
}

/// The instant; pieces lie within their window, so it is in the range of time.
fn instant_at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "a day has fewer contacts than 2^52")]
mod tests;
