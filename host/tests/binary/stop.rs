//! An orderly end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::server::{Place, read_answer};

#[test]
fn sigterm_and_sigint_end_it_with_0() {
    for signal in ["TERM", "INT"] {
        let server = Place::new().start();
        server.signal(signal);
        assert_eq!(server.ended().0.code(), Some(0), "{signal}");
    }
}

#[test]
fn a_running_request_is_answered_and_an_idle_connection_is_closed() {
    let place = Place::new();
    let server = place.start();
    let mut idle = server.connect();
    idle.write_all(b"GET /v1/health HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert_eq!(read_answer(&mut idle).status, 200);
    let mut running = server.connect();
    let key = place.admin_key();
    let head = format!(
        "PUT /v1/secrets/stop/KEY HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: 13\r\nexpect: 100-continue\r\n\r\n"
    );
    running.write_all(head.as_bytes()).unwrap();
    let mut interim = [0; 25];
    running.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    server.signal("TERM");
    // The end of the idle connection says that the server is stopping.
    assert_eq!(idle.read(&mut [0; 1]).unwrap(), 0);
    assert!(TcpStream::connect(&server.address).is_err());
    running.write_all(b"{\"value\":\"v\"}").unwrap();
    assert_eq!(read_answer(&mut running).status, 201);
    assert_eq!(server.ended().0.code(), Some(0));
}

#[test]
fn a_request_that_does_not_end_is_given_up_when_its_time_is_over() {
    let place = Place::new().with("WARDED_DRAIN_TIMEOUT", "1s");
    let server = place.start();
    let mut running = server.connect();
    let head = format!(
        "PUT /v1/secrets/stop/KEY HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: 13\r\nexpect: 100-continue\r\n\r\n",
        place.admin_key()
    );
    running.write_all(head.as_bytes()).unwrap();
    running.read_exact(&mut [0; 25]).unwrap();
    let stderr = server.stop();
    assert!(stderr.contains("requests were still running"), "{stderr}");
}

#[test]
fn start_stop_and_the_refusals_of_strangers_are_in_the_audit() {
    let place = Place::new();
    let server = place.start();
    for _ in 0..3 {
        server.get("/v1/me", "").assert_error(401, "UNAUTHORIZED");
    }
    server.stop();
    let export = String::from_utf8(place.run(&["audit", "export", "--data", "data"]).stdout).unwrap();
    let lines = export.lines().skip(1).map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let (checkpoints, lines): (Vec<_>, Vec<_>) = lines.partition(|line| line.get("checkpoint").is_some());
    let signed: Vec<_> = checkpoints.iter().map(|line| line["checkpoint"]["seq"].as_u64().unwrap()).collect();
    assert_eq!(signed, [2, 4], "the start and the end");
    let records: Vec<_> = lines.iter().map(|line| line["record"].clone()).collect();
    let types: Vec<_> = records.iter().map(|record| record["event_type"].as_str().unwrap()).collect();
    assert_eq!(types, ["member.invited", "system.started", "request.refused", "system.stopped"]);
    let refused = &records[2];
    assert_eq!((&refused["actor"]["type"], &refused["outcome"]), (&"system".into(), &"deny".into()));
    assert!(refused.to_string().contains("UNAUTHORIZED 127.0.0.0/24 3"), "{refused}");
}
