//! The places at which the text of people may break in HTML.
//!
//! Names in Connect are often one long word (`CS_EMEA_UK_EN_VOICE_INBOUND`), which would make the page wider
//! than a phone. The styles of the templates say that such a word may break anywhere; but not every mail
//! program knows these styles, and none would break where a reader would.

use tera::{Kwargs, State, StringInput, TeraResult, Value};

/// The least characters of a long word, or of a long part of one.
const LONG_WORD: usize = 20;

/// The filter `breakable`: the text as HTML whose long words may break.
pub(super) fn breakable(text: StringInput<'_>, _: Kwargs, state: &State<'_>) -> TeraResult<Value> {
    if text.is_safe() || !state.autoescaping_enabled() {
        return Ok(text.into_value());
    }
    let parts = breakable_parts(text.as_str()).into_iter().map(|part| state.escape(part));
    Ok(Value::safe_string(&parts.collect::<TeraResult<Vec<String>>>()?.join("<wbr>")))
}

/// The parts of a text between which it may break, besides at its spaces.
fn breakable_parts(text: &str) -> Vec<&str> {
    let mut ends = Vec::new();
    let mut start = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        if word.trim_end().chars().count() >= LONG_WORD {
            ends.extend(break_positions(word).into_iter().map(|at| start + at));
        }
        start += word.len();
    }
    ends.push(text.len());
    let mut start = 0;
    ends.into_iter().filter_map(|end| text.get(std::mem::replace(&mut start, end)..end)).collect()
}

/// Behind how many of its bytes a long word may break: behind what joins its parts, and within a part that
/// is long itself.
fn break_positions(word: &str) -> Vec<usize> {
    let mut breaks = Vec::new();
    let mut run = 0;
    let mut before = None;
    let mut characters = word.char_indices().map(|(_, c)| c).peekable();
    let mut at = 0;
    while let Some(c) = characters.next() {
        at += c.len_utf8();
        run += 1;
        let Some(next) = characters.peek().copied() else {
            break;
        };
        let is_within_a_long_part = run >= LONG_WORD && is_plain(c) && is_plain(next);
        if is_between_parts(before, c, next) || is_within_a_long_part {
            breaks.push(at);
            run = 0;
        }
        before = Some(c);
    }
    breaks
}

/// Tells whether a part ends with `c`. What joins digits is most likely one number, or a time.
fn is_between_parts(before: Option<char>, c: char, next: char) -> bool {
    let is_number = matches!(c, '.' | ',' | ':')
        && before.is_some_and(|before| before.is_ascii_digit())
        && next.is_ascii_digit();
    is_joint(c) && !is_joint(next) && next.is_alphanumeric() && !is_number
}

fn is_joint(c: char) -> bool {
    "_-/\\.:@,;=&+|~".contains(c)
}

