//! The figures of a query, added up from raw contacts and agents' days.

pub(crate) mod definitions;
pub(crate) mod intervals;
pub(crate) mod query;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;

use crate::centre::Centre;
use crate::centre::contact::{Channel, Contact};
use crate::centre::day::{AgentDay, Attempt};
use crate::centre::hierarchy::LEVELS;
use crate::centre::shifts::Span;
use definitions::{Definition, Shape, Source};
use intervals::Layout;
use query::{Figure, MetricRequest, Query, Row};

/// Tells whether the simulator computes the metric with this name, such as `SERVICE_LEVEL`.
pub fn computes(metric: &str) -> bool {
    definitions::find(metric).is_some()
}

impl Centre {
    /// The figures of a query, computed from the raw contacts without limits or pages.
    ///
    /// Rows stand in the order of their intervals; a group without any contact or activity for
    /// the metrics asked has no row.
    pub fn figures(&self, query: &Query) -> Vec<Row> {
        self.figures_laid_out(query, Layout::default())
    }

    /// The figures of a query whose intervals are laid out so.
    pub(crate) fn figures_laid_out(&self, query: &Query, layout: Layout) -> Vec<Row> {
        let mut sums = Sums::new(self, query, layout);
        let contacts = sums.asks_of_contacts();
        let activity = sums.asks_of_activity();
        for day in self.days(query.start, query.end) {
            if contacts {
                day.contacts.iter().for_each(|contact| sums.add_contact(contact));
            }
            // Without it a group of agents who had no contact would have a row of nothing but gaps,
            // which is left out in the end.
            if activity {
                day.attempts.iter().for_each(|attempt| sums.add_attempt(attempt));
                day.agents.iter().for_each(|agent_day| sums.add_agent_day(agent_day));
            }
        }
        sums.into_rows()
    }
}

/// The keys that rows may be grouped by here; the numbers index [`Traits`].
const DIMENSIONS: [&str; 9] = [
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
    DIMENSIONS.contains(&key)
}

/// The queue, channel, routing profile, agent and agent's groups of something, as indexes.
type Traits = [Option<usize>; 9];

/// The groups of a query while they are added up.
struct Sums<'a> {
    centre: &'a Centre,
    query: &'a Query,
    pieces: Vec<Span>,
    definitions: Vec<Option<&'static Definition>>,
    filters: Vec<(Option<usize>, HashSet<usize>)>,
    groupings: Vec<Option<usize>>,
    groups: BTreeMap<(usize, Key), Group>,
}

/// The indexes of a group, in the order of the groupings.
type Key = Vec<Option<usize>>;

/// The sums of a group.
struct Group {
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
    fn new(centre: &'a Centre, query: &'a Query, layout: Layout) -> Self {
        let dimension = |key: &String| DIMENSIONS.iter().position(|name| name == key);
        Self {
            centre,
            query,
            pieces: query.interval.pieces(query.start, query.end, &query.time_zone, layout),
            definitions: query
                .metrics
                .iter()
                .map(|metric| definitions::find(&metric.name))
                .collect(),
            filters: query
                .filters
                .iter()
                .map(|(key, ids)| {
                    let dimension = dimension(key);
                    (dimension, dimension.map_or_else(HashSet::new, |d| indexes(centre, d, ids)))
                })
                .collect(),
            groupings: query.groupings.iter().map(dimension).collect(),
            groups: BTreeMap::new(),
        }
    }

    /// Tells whether any metric is made of contact records.
    fn asks_of_contacts(&self) -> bool {
        self.sources().any(|source| matches!(source, Source::Contacts(_)))
    }

    /// Tells whether any metric is made of what agents did.
    fn asks_of_activity(&self) -> bool {
        self.sources().any(|source| matches!(source, Source::Attempts(_) | Source::Time(_)))
    }

    fn sources(&self) -> impl Iterator<Item = Source> {
        self.definitions.iter().copied().filter_map(source)
    }

