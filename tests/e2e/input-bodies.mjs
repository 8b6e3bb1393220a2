// Bodies that are wrong, as data: per route a good one, and what makes it bad with the field that the answer must name.

/** Routes that take a body, each with a body that would do. */
export const ROUTES = {
  agent: {
    method: "POST",
    path: "/v1/agents",
    caller: "admin",
    required: ["name", "allowed_namespaces", "allowed_scopes"],
    good: {
      name: "input",
      description: "d",
      allowed_namespaces: ["input"],
      allowed_scopes: ["secrets:read:input/*"],
      ip_policy: ["127.0.0.1"],
      token_ceiling: { ttl: "1h", tier: "standard" },
    },
  },
  agentChange: {
    method: "PATCH",
    path: "/v1/agents/agt_00000000000000000000000000000000",
    caller: "admin",
    required: [],
    good: {
      description: "d",
      allowed_namespaces: ["input"],
      allowed_scopes: ["secrets:read:input/*"],
      ip_policy: ["127.0.0.1"],
      limits: [{ id: "rpm", unit: "requests", algorithm: { window: { limit: 60, per: "minute" } } }],
      token_ceiling: { ttl: "1h", tier: "standard" },
      active: true,
    },
  },
  member: {
    method: "POST",
    path: "/v1/members",
    caller: "admin",
    required: ["email", "name", "role"],
    good: { email: "input@example.com", name: "Input", role: "viewer" },
  },
  memberChange: {
    method: "PATCH",
    path: "/v1/members/mem_00000000000000000000000000000000",
    caller: "admin",
    required: [],
    good: { name: "Input", role: "viewer" },
  },
  memberKey: {
    method: "POST",
    path: "/v1/members/mem_00000000000000000000000000000000/keys",
    caller: "admin",
    required: ["name"],
    good: { name: "input", approve: true, expires_at: "2999-01-01T00:00:00Z", ip_allowlist: ["127.0.0.1"] },
  },
  token: {
    method: "POST",
    path: "/v1/tokens",
    caller: "agent",
    required: ["scopes"],
    good: { scopes: ["secrets:read:input/*"], ttl: "15m", max_uses: 3, ip_allowlist: ["127.0.0.1"], reason: "a test" },
  },
  secret: {
    method: "PUT",
    path: "/v1/secrets/input/KEY",
    caller: "admin",
    required: ["value"],
    good: { value: "v", secret_type: "custom", access_tier: "standard", metadata: { a: 1 } },
  },
  import: {
    method: "POST",
    path: "/v1/secrets/import",
    caller: "admin",
    required: ["namespace", "content"],
    good: { namespace: "input/import", content: "A=1\n", secret_type: "custom", access_tier: "standard", metadata: { a: 1 } },
  },
  update: {
    method: "PATCH",
    path: "/v1/secrets/input/KEY",
    caller: "admin",
    required: [],
    good: { secret_type: "custom", access_tier: "standard", metadata: { a: 1 } },
  },
  rollback: {
    method: "POST",
    path: "/v1/secrets/input/KEY/rollback",
    caller: "admin",
    required: ["version"],
    good: { version: 1 },
  },
};

const text = (length, letter = "x") => letter.repeat(length);
const many = (length, entry) => Array.from({ length }, (_, index) => entry(index));
const nested = (depth) => (depth === 0 ? 1 : { n: nested(depth - 1) });

