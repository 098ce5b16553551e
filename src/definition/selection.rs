//! Reading the values of a filter: those that it takes of a key, and those that it leaves out.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use super::dimension::Dimension;
use super::limits::MAX_SEARCHES;
use super::problem::{Place, Placed, Problems};
use super::reader::Value;
use crate::error::LONGEST_QUOTED;
use crate::instance::InstanceArn;
use crate::metric;

/// The selection of a section for one key: everything that one of `taken` stands for, and none of
/// `left_out`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The entries that take something; one at least.
    pub taken: Vec<Placed<Selector>>,
    /// The entries that leave something out of it, in whatever order the two stand.
    pub left_out: Vec<Placed<Selector>>,
}

/// One entry of a filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selector {
    /// Everything of its kind that the instance has.
    All,
    /// The id of a queue, a routing profile, an agent or a hierarchy group; of a key without names
    /// the value itself, such as a channel.
    Id(String),
    /// The exact name.
    Name(String),
    /// Names in which `*` stands for any characters and `?` for one.
    Pattern(String),
    /// Everything that has this tag with this value.
    Tag {
        /// The tag's key.
        key: String,
        /// The tag's value.
        value: String,
    },
    /// The queues that are disabled.
    Disabled,
}

impl Selection {
    /// Tells whether it takes all that the instance has.
    pub fn is_everything(&self) -> bool {
        self.takes_all() && self.left_out.is_empty()
    }

    /// Tells whether it takes all that the instance has, but for what it leaves out.
    pub fn takes_all(&self) -> bool {
        self.taken.iter().any(|selector| selector.value == Selector::All)
    }

    /// The same selection with each entry once, where it stands first: the bounds of a report are told from
    /// the number of entries.
    fn without_repeats(self) -> Self {
        let first_of_each = |mut entries: Vec<Placed<Selector>>| {
            let mut known = HashSet::new();
            entries.retain(|entry| known.insert(entry.value.clone()));
            entries
        };
        Self { taken: first_of_each(self.taken), left_out: first_of_each(self.left_out) }
    }

    /// Its entries, those that are left out too.
    pub fn selectors(&self) -> impl Iterator<Item = &Selector> {
        self.taken.iter().chain(&self.left_out).map(|selector| &selector.value)
    }
}

impl Selector {
    /// Tells whether a text is read as a name where the instance has such a one, and nothing else.
    pub(crate) fn is_name(text: &str) -> bool {
        let is_other =
            text == "*" || ["arn:", "tag:", "!"].iter().any(|start| text.starts_with(start));
        !is_other && !is_uuid(text) && !text.trim().is_empty()
    }

    /// Tells whether everything that the instance has is compared with it.
    fn is_compared_with_all(&self) -> bool {
        matches!(self, Self::Pattern(_) | Self::Tag { .. })
    }

    /// Tells whether only a search of queues finds it: by tags and states.
    pub(super) fn needs_search(&self) -> bool {
        matches!(self, Self::Tag { .. } | Self::Disabled)
    }
}

/// As a definition writes it.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Id(text) | Self::Name(text) | Self::Pattern(text) => f.write_str(text),
            Self::Tag { key, value } => write!(f, "tag:{key}={value}"),
            Self::Disabled => f.write_str(DISABLED),
        }
    }
}

/// The sign before an entry that leaves something out.
pub(super) const LEFT_OUT: char = '!';

/// The word for disabled queues, where they are left out.
const DISABLED: &str = "disabled";

/// Reads the values of a filter, and drops those that can't be read.
pub(super) fn read(
    problems: &Problems<'_>,
    values: Value<'_>,
    dimension: &Dimension,
    instance: Option<&InstanceArn>,
) -> Selection {
    let reader = Reader { problems, dimension, instance };
    let selection =
        if dimension.has_list() { reader.selectors(values) } else { reader.values(values) };
    selection.without_repeats()
}

/// Reads the filter by one key.
struct Reader<'r, 'd> {
    problems: &'r Problems<'d>,
    dimension: &'r Dimension,
    instance: Option<&'r InstanceArn>,
}

/// Reading what the instance has.
impl Reader<'_, '_> {
    fn selectors(&self, values: Value<'_>) -> Selection {
        let (mut selection, mut complete) = (Selection::default(), true);
        let (mut searches, mut first_beyond) = (0, None);
        for (value, text) in self.problems.texts(values) {
            let place = self.problems.place(&value.span());
            let (list, selector) = match text.strip_prefix(LEFT_OUT) {
                Some(rest) => (&mut selection.left_out, self.left_out(value, rest.trim())),
                None => (&mut selection.taken, self.selector(value, &text)),
            };
            complete &= selector.is_some();
            searches += usize::from(selector.as_ref().is_some_and(Selector::is_compared_with_all));
            if searches > MAX_SEARCHES {
                first_beyond.get_or_insert(place);
            } else {
                list.extend(selector.map(|value| Placed { value, place }));
            }
        }
        if let Some(place) = first_beyond {
            let message = format!(
                "the filter has {searches} patterns and tags, {MAX_SEARCHES} are allowed, and this is one more"
            );
            let help = "write fewer that stand for more, or the names that are meant";
            self.problems.push(place.error("too-many-patterns", message, help));
        }
        if complete && selection.taken.is_empty() && !selection.left_out.is_empty() {
            self.takes_nothing(values);
        }
        selection
    }

