//! Templates of one's own are tried in a process of their own, with limits on its time and memory: a
//! slip of the pen in a loop ends that process, and what it was at is told.

use std::io::{BufRead as _, BufReader, Read as _, Write as _, stdin, stdout};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{Ended, wrong};
use crate::definition::{Place, Problem, Severity};
use crate::error::Error;
use crate::render::{Listener, Step, TemplateFile, Values, try_templates};

/// The command that tries the templates that it reads.
const COMMAND: &str = "try-templates";

/// The time for which a trial may compute, and the memory that it may take.
const SECONDS: u64 = 10;
const BYTES: u64 = 1 << 30;

/// The longest that one waits for it: the machine may have others to serve.
const PATIENCE: Duration = Duration::from_secs(90);

/// The problems of templates, or the one that ran away; tried with examples, and with the values of a
/// message, if there are any.
///
/// # Errors
/// The program can't start itself.
pub(super) async fn problems(
    files: Vec<TemplateFile>,
    values: Option<Values>,
) -> Result<Vec<Problem>, Error> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let trying = tokio::task::spawn_blocking(move || tried(&files, values));
    trying.await.map_err(|error| wrong(format!("templates can't be tried: {error}")))?
}

/// Tries the templates that are on standard input, and tells each step and what it found.
pub(super) fn child() -> Ended {
    limit();
    let mut input = Vec::new();
    let unread = |error: &dyn std::fmt::Display| wrong(format!("no templates to try: {error}"));
    stdin().read_to_end(&mut input).map_err(|error| unread(&error))?;
    let Input { files, values } = serde_json::from_slice(&input).map_err(|error| unread(&error))?;
    let files = files.into_iter().map(|(place, content)| TemplateFile { place, content });
    let listener: Listener = Arc::new(|step| match step {
        Step::Enter(name) => tell(&format!("enter {name}")),
        Step::Leave => tell("leave"),
    });
    let found = try_templates(&files.collect::<Vec<_>>(), values.as_ref(), &listener);
    let found: Vec<Found> = found.into_iter().map(Found::from).collect();
    tell(&format!("found {}", serde_json::to_string(&found).unwrap_or_default()));
    Ok(ExitCode::SUCCESS)
}

/// Writes a line; whoever does not listen any more does not need it.
fn tell(line: &str) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Ends this process where it takes too much. A system that has no such limits has the parent's patience.
#[cfg(unix)]
fn limit() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limits = [(Resource::Cpu, SECONDS), (Resource::As, BYTES), (Resource::Core, 0)];
    for (resource, most) in limits {
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
}

#[cfg(not(unix))]
fn limit() {}

/// The input of the process that tries templates.
#[derive(Debug, Deserialize, Serialize)]
struct Input {
    /// Their places and their bytes.
    files: Vec<(String, Vec<u8>)>,
    values: Option<Values>,
}

/// A problem on its way from one process to the other.
#[derive(Debug, Deserialize, Serialize)]
struct Found {
    file: String,
    line: usize,
    column: usize,
    is_warning: bool,
    message: String,
    help: String,
    start: usize,
    end: usize,
    quoted: Option<String>,
}

impl From<Problem> for Found {
    fn from(problem: Problem) -> Self {
        let Problem { file, line, column, message, help, span, quoted, .. } = problem;
        let is_warning = problem.severity == Severity::Warning;
        let (start, end) = (span.start, span.end);
        Self { file, line, column, is_warning, message, help, start, end, quoted }
    }
}

impl Found {
    fn into_problem(self) -> Problem {
        let Self { file, line, column, message, help, start, end, quoted, is_warning } = self;
        let place = Place { file: file.into(), line, column, span: start..end };
        let severity = if is_warning { Severity::Warning } else { Severity::Error };
        Problem { severity, quoted, ..place.error("template", message, help) }
    }
}

