//! The JSON Schema of a definition, made of the description that the readers use.
//!
//! It lets editors complete and check while one writes; what only the service's rules forbid, such
//! as a metric in a grouping that it does not have, is left to `validate`.

use serde_json::{Map, Value, json};

use super::dimension::Dimension;
use super::keys::{GROUPING_FORM, Key, Keys, ROOT, Shape};
use crate::metric::{self, FILTERS, limits};

/// The JSON Schema (draft 2020-12).
pub fn schema() -> Value {
    let mut tables = Map::new();
    let Value::Object(root) = table(&ROOT, &mut tables) else {
        return Value::Null;
    };
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
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
    schema.into()
}

fn shape(of: &'static Shape, tables: &mut Map<String, Value>) -> Value {
    match of {
        // Not blank: one character at least that is no blank.
        Shape::Text => json!({ "type": "string", "pattern": r"\S" }),
        Shape::Form(form) => json!({ "type": "string", "pattern": form }),
        Shape::Address => json!({ "type": "string", "pattern": "@" }),
        Shape::Choice(words) => json!({ "enum": words }),
        Shape::Suggestion(words, form) => {
            json!({ "anyOf": [{ "enum": words() }, { "type": "string", "pattern": form }] })
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
        Shape::Any(value) => json!({
            "type": "object", "minProperties": 1, "additionalProperties": shape(value, tables),
        }),
        Shape::Either(shapes) => {
            let either: Vec<Value> = shapes.iter().map(|of| shape(of, tables)).collect();
            json!({ "anyOf": either })
        }
    }
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
    let properties: Map<String, Value> =
        FILTERS.iter().map(|key| ((*key).to_owned(), list(values(key), 1, usize::MAX))).collect();
    // Keys that the service may have gained.
    let others = list(json!({ "type": "string", "minLength": 1 }), 1, usize::MAX);
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": { GROUPING_FORM: others },
        "minProperties": 1,
        "maxProperties": limits::FILTER_KEYS,
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
