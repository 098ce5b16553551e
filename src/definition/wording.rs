//! Texts of helps that have a size: lists that end with how many more there are, and ends between words.

/// The most characters of a help: a hundred problems of a file are told. Lists in one end before, see
/// [`listed`].
pub(super) const LONGEST_HELP: usize = 800;

/// The most characters of a list in a help.
const LONGEST_LIST: usize = 400;

/// The first of these words, as many as a help has room for, and how many more there are.
pub(super) fn listed<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> String {
    let (mut list, mut more) = (String::new(), 0_usize);
    let mut left = LONGEST_LIST;
    for word in words {
        let word = word.as_ref();
        // The one that does not fit is the first that is left out: a later one may be short.
        let taken = word.chars().count() + ", ".len();
        left = if more == 0 { left.saturating_sub(taken) } else { 0 };
        if left == 0 {
            more += 1;
            continue;
        }
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(word);
    }
    match (list.is_empty(), more) {
        (_, 0) => list,
        (true, more) => format!("{more} that are too long to be listed"),
        (false, more) => format!("{list} and {more} more"),
    }
}

/// The beginning of a text that has more characters than this, up to a blank that stands in no quoted word,
/// and an ellipsis.
pub(super) fn cut_between_words(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else { return text.to_owned() };
    let (mut quote, mut blank) = (None, None);
    for (at, c) in text.get(..end).unwrap_or_default().char_indices() {
        match quote {
            None if matches!(c, '`' | '"') => quote = Some(c),
            None if c == ' ' => blank = Some(at),
            Some(open) if open == c => quote = None,
            _ => {}
        }
    }
    let whole = blank.and_then(|blank| text.get(..blank));
    format!("{} …", whole.unwrap_or_default().trim_end_matches([',', ';', ':']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Every word that is told is told whole, and the others are counted.
        #[test]
        fn a_list_has_whole_words_and_tells_how_many_more(
            words in proptest::collection::vec("[a-z\u{e9}]{1,90}", 1..40)
        ) {
            let told = listed(&words);
            prop_assert!(told.chars().count() <= LONGEST_LIST + " and 40 more".len());
            let (list, more) = told.rsplit_once(" and ").unwrap_or((&told, "0 more"));
            let told: Vec<&str> = list.split(", ").collect();
            let more: usize = more.strip_suffix(" more").unwrap().parse().unwrap();
            prop_assert_eq!(told.len() + more, words.len());
            prop_assert_eq!(&told[..], &words[..told.len()]);
        }

        /// A text that is too long ends before a word, and no quoted word is cut.
        #[test]
        fn a_help_is_cut_between_words(
            words in proptest::collection::vec("[a-z]{1,9}|`[a-z ]{1,9}`|\"[a-z ]{1,9}\"", 1..40),
            most in 1_usize..200,
        ) {
            let text = words.join(" ");
            let told = cut_between_words(&text, most);
            match told.strip_suffix(" …") {
                None => prop_assert_eq!(&told, &text),
                Some(kept) => {
                    let whole = (0..words.len()).map(|count| words[..count].join(" "));
                    prop_assert!(whole.into_iter().any(|whole| whole == kept), "{}", told);
                    prop_assert!(kept.chars().count() <= most && text.chars().count() > most);
                }
            }
        }
    }
}
