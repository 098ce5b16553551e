//! The least function that Rust makes: what the program's start is compared with. It is built with the
//! program's own profile and crates.

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, run, service_fn};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let answer =
        async |_: LambdaEvent<Value>| Ok::<_, lambda_runtime::Error>(json!({"hello": "world"}));
    match runtime.map(|runtime| runtime.block_on(run(service_fn(answer)))) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
