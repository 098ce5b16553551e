//! Templates of one's own, in the place of those that come with the program.
//!
//! A file replaces the template of its name; any other is a part that these may include. Everything
//! that can be wrong with the text of one is found by adding all of them; what it makes is tried in
//! [`trial`](super::trial).

use std::collections::BTreeSet;

use tera::ErrorKind;

use super::built_in::{BUILT_IN, NOTICES};
use super::failure::{Failure, Spot, lower};
use super::template::Templates;
use crate::definition::{Place, Problem, Severity};

/// A template as it lies in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFile {
    /// Its path, or its `s3://` address.
    pub place: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl TemplateFile {
    /// The name by which it replaces another, or is included.
    pub fn name(&self) -> &str {
        self.place.rsplit(['/', '\\']).next().unwrap_or(&self.place)
    }

    /// The one of a name; or the only one that there is, for the templates of the program have no mistakes
    /// of their own.
    pub fn behind<'f>(name: &str, files: &'f [Self]) -> Option<&'f Self> {
        let only = if let [only] = files { Some(only) } else { None };
        files.iter().find(|file| file.name() == name).or(only)
    }

    /// Its text, where it is UTF-8, without a byte order mark.
    pub(super) fn text(&self) -> Option<&str> {
        let text = std::str::from_utf8(&self.content).ok()?;
        Some(text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    /// Whether this is a template's name rather than that of something else that lies beside them.
    pub fn is_template(name: &str) -> bool {
        ENDINGS.iter().any(|ending| name.ends_with(ending))
    }
}

/// Values are escaped by these endings, or by that of a text not at all.
const ENDINGS: [&str; 3] = [".html", ".txt", ".svg"];

impl Templates {
    /// The templates with some of one's own, which are read and not tried.
    ///
    /// # Errors
    /// Everything that is wrong with their texts, each with its file, line and column; warnings too,
    /// which keep nobody from using them.
    pub fn read(files: &[TemplateFile]) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let built_in = Self::built_in().map_err(|error| {
            vec![place("templates", 1, 1).error("template", error.message, "report this defect")]
        })?;
        let mut problems = Vec::new();
        let texts: Vec<(&TemplateFile, &str)> =
            files.iter().filter_map(|file| Some((file, text(file, &mut problems)?))).collect();
        problems.extend(texts.iter().flat_map(|(file, text)| unparsed(&built_in, file, text)));
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut templates = built_in;
        let named = texts.iter().map(|(file, text)| (file.name(), *text));
        if let Err(error) = templates.tera.add_raw_templates(named) {
            return Err(told(&error, files).into_iter().chain(unused(&texts)).collect());
        }
        templates.places =
            files.iter().map(|file| (file.name().to_owned(), file.place.clone())).collect();
        Ok((templates, unused(&texts)))
    }
}

fn text<'f>(file: &'f TemplateFile, problems: &mut Vec<Problem>) -> Option<&'f str> {
    let at = place(&file.place, 1, 1);
    if NOTICES.contains(&file.name()) {
        let help = "remove it: what owners are told of failures does not depend on templates";
        problems.push(at.error("template", "this template can't be replaced", help));
        return None;
    }
    if file.text().is_none() {
        problems.push(at.error("template", "the file is not UTF-8", "save it as UTF-8"));
    }
    file.text()
}

/// The place of a template as a whole.
pub(super) fn place_of(name: &str, files: &[TemplateFile]) -> Place {
    place(TemplateFile::behind(name, files).map_or(name, |file| &file.place), 1, 1)
}

/// What keeps a template from being read at all; of several Tera would tell one only.
fn unparsed(built_in: &Templates, file: &TemplateFile, text: &str) -> Vec<Problem> {
    let error = built_in.tera.clone().add_raw_template(file.name(), text).err();
    let of_syntax = error.filter(|error| matches!(error.kind(), ErrorKind::SyntaxError(_)));
    of_syntax.map_or_else(Vec::new, |error| told(&error, std::slice::from_ref(file)))
}

