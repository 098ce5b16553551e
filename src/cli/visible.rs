//! Texts as a terminal may show them.
//!
//! A name may hold anything, and what a terminal obeys, such as ESC, reaches none: it is replaced here. A name
//! or a key can't begin a line of its own either, nor turn what stands beside it.

use std::borrow::Cow;

use crate::render::turns_direction;

/// The text with U+FFFD in the place of every control character that does not end a line or indent it.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    replaced(text, is_obeyed, |_| char::REPLACEMENT_CHARACTER.to_string())
}

/// A name or a key as it is printed, or a line with some in it: with U+FFFD in the place of every character
/// that would control a terminal, end the line or turn its direction.
pub(super) fn single_line(text: &str) -> Cow<'_, str> {
    replaced(text, is_unfit, |_| char::REPLACEMENT_CHARACTER.to_string())
}

/// Says that this has no place in a name as it is printed.
pub(super) fn is_unfit(c: char) -> bool {
    c.is_control() || is_turning(c)
}

/// Says that a terminal obeys this rather than shows it; ends of lines and tabs give a text its form.
pub(super) fn is_obeyed(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
}

/// Says that this moves what stands beside it, or ends a line in other ways than a control character.
pub(super) fn is_turning(c: char) -> bool {
    turns_direction(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The text with something else in the place of some characters.
pub(super) fn replaced(
    text: &str,
    is_unfit: impl Fn(char) -> bool + Copy,
    by: impl Fn(char) -> String,
) -> Cow<'_, str> {
    if !text.contains(is_unfit) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| if is_unfit(c) { by(c) } else { c.to_string() };
    Cow::Owned(text.chars().map(shown).collect())
}
