//! Mistakes in the TOML itself, told with what helps against those that people make.

use std::collections::BTreeSet;
use std::ops::Range;

use super::problem::Problems;

/// Tells the parser's errors.
///
/// A bracket that is not closed makes the parser see an error in every line that follows, and so
/// does a second `[section]`; then only these are told, and what stands before them. Something that
/// another format would write, such as `//`, is told once a line.
pub(super) fn report(problems: &Problems<'_>, errors: &[toml::de::Error]) {
    if errors.is_empty() {
        return;
    }
    let text = problems.text_of_file();
    let unclosed = unclosed_bracket(text);
    let mut told_until = unclosed.unwrap_or(usize::MAX);
    let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    let foreign_lines: BTreeSet<usize> = errors
        .iter()
        .filter(|error| foreign(text, start(error)).is_some())
        .map(|error| problems.line_number(start(error)))
        .collect();
    let mut told_lines = BTreeSet::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let line = problems.line_number(span.start);
        if span.start >= told_until || told_lines.contains(&line) {
            continue;
        }
        if is_second_section(text, &span, error.message()) {
            told_until = span.end;
            let header = single_brackets(text).unwrap_or(span);
            let help = "write each section under [[section]], with two brackets";
            problems.error(&header, "syntax", "a section stands under single brackets", help);
        } else if let Some(Foreign { length, message, help }) = foreign(text, span.start) {
            told_lines.insert(line);
            problems.error(&(span.start..span.start + length), "syntax", message, help);
        } else if !foreign_lines.contains(&line) {
            // To look for what helps takes a look at the whole text.
            let help = if problems.tells_errors() {
                help(text, &span, error.message())
            } else {
                String::new()
            };
            problems.error(&span, "syntax", message(error.message()), help);
        }
    }
    if let Some(bracket) = unclosed {
        let closing =
            if text.get(bracket..).is_some_and(|t| t.starts_with('[')) { ']' } else { '}' };
        let help = format!("add `{closing}` where the list or table ends");
        problems.error(&(bracket..bracket + 1), "syntax", "this bracket is not closed", help);
    }
}

/// The parser's message, in this program's words where its own tell no number.
fn message(of_parser: &str) -> &str {
    // The parser gives no depth away; it stops at its limit (crate toml 1.2, `LIMIT`).
    if of_parser.contains("recur") {
        return "lists, tables or the parts of a key stand more than 80 deep in each other here, 80 are allowed";
    }
    of_parser
}

/// The help where nothing better is known.
const USUAL_HELP: &str = "mend the TOML here; https://toml.io describes the format";

/// Tells whether a section stands under single brackets, and another under single or double ones.
fn is_second_section(text: &str, span: &Range<usize>, message: &str) -> bool {
    message.contains("duplicate key") && text.get(span.clone()) == Some("section")
}

/// The first section under single brackets.
fn single_brackets(text: &str) -> Option<Range<usize>> {
    const HEADER: &str = "[section]";
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        if line.trim_start().starts_with(HEADER) {
            return Some(offset + indent..offset + indent + HEADER.len());
        }
        offset += line.len();
    }
    None
}

/// Something that another format would write here.
struct Foreign {
    /// Bytes.
    length: usize,
    message: String,
    help: &'static str,
}

/// Finds at an offset what TOML does not have, and other formats or word processors do.
fn foreign(text: &str, offset: usize) -> Option<Foreign> {
    let (before, here) = text.split_at_checked(offset)?;
    let first = here.chars().next()?;
    if here.starts_with("//") {
        let message = "`//` does not begin a comment".to_owned();
        return Some(Foreign { length: 2, message, help: "write `#` in its place" });
    }
    if first == ':' && is_after_key(before) {
        let message = "`:` does not give a key its value".to_owned();
        let help = "write `=` in its place, as in title = \"Small\"";
        return Some(Foreign { length: 1, message, help });
    }
    // Blanks beside the two of TOML, and marks without any width.
    let is_invisible =
        first.is_whitespace() || matches!(first, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    if is_invisible && !first.is_ascii() {
        let what = if first == '\u{a0}' { "a no-break space" } else { "no ordinary space" };
        let message = format!("this is {what} (U+{:04X})", u32::from(first));
        let help = "write an ordinary space in its place, or remove it";
        return Some(Foreign { length: first.len_utf8(), message, help });
    }
    None
}

/// The number of bytes before a sign that are looked at.
const LONGEST_KEY: usize = 256;

/// Tells whether a key without a value yet stands before what follows.
fn is_after_key(before: &str) -> bool {
    // A key is no longer.
    let near = before.len().saturating_sub(LONGEST_KEY);
    let near = (near..before.len()).find_map(|start| before.get(start..)).unwrap_or_default();
    let entry = near.rsplit(['\n', '{', ',']).next().unwrap_or_default().trim();
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '"' | '\'');
    !entry.contains('=') && entry.ends_with(is_part)
}

/// The number of characters of a line that are looked at behind a mistake.
const LOOKED_AT: usize = 200;

/// What helps against an error of the parser.
fn help(text: &str, span: &Range<usize>, message: &str) -> String {
    const HELP: &[(&str, &str)] = &[
        ("recur", "remove brackets or dots: nothing in a definition stands more than five deep"),
        ("missing comma", "put a comma between the two"),
        ("must be quoted", "put the text into quotation marks, as in title = \"Small\""),
        ("key with no value", "put `=` between the key and its value"),
        ("invalid basic string", "close the text with a quotation mark on the same line"),
        ("escape", "write \\\\ for a backslash, or put the text into single quotation marks"),
        ("unicode", "write \\\\ for a backslash, or put the text into single quotation marks"),
        ("duplicate key", "remove one of the two, or give it another name"),
    ];
    let here = text.get(span.start..).unwrap_or_default();
    // A line may be as long as the text, and a hundred mistakes of it are told.
    let end = here.char_indices().nth(LOOKED_AT).map_or(here.len(), |(end, _)| end);
    let line = here.get(..end).and_then(|near| near.lines().next()).unwrap_or_default();
    if line.contains(['“', '”', '„', '‘', '’']) {
        return "write straight quotation marks: \"".to_owned();
    }
    if line.starts_with("True") || line.starts_with("False") {
        return "write true or false, in small letters".to_owned();
    }
    if message.contains("duplicate key")
        && let Some(help) = the_other(text, span)
    {
        return help;
    }
    let known = HELP.iter().find(|(part, _)| message.contains(part));
    let help = known.map_or(USUAL_HELP, |k| k.1);
    help.to_owned()
}

/// Tells the line of a table or a key that stands here again.
fn the_other(text: &str, span: &Range<usize>) -> Option<String> {
    let key = text.get(span.clone())?;
    let before = text.get(..span.start)?;
    let header = format!("[{key}]");
    if before.ends_with('[') {
        let line = before.lines().position(|line| line.trim_start().starts_with(&header))? + 1;
        return Some(format!("{header} stands in line {line} already: put both under one of them"));
    }
    let lines: Vec<&str> = before.lines().collect();
    let start = lines.iter().rposition(|line| line.trim_start().starts_with('['));
    let gives = |line: &&str| {
        let rest = line.trim_start().strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let start = start.unwrap_or(0);
    let line = start + lines.get(start..)?.iter().position(gives)? + 1;
    Some(format!("`{key}` stands in line {line} already: remove one of the two"))
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
