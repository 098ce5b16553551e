//! Picks the shell: Lambda where its Runtime API is, else the terminal.

use std::process::ExitCode;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("the async runtime does not start: {error}")),
    };
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        return runtime.block_on(connect_reports::lambda::serve());
    }
    terminal(&runtime)
}

#[cfg(feature = "cli")]
fn terminal(runtime: &tokio::runtime::Runtime) -> ExitCode {
    runtime.block_on(connect_reports::cli::main())
}

#[cfg(not(feature = "cli"))]
fn terminal(_: &tokio::runtime::Runtime) -> ExitCode {
    complain("this build runs in AWS Lambda only; build it with feature `cli` for the terminal")
}

fn complain(problem: &str) -> ExitCode {
    use std::io::Write as _;
    // Where standard error is closed there is nobody to complain to.
    let _ = writeln!(std::io::stderr(), "connect-reports: {problem}");
    ExitCode::from(2)
}
