//! Any bytes are a report, or problems with places in the text; never a panic.
#![no_main]

use std::sync::LazyLock;

use connect_reports::definition::{Problem, Severity};
use connect_reports::metric::Limits;
use connect_reports::render::Templates;
use connect_reports::run::Checks;
use connect_reports::settings::Deployment;
use libfuzzer_sys::fuzz_target;

static TEMPLATES: LazyLock<Templates> =
    LazyLock::new(|| Templates::built_in().expect("the built-in templates parse"));
static DEPLOYMENT: LazyLock<Deployment> = LazyLock::new(Deployment::default);

fuzz_target!(|content: &[u8]| {
    let checks =
        Checks { deployment: &DEPLOYMENT, templates: &TEMPLATES, limits: &Limits::CURRENT };
    let parsed = checks.check("fuzzed.toml", content);
    let errors = parsed.problems.iter().any(|problem| problem.severity == Severity::Error);
    assert_eq!(parsed.report.is_none(), errors, "a report, or an error that says why not");
    let lines = content.split(|byte| *byte == b'\n').count();
    for Problem { line, column, span, .. } in parsed.problems {
        assert!((1..=lines).contains(&line) && column >= 1);
        assert!(span.start <= span.end && span.end <= content.len());
    }
});
