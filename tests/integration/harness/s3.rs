//! As much of S3 as definitions and records take: ListObjectsV2, two keys a page, GetObject and
//! `PutObject`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use connect_simulator::Access;

use super::http::{Answered, Asked, Server, answer};
use super::template;

pub struct S3 {
    server: Server,
    bucket: Arc<Mutex<Bucket>>,
}

/// What goes wrong with a `PutObject`.
#[derive(Clone, Copy, Debug)]
pub enum PutFault {
    /// It is done, and the answer is a 500, which the SDK tries again.
    AnswerLost,
    /// Another write of the key is under way: status 409.
    Conflict,
    /// The caller may not.
    Denied,
    /// Too many requests: status 503, and nothing was done.
    SlowDown,
}

/// Says of a `PutObject`, by its key and its content, whether it fails.
type Outage = Box<dyn FnMut(&str, &str) -> bool + Send>;

#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, Object>,
    /// How many objects have been written.
    written: usize,
    /// How many bytes they had together.
    bytes_written: usize,
    put_faults: VecDeque<PutFault>,
    outage: Option<Outage>,
    /// The number of reads of an object that are refused as too slow.
    timeouts: usize,
    /// Of how many requests one fails by chance.
    chance: Option<(fastrand::Rng, u32)>,
    /// Whether the caller may not list: then a missing object is a 403.
    hides: bool,
    /// The ARN of the key that it is encrypted with, if S3's own is not.
    key: Option<String>,
    /// What IAM would check, and when it was asked for.
    accesses: Vec<(Access, Instant)>,
    /// Wakes those who wait for a request.
    asked: watch::Sender<()>,
    hold: Option<Hold>,
}

/// The requests whose answers are held: of an action, and to keys that begin so.
struct Hold {
    action: &'static str,
    prefix: String,
    /// Those whose answers are held wait until it is dropped.
    released: watch::Sender<()>,
}

struct Object {
    content: Vec<u8>,
    tag: String,
    /// What its writer says that it is.
    content_type: String,
}

impl S3 {
    /// A bucket `reports-bucket` with these objects.
    pub async fn start(objects: &[(&str, &str)]) -> Self {
        Self::start_late(objects, Duration::ZERO).await
    }

    /// The same, whose answers take so long.
    pub async fn start_late(objects: &[(&str, &str)], latency: Duration) -> Self {
        let mut bucket = Bucket::default();
        for (key, text) in objects {
            bucket.put(key, text.as_bytes().to_vec(), "binary/octet-stream");
        }
        let bucket = Arc::new(Mutex::new(bucket));
        let kept = Arc::clone(&bucket);
        let server = Server::start(move |asked| {
            let mut bucket = kept.lock().unwrap();
            let (answered, held) = (respond(&mut bucket, &asked), bucket.held(&asked));
            async move {
                if let Some(mut held) = held {
                    let _ = held.changed().await;
                }
                if !latency.is_zero() {
                    tokio::time::sleep(latency).await;
                }
                answered
            }
        })
        .await;
        Self { server, bucket }
    }

    /// What IAM would check of the requests so far.
    pub fn accesses(&self) -> Vec<Access> {
        let bucket = self.bucket.lock().unwrap();
        bucket.accesses.iter().map(|(access, _)| access.clone()).collect()
    }

    /// When the requests came so far.
    #[allow(dead_code, reason = "the benches need it")]
    pub fn times(&self) -> Vec<Instant> {
        self.bucket.lock().unwrap().accesses.iter().map(|(_, at)| *at).collect()
    }

    /// The text of an object.
    pub fn object(&self, key: &str) -> Option<String> {
        let bucket = self.bucket.lock().unwrap();
        let object = bucket.objects.get(key)?;
        Some(String::from_utf8(object.content.clone()).unwrap())
    }

    /// Writes an object, as a person does.
    pub fn write(&self, key: &str, text: &str) {
        self.bucket.lock().unwrap().put(key, text.as_bytes().to_vec(), "binary/octet-stream");
    }

    /// The content types of all objects, by key.
    pub fn content_types(&self) -> BTreeMap<String, String> {
        let bucket = self.bucket.lock().unwrap();
        let objects = bucket.objects.iter();
        objects.map(|(key, object)| (key.clone(), object.content_type.clone())).collect()
    }

    /// How many bytes have been written.
    pub fn bytes_written(&self) -> usize {
        self.bucket.lock().unwrap().bytes_written
    }

    /// How many objects have been asked for whose keys begin so.
    pub fn reads(&self, prefix: &str) -> usize {
        self.count("s3:GetObject", prefix)
    }

    /// How many requests of this action there have been to keys that begin so.
    pub fn count(&self, action: &str, prefix: &str) -> usize {
        self.accesses().iter().filter(|access| is_one(access, action, prefix)).count()
    }

