// Request targets, queries and methods that are wrong, as data.

import { description } from "./contract.mjs";

const segment = (length) => "s".repeat(length);

/** Targets below `/v1/secrets/` that no canonical path has; bytes go out as they stand here (latin-1). */
export const PATHS = {
  "a malformed escape": "a/%zz",
  "half an escape": "a/%2",
  "a bare percent": "a/%",
  "a percent at the end of an escaped slash": "a%2F%/K",
  NUL: "a/%00",
  "NUL in the namespace": "a%00b/K",
  dots: "a/../K",
  "dots at the front": "../K",
  "one dot": "a/./K",
  "escaped dots": "a/%2e%2e/K",
  "half-escaped dots": "a/.%2E/K",
  "dots behind an escaped slash": "a%2F..%2FK/L",
  "doubled slash": "a//K",
  "doubled escaped slash": "a%2F%2FK/L",
  "escaped slash at the front": "%2Fa/K",
  "escaped slash at the end": "a%2F/K",
  "trailing slash": "a/K/",
  "an overlong slash": "a/%c0%af",
  "invalid UTF-8": "a/%ff",
  "not ASCII": "a/%c3%a4",
  "a space": "a/%20K",
  "a star": "a/K*",
  "an escaped star": "a/%2A",
  "a lone plus": "a/+/K",
  "a backslash": "a/%5C",
  "a colon": "a/x:y",
  "a semicolon": "a/K;x=1",
  "double escaping": "a/%252e%252e",
  "a newline": "a/%0a",
  "a segment of 129": `a/${segment(129)}`,
  "33 segments": Array.from({ length: 33 }, () => "s").join("/"),
  "513 bytes": `${Array.from({ length: 4 }, () => segment(125)).join("/")}/${segment(9)}`,
};

/** Queries of GET: `[path, field]`. */
export const QUERIES = [
  ...["0", "-1", "1.5", "abc", "", "99999999999999999999", "1&version=2", "%zz"].map((version) => [
    `/v1/secrets/input-query/KEY?version=${version}`,
    "version",
  ]),
  ["/v1/secrets/input-query/KEY?view=value", "view"],
  ["/v1/secrets/input-query/KEY?nope=1", "nope"],
  ...["0", "-1", "abc", "1001"].map((limit) => [`/v1/secrets/input-query?limit=${limit}`, "limit"]),
  ["/v1/secrets/input-query?cursor=%21%21", "cursor"],
  ["/v1/secrets?namespace=a%2F%2Fb", "namespace"],
  ...["0", "-1", "abc", "1001"].map((limit) => [`/v1/audit?limit=${limit}`, "limit"]),
  ["/v1/rotations?limit=0", "limit"],
  ["/v1/rotations?cursor=abc", "cursor"],
  ["/v1/rotations?due_before=tomorrow", "due_before"],
  ["/v1/audit?page=0", "page"],
  ["/v1/audit?page=abc", "page"],
  ["/v1/audit?start_time=yesterday", "start_time"],
  ["/v1/audit?end_time=1700000000", "end_time"],
  ["/v1/audit?outcome=maybe", "outcome"],
  ["/v1/audit?event_type=secret.eaten", "event_type"],
  ["/v1/audit?ip=1.2.3", "ip"],
  ["/v1/audit?cursor=abc", "cursor"],
  ["/v1/audit?nope=1", "nope"],
  ["/v1/approvals?status=maybe", "status"],
  ...["agents", "approvals", "policies", "tokens"].flatMap((list) => ["", "zz", "0"].map((cursor) => [`/v1/${list}?cursor=${cursor}`, "cursor"])),
];

/** Each path that is described, with its methods; below /v1/secrets, where several routes share their paths, by hand. */
export const METHODS = {
  ...Object.fromEntries(
    Object.entries(description().paths)
      .filter(([path]) => !path.startsWith("/v1/secrets/"))
      .map(([path, methods]) => [path.replaceAll(/\{\w+\}/g, "agt_00000000000000000000000000000000"), Object.keys(methods).map((method) => method.toUpperCase())]),
  ),
  "/v1/secrets/input-method/KEY": ["GET", "PUT", "PATCH", "DELETE"],
  "/v1/secrets/input-method/rotate": ["GET", "POST", "PUT", "PATCH", "DELETE"],
  "/v1/secrets/import": ["POST", "GET"],
};

/** Targets that are no route at all. */
export const UNKNOWN = ["/", "/v1", "/v2/secrets/a/K", "/v1/nope", "/V1/health", "/v1/%68ealth", "/health/live", "/metrics", "/v1/me/x"];

/** Targets that no canonical path has, whatever the route. */
export const UNCANONICAL = [
  "/v1/",
  "/v1/health/",
  "/v1//health",
  "///v1/health",
  "/v1/agents/",
  "/../v1/health",
  "/v1/x/../health",
  "/v1/./health",
  "/v1/%2e%2e/health",
  "/v1/health%",
  "/v1/%00",
  "/%ff",
];

/** Bytes that are no HTTP request that we take. */
export const RAW = {
  "no HTTP": "hello\r\n\r\n",
  "no version": "GET /v1/health\r\n\r\n",
  "HTTP/3.7": "GET /v1/health HTTP/3.7\r\nHost: x\r\n\r\n",
  "a space in a header name": "GET /v1/health HTTP/1.1\r\nHost: x\r\nBad Name: y\r\n\r\n",
  "NUL in a header": "GET /v1/health HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n",
  "two lengths": "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
  "a length that is no number": "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
  "raw bytes above ASCII in the target": "GET /v1/secrets/a/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
  "a raw space in the target": "GET /v1/secrets/a b/K HTTP/1.1\r\nHost: x\r\n\r\n",
  "a folded header": "GET /v1/health HTTP/1.1\r\nHost: x\r\nX-A: a\r\n b\r\n\r\n",
};
