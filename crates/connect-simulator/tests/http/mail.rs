//! Sending over HTTP, and the kept messages.

use super::*;

/// "From: a@example.com", a subject, a text and an attachment.
const MESSAGE: &str = "From: =?utf-8?Q?B=C3=BCro?= <a@example.com>\r\nTo: b@example.com\r\n\
Subject: =?utf-8?Q?Montag_=E2=80=93_12?=\r\nMIME-Version: 1.0\r\n\
Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\
Content-Type: text/html; charset=utf-8\r\n\r\n<p>12</p>\r\n--x\r\n\
Content-Type: text/csv\r\nContent-Disposition: attachment; filename=\"a.csv\"\r\n\r\n\
a,b\r\n--x--\r\n";

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * index) & 63) as usize];
            text.push(if index > chunk.len() { '=' } else { digit as char });
        }
    }
    text
}

fn email(message: &str) -> Value {
    json!({
        "FromEmailAddress": "a@example.com",
        "Destination": { "ToAddresses": ["b@example.com"] },
        "Content": { "Raw": { "Data": base64(message.as_bytes()) } },
    })
}

async fn send_email(simulator: &Simulator, email: &Value) -> io::Result<Reply> {
    let body = email.to_string();
    let path = "/v2/email/outbound-emails";
    send(simulator, "POST", path, body.as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sent_messages_can_be_read() {
    let simulator = started().await;
    let sent = send_email(&simulator, &email(MESSAGE)).await.unwrap();
    let id = sent.json()["MessageId"].as_str().unwrap().to_owned();
    let second = send_email(&simulator, &email(MESSAGE)).await.unwrap();
    assert_ne!(second.json()["MessageId"], *id);
    let list = send(&simulator, "GET", "/messages", b"").await.unwrap();
    let first = &list.json()[0];
    assert_eq!(first["id"], *id);
    assert_eq!(first["subject"], "Montag – 12");
    assert_eq!(first["html"], "<p>12</p>");
    assert_eq!(first["attachments"][0]["name"], "a.csv");
    assert_eq!(first["attachments"][0]["size"], 3);
    let raw = send(&simulator, "GET", &format!("/messages/{id}"), b"").await;
    assert_eq!(raw.unwrap().body, MESSAGE);
    assert_eq!(simulator.messages()[0].to, ["b@example.com"]);
    send(&simulator, "DELETE", "/messages", b"").await.unwrap();
    assert!(simulator.messages().is_empty());
    let gone = send(&simulator, "GET", &format!("/messages/{id}"), b"").await;
    assert_eq!(gone.unwrap().status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn recipients_follow_from_headers_without_a_destination() {
    let simulator = started().await;
    let mut message = email(MESSAGE);
    message["Destination"] = json!({});
    message["FromEmailAddress"] = Value::Null;
    assert_eq!(send_email(&simulator, &message).await.unwrap().status, 200);
    let kept = simulator.messages().pop().unwrap();
    assert_eq!((kept.from, kept.to), (None, vec!["b@example.com".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_ses_refuses_are_refused() {
    let simulator = started().await;
    let changed = |member: &str, value: Value| {
        let mut email = email(MESSAGE);
        email[member] = value;
        email
    };
    let to = |addresses: Vec<&str>| changed("Destination", json!({ "BccAddresses": addresses }));
    let without = |part: &str| email(&MESSAGE.replace(part, ""));
    let long = format!("{MESSAGE}{}\r\n", "x".repeat(999));
    let mut nobody = without("To: b@example.com\r\n");
    nobody["Destination"] = Value::Null;
    for (request, part) in [
        (changed("Content", Value::Null), "Content is required"),
        (changed("Content", json!({ "Simple": {} })), "Content.Raw"),
        (changed("Content", json!({ "Raw": { "Data": "" } })), "empty"),
        (changed("Content", json!({ "Raw": { "Data": "a*b=" } })), "Base64"),
        (changed("FromEmailAddress", json!("nobody")), "@domain"),
        (changed("FromEmailAddress", json!("a b@example.com")), "Local"),
        (to(vec!["ü@example.com"]), "Local"),
        (to(vec!["a@exa_mple.com"]), "Domain"),
        (to(vec!["a@example..com"]), "Domain"),
        (to(vec!["a@example.com"; 51]), "exceeds 50"),
        (nobody, "no recipients"),
        (without("From: =?utf-8?Q?B=C3=BCro?= <a@example.com>\r\n"), "'From'"),
        (email(&format!("Subject: zwei\r\n{MESSAGE}")), "Duplicate"),
        (email(&format!("X-Büro: ja\r\n{MESSAGE}")), "not ASCII"),
        (email(&long), "longer than 1000"),
    ] {
        let reply = send_email(&simulator, &request).await.unwrap();
        assert_eq!(reply.status, 400, "{part}");
        assert!(reply.body.contains(part), "{part}: {}", reply.body);
    }
    assert!(simulator.messages().is_empty());
    assert_eq!(simulator.calls().len(), 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_may_be_accepted_without_an_answer() {
    let simulator = started().await;
    let operation = Operation::SendEmail;
    simulator.misbehave(operation, Fault::DroppedAfter, Some(1));
    assert!(send_email(&simulator, &email(MESSAGE)).await.is_err());
    assert_eq!(simulator.messages().len(), 1);
    simulator.misbehave(operation, Fault::Dropped, Some(1));
    assert!(send_email(&simulator, &email(MESSAGE)).await.is_err());
    simulator.misbehave(operation, Fault::Rejected, Some(1));
    let rejected = send_email(&simulator, &email(MESSAGE)).await.unwrap();
    assert!(rejected.head.contains("x-amzn-errortype: MessageRejected"));
    assert!(rejected.body.contains("Email address is not verified"));
    assert_eq!(simulator.messages().len(), 1);
}
