//! The socket under hyper: gives hyper's own bare error answers our form, and closes so that a refused client can read why.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Closing a socket with unread input resets it, and the client loses the answer: so some input is read and thrown away first.
const DISCARDED: usize = 2 * 1024 * 1024;
const LINGER: Duration = Duration::from_secs(1);

/// A socket whose outgoing answers are looked at.
pub(super) struct Stream<F> {
    socket: TcpStream,
    /// Makes our answer of hyper's status.
    bare: F,
    replacement: Option<Replacement>,
    refused: bool,
    /// How long the client may read nothing while there is something to write.
    patience: Duration,
    /// When that is over; none while it reads.
    stalled: Option<Pin<Box<Sleep>>>,
    closing: Option<Closing>,
}

struct Replacement {
    bytes: Vec<u8>,
    written: usize,
    /// The length of hyper's answer, which it believes to have written.
    instead_of: usize,
}

struct Closing {
    deadline: Pin<Box<Sleep>>,
    left: usize,
}

impl<F: FnMut(u16) -> Vec<u8>> Stream<F> {
    pub(super) const fn new(socket: TcpStream, patience: Duration, bare: F) -> Self {
        Self { socket, bare, replacement: None, refused: false, patience, stalled: None, closing: None }
    }

    /// Writes, or fails once the client has not read for too long: an answer that nobody reads must not hold its memory and its place.
    fn poll_socket(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.socket).poll_write(cx, bytes) {
            self.stalled = None;
            return Poll::Ready(written);
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_replacement(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while let Some(mut replacement) = self.replacement.take() {
            let rest = replacement.bytes.get(replacement.written..).unwrap_or_default();
            if rest.is_empty() {
                return Poll::Ready(Ok(replacement.instead_of));
            }
            let polled = self.poll_socket(cx, rest);
            if let Poll::Ready(Ok(written)) = polled {
                replacement.written = replacement.written.saturating_add(written);
            }
            self.replacement = Some(replacement);
            if ready!(polled)? == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
        }
        Poll::Ready(Ok(0))
    }

    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(closing) = &mut self.closing else { return Poll::Ready(Ok(())) };
        let mut scratch = [0; 8192];
        while closing.left > 0 && closing.deadline.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {
                    closing.left = closing.left.saturating_sub(buffer.filled().len());
                }
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The status of an answer that hyper wrote by itself: it is alone in its buffer, has no body, and none of our headers.
fn bare_status(bytes: &[u8]) -> Option<u16> {
    let head = bytes.strip_prefix(b"HTTP/1.")?.strip_suffix(b"\r\n\r\n")?;
    let status: u16 = str::from_utf8(head.get(2..5)?).ok()?.parse().ok()?;
    let ours = head.windows(REQUEST_ID.len()).any(|window| window == REQUEST_ID);
    (status >= 400 && !ours).then_some(status)
}

const REQUEST_ID: &[u8] = b"\r\nx-request-id:";

fn is_refusal(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/1.1 4") || bytes.starts_with(b"HTTP/1.0 4")
}

impl<F: FnMut(u16) -> Vec<u8> + Unpin> AsyncWrite for Stream<F> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.replacement.is_none() {
            let Some(status) = bare_status(bytes) else {
                this.refused = is_refusal(bytes) || (this.refused && !bytes.starts_with(b"HTTP/1."));
                return this.poll_socket(cx, bytes);
            };
            this.refused = true;
            this.replacement =
                Some(Replacement { bytes: (this.bare)(status), written: 0, instead_of: bytes.len() });
        }
        this.poll_replacement(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        self.poll_write(cx, first.map_or(&[][..], |slice| slice))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.closing.is_none() {
            ready!(Pin::new(&mut this.socket).poll_shutdown(cx))?;
            if !this.refused {
                return Poll::Ready(Ok(()));
            }
            this.closing = Some(Closing { deadline: Box::pin(tokio::time::sleep(LINGER)), left: DISCARDED });
        }
        this.poll_linger(cx)
    }
}

impl<F: Unpin> AsyncRead for Stream<F> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_read(cx, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_that_hyper_made_by_itself_is_replaced() {
        let bare = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        assert_eq!(bare_status(bare), Some(431));
        assert_eq!(bare_status(b"HTTP/1.1 100 Continue\r\n\r\n"), None);
        assert_eq!(bare_status(b"HTTP/1.1 204 No Content\r\ndate: x\r\n\r\n"), None);
        assert_eq!(bare_status(b"HTTP/1.1 404 Not Found\r\nx-request-id: req_1\r\n\r\n"), None);
        assert_eq!(bare_status(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}"), None);
        assert_eq!(bare_status(b"{\"value\":\"HTTP/1.1 400 x\"}"), None);
        assert_eq!(bare_status(b"HTTP/1.1 4"), None);
    }
}
