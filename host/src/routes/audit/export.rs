//! `GET /v1/audit/export`: the chain, whole or with what a filter leaves of it, in pieces that never fill the memory.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use http_body_util::channel::{Channel, Sender};
use serde_json::{Map, Value};
use warded_core::chain::FIRST_PREVIOUS;

use super::super::call::Call;
use super::super::work::carry_out;
use super::{FILTERS, parse_filters};
use crate::app::Shared;
use crate::audit::export::{Format, Header};
use crate::audit::mask::mask_tokens;
use crate::audit::{Detail, EventType};
use crate::authorize::{Effect, Stop, Subject};
use crate::error::ApiError;
use crate::openapi::{Operation, Parameter};
use crate::permission::ExportAudit;
use crate::serve::show;
use crate::store::{self, AuditQuery, Read, StoreError};
use crate::timestamp::rfc3339;

/// How many places of the chain one piece holds.
const PIECE: u64 = 250;
/// How many pieces wait for the client.
const AHEAD: usize = 2;
/// How long a client may take for a piece: one that reads nothing holds a connection for nobody.
const PATIENCE: Duration = Duration::from_secs(60);

pub(in super::super) const EXPORT: Operation =
    Operation::new("export_audit", "The chain, whole or filtered, for `warded audit verify`")
        .query(&FILTERS)
        .headers(&[Parameter::text("Accept", "`application/x-ndjson`, or `text/csv` for spreadsheets")])
        .text("application/x-ndjson")
        .text("text/csv");

pub(in super::super) async fn export(mut call: Call<ExportAudit>) -> Result<Response, ApiError> {
    let format = format(call.header(&header::ACCEPT, "Accept")?.as_deref())?;
    let query = parse_filters(&mut call.query)?;
    let app = Arc::clone(call.app());
    let wanted = query.clone();
    let (span, checkpoint) =
        carry_out(call.case(Subject::default()), move |authority| begin(authority, &wanted)).await?;
    show(&app, checkpoint).await;
    let (sender, body) = Channel::<Bytes, io::Error>::new(AHEAD);
    let Span { header, through } = span;
    let is_whole = header.filter.is_null();
    let after = header.start_seq.saturating_sub(1);
    tokio::spawn(send(sender, Export { app, query, format, header: Some(header), after, through, is_whole }));
    Ok(answer(format, Body::new(body)))
}

/// The format that the client takes.
fn format(accept: Option<&str>) -> Result<Format, ApiError> {
    let Some(accept) = accept else { return Ok(Format::Ndjson) };
    let types = accept.split(',').map(|entry| entry.split(';').next().unwrap_or_default().trim());
    let mut known = types.filter_map(|name| match name.to_ascii_lowercase().as_str() {
        "text/csv" | "text/*" => Some(Format::Csv),
        "application/x-ndjson" | "application/*" | "*/*" => Some(Format::Ndjson),
        _ => None,
    });
    known.next().ok_or_else(|| ApiError::invalid("Accept", "expected `application/x-ndjson` or `text/csv`"))
}

