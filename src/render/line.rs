//! Texts on one line, and their spaces.

/// The text as one line that can be seen: line breaks become spaces, and characters that would turn its
/// direction or hide in it are left out. Characters that join letters, or keep them apart, stay.
pub(crate) fn one_line(text: &str) -> String {
    one_line_without(text, is_invisible)
}

/// True for what is not seen: it turns the direction of a text, or has no width.
pub(super) fn is_invisible(c: char) -> bool {
    turns_direction(c) || matches!(c, '\u{200b}' | '\u{feff}')
}

/// The text as one line without these characters.
pub(super) fn one_line_without(text: &str, left_out: impl Fn(char) -> bool) -> String {
    let text = text.replace(left_out, "");
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() && !is_no_break_space(c) || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// True for a character that turns the direction of its neighbours, and is not seen itself.
pub(crate) fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with a full stop, unless it has one.
pub(super) fn with_full_stop(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

/// The text with plain spaces. Lines must be final: in plain text no-break spaces have no place.
pub(super) fn with_plain_spaces(text: &str) -> String {
    text.replace(is_no_break_space, " ")
}

/// True for a space at which no line is broken.
pub(super) fn is_no_break_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{202f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_has_plain_spaces() {
        assert_eq!(with_plain_spaces("10.4\u{a0}% of 1\u{202f}204"), "10.4 % of 1 204");
    }
}
