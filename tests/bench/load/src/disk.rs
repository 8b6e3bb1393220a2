//! How many durable writes a second the disk takes from one writer.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::report::{Report, own_cpu};

/// A file of this many pages is written round and round, as a write-ahead log is: one that grows would measure the file system too.
const PAGES: u64 = 1024;
const PAGE: [u8; 4096] = [0x5a; 4096];

/// Writes a page and syncs, for `span`; the file is removed.
pub(crate) fn run(folder: &Path, span: Duration) -> Result<Report> {
    let path = folder.join(format!("warded-load-{}.tmp", std::process::id()));
    let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    (0..PAGES).try_for_each(|page| file.write_all_at(&PAGE, page * 4096))?;
    file.sync_all()?;
    let mut report = Report::default();
    let begin = Instant::now();
    for page in (0..PAGES).cycle() {
        let start = Instant::now();
        if begin.elapsed() >= span {
            break;
        }
        file.write_all_at(&PAGE, page * 4096)?;
        file.sync_data()?;
        report.micros.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    report.span = begin.elapsed();
    report.own_cpu = own_cpu();
    std::fs::remove_file(&path)?;
    Ok(report)
}
