//! What is refused before a route sees it, always in the form of this API.

use std::io::{Read as _, Write as _};

use super::server::{Place, Server, connect, read_answer};

fn put(place: &Place, server: &Server, headers: &str, body: &[u8]) -> super::server::Answer {
    let key = place.admin_key();
    let head = format!(
        "PUT /v1/secrets/limits/KEY HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n{headers}\r\n"
    );
    server.exchange(&[head.as_bytes(), body].concat())
}

#[test]
fn an_address_over_4_kib_is_414() {
    let server = Place::new().start();
    assert_eq!(server.get(&format!("/{}", "a".repeat(4_095)), "").status, 404);
    for length in [4_096, 20_000, 60_000] {
        server.get(&format!("/{}", "a".repeat(length)), "").assert_error(414, "URI_TOO_LONG");
    }
}

#[test]
fn headers_over_16_kib_are_431() {
    let server = Place::new().start();
    let health = |length: usize| server.get("/v1/health", &format!("x-filler: {}\r\n", "a".repeat(length)));
    assert_eq!(health(16_000).status, 200);
    for length in [16_384, 200_000, 1_500_000] {
        health(length).assert_error(431, "HEADERS_TOO_LARGE");
    }
    let many: String = (0..200).map(|index| format!("x-{index}: y\r\n")).collect();
    server.get("/v1/health", &many).assert_error(431, "HEADERS_TOO_LARGE");
}

#[test]
fn what_is_not_http_is_400() {
    let server = Place::new().start();
    for request in [
        "hello\r\n\r\n",
        "GET / HTTP/9\r\n\r\n",
        "GET /\u{1} HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\na b: c\r\n\r\n",
    ] {
        server.exchange(request.as_bytes()).assert_error(400, "VALIDATION_FAILED");
    }
}

#[test]
fn a_body_over_1_mib_is_413_however_it_is_sent() {
    let place = Place::new();
    let server = place.start();
    let long = vec![b' '; 1024 * 1024 + 1];
    let json = "content-type: application/json\r\n";
    let known = format!("{json}content-length: {}\r\n", long.len());
    put(&place, &server, &known, &long).assert_error(413, "PAYLOAD_TOO_LARGE");
    put(&place, &server, &format!("{json}content-length: 99999999999\r\n"), b"")
        .assert_error(413, "PAYLOAD_TOO_LARGE");
    let chunk = [format!("{:x}\r\n", long.len()).as_bytes(), &long, b"\r\n0\r\n\r\n"].concat();
    put(&place, &server, &format!("{json}transfer-encoding: chunked\r\n"), &chunk)
        .assert_error(413, "PAYLOAD_TOO_LARGE");
}

#[test]
fn a_body_that_does_not_arrive_is_408() {
    let place = Place::new().with("WARDED_BODY_TIMEOUT", "1s");
    let server = place.start();
    let headers = "content-type: application/json\r\ncontent-length: 100\r\n";
    put(&place, &server, headers, b"{").assert_error(408, "REQUEST_TIMEOUT");
}

