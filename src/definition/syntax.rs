//! Mistakes in the TOML itself, told with what helps against those that people make.

use std::ops::Range;

use super::problem::Problems;

/// Tells the parser's errors.
///
/// A bracket that is not closed makes the parser see an error in every line that follows, and so
/// does a second `[section]`; then only these are told, and what stands before them.
pub(super) fn report(problems: &Problems<'_>, errors: &[toml::de::Error]) {
    if errors.is_empty() {
        return;
    }
    let text = problems.text_of_file();
    let unclosed = unclosed_bracket(text);
    let mut told_until = unclosed.unwrap_or(usize::MAX);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        if span.start >= told_until {
            continue;
        }
        if is_second_section(text, &span, error.message()) {
            told_until = span.end;
        }
        problems.error(&span, "syntax", error.message(), help(text, &span, error.message()));
    }
    if let Some(bracket) = unclosed {
        let closing =
            if text.get(bracket..).is_some_and(|t| t.starts_with('[')) { ']' } else { '}' };
        let help = format!("add `{closing}` where the list or table ends");
        problems.error(&(bracket..bracket + 1), "syntax", "this bracket is not closed", help);
    }
}

/// Whether a section stands under single brackets, as one before it does.
fn is_second_section(text: &str, span: &Range<usize>, message: &str) -> bool {
    message.contains("duplicate key") && text.get(span.clone()) == Some("section")
}

/// What helps against an error of the parser.
fn help(text: &str, span: &Range<usize>, message: &str) -> &'static str {
    const HELP: &[(&str, &str)] = &[
        ("missing comma", "put a comma between the two"),
        ("must be quoted", "put the text into quotation marks, as in title = \"Small\""),
        ("key with no value", "put `=` between the key and its value"),
        ("invalid basic string", "close the text with a quotation mark on the same line"),
        ("escape", "write \\\\ for a backslash, or put the text into single quotation marks"),
        ("unicode", "write \\\\ for a backslash, or put the text into single quotation marks"),
        ("duplicate key", "remove one of the two, or give it another name"),
    ];
    let here = text.get(span.start..).unwrap_or_default();
    let line = here.lines().next().unwrap_or_default();
    if is_second_section(text, span, message) {
        return "write each section under [[section]], with two brackets";
    }
    if line.contains(['“', '”', '„', '‘', '’']) {
        return "write straight quotation marks: \"";
    }
    if line.starts_with("True") || line.starts_with("False") {
        return "write true or false, in small letters";
    }
    let known = HELP.iter().find(|(part, _)| message.contains(part));
    known.map_or("mend the TOML here; https://toml.io describes the format", |(_, help)| help)
}

/// The first bracket of a value that a new line of another key or table follows before its end.
fn unclosed_bracket(text: &str) -> Option<usize> {
    let mut open: Vec<usize> = Vec::new();
    let mut offset = 0;
    let mut quote: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        if quote.is_none()
            && starts_anew(line)
            && let Some(bracket) = open.first()
        {
            return Some(*bracket);
        }
        let is_header = open.is_empty() && quote.is_none() && line.trim_start().starts_with('[');
        if !is_header {
            scan(line, offset, &mut open, &mut quote);
        }
        offset += line.len();
    }
    open.first().copied()
}

/// Whether a line starts a table, or gives a key at the start of the line its value: values that
/// go on over lines are indented.
fn starts_anew(line: &str) -> bool {
    let is_key = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name = line.trim_start_matches('[');
    let rest = name.trim_start_matches(is_key);
    let has_name = rest.len() < name.len();
    let is_table = name.len() < line.len() && rest.starts_with(']');
    let is_value = name.len() == line.len() && rest.trim_start().starts_with('=');
    has_name && (is_table || is_value)
}

/// Follows brackets and quotation marks through a line.
fn scan<'l>(line: &'l str, offset: usize, open: &mut Vec<usize>, quote: &mut Option<&'l str>) {
    let mut at = 0;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let step = rest.chars().next().map_or(1, char::len_utf8);
        let mark = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|mark| rest.starts_with(mark));
        match (*quote, mark) {
            (Some(quoted), _) if quoted.starts_with('"') && rest.starts_with('\\') => at += 1,
            (Some(quoted), _) if rest.starts_with(quoted) => {
                *quote = None;
                at += quoted.len() - step;
            }
            (Some(_), _) => {}
            (None, Some(mark)) => {
                *quote = Some(mark);
                at += mark.len() - step;
            }
            (None, None) if rest.starts_with('#') => return end_line(quote),
            (None, None) if rest.starts_with(['[', '{']) => open.push(offset + at),
            (None, None) if rest.starts_with([']', '}']) => drop(open.pop()),
            (None, None) => {}
        }
        at += step;
    }
    end_line(quote);
}

/// Only texts in triple quotation marks go on in the next line.
fn end_line(quote: &mut Option<&str>) {
    *quote = quote.filter(|mark| mark.len() == 3);
}

#[cfg(test)]
mod tests {
    use super::unclosed_bracket;

    #[test]
    fn brackets_that_are_not_closed_are_found() {
        for (text, expected) in [
            ("a = [1, 2]\nb = { c = [\"]\"] } # [\n[x]\n", None),
            ("to = [\"a\"\nsubject = \"x\"\n", Some(5)),
            ("to = [\n  \"a\", # ]\n  'b]'\n]\n", None),
            ("a = [\n  { b = 1,\n    c = 2 }\n]\n", None),
            ("a = { b = [1\n\n[[section]]\n", Some(4)),
            ("a = \"\"\"\n[\nb = 1\n\"\"\"\nc = [\n", Some(24)),
            ("a = \"\\\"[\"\nb = 1\n", None),
        ] {
            assert_eq!(unclosed_bracket(text), expected, "{text}");
        }
    }
}
