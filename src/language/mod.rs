//! The languages of messages: English, German, French and Spanish.
//!
//! A text is named by its English words, where it is used: `language.say("Needs attention")`, and in
//! templates `{{ "Needs attention" | say }}`. One table holds the others; what it lacks stays English.

mod dates;
mod texts;

use std::borrow::Cow;

use texts::TEXTS;

/// The language of a message's own words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// `en`
    #[default]
    English,
    /// `de`
    German,
    /// `fr`
    French,
    /// `es`
    Spanish,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 4] = [Self::English, Self::German, Self::French, Self::Spanish];

    /// The tag that locales begin with: `de`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
        }
    }

    /// A text in this language, by its English words; these, where the table does not have it.
    pub fn say(self, english: &str) -> &str {
        let place = TEXTS.binary_search_by(|(known, _)| (*known).cmp(english));
        let translated = place.ok().and_then(|place| TEXTS.get(place));
        let said = translated.and_then(|(_, others)| match self {
            Self::English => None,
            Self::German => others.first(),
            Self::French => others.get(1),
            Self::Spanish => others.get(2),
        });
        said.copied().unwrap_or(english)
    }

    /// A text in which values stand in the place of `{their names}`.
    pub fn say_with(self, english: &str, values: &[(&str, &str)]) -> String {
        let (mut said, mut rest) = (String::new(), self.say(english));
        // Not by replacing: a value may itself look like the name of another.
        while let Some((before, (name, after))) =
            rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            said.push_str(before);
            let value = values.iter().find(|(known, _)| *known == name);
            said.push_str(value.map_or("", |(_, value)| value));
            rest = after;
        }
        said.push_str(rest);
        said
    }
}

/// A language, with a country where it matters to numbers: `de`, `de-CH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locale {
    tag: String,
    language: Language,
}

impl Locale {
    /// The locale with this tag: the language's, alone or with a country's two capitals.
    pub fn parse(tag: &str) -> Option<Self> {
        let (language, country) = tag.split_once('-').unwrap_or((tag, "GB"));
        let language = Language::ALL.into_iter().find(|known| known.tag() == language)?;
        let is_country = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        is_country.then(|| Self { tag: tag.to_owned(), language })
    }

    /// The tag, such as `de-CH`.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }
}

/// English, with the numbers of no country in particular.
impl Default for Locale {
    fn default() -> Self {
        let language = Language::default();
        Self { tag: language.tag().to_owned(), language }
    }
}

/// The text with a capital first letter.
pub fn capitalised(text: &str) -> Cow<'_, str> {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) if first.is_lowercase() => {
            first.to_uppercase().chain(characters).collect::<String>().into()
        }
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests;
