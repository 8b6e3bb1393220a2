//! Log lines on stderr: for people on a terminal, JSON otherwise. Nothing of a token's shape leaves here.

use std::io::{self, IsTerminal as _, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, atomic::AtomicU64, atomic::Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::audit::mask::mask_tokens;
use crate::config::{Config, ConfigError, LogFormat, Typed};

/// Lines that may wait for a slow reader of stderr; further ones are dropped and counted, so that logging never stops the server.
const WAITING: usize = 8_192;
/// How long the last lines may take at the end.
const LAST: Duration = Duration::from_secs(1);

/// Writes what waits when it is dropped.
#[derive(Debug)]
pub struct Logging {
    lines: Option<SyncSender<Line>>,
    done: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Logging {
    fn drop(&mut self) {
        if let Some(lines) = self.lines.take() {
            // The subscriber keeps its own sender for ever, so the end is a message.
            let _ = lines.try_send(Line::End);
        }
        if self.done.recv_timeout(LAST).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

enum Line {
    End,
    Text(Vec<u8>),
}

/// Starts logging, and takes over the report of panics.
///
/// # Errors
/// The filter is malformed, or logging was started before.
pub fn start(config: &Config, typed: &Typed) -> Result<Logging, ConfigError> {
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|_| typed.error("log", "expected a filter such as `info` or `warn,warded=debug`"))?;
    let (sender, receiver) = sync_channel(WAITING);
    let (finished, done) = sync_channel(1);
    let dropped = Arc::new(AtomicU64::new(0));
    let writer = Queue { lines: sender.clone(), dropped: Arc::clone(&dropped) };
    let thread = std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || {
            write_lines(&receiver, &dropped);
            let _ = finished.send(());
        })
        .map_err(|error| ConfigError(format!("a thread cannot be started: {error}")))?;
    install(config.log_format, filter, writer)
        .map_err(|_| ConfigError("logging was started before".to_owned()))?;
    std::panic::set_hook(Box::new(report_panic));
    Ok(Logging { lines: Some(sender), done, thread: Some(thread) })
}

fn install(
    format: LogFormat,
    filter: EnvFilter,
    writer: Queue,
) -> Result<(), tracing::subscriber::SetGlobalDefaultError> {
    let registry = tracing_subscriber::registry().with(filter);
    let terminal = io::stderr().is_terminal();
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(terminal);
    let human = match format {
        LogFormat::Auto => terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    // Not `init`, which would also forward what libraries write with `log`.
    if human {
        tracing::subscriber::set_global_default(registry.with(layer.with_target(false)))
    } else {
        let layer = layer.json().flatten_event(true).with_current_span(false).with_span_list(false);
        tracing::subscriber::set_global_default(registry.with(layer))
    }
}

/// Says where, but not with which message: that could hold what the code was working on.
fn report_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let (file, line) = panic.location().map_or(("", 0), |place| (place.file(), place.line()));
    tracing::error!(file, line, "a defect of the server: a task panicked");
}

fn write_lines(lines: &Receiver<Line>, dropped: &AtomicU64) {
    let mut stderr = io::stderr();
    while let Ok(Line::Text(line)) = lines.recv() {
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(stderr, "{lost} log lines were dropped: stderr is read too slowly");
        }
        // Nobody is left to tell if stderr is closed.
        let _ = stderr.write_all(mask_tokens(&String::from_utf8_lossy(&line)).as_bytes());
    }
}

/// Hands whole lines to the writing thread.
#[derive(Debug, Clone)]
struct Queue {
    lines: SyncSender<Line>,
    dropped: Arc<AtomicU64>,
}

impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.lines.try_send(Line::Text(line.to_vec())) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
