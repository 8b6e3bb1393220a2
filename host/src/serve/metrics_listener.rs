//! `/metrics` on a listener of its own, for whoever can reach it.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::app::Shared;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Scrapers that may be connected at once.
const SCRAPERS: usize = 16;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Answers scrapes until `stop`.
pub async fn serve_metrics(app: Shared, listener: TcpListener, stop: impl Future<Output = ()>) {
    let scrapes = async {
        let places = Arc::new(Semaphore::new(SCRAPERS));
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let Ok((socket, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let app = Arc::clone(&app);
            let service = service_fn(move |request| {
                let response = scrape(&app, &request);
                async move { Ok::<_, Infallible>(response) }
            });
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(TIMEOUT).keep_alive(false);
            let connection = http.serve_connection(TokioIo::new(socket), service);
            tokio::spawn(async move {
                let _ = tokio::time::timeout(TIMEOUT, connection).await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = scrapes => {}
        () = stop => {}
    }
}

fn scrape<B>(app: &Shared, request: &Request<B>) -> Response<Body> {
    if request.uri().path() != "/metrics" {
        return status(StatusCode::NOT_FOUND);
    }
    if request.method() != Method::GET {
        return status(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Ok(text) = app.metrics.encode() else { return status(StatusCode::INTERNAL_SERVER_ERROR) };
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
