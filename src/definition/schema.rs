//! The JSON Schema of a definition, made of the description that the readers use.
//!
//! It lets editors complete and check while one writes; what only the service's rules forbid, such
//! as a metric in a grouping that it does not have, is left to `validate`.

use serde_json::{Map, Value, json};
use toml::de::{DeTable, DeValue};

use super::dimension::Dimension;
use super::keys::{GROUPING_FORM, Key, Keys, ROOT, Shape};
use super::limits::MAX_TITLE;
use crate::metric::{self, FILTER_KEYS, Metric, Unit, limits};

/// The JSON Schema (draft 2020-12).
pub fn schema() -> Value {
    let mut tables = Map::new();
    let Value::Object(root) = table(&ROOT, &mut tables) else {
        return Value::Null;
    };
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    // Relative: the schema lies beside the definitions.
    schema.insert("$id".into(), "definition.schema.json".into());
    schema.insert("title".into(), "A report definition of connect-reports".into());
    schema.extend(root);
    schema.insert("$defs".into(), tables.into());
    schema.into()
}

fn table(keys: &'static Keys, tables: &mut Map<String, Value>) -> Value {
    let properties: Map<String, Value> =
        keys.keys.iter().map(|key| (key.name.to_owned(), property(key, tables))).collect();
    let required: Vec<&str> =
        keys.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({
        "description": keys.about,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(key: &'static Key, tables: &mut Map<String, Value>) -> Value {
    let mut schema = Map::new();
    schema.insert("description".into(), key.about.into());
    if let Value::Object(of_shape) = shape(&key.shape, tables) {
        schema.extend(of_shape);
    }
    if let Some(default) = key.default {
        let default = match key.shape {
            Shape::Flag => (default == "true").into(),
            _ => default.into(),
        };
        schema.insert("default".into(), default);
    }
    if let Some(example) = example(key) {
        schema.insert("examples".into(), json!([example]));
    }
    schema.into()
}

/// The value of a key's example, if it is written as one line of TOML.
fn example(key: &Key) -> Option<Value> {
    let (document, _) = DeTable::parse_recoverable(key.example);
    document.get_ref().get(key.name).and_then(|value| json_value(value.get_ref()))
}

fn json_value(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(text.as_ref().into()),
        DeValue::Integer(number) => number.as_str().parse::<i64>().ok().map(Value::from),
        DeValue::Boolean(flag) => Some((*flag).into()),
        DeValue::Array(items) => items.iter().map(|item| json_value(item.get_ref())).collect(),
        DeValue::Table(table) => {
            let members = table.iter();
            let members = members.map(|(key, value)| {
                Some((key.get_ref().to_string(), json_value(value.get_ref())?))
            });
            members
                .collect::<Option<Map<_, _>>>()
                .filter(|table| !table.is_empty())
                .map(Value::from)
        }
        DeValue::Float(_) | DeValue::Datetime(_) => None,
    }
}

fn shape(of: &'static Shape, tables: &mut Map<String, Value>) -> Value {
    match of {
        // Not blank: one character at least that is no blank.
        Shape::Text(most) => text(r"\S", *most),
        Shape::Form(form) => text(form, usize::MAX),
        Shape::ShortForm(form, most) => text(form, *most),
        Shape::Address => json!({ "type": "string", "pattern": "@" }),
        Shape::Choice(words) => json!({ "enum": words }),
        Shape::Suggestion(words, form) => {
            json!({ "anyOf": [suggestions(&words()), text(form, MAX_TITLE)] })
        }
        Shape::Number(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::List(item, least, most) => {
            let mut list = list(shape(item, tables), *least, *most);
            let is_word = matches!(item, Shape::Choice(_) | Shape::Suggestion(..));
            if let (Some(list), true) = (list.as_object_mut(), is_word) {
                list.insert("uniqueItems".into(), true.into());
            }
            list
        }
        Shape::Table(keys) => reference(keys, tables),
        Shape::Filters => filters(),
        Shape::Any(value, most) => {
            let mut any = json!({
                "type": "object", "minProperties": 1, "additionalProperties": shape(value, tables),
            });
            if let (Some(any), true) = (any.as_object_mut(), *most < usize::MAX) {
                any.insert("propertyNames".into(), json!({ "maxLength": most }));
            }
            any
        }
        Shape::Either(shapes) => {
            let either: Vec<Value> = shapes.iter().map(|of| shape(of, tables)).collect();
            json!({ "anyOf": either })
        }
    }
}

/// Words with what editors show beside them: metrics have a title, a unit and a threshold.
fn suggestions(words: &[&'static str]) -> Value {
    let about = words.iter().map(|word| metric::find_metric(word).map(about_metric));
    match about.collect::<Option<Vec<String>>>() {
        // Extensions of VS Code read the first, Taplo and Even Better TOML the second.
        Some(about) => json!({
            "enum": words,
            "enumDescriptions": about,
            "x-taplo": { "docs": { "enumValues": about } },
        }),
        None => json!({ "enum": words }),
    }
}

/// The title of a metric, its unit, and what it needs besides its name.
fn about_metric(metric: &Metric) -> String {
    let unit = match metric.unit {
        Unit::Count => "a count",
        Unit::Seconds => "seconds",
        Unit::Milliseconds => "milliseconds",
        Unit::Percent => "percent, 0 to 100",
    };
    let mut about = format!("{}: {unit}.", metric.title);
    let comparisons: Vec<&str> = metric.thresholds().iter().map(|one| one.as_str()).collect();
    if !comparisons.is_empty() {
        let (low, high) = (limits::THRESHOLD_SECONDS.start(), limits::THRESHOLD_SECONDS.end());
        let comparisons = comparisons.join(" or ");
        about +=
            &format!(" Needs `threshold`, {low} to {high} seconds; `comparison` {comparisons}.");
    }
    if let Some(key) = metric.required_filter() {
        about += &format!(" Needs a filter {key}.");
    }
    about
}

/// A text of a form, of so many characters at most.
fn text(form: &str, most: usize) -> Value {
    let mut text = json!({ "type": "string", "pattern": form });
    if let (Some(text), true) = (text.as_object_mut(), most < usize::MAX) {
        text.insert("maxLength".into(), most.into());
    }
    text
}

fn filters() -> Value {
    let values = |key: &str| match metric::filter_values(key) {
        // Of names the ids are sent, so they may be as long as they are.
        [] if Dimension::of_key(key).has_list() => json!({ "type": "string", "minLength": 1 }),
        [] => {
            json!({ "type": "string", "minLength": 1, "maxLength": metric::filter_value_length(key) })
        }
        allowed => {
            let left_out = allowed.iter().map(|word| format!("!{word}"));
            let all = std::iter::once("*".to_owned());
            let words = allowed.iter().map(|word| (*word).to_owned()).chain(all).chain(left_out);
            json!({ "enum": words.collect::<Vec<_>>() })
        }
    };
    let properties: Map<String, Value> = FILTER_KEYS
        .iter()
        .map(|key| ((*key).to_owned(), list(values(key), 1, usize::MAX)))
        .collect();
    // Keys that the service may have gained.
    let others = list(values("a key that is not known"), 1, usize::MAX);
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": { GROUPING_FORM: others },
        "propertyNames": { "maxLength": MAX_TITLE },
        "minProperties": 1,
        "maxProperties": limits::MAX_FILTER_KEYS,
        "additionalProperties": false,
    })
}

fn list(items: Value, least: usize, most: usize) -> Value {
    let mut list = json!({ "type": "array", "items": items, "minItems": least });
    if let (Some(list), true) = (list.as_object_mut(), most < usize::MAX) {
        list.insert("maxItems".into(), most.into());
    }
    list
}

/// A reference to a table, which is described once.
fn reference(keys: &'static Keys, tables: &mut Map<String, Value>) -> Value {
    let name = keys.name.trim_start_matches("the ").replace(['[', ']'], "");
    if !tables.contains_key(&name) {
        let described = table(keys, tables);
        tables.insert(name.clone(), described);
    }
    json!({ "$ref": format!("#/$defs/{name}") })
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use crate::settings::Deployment;

    const SMALL: &str = r#"
title    = "Small"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "Europe/London"
window   = "previous-day"
email    = { from = "reports@example.com", to = ["ops@example.com"] }

[[section]]
title    = "By queue"
group_by = ["QUEUE"]
filters  = { QUEUE = ["*"] }
metrics  = ["CONTACTS_HANDLED"]
"#;

    #[test]
    fn every_metric_is_suggested_with_its_unit_and_threshold() {
        let names = &schema()["$defs"]["metric"]["properties"]["name"]["anyOf"][0];
        let words = names["enum"].as_array().unwrap();
        let place = words.iter().position(|word| word == "SERVICE_LEVEL").unwrap();
        let about = "Service level X: percent, 0 to 100. Needs `threshold`, 1 to 604800 seconds; `comparison` LT or LTE.";
        assert_eq!(names["enumDescriptions"][place], about);
        assert_eq!(names["x-taplo"]["docs"]["enumValues"][place], about);
        assert_eq!(names["enumDescriptions"].as_array().unwrap().len(), words.len());
    }

    /// An editor that knows the schema marks what the reader refuses for its length, and nothing else.
    #[test]
    fn the_schema_has_the_lengths_of_the_reader() {
        let metric = |members: &str| {
            let name = "name = \"CONTACTS_HANDLED\"";
            format!("metrics  = [{{ {name}, {members} }}]")
        };
        let usual = "metrics  = [\"CONTACTS_HANDLED\"]";
        for (pointer, most, old, new) in [
            ("/properties/title", 250, "\"Small\"", "\"X\"".to_owned()),
            ("/$defs/section/properties/title", 250, "\"By queue\"", "\"X\"".to_owned()),
            (
                "/$defs/email/properties/subject",
                1_000,
                "from =",
                "subject = \"X\", from =".to_owned(),
            ),
            (
                "/$defs/email/properties/unsubscribe",
                900,
                "from =",
                "unsubscribe = \"https://e.test/X\", from =".to_owned(),
            ),
            ("/$defs/metric/properties/label", 250, usual, metric("label = \"X\"")),
            ("/$defs/metric/properties/name/anyOf/1", 250, "CONTACTS_HANDLED", "X".to_owned()),
            (
                "/$defs/section/properties/group_by/items/anyOf/1",
                250,
                "[\"QUEUE\"]",
                "[\"X\"]".to_owned(),
            ),
            (
                "/$defs/section/properties/filters/propertyNames",
                250,
                "QUEUE = [\"*\"]",
                "QUEUE = [\"*\"], X = [\"a\"]".to_owned(),
            ),
            (
                "/$defs/metric/properties/where/additionalProperties/items",
                250,
                usual,
                metric("where = { MOON_PHASE = [\"X\"] }"),
            ),
            (
                "/$defs/metric/properties/where/propertyNames",
                250,
                usual,
                metric("where = { X = [\"a\"] }"),
            ),
            (
                "/$defs/metric/properties/where_not/propertyNames",
                250,
                usual,
                metric("where_not = { X = [\"a\"] }"),
            ),
        ] {
            let schema = schema();
            let found = schema.pointer(pointer).and_then(|of| of.get("maxLength"));
            assert_eq!(found, Some(&json!(most)), "{pointer}");
            for length in [most, most + 1] {
                let fixed =
                    if pointer.ends_with("unsubscribe") { "https://e.test/".len() } else { 0 };
                let text = SMALL.replacen(old, &new.replace('X', &"Z".repeat(length - fixed)), 1);
                let parsed = parse("small.toml", text.as_bytes(), &Deployment::default());
                let is_long = |message: &str| message.contains(&format!("{length} characters"));
                let refused = parsed.problems.iter().any(|problem| is_long(&problem.message));
                assert_eq!(refused, length > most, "{pointer}: {:?}", parsed.problems);
            }
        }
    }
}