/// An error of Tera's as problems with their places.
pub(super) fn told(error: &tera::Error, files: &[TemplateFile]) -> Vec<Problem> {
    let at = |name: &str, line: usize, column: usize| match files
        .iter()
        .find(|file| file.name() == name)
    {
        Some(file) => place_in(file, line, column),
        None => place(name, line, column),
    };
    let several = match error.kind() {
        ErrorKind::Msg(text) => several(text, at),
        _ => Vec::new(),
    };
    if !several.is_empty() {
        return several;
    }
    let Failure { spot, kind, quoted } = Failure::new(error);
    let problem = match (error.kind(), spot) {
        (_, Some(Spot { template, line, column })) => {
            let said = quoted.as_deref().unwrap_or(&kind);
            at(&template, line, column).error("template", kind.as_str(), help(said))
        }
        (ErrorKind::CircularInclude { tpl, .. }, _) => {
            let help = "let it include only parts that do not include it";
            place_of(tpl, files).error("template", kind, help)
        }
        (ErrorKind::MissingParent { current, parent }, _) => {
            let message = format!("there is no template `{parent}` to extend");
            at(current, 1, 1).error("template", message, help("template"))
        }
        _ => place_of("templates", files).error("template", kind.as_str(), help(&kind)),
    };
    vec![Problem { quoted, ..problem }]
}

/// The errors of a text that tells several, each as a line with what it is and one with its place:
/// `error: Unknown filter …` and ` --> email.html:2:10`.
fn several(text: &str, at: impl Fn(&str, usize, usize) -> Place) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut message = "";
    for line in text.lines() {
        if let Some(said) = line.strip_prefix("error: ") {
            message = said;
        } else if let Some((file, line, column)) = line.trim().strip_prefix("--> ").and_then(parsed)
        {
            problems.push(at(file, line, column).error("template", lower(message), help(message)));
        }
    }
    problems
}

/// `email.html:2:10`
fn parsed(place: &str) -> Option<(&str, usize, usize)> {
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some((file, line.parse().ok()?, column.parse().ok()?))
}

fn help(message: &str) -> &'static str {
    let message = message.to_lowercase();
    let helps = [
        ("filter", "Tera's own filters can be used, and `breakable`, `isolate`, `say` and `wrap`"),
        ("template", "a template includes what lies beside it, or what comes with the program"),
        ("not defined", "docs/templates.md lists every value"),
    ];
    let found = helps.iter().find(|(sign, _)| message.contains(sign));
    found.map_or("templates are written in Tera", |(_, help)| help)
}

/// Templates that none of the others includes and that replace none: most likely a name is mistyped.
fn unused(texts: &[(&TemplateFile, &str)]) -> Vec<Problem> {
    let known: BTreeSet<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
    let is_named = |name: &str| {
        let quoted = [format!("\"{name}\""), format!("'{name}'")];
        texts.iter().any(|(_, text)| quoted.iter().any(|quoted| text.contains(quoted.as_str())))
    };
    let unused =
        texts.iter().filter(|(file, _)| !known.contains(file.name()) && !is_named(file.name()));
    let problem = |(file, _): &(&TemplateFile, &str)| {
        let names: Vec<&str> =
            known.iter().copied().filter(|name| !NOTICES.contains(name)).collect();
        let help = format!("templates that can be replaced: {}", names.join(", "));
        let problem =
            place(&file.place, 1, 1).error("template", "nothing uses this template", help);
        Problem { severity: Severity::Warning, ..problem }
    };
    unused.map(problem).collect()
}

fn place(file: &str, line: usize, column: usize) -> Place {
    Place { file: file.to_owned(), line, column, span: 0..0 }
}

/// The place of a line and column of a template, with the word that stands there.
fn place_in(file: &TemplateFile, line: usize, column: usize) -> Place {
    let text = file.text().unwrap_or_default();
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(before..).unwrap_or_default();
    let start =
        rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(start, _)| start);
    let word = rest.get(start..).unwrap_or_default();
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '"' | '-');
    let length = word.find(|c: char| !is_part(c)).unwrap_or(word.len()).max(1);
    let end = (before + start + length).min(text.len());
    Place { span: before + start..end, ..place(&file.place, line, column) }
}
