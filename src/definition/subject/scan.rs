//! Reading a subject's template as Tera reads it: where values and tags begin and end, which names stand in
//! them, and what is refused.

/// The filters that a subject may use: Tera's own without those that make no line, and `say`.
pub const SUBJECT_FILTERS: [&str; 27] = [
    "abs",
    "capitalize",
    "default",
    "first",
    "float",
    "get",
    "int",
    "join",
    "last",
    "length",
    "lower",
    "nth",
    "pluralize",
    "replace",
    "reverse",
    "round",
    "safe",
    "say",
    "sort",
    "split",
    "str",
    "title",
    "trim",
    "trim_end",
    "trim_start",
    "truncate",
    "upper",
];

/// The tags that a subject may have.
const TAGS: [&str; 4] = ["if", "elif", "else", "endif"];

/// The words between operands; what follows one begins an operand.
const WORDS: [&str; 8] = ["and", "elif", "else", "if", "in", "is", "not", "or"];

/// The words that stand for a value and are no name of one.
const CONSTANTS: [&str; 7] = ["true", "True", "false", "False", "none", "None", "null"];

/// What a subject is made of.
const ALLOWED: &str = "text, values in double braces and `if` are allowed";

/// A part that a subject may not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found}; {help}")]
pub struct SubjectError {
    /// The part as it was found.
    pub found: String,
    /// The forms that are allowed, and how to mend it.
    pub help: String,
}

/// A sign that begins something else than text.
#[derive(Clone, Copy)]
pub(super) enum Opening {
    Value,
    Tag,
    Comment,
}

/// A template, and how far it is read, in bytes.
#[derive(Clone, Copy)]
pub(super) struct Text<'t> {
    all: &'t str,
    at: usize,
}

impl<'t> Text<'t> {
    /// The template, from its beginning.
    pub(super) fn new(all: &'t str) -> Self {
        Self { all, at: 0 }
    }

    fn rest(&self) -> &'t str {
        self.all.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.skip(rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_whitespace()).len());
    }

    /// Takes the text, if it is next.
    fn take(&mut self, text: &str) -> bool {
        let is_next = self.rest().starts_with(text);
        if is_next {
            self.skip(text.len());
        }
        is_next
    }

    /// Takes the name that is next, if there is one: ASCII letters, digits and `_`.
    fn take_name(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
        let name = rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next()?;
        name.starts_with(is_first).then(|| self.skip(name.len()))?;
        Some(name)
    }

    /// Takes the digits that are next; often none.
    fn take_digits(&mut self) -> &'t str {
        let rest = self.rest();
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        self.skip(digits.len());
        digits
    }

    /// Takes the text in quotes that is next, as it stands between them.
    fn take_quoted(&mut self) -> Result<Option<&'t str>, SubjectError> {
        let rest = self.rest();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else {
            return Ok(None);
        };
        let mut is_escaped = false;
        let end = rest.char_indices().skip(1).find(|(_, c)| {
            let ends = *c == quote && !is_escaped;
            is_escaped = *c == '\\' && !is_escaped;
            ends
        });
        let Some((end, _)) = end else {
            return Err(self.refused(format!("a text that {quote} begins and nothing ends"), None));
        };
        self.skip(end + 1);
        Ok(rest.get(1..end))
    }

    /// Skips the text before whatever begins next.
    pub(super) fn skip_to_opening(&mut self) -> Option<Opening> {
        let openings = [("{{", Opening::Value), ("{%", Opening::Tag), ("{#", Opening::Comment)];
        let found = openings
            .iter()
            .filter_map(|(sign, opening)| Some((self.rest().find(sign)?, *opening)))
            .min_by_key(|(at, _)| *at);
        let (at, opening) = found?;
        self.skip(at + 2);
        self.take("-");
        Some(opening)
    }

    pub(super) fn skip_comment(&mut self) -> Result<(), SubjectError> {
        let Some(end) = self.rest().find("#}") else {
            return Err(self.refused("a comment that is not closed".to_owned(), None));
        };
        self.skip(end + 2);
        Ok(())
    }

    /// Reads the name of a tag.
    pub(super) fn read_tag(&mut self) -> Result<(), SubjectError> {
        self.skip_space();
        let start = *self;
        let name = self.take_name().unwrap_or_default();
        if TAGS.contains(&name) {
            return Ok(());
        }
        let help = "a subject is text, {{ values }} and {% if … %}, {% elif … %}, {% else %}, \
                    {% endif %}";
        let what = match name {
            "" => "a tag without a name".to_owned(),
            name => format!("the tag `{name}`"),
        };
        Err(start.refused(what, Some(help.to_owned())))
    }

    fn tell_found(&self, what: &str, allowed: &str) -> String {
        let before = self.all.get(..self.at).unwrap_or_default();
        format!("found {what} at character {}; {allowed}", before.chars().count() + 1)
    }

    /// The error of something that may not stand here.
    fn refused(&self, what: String, help: Option<String>) -> SubjectError {
        let found = self.tell_found(&what, ALLOWED);
        let help = help.unwrap_or_else(|| {
            "close a value with `}}`, a tag with `%}`, a comment with `#}`, a text with its quote"
                .to_owned()
        });
        SubjectError { found, help }
    }
}

/// The kind of token that stands before another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// One that takes an operand after it, or the beginning.
    Operator,
    /// A value.
    Operand,
    /// `.`: a name is the field of a value.
    Dot,
    /// `|`: a name is a filter.
    Pipe,
    /// `is`: a name is a test.
    Is,
    /// `is not`
    IsNot,
}