#[test]
fn headers_that_do_not_arrive_end_the_connection() {
    let server = Place::new().with("WARDED_HEADER_TIMEOUT", "1s").start();
    let mut stream = server.connect();
    stream.write_all(b"GET /v1/health HTTP/1.1\r\n").unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn unknown_routes_and_methods_are_404_and_405() {
    let server = Place::new().start();
    server.get("/", "").assert_error(404, "NOT_FOUND");
    server.get("/v2/secrets", "").assert_error(404, "NOT_FOUND");
    let wrong = server.exchange(b"DELETE /v1/health HTTP/1.1\r\nhost: x\r\n\r\n");
    wrong.assert_error(405, "METHOD_NOT_ALLOWED");
    assert!(wrong.header("allow").unwrap().contains("GET"));
}

#[test]
fn an_extra_slash_is_accepted_at_the_front_only() {
    let server = Place::new().start();
    assert_eq!(server.get("//v1/health", "").status, 200);
    for path in ["///v1/health", "/v1//health", "/v1/health/"] {
        assert_ne!(server.get(path, "").status, 200, "{path}");
    }
}

#[test]
fn the_request_id_is_the_servers_own() {
    let server = Place::new().start();
    let answer = server.get("/v1/health", "x-request-id: mine\r\n");
    answer.assert_headers();
    assert_ne!(answer.header("x-request-id"), Some("mine"));
}

#[test]
fn an_address_with_too_many_connections_is_told_so_and_gets_its_places_back() {
    let server = Place::new().with("WARDED_CONNECTIONS_PER_ADDRESS", "2").start();
    let ask = b"GET /v1/health HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut first = server.connect();
    first.write_all(ask).unwrap();
    assert_eq!(read_answer(&mut first).status, 200);
    let mut second = server.connect();
    second.write_all(ask).unwrap();
    assert_eq!(read_answer(&mut second).status, 200);
    let mut third = server.connect();
    read_answer(&mut third).assert_error(429, "RATE_LIMITED");
    drop(first);
    second.write_all(b"GET /v1/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    assert_eq!(read_answer(&mut second).status, 200);
    // The server's end of the connection is its place being free.
    assert_eq!(second.read(&mut [0; 1]).unwrap(), 0);
    let free = std::iter::repeat_with(|| server.get("/v1/health", "")).take(1_000);
    assert!(free.map(|answer| answer.status).any(|status| status == 200));
}

#[test]
fn failed_credentials_are_limited_per_address_and_principals_by_themselves() {
    let place = Place::new().with("WARDED_RATE_LIMIT_UNAUTHENTICATED", "3");
    let server = place.start();
    for left in ["2", "1", "0"] {
        let answer = server.get("/v1/me", "authorization: Bearer nonsense\r\n");
        answer.assert_error(401, "UNAUTHORIZED");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(left));
    }
    let refused = server.get("/v1/me", "");
    refused.assert_error(429, "RATE_LIMITED");
    assert_eq!(refused.header("retry-after"), Some("20"));
    assert_eq!(refused.header("ratelimit-policy"), Some("\"address\";q=3;w=60"));
    assert_eq!(server.get("/v1/health", "").status, 200);
}

#[test]
fn an_authenticated_request_shows_its_principals_limit() {
    let place = Place::new().with("WARDED_RATE_LIMIT_PRINCIPAL", "2");
    let server = place.start();
    let me = || server.get("/v1/me", &format!("authorization: Bearer {}\r\n", place.admin_key()));
    let first = me();
    assert_eq!((first.status, first.header("ratelimit")), (200, Some("\"principal\";r=1;t=30")));
    assert_eq!(me().header("x-ratelimit-limit"), Some("2"));
    me().assert_error(429, "RATE_LIMITED");
}

#[test]
fn metrics_have_a_listener_of_their_own_and_name_nobody() {
    let place = Place::new();
    let mut server = place.start();
    let line = server.line();
    let address =
        line.strip_prefix("metrics on http://").and_then(|rest| rest.strip_suffix("/metrics")).unwrap();
    assert_eq!(server.get("/v1/secrets/limits/NAME", "").status, 401);
    server.get("/metrics", "").assert_error(404, "NOT_FOUND");
    let mut stream = connect(address);
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let text = read_answer(&mut stream).text();
    assert!(text.contains("warded_refused_unknown_total{code=\"UNAUTHORIZED\"} 1"), "{text}");
    let commits =
        text.lines().find_map(|line| line.strip_prefix("warded_store_commits_total ")?.parse().ok());
    // The first admin, the start and its checkpoint, and what the server looks for by itself if it has come to that; nobody asked for more.
    assert!(commits.is_some_and(|commits: u64| (3..=4).contains(&commits)), "{text}");
    assert!(text.contains("warded_guest_traps_total 0\n"), "{text}");
    assert!(!text.contains("NAME") && !text.contains("127.0.0.1"), "{text}");
}

#[test]
fn metrics_can_be_switched_off() {
    let server = Place::new().with("WARDED_METRICS_LISTEN", "off").start();
    server.signal("TERM");
    let (status, stderr) = server.ended();
    assert_eq!((status.code(), stderr.contains("metrics on")), (Some(0), false));
}
