//! `warded audit export` from a server, as the bytes come.

use serde_json::json;

use super::super::client::call::Call;
use super::super::failure::Failure;
use super::super::private_file::PrivateFile;
use super::super::session::Session;
use super::{ExportArgs, FormatArg};

/// Writes an export to a new file, or to the output.
///
/// # Errors
/// The server refuses or breaks off, or the export cannot be written.
pub fn download(session: &mut Session<'_>, args: &ExportArgs) -> Result<(), Failure> {
    let accept = match args.format {
        FormatArg::Csv => "text/csv",
        FormatArg::Ndjson => "application/x-ndjson",
    };
    let call = args.filter.add_to(Call::get(&["audit", "export"])).header("Accept", Some(accept));
    let Some(path) = &args.output else {
        let client = std::sync::Arc::clone(&session.client);
        client.stream(&call, session.out())?;
        return Ok(());
    };
    let mut file = PrivateFile::named(path)?;
    let bytes = session.client.stream(&call, &mut file)?;
    file.keep()?;
    if session.is_json() {
        return session.print_json(&json!({ "bytes": bytes, "output": path.display().to_string() }));
    }
    session.say(&format!("{bytes} bytes in {}", path.display()))
}
