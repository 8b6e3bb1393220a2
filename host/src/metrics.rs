//! What Prometheus sees. Labels are route templates, codes and words of this program: never a name, path or address.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::audit::Outcome;
use crate::error::ApiCode;
use crate::guest::Guest;
use crate::store::{Activity, Store};

/// Upper bounds in seconds: a read is decided in well under a millisecond, a durable write waits for the disk.
const BOUNDS: [f64; 11] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];

/// Every counter of this server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    decisions: Family<OutcomeLabels, Counter>,
    refused: Family<CodeLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    class: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabels {
    code: &'static str,
}

impl Metrics {
    /// Counters at zero.
    #[must_use]
    pub fn new(guest: Arc<Guest>, store: Arc<dyn Store>) -> Self {
        let mut registry = Registry::with_prefix("warded");
        let requests = Family::default();
        registry.register("requests", "Requests by route and class of status", requests.clone());
        let seconds = Histogram::new(BOUNDS);
        registry.register("request_seconds", "Time from headers to answer", seconds.clone());
        let decisions = Family::default();
        registry.register("decisions", "Decisions by outcome", decisions.clone());
        let refused = Family::default();
        registry.register(
            "refused_unknown",
            "Requests refused before their caller was known, by code",
            refused.clone(),
        );
        registry.register_collector(Box::new(GuestTraps(guest)));
        registry.register_collector(Box::new(StoreActivity(store)));
        Self { registry, requests, seconds, decisions, refused }
    }

    /// Counts an answer; `route` is a template such as `/v1/tokens/{id}`.
    pub fn answered(&self, route: &str, status: u16, took: Duration) {
        let class = match status {
            ..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            500.. => "5xx",
        };
        self.requests.get_or_create(&RequestLabels { route: route.to_owned(), class }).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// Counts a decision of the engine.
    pub fn decided(&self, outcome: Outcome) {
        self.decisions.get_or_create(&OutcomeLabels { outcome: outcome.word() }).inc();
    }

    /// Counts a refusal before the caller was known.
    pub fn refused(&self, code: ApiCode) {
        self.refused.get_or_create(&CodeLabels { code: code.name() }).inc();
    }

    /// All counters as OpenMetrics text.
    ///
    /// # Errors
    /// A collector failed.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[derive(Debug)]
struct GuestTraps(Arc<Guest>);

impl Collector for GuestTraps {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let traps = ConstCounter::new(self.0.traps());
        let help = "Calls of the engine that ended in a trap or at a limit";
        traps.encode(encoder.encode_descriptor("guest_traps", help, None, traps.metric_type())?)
    }
}

#[derive(Debug)]
struct StoreActivity(Arc<dyn Store>);

impl Collector for StoreActivity {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Activity { commits, jobs, waiting } = self.0.activity();
        let commits = ConstCounter::new(commits);
        let help = "Durable commits; jobs per commit is how well they are batched";
        commits.encode(encoder.encode_descriptor("store_commits", help, None, commits.metric_type())?)?;
        let jobs = ConstCounter::new(jobs);
        let help = "Jobs that were committed";
        jobs.encode(encoder.encode_descriptor("store_jobs", help, None, jobs.metric_type())?)?;
        let waiting = ConstGauge::new(i64::try_from(waiting).unwrap_or(i64::MAX));
        let help = "Jobs that wait for the writer";
        waiting.encode(encoder.encode_descriptor("store_waiting_jobs", help, None, waiting.metric_type())?)
    }
}
