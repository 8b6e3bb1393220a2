//! What travels to a user: bytes as they are and compressed.

use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::step;

/// Prints the size of a file, raw and gzip.
pub(crate) fn print(name: &str, path: &Path) -> Result<()> {
    let bytes = step::read(path)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    println!("{name}: {} bytes, {} gzip", bytes.len(), encoder.finish()?.len());
    Ok(())
}
