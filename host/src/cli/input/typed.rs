//! A value that is typed at the terminal and not shown.

use std::io;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use zeroize::Zeroizing;

use super::super::failure::Failure;

/// Asks for a line and reads it unseen; an end of input is an empty line.
///
/// # Errors
/// Somebody broke off with Ctrl-C, or the terminal cannot be read.
pub(super) fn read() -> Result<Zeroizing<Vec<u8>>, Failure> {
    let unread = |error: io::Error| Failure::Failed(format!("the terminal cannot be read: {error}"));
    let held = Held::new().map_err(unread)?;
    let line = match rpassword::prompt_password("Value (it is not shown): ") {
        Ok(line) => Zeroizing::new(line.into_bytes()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Zeroizing::default(),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            return Err(Failure::Failed("nothing was done".to_owned()));
        }
        Err(error) => return Err(unread(error)),
    };
    held.release();
    Ok(line)
}

/// Ctrl-C, held back: a process that it ends leaves a terminal behind that shows nothing typed and knows no Ctrl-C any more.
struct Held {
    runtime: Runtime,
    interrupt: Signal,
}

impl Held {
    fn new() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let interrupt = {
            let _inside = runtime.enter();
            signal(SignalKind::interrupt())?
        };
        Ok(Self { runtime, interrupt })
    }

    /// Lets it end the process again: once held, it has no other effect for as long as the process lives.
    fn release(self) {
        thread::spawn(move || {
            let Self { runtime, mut interrupt } = self;
            runtime.block_on(interrupt.recv());
            // What Ctrl-C does by itself, with the status that shells know.
            std::process::exit(130);
        });
    }
}
