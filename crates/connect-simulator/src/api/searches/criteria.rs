//! The conditions of a search: `SearchCriteria` and `SearchFilter`.

use serde::Deserialize;
use serde_json::Value;

use super::thing::FoundEntry;
use crate::api::operation::Operation;
use crate::api::refusal::Refusal;

/// A condition, or several. If several members are sent, all must hold.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Criteria {
    or_conditions: Option<Vec<Self>>,
    and_conditions: Option<Vec<Self>>,
    string_condition: Option<StringCondition>,
    queue_type_condition: Option<String>,
    hierarchy_group_condition: Option<HierarchyGroupCondition>,
    list_condition: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StringCondition {
    field_name: Option<String>,
    value: Option<String>,
    comparison_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HierarchyGroupCondition {
    value: Option<String>,
    hierarchy_group_match_type: Option<String>,
}

/// The filter by tags of the entries that meet the criteria.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SearchFilter {
    tag_filter: Option<TagFilter>,
    attribute_filter: Option<Value>,
    user_attribute_filter: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagFilter {
    /// Lists of conditions: all conditions of one list must hold.
    or_conditions: Option<Vec<Vec<TagCondition>>>,
    and_conditions: Option<Vec<TagCondition>>,
    tag_condition: Option<TagCondition>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagCondition {
    tag_key: Option<String>,
    tag_value: Option<String>,
}

impl Criteria {
    /// Checks that the service would take the criteria.
    pub(super) fn check(&self, operation: Operation) -> Result<(), Refusal> {
        let inner = self.or_conditions.iter().chain(&self.and_conditions).flatten();
        inner.into_iter().try_for_each(|criteria| criteria.check(operation))?;
        if let Some(condition) = &self.string_condition {
            condition.check(operation)?;
        }
        if let Some(kind) = &self.queue_type_condition
            && (kind != "STANDARD" || operation != Operation::SearchQueues)
        {
            let text = format!("QueueTypeCondition {kind:?} is not valid.");
            return Err(Refusal::invalid_parameter(text));
        }
        if let Some(condition) = &self.hierarchy_group_condition {
            condition.check(operation)?;
        }
        match &self.list_condition {
            Some(_) => Err(Refusal::not_modelled("ListCondition")),
            None => Ok(()),
        }
    }

    pub(super) fn holds(&self, entry: &FoundEntry<'_>) -> bool {
        self.or_conditions
            .as_ref()
            .is_none_or(|any| any.iter().any(|criteria| criteria.holds(entry)))
            && self
                .and_conditions
                .as_ref()
                .is_none_or(|all| all.iter().all(|criteria| criteria.holds(entry)))
            && self.string_condition.as_ref().is_none_or(|condition| condition.holds(entry))
            && (self.queue_type_condition.is_none() || entry.is_standard_queue)
            && self
                .hierarchy_group_condition
                .as_ref()
                .is_none_or(|condition| condition.holds(entry))
    }
}

impl StringCondition {
    fn check(&self, operation: Operation) -> Result<(), Refusal> {
        let fields: &[&str] = match operation {
            Operation::SearchQueues => &["name", "description", "resourceID"],
            Operation::SearchUsers => &[
                "Username",
                "FirstName",
                "LastName",
                "RoutingProfileId",
                "SecurityProfileId",
                "resourceId",
            ],
            _ => &["name", "parentId", "levelId", "resourceID"],
        };
        let field = self.field_name.as_deref().unwrap_or_default();
        let length = self.value.as_deref().unwrap_or_default().chars().count();
        let refusal = if !fields.contains(&field) {
            format!("FieldName {field:?} is not valid; it must be one of {}.", fields.join(", "))
        } else {
            match self.comparison_type.as_deref().unwrap_or_default() {
                "STARTS_WITH" | "EXACT" => return Ok(()),
                // "Contains queries with a minimum of 2 characters and a maximum of 25."
                "CONTAINS" if (2..=25).contains(&length) => return Ok(()),
                "CONTAINS" => "The Value for CONTAINS must have 2 to 25 characters.".to_owned(),
                other => format!("ComparisonType {other:?} is not valid."),
            }
        };
        Err(Refusal::invalid_parameter(refusal))
    }

    fn holds(&self, entry: &FoundEntry<'_>) -> bool {
        let wanted = self.value.as_deref().unwrap_or_default();
        let field = self.field_name.as_deref();
        let mut values = entry.fields.iter().filter(|(name, _)| Some(*name) == field);
        values.any(|(_, value)| match self.comparison_type.as_deref() {
            Some("STARTS_WITH") => value.starts_with(wanted),
            Some("CONTAINS") => value.contains(wanted),
            _ => *value == wanted,
        })
    }
}

impl HierarchyGroupCondition {
    fn check(&self, operation: Operation) -> Result<(), Refusal> {
        let kind = self.hierarchy_group_match_type.as_deref().unwrap_or_default();
        if operation == Operation::SearchUsers && ["EXACT", "WITH_CHILD_GROUPS"].contains(&kind) {
            return Ok(());
        }
        let text = format!("HierarchyGroupCondition with {kind:?} is not valid.");
        Err(Refusal::invalid_parameter(text))
    }

    /// Tells whether an agent is in the group; the first of the agent's groups is the own one.
    fn holds(&self, entry: &FoundEntry<'_>) -> bool {
        let wanted = self.value.as_deref().unwrap_or_default();
        match self.hierarchy_group_match_type.as_deref() {
            Some("WITH_CHILD_GROUPS") => entry.groups.contains(&wanted),
            _ => entry.groups.first() == Some(&wanted),
        }
    }
}

impl SearchFilter {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        match (&self.attribute_filter, &self.user_attribute_filter) {
            (None, None) => Ok(()),
            _ => Err(Refusal::not_modelled("AttributeFilter and UserAttributeFilter")),
        }
    }

    pub(super) fn holds(&self, entry: &FoundEntry<'_>) -> bool {
        self.tag_filter.as_ref().is_none_or(|filter| filter.holds(entry))
    }
}

impl TagFilter {
    fn holds(&self, entry: &FoundEntry<'_>) -> bool {
        self.or_conditions
            .as_ref()
            .is_none_or(|any| any.iter().any(|all| TagCondition::all_hold(all, entry)))
            && self.and_conditions.as_ref().is_none_or(|all| TagCondition::all_hold(all, entry))
            && self.tag_condition.as_ref().is_none_or(|condition| condition.holds(entry))
    }
}

impl TagCondition {
    fn all_hold(conditions: &[Self], entry: &FoundEntry<'_>) -> bool {
        conditions.iter().all(|condition| condition.holds(entry))
    }

    /// Tells whether an entry has the tag; a condition without a value takes any value.
    fn holds(&self, entry: &FoundEntry<'_>) -> bool {
        let key = self.tag_key.as_deref().unwrap_or_default();
        let value = entry.tags.and_then(|tags| tags.get(key));
        value.is_some_and(|value| self.tag_value.as_ref().is_none_or(|wanted| wanted == value))
    }
}
