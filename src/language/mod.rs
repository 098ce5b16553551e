//! The languages of messages: English, German, French and Spanish, as countries write them.
//!
//! Code names a text by its English words: `language.say("Needs attention")`, in templates
//! `{{ "Needs attention" | say }}`. One table holds the translations; a text that it lacks stays English.

mod clock;
mod dates;
mod texts;

use std::borrow::Cow;
use std::sync::LazyLock;

use texts::TRANSLATIONS;

/// The language of a message's own words, its dates and its times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// `en`: day before month, 24 hours.
    #[default]
    English,
    /// `en-US`: month before day, 12 hours.
    AmericanEnglish,
    /// `de`
    German,
    /// `de-CH`: ss in place of ß.
    SwissGerman,
    /// `fr`
    French,
    /// `es`
    Spanish,
}

/// The countries that write English dates with the month first and count 12 hours (CLDR 48, dates of
/// `en` and its countries): the United States with their territories, Canada, the Marshall Islands and
/// the Philippines.
const MONTH_FIRST: [&str; 10] = ["AS", "CA", "GU", "MH", "MP", "PH", "PR", "UM", "US", "VI"];

/// The countries whose German has no ß.
const WITHOUT_SHARP_S: [&str; 2] = ["CH", "LI"];

impl Language {
    /// Every language.
    pub const ALL: [Self; 6] = [
        Self::English,
        Self::AmericanEnglish,
        Self::German,
        Self::SwissGerman,
        Self::French,
        Self::Spanish,
    ];

    /// The language of a locale, in its country's form.
    fn written_in(language: &str, country: Option<&str>) -> Option<Self> {
        let country = country.unwrap_or_default();
        match language {
            "en" if MONTH_FIRST.contains(&country) => Some(Self::AmericanEnglish),
            "en" => Some(Self::English),
            "de" if WITHOUT_SHARP_S.contains(&country) => Some(Self::SwissGerman),
            "de" => Some(Self::German),
            "fr" => Some(Self::French),
            "es" => Some(Self::Spanish),
            _ => None,
        }
    }

    /// True for a language whose nouns have a capital letter within a sentence.
    pub fn has_capital_nouns(self) -> bool {
        matches!(self, Self::German | Self::SwissGerman)
    }

    /// A text in this language, by its English words; the English words where the table lacks the text.
    pub fn say(self, english: &str) -> &str {
        let Ok(place) = TRANSLATIONS.binary_search_by(|(known, _)| (*known).cmp(english)) else {
            return english;
        };
        let Some((_, [german, _, spanish])) = TRANSLATIONS.get(place) else { return english };
        let translation = match self {
            Self::English => None,
            Self::AmericanEnglish => AMERICAN_TEXTS.get(place).map(String::as_str),
            Self::German => Some(*german),
            Self::SwissGerman => SWISS_TEXTS.get(place).map(String::as_str),
            Self::French => FRENCH_TEXTS.get(place).map(String::as_str),
            Self::Spanish => Some(*spanish),
        };
        translation.unwrap_or(english)
    }

    /// A text in which values replace `{their names}`.
    pub fn say_with(self, english: &str, values: &[(&str, &str)]) -> String {
        let mut text = String::new();
        let mut rest = self.say(english);
        // String::replace would not do: a value may itself look like the name of another.
        while let Some((before, (name, after))) =
            rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            text.push_str(before);
            let value = values.iter().find(|(known, _)| *known == name);
            text.push_str(value.map_or("", |(_, value)| value));
            rest = after;
        }
        text.push_str(rest);
        text
    }
}

/// The English texts in American spelling.
static AMERICAN_TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    TRANSLATIONS.iter().map(|(english, _)| english.replace("analysed", "analyzed")).collect()
});

/// The German texts in Swiss spelling.
static SWISS_TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    TRANSLATIONS.iter().map(|(_, [german, ..])| german.replace('ß', "ss")).collect()
});

/// The French texts with no-break spaces before punctuation, so that no line begins with it.
static FRENCH_TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let pairs = [(" :", "\u{a0}:"), (" ;", "\u{a0};"), ("« ", "«\u{a0}"), (" »", "\u{a0}»")];
    let french = TRANSLATIONS.iter().map(|(_, [_, french, _])| (*french).to_owned());
    french
        .map(|text| pairs.iter().fold(text, |text, (plain, joined)| text.replace(plain, joined)))
        .collect()
});

/// A language, with a country where it matters to words, dates or numbers: `de`, `de-CH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locale {
    tag: String,
    language: Language,
}

impl Locale {
    /// The locale with this tag: a language, alone or with a country in two capitals.
    pub fn parse(tag: &str) -> Option<Self> {
        let (language, country) = match tag.split_once('-') {
            Some((language, country)) => (language, Some(country)),
            None => (tag, None),
        };
        let is_country =
            |country: &str| country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        if !country.is_none_or(is_country) {
            return None;
        }
        let language = Language::written_in(language, country)?;
        Some(Self { tag: tag.to_owned(), language })
    }

    /// The country, where the locale names one: `CH`.
    pub fn country(&self) -> Option<&str> {
        self.tag.split_once('-').map(|(_, country)| country)
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
        Self { tag: "en".to_owned(), language: Language::English }
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
