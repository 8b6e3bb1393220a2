//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{ConfigError, Typed};
use crate::store::Role;

pub mod audit;
pub mod decide;
pub mod diagnostic;
pub mod lint;

use audit::AuditCommand;
use decide::DecideArgs;
use lint::LintArgs;

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
    /// Read and check the audit of a data folder or an export, without a server
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print the settings that hold, and where each comes from
    Config(ConfigArgs),
    /// Say what grants and a policy come to for a request, and why: exit status 0 for an allow, 1 for anything else
    Decide(DecideArgs),
    /// Make the keyring of a production server
    #[command(subcommand)]
    Keyring(KeyringCommand),
    /// Look for what is wrong or doubtful in a policy or a grant: exit status 0 if there is nothing, 1 if there is
    Lint(LintArgs),
    /// Add people to a data folder that no server is using
    #[command(subcommand)]
    Member(MemberCommand),
    /// Print the description of the HTTP API: OpenAPI 3.1
    Openapi,
    /// Run the server
    #[command(
        after_help = "Every setting is also a key of the file and an environment variable, `WARDED_` and the key in \
capitals: see `warded config` and config.default.toml.\nThe first line on stdout is `listening on http://ADDRESS`, the \
second where the metrics are; everything else goes to stderr."
    )]
    Serve(ServeArgs),
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

/// `member …`
#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// Add a member with an API key, and say in which file the key is
    Create(MemberArgs),
}

/// The flags of `member create`.
#[derive(Debug, Args)]
pub struct MemberArgs {
    /// What the member may do
    #[arg(long)]
    pub role: RoleArg,
    /// The member's address
    #[arg(long, value_parser = parse_line)]
    pub email: String,
    /// The member's name
    #[arg(long, value_parser = parse_line)]
    pub name: String,
    /// Print the key instead of writing it to a file
    #[arg(long)]
    pub reveal: bool,
    /// The folders.
    #[command(flatten)]
    pub folders: FolderFlags,
}

/// A role on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum RoleArg {
    /// Everything
    Admin,
    /// Audit only
    Auditor,
    /// Secrets, agents, policies and approvals
    Editor,
    /// Metadata only, never a value
    Viewer,
}

impl RoleArg {
    /// The name of the file of such a member's key, without its ending.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Editor => "editor",
            Self::Viewer => "viewer",
        }
    }
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Admin => Self::Admin,
            RoleArg::Auditor => Self::Auditor,
            RoleArg::Editor => Self::Editor,
            RoleArg::Viewer => Self::Viewer,
        }
    }
}

fn parse_line(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() || text.len() > 254 || text.chars().any(char::is_control) {
        return Err("expected 1 to 254 characters on one line");
    }
    Ok(text.to_owned())
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
    fn flags_become_settings() {
        let cli =
            Cli::try_parse_from(["warded", "serve", "--listen", "127.0.0.1:0", "--production"]).unwrap();
        let Command::Serve(args) = cli.command else { panic!("serve") };
        let config = args.settings.collect().unwrap().resolve().unwrap();
        assert_eq!((config.listen.port(), config.production, config.accept_clock), (0, true, false));
    }
}