    /// A contact record counts in the interval in which it disconnected.
    fn add_contact(&mut self, contact: &Contact) {
        let agent = contact.handling.map(|handling| handling.agent);
        let traits = self.traits(contact.queue, contact.channel, agent);
        let Some(piece) = self.piece(contact.disconnected) else {
            return;
        };
        if !self.keeps(&traits) {
            return;
        }
        let key = self.key(&traits);
        let group = group(&mut self.groups, (piece, key), self.query);
        group.has_contacts = true;
        for (index, request) in self.query.metrics.iter().enumerate() {
            let Some(Source::Contacts(part)) = source(self.definitions[index]) else {
                continue;
            };
            let value = |key: &str| match key {
                "INITIATION_METHOD" => Some(contact.initiation.as_str()),
                "DISCONNECT_REASON" => Some(contact.disconnect_reason.as_str()),
                _ => None,
            };
            if request.keeps(value) {
                group.tallies[index].add(part(contact, request), 1);
            }
        }
    }

    /// A ringing phone counts in the interval in which the ringing ended.
    fn add_attempt(&mut self, attempt: &Attempt) {
        let traits = self.traits(Some(attempt.queue), attempt.channel, Some(attempt.agent));
        let Some(piece) = self.piece(attempt.time.end) else {
            return;
        };
        if !self.keeps(&traits) {
            return;
        }
        let key = self.key(&traits);
        let group = group(&mut self.groups, (piece, key), self.query);
        group.has_activity = true;
        for (index, request) in self.query.metrics.iter().enumerate() {
            let Some(Source::Attempts(part)) = source(self.definitions[index]) else {
                continue;
            };
            let initiation = attempt.initiation.as_str();
            if request.keeps(|key| (key == "INITIATION_METHOD").then_some(initiation)) {
                group.tallies[index].add(part(attempt), 1);
            }
        }
    }

    /// An agent's time counts in every group of a queue and channel that the agent serves, and
    /// once in a group that spans several of them.
    fn add_agent_day(&mut self, day: &AgentDay) {
        let profile = &self.centre.routing_profiles()[self.centre.agents()[day.agent].profile];
        let mut keys = BTreeSet::new();
        for queue in &profile.queues {
            for channel in &profile.channels {
                let traits = self.traits(Some(*queue), *channel, Some(day.agent));
                if self.keeps(&traits) {
                    keys.insert(self.key(&traits));
                }
            }
        }
        let Some(extent) = day.extent() else { return };
        let first = self.pieces.partition_point(|piece| piece.end <= extent.start);
        for piece in first..self.pieces.len() {
            let window = self.pieces[piece];
            if window.start >= extent.end {
                break;
            }
            if day.is_active(window) {
                for key in &keys {
                    self.add_time(day, window, (piece, key.clone()));
                }
            }
        }
    }

    fn add_time(&mut self, day: &AgentDay, window: Span, key: (usize, Key)) {
        let group = group(&mut self.groups, key, self.query);
        group.has_activity = true;
        for (index, definition) in self.definitions.iter().enumerate() {
            if let Some(Source::Time(part)) = source(*definition) {
                let (sum, weight) = part(day, window);
                group.tallies[index].add(Some(sum), weight);
            }
        }
    }

    fn traits(&self, queue: Option<usize>, channel: Channel, agent: Option<usize>) -> Traits {
        let profile = agent.map(|agent| self.centre.agents()[agent].profile);
        let [one, two, three, four, five] =
            agent.map_or([None; LEVELS], |agent| self.centre.groups_of(agent));
        [queue, Some(channel_index(channel)), profile, agent, one, two, three, four, five]
    }

    fn keeps(&self, traits: &Traits) -> bool {
        self.filters.iter().all(|(dimension, indexes)| {
            dimension
                .and_then(|dimension| traits[dimension])
                .is_some_and(|index| indexes.contains(&index))
        })
    }

    fn key(&self, traits: &Traits) -> Key {
        self.groupings.iter().map(|dimension| traits[(*dimension)?]).collect()
    }

