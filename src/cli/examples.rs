//! The examples under the help of each command.

pub(super) const PROGRAM: &str = "\
Examples:
  connect-reports demo                           # see what it does, without AWS
  connect-reports new daily-queues               # write a report
  connect-reports validate                       # find mistakes
  connect-reports preview daily-queues --simulate

Exit codes:
  0  done
  1  a run failed, or a place can't be read or written
  2  the command line, a setting or a definition is wrong
  130, 143  Ctrl-C or SIGTERM stopped a run

Each command has examples: connect-reports COMMAND --help.
The documentation is in README.md and docs/ of the source.";

pub(super) const DEMO: &str = "\
Examples:
  connect-reports demo
  connect-reports demo --definitions reports --out /tmp/demo";

pub(super) const NEW: &str = "\
Examples:
  connect-reports new daily-queues
  connect-reports new monday --template weekly --timezone Europe/Madrid --to ana@example.com";

pub(super) const VALIDATE: &str = "\
Examples:
  connect-reports validate                       # all of the place of the definitions
  connect-reports validate reports/daily-queues.toml --strict
  connect-reports validate --format github       # annotations in a workflow";

pub(super) const LIST: &str = "\
Examples:
  connect-reports list
  connect-reports list --definitions s3://my-bucket/reports --runs s3://my-bucket/runs --json";

pub(super) const PLAN: &str = "\
Examples:
  connect-reports plan daily-queues
  connect-reports plan daily-queues --time 2026-11-23 --simulate --json";

pub(super) const PREVIEW: &str = "\
Examples:
  connect-reports preview daily-queues --simulate --out preview
  connect-reports preview reports/daily-queues.toml --time 2026-11-23T07:00";

pub(super) const RUN: &str = "\
Examples:
  connect-reports run daily-queues --to me@example.com
  connect-reports run daily-queues --window 2026-11-22 --dry-run
  connect-reports run daily-queues --backfill 2026-11-01..2026-11-08";

pub(super) const RUNS: &str = "\
Examples:
  connect-reports runs
  connect-reports runs daily-queues --limit 5 --json";

pub(super) const RESEND: &str = "\
Examples:
  connect-reports resend daily-queues --failed --window 2026-11-22
  connect-reports resend daily-queues --unknown --window 2026-11-22";

pub(super) const NAMES: &str = "\
Examples:
  connect-reports names
  connect-reports names sales --json
  connect-reports names tag:region=emea";

pub(super) const METRICS: &str = "\
Examples:
  connect-reports metrics
  connect-reports metrics abandon";

pub(super) const SCHEMA: &str = "\
Examples:
  connect-reports schema > reports/definition.schema.json";

pub(super) const POLICY: &str = "\
Examples:
  connect-reports policy > policy.json";

pub(super) const SIMULATE: &str = "\
Examples:
  connect-reports simulate
  connect-reports simulate --port 0 --queues 200 --rates";

pub(super) const COMPLETIONS: &str = "\
Examples:
  connect-reports completions bash > ~/.local/share/bash-completion/completions/connect-reports
  connect-reports completions zsh > ~/.zfunc/_connect-reports";

pub(super) const MAN: &str = "\
Examples:
  connect-reports man > connect-reports.1
  connect-reports man validate > connect-reports-validate.1";

/// All examples by command, in the order of the help; those of the program itself first.
#[cfg(test)]
pub(super) const ALL: [(&str, &str); 17] = [
    ("", PROGRAM),
    ("demo", DEMO),
    ("new", NEW),
    ("validate", VALIDATE),
    ("list", LIST),
    ("plan", PLAN),
    ("preview", PREVIEW),
    ("run", RUN),
    ("runs", RUNS),
    ("resend", RESEND),
    ("names", NAMES),
    ("metrics", METRICS),
    ("schema", SCHEMA),
    ("policy", POLICY),
    ("simulate", SIMULATE),
    ("completions", COMPLETIONS),
    ("man", MAN),
];