const SCOPES = {
  "no colon": "read",
  "no action": "secrets",
  "empty pattern": "secrets:read:",
  "upper-case resource": "Secrets:read:a/*",
  "star in the middle": "secrets:read:a*b",
  "star and more": "secrets:read:a/*/b",
  "plus and star": "secrets:read:a/+*",
  "doubled slash": "secrets:read:a//b",
  "leading slash": "secrets:read:/a",
  "trailing slash": "secrets:read:a/",
  dots: "secrets:read:a/../b",
  "five pluses": "secrets:read:+/+/+/+/+",
  "a space": "secrets:read:a b",
  "unknown resource": "planets:read:*",
  "unknown action": "secrets:fly:*",
  "too long": `secrets:read:${text(129)}`,
  "not ASCII": "secrets:read:ä",
  empty: "",
  "two patterns": "secrets:read:a:b",
};
const NETWORKS = {
  "host bits": "10.0.0.1/8",
  "IPv6 host bits": "2001:db8::1/32",
  "leading zero": "010.0.0.1",
  "three parts": "1.2.3",
  zone: "fe80::1%lo",
  "prefix too long": "10.0.0.0/33",
  port: "10.0.0.1:80",
  space: " 10.0.0.1",
  name: "localhost",
  empty: "",
  hex: "0x7f.0.0.1",
  "signed prefix": "10.0.0.0/+8",
};
const NAMESPACES = {
  star: "a/*",
  empty: "",
  "leading slash": "/a",
  "trailing slash": "a/",
  "doubled slash": "a//b",
  dots: "a/..",
  space: "a b",
};

/** `[route, what, change to the good body, field]`. */
export const FIELDS = [
  ...Object.entries(SCOPES).flatMap(([what, scope]) => [
    ["token", `scope: ${what}`, { scopes: ["secrets:read:input/*", scope] }, "scopes[1]"],
    ["agent", `scope: ${what}`, { allowed_scopes: [scope] }, "allowed_scopes[0]"],
  ]),
  ...Object.entries(NETWORKS).flatMap(([what, network]) => [
    ["token", `network: ${what}`, { ip_allowlist: ["127.0.0.1", network] }, "ip_allowlist[1]"],
    ["agent", `network: ${what}`, { ip_policy: [network] }, "ip_policy[0]"],
  ]),
  ...Object.entries(NAMESPACES).flatMap(([what, namespace]) => [
    ["agent", `namespace: ${what}`, { allowed_namespaces: [namespace] }, "allowed_namespaces[0]"],
    ["import", `namespace: ${what}`, { namespace }, "namespace"],
  ]),
  ...[0, "0", "0s", "-1s", -1, 1.5, "25h", 86_401, "1w", "15 m", "1e3", "", "99999999s", "1h30m", "١m", true, []].map((ttl) => [
    "token",
    `ttl ${JSON.stringify(ttl)}`,
    { ttl },
    "ttl",
  ]),
  ...[0, -1, 4_294_967_296, "3", 1.5, 1e30, true].map((max_uses) => ["token", `max_uses ${max_uses}`, { max_uses }, "max_uses"]),
  ["token", "no scopes", { scopes: [] }, "scopes"],
  ["token", "65 scopes", { scopes: many(65, (n) => `secrets:read:input/${n}`) }, "scopes"],
  ["token", "an empty allowlist", { ip_allowlist: [] }, "ip_allowlist"],
  ["token", "257 networks", { ip_allowlist: many(257, (n) => `10.0.${n >> 8}.${n & 255}`) }, "ip_allowlist"],
  ["token", "a long reason", { reason: text(501) }, "reason"],
  ["token", "a control character in the reason", { reason: "a\u0007b" }, "reason"],
  ["token", "a bidi character in the reason", { reason: "a\u202eb" }, "reason"],

  ...["", "a b", text(65), "a/b", "ä", `agt_${text(32, "0")}`, "tok_x", "a.b"].map((name) => ["agent", `name ${name}`, { name }, "name"]),
  ["agent", "257 scopes", { allowed_scopes: many(257, (n) => `secrets:read:input/${n}`) }, "allowed_scopes"],
  ["agent", "an empty policy", { ip_policy: [] }, "ip_policy"],
  ["agent", "a ceiling of 0", { token_ceiling: { ttl: "0s" } }, "token_ceiling.ttl"],
  ["agent", "a ceiling of no tier", { token_ceiling: { tier: "top" } }, "token_ceiling.tier"],
  ["agent", "an unknown ceiling", { token_ceiling: { uses: 1 } }, "token_ceiling.uses"],

  ["secret", "a value of 64 KiB and a byte", { value: text(65_537) }, "value"],
  ["secret", "a value of too many bytes in few characters", { value: text(32_769, "é") }, "value"],
  ...["secret", "import", "update"].flatMap((route) => [
    [route, "an unknown type", { secret_type: "password" }, "secret_type"],
    [route, "an unknown tier", { access_tier: "top" }, "access_tier"],
    [route, "a tier in capitals", { access_tier: "Standard" }, "access_tier"],
    [route, "metadata that is a list", { metadata: [1] }, "metadata"],
    [route, "metadata that is a string", { metadata: "m" }, "metadata"],
    [route, "metadata over 8 KiB", { metadata: { m: text(8_192) } }, "metadata"],
  ]),
  ...[0, -1, 1.5, 1e30].map((version) => ["rollback", `version ${version}`, { version }, "version"]),
  ["import", "a malformed line", { content: "A=1\nB 2\n" }, "content"],
  ["import", "a duplicate key", { content: "A=1\nB=2\nA=3\n" }, "content"],
  ["import", "an open quote", { content: 'A="1\n' }, "content"],
  ["import", "a key that is no path segment", { content: "A/B=1\n" }, "content"],
  ["import", "501 keys", { content: many(501, (n) => `K${n}=1`).join("\n") }, "content"],
  ["import", "a value over 64 KiB", { content: `A=${text(65_537)}` }, "content"],
];

