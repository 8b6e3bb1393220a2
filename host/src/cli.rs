//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{ConfigError, Typed};

pub mod agent;
pub mod approval;
pub mod audit;
pub mod client;
pub mod completions;
pub mod connection;
pub mod decide;
pub mod diagnostic;
pub mod failure;
pub mod input;
pub mod lint;
pub mod member;
pub mod plain;
pub mod policy;
pub mod private_file;
pub mod reference;
pub mod secret;
pub mod session;
pub mod show;
pub mod token;
pub mod webhook;

use agent::AgentCommand;
use approval::ApprovalCommand;
use audit::AuditCommand;
use completions::CompletionsArgs;
use connection::Remote;
use decide::DecideArgs;
use lint::LintArgs;
use member::MemberCommand;
use policy::PolicyCommand;
use secret::SecretCommand;
use token::TokenCommand;
use webhook::WebhookCommand;

/// Credential control for AI agents.
#[derive(Debug, Parser)]
#[command(name = "warded", version, about, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make, change and end agents
    Agent(Remote<AgentCommand>),
    /// Look at what waits for people, and approve or deny it
    Approval(Remote<ApprovalCommand>),
    /// Look at the audit, export it, and check it without a server
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print docs/commands.md
    #[command(hide = true)]
    Commands,
    /// Print what completes commands in a shell
    Completions(CompletionsArgs),
    /// Print the settings that hold, and where each comes from
    Config(ConfigArgs),
    /// Say what grants and a policy come to for a request, and why: exit status 0 for an allow, 1 for anything else
    Decide(DecideArgs),
    /// Make the keyring of a production server
    #[command(subcommand)]
    Keyring(KeyringCommand),
    /// Look for what is wrong or doubtful in a policy or a grant: exit status 0 if there is nothing, 1 if there is
    Lint(LintArgs),
    /// Invite people and keep their keys
    #[command(subcommand)]
    Member(MemberCommand),
    /// Print the description of the HTTP API: OpenAPI 3.1
    Openapi,
    /// Make, test and switch the rules beside every grant
    Policy(Remote<PolicyCommand>),
    /// Store, read and change secrets
    Secret(Remote<SecretCommand>),
    /// Run the server
    #[command(
        after_help = "Every setting is also a key of the file and an environment variable, `WARDED_` and the key in \
capitals: see `warded config` and config.default.toml.\nThe first line on stdout is `listening on http://ADDRESS`, the \
second where the metrics are; everything else goes to stderr."
    )]
    Serve(ServeArgs),
    /// Issue, look at and end scoped tokens
    Token(Remote<TokenCommand>),
    /// Keep who is told of approvals and checkpoints
    Webhook(Remote<WebhookCommand>),
}

/// The flags of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Settings that are flags too.
#[derive(Debug, Default, Args)]
pub struct SettingFlags {
    /// Where to listen; port 0 picks a free one [default: 127.0.0.1:8200]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// The folders.
    #[command(flatten)]
    pub folders: FolderFlags,
    /// Make no keys, and refuse what is not fit for production
    #[arg(long)]
    pub production: bool,
    /// Start although the clock is behind the last audit record
    #[arg(long)]
    pub accept_clock: bool,
}

/// The folders and the file of settings.
#[derive(Debug, Default, Args)]
pub struct FolderFlags {
    /// The folder of the database [default: ./data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// The folder of the keyring [default: ./keys]
    #[arg(long, value_name = "DIR")]
    pub keys: Option<String>,
    /// A TOML file of settings
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The flags of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyring …`
#[derive(Debug, Subcommand)]
pub enum KeyringCommand {
    /// Make a keyring with one random key, and say where it is
    Create(FolderFlags),
}

/// A word of a closed list, which is typed as it is on the wire.
fn word(value: impl ValueEnum) -> Option<String> {
    value.to_possible_value().map(|known| known.get_name().to_owned())
}

impl SettingFlags {
    /// The settings as typed.
    ///
    /// # Errors
    /// What is wrong with a setting, with its place.
    pub fn collect(&self) -> Result<Typed, ConfigError> {
        let on = |given: bool| given.then(|| "true".to_owned());
        self.folders.collect_with(&[
            ("listen", self.listen.clone()),
            ("production", on(self.production)),
            ("accept_clock", on(self.accept_clock)),
        ])
    }
}

impl FolderFlags {
    /// The settings as typed.
    ///
    /// # Errors
    /// What is wrong with a setting, with its place.
    pub fn collect(&self) -> Result<Typed, ConfigError> {
        self.collect_with(&[])
    }

    /// These flags with a data folder only.
    #[must_use]
    pub fn of_data(data: Option<&str>) -> Self {
        Self { data: data.map(str::to_owned), ..Self::default() }
    }

    fn collect_with(&self, flags: &[(&'static str, Option<String>)]) -> Result<Typed, ConfigError> {
        let folders = [("data", self.data.clone()), ("keys", self.keys.clone())];
        let given = flags.iter().cloned().chain(folders);
        let flags: Vec<_> = given.filter_map(|(key, value)| value.map(|value| (key, value))).collect();
        Typed::collect(&flags, self.config.as_deref(), crate::config::environment)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_argument_is_taken_for_one_that_says_where_the_key_goes() {
        let mut commands = vec![Cli::command()];
        let mut seen = 0;
        while let Some(command) = commands.pop() {
            for argument in command.get_arguments() {
                let is_connection =
                    ["url", "key_file", "insecure_http"].contains(&argument.get_id().as_str());
                seen += usize::from(is_connection);
                // clap takes an argument of the same id for the global one, and the key would go to its value.
                assert!(!is_connection || argument.is_global_set(), "{}: {argument}", command.get_name());
            }
            commands.extend(command.get_subcommands().cloned());
        }
        assert!(seen > 0, "the walk sees the flags that it is about");
    }

    #[test]
    fn flags_become_settings() {
        let cli =
            Cli::try_parse_from(["warded", "serve", "--listen", "127.0.0.1:0", "--production"]).unwrap();
        let Command::Serve(args) = cli.command else { panic!("serve") };
        let config = args.settings.collect().unwrap().resolve().unwrap();
        assert_eq!((config.listen.port(), config.production, config.accept_clock), (0, true, false));
    }
}