/// A letter or digit that stands for itself. Elsewhere letters change with their neighbours, carry marks, or
/// may break anyway.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() && c < '\u{530}'
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use scraper::{Html, Selector};

    use super::super::example::{EXAMPLE_SCENE, Queue, Scene, now};
    use super::super::{Draft, Message, Notice, TemplateFile, Templates, notice};
    use super::*;

    #[test]
    fn long_words_break_where_a_reader_would() {
        for (text, expected) in [
            ("Sales", "Sales"),
            ("CS_UK_VOICE_INBOUND", "CS_UK_VOICE_INBOUND"),
            ("Contacts queued, of all of the channels", "Contacts queued, of all of the channels"),
            ("CS_EMEA_UK_EN_VOICE_INBOUND", "CS_|EMEA_|UK_|EN_|VOICE_|INBOUND"),
            (
                "Support: CS_EMEA_UK_EN_VOICE_INBOUND 20 s",
                "Support: CS_|EMEA_|UK_|EN_|VOICE_|INBOUND 20 s",
            ),
            ("s3://bucket/runs/daily-queues.zip", "s3://|bucket/|runs/|daily-|queues.|zip"),
            ("waited_1,204.5_of_10:30:00", "waited_|1,204.5_|of_|10:30:00"),
            ("_leading__and_trailing_signs_", "_|leading__|and_|trailing_|signs_"),
            ("abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrst|uvwxyz"),
            ("Warteschlangenüberlaufbehandlung", "Warteschlangenüberla|ufbehandlung"),
            ("قائمة_الانتظار_الرئيسية_للعملاء", "قائمة_|الانتظار_|الرئيسية_|للعملاء"),
            (
                "日本語日本語日本語日本語日本語日本語日本語日本語",
                "日本語日本語日本語日本語日本語日本語日本語日本語",
            ),
        ] {
            assert_eq!(breakable_parts(text).join("|"), expected);
        }
    }

    proptest! {
        /// Nothing is lost, short words stay whole, and no part of Latin letters is long.
        #[test]
        fn parts_are_short_and_make_the_text(text in "([A-Za-z0-9_./é -]{0,40}|\\PC{0,30}){0,4}") {
            let parts = breakable_parts(&text);
            prop_assert_eq!(parts.concat(), text.as_str());
            if text.split_whitespace().all(|word| word.chars().count() < LONG_WORD) {
                prop_assert_eq!(parts.len(), 1);
            }
            let plain = |c: char| is_plain(c);
            let runs = parts.iter().flat_map(|part| part.split(|c| !plain(c)));
            prop_assert!(runs.into_iter().all(|run| run.chars().count() <= LONG_WORD));
        }
    }

    /// Names such as people give them, and one that has nowhere to break; each 63 characters long.
    const NAMES: [&str; 2] = [
        "cs_emea_uk_en_voice_inbound_techsupport_tier2_overflow_queue_v2",
        "WwwWwwWwwWwwWwwWwwWwwWwwWwwWwwWwwWwwWwwWwwWwwWwwWwwWwwWwwWwwWww",
    ];

    /// The example, in which everything that people call something is called so, and this number.
    fn called(name: &str, templates: &Templates) -> Message {
        let start: String = name.chars().take(62).collect();
        let named = |number: usize| format!("{start}{number}");
        let mut definition = EXAMPLE_SCENE.definition.to_owned();
        for (number, title) in [
            "Daily queue report",
            "The day at a glance",
            "By queue",
            "Through the day",
            "What is left out",
        ]
        .iter()
        .enumerate()
        {
            definition =
                definition.replace(&format!("\"{title}\""), &format!("\"{}\"", named(number)));
        }
        for (number, metric) in ["CONTACTS_QUEUED", "AVG_QUEUE_ANSWER_TIME"].iter().enumerate() {
            let listed = format!("{{ name = \"{metric}\", label = \"{}\" }}", named(number));
            definition = definition.replace(&format!("\"{metric}\""), &listed);
        }
        let level = format!("\"SERVICE_LEVEL\", label = \"{}\"", named(2));
        let definition = definition.replace("\"SERVICE_LEVEL\"", &level);
        let figures =
            [[412.0, 64.0, 41.0], [318.0, 83.9, 22.0], [166.0, 74.6, 31.0], [1.0, 1.0, 1.0]];
        let queues: Vec<Queue<'_>> = (0..)
            .zip(figures)
            .map(|(number, figures)| {
                let name: &'static str = named(number).leak();
                (name, now(figures), now([40.0, 90.0, 9.0]))
            })
            .collect();
        let scene = Scene { definition: &definition, queues: &queues, ..EXAMPLE_SCENE };
        let message = scene.with(|contents, _| Draft::new(templates, *contents)?.message());
        message.unwrap().unwrap()
    }

    /// Every word of the page that can't break, of those that a reader sees.
    fn words(html: &str) -> Vec<String> {
        let page = Html::parse_document(html);
        let hidden = Selector::parse("body > div:first-child").unwrap();
        let hidden = page.select(&hidden).next().map(|element| element.id());
        let body = page.select(&Selector::parse("body").unwrap()).next().unwrap();
        let texts = body.descendants().filter_map(|node| {
            let text = node.value().as_text()?;
            (node.parent().map(|parent| parent.id()) != hidden).then(|| text.to_string())
        });
        let texts: Vec<String> = texts.collect();
        let words = texts.iter().flat_map(|text| text.split_whitespace());
        words.map(ToOwned::to_owned).collect()
    }

    /// Keeps a page with its pictures, where `.ci/run` wants it to be looked at by other lints.
    fn keep(name: &str, message: &Message) {
        let Some(folder) = std::env::var_os("CONNECT_REPORTS_TEST_MAILS") else {
            return;
        };
        let folder = Path::new(&folder).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("message.html"), message.in_a_browser()).unwrap();
        for picture in &message.inline {
            std::fs::write(folder.join(&picture.file.name), &picture.file.content).unwrap();
        }
    }

    /// Whatever people call a report, a section, a column or a queue, it breaks wherever it stands.
    #[test]
    fn no_name_makes_the_page_wider_than_a_phone() {
        let templates = Templates::built_in().unwrap();
        for (name, kept) in NAMES.iter().zip(["long-names", "long-words"]) {
            let message = called(name, &templates);
            keep(kept, &message);
            let words = words(&message.html);
            assert!(words.len() > 300, "{}", words.len());
            let long: Vec<_> =
                words.iter().filter(|word| word.chars().count() > LONG_WORD + 1).collect();
            assert!(long.is_empty(), "{long:#?}");
        }
    }

    #[test]
    fn no_name_makes_a_notice_wider_than_a_phone() {
        let templates = Templates::built_in().unwrap();
        for (name, kept) in NAMES.iter().zip(["long-notice", "long-notice-words"]) {
            let text = (*name).to_owned();
            let told = Notice {
                report: text.clone(),
                headline: text.clone(),
                summary: text.clone(),
                code: "VALIDATION_ERROR".to_owned(),
                message: text.clone(),
                details: vec![text.clone()],
                omitted: 1,
                hint: Some(text.clone()),
                next: Some(text.clone()),
                commands: vec![format!("connect-reports run {text} --runs s3://{text}/{text}")],
                record: Some(format!("s3://{text}/{text}")),
            };
            let message = notice(&templates, &told).unwrap();
            keep(kept, &message);
            let words = words(&message.html);
            assert!(words.iter().all(|word| word.chars().count() <= LONG_WORD + 1), "{words:#?}");
        }
    }

    /// A part of one's own need not know of the filter: the page around it has the style.
    #[test]
    fn parts_of_one_s_own_break_by_the_style_of_the_page() {
        let foot = TemplateFile {
            place: "foot.html".to_owned(),
            content: b"<p>Ask {{ report.title }} of {{ report.title | breakable }}.</p>".to_vec(),
        };
        let (templates, problems) = Templates::read(&[foot]).unwrap();
        assert!(problems.is_empty());
        let message = called(NAMES[0], &templates);
        keep("long-names-in-own-parts", &message);
        let start: String = NAMES[0].chars().take(62).collect();
        let title = format!("{start}0");
        let broken = title.replace('_', "_<wbr>");
        assert!(message.html.contains(&format!("<p>Ask {title} of {broken}.</p>")));
        assert!(
            message.html.contains("max-width:720px;overflow-wrap:anywhere;word-break:break-word;")
        );
    }
}
