//! A process of a program under a Runtime API, and what the system knows of it (Linux).

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use serde_json::Value;

use super::harness::runtime_api::{Answer, RuntimeApi};
use super::programs::Program;
use super::world::World;

pub struct Lambda {
    api: RuntimeApi,
    process: Child,
    started: Instant,
}

/// How an invocation ended.
pub struct Ended {
    /// How long it took until the next event was asked for, in milliseconds.
    pub wall: f64,
}

impl Lambda {
    pub async fn start(program: &Program, world: &World) -> Self {
        let api = RuntimeApi::start().await;
        let mut command = Command::new(&program.path);
        command
            .args(&program.arguments)
            .current_dir(&program.folder)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", "connect-reports")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("LAMBDA_TASK_ROOT", &program.folder)
            .env("AWS_REGION", "eu-west-2")
            .env("AWS_DEFAULT_REGION", "eu-west-2")
            .env("AWS_ACCESS_KEY_ID", "bench")
            .env("AWS_SECRET_ACCESS_KEY", "bench")
            .env("AWS_ENDPOINT_URL", world.simulator.url())
            .env("AWS_ENDPOINT_URL_S3", world.s3.url())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if program.arguments.is_empty() {
            command
                .env("CONNECT_REPORTS_DEFINITIONS", "s3://reports-bucket/reports/")
                .env("CONNECT_REPORTS_RUNS", "s3://reports-bucket/runs/")
                // The simulator has no rates unless it is told so.
                .env("CONNECT_REPORTS_REQUESTS_PER_SECOND", "100000")
                .env("CONNECT_REPORTS_LISTS_PER_SECOND", "100000")
                .env("CONNECT_REPORTS_MESSAGES_PER_SECOND", "100000");
        }
        let started = Instant::now();
        let process = command.spawn().expect("the program");
        Self { api, process, started }
    }

    /// How long it takes from the start until the first event is asked for, in milliseconds.
    pub async fn until_next(&mut self) -> f64 {
        let asked = self.api.asked_for_next().await;
        asked.duration_since(self.started).as_secs_f64() * 1e3
    }

    pub async fn invoke(&mut self, event: Value) -> Ended {
        let began = Instant::now();
        match self.api.invoke(event.to_string(), Duration::from_secs(60)).await {
            Answer::Response(_) => {}
            Answer::Error { kind, message } => panic!("{kind}: {message}"),
        }
        let asked = self.api.asked_for_next().await;
        Ended { wall: asked.duration_since(began).as_secs_f64() * 1e3 }
    }

    /// How much processor time it has taken, with threads that have ended, in milliseconds.
    pub fn cpu(&self) -> f64 {
        let id = i32::try_from(self.process.id()).expect("an id");
        let clock = clock_getcpuclockid(Pid::from_raw(id)).expect("its clock");
        Duration::from(clock_gettime(clock).expect("its time")).as_secs_f64() * 1e3
    }

    /// The most memory that it had, in megabytes.
    pub fn memory(&self) -> f64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = fs::read_to_string(path).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kilobytes / 1024.0
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
