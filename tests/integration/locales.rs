use mail_parser::MimeHeaders as _;
use serde_json::json;

use crate::harness::binary::{self, DUE, Function, SMALL, definitions, simulator, text};
use crate::harness::mail::{html, keep, parse};

/// Headline figures, contacts by channel, and an hourly trend.
const DEFINITION: &str = r#"
title    = "Channels"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "Europe/London"
window   = "previous-day"
locale   = "LOCALE"

[email]
from   = "Reports <reports@example.com>"
to     = ["ops@example.com"]
attach = ["csv", "json"]

[[section]]
title   = "At a glance"
kind    = "totals"
filters = { QUEUE = ["*"] }
metrics = [
    "CONTACTS_QUEUED",
    { name = "SERVICE_LEVEL", threshold = 20, target = ">= 1" },
    "AVG_QUEUE_ANSWER_TIME",
    "AVG_HANDLE_TIME",
]

[[section]]
title    = "By channel"
group_by = ["CHANNEL"]
filters  = { QUEUE = ["*"] }
metrics  = ["CONTACTS_HANDLED"]

[[section]]
title    = "Through the day"
kind     = "trend"
interval = "HOUR"
filters  = { QUEUE = ["*"] }
metrics  = ["CONTACTS_QUEUED"]
"#;

/// A message in this locale.
struct Sent {
    subject: String,
    html: String,
    /// On one line, without the places where it was wrapped.
    text: String,
    csv: String,
    json: String,
}

async fn sent(locale: &str, definition: &str) -> Sent {
    let simulator = simulator().await;
    let definition = definition.replace("LOCALE", locale);
    let raw = binary::sent(&simulator, "channels.toml", &definition).await;
    keep(locale, &raw);
    let mail = parse(&raw);
    let file = |ending: &str| {
        let part =
            mail.attachments().find(|part| part.attachment_name().unwrap().ends_with(ending));
        part.map_or_else(String::new, |part| String::from_utf8(part.contents().to_vec()).unwrap())
    };
    let spaced = |text: &str| text.replace(['\u{a0}', '\u{202f}'], " ");
    Sent {
        subject: spaced(mail.subject().unwrap()),
        html: spaced(&html(&mail)),
        text: mail.body_text(0).unwrap().split_whitespace().collect::<Vec<_>>().join(" "),
        csv: file("2-by-channel.csv"),
        json: file(".json"),
    }
}

/// An American reads American dates and a clock of twelve hours, wherever the message has one.
#[tokio::test]
async fn an_american_message_has_american_dates_and_times() {
    let sent = sent("en-US", DEFINITION).await;
    assert_eq!(sent.subject, "Channels, Sunday, March 30, 2025");
    for told in [
        "Sunday, March 30, 2025, 12:00 AM–midnight Europe/London (GMT, UTC+00:00, to BST, UTC+01:00)",
        "9:00–10:00 AM",
    ] {
        assert!(sent.text.contains(told), "{told} in\n{}", sent.text);
    }
    // The figures are read at the time of the test.
    let (_, read_at) = sent.text.split_once("Read from Amazon Connect on ").unwrap();
    let (read_at, _) = read_at.split_once('.').unwrap();
    assert!(read_at.contains(" AM ") || read_at.contains(" PM "), "{read_at}");
    assert!(read_at.starts_with(char::is_alphabetic), "{read_at}");
    assert!(sent.html.contains("<html lang=\"en-US\""));
    for others in ["March 2025", "24:00", "13:00", "09:00", " %"] {
        assert!(!sent.text.contains(others), "{others} in\n{}", sent.text);
    }
    let international = self::sent("en-GB", DEFINITION).await;
    assert_eq!(international.subject, "Channels, Sunday 30 March 2025");
    for told in ["Sunday 30 March 2025, 00:00–24:00", "09:00–10:00"] {
        assert!(international.text.contains(told), "{told} in\n{}", international.text);
    }
}

/// Nobody in Switzerland writes ß; in Germany people do.
#[tokio::test]
async fn a_swiss_message_has_no_sharp_s() {
    let too_large = DEFINITION.replace("attach = ", "attach_max = \"1KB\"\nattach = ");
    let german = sent("de", &too_large).await;
    assert!(german.text.contains("Die Anhänge sind zu groß"), "{}", german.text);
    let swiss = sent("de-CH", &too_large).await;
    assert!(swiss.text.contains("Die Anhänge sind zu gross"), "{}", swiss.text);
    assert!(!swiss.text.contains('ß') && !swiss.html.contains('ß'));
    assert_eq!(swiss.subject, "Channels, Sonntag, 30. März 2025");
}

