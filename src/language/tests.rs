use std::collections::BTreeSet;
use std::path::Path;

use super::*;

#[test]
fn the_table_is_sorted_and_complete() {
    for pair in TRANSLATIONS.windows(2) {
        let [(one, _), (next, _)] = pair else { panic!("two of them") };
        assert!(one < next, "`{next}` comes before `{one}`");
    }
    for (english, others) in TRANSLATIONS {
        assert!(others.iter().all(|text| !text.is_empty()), "{english}");
    }
}

#[test]
fn every_language_has_the_same_values() {
    for (english, others) in TRANSLATIONS {
        for other in others {
            assert_eq!(values(english), values(other), "{other}");
        }
    }
}

/// The names in braces.
fn values(text: &str) -> BTreeSet<&str> {
    let parts = text.split('{').skip(1);
    parts.map(|part| part.split('}').next().unwrap()).collect()
}

/// What the program and its templates say is in the table, and the table holds nothing else.
#[test]
fn every_used_text_is_in_the_table() {
    let said = said();
    let known: BTreeSet<&str> = TRANSLATIONS.iter().map(|(english, _)| *english).collect();
    let missing: Vec<_> = said.iter().filter(|text| !known.contains(text.as_str())).collect();
    assert!(missing.is_empty(), "said, and not in the table: {missing:#?}");
    let sources = sources().concat();
    let unsaid: Vec<_> =
        known.iter().filter(|text| !sources.contains(&format!("\"{text}\""))).collect();
    assert!(unsaid.is_empty(), "in the table, and never said: {unsaid:#?}");
}

#[test]
fn texts_missing_from_the_table_stay_english() {
    assert_eq!(Language::German.say("Queue"), "Warteschlange");
    assert_eq!(Language::German.say("Something else"), "Something else");
    assert_eq!(Language::English.say("Queue"), "Queue");
    let said =
        Language::French.say_with("{shown} of {of} shown", &[("shown", "{of}"), ("of", "9")]);
    assert_eq!(said, "{of} sur 9 affichées");
}

#[test]
fn swiss_german_has_no_sharp_s_and_differs_in_nothing_else() {
    let mut differing = 0;
    for (english, [german, ..]) in TRANSLATIONS {
        let swiss = Language::SwissGerman.say(english);
        assert_eq!(swiss, german.replace('ß', "ss"), "{english}");
        differing += usize::from(swiss != *german);
    }
    assert!(differing > 2, "the table has words with ß");
    let said = Language::SwissGerman.say("Contacts transferred out external");
    assert_eq!(said, "Nach aussen weitergeleitet");
}

#[test]
fn american_english_has_american_spelling() {
    let text = "Amazon Connect does not say how many analysed contacts this figure is based on.";
    assert!(Language::AmericanEnglish.say(text).contains("analyzed"));
    assert_eq!(Language::English.say(text), text);
    assert_eq!(Language::AmericanEnglish.say("Queue"), "Queue");
}

#[test]
fn locales_have_languages() {
    for (tag, language) in [
        ("de-CH", Some(Language::SwissGerman)),
        ("de-LI", Some(Language::SwissGerman)),
        ("de-AT", Some(Language::German)),
        ("en", Some(Language::English)),
        ("en-GB", Some(Language::English)),
        ("en-AU", Some(Language::English)),
        ("en-US", Some(Language::AmericanEnglish)),
        ("en-CA", Some(Language::AmericanEnglish)),
        ("en-PH", Some(Language::AmericanEnglish)),
        ("es", Some(Language::Spanish)),
        ("it", None),
        ("", None),
        ("de-", None),
        ("de-ch", None),
        ("de-CHE", None),
    ] {
        let locale = Locale::parse(tag);
        assert_eq!(locale.as_ref().map(Locale::language), language, "{tag}");
        assert!(locale.is_none_or(|locale| locale.tag() == tag));
    }
}

/// The texts in calls of `say` and `say_with`, and before the filter `say`.
fn said() -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    for text in sources() {
        said.extend(literals_after(&text, "say(\""));
        said.extend(literals_after(&text, "say_with(\""));
        said.extend(literals_before(&text, "\" | say"));
    }
    assert!(said.len() > 40, "{said:?}");
    said
}

/// The program's code, each literal on one line, and the templates.
fn sources() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = root.join("src/language");
    let mut folders =
        ["src", "crates/connect-metrics/src", "templates"].map(|f| root.join(f)).to_vec();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true if path != own => folders.push(path),
                true => {}
                false => {
                    let text = std::fs::read_to_string(&path).unwrap_or_default();
                    let lines: Vec<&str> = text.split("\\\n").collect();
                    let lines = lines.iter().enumerate();
                    let joined =
                        lines.map(|(n, line)| if n == 0 { line } else { line.trim_start() });
                    sources.push(joined.collect());
                }
            }
        }
    }
    sources
}

fn literals_after<'t>(text: &'t str, call: &'t str) -> impl Iterator<Item = String> + 't {
    let rests = text.split(call).skip(1);
    rests.map(|rest| rest.split('"').next().unwrap().to_owned())
}

fn literals_before<'t>(text: &'t str, call: &'t str) -> impl Iterator<Item = String> + 't {
    let mut parts: Vec<&str> = text.split(call).collect();
    parts.pop();
    parts.into_iter().map(|part| part.rsplit('"').next().unwrap().to_owned())
}
