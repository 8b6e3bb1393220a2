//! How many durable appends a second the disk takes from one writer.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::report::{Report, own_cpu};

/// Appends and syncs for `span`; the file is removed.
pub(crate) fn run(folder: &Path, span: Duration) -> Result<Report> {
    let path = folder.join(format!("warded-load-{}.tmp", std::process::id()));
    let mut file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    let mut report = Report::default();
    let begin = Instant::now();
    while begin.elapsed() < span {
        let start = Instant::now();
        file.write_all(&[0x5a; 4096])?;
        file.sync_data()?;
        report.micros.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    report.span = begin.elapsed();
    report.own_cpu = own_cpu();
    std::fs::remove_file(&path)?;
    Ok(report)
}
