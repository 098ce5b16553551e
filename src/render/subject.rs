//! Subjects: one line, whatever a definition's template makes of it.
//!
//! A definition's own subject is rendered by an engine of its own, without templates to include and
//! with bounds on all that can grow: it can fail, and can't take the others' time or memory.

mod check;
mod filters;

use tera::{Context, Tera, Value};
use unicode_width::UnicodeWidthChar as _;

use super::bounded::Bounded;
use super::failure::Failure;
use super::isolate::{ISOLATE_END, ISOLATE_START, balance_isolates};
use super::line::{is_invisible, one_line, one_line_without};
use crate::definition::Subject;

#[cfg(any(test, feature = "cli"))]
pub(super) use check::example_table;
pub use check::{check_subject, example_window};

/// The longest subject of a mail, in characters; mail programs show far fewer.
const MOST_CHARACTERS: usize = 250;

/// The most that a template's output is looked at, in bytes.
const MOST_BYTES: usize = 10_000;

/// The most text that the values of one expression with `~` have together, in bytes.
const MOST_JOINED: usize = 100_000;

/// Renders the subjects of definitions.
#[derive(Clone, Debug)]
pub(super) struct Subjects(Tera);

impl Subjects {
    pub(super) fn new() -> Self {
        let mut tera = Tera::new();
        filters::register(&mut tera);
        Self(tera)
    }

    /// The text that a subject's template makes; its beginning, if that is more than anybody reads.
    pub(super) fn render(&self, subject: &Subject, context: &Context) -> Result<String, Failure> {
        for paths in subject.joined() {
            let sizes = paths.iter().map(|path| size_at(path, context));
            if sizes.fold(0, usize::saturating_add) > MOST_JOINED {
                let kind = "`~` joins texts and numbers, and a value here is too large for it";
                return Err(Failure { spot: None, kind: kind.to_owned(), quoted: None });
            }
        }
        let mut beginning = Bounded::new(MOST_BYTES);
        // Not escaped: a header is no HTML.
        let rendered = self.0.render_str_to(subject.template(), context, false, &mut beginning);
        match rendered {
            Err(error) if !beginning.is_full() => Err(Failure::new(&error)),
            _ => Ok(beginning.into_text()),
        }
    }
}

/// Measures the text of the value at a path, in bytes, up to the most that is allowed.
fn size_at(path: &str, context: &Context) -> usize {
    let (root, rest) = path.split_once('.').map_or((path, None), |(root, rest)| (root, Some(rest)));
    let root = context.get(root);
    let value = root.and_then(|root| rest.map_or(Some(root), |rest| root.get_from_path(rest)));
    let mut left = MOST_JOINED + 1;
    if let Some(value) = value {
        subtract_size(value, &mut left);
    }
    MOST_JOINED + 1 - left
}

/// Subtracts the size of a value's text from what is left, until nothing is.
fn subtract_size(value: &Value, left: &mut usize) {
    /// The size of a number, or of the signs around the contents of a list or a map.
    const NUMBER_BYTES: usize = 24;
    *left = left.saturating_sub(value.as_str().map_or(NUMBER_BYTES, str::len));
    let members = value.as_map().into_iter().flatten();
    let members =
        members.map(|(name, value)| (name.as_str().map_or(NUMBER_BYTES, str::len), value));
    let items = value.as_array().into_iter().flatten().map(|value| (0, value));
    for (name, value) in members.chain(items) {
        if *left == 0 {
            return;
        }
        *left = left.saturating_sub(name);
        subtract_size(value, left);
    }
}

/// The text as a subject: one line, cut where it is too long. Names from right to left stay by themselves:
/// whatever is cut, each isolate ends.
pub(super) fn subject_line(text: &str) -> String {
    if one_line(text).is_empty() {
        return String::new();
    }
    let line =
        one_line_without(text, |c| is_invisible(c) && !matches!(c, ISOLATE_START | ISOLATE_END));
    let line = balance_isolates(&line);
    let characters: Vec<char> = line.chars().collect();
    if characters.len() <= MOST_CHARACTERS {
        return line;
    }
    let mut ends = (1..MOST_CHARACTERS)
        .rev()
        .filter(|end| cut_at(&characters, *end).chars().count() <= MOST_CHARACTERS);
    let end = ends.clone().find(|end| is_border(&characters, *end)).or_else(|| ends.next());
    end.map_or_else(|| "…".to_owned(), |end| cut_at(&characters, end))
}

/// So many of the characters, with a sign that more followed.
fn cut_at(characters: &[char], end: usize) -> String {
    let kept: String = characters.iter().take(end).collect();
    balance_isolates(&format!("{}…", kept.trim_end()))
}

