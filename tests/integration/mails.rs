use connect_simulator::{Operation, Options, Rates, SentMessage, Simulator, SimulatorClock};
use mail_parser::{HeaderValue, MimeHeaders as _};
use serde_json::json;

use crate::harness::binary::{Function, NOW, SMALL, definitions, simulator, text, tick};
use crate::harness::mail::{parse, tree};

/// The tree of a mail, its headers and its bodies.
#[tokio::test]
async fn a_mail_has_its_parts_and_headers() {
    let definition = SMALL
        .replace("Reports <reports@example.com>", "Berichte für Ägypten <reports@example.com>")
        .replace("[\"ops@example.com\"]", "[\"Ana Ñandú <ana@example.com>\"]\nattach = [\"json\"]");
    let sent = sent(&definition).await;
    assert_eq!(sent.len(), 1);
    let message = &sent[0];
    assert_eq!(message.to, ["ana@example.com"]);
    assert!(message.raw.is_ascii(), "nothing but ASCII goes over the wire");
    assert!(message.raw.split(|byte| *byte == b'\n').all(|line| line.len() < 999));
    let mail = parse(&message.raw);
    let address = |header: Option<&mail_parser::Address<'_>>| {
        let first = header.unwrap().first().unwrap();
        (first.name().unwrap_or_default().to_owned(), first.address().unwrap().to_owned())
    };
    assert_eq!(address(mail.from()), ("Berichte für Ägypten".into(), "reports@example.com".into()));
    assert_eq!(address(mail.to()), ("Ana Ñandú".into(), "ana@example.com".into()));
    assert_eq!(mail.subject(), Some("Small, Sunday 30 March 2025"));
    assert_eq!(mail.header("Auto-Submitted"), Some(&HeaderValue::Text("auto-generated".into())));
    assert!(mail.message_id().unwrap().ends_with("@example.com") && mail.date().is_some());
    assert_eq!(
        tree(&mail, 0),
        "multipart/mixed(multipart/alternative(text/plain, text/html), application/json)"
    );
    let attached = mail.attachment(0).unwrap();
    assert_eq!(attached.attachment_name(), Some("small-2025-03-30.json"));
    assert_eq!((mail.text_body_count(), mail.html_body_count()), (1, 1));
}

/// Text that people write, and names that the contact centre has, can't break out of where they
/// stand.
#[tokio::test]
async fn nothing_breaks_out_of_its_place() {
    let definition = SMALL
        .replace("\"Small\"", r#""<script>alert(1)</script> & \"more\" {{ window.label }}""#)
        .replace("[email]", "[email]\nsubject = \"\"\"{{ report.title }}\r\nBcc: thief@example.com\r\n\r\nbody\"\"\"");
    let sent = sent(&definition).await;
    let mail = parse(&sent[0].raw);
    let subject = mail.subject().unwrap();
    assert_eq!(
        subject,
        r#"<script>alert(1)</script> & "more" {{ window.label }} Bcc: thief@example.com body"#
    );
    assert!(mail.header("Bcc").is_none());
    let html = mail.body_html(0).unwrap();
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;alert(1)&lt;"), "{html}");
    let text = mail.body_text(0).unwrap();
    for name in ["Billing <VIP>", "Général – Français", "日本語 Reservations", "Returns & refunds"]
    {
        assert!(text.contains(name), "{name} in\n{text}");
    }
    assert!(html.contains("Billing &lt;VIP&gt;") && html.contains("Returns &amp; refunds"));
    assert!(html.contains("{{ queue.name }} O&#39;Brien"), "a name is no template");
    let own = html.replace("{{ window.label }}", "").replace("{{ queue.name }}", "");
    for leftover in ["{{", "{%", "None", "NaN", "undefined"] {
        assert!(!own.contains(leftover), "{leftover}");
    }
}

/// A subject that looks like an encoded word is read as it is written.
#[tokio::test]
async fn what_looks_encoded_is_taken_literally() {
    let definition = SMALL.replace("[email]", "[email]\nsubject = \"=?utf-8?Q?Bcc:?= report\"");
    let sent = sent(&definition).await;
    let subject = parse(&sent[0].raw).subject().unwrap().replace('\u{2060}', "");
    assert_eq!(subject, "=?utf-8?Q?Bcc:?= report");
}

/// A subject that can't be rendered stops the report before anything is asked, with its place.
#[tokio::test]
async fn a_subject_that_names_nothing_is_told() {
    let simulator = simulator().await;
    for (subject, word) in
        [("{{ report.titel }}", "titel"), ("{{ report.title | shout }}", "shout")]
    {
        let definition = SMALL.replace("[email]", &format!("[email]\nsubject = \"{subject}\""));
        let folder = definitions(&[("small.toml", &definition)]);
        let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
        let (kind, envelope) = function.fail(&tick()).await;
        assert_eq!(kind, "VALIDATION_ERROR");
        assert_eq!(envelope["error"]["stage"], json!("load"));
        let problem = &envelope["error"]["details"][0];
        assert_eq!((&problem["line"], &problem["column"]), (&json!(9), &json!(11)));
        assert!(problem["message"].as_str().unwrap().contains(word), "{problem}");
    }
    assert!(simulator.calls().is_empty(), "told before anything is asked");
}

async fn sent(definition: &str) -> Vec<SentMessage> {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", definition)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    function.succeed(&tick()).await;
    simulator.messages()
}

/// Of a report for many, SES is sent no more in a second than it takes.
#[tokio::test]
async fn messages_keep_to_the_rate_of_the_account() {
    let options = Options {
        clock: SimulatorClock::At(NOW.parse().unwrap()),
        rates: Some(Rates::default()),
        ..Options::awkward()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let to: Vec<String> = (0..40).map(|n| format!("\"agent-{n}@example.com\"")).collect();
    let large = SMALL.replace("\"ops@example.com\"", &to.join(", "));
    let folder = definitions(&[("large.toml", &large)]);
    // Where nothing is set, the rate is SES's usual one.
    let usual = [("CONNECT_REPORTS_MESSAGES_PER_SECOND", "")];
    let function = Function::start(&simulator.url(), text(folder.path()), &usual).await;
    function.succeed(&tick()).await;
    let calls = simulator.calls().into_iter();
    let sends: Vec<_> = calls.filter(|call| call.operation == Operation::SendEmail).collect();
    assert_eq!(sends.len(), 40);
    assert!(sends.iter().all(|call| !call.throttled));
}
