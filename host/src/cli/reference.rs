//! `docs/commands.md`: every command and flag, written from the command line itself.

use std::fmt::{self, Write};

use clap::{Arg, Command, CommandFactory as _};

use super::Cli;

const INTRODUCTION: &str = "# Commands

Written by `warded commands` from the program itself; a test holds this file to it.

Commands to a server are clients like any other and speak to the [HTTP API](api.md).

| setting | flag | variable | otherwise |
|---|---|---|---|
| the server | `--url` | `WARDED_URL` | `http://127.0.0.1:8200` |
| the key | `--key-file` | `WARDED_KEY_FILE`, or the key itself in `WARDED_API_KEY` | `keys/admin.key`, for a server on this machine |

- A key or a value is never an argument: other users and the shell's history would see it.
  Values come by standard input or `--from-file`, and are shown with `--reveal` only; what is shown once goes into a file with `--output`.
- The key goes to the named server only. Redirects are not followed, proxies of the environment are not asked, and plain HTTP to another machine needs `--insecure-http`.
  Certificates are judged by the authorities that the operating system trusts, or those in `SSL_CERT_FILE`.
- `--json` prints the server's answer for scripts; without it, tables fit the terminal, and text of others cannot steer it.
- What cannot be undone is asked for at a terminal, and needs `--yes` where there is none.
- Exit status: 0 done, 1 refused or failed, 2 wrongly asked for, 3 people must approve it first.
";

/// Writes the reference as Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    let mut root = Cli::command();
    root.build();
    // Writing to a text does not fail.
    let _ = write_commands(&root, &mut text);
    text
}

/// A section for each command that stands at the top, with those below it.
fn write_commands(root: &Command, text: &mut String) -> fmt::Result {
    for command in shown(root) {
        let name = command.get_bin_name().unwrap_or_default();
        writeln!(text, "\n## {name}\n\n{}.", about(command))?;
        if command.has_subcommands() { write_below(command, text)? } else { write_one(command, text)? }
    }
    Ok(())
}

fn write_below(parent: &Command, text: &mut String) -> fmt::Result {
    for command in shown(parent) {
        if command.has_subcommands() {
            write_below(command, text)?;
        } else {
            writeln!(text, "\n### {}\n\n{}.", command.get_bin_name().unwrap_or_default(), about(command))?;
            write_one(command, text)?;
        }
    }
    Ok(())
}

fn write_one(command: &Command, text: &mut String) -> fmt::Result {
    let usage = command.clone().render_usage().to_string();
    writeln!(text, "\n```text\n{}\n```", usage.trim_start_matches("Usage: ").trim())?;
    let own: Vec<_> = command.get_arguments().filter(|argument| is_own(argument)).collect();
    if !own.is_empty() {
        writeln!(text, "\n| argument | meaning |\n|---|---|")?;
    }
    for argument in own {
        writeln!(text, "| `{}` | {} |", cell(&argument.to_string()), cell(&meaning(argument)))?;
    }
    Ok(())
}

/// Those that say how to reach a server are told once, above.
fn is_own(argument: &Arg) -> bool {
    !argument.is_hide_set()
        && !argument.is_global_set()
        && argument.get_id() != "help"
        && argument.get_id() != "version"
}

fn meaning(argument: &Arg) -> String {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let values = argument.get_possible_values();
    if !argument.get_action().takes_values() || values.is_empty() {
        return help;
    }
    let names: Vec<_> = values.iter().map(|value| format!("`{}`", value.get_name())).collect();
    format!("{help}: {}", names.join(", "))
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_what_the_program_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/commands.md");
        let written = std::fs::read_to_string(path).unwrap();
        assert!(written == markdown(), "run `warded commands > docs/commands.md`");
    }

    #[test]
    fn every_command_and_flag_is_in_it() {
        let text = markdown();
        for part in [
            "## warded serve",
            "### warded secret set",
            "### warded member key add",
            "| `--reveal` |",
            "| `<PATH>` |",
        ] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("\n| `--url"), "told once");
    }
}