/** What is wrong with a dotenv text says on which line. */
export const IMPORT_LINES = [
  ["A=1\nB 2\n", 2],
  ["A=1\nB=2\nA=3\n", 3],
  ["# c\n\nA=1\nexport\n", 4],
];

const OTHER_TYPES = [null, true, 7, "text", ["list"], { an: "object" }];
const kind = (value) => (value === null ? "null" : Array.isArray(value) ? "list" : typeof value);
// `ttl` is a string or a number; `metadata` may be null, a string or a list for `metadata` stand above.
const ALSO = { ttl: ["number"], metadata: ["null", "string", "list"] };

/** Every field of every route with every other JSON type. */
export const TYPES = Object.entries(ROUTES).flatMap(([route, { good }]) =>
  Object.keys(good).flatMap((field) =>
    OTHER_TYPES.filter((value) => kind(value) !== kind(good[field]) && !(ALSO[field] ?? []).includes(kind(value))).map((value) => [
      route,
      `${field} is ${kind(value)}`,
      { [field]: value },
      field,
    ]),
  ),
);

/** Bodies that are no JSON object at all: `[what, bytes]`. */
export const MALFORMED = [
  ["nothing in it", Buffer.from(" ")],
  ["half an object", Buffer.from('{"value":')],
  ["no value", Buffer.from('{"value":}')],
  ["bare words", Buffer.from("value")],
  ["single quotes", Buffer.from("{'value':'v'}")],
  ["a comment", Buffer.from('{"value":"v"} // c')],
  ["a trailing comma", Buffer.from('{"value":"v",}')],
  ["two documents", Buffer.from('{"value":"v"}{}')],
  ["NaN", Buffer.from('{"value":NaN}')],
  ["a raw newline in a string", Buffer.from('{"value":"a\nb"}')],
  ["invalid UTF-8", Buffer.concat([Buffer.from('{"value":"'), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from('"}')])],
  ["UTF-16", Buffer.from('{"value":"v"}', "utf16le")],
  ["half a surrogate pair", Buffer.from('{"value":"\\ud800"}')],
  ["a list", Buffer.from("[]")],
  ["a string", Buffer.from('"v"')],
  ["null", Buffer.from("null")],
  ["a number", Buffer.from("1")],
];

/** An object nested one level deeper than allowed, whose outermost key is `metadata`. */
export const TOO_DEEP = { metadata: nested(33) };
