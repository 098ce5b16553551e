use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use connect_reports::settings::behavior;
use connect_reports::simulator::{Fault, Operation};
use serde_json::Value;

use crate::harness::binary::{Function, SMALL, definitions, simulator, text, tick, tick_at};

const RECORD: &str = "runs/small/2025-03-30T0000+0000--2025-03-31T0000+0100.json";

/// The S3 of moto, another implementation of it than the one of these tests.
struct Moto {
    process: Child,
    url: String,
}

impl Moto {
    /// Starts it on a free port; nothing where it is not installed.
    fn start() -> Option<Self> {
        let program = std::env::var_os("MOTO_SERVER").unwrap_or_else(|| "moto_server".into());
        let mut process = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let url = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, url) = line.split_once("Running on ")?;
            Some(url.trim().to_owned())
        });
        // It logs on, and must not be stopped by a pipe that nobody reads.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { process, url: url.expect("moto_server says where it runs") })
    }

    fn client(&self) -> Client {
        let nobody = Credentials::new("test", "test", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(behavior())
            .region(Region::new("eu-west-2"))
            .credentials_provider(SharedCredentialsProvider::new(nobody))
            .endpoint_url(&self.url)
            .build();
        Client::new(&config)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

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
    let client = moto.client();
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

/// Without this the rest would say nothing.
async fn conditions_hold(client: &Client) {
    let put = || client.put_object().bucket("reports-bucket").key("try").body(b"1".to_vec().into());
    let tag = put().if_none_match("*").send().await.unwrap().e_tag.unwrap();
    assert!(put().if_none_match("*").send().await.is_err(), "If-None-Match");
    let put = || client.put_object().bucket("reports-bucket").key("try").body(b"2".to_vec().into());
    put().if_match(&tag).send().await.unwrap();
    assert!(put().if_match(&tag).send().await.is_err(), "If-Match");
}
