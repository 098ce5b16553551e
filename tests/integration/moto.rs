use std::process::{Child, Command, Stdio};

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use connect_simulator::{Fault, Operation};
use serde_json::Value;

use crate::harness::binary::{
    Function, SMALL, closed_port, definitions, simulator, text, tick, tick_at,
};
use crate::harness::moto::Moto;
use crate::harness::{http, mail};

const RECORD: &str = "runs/small/2025-03-30T0000+0000--2025-03-31T0000+0100.json";

/// The same protocol through the real S3 client against another S3: claims, marks and results are
/// taken as they are by this one.
#[tokio::test]
#[expect(clippy::print_stderr, reason = "whoever runs the tests is to know that one did not run")]
async fn moto_s_s3_takes_the_conditional_protocol() {
    let Some(moto) = Moto::start() else {
        eprintln!(
            "skipped: there is no moto_server; `pip install 'moto[server]'`, or name it with MOTO_SERVER"
        );
        return;
    };
    let client = moto.s3();
    let here = BucketLocationConstraint::EuWest2;
    let here = CreateBucketConfiguration::builder().location_constraint(here).build();
    let create = client.create_bucket().bucket("reports-bucket");
    create.create_bucket_configuration(here).send().await.unwrap();
    conditions_hold(&client).await;

    let simulator = simulator().await;
    let three = "[\"a@example.com\", \"b@example.com\", \"c@example.com\"]";
    let folder = definitions(&[("small.toml", &SMALL.replace("[\"ops@example.com\"]", three))]);
    let more = [
        ("CONNECT_REPORTS_RUNS", "s3://reports-bucket/runs"),
        ("AWS_ENDPOINT_URL_S3", moto.url.as_str()),
    ];
    let [first, second] = [
        Function::start(&simulator.url(), text(folder.path()), &more).await,
        Function::start(&simulator.url(), text(folder.path()), &more).await,
    ];
    simulator.misbehave(Operation::SendEmail, Fault::Rejected, Some(1));
    let event = tick();
    let (one, other) = tokio::join!(first.invoke(&event), second.invoke(&event));
    assert!(format!("{one:?}{other:?}").contains("DELIVERY_REJECTED"));
    first.fail(&event).await;
    let order = serde_json::json!({"id": "mended", "reports": ["small"],
        "time": "2025-03-31T08:00:00Z"});
    second.succeed(&order).await;
    first.succeed(&tick_at("2025-03-31T08:15:00Z")).await;

    let object = client.get_object().bucket("reports-bucket").key(RECORD).send().await.unwrap();
    let record = object.body.collect().await.unwrap().to_vec();
    let record: Value = serde_json::from_slice(&record).unwrap();
    assert_eq!((&record["status"], &record["final"]), (&"sent".into(), &true.into()));
    let messages = simulator.messages();
    let mut to: Vec<_> = messages.into_iter().flat_map(|message| message.to).collect();
    to.sort();
    assert_eq!(to, ["a@example.com", "b@example.com", "c@example.com", "workforce@example.com"]);
}

/// Another SES takes the messages of the real client, and has of them what was sent.
#[tokio::test]
#[expect(clippy::print_stderr, reason = "whoever runs the tests is to know that one did not run")]
async fn moto_s_ses_takes_messages() {
    let Some(moto) = Moto::start() else {
        eprintln!("skipped: there is no moto_server");
        return;
    };
    moto.ses().create_email_identity().email_identity("reports@example.com").send().await.unwrap();
    let raw = send_through(&moto.url).await;
    let kept = http::get(&format!("{}/moto-api/data.json", moto.url)).await;
    let kept: Value = serde_json::from_str(&kept).unwrap();
    let kept = kept["ses"]["RawMessage"].as_array().unwrap();
    assert_eq!(kept.len(), 1, "{kept:?}");
    let mail = kept[0]["raw_data"].as_str().unwrap();
    mail::check(mail.as_bytes());
    let tree = |raw: &[u8]| mail::tree(&mail::parse(raw), 0);
    assert_eq!(tree(mail.as_bytes()), tree(&raw));
}

