//! Patterns of names: `*` stands for any characters, none too, and `?` for one.

/// Tells whether a name matches a pattern; upper and lower case differ, as in names.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let mut at = 0;
    let mut read = 0;
    // The last star, and how far the name was read when it came.
    let mut star = None;
    while let Some(found) = name.get(read) {
        match (pattern.get(at), star) {
            (Some('*'), _) => {
                star = Some((at, read));
                at += 1;
            }
            (Some(wanted), _) if *wanted == '?' || wanted == found => {
                at += 1;
                read += 1;
            }
            // The star stands for one character more.
            (_, Some((of_star, from))) => {
                star = Some((of_star, from + 1));
                at = of_star + 1;
                read = from + 1;
            }
            (_, None) => return false,
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_stand_for_any_characters_and_question_marks_for_one() {
        for (pattern, fitting, others) in [
            (
                "Sales *",
                &["Sales EMEA", "Sales "][..],
                &["Sales", "sales EMEA", "Pre-Sales EMEA"][..],
            ),
            ("*board*", &["Complaints (board)", "board"], &["Board", "boar"]),
            ("Queue 00?3", &["Queue 0013", "Queue 00語3"], &["Queue 003", "Queue 00113"]),
            ("*a*b", &["ab", "aab", "a b b"], &["ba", "abc", ""]),
            ("**", &["", "x"], &[]),
            ("?", &["é", "*", "?"], &["", "ee"]),
        ] {
            for name in fitting {
                assert!(matches(pattern, name), "{pattern} {name}");
            }
            for name in others {
                assert!(!matches(pattern, name), "{pattern} {name}");
            }
        }
    }

    /// The meaning of a pattern, slowly and plainly.
    fn fits_by_definition(pattern: &[char], name: &[char]) -> bool {
        match pattern {
            [] => name.is_empty(),
            ['*', rest @ ..] => {
                (0..=name.len()).any(|from| fits_by_definition(rest, &name[from..]))
            }
            ['?', rest @ ..] => !name.is_empty() && fits_by_definition(rest, &name[1..]),
            [wanted, rest @ ..] => {
                name.first() == Some(wanted) && fits_by_definition(rest, &name[1..])
            }
        }
    }

    proptest! {
        #[test]
        fn patterns_match_by_their_definition(pattern in "[ab*?]{0,7}", name in "[ab]{0,8}") {
            let [p, n] = [&pattern, &name].map(|text| text.chars().collect::<Vec<_>>());
            prop_assert_eq!(matches(&pattern, &name), fits_by_definition(&p, &n));
        }
    }
}
