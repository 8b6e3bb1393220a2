//! `warded completions`: a shell's own script, made from the command line itself.

use std::io::Write;

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use super::Cli;

/// The flags of `completions`.
#[derive(Debug, Args)]
#[command(
    after_help = "bash:       warded completions bash > ~/.local/share/bash-completion/completions/warded
zsh:        warded completions zsh > ~/.zfunc/_warded
fish:       warded completions fish > ~/.config/fish/completions/warded.fish
powershell: warded completions powershell >> $PROFILE"
)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// Prints the script.
pub fn print(args: &CompletionsArgs, out: &mut dyn Write) {
    generate(args.shell, &mut Cli::command(), "warded", &mut IgnoreClosed(out));
}

/// The generator panics where nothing can be written, which is no defect of ours.
struct IgnoreClosed<'a>(&'a mut dyn Write);

impl Write for IgnoreClosed<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}