    /// Reads the text behind the sign.
    fn left_out(&self, value: Value<'_>, text: &str) -> Option<Selector> {
        let refuse = |code, message: &str, help| {
            self.problems.error(&value.span(), code, message, help);
            None
        };
        match text {
            "" => {
                let help = "write what is left out behind it, as in \"!Test*\"";
                refuse("empty", "found nothing behind `!`", help)
            }
            "*" => {
                let help = "leave out less, as in \"!Test*\"";
                refuse("nothing-left", "`!*` leaves everything out", help)
            }
            _ if !text.eq_ignore_ascii_case(DISABLED) => self.selector(value, text),
            _ if *self.dimension == Dimension::Queue => Some(Selector::Disabled),
            _ => {
                let key = self.dimension.key();
                let message = format!("only queues are disabled; {key} has no such state");
                let help = "write names, ids or patterns of what is left out, as in \"!Test*\"";
                refuse("disabled", &message, help)
            }
        }
    }

    /// Reads an id, an ARN, a tag, a pattern or a name of something that the instance has.
    fn selector(&self, value: Value<'_>, text: &str) -> Option<Selector> {
        if text == "*" {
            return Some(Selector::All);
        }
        if text.starts_with("arn:") {
            return self.id_of_arn(value, text);
        }
        if let Some(tag) = text.strip_prefix("tag:") {
            return self.tag(value, tag);
        }
        if text.contains(['*', '?']) {
            return Some(Selector::Pattern(text.to_owned()));
        }
        if is_uuid(text) {
            return Some(Selector::Id(text.to_ascii_lowercase()));
        }
        Some(Selector::Name(text.to_owned()))
    }

    fn tag(&self, value: Value<'_>, tag: &str) -> Option<Selector> {
        if *self.dimension != Dimension::Queue {
            let message = format!("tags select queues; {} takes none", self.dimension.key());
            let help = "write names, ids, or \"*\" for all";
            self.problems.error(&value.span(), "tag", message, help);
            return None;
        }
        let Some((key, wanted)) = tag.split_once('=').filter(|(key, _)| !key.trim().is_empty())
        else {
            let help = "write it as \"tag:KEY=VALUE\", for instance \"tag:team=sales\", or as \
                        \"tag:KEY=\" where the value is empty";
            let message = "this tag has no key, or no `=` after it";
            self.problems.error(&value.span(), "tag", message, help);
            return None;
        };
        Some(Selector::Tag { key: key.to_owned(), value: wanted.to_owned() })
    }

    fn id_of_arn(&self, value: Value<'_>, arn: &str) -> Option<Selector> {
        // Without a valid instance there is another problem to mend first.
        let prefix = format!("{}/{}/", self.instance?, self.dimension.resource()?);
        match arn.strip_prefix(&prefix).filter(|id| is_uuid(id)) {
            Some(id) => Some(Selector::Id(id.to_ascii_lowercase())),
            None => {
                let what = self.dimension.title().to_lowercase();
                let message = format!("this ARN names no {what} of the report's instance");
                let help = match arn.strip_prefix(&prefix) {
                    Some("*") => "write \"*\" alone for all of them".to_owned(),
                    _ => format!("it must be {prefix} and an id"),
                };
                self.problems.error(&value.span(), "foreign-arn", message, help);
                None
            }
        }
    }

    fn takes_nothing(&self, values: Value<'_>) {
        let key = self.dimension.key();
        let message =
            format!("this says what is left out of {key}, and not what it is left out of");
        let first = values.get_ref().as_array().and_then(|values| values.iter().next());
        let first = first.and_then(|value| value.get_ref().as_str());
        let first = first.filter(|text| text.chars().nth(LONGEST_QUOTED).is_none());
        let first = first.unwrap_or("!Test*");
        let help = format!("add \"*\" for all of the others, as in [\"*\", {first:?}]");
        self.problems.error(&values.span(), "nothing-taken", message, help);
    }
}