fn answer(format: Format, body: Body) -> Response {
    let (kind, disposition) = match format {
        Format::Csv => ("text/csv", "attachment; filename=\"audit.csv\""),
        Format::Ndjson => ("application/x-ndjson", "attachment; filename=\"audit.ndjson\""),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    response
}

/// What an export begins with, and where it ends.
struct Span {
    header: Header,
    through: u64,
}

type Checkpoint = warded_core::audit::checkpoint::Checkpoint;

/// Signs the chain as it is, so that the whole export is covered, and records who takes it.
fn begin(authority: &mut Effect<'_>, query: &AuditQuery) -> Result<(Span, Option<Checkpoint>), Stop> {
    authority.require_permission()?;
    let checkpoint = authority.app.checkpoints.take(authority.store)?;
    let newest = authority.store.chain_link(u64::MAX)?.map_or(0, |(seq, _)| seq);
    let (first, through) =
        authority.store.chain_span(query)?.unwrap_or_else(|| (newest.saturating_add(1), newest));
    let previous_link =
        authority.store.chain_link(first.saturating_sub(1))?.map_or(FIRST_PREVIOUS, |(_, link)| link);
    let filter = filter(query);
    let mut event = authority.event(EventType::AuditExported);
    event.details.push(("filter", Detail::Text(filter.to_string())));
    event.details.push(("first_seq", Detail::Integer(first)));
    event.details.push(("last_seq", Detail::Integer(through)));
    authority.record(event);
    let header = Header { tenant: authority.app.tenant, start_seq: first, previous_link, filter };
    Ok((Span { header, through }, checkpoint))
}

/// What was asked for; null if that was everything.
fn filter(query: &AuditQuery) -> Value {
    let time = |time: Option<warded_core::time::Millis>| time.map(rfc3339);
    let given = [
        ("event_type", query.event_type.clone()),
        ("resource_type", query.resource_type.clone()),
        ("actor_id", query.actor_id.clone()),
        ("path", query.path.clone()),
        ("outcome", query.outcome.clone()),
        ("ip", query.ip.clone()),
        ("start_time", time(query.start)),
        ("end_time", time(query.end)),
    ];
    let given: Map<_, _> = given
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), mask_tokens(&value?).into())))
        .collect();
    if given.is_empty() { Value::Null } else { Value::Object(given) }
}

/// An export on its way.
struct Export {
    app: Shared,
    query: AuditQuery,
    format: Format,
    /// Not written yet.
    header: Option<Header>,
    after: u64,
    through: u64,
    is_whole: bool,
}

/// Sends piece after piece, each read when there is room for it.
async fn send(mut sender: Sender<Bytes, io::Error>, mut export: Export) {
    loop {
        let read = tokio::task::spawn_blocking(move || {
            let piece = export.piece();
            (export, piece)
        });
        let Ok((rest, piece)) = read.await else { return };
        export = rest;
        let piece = match piece {
            Ok(Some(piece)) => piece,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, "an export of the audit cannot go on");
                // The connection ends without the last piece, so that nobody takes it for the whole.
                return sender.abort(io::Error::other("the audit cannot be read"));
            }
        };
        match tokio::time::timeout(PATIENCE, sender.send_data(piece)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => return sender.abort(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Export {
    /// The next piece; nothing at the end.
    fn piece(&mut self) -> Result<Option<Bytes>, StoreError> {
        let mut out = Vec::new();
        if let Some(header) = self.header.take() {
            self.format.header(&mut out, &header);
        }
        let store = Arc::clone(&self.app.store);
        store::query(&*store, |read| self.read(read, &mut out))?;
        Ok((!out.is_empty()).then(|| Bytes::from(out)))
    }

    fn read(&mut self, read: &mut dyn Read, out: &mut Vec<u8>) -> Result<(), StoreError> {
        if self.after >= self.through && !self.goes_on(read)? {
            return Ok(());
        }
        let rows = read.chain(&self.query, self.after, self.through, PIECE)?;
        let last = rows.last().ok_or(StoreError::Damaged("the chain of the audit"))?.seq;
        let most = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let mut signed = read.checkpoints(self.after, last, most)?.into_iter().peekable();
        for row in &rows {
            self.format.record(out, row);
            while let Some(checkpoint) = signed.next_if(|checkpoint| checkpoint.seq <= row.seq) {
                if checkpoint.seq == row.seq {
                    self.format.checkpoint(out, &checkpoint);
                }
            }
        }
        self.after = last;
        Ok(())
    }

    /// Goes on if records were erased meanwhile, to the one that names them.
    fn goes_on(&mut self, read: &mut dyn Read) -> Result<bool, StoreError> {
        if !self.is_whole {
            return Ok(false);
        }
        let erasures = AuditQuery {
            event_type: Some(EventType::AuditErased.name().to_owned()),
            limit: 1,
            ..AuditQuery::default()
        };
        let newest = read.audit(&erasures)?.pop().map_or(0, |row| row.seq);
        self.through = self.through.max(newest);
        Ok(self.after < self.through)
    }
}
