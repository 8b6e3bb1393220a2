//! The listeners: connections within limits, and an orderly end.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};

use crate::app::Shared;
use crate::error::{ApiCode, ApiError};
use crate::extract::client_ip::is_trusted;
use crate::routes;

mod answer;
mod connections;
mod cors;
mod lifecycle;
mod metrics_listener;
mod retention;
mod stream;

pub use answer::answer;
pub(crate) use lifecycle::{ERASED_AT_ONCE, show};
pub use lifecycle::{
    flush_refusals, keep_checkpoints, keep_retention, record_start, record_stop, sweep_approvals,
};
pub use metrics_listener::serve_metrics;
pub use retention::{destroy_deleted, sweep};

use connections::{Connections, Place};
use stream::Stream;

/// Room for the headers that are allowed, and for some that are not: those get an answer that says so.
const READ_BUFFER: usize = 64 * 1024;
/// Between two attempts when the system has no descriptor for one more connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves the API until `stop`, and then until what runs has been answered or the time for it is over.
pub async fn serve(app: Shared, listener: TcpListener, stop: impl Future<Output = ()>) {
    let front = Front {
        router: routes::router(Arc::clone(&app)),
        http: builder(&app),
        connections: Connections::default(),
        app: Arc::clone(&app),
    };
    let graceful = GracefulShutdown::new();
    tokio::select! {
        () = accept(&front, &listener, &graceful) => {}
        () = stop => {}
    }
    drop(listener);
    if tokio::time::timeout(app.config.drain_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still running when the time to finish them was over");
    }
}

struct Front {
    app: Shared,
    router: Router,
    http: http1::Builder,
    connections: Connections,
}

fn builder(app: &Shared) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(app.config.header_timeout)
        .max_buf_size(READ_BUFFER)
        // One buffer for each answer: it is looked at before it is written.
        .writev(false);
    http
}

async fn accept(front: &Front, listener: &TcpListener, graceful: &GracefulShutdown) {
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => front.take(socket, peer, graceful.watcher()),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The client has gone away again; the listener itself is well.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

impl Front {
    fn take(&self, socket: TcpStream, peer: SocketAddr, watcher: Watcher) {
        let ip = peer.ip().to_canonical();
        let Ok(place) = self.place(ip) else {
            let mut error = ApiError::new(ApiCode::RateLimited, "too many connections from this address");
            error.retry_after = Some(1);
            // A socket that does not take a few hundred bytes at once is not worth waiting for.
            let _ = socket.try_write(&answer::bare(&self.app, ip, error));
            return;
        };
        // Answers are small and whole.
        let _ = socket.set_nodelay(true);
        let app = Arc::clone(&self.app);
        let stream = Stream::new(socket, app.config.send_timeout, move |status| {
            answer::bare(&app, ip, answer::malformed(status))
        });
        let (app, router) = (Arc::clone(&self.app), self.router.clone());
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let (app, router) = (Arc::clone(&app), router.clone());
            async move { Ok::<_, Infallible>(answer(&app, &router, ip, answer::with_body(request)).await) }
        });
        let connection = watcher.watch(self.http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // Whatever ends a connection is the client's business, or was answered.
            let _ = connection.await;
            drop(place);
        });
    }

    /// A place for one more connection; a trusted proxy has as many as it needs.
    fn place(&self, ip: IpAddr) -> Result<Option<Place>, ()> {
        if is_trusted(ip, &self.app.config.trusted_proxies) {
            return Ok(None);
        }
        self.connections.enter(ip, self.app.config.connections_per_address).map(Some).ok_or(())
    }
}
