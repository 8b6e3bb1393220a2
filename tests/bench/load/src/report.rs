//! What was measured.

use std::time::Duration;

/// The times of all answers within the measured span.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Microseconds of each answer.
    pub(crate) micros: Vec<u32>,
    /// Answers that were no success.
    pub(crate) errors: u64,
    /// The span.
    pub(crate) span: Duration,
    /// Processor time of this program.
    pub(crate) own_cpu: Duration,
}

impl Report {
    /// Takes in what another connection saw.
    pub(crate) fn add(&mut self, other: Self) {
        self.micros.extend(other.micros);
        self.errors += other.errors;
    }

    /// One line.
    pub(crate) fn into_json(mut self) -> String {
        self.micros.sort_unstable();
        let seconds = self.span.as_secs_f64();
        let count = self.micros.len();
        #[expect(clippy::cast_precision_loss, reason = "a rate of fewer than 2^52 answers")]
        let rate = count as f64 / seconds;
        format!(
            r#"{{"count":{count},"errors":{},"seconds":{seconds:.3},"rate":{rate:.1},"p50_us":{},"p99_us":{},"own_cpu_seconds":{:.2}}}"#,
            self.errors,
            self.percentile(50),
            self.percentile(99),
            self.own_cpu.as_secs_f64(),
        )
    }

    fn percentile(&self, percent: usize) -> u32 {
        let index = self.micros.len() * percent / 100;
        self.micros.get(index).or_else(|| self.micros.last()).copied().unwrap_or_default()
    }
}

/// Processor time of this program so far, in ticks of 10 ms.
pub(crate) fn own_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in parentheses may hold spaces; the 12th and 13th field behind it are user and system time.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
