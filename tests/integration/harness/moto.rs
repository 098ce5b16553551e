//! moto, where it is installed: `pip install 'moto[server]'`, or named with `MOTO_SERVER`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::binary::sdk;

/// Another implementation of S3, SES and SQS than those of these tests.
pub struct Moto {
    process: Child,
    pub url: String,
}

impl Moto {
    /// Starts it on a free port; nothing where it is not installed.
    pub fn start() -> Option<Self> {
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

    /// The client of its S3.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        aws_sdk_s3::Client::new(&sdk(&self.url))
    }

    /// The client of its SES.
    pub fn ses(&self) -> aws_sdk_sesv2::Client {
        aws_sdk_sesv2::Client::new(&sdk(&self.url))
    }

    /// The client of its SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&sdk(&self.url))
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