/// As does the local SES of others, which reads each message's parts.
#[tokio::test]
#[expect(clippy::print_stderr, reason = "whoever runs the tests is to know that one did not run")]
async fn another_local_ses_takes_messages() {
    let Some(local) = LocalSes::start().await else {
        eprintln!(
            "skipped: there is no aws-ses-v2-local; `npm ci --prefix tests/email-lint`, and name \
             its command with SES_LOCAL"
        );
        return;
    };
    send_through(&local.url).await;
    let kept: Value =
        serde_json::from_str(&http::get(&format!("{}/store", local.url)).await).unwrap();
    let kept = &kept["emails"][0];
    assert_eq!(kept["subject"], "Small, Sunday 30 March 2025");
    assert_eq!(kept["destination"]["to"][0], "ops@example.com");
    let names: Vec<&str> = kept["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|file| file["filename"].as_str())
        .filter(|name| !name.ends_with(".png"))
        .collect();
    assert_eq!(
        names,
        [
            "small-2025-03-30-1-by-queue.csv",
            "small-2025-03-30-2-hours.csv",
            "small-2025-03-30.xlsx"
        ]
    );
    let [html, text] = ["html", "text"].map(|body| kept["body"][body].as_str().unwrap());
    assert!(html.contains("<caption") && text.contains("All queues"), "{text}");
}

/// Sends a message with a chart and files through this SES, and answers what the simulator gets of
/// the same.
async fn send_through(ses: &str) -> Vec<u8> {
    let simulator = simulator().await;
    let trend = "[[section]]\ntitle = \"Hours\"\nkind = \"trend\"\ninterval = \"HOUR\"\n\
                 filters = { QUEUE = [\"*\"] }\nmetrics = [\"CONTACTS_QUEUED\"]\n";
    let small = SMALL.replace("[email]", "[email]\nattach = [\"csv\", \"xlsx\"]");
    let folder = definitions(&[("small.toml", &format!("{small}\n{trend}"))]);
    let elsewhere = [("AWS_ENDPOINT_URL_SESV2", ses)];
    let function = Function::start(&simulator.url(), text(folder.path()), &elsewhere).await;
    let answer = function.succeed(&tick()).await;
    let message = &answer["data"]["reports"][0]["messages"][0];
    assert_eq!(message["status"], "sent", "{answer:#}");
    assert!(simulator.messages().is_empty(), "it went to the other one");
    let here = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    here.succeed(&tick()).await;
    simulator.messages().remove(0).raw
}

/// The SES of the package aws-ses-v2-local.
struct LocalSes {
    process: Child,
    url: String,
}

impl LocalSes {
    async fn start() -> Option<Self> {
        let program = std::env::var_os("SES_LOCAL")?;
        let url = closed_port();
        let port = url.rsplit(':').next().unwrap().to_owned();
        let process = Command::new(program)
            .args(["--port", &port])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let local = Self { process, url };
        while reachable(&local.url).await.is_none() {
            tokio::task::yield_now().await;
        }
        Some(local)
    }
}

impl Drop for LocalSes {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn reachable(url: &str) -> Option<()> {
    let address = url.strip_prefix("http://")?;
    tokio::net::TcpStream::connect(address).await.ok().map(drop)
}

/// Without this the rest would say nothing.
async fn conditions_hold(client: &Client) {
    let put = || client.put_object().bucket("reports-bucket").key("try").body(b"1".to_vec().into());
    let tag = put().if_none_match("*").send().await.unwrap().e_tag.unwrap();
    assert!(put().if_none_match("*").send().await.is_err(), "If-None-Match");
    let put = || client.put_object().bucket("reports-bucket").key("try").body(b"2".to_vec().into());
    put().if_match(&tag).send().await.unwrap();
    assert!(put().if_match(&tag).send().await.is_err(), "If-Match");
}
