//! The `warded` binary: arguments, settings, one command, one line if it fails.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use warded::audit::mask::mask_tokens;
use warded::cli::audit::{self, AuditCommand, ExportArgs, PublicKeyArgs, VerifyArgs};
use warded::cli::connection::Connection;
use warded::cli::decide::{self, DecideArgs};
use warded::cli::failure::Failure;
use warded::cli::lint::{self, LintArgs};
use warded::cli::member::{self, MemberArgs, MemberCommand};
use warded::cli::session::Session;
use warded::cli::{Cli, Command, ConfigArgs, FolderFlags, KeyringCommand, ServeArgs, completions, reference};
use warded::clock::Clock;
use warded::start::{HandedOver, NewMember, create_member};
use warded::store::Role;
use warded::timestamp::rfc3339;
use warded::{keys, logging, openapi, run};

fn main() -> ExitCode {
    match execute(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            let failure = error.downcast_ref::<Failure>();
            if !failure.is_some_and(Failure::is_closed_pipe) {
                // Nobody is left to tell if stderr is closed.
                let _ = writeln!(io::stderr(), "warded: {error}");
            }
            failure.map_or(ExitCode::FAILURE, |failure| ExitCode::from(failure.exit_status()))
        }
    }
}

fn execute(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Agent(it) => remote(&it.connection, |session| it.command.run(session))?,
        Command::Approval(it) => remote(&it.connection, |session| it.command.run(session))?,
        Command::Audit(AuditCommand::Checkpoints(it)) => {
            remote(&it.connection, |session| it.args.run(session))?;
        }
        Command::Audit(AuditCommand::Erase(it)) => remote(&it.connection, |session| it.args.run(session))?,
        Command::Audit(AuditCommand::Export(args)) => export(&args)?,
        Command::Audit(AuditCommand::List(it)) => remote(&it.connection, |session| it.args.run(session))?,
        Command::Audit(AuditCommand::PublicKey(args)) => public_key(&args)?,
        Command::Audit(AuditCommand::Verify(args)) => return verify(&args),
        Command::Commands => io::stdout().lock().write_all(reference::markdown().as_bytes())?,
        Command::Completions(args) => completions::print(&args, &mut io::stdout().lock()),
        Command::Config(args) => config(&args)?,
        Command::Decide(args) => return decide(&args),
        Command::Keyring(KeyringCommand::Create(folders)) => create_keyring(&folders)?,
        Command::Lint(args) => return lint(&args),
        Command::Member(command) => manage_members(command)?,
        Command::Openapi => io::stdout().lock().write_all(&openapi::bytes())?,
        Command::Policy(it) => remote(&it.connection, |session| it.command.run(session))?,
        Command::Secret(it) => remote(&it.connection, |session| it.command.run(session))?,
        Command::Serve(args) => serve(&args)?,
        Command::Token(it) => remote(&it.connection, |session| it.command.run(session))?,
        Command::Webhook(it) => remote(&it.connection, |session| it.command.run(session))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn manage_members(command: MemberCommand) -> anyhow::Result<()> {
    match command {
        MemberCommand::Create(args) => add_member(&args)?,
        MemberCommand::Invite(it) => remote(&it.connection, |session| it.args.run(session))?,
        MemberCommand::Key(it) => remote(&it.connection, |session| it.command.run(session))?,
        MemberCommand::List(it) => remote(&it.connection, member::list)?,
        MemberCommand::Me(it) => remote(&it.connection, member::me)?,
        MemberCommand::Remove(it) => remote(&it.connection, |session| it.args.run(session))?,
        MemberCommand::Role(it) => remote(&it.connection, |session| it.args.run(session))?,
    }
    Ok(())
}

/// A command to a server, with the key and the address that are found.
fn remote(
    connection: &Connection,
    run: impl FnOnce(&mut Session<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (mut out, mut err) = (io::stdout().lock(), io::stderr());
    run(&mut Session::new(connection, Clock::system().now(), &mut out, &mut err)?)
}

fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    let typed = args.settings.collect()?;
    let config = typed.resolve()?;
    let logging = logging::start(&config, &typed)?;
    let served = run::serve(config);
    // What was logged comes before the line that says why the server ends.
    drop(logging);
    Ok(served?)
}

fn config(args: &ConfigArgs) -> anyhow::Result<()> {
    let typed = args.settings.collect()?;
    typed.resolve()?;
    let mut out = io::stdout().lock();
    if args.json {
        let entries = typed.iter().map(|(key, value, source)| {
            (key.to_owned(), serde_json::json!({ "value": value, "source": source.describe() }))
        });
        let object: serde_json::Map<String, serde_json::Value> = entries.collect();
        writeln!(out, "{}", mask_tokens(&serde_json::to_string_pretty(&object)?))?;
    } else {
        for (key, value, source) in typed.iter() {
            // No setting is meant to hold a token, and none that does is shown.
            writeln!(out, "{key} = {} # {}", mask_tokens(&value.to_string()), source.describe())?;
        }
    }
    Ok(())
}

fn verify(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let config = FolderFlags::of_data(args.data.as_deref()).collect()?.resolve()?;
    let holds = audit::verify(args, &config.data, &mut io::stdout().lock())?;
    Ok(exit(holds))
}

fn decide(args: &DecideArgs) -> anyhow::Result<ExitCode> {
    let now = Clock::system().now();
    Ok(exit(decide::decide(args, now, &mut io::stdout().lock(), &mut anstream::stderr())?))
}

fn lint(args: &LintArgs) -> anyhow::Result<ExitCode> {
    let now = Clock::system().now();
    let Some(file) = &args.file else {
        let mut is_well = false;
        remote(&args.connection, |session| {
            is_well = lint::agents::lint(session, now)?;
            Ok(())
        })?;
        return Ok(exit(is_well));
    };
    Ok(exit(lint::lint(file, args.connection.json, now, &mut anstream::stdout())?))
}

/// Done, or refused.
const fn exit(is_well: bool) -> ExitCode {
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn export(args: &ExportArgs) -> anyhow::Result<()> {
    if args.data.is_none() {
        return Ok(remote(&args.connection, |session| audit::download::download(session, args))?);
    }
    if !args.filter.is_empty() {
        return Err(Failure::Usage("filters need a server: leave --data out".to_owned()).into());
    }
    let config = FolderFlags::of_data(args.data.as_deref()).collect()?.resolve()?;
    Ok(audit::export(args, &config.data, &mut io::stdout().lock())?)
}

fn public_key(args: &PublicKeyArgs) -> anyhow::Result<()> {
    let config = args.folders.collect()?.resolve()?;
    Ok(audit::public_key(args, &config, &mut io::stdout().lock())?)
}

fn create_keyring(folders: &FolderFlags) -> anyhow::Result<()> {
    let config = folders.collect()?.resolve()?;
    let path = keys::create_keyring(
        &config.keys,
        &rfc3339(Clock::system().now()),
        config.keyring_passphrase_file.as_deref(),
    )?;
    writeln!(io::stdout(), "keyring: {}", path.display())?;
    Ok(())
}

fn add_member(args: &MemberArgs) -> anyhow::Result<()> {
    let config = args.folders.collect()?.resolve()?;
    let role = Role::from(args.role);
    let file = keys::free_name(&config.keys, role.word());
    let member = NewMember {
        role,
        email: &args.email,
        name: &args.name,
        file: (!args.reveal).then_some(file.as_str()),
        replace: false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut out = io::stdout();
    match runtime.block_on(create_member(&config, &member))? {
        HandedOver::File(path) => writeln!(out, "key: {}", path.display())?,
        HandedOver::Key(key) => writeln!(out, "{}", key.expose())?,
    }
    Ok(())
}