/// Tells whether readers see what is before a place and what is after it as characters of their own
/// (UAX 29, in short: marks, joined emoji, skin tones and flags stay whole).
fn is_border(characters: &[char], at: usize) -> bool {
    const ZERO_WIDTH_JOINER: char = '\u{200d}';
    let is_flag = |c: &char| matches!(c, '\u{1f1e6}'..='\u{1f1ff}');
    let (before, after) = characters.split_at(at.min(characters.len()));
    let flags = before.iter().rev().take_while(|c| is_flag(c)).count();
    match (before.last(), after.first()) {
        (Some(&ZERO_WIDTH_JOINER), _) => false,
        (_, Some(next)) => {
            let extends = next.width() == Some(0) || matches!(next, '\u{1f3fb}'..='\u{1f3ff}');
            !(extends || is_flag(next) && flags % 2 == 1)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rendered(template: &str) -> Result<String, String> {
        let mut context = Context::new();
        context.insert("title", "Daily");
        context.insert("long", &"x".repeat(9_000));
        context.insert("language", "de");
        context.insert("rows", &vec![vec!["a long name"; 100]; 1_000]);
        let subject: Subject = template.parse().map_err(|error| format!("{error}"))?;
        let made = Subjects::new().render(&subject, &context);
        made.map_err(|failure| failure.kind)
    }

    /// A template that the scan lets through and that could grow ends early: in an error, or in its beginning.
    #[test]
    fn what_grows_ends() {
        let many = |one: &str| one.repeat((990 - 20) / one.len());
        let within = |open: &str, close: &str| {
            format!("{{{{ {}'\\\\\\\\'{} }}}}", open.repeat(30), close.repeat(30))
        };
        for template in [
            format!("{{{{ long{} }}}}", many(" | replace(from='x', to='xx')")),
            format!("{{{{ title{} }}}}", many(" | replace(from='', to='xxxxxxxx')")),
            format!("{{{{ long{} }}}}", many(" | split(pat='x') | join(sep='xx')")),
            format!("{{{{ '{}' | say(a=long) }}}}", "{a}".repeat(300)),
            format!("{{{{ rows{} }}}}", many(" ~ rows")),
            format!("{{{{ [rows, rows{}] ~ '' }}}}", many(", rows")),
            format!("{{{{ [{}] | join }}}}", many("rows, ")),
            "{{ rows | str }}".to_owned(),
            within("(", " | split(pat='x') ~ '')"),
        ] {
            assert!(rendered(&template).is_err(), "{template}");
        }
        for template in [
            format!("{{{{ long{} }}}}", many(" ~ title")),
            format!("{{{{ long{} }}}}", many(" |say(a=long)")),
            "{{ rows }}".to_owned(),
            "{{ [rows, rows] }}".to_owned(),
            format!("{}x{}", "{% if title %}".repeat(38), "{% endif %}".repeat(38)),
            format!("{{% if not title %}}{}{{% else %}}x{{% endif %}}", many("{% elif 0 %}")),
            format!("{{{{ long{} }}}}", many(" | truncate(length=9000, end=long)")),
            format!("{{{{ title{} }}}}", many(" | trim(pat='')")),
            "{{ (rows | length) ~ ' rows' }}".to_owned(),
        ] {
            let made = rendered(&template).unwrap();
            assert!(!made.is_empty() && made.len() <= MOST_BYTES, "{template}: {}", made.len());
        }
    }

    #[test]
    fn filters_of_subjects_do_what_teras_do() {
        for (template, expected) in [
            ("{{ title | replace(from='ai', to='') }}", "Dly"),
            ("{{ 'a, b' | split(pat=', ') | join(sep='/') }}", "a/b"),
            ("{{ [1, 2.5, title, none, true] | join }}", "12.5Dailytrue"),
            ("{{ 1.5 | str }}{{ none | str }}", "1.5"),
            ("{{ 'Needs attention' | say }}", "Zu beachten"),
            ("{{ title ~ ', ' ~ rows[0][0] ~ 1 }}", "Daily, a long name1"),
        ] {
            assert_eq!(rendered(template).as_deref(), Ok(expected), "{template}");
        }
    }

    /// Marks that move text are left out of a subject, but for isolates that end.
    #[test]
    fn isolates_of_names_stay_and_end() {
        for (text, expected) in [
            ("\u{2068}מוקד\u{2069}, 23", "\u{2068}מוקד\u{2069}, 23"),
            ("\u{2068}מוקד, 23", "\u{2068}מוקד, 23\u{2069}"),
            ("\u{2069}a\u{2069} \u{202e}b\u{2067}", "a b"),
            ("\u{2068}\u{2069} \n", ""),
        ] {
            assert_eq!(subject_line(text), expected, "{text:?}");
        }
        let cut = subject_line(&format!("\u{2068}{}\u{2069}, 23", "מ".repeat(300)));
        assert_eq!(cut, format!("\u{2068}{}…\u{2069}", "מ".repeat(247)));
        assert_eq!(cut.chars().count(), MOST_CHARACTERS);
    }

    proptest! {
        #[test]
        fn isolates_of_subjects_are_balanced(text in "[a-cא-ג\u{2068}\u{2069}\u{202e} ]{0,300}") {
            let line = subject_line(&text);
            prop_assert!(line.chars().count() <= MOST_CHARACTERS);
            prop_assert_eq!(&balance_isolates(&line), &line);
            prop_assert_eq!(line.find('\u{202e}'), None);
        }
    }

    #[test]
    fn a_long_subject_is_cut_between_characters() {
        assert_eq!(subject_line(&"é".repeat(250)), "é".repeat(250));
        assert_eq!(subject_line(&"é".repeat(251)), format!("{}…", "é".repeat(249)));
        let words = format!("{} {}", "a".repeat(248), "b".repeat(9));
        assert_eq!(subject_line(&words), format!("{}…", "a".repeat(248)));
        for whole in ["e\u{301}", "👩\u{200d}🚀", "👍🏽", "🇩🇪", "☎\u{fe0f}"] {
            let before = "a".repeat(248);
            let cut = subject_line(&format!("{before}{whole}{}", "b".repeat(9)));
            assert_eq!(cut, format!("{before}…"), "{whole}");
        }
    }
}