/// Has templates tried by another process of this program.
fn tried(files: &[TemplateFile], values: Option<Values>) -> Result<Vec<Problem>, Error> {
    let unstarted = |error: std::io::Error| wrong(format!("templates can't be tried: {error}"));
    let program = std::env::current_exe().map_err(unstarted)?;
    let mut child = Command::new(program)
        .arg(COMMAND)
        .env_remove("AWS_LAMBDA_RUNTIME_API")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(unstarted)?;
    let parts = files.iter().map(|file| (file.place.clone(), file.content.clone()));
    let input = Input { files: parts.collect(), values };
    let input = serde_json::to_vec(&input).unwrap_or_default();
    if let Some(mut pipe) = child.stdin.take() {
        // If it ended before it has read all, its exit says why.
        let _ = pipe.write_all(&input);
    }
    let steps = Steps::follow(&listen(&mut child));
    // One that still runs has had all the time that there is.
    let _ = child.kill();
    let ended = child.wait().map_err(unstarted)?;
    Ok(match steps.found {
        Some(found) => found.into_iter().map(Found::into_problem).collect(),
        None => vec![steps.ran_away(files, ended)],
    })
}

/// The lines that a process writes.
fn listen(child: &mut Child) -> Receiver<String> {
    let (teller, lines) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut lines = BufReader::new(out).lines().map_while(Result::ok);
            // It ends with the process, or when nobody listens any more.
            lines.all(|line| teller.send(line).is_ok())
        });
    }
    lines
}

/// The place at which a trial is, or what it found.
#[derive(Default)]
struct Steps {
    /// The templates that have begun and not ended; each was included by the one before.
    under_way: Vec<String>,
    found: Option<Vec<Found>>,
}

impl Steps {
    fn follow(lines: &Receiver<String>) -> Self {
        let mut steps = Self::default();
        let end = Instant::now() + PATIENCE;
        while let Ok(line) = lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if let Some(name) = line.strip_prefix("enter ") {
                steps.under_way.push(name.to_owned());
            } else if line == "leave" {
                steps.under_way.pop();
            } else if let Some(found) = line.strip_prefix("found ") {
                steps.found = serde_json::from_str(found).ok();
            }
        }
        steps
    }

    /// The problem that a trial did not end.
    fn ran_away(mut self, files: &[TemplateFile], ended: ExitStatus) -> Problem {
        self.under_way.dedup();
        let why = match end_of(ended) {
            End::OutOfTime => format!("rendering did not end within {SECONDS} seconds"),
            End::OutOfMemory => format!(
                "rendering took more than {} MB of memory, or called itself without end",
                BYTES >> 20
            ),
            End::Exit => format!("rendering ended its process: {ended}"),
        };
        let own = |name: &&String| files.iter().any(|file| file.name() == name.as_str());
        let name = self.under_way.iter().rfind(own).or(self.under_way.last());
        let file = TemplateFile::behind(name.map_or("", String::as_str), files);
        let file = file.map(|file| &file.place).or(name).or(files.first().map(|file| &file.place));
        let place =
            Place { file: file.map_or("", String::as_str).into(), line: 1, column: 1, span: 0..0 };
        let message = match self.under_way.as_slice() {
            [] => why,
            names => format!("{why}, in {}", names.join(" → ")),
        };
        let help = "look for loops within loops, for `set` in a loop that adds to a text, and for \
                    shapes of an SVG that repeat others";
        place.error("template", message, help)
    }
}

/// The reason for which a process ended before it told what it found.
enum End {
    OutOfTime,
    /// One that gets no memory, for its heap or its stack, ends itself.
    OutOfMemory,
    /// It gave up, as it does at a defect.
    Exit,
}

#[cfg(unix)]
fn end_of(ended: ExitStatus) -> End {
    use std::os::unix::process::ExitStatusExt as _;

    use rustix::process::Signal;
    let by_time = [Signal::XCPU, Signal::KILL].map(Signal::as_raw);
    match ended.signal() {
        Some(signal) if by_time.contains(&signal) => End::OutOfTime,
        Some(_) => End::OutOfMemory,
        None => End::Exit,
    }
}

#[cfg(not(unix))]
fn end_of(ended: ExitStatus) -> End {
    match ended.code() {
        // That of one which was ended by another.
        Some(1) => End::OutOfTime,
        Some(101) => End::Exit,
        _ => End::OutOfMemory,
    }
}
