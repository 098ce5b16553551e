//! The languages of messages: English, German, French and Spanish, as countries write them.
//!
//! A text is named by its English words, where it is used: `language.say("Needs attention")`, and in
//! templates `{{ "Needs attention" | say }}`. One table holds the others; what it lacks stays English.

mod clock;
mod dates;
mod texts;

use std::borrow::Cow;
use std::sync::LazyLock;

use texts::TEXTS;

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
    /// `de-CH`: ss in the place of ß.
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

    /// The language that a locale begins with, as its country writes it.
    fn written_in(language: &str, country: Option<&str>) -> Option<Self> {
        let is_one_of =
            |countries: &[&str]| country.is_some_and(|country| countries.contains(&country));
        match language {
            "en" if is_one_of(&MONTH_FIRST) => Some(Self::AmericanEnglish),
            "en" => Some(Self::English),
            "de" if is_one_of(&WITHOUT_SHARP_S) => Some(Self::SwissGerman),
            "de" => Some(Self::German),
            "fr" => Some(Self::French),
            "es" => Some(Self::Spanish),
            _ => None,
        }
    }

    /// Tells whether its nouns have a capital letter within a sentence.
    pub fn has_capital_nouns(self) -> bool {
        matches!(self, Self::German | Self::SwissGerman)
    }

    /// A text in this language, by its English words; these, where the table does not have it.
    pub fn say(self, english: &str) -> &str {
        let Ok(place) = TEXTS.binary_search_by(|(known, _)| (*known).cmp(english)) else {
            return english;
        };
        let translation = |index: usize| TEXTS.get(place)?.1.get(index).copied();
        let said = match self {
            Self::English => None,
            Self::AmericanEnglish => AMERICAN.get(place).map(String::as_str),
            Self::German => translation(0),
            Self::SwissGerman => SWISS.get(place).map(String::as_str),
            Self::French => FRENCH.get(place).map(String::as_str),
            Self::Spanish => translation(2),
        };
        said.unwrap_or(english)
    }

    /// A text in which values stand in the place of `{their names}`.
    pub fn say_with(self, english: &str, values: &[(&str, &str)]) -> String {
        let mut said = String::new();
        let mut rest = self.say(english);
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

/// The English texts in American spelling.
static AMERICAN: LazyLock<Vec<String>> = LazyLock::new(|| {
    TEXTS.iter().map(|(english, _)| english.replace("analysed", "analyzed")).collect()
});

/// The German texts in Swiss spelling.
static SWISS: LazyLock<Vec<String>> =
    LazyLock::new(|| TEXTS.iter().map(|(_, [german, ..])| german.replace('ß', "ss")).collect());

/// The French texts with no-break spaces at their punctuation, which else might begin a line.
static FRENCH: LazyLock<Vec<String>> = LazyLock::new(|| {
    let pairs = [(" :", "\u{a0}:"), (" ;", "\u{a0};"), ("« ", "«\u{a0}"), (" »", "\u{a0}»")];
    let spaced = |french: &str| {
        pairs.iter().fold(french.to_owned(), |text, (plain, joined)| text.replace(plain, joined))
    };
    TEXTS.iter().map(|(_, [_, french, _])| spaced(french)).collect()
});

/// A language, with a country where it matters to words, dates or numbers: `de`, `de-CH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locale {
    tag: String,
    language: Language,
}

impl Locale {
    /// The locale with this tag: the language's, alone or with a country's two capitals.
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