    /// Waits until there were so many requests of this action to keys that begin so.
    pub async fn has_been_asked(&self, action: &str, prefix: &str, times: usize) {
        let mut asked = self.bucket.lock().unwrap().asked.subscribe();
        while self.count(action, prefix) < times {
            asked.changed().await.unwrap();
        }
    }

    /// Holds the answers to requests of this action to keys that begin so, until [`Self::release`]: what
    /// they ask for is done meanwhile.
    pub fn hold(&self, action: &'static str, prefix: &str) {
        let hold = Hold { action, prefix: prefix.to_owned(), released: watch::Sender::default() };
        self.bucket.lock().unwrap().hold = Some(hold);
    }

    /// Lets the answers go that are held.
    pub fn release(&self) {
        self.bucket.lock().unwrap().hold = None;
    }

    /// Encrypts the bucket with a key of KMS: who reads and writes needs its actions too.
    pub fn encrypt_with(&self, key: &str) {
        self.bucket.lock().unwrap().key = Some(key.to_owned());
    }

    /// The next `PutObject`s fail so, one after the other.
    pub fn misbehave(&self, faults: impl IntoIterator<Item = PutFault>) {
        self.bucket.lock().unwrap().put_faults.extend(faults);
    }

    /// Every `PutObject` fails of which this says so, by its key and its content: status 503, and nothing is
    /// done.
    pub fn fail_puts(&self, outage: impl FnMut(&str, &str) -> bool + Send + 'static) {
        self.bucket.lock().unwrap().outage = Some(Box::new(outage));
    }

    /// Has one of so many requests fail by chance, or none.
    pub fn misbehave_by_chance(&self, chance: Option<(u64, u32)>) {
        let chance = chance.map(|(seed, one_of)| (fastrand::Rng::with_seed(seed), one_of));
        self.bucket.lock().unwrap().chance = chance;
    }

    /// The next reads of an object end in a `RequestTimeout`: status 400.
    pub fn time_out_reads(&self, times: usize) {
        self.bucket.lock().unwrap().timeouts = times;
    }

    /// The keys of all objects.
    pub fn keys(&self) -> Vec<String> {
        self.bucket.lock().unwrap().objects.keys().cloned().collect()
    }

    /// Hides from now on that an object is missing, as from a role that may not list the bucket.
    pub fn hide_what_is_missing(&self) {
        self.bucket.lock().unwrap().hides = true;
    }

    pub fn url(&self) -> String {
        self.server.url()
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            template::check_all(self.accesses());
        }
    }
}

impl Bucket {
    fn fails(&mut self) -> bool {
        self.chance.as_mut().is_some_and(|(random, one_of)| random.u32(..*one_of) == 0)
    }

    /// The end of the time for which the answer to a request is held, if it is.
    fn held(&self, asked: &Asked) -> Option<watch::Receiver<()>> {
        let hold = self.hold.as_ref()?;
        let access = access(asked, &place(asked).1);
        is_one(&access, hold.action, &hold.prefix).then(|| hold.released.subscribe())
    }

    fn put(&mut self, key: &str, content: Vec<u8>, content_type: &str) -> String {
        self.written += 1;
        self.bytes_written += content.len();
        let tag = format!("\"{:032x}\"", self.written);
        self.objects.insert(
            key.to_owned(),
            Object { content, tag: tag.clone(), content_type: content_type.to_owned() },
        );
        tag
    }

    /// `PutObject`, which takes no write without a condition here: no record may be written so.
    fn conditional_put(&mut self, key: &str, asked: &Asked) -> Answered {
        let header = |name: &str| asked.headers.get(name).map(|value| value.to_str().unwrap());
        let faults = [PutFault::AnswerLost, PutFault::Conflict, PutFault::SlowDown];
        let by_chance = self.fails().then(|| faults[self.written % faults.len()]);
        let content = unchunked(&asked.body);
        let text = String::from_utf8_lossy(&content);
        if self.outage.as_mut().is_some_and(|fails| fails(key, &text)) {
            return error(503, "ServiceUnavailable");
        }
        let fault = self.put_faults.pop_front().or(by_chance);
        match fault {
            Some(PutFault::SlowDown) => return error(503, "SlowDown"),
            Some(PutFault::Conflict) => return error(409, "ConditionalRequestConflict"),
            Some(PutFault::Denied) => return error(403, "AccessDenied"),
            Some(PutFault::AnswerLost) | None => {}
        }
        let found = self.objects.get(key).map(|object| object.tag.as_str());
        match (header("if-none-match"), header("if-match"), found) {
            (Some("*"), None, Some(_)) => return error(412, "PreconditionFailed"),
            (None, Some(_), None) => return error(404, "NoSuchKey"),
            (None, Some(wanted), Some(tag)) if wanted != tag => {
                return error(412, "PreconditionFailed");
            }
            (Some("*"), None, None) | (None, Some(_), Some(_)) => {}
            (none_match, matches, _) => panic!("{key}: {none_match:?}, {matches:?}"),
        }
        let content_type = header("content-type").unwrap_or_default();
        let tag = self.put(key, content, content_type);
        match fault {
            Some(_) => error(500, "InternalError"),
            None => tagged(Vec::new(), &tag, 200),
        }
    }
}

