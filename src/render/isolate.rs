//! Names from right to left among texts from left to right.
//!
//! Figures behind an Arabic or Hebrew name would be taken for a part of it and move to its other side (Unicode
//! Standard Annex 9). Where such a name stands on a line with something else, isolates keep it to itself. Names
//! of other scripts need none and get none.

use unicode_bidi::{BidiClass, bidi_class};

use super::line::one_line;

/// Begins a part whose direction is that of its own first letter (FIRST STRONG ISOLATE).
pub(super) const ISOLATE_START: char = '\u{2068}';
/// Ends it (POP DIRECTIONAL ISOLATE).
pub(super) const ISOLATE_END: char = '\u{2069}';

/// A text of somebody else's as one line, which moves nothing of what stands beside it.
pub(crate) fn isolated(text: &str) -> String {
    let text = one_line(text);
    let is_from_right_to_left =
        |c: char| matches!(bidi_class(c), BidiClass::R | BidiClass::AL | BidiClass::AN);
    if text.contains(is_from_right_to_left) {
        format!("{ISOLATE_START}{text}{ISOLATE_END}")
    } else {
        text
    }
}

/// Lines of a text, each of which ends the isolates that it begins: a line is a paragraph of its own, and
/// what begins on one has no effect on the next.
pub(super) fn close_isolates(lines: &mut [String]) {
    let mut open = 0_usize;
    for line in lines {
        let before = open;
        for character in line.chars() {
            match character {
                ISOLATE_START => open += 1,
                ISOLATE_END => open = open.saturating_sub(1),
                _ => {}
            }
        }
        let [starts, ends] = [(ISOLATE_START, before), (ISOLATE_END, open)]
            .map(|(mark, count)| mark.to_string().repeat(count));
        *line = format!("{starts}{line}{ends}");
    }
}

/// The text with each isolate that it begins ended, and no end of what it does not begin.
pub(super) fn balance_isolates(text: &str) -> String {
    let mut open = 0_usize;
    let mut balanced = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            ISOLATE_END if open == 0 => continue,
            ISOLATE_END => open -= 1,
            ISOLATE_START => open += 1,
            _ => {}
        }
        balanced.push(character);
    }
    balanced.extend(std::iter::repeat_n(ISOLATE_END, open));
    balanced
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    #[test]
    fn names_from_right_to_left_are_isolated_and_no_others() {
        for (name, expected) in [
            ("Sales", "Sales"),
            ("日本語 Reservations", "日本語 Reservations"),
            ("مبيعات", "\u{2068}مبيعات\u{2069}"),
            ("Support עברית", "\u{2068}Support עברית\u{2069}"),
            ("٣", "\u{2068}٣\u{2069}"),
            ("a\u{202e}b\u{2067}c\u{200f}d\u{61c}", "abcd"),
            ("\u{2069}مب\u{2068}\u{202b}", "\u{2068}مب\u{2069}"),
        ] {
            assert_eq!(isolated(name), expected);
        }
    }

    proptest! {
        /// Whatever a name holds, nothing of it reaches beyond its end.
        #[test]
        fn isolates_are_balanced(name in "[a-zא-תا-ي0-9 \\u{200e}\\u{200f}\\u{202a}-\\u{202e}\\u{2066}-\\u{2069}]{0,20}") {
            let isolated = isolated(&name);
            let inner = isolated.strip_prefix(ISOLATE_START).and_then(|rest| rest.strip_suffix(ISOLATE_END));
            let inner = inner.unwrap_or(&isolated);
            let is_control =
                |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            prop_assert!(!inner.contains(is_control), "{isolated:?}");
            prop_assert_eq!(isolated.width(), inner.width());
        }
    }
}
