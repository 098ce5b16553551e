//! Templates of one's own, in the place of those that come with the program.
//!
//! A file replaces the template of its name; any other is a part that these may include. Everything
//! that can be wrong with the text of one is found by adding all of them; what it makes is tried in
//! [`trial`](super::trial).

use std::collections::BTreeSet;

use tera::ErrorKind;

use super::built_in::{BUILT_IN, NOTICE_TEMPLATES};
use super::failure::{Failure, Spot, lowercase_first};
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

    /// Tells whether this is a template's name rather than that of something else that lies beside them.
    pub fn is_template(name: &str) -> bool {
        TEMPLATE_ENDINGS.iter().any(|ending| name.ends_with(ending))
    }
}

/// Values are escaped by these endings, or by that of a text not at all.
const TEMPLATE_ENDINGS: [&str; 3] = [".html", ".txt", ".svg"];

impl Templates {
    /// The templates with some of one's own, which are read and not tried.
    ///
    /// # Errors
    /// Everything that is wrong with their texts, each with its file, line and column; warnings too,
    /// which keep nobody from using them.
    pub fn read(files: &[TemplateFile]) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let built_in = Self::built_in().map_err(|error| {
            vec![template_place("templates", 1, 1).error(
                "template",
                error.message,
                "report this defect",
            )]
        })?;
        let mut problems = Vec::new();
        let texts: Vec<(&TemplateFile, &str)> = files
            .iter()
            .filter_map(|file| Some((file, template_text(file, &mut problems)?)))
            .collect();
        problems
            .extend(texts.iter().flat_map(|(file, text)| syntax_problems(&built_in, file, text)));
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut templates = built_in;
        let named = texts.iter().map(|(file, text)| (file.name(), *text));
        if let Err(error) = templates.tera.add_raw_templates(named) {
            return Err(error_problems(&error, files)
                .into_iter()
                .chain(unused_templates(&texts))
                .collect());
        }
        templates.places =
            files.iter().map(|file| (file.name().to_owned(), file.place.clone())).collect();
        Ok((templates, unused_templates(&texts)))
    }
}

fn template_text<'f>(file: &'f TemplateFile, problems: &mut Vec<Problem>) -> Option<&'f str> {
    let at = template_place(&file.place, 1, 1);
    if NOTICE_TEMPLATES.contains(&file.name()) {
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
    template_place(TemplateFile::behind(name, files).map_or(name, |file| &file.place), 1, 1)
}

/// The mistakes that keep a template from being read at all: Tera itself would tell one only.
fn syntax_problems(built_in: &Templates, file: &TemplateFile, text: &str) -> Vec<Problem> {
    let error = built_in.tera.clone().add_raw_template(file.name(), text).err();
    let of_syntax = error.filter(|error| matches!(error.kind(), ErrorKind::SyntaxError(_)));
    of_syntax.map_or_else(Vec::new, |error| error_problems(&error, std::slice::from_ref(file)))
}

/// The place of a line and column of a template, which may be one of the program's own.
fn position_place(files: &[TemplateFile], name: &str, line: usize, column: usize) -> Place {
    match files.iter().find(|file| file.name() == name) {
        Some(file) => place_in(file, line, column),
        None => template_place(name, line, column),
    }
}

/// An error of Tera's as problems with their places.
pub(super) fn error_problems(error: &tera::Error, files: &[TemplateFile]) -> Vec<Problem> {
    let several = match error.kind() {
        ErrorKind::Msg(text) => listed_problems(text, files),
        _ => Vec::new(),
    };
    if !several.is_empty() {
        return several;
    }
    let Failure { spot, kind, quoted } = Failure::new(error);
    let problem = match (error.kind(), spot) {
        (_, Some(Spot { template, line, column })) => {
            let said = quoted.as_deref().unwrap_or(&kind);
            position_place(files, &template, line, column).error(
                "template",
                kind.as_str(),
                help_for(said),
            )
        }
        (ErrorKind::CircularInclude { tpl, .. }, _) => {
            let help = "let it include only parts that do not include it";
            place_of(tpl, files).error("template", kind, help)
        }
        (ErrorKind::MissingParent { current, parent }, _) => {
            let message = format!("there is no template `{parent}` to extend");
            position_place(files, current, 1, 1).error("template", message, help_for("template"))
        }
        _ => place_of("templates", files).error("template", kind.as_str(), help_for(&kind)),
    };
    vec![Problem { quoted, ..problem }]
}

/// The errors of a text that tells several, each as a line with what it is and one with its place:
/// `error: Unknown filter …` and ` --> email.html:2:10`.
fn listed_problems(text: &str, files: &[TemplateFile]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut message = "";
    for line in text.lines() {
        if let Some(said) = line.strip_prefix("error: ") {
            message = said;
        } else if let Some((file, line, column)) =
            line.trim().strip_prefix("--> ").and_then(parse_position)
        {
            let place = position_place(files, file, line, column);
            problems.push(place.error("template", lowercase_first(message), help_for(message)));
        }
    }
    problems
}

/// `email.html:2:10`
fn parse_position(place: &str) -> Option<(&str, usize, usize)> {
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some((file, line.parse().ok()?, column.parse().ok()?))
}

fn help_for(message: &str) -> &'static str {
    let message = message.to_lowercase();
    let helps = [
        ("filter", "Tera's own filters can be used, and `breakable`, `isolate`, `say` and `wrap`"),
        ("template", "a template includes what lies beside it, or what comes with the program"),
        ("not defined", "docs/TEMPLATES.md lists every value"),
    ];
    let found = helps.iter().find(|(sign, _)| message.contains(sign));
    found.map_or("templates are written in Tera", |(_, help)| help)
}

/// Templates that none of the others includes and that replace none: most likely a name is mistyped.
fn unused_templates(texts: &[(&TemplateFile, &str)]) -> Vec<Problem> {
    let known: BTreeSet<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
    let replaceable: Vec<&str> =
        known.iter().copied().filter(|name| !NOTICE_TEMPLATES.contains(name)).collect();
    let help = format!("templates that can be replaced: {}", replaceable.join(", "));
    let files = texts.iter().map(|(file, _)| *file);
    files
        .filter(|file| !known.contains(file.name()) && !is_named(file.name(), texts))
        .map(|file| {
            let place = template_place(&file.place, 1, 1);
            let problem = place.error("template", "nothing uses this template", help.as_str());
            Problem { severity: Severity::Warning, ..problem }
        })
        .collect()
}

/// Tells whether one of these texts names a template, in quotes of either kind.
fn is_named(name: &str, texts: &[(&TemplateFile, &str)]) -> bool {
    let quoted = [format!("\"{name}\""), format!("'{name}'")];
    texts.iter().any(|(_, text)| quoted.iter().any(|quoted| text.contains(quoted.as_str())))
}

fn template_place(file: &str, line: usize, column: usize) -> Place {
    Place { file: file.into(), line, column, span: 0..0 }
}

/// The place of a line and column of a template, with the word that stands there.
fn place_in(file: &TemplateFile, line: usize, column: usize) -> Place {
    let text = file.text().unwrap_or_default();
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(before..).unwrap_or_default();
    let start =
        rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(start, _)| start);
    let word = rest.get(start..).unwrap_or_default();
    let length = word.find(|c: char| !is_word_part(c)).unwrap_or(word.len()).max(1);
    let end = (before + start + length).min(text.len());
    Place { span: before + start..end, ..template_place(&file.place, line, column) }
}

/// Tells whether a character belongs to a word of a template, such as a path or a text in quotes.
fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '"' | '-')
}