/// Reading values of a key that has no names.
impl Reader<'_, '_> {
    /// All values but some can be taken where the service fixes them.
    fn values(&self, values: Value<'_>) -> Selection {
        let (key, fixed) = (self.dimension.key(), metric::filter_values(self.dimension.key()));
        let texts = self.problems.texts(values);
        let leaves_out = texts.iter().any(|(_, text)| text.starts_with(LEFT_OUT));
        if !leaves_out || fixed.is_empty() {
            let read = |(value, text): &(Value<'_>, String)| {
                let selector = self.value(value, self.unlisted(value, text)?)?;
                Some(Placed { value: selector, place: self.problems.place(&value.span()) })
            };
            return Selection {
                taken: texts.iter().filter_map(read).collect(),
                left_out: Vec::new(),
            };
        }
        let (mut taken, mut left_out) = (Vec::new(), Vec::new());
        for (value, text) in &texts {
            let place = self.problems.place(&value.span());
            match text.strip_prefix(LEFT_OUT).map(str::trim) {
                None if text == "*" => {
                    taken.extend(fixed.iter().map(|word| (*word, place.clone())));
                }
                None => {
                    self.value(value, text);
                    taken.push((text.as_str(), place));
                }
                Some(rest) => {
                    self.value(value, rest);
                    left_out.push(rest);
                }
            }
        }
        if taken.is_empty() {
            self.takes_nothing(values);
            return Selection::default();
        }
        let left_out: BTreeSet<&str> = left_out.into_iter().collect();
        taken.retain(|(word, _)| !left_out.contains(word));
        if taken.is_empty() {
            let message = format!("this leaves nothing of {key}");
            let help = format!("leave out less; {key} has {}", fixed.join(", "));
            self.problems.error(&values.span(), "nothing-left", message, help);
        }
        let placed =
            |(word, place): (&str, Place)| Placed { value: Selector::Id(word.to_owned()), place };
        Selection { taken: taken.into_iter().map(placed).collect(), left_out: Vec::new() }
    }

    /// Reads a value of a key whose values nothing lists, so that none can be left out; one that begins
    /// with the sign has the sign twice.
    fn unlisted<'t>(&self, value: Value<'_>, text: &'t str) -> Option<&'t str> {
        match text.strip_prefix(LEFT_OUT) {
            None => Some(text),
            Some(rest) if rest.starts_with(LEFT_OUT) => Some(rest),
            Some(rest) => {
                let key = self.dimension.key();
                let message = format!("`!` does not work for {key}: nothing lists its values");
                let rest = if rest.chars().nth(LONGEST_QUOTED).is_none() { rest } else { "…" };
                let help = format!(
                    "write the values that are meant; a value that begins with `!` is written \"!!{rest}\""
                );
                self.problems.error(&value.span(), "nothing-listed", message, help);
                None
            }
        }
    }

    /// Reads a value such as a channel.
    fn value(&self, value: Value<'_>, text: &str) -> Option<Selector> {
        self.check_length(value, text)?;
        let (key, allowed) = (self.dimension.key(), metric::filter_values(self.dimension.key()));
        let refuse = |code, message, help| {
            self.problems.error(&value.span(), code, message, help);
            None
        };
        match text {
            "*" if allowed.is_empty() => {
                let message = format!("`*` does not work for {key}: nothing lists its values");
                refuse("no-wildcard", message, "write the values that are meant".to_owned())
            }
            "*" => {
                let message = format!("`*` alone does not filter by {key}");
                refuse("no-wildcard", message, format!("leave {key} out for all of them"))
            }
            _ if allowed.is_empty() => {
                self.warn_of_pattern(value, text);
                Some(Selector::Id(text.to_owned()))
            }
            _ if allowed.contains(&text) => Some(Selector::Id(text.to_owned())),
            _ => {
                let (message, code) = match self.dimension {
                    Dimension::Channel => {
                        (format!("there is no channel `{text}`"), "unknown-channel")
                    }
                    _ => (format!("{key} has no value `{text}`"), "unknown-filter-value"),
                };
                refuse(code, message, self.problems.choice(text, allowed))
            }
        }
    }

    /// Warns of a value that would be a pattern of names; it is sent as it stands, and nothing may have it.
    fn warn_of_pattern(&self, value: Value<'_>, text: &str) {
        if text.contains('*') {
            let key = self.dimension.key();
            let message =
                format!("`{text}` is no pattern here: {key} is compared with it as it stands");
            let help = "write each value that is meant";
            self.problems.warning(&value.span(), "no-pattern", message, help);
        }
    }

    /// Checks what is sent as it stands; of names the ids are sent, and tags are only looked for.
    fn check_length(&self, value: Value<'_>, text: &str) -> Option<()> {
        let key = self.dimension.key();
        let (found, most) = (text.chars().count(), metric::filter_value_length(key));
        if found > most {
            let message = format!("this value has {found} characters, {most} are allowed");
            let help = "shorten it (GetMetricDataV2, FilterValues)";
            self.problems.error(&value.span(), "too-long", message, help);
            return None;
        }
        Some(())
    }
}

/// Tells whether a text is written like the id of a resource.
pub(super) fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))
}
