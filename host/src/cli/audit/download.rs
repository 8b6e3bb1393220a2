//! `warded audit export` from a server, as the bytes come.

use std::io::{BufWriter, Write as _};

use serde_json::json;

use super::super::client::call::Call;
use super::super::failure::Failure;
use super::super::input::create_private;
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
    let mut file = BufWriter::new(create_private(path)?);
    let written = session.client.stream(&call, &mut file).and_then(|bytes| {
        file.flush()?;
        file.get_ref().sync_all()?;
        Ok(bytes)
    });
    let bytes = match written {
        Ok(bytes) => bytes,
        Err(failure) => {
            // Half an export would be taken for a whole one.
            let _ = std::fs::remove_file(path);
            return Err(failure);
        }
    };
    if session.is_json() {
        return session.print_json(&json!({ "bytes": bytes, "output": path.display().to_string() }));
    }
    session.say(&format!("{bytes} bytes in {}", path.display()))
}
