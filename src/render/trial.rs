//! Trying templates of one's own with examples: one that has every value, one with as little as there
//! can be, and the largest that fits a mail.
//!
//! A template can run for ever, so the trial tells which one is at work; whoever tries them does so in a
//! process that can be ended.

use std::sync::Arc;

use tera::{Kwargs, State, TeraResult};

use super::example::{self, Wrong};
use super::own::{TemplateFile, place_of, told};
use super::template::Templates;
use crate::definition::Problem;

/// What a trial is at.
#[derive(Clone, Copy, Debug)]
pub enum Step<'s> {
    /// A template of this name begins.
    Enter(&'s str),
    /// The one that began last ends.
    Leave,
}

/// Hears of each step of a trial.
pub type Listener = Arc<dyn Fn(Step<'_>) + Send + Sync>;

/// Everything that is wrong with templates, each with its file, line and column.
pub fn try_templates(files: &[TemplateFile], listener: &Listener) -> Vec<Problem> {
    let (templates, warnings) = match Templates::read(files) {
        Ok(read) => read,
        Err(problems) => return problems,
    };
    let traced = traced(&templates, files, listener);
    if example::render(&traced, listener).is_empty() {
        return warnings;
    }
    // What tells of the steps stands in the first line of each, and moves what is wrong with it.
    let silence: Listener = Arc::new(|_| ());
    let wrong = example::render(&templates, &silence).into_iter().flat_map(|wrong| match wrong {
        Wrong::Unmade(error) => told(&error, files),
        Wrong::Unusable(name, message) => {
            let help = "docs/templates.md says what each template makes";
            vec![place_of(name, files).error("template", message, help)]
        }
    });
    wrong.chain(warnings).collect()
}

/// The templates, of which those of one's own say when they begin and end.
fn traced(templates: &Templates, files: &[TemplateFile], listener: &Listener) -> Templates {
    let mut traced = templates.clone();
    let names: Vec<String> = files.iter().map(|file| file.name().to_owned()).collect();
    let (enter, leave) = (Arc::clone(listener), Arc::clone(listener));
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
        // What extends another begins with saying so.
        let is_child = text.contains("extends");
        let marked = format!("{{{{ trial_enter(file={index}) }}}}{text}{{{{ trial_leave() }}}}");
        (!is_child).then(|| (file.name().to_owned(), marked))
    });
    let marked: Vec<(String, String)> = marked.collect();
    let named = marked.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    match traced.tera.add_raw_templates(named) {
        Ok(()) => traced,
        Err(_) => templates.clone(),
    }
}
