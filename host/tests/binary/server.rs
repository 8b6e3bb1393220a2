//! A server process on folders of its own, and HTTP as bytes.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// Longer than anything takes, shorter than anyone waits.
const DEADLINE: Duration = Duration::from_secs(20);

/// A folder with `data` and `keys`, and settings from the environment.
pub(crate) struct Place {
    root: TempDir,
    settings: Vec<(&'static str, String)>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap(), settings: Vec::new() }
    }

    /// The same place with a setting.
    pub(crate) fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.settings.push((variable, value.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The binary in this place, its settings in the environment and nothing else there.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_warded"));
        command.args(arguments).env_clear().current_dir(self.root.path()).stdin(Stdio::null());
        command.envs(self.settings.iter().map(|(name, value)| (*name, value)));
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts a server on a free port and waits for its first line.
    pub(crate) fn start(&self) -> Server {
        self.start_with(&[])
    }

    pub(crate) fn start_with(&self, arguments: &[&str]) -> Server {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut command = self.command(&arguments);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Some(address) = line.strip_prefix("listening on http://") else {
            let output = child.wait_with_output().unwrap();
            panic!("first line {line:?}, stderr {}", String::from_utf8_lossy(&output.stderr));
        };
        Server { address: address.trim_end().to_owned(), child, stdout }
    }

    /// A server that must not start: its one line on stderr, after exit 1 and nothing on stdout.
    pub(crate) fn refusal(&self, arguments: &[&str]) -> String {
        let output = self.run(&[&["serve"], arguments].concat());
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
        line
    }

    /// The first admin's key.
    pub(crate) fn admin_key(&self) -> String {
        fs::read_to_string(self.path("keys/admin.key")).unwrap().trim_end().to_owned()
    }
}

/// A running server; it is killed when this is dropped.
pub(crate) struct Server {
    pub(crate) address: String,
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Server {
    /// The next line on stdout.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(&self.address)
    }

    /// Sends a request's bytes on a connection of its own, and reads the answer.
    pub(crate) fn exchange(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        read_answer(&mut stream)
    }

    /// `GET` with the headers given.
    pub(crate) fn get(&self, path: &str, headers: &str) -> Answer {
        self.exchange(format!("GET {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes())
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end: how it ended, and what stderr said.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap(), stderr)
    }

    /// SIGTERM, exit 0, and what stderr said.
    pub(crate) fn stop(self) -> String {
        self.signal("TERM");
        let (status, stderr) = self.ended();
        assert_eq!(status.code(), Some(0), "{stderr}");
        stderr
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has usually ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// An error in the form of this API.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, code: &str) {
        let body = self.json();
        assert_eq!((self.status, body["error"]["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(body["detail"], body["error"]["message"]);
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"));
        self.assert_headers();
    }

    /// The headers of every answer.
    #[track_caller]
    pub(crate) fn assert_headers(&self) {
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("vary"), Some("Authorization"));
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"));
        assert!(self.header("x-request-id").unwrap().starts_with("req_"));
    }
}

/// Reads one answer with a `Content-Length`.
pub(crate) fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).expect("an answer"), 0, "closed after {head:?}");
    }
    let status = head[9..12].parse().unwrap();
    let mut answer = Answer { status, head, body: Vec::new() };
    let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
    answer.body = vec![0; length];
    reader.read_exact(&mut answer.body).unwrap();
    answer
}
