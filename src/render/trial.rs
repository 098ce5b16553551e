//! Trying templates of one's own with examples: one that has every value, one with as little as there
//! can be, and the largest that fits a mail; and with a message that somebody wants to see.
//!
//! A template can run for ever, so the trial tells which one is at work; whoever tries them does so in a
//! process that can be ended.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tera::{Kwargs, State, TeraResult};

use super::built_in::{EMAIL_HTML, EMAIL_TEXT, SUBJECT_TEXT, TREND_SVG};
use super::contents::Contents;
use super::draft::first_layout;
use super::example::{self, Wrong};
use super::listener::{Listener, Step};
use super::own::{TemplateFile, error_problems, place_of};
use super::template::{TemplateContext, Templates};
use super::{chart, context, trend};
use crate::definition::Problem;
use crate::error::Error;

/// The values of one message as its templates get them, on their way to the process that tries these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Values {
    message: Value,
    charts: Vec<Value>,
}

impl Values {
    /// The values of the largest message that is tried with these contents.
    pub fn new(contents: &Contents<'_>) -> Self {
        let message = serde_json::to_value(context::build(contents, &first_layout(contents)))
            .unwrap_or_default();
        let charts = trend::placed_charts(contents)
            .map(|(_, chart)| serde_json::to_value(chart).unwrap_or_default());
        Self { message, charts: charts.collect() }
    }

    /// Has everything made of them, for its time and its memory: what is wrong with it is told where it is
    /// shown.
    fn render(&self, templates: &Templates, listener: &Listener) {
        let at = |template, make: &dyn Fn() -> Result<(), Error>| {
            listener(Step::Enter(template));
            let _ = make();
            listener(Step::Leave);
        };
        if let Ok(values) = TemplateContext::new(&self.message) {
            at(EMAIL_HTML, &|| templates.render_html(&values).map(drop));
            at(EMAIL_TEXT, &|| templates.render_text(&values).map(drop));
            at(SUBJECT_TEXT, &|| templates.render_subject(None, &values).map(drop));
        }
        for chart in &self.charts {
            let height = chart.get("height").and_then(Value::as_u64);
            let height = height.and_then(|height| u32::try_from(height).ok()).unwrap_or(1);
            at(TREND_SVG, &|| chart::draw_values(templates, chart, height).map(drop));
        }
    }
}

/// Everything that is wrong with templates, each with its file, line and column; values of a message are
/// rendered too, if there are any.
pub fn try_templates(
    files: &[TemplateFile],
    values: Option<&Values>,
    listener: &Listener,
) -> Vec<Problem> {
    let (templates, warnings) = match Templates::read(files) {
        Ok(read) => read,
        Err(problems) => return problems,
    };
    let traced = trace_templates(&templates, files, listener);
    if example::find_mistakes(&traced, listener).is_empty() {
        values.into_iter().for_each(|values| values.render(&traced, listener));
        return warnings;
    }
    // The marks of the steps stand in the first line of each, and move what is wrong with it.
    let silence: Listener = Arc::new(|_| ());
    let wrong =
        example::find_mistakes(&templates, &silence).into_iter().flat_map(|wrong| match wrong {
            Wrong::Unmade(error) => error_problems(&error, files),
            Wrong::Unusable(name, message) => {
                let help = "docs/TEMPLATES.md says what each template makes";
                vec![place_of(name, files).error("template", message, help)]
            }
        });
    wrong.chain(warnings).collect()
}

/// The templates, of which those of one's own say when they begin and end.
fn trace_templates(
    templates: &Templates,
    files: &[TemplateFile],
    listener: &Listener,
) -> Templates {
    let mut traced = templates.clone();
    let names: Vec<String> = files.iter().map(|file| file.name().to_owned()).collect();
    let enter = Arc::clone(listener);
    let leave = Arc::clone(listener);
    let entered = move |arguments: Kwargs, _: &State<'_>| -> TeraResult<&'static str> {
        let name = names.get(arguments.must_get::<usize>("file")?);
        enter(Step::Enter(name.map_or("", String::as_str)));
        Ok("")
    };
    traced.tera.register_function("trial_enter", entered);
    traced.tera.register_function("trial_leave", move |_: Kwargs, _: &State<'_>| {
        leave(Step::Leave);
        ""
    });
    let marked = files.iter().enumerate().filter_map(|(index, file)| {
        let text = file.text()?;
        let marked = format!("{{{{ trial_enter(file={index}) }}}}{text}{{{{ trial_leave() }}}}");
        (!extends_another(text)).then(|| (file.name().to_owned(), marked))
    });
    let marked: Vec<(String, String)> = marked.collect();
    let named = marked.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    match traced.tera.add_raw_templates(named) {
        Ok(()) => traced,
        Err(_) => templates.clone(),
    }
}

/// Says that a template extends another: only spaces and comments stand before the tag that does so, and
/// nothing else may.
fn extends_another(text: &str) -> bool {
    let mut rest = text.trim_start();
    while let Some((_, after)) = rest.strip_prefix("{#").and_then(|rest| rest.split_once("#}")) {
        rest = after.trim_start();
    }
    let tag = rest.strip_prefix("{%").map(|tag| tag.strip_prefix('-').unwrap_or(tag).trim_start());
    let name = tag.and_then(|tag| tag.strip_prefix("extends"));
    name.is_some_and(|name| name.trim_start().starts_with(['"', '\'', '`']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_known_by_its_first_tag() {
        for (text, is_child) in [
            ("{% extends \"email.html\" %}", true),
            (
                " \n{# a #}{#- extends -#}\n{%- extends 'email.html' -%}{% block a %}{% endblock %}",
                true,
            ),
            ("{# extends \"email.html\" #}<p>", false),
            ("<p>This extends it.</p>", false),
            ("{% if extends %}{% endif %}", false),
            ("{# {% extends 'a' %}", false),
        ] {
            assert_eq!(extends_another(text), is_child, "{text}");
        }
    }
}