/// People read words for channels, in their language; programs read Connect's values.
#[tokio::test]
async fn channels_are_words_in_messages_and_values_in_attachments() {
    for (locale, words) in [
        ("en", ["Voice", "Chat", "Task", "Email"]),
        ("de", ["Sprache", "Chat", "Aufgabe", "E-Mail"]),
        ("fr", ["Voix", "Chat", "Tâche", "E-mail"]),
        ("es", ["Voz", "Chat", "Tarea", "Correo electrónico"]),
    ] {
        let sent = sent(locale, DEFINITION).await;
        for (word, value) in words.into_iter().zip(["VOICE", "CHAT", "TASK", "EMAIL"]) {
            assert!(sent.html.contains(&format!(">{word}</th>")), "{word} in {}", sent.html);
            assert!(sent.text.contains(word), "{word} in {}", sent.text);
            assert!(!sent.html.contains(value) && !sent.text.contains(value), "{value}");
            assert!(sent.csv.contains(value) && sent.json.contains(value), "{value}");
        }
    }
}

/// Terms are those of the trade in each language.
#[tokio::test]
async fn figures_have_the_words_of_the_trade() {
    for (locale, words) in [
        ("de", ["angebotene Kontakte", "Angebotene Kontakte", "ASA", "AHT"]),
        ("fr", ["délai moyen de réponse ", "Délai moyen de réponse", "DMT", "NS 20 s"]),
    ] {
        let sent = sent(locale, DEFINITION).await;
        for word in words {
            assert!(
                sent.text.contains(word) && sent.html.contains(word),
                "{word} in {}",
                sent.text
            );
        }
        for stranger in ["eingereiht", "répondus après", "délai moyen de réponse : délai"] {
            assert!(!sent.text.contains(stranger), "{stranger} in {}", sent.text);
        }
    }
}

/// A number stands on one line with its unit, however the words before it fill the line: in every
/// language, of windows in which the clocks were changed in zones with names of every length.
#[tokio::test]
async fn a_number_stands_on_a_line_with_its_unit() {
    const UNITS: [&str; 15] = [
        "%", "s", "ms", "pp", "AM", "PM", "hour", "hours", "minutes", "Stunde", "Stunden", "heure",
        "heures", "hora", "horas",
    ];
    const ZONES: [&str; 4] =
        ["Europe/London", "Europe/Madrid", "Atlantic/Azores", "Europe/Bucharest"];
    let simulator = simulator().await;
    let mut files = Vec::new();
    for locale in ["en-US", "en-GB", "de-CH", "fr", "es"] {
        for (place, zone) in ZONES.iter().enumerate() {
            for window in ["previous-day", "previous-week"] {
                let definition = SMALL
                    .replace("Europe/London", zone)
                    .replace("previous-day", window)
                    .replace("[email]", &format!("locale = \"{locale}\"\n\n[email]"));
                let name = format!("{window}-{}-{place}.toml", locale.to_lowercase());
                files.push((name, definition));
            }
        }
    }
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let folder = definitions(&files);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    let reports: Vec<_> = files.iter().filter_map(|(name, _)| name.strip_suffix(".toml")).collect();
    function.succeed(&json!({"reports": reports, "time": DUE})).await;
    let messages = simulator.messages();
    assert_eq!(messages.len(), files.len());
    for message in messages {
        let mail = parse(&message.raw);
        let told = mail.body_text(0).unwrap();
        let lines: Vec<&str> = told.lines().collect();
        for pair in lines.windows(2) {
            let ends_in_number = pair[0].ends_with(|last: char| last.is_ascii_digit());
            let word = pair[1].split(' ').next().unwrap().trim_matches(['.', ',', ';', ')', ':']);
            let is_parted = ends_in_number && UNITS.contains(&word);
            assert!(!is_parted, "{}\n{}", pair[0], pair[1]);
        }
        let page = html(&mail);
        for unit in &UNITS[6..] {
            assert!(!["1 ", "23 "].iter().any(|n| page.contains(&format!("{n}{unit}"))), "{unit}");
        }
    }
}