fn respond(bucket: &mut Bucket, asked: &Asked) -> Answered {
    let (name, key) = place(asked);
    if name != template::BUCKET {
        return error(404, "NoSuchBucket");
    }
    let access = access(asked, &key);
    let of_key = bucket.key.as_deref().and_then(|key| access_to_key(access.action, key));
    let now = Instant::now();
    bucket.accesses.extend(std::iter::once(access).chain(of_key).map(|access| (access, now)));
    bucket.asked.send_replace(());
    if asked.method == "PUT" {
        return bucket.conditional_put(&key, asked);
    }
    assert_eq!(asked.method, "GET");
    if bucket.fails() {
        return error(503, "SlowDown");
    }
    if !key.is_empty() && bucket.timeouts > 0 {
        bucket.timeouts -= 1;
        return error(400, "RequestTimeout");
    }
    match (key.as_str(), bucket.objects.get(&key)) {
        ("", _) => list(&bucket.objects, &asked.query),
        (_, Some(object))
            if asked.headers.get("if-none-match").is_some_and(|tag| *tag == object.tag) =>
        {
            tagged(Vec::new(), &object.tag, 304)
        }
        (_, Some(object)) => tagged(object.content.clone(), &object.tag, 200),
        (_, None) if bucket.hides => error(403, "AccessDenied"),
        (_, None) => error(404, "NoSuchKey"),
    }
}

/// The bucket and the key that a request is to.
fn place(asked: &Asked) -> (&str, String) {
    let path = asked.path.trim_start_matches('/');
    let (name, key) = path.split_once('/').unwrap_or((path, ""));
    (name, decoded(key))
}

/// Tells whether a request is of this action, and to a key that begins so. A list is to none.
fn is_one(access: &Access, action: &str, prefix: &str) -> bool {
    let bucket = format!("arn:aws:s3:::{}", template::BUCKET);
    let key = access.resource.strip_prefix(&bucket);
    let key = key.map(|key| key.strip_prefix('/').unwrap_or(key));
    access.action == action && key.is_some_and(|key| key.starts_with(prefix))
}

fn access(asked: &Asked, key: &str) -> Access {
    let (action, key) = match (asked.method.as_str(), key) {
        ("GET", "") => ("s3:ListBucket", String::new()),
        ("GET", key) => ("s3:GetObject", format!("/{key}")),
        (_, key) => ("s3:PutObject", format!("/{key}")),
    };
    let resource = format!("arn:aws:s3:::{}{key}", template::BUCKET);
    Access { action, resource, from: None }
}

/// The action on the key that an action on an object needs (Amazon S3 User Guide, SSE-KMS).
fn access_to_key(action: &str, key: &str) -> Option<Access> {
    let action = match action {
        "s3:GetObject" => "kms:Decrypt",
        "s3:PutObject" => "kms:GenerateDataKey",
        _ => return None,
    };
    Some(Access { action, resource: key.to_owned(), from: None })
}

fn tagged(content: Vec<u8>, tag: &str, status: u16) -> Answered {
    let mut answer = answer(status, "binary/octet-stream", content);
    answer.headers_mut().insert("etag", tag.parse().unwrap());
    answer
}

fn list(objects: &BTreeMap<String, Object>, query: &str) -> Answered {
    let parameter = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value);
        value.map(decoded)
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
        .map(|key| {
            let tag = objects[key.as_str()].tag.replace('"', "&quot;");
            format!("<Contents><Key>{key}</Key><ETag>{tag}</ETag><Size>1</Size></Contents>")
        })
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

/// A part of a URL as it was before it was escaped.
fn decoded(escaped: &str) -> String {
    let mut parts = escaped.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).unwrap()
}

/// The SDK sends bodies in chunks, each behind its length, with a checksum behind the last.
fn unchunked(body: &[u8]) -> Vec<u8> {
    let (mut rest, mut content) = (body, Vec::new());
    while let Some(at) = rest.windows(2).position(|two| two == b"\r\n") {
        let length = std::str::from_utf8(&rest[..at]).ok();
        let length = length.and_then(|length| usize::from_str_radix(length, 16).ok());
        match length {
            None => break,
            Some(0) => return content,
            Some(length) => {
                let (start, end) = (at + 2, at + 2 + length);
                content.extend_from_slice(&rest[start..end]);
                rest = rest[end..].strip_prefix(b"\r\n").unwrap_or(&rest[end..]);
            }
        }
    }
    [content.as_slice(), rest].concat()
}
