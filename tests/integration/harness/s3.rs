//! As much of S3 as definitions and records take: ListObjectsV2, two keys a page, GetObject and
//! `PutObject`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::http::{Answered, Asked, Server, answer};

pub struct S3 {
    server: Server,
    objects: Objects,
}

type Objects = Arc<Mutex<BTreeMap<String, String>>>;

impl S3 {
    /// A bucket `reports-bucket` with these objects.
    pub async fn start(objects: &[(&str, &str)]) -> Self {
        let objects = objects.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned()));
        let objects: Objects = Arc::new(Mutex::new(objects.collect()));
        let kept = Arc::clone(&objects);
        let server = Server::start(move |asked| {
            let answered = respond(&mut kept.lock().unwrap(), &asked);
            async move { answered }
        })
        .await;
        Self { server, objects }
    }

    /// The text of an object.
    pub fn object(&self, key: &str) -> Option<String> {
        self.objects.lock().unwrap().get(key).cloned()
    }

    pub fn url(&self) -> String {
        self.server.url()
    }
}

fn respond(objects: &mut BTreeMap<String, String>, asked: &Asked) -> Answered {
    let path = asked.path.trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if bucket != "reports-bucket" {
        return error(404, "NoSuchBucket");
    }
    if asked.method == "PUT" {
        objects.insert(key.replace("%2B", "+"), unchunked(&asked.body));
        return answer(200, "application/xml", String::new());
    }
    assert_eq!(asked.method, "GET");
    match (key, objects.get(&key.replace("%2B", "+"))) {
        ("", _) => list(objects, &asked.query),
        (_, Some(text)) => answer(200, "binary/octet-stream", text.clone()),
        (_, None) => error(404, "NoSuchKey"),
    }
}

fn list(objects: &BTreeMap<String, String>, query: &str) -> Answered {
    let parameter = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value);
        value.map(|value| value.replace("%2F", "/"))
    };
    assert_eq!(parameter("list-type").as_deref(), Some("2"));
    let prefix = parameter("prefix").unwrap_or_default();
    let delimited = parameter("delimiter").is_some();
    let skip: usize = parameter("continuation-token").map_or(0, |token| token.parse().unwrap());
    let keys: Vec<_> = objects
        .keys()
        .filter(|key| {
            key.strip_prefix(&prefix).is_some_and(|rest| !(delimited && rest.contains('/')))
        })
        .collect();
    let page: String = keys
        .iter()
        .skip(skip)
        .take(2)
        .map(|key| format!("<Contents><Key>{key}</Key><Size>1</Size></Contents>"))
        .collect();
    let more = skip + 2 < keys.len();
    let token = match more {
        true => format!("<NextContinuationToken>{}</NextContinuationToken>", skip + 2),
        false => String::new(),
    };
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult \
         xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>reports-bucket</Name>\
         <IsTruncated>{more}</IsTruncated>{page}{token}</ListBucketResult>"
    );
    answer(200, "application/xml", body)
}

fn error(status: u16, code: &str) -> Answered {
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>none such</Message></Error>"
    );
    answer(status, "application/xml", body)
}

/// The SDK sends bodies in chunks, each behind its length, with a checksum behind the last.
fn unchunked(body: &[u8]) -> String {
    let mut rest = std::str::from_utf8(body).unwrap();
    let mut text = String::new();
    while let Some((length, after)) = rest.split_once("\r\n") {
        let Ok(length) = usize::from_str_radix(length, 16) else { return rest.to_owned() };
        if length == 0 {
            return text;
        }
        let (chunk, after) = after.split_at(length);
        text.push_str(chunk);
        rest = after.trim_start_matches("\r\n");
    }
    format!("{text}{rest}")
}
