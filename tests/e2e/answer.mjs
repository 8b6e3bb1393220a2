// What every answer of the server must look like.

import assert from "node:assert/strict";

/** The headers of every answer. */
export function assertHeaders(answer, what = "answer") {
  const { headers } = answer;
  assert.equal(headers["cache-control"], "no-store", `${what}: Cache-Control`);
  assert.equal(headers["x-content-type-options"], "nosniff", `${what}: X-Content-Type-Options`);
  assert.match(headers.vary ?? "", /\bAuthorization\b/i, `${what}: Vary`);
  assert.match(headers["x-request-id"] ?? "", /^[A-Za-z0-9_-]{8,128}$/, `${what}: X-Request-Id`);
  assert.equal(headers.etag, undefined, `${what}: an ETag would tell whether a value changed`);
  if (answer.status === 204) {
    assert.equal(headers["content-type"], undefined, `${what}: Content-Type of an empty answer`);
    assert.equal(answer.text, "", `${what}: a 204 has no body`);
  } else {
    assert.equal(headers["content-type"], "application/json", `${what}: Content-Type`);
  }
}

/** A refusal in the one form that errors have. `field` is what `errors[]` must name, `reasons` what must be told. */
export function assertError(answer, status, code, { field, reasons } = {}, what = "answer") {
  const seen = `${what}: ${answer.status} ${answer.text}`;
  assert.equal(answer.status, status, seen);
  assertHeaders(answer, what);
  const { error, detail, request_id: id, errors } = answer.json;
  assert.equal(error.code, code, seen);
  assert.equal(typeof error.message, "string", seen);
  assert.notEqual(error.message, "", seen);
  assert.equal(detail, error.message, `${seen}: one client reads only \`detail\``);
  assert.equal(id, answer.headers["x-request-id"], `${seen}: request_id`);
  if (field !== undefined) {
    assert.ok(
      errors?.some((one) => one.field === field),
      `${seen}: \`errors\` must name \`${field}\``,
    );
    assert.ok(
      errors.every((one) => typeof one.message === "string" && one.message !== ""),
      seen,
    );
  }
  if (reasons !== undefined) assert.deepEqual(error.reasons ?? [], reasons, seen);
}

/** A success with a body, which is returned. */
export function assertOk(answer, status = 200, what = "answer") {
  assert.equal(answer.status, status, `${what}: ${answer.status} ${answer.text}`);
  assertHeaders(answer, what);
  return answer.json;
}

/** A timestamp that every client reads as what it is. */
export function assertTimestamp(text, what) {
  assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/, what);
  assert.ok(Number.isFinite(Date.parse(text)), what);
}