/// A name in an expression.
struct Name<'t> {
    name: &'t str,
    /// The place at which it begins.
    start: Text<'t>,
    /// The text that follows it, without the space between.
    after: Text<'t>,
}

/// The parts of an expression that decide on its size.
pub(super) struct Expression {
    /// Says whether it joins texts with `~`.
    pub(super) has_join: bool,
    /// The paths of the values in it.
    pub(super) paths: Vec<String>,
}

impl Expression {
    /// Reads to one of the ends of an expression.
    pub(super) fn read(text: &mut Text<'_>, ends: [&str; 2]) -> Result<Self, SubjectError> {
        let mut expression = Self { has_join: false, paths: Vec::new() };
        let mut before = Before::Operator;
        loop {
            text.skip_space();
            if ends.into_iter().any(|end| text.take(end)) {
                return Ok(expression);
            }
            if text.take_quoted()?.is_some() {
                before = Before::Operand;
                continue;
            }
            let start = *text;
            before = match text.take_name() {
                Some(name) => {
                    let mut after = *text;
                    after.skip_space();
                    expression.read_name(&Name { name, start, after }, before)?
                }
                None => expression.read_sign(text, before)?,
            };
        }
    }

    fn read_name(&mut self, name: &Name<'_>, before: Before) -> Result<Before, SubjectError> {
        let Name { name, start, after } = *name;
        let is_called = after.rest().starts_with('(');
        match (before, name) {
            (Before::Dot, _) if !is_called => return Ok(Before::Operand),
            (Before::Pipe, name) => return read_filter(start, name),
            (Before::Is, "not") => return Ok(Before::IsNot),
            (Before::Is | Before::IsNot, _) => return Ok(Before::Operand),
            // Without a value before it, it is a name like others.
            (Before::Operand, "is") => return Ok(Before::Is),
            (_, name) if WORDS.contains(&name) => return Ok(Before::Operator),
            _ => {}
        }
        let refused = |what: String, help: &str| Err(start.refused(what, Some(help.to_owned())));
        if name == "for" {
            let help = "take the value itself, such as `sections[0].title`";
            return refused("a loop".to_owned(), help);
        }
        if name == "__tera_context" {
            let help = "name the value itself; docs/TEMPLATES.md lists them";
            return refused(format!("`{name}`"), help);
        }
        if is_called {
            let help = "a subject has values and filters, and calls no functions";
            return refused(format!("the function `{name}`"), help);
        }
        let is_argument = after.rest().starts_with('=') && !after.rest().starts_with("==");
        if !CONSTANTS.contains(&name) && !is_argument {
            self.paths.extend(path(start));
        }
        Ok(Before::Operand)
    }

    /// Reads a number or a sign.
    fn read_sign(&mut self, text: &mut Text<'_>, before: Before) -> Result<Before, SubjectError> {
        let rest = text.rest();
        let Some(sign) = rest.chars().next() else {
            return Err(text.refused("a value or a tag that is not closed".to_owned(), None));
        };
        if sign.is_ascii_digit() {
            text.take_digits();
            // A number may end in a dot, and what follows is then no field of it.
            if text.take(".") {
                text.take_digits();
            }
            return Ok(Before::Operand);
        }
        let start = *text;
        let refused = |what: &str| {
            let help = "a subject has values, texts, numbers, lists and filters".to_owned();
            Err(start.refused(what.to_owned(), Some(help)))
        };
        text.skip(sign.len_utf8());
        let mut after = *text;
        after.skip_space();
        if sign == '<' && before != Before::Operand && after.take_name().is_some() {
            return refused("a component");
        }
        // Within each other and with `~` they double what they hold.
        if sign == '{' {
            return refused("a map");
        }
        self.has_join |= sign == '~';
        Ok(match sign {
            '|' => Before::Pipe,
            // Three of them spread a list, and a name after them is one of its own.
            '.' if text.take("..") => Before::Operator,
            '.' => Before::Dot,
            ')' | ']' | '}' => Before::Operand,
            _ => Before::Operator,
        })
    }
}

fn read_filter(start: Text<'_>, name: &str) -> Result<Before, SubjectError> {
    if SUBJECT_FILTERS.contains(&name) {
        return Ok(Before::Operand);
    }
    let help = format!("filters of a subject: {}", SUBJECT_FILTERS.join(", "));
    let allowed = format!("{} others are allowed", SUBJECT_FILTERS.len());
    Err(SubjectError { found: start.tell_found(&format!("the filter `{name}`"), &allowed), help })
}

/// The path that begins here, as far as it stands written: `sections.0.title` of
/// `sections[0]["title"]`. What only the length of is asked for is none.
fn path(mut text: Text<'_>) -> Option<String> {
    let mut path = text.take_name()?.to_owned();
    while let Some(step) = step(&mut text) {
        path.push('.');
        path.push_str(&step);
    }
    text.skip_space();
    let is_measured = text.take("|") && {
        text.skip_space();
        text.take_name() == Some("length")
    };
    (!is_measured).then_some(path)
}

/// Takes one step of a path: `.name`, `[0]` or `["name"]`, each also with `?` before it.
fn step(text: &mut Text<'_>) -> Option<String> {
    let mut after = *text;
    after.skip_space();
    after.take("?");
    let step = if after.take(".") {
        after.skip_space();
        after.take_name()?.to_owned()
    } else if after.take("[") {
        after.skip_space();
        let step = match after.take_quoted().ok()? {
            Some(name) => name.to_owned(),
            None => after.take_digits().to_owned(),
        };
        after.skip_space();
        let is_plain = !step.is_empty() && !step.contains(['.', '\\']);
        (is_plain && after.take("]")).then_some(step)?
    } else {
        return None;
    };
    *text = after;
    Some(step)
}
