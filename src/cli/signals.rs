//! Ctrl-C, and the signal by which other programs ask a process to end: runs end in order, so that the next
//! `run` need not wait for their leases.

use std::io;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock, mpsc};

use super::print;
use crate::run::{Stop, Stopper};

/// The first signal ends the runs, the second the process.
pub(super) struct Signals {
    /// The stop that ends the runs.
    pub(super) stop: Stop,
    /// The exit code that belongs to the first signal.
    code: Arc<OnceLock<u8>>,
}

impl Signals {
    /// Waits for signals from now on, on a thread of its own: what is computed delays nothing.
    pub(super) fn listen() -> Self {
        let (stopper, stop) = Stopper::new();
        let code = Arc::new(OnceLock::new());
        let (first, (is_listening, listens)) = (Arc::clone(&code), mpsc::channel());
        std::thread::spawn(move || {
            // If nothing can be listened to, a signal ends the process as it would have.
            let _ = obey(&stopper, &first, &is_listening);
        });
        // It ends with the thread, if not with its word.
        let _ = listens.recv();
        Self { stop, code }
    }

    /// The exit code of a process that was ended by a signal (128 and its number, as shells have it), if
    /// one has come.
    pub(super) fn code(&self) -> Option<ExitCode> {
        self.code.get().copied().map(ExitCode::from)
    }
}

#[expect(clippy::exit, reason = "whoever asks twice does not want to wait for anything")]
fn obey(
    stopper: &Stopper,
    first: &OnceLock<u8>,
    is_listening: &mpsc::Sender<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut asked = Asked::new()?;
        // Nobody may be waiting any more.
        let _ = is_listening.send(());
        let code = asked.next().await;
        let _ = first.set(code);
        stopper.stop();
        // It is no result.
        let _ =
            print::complain("Ending in order what is under way here. Ctrl-C again ends at once.\n");
        let code = asked.next().await;
        std::process::exit(i32::from(code))
    })
}

/// The signals that ask a process to end.
#[cfg(unix)]
struct Asked {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Asked {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Self { interrupt: signal(interrupt)?, terminate: signal(terminate)? })
    }

    /// The exit code of the next.
    async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 130,
            _ = self.terminate.recv() => 143,
        }
    }
}

/// The signals that ask a process to end.
#[cfg(not(unix))]
struct Asked;

#[cfg(not(unix))]
impl Asked {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// The exit code of the next.
    async fn next(&mut self) -> u8 {
        match tokio::signal::ctrl_c().await {
            Ok(()) => 130,
            Err(_) => std::future::pending().await,
        }
    }
}
