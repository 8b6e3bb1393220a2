//! HTTP/1.1 over kept-alive connections, written and read by hand.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Http;
use crate::report::{Report, own_cpu};

/// Keeps one request under way on each connection until the time is up.
pub(crate) fn run(http: &Http) -> Result<Report> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(all(http))
}

async fn all(http: &Http) -> Result<Report> {
    let span = Duration::from_secs_f64(http.seconds);
    let begin = Instant::now() + span / 5;
    let end = begin + span;
    let mut clients = JoinSet::new();
    for number in 0..http.clients {
        let mut connection = Connection::open(http, number).await?;
        clients.spawn(async move { connection.repeat(begin, end).await });
    }
    let mut report = Report::default();
    while let Some(one) = clients.join_next().await {
        report.add(one??);
    }
    report.span = span;
    report.own_cpu = own_cpu();
    Ok(report)
}

struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(http: &Http, number: usize) -> Result<Self> {
        let stream = TcpStream::connect(http.address).await.context("the server does not answer")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, request: request(http, number).into_bytes(), buffer: Vec::with_capacity(4096) })
    }

    /// Counts what is answered between `begin` and `end`.
    async fn repeat(&mut self, begin: Instant, end: Instant) -> Result<Report> {
        let mut report = Report::default();
        loop {
            let start = Instant::now();
            if start >= end {
                return Ok(report);
            }
            let status = self.ask().await?;
            if start >= begin {
                report.micros.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
                report.errors += u64::from(!(200..300).contains(&status));
            }
        }
    }

    /// Sends the request and reads the whole answer; returns its status.
    async fn ask(&mut self) -> Result<u16> {
        self.stream.write_all(&self.request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some((status, length)) = head(&self.buffer)
                && self.buffer.len() >= length
            {
                return Ok(status);
            }
        }
    }
}

fn request(http: &Http, number: usize) -> String {
    let path = of(&http.path, number).replace("{client}", &number.to_string());
    let body = http.body.as_deref().unwrap_or_default();
    let token = of(&http.token, number);
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    format!(
        "{} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        http.method,
        http.address,
        body.len(),
    )
}

/// What the connection of this number takes of a list that begins again at its end.
fn of(list: &[String], number: usize) -> &str {
    list.iter().cycle().nth(number).map_or("", String::as_str)
}

/// The status and the length of the whole answer, once its head is there.
fn head(bytes: &[u8]) -> Option<(u16, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let status = text.get(9..12)?.parse().ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    Some((status, end + 4 + length.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 5\r\nvary: x\r\n\r\nhello";
        assert_eq!(head(answer), Some((201, answer.len())));
        assert_eq!(head(b"HTTP/1.1 204 No Content\r\n\r\n"), Some((204, 27)));
        assert_eq!(head(b"HTTP/1.1 200 OK\r\ncontent-len"), None);
    }
}
