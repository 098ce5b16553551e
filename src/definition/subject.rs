//! A definition's own subject: text, values in `{{ }}`, and conditions.
//!
//! The subject is a Tera template, and a template can run for ever or grow without bounds; a
//! definition must not. Tera has no limits of its own and keeps its syntax tree to itself, so that the
//! text is read here as Tera reads it (Tera 2.4, `parsing/lexer.rs`), and all that can loop or call
//! is refused: tags other than `if`, `for` within an expression, functions, components, maps, and
//! filters that a line does not need. What is left takes time and memory in proportion to its length,
//! but for filters that copy what they are given and for `~`, which `render` bounds.

mod scan;

use std::str::FromStr;

use super::limits::MAX_SUBJECT;
use scan::{Expression, Opening, Text};

pub use scan::{SUBJECT_FILTERS, SubjectError};

/// A subject as a definition has it: a Tera template without loops and calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    template: String,
    joined: Vec<Vec<String>>,
}

impl Subject {
    /// The template.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// The paths of the values in each expression that joins texts with `~`, such as `report.title` and
    /// `sections.0.of`; a path ends where only rendering tells how it goes on.
    pub fn joined(&self) -> &[Vec<String>] {
        &self.joined
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(template: &str) -> Result<Self, SubjectError> {
        let length = template.chars().count();
        if length > MAX_SUBJECT {
            let found = format!("the subject has {length} characters, {MAX_SUBJECT} are allowed");
            return Err(SubjectError { found, help: "write a shorter one".to_owned() });
        }
        let mut joined = Vec::new();
        let mut rest = Text::new(template);
        while let Some(opening) = rest.skip_to_opening() {
            let expression = match opening {
                Opening::Comment => {
                    rest.skip_comment()?;
                    continue;
                }
                Opening::Value => Expression::read(&mut rest, ["}}", "-}}"])?,
                Opening::Tag => {
                    rest.read_tag()?;
                    Expression::read(&mut rest, ["%}", "-%}"])?
                }
            };
            joined.extend(expression.has_join.then_some(expression.paths));
        }
        Ok(Self { template: template.to_owned(), joined })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loops, calls and copies without bounds are refused, in every way in which Tera reads them.
    #[test]
    fn loops_and_calls_are_refused_wherever_tera_would_see_them() {
        for (template, what) in [
            ("{% for a in range(end=3000) %}{% endfor %}", "the tag `for`"),
            ("{% set a = 'x' %}{{ a }}", "the tag `set`"),
            ("{%- set_global a = 'x' -%}", "the tag `set_global`"),
            ("{%set a%}x{%endset%}", "the tag `set`"),
            ("{% filter upper %}x{% endfilter %}", "the tag `filter`"),
            ("{% include 'email.html' %}", "the tag `include`"),
            ("{% raw %}{{ x }}{% endraw %}", "the tag `raw`"),
            ("{%--raw%}{%endraw%}", "a tag without a name"),
            ("{% component a() %}{% endcomponent %}", "the tag `component`"),
            ("{% <a> %}{% </a> %}", "a tag without a name"),
            ("{{ <a/> }}", "a component"),
            ("{{ 1 + <a/> }}", "a component"),
            ("{{ x and <a/> }}", "a component"),
            ("{{ [x for x in y] }}", "a loop"),
            ("{{ [1.for x in y] }}", "a loop"),
            ("{{ [is for x in y] }}", "a loop"),
            ("{{ [not for x in y] }}", "a loop"),
            ("{{ [x is not not for x in y] }}", "a loop"),
            ("{{ [x is defined for x in y] }}", "a loop"),
            ("{{ ['}}' for x in y] }}", "a loop"),
            ("{{ [\"\\\"}}\" for x in y] }}", "a loop"),
            ("{{ [`'` for x in y] }}", "a loop"),
            ("{{ [\n\tx\nfor x in y] }}", "a loop"),
            ("{# {{ #}{{ [x for x in y] }}", "a loop"),
            ("{{ range(end=3) }}", "the function `range`"),
            ("{{- range\t(end=3) -}}", "the function `range`"),
            ("{% if range(end=3) %}{% endif %}", "the function `range`"),
            ("{% if a %}{% elif range(end=3) %}{% endif %}", "the function `range`"),
            ("{{ [...range(end=3)] }}", "the function `range`"),
            ("{{ not range(end=3) }}", "the function `range`"),
            ("{{ a is defined and throw(message='x') }}", "the function `throw`"),
            ("{{ a | default(value=range(end=3)) }}", "the function `range`"),
            ("{{ a.range(end=3) }}", "the function `range`"),
            ("{{ {'a': {'a': '\\\\'} ~ ''} ~ '' }}", "a map"),
            ("{{ __tera_context }}", "`__tera_context`"),
            ("{{ __tera_context | length }}", "`__tera_context`"),
            ("{{ a | indent(width=1000) }}", "the filter `indent`"),
            ("{{ a | group_by(attribute='x') }}", "the filter `group_by`"),
            ("{{ 'a }}", "a text that ' begins and nothing ends"),
            ("{{ a", "a value or a tag that is not closed"),
            ("{# a", "a comment that is not closed"),
        ] {
            let error = template.parse::<Subject>().unwrap_err();
            assert!(error.found.starts_with(&format!("found {what} at")), "{template}: {error}");
            let is_filter = what.contains("filter") && !what.contains("tag");
            let allowed =
                if is_filter { "; 27 others" } else { "; text, values in double braces and `if`" };
            assert!(
                error.found.ends_with(&format!("{allowed} are allowed")),
                "{template}: {error}"
            );
        }
        let long = "é".repeat(1_001).parse::<Subject>().unwrap_err();
        assert_eq!(long.found, "the subject has 1001 characters, 1000 are allowed");
        assert!("é".repeat(1_000).parse::<Subject>().is_ok());
    }

    #[test]
    fn texts_values_and_conditions_are_subjects() {
        for template in [
            "Daily report",
            "100 % of { and } and }} and %} and #}",
            "{{ report.title }}, {{ window.label }}",
            "{# for #}{{- report.title | default(value='for {% for %}') -}}",
            "{% if attention %}{{ attention[0].name }}{% elif a <b %}x{%- else -%}y{% endif %}",
            "{{ 'range(end=3)' ~ \"[x for x in y]\" ~ `a \\` for` }}",
            "{{ sections[0]?.totals?[0].change?.text }}",
            "{{ not (a or b) and (c if (d) else (e)) }}",
            "{{ a is not divisible_by(divisor=2) }}{{ 1.5 * 2 }}{{ x.for }}{{ x['for'] }}",
            "{{ result | replace(from=';', to=',') | truncate(length=80) }}",
        ] {
            assert!(template.parse::<Subject>().is_ok(), "{template}");
        }
    }

    #[test]
    fn paths_of_joined_values_are_known() {
        let joined = |template: &str| template.parse::<Subject>().unwrap().joined().concat();
        assert!(joined("{{ report.title }}, {{ sections }}").is_empty());
        assert_eq!(
            joined("{{ report.title ~ ' ' ~ sections[0]?.rows[1]['names'][x.y] | say(a=run) }}"),
            ["report.title", "sections.0.rows.1.names", "x.y", "run"]
        );
        assert_eq!(joined("{{ (sections | length) ~ sections[0:2] }}"), ["sections"]);
        assert!(joined("{{ 'a.b' ~ true ~ 1.5 ~ none }}").is_empty());
    }
}