    /// The interval that a time falls in.
    fn piece(&self, time: i64) -> Option<usize> {
        let after = self.pieces.partition_point(|piece| piece.start <= time);
        let index = after.checked_sub(1)?;
        self.pieces.get(index)?.holds(time).then_some(index)
    }

    fn into_rows(self) -> Vec<Row> {
        self.groups
            .iter()
            .map(|((piece, key), group)| Row {
                dimensions: self.dimensions(key),
                start: instant(self.pieces[*piece].start),
                end: instant(self.pieces[*piece].end),
                values: self.values(group),
            })
            .filter(|row| row.values.iter().any(|value| *value != Figure::Missing))
            .collect()
    }

    fn dimensions(&self, key: &Key) -> BTreeMap<String, String> {
        let mut dimensions = BTreeMap::new();
        for ((name, dimension), index) in self.query.groupings.iter().zip(&self.groupings).zip(key)
        {
            if let (Some(dimension), Some(index)) = (dimension, index) {
                dimensions.insert(name.clone(), id(self.centre, *dimension, *index).to_owned());
            }
        }
        dimensions
    }

    fn values(&self, group: &Group) -> Vec<Figure> {
        self.definitions
            .iter()
            .zip(&group.tallies)
            .map(|(definition, tally)| match definition {
                Some(definition) if group.knows(definition.source) => {
                    tally.figure(definition.shape)
                }
                _ => Figure::Missing,
            })
            .collect()
    }
}

impl Group {
    /// Tells whether the group has what this kind of metric is made of.
    fn knows(&self, source: Source) -> bool {
        match source {
            Source::Contacts(_) => self.has_contacts,
            Source::Attempts(_) | Source::Time(_) => self.has_activity,
        }
    }
}

impl Tally {
    fn add(&mut self, part: Option<i64>, weight: i64) {
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
    fn figure(self, shape: Shape) -> Figure {
        let sum = self.sum as f64;
        let weight = self.weight as f64;
        match shape {
            Shape::Count => Figure::Number(sum),
            Shape::Seconds => Figure::Number(sum / 1_000.0),
            _ if self.weight == 0 => Figure::Null,
            Shape::MeanSeconds => Figure::Number(sum / weight / 1_000.0),
            Shape::MaxSeconds => Figure::Number(self.greatest as f64 / 1_000.0),
            Shape::Percent => Figure::Number(sum / weight * 100.0),
        }
    }
}

impl MetricRequest {
    /// Tells whether something counts whose value of each key is this.
    fn keeps<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> bool {
        self.filters.iter().all(|filter| {
            value(&filter.key).is_some_and(|value| {
                filter.values.iter().any(|kept| kept == value) != filter.negate
            })
        })
    }
}

fn source(definition: Option<&Definition>) -> Option<Source> {
    definition.map(|definition| definition.source)
}

fn group<'g>(
    groups: &'g mut BTreeMap<(usize, Key), Group>,
    key: (usize, Key),
    query: &Query,
) -> &'g mut Group {
    groups.entry(key).or_insert_with(|| Group {
        has_contacts: false,
        has_activity: false,
        tallies: vec![Tally::default(); query.metrics.len()],
    })
}

/// The indexes of the things with these ids; ids that the centre has not lead nowhere.
fn indexes(centre: &Centre, dimension: usize, ids: &[String]) -> HashSet<usize> {
    let wanted: HashSet<&str> = ids.iter().map(String::as_str).collect();
    let count = match dimension {
        0 => centre.all_queues().len(),
        1 => Channel::ALL.len(),
        2 => centre.routing_profiles().len(),
        3 => centre.agents().len(),
        _ => centre.hierarchy().groups.len(),
    };
    (0..count).filter(|index| wanted.contains(id(centre, dimension, *index))).collect()
}

fn id(centre: &Centre, dimension: usize, index: usize) -> &str {
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

/// The pieces of a window lie within it, so they are in the range of time.
fn instant(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "a day has fewer contacts than 2^52")]
mod tests;
