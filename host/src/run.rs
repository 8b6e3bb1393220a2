//! `warded serve`, from the first socket to the last record.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::app::Shared;
use crate::config::{Config, MetricsListen};
use crate::error::ApiError;
use crate::serve::{
    destroy_deleted, flush_refusals, keep_checkpoints, keep_retention, record_start, record_stop,
    serve as serve_api, serve_metrics, sweep_approvals,
};
use crate::start::{Opened, StartError, open};
use crate::webhook::Deliveries;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;
/// Queries that may block a thread at the same time; more than the store has readers.
const BLOCKING_THREADS: usize = 32;

/// Why the server ended, or did not begin.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The audit does not take the record of the start or the end.
    #[error("the audit cannot be written: {0}")]
    Audit(String),
    /// The address cannot be had.
    #[error("cannot listen on {address} (setting `{setting}`): {}", said(.error))]
    Listen {
        /// The setting that says so.
        setting: &'static str,
        /// Where.
        address: SocketAddr,
        /// What the operating system says.
        error: io::Error,
    },
    /// The runtime or its signals do not start.
    #[error("the server cannot be started: {0}")]
    Runtime(io::Error),
    /// Data, keys or settings are not right.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl From<ApiError> for RunError {
    fn from(error: ApiError) -> Self {
        Self::Audit(error.message)
    }
}

fn said(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::AddrInUse {
        "the port is in use, stop who has it or choose another".to_owned()
    } else {
        error.to_string()
    }
}

/// Runs the server until SIGTERM or SIGINT.
///
/// # Errors
/// The one line that says why it does not run, or did not end in order.
pub fn serve(config: Config) -> Result<(), RunError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
        .map_err(RunError::Runtime)?;
    runtime.block_on(run(config))
}

async fn run(config: Config) -> Result<(), RunError> {
    // Before anything is made on disk: a port in use must leave no trace.
    let sockets = Sockets::bind(&config)?;
    let stop = stop_signal()?;
    let Opened { app, store, made } = open(config).await?;
    record_start(&app).await?;
    let (api, metrics) = sockets.listen()?;
    for path in made {
        tracing::info!(path = %path.display(), "first start: made");
    }
    let recorded = run_until(&app, api, metrics, stop).await;
    drop(app);
    store.close();
    Ok(recorded?)
}

async fn run_until(
    app: &Shared,
    api: TcpListener,
    metrics: Option<TcpListener>,
    stop: watch::Receiver<bool>,
) -> Result<(), ApiError> {
    let tasks = [
        tokio::spawn(flush_refusals(Arc::clone(app))),
        tokio::spawn(destroy_deleted(Arc::clone(app))),
        tokio::spawn(keep_checkpoints(Arc::clone(app))),
        tokio::spawn(keep_retention(Arc::clone(app))),
        tokio::spawn(sweep_approvals(Arc::clone(app))),
    ];
    let deliveries = Deliveries::start(Arc::clone(app));
    let scrapes =
        metrics.map(|listener| tokio::spawn(serve_metrics(Arc::clone(app), listener, stopped(stop.clone()))));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    serve_api(Arc::clone(app), api, stopped(stop)).await;
    for task in tasks {
        task.abort();
    }
    // Its threads wait for the store, whose answers come by this runtime.
    let _ = tokio::task::spawn_blocking(|| deliveries.stop()).await;
    if let Some(scrapes) = scrapes {
        let _ = scrapes.await;
    }
    record_stop(app).await?;
    tracing::info!("stopped");
    Ok(())
}

/// Sockets that have their addresses but do not listen yet.
struct Sockets {
    api: TcpSocket,
    metrics: Option<TcpSocket>,
}

impl Sockets {
    fn bind(config: &Config) -> Result<Self, RunError> {
        let api = bind("listen", config.listen)?;
        let metrics = match config.metrics_listen {
            MetricsListen::At(address) => Some(bind("metrics_listen", address)?),
            // The next port; none is next to a free port that the system picks, or to the last.
            MetricsListen::Auto => {
                let port = if config.listen.port() == 0 { None } else { config.listen.port().checked_add(1) };
                Some(bind("metrics_listen", (Ipv4Addr::LOCALHOST, port.unwrap_or(0)).into())?)
            }
            MetricsListen::Off => None,
        };
        Ok(Self { api, metrics })
    }

    /// Listens, and says where on stdout: the first line is the API's, the second that of the metrics.
    fn listen(self) -> Result<(TcpListener, Option<TcpListener>), RunError> {
        let (api, address) = listen("listen", self.api)?;
        announce(&format!("listening on http://{address}"));
        let metrics = self.metrics.map(|socket| listen("metrics_listen", socket)).transpose()?;
        Ok((
            api,
            metrics.map(|(listener, address)| {
                announce(&format!("metrics on http://{address}/metrics"));
                listener
            }),
        ))
    }
}

fn bind(setting: &'static str, address: SocketAddr) -> Result<TcpSocket, RunError> {
    let failed = |error| RunError::Listen { setting, address, error };
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.map_err(failed)?;
    // Connections of a server that has just ended do not hold the port.
    socket.set_reuseaddr(true).map_err(failed)?;
    socket.bind(address).map_err(failed)?;
    Ok(socket)
}

fn listen(setting: &'static str, socket: TcpSocket) -> Result<(TcpListener, SocketAddr), RunError> {
    let address = socket.local_addr().map_err(RunError::Runtime)?;
    let listener = socket.listen(BACKLOG).map_err(|error| RunError::Listen { setting, address, error })?;
    Ok((listener, address))
}

fn announce(line: &str) {
    let mut out = io::stdout().lock();
    // Whoever closed stdout does not want to know.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Turns true when the server is told to stop.
fn stop_signal() -> Result<watch::Receiver<bool>, RunError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Runtime)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Runtime)?;
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        let _ = sender.send(true);
        // Dropped only with the runtime: a second signal changes nothing, the drain has its own bound.
        sender.closed().await;
    });
    Ok(receiver)
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that nobody can send any more, which happens only when the runtime ends.
    let _ = stop.wait_for(|stop| *stop).await;
}
