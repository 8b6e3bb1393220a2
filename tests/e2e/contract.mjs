// Every answer that a test gets is held to the API's own description, so that neither can drift from the other.
// What was accepted is held to it too: the path, the names of the query's parameters and the body.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

import { BINARY } from "./binary.mjs";

/** Statuses that any request may get, whatever it asks for: they are decided before a route is. */
const BEFORE_ROUTES = new Map([
  [400, "VALIDATION_FAILED"],
  [404, "NOT_FOUND"],
  [405, "METHOD_NOT_ALLOWED"],
  [414, "URI_TOO_LONG"],
  [431, "HEADERS_TOO_LARGE"],
]);

let loaded;

/** What the binary says of its API. */
export function description() {
  return JSON.parse(execFileSync(BINARY, ["openapi"], { encoding: "utf8", maxBuffer: 1 << 26 }));
}

/** The description and what is compiled of it; a process asks the binary once. */
function contract() {
  loaded ??= new Contract(description());
  return loaded;
}

/** Throws if the description does not have this answer to this request. */
export function assertDescribed(request, answer) {
  contract().check(request, answer);
}

/** A description, and what answers it allows. */
export class Contract {
  constructor(document) {
    this.document = document;
    close(document.components.schemas);
    this.ajv = new Ajv({ strict: false, allErrors: false, validateFormats: true });
    addFormats(this.ajv);
    for (const name of ["uint", "uint8", "uint16", "uint32", "uint64", "int64", "int32"]) this.ajv.addFormat(name, true);
    this.ajv.addSchema(document, "api");
    this.compiled = new Map();
    this.paths = Object.keys(document.paths).map(matcher).sort(byLiterals);
  }

  check({ method, path, bytes }, answer) {
    const [target, query = ""] = path.split("?");
    const shown = `${method} ${path}: ${answer.status} ${answer.text.slice(0, 500)}`;
    const described = this.find(method.toLowerCase(), target.replace(/^\/\/v1\//, "/v1/"));
    // An answer to HEAD has no body, and a preflight is the browser's business.
    if (method === "HEAD" || (method === "OPTIONS" && answer.status === 204)) return;
    if (!described) return this.assertError(answer, shown);
    const { pointer, operation } = described;
    const response = this.resolve(operation.responses[answer.status]);
    if (!response && [404, 405].includes(answer.status)) return this.assertError(answer, shown);
    assert.ok(response, `${shown}\n${operation.operationId} is not described with this status`);
    const type = answer.headers["content-type"]?.split(";")[0];
    assert.deepEqual(response.content ? Object.keys(response.content).includes(type) : type === undefined, true, `${shown}\nmedia type ${type}`);
    for (const [name, header] of Object.entries(response.headers)) {
      const { required } = this.resolve(header);
      if (required) assert.ok(answer.headers[name.toLowerCase()], `${shown}\nheader ${name}`);
    }
    if (answer.json !== undefined) {
      const at = operation.responses[answer.status].$ref?.slice(1) ?? `${pointer}/responses/${answer.status}`;
      this.assertValid(`${at}/content/${escape(type)}/schema`, answer.json, shown);
    }
    if (answer.status < 300) this.checkAccepted(described, query, bytes, shown);
  }

  /** What a success was asked with. */
  checkAccepted({ pointer, operation }, query, bytes, shown) {
    const known = (operation.parameters ?? []).filter((one) => one.in === "query").map((one) => one.name);
    const isOpen = operation.security.length === 0;
    for (const name of new URLSearchParams(query).keys()) {
      assert.ok(isOpen || known.includes(name), `${shown}\nparameter ${name} is not described`);
    }
    if (bytes === undefined || bytes.length === 0) {
      assert.notEqual(operation.requestBody?.required, true, `${shown}\naccepted without its body`);
    } else if (operation.requestBody) {
      this.assertValid(`${pointer}/requestBody/content/application~1json/schema`, JSON.parse(bytes), `${shown}\nbody`);
    }
  }

  /** The operation of a request: the path with the most words of its own first, a namespace may have slashes. */
  find(method, target) {
    const found = this.paths.find(({ pattern, path }) => pattern.test(target) && this.document.paths[path][method]);
    if (!found) return undefined;
    return { pointer: `/paths/${escape(found.path)}/${method}`, operation: this.document.paths[found.path][method] };
  }

  resolve(node) {
    if (!node?.$ref) return node;
    return node.$ref.slice(2).split("/").reduce((at, word) => at[word], this.document);
  }

  assertError(answer, shown) {
    assert.ok(BEFORE_ROUTES.has(answer.status), `${shown}\nis no route`);
    assert.equal(answer.json?.error?.code, BEFORE_ROUTES.get(answer.status), `${shown}\nis no route`);
    this.assertValid("/components/schemas/Error", answer.json, shown);
  }

  assertValid(pointer, value, shown) {
    let validate = this.compiled.get(pointer);
    if (!validate) {
      validate = this.ajv.compile({ $ref: `api#${pointer.split("/").map(encodeURIComponent).join("/")}` });
      this.compiled.set(pointer, validate);
    }
    assert.ok(validate(value), `${shown}\n${pointer}: ${this.ajv.errorsText(validate.errors)} ${JSON.stringify(validate.errors?.[0]?.params)}`);
  }
}

/** A field that is not described is drift, although a client must expect new ones. */
function close(node) {
  if (node === null || typeof node !== "object") return;
  if (node.type === "object" && node.properties) node.additionalProperties ??= false;
  Object.values(node).forEach(close);
}

function matcher(path) {
  const parts = path.split("/").map((part) => {
    if (part === "{namespace}") return ".+";
    return part.startsWith("{") ? "[^/]+" : part.replace(/[.]/g, "\\.");
  });
  return { path, pattern: new RegExp(`^${parts.join("/")}$`), literals: path.split("/").filter((part) => !part.startsWith("{")).length };
}

function byLiterals(one, other) {
  return other.literals - one.literals || other.path.length - one.path.length;
}

const escape = (word) => word.replaceAll("~", "~0").replaceAll("/", "~1");
