// Answers the calls of the document boundary with the npm package. Whatever runtime this stands in, it is given the package's modules,
// and uses nothing that some runtime lacks.

import { bytes, hex } from "./hex.mjs";
import { primitivesOf } from "./primitives.mjs";

/** Makes the function that answers a call; the answer to what the package does not offer is `null`. */
export function answerer({ warded, derive, hazmat }) {
  const operations = { ...operationsOf(warded, hazmat), ...primitivesOf(hazmat, derive) };
  return async (call) => {
    const operation = operations[call.op];
    if (operation === undefined) return null;
    try {
      return await operation(call);
    } catch (error) {
      return { error: described(error, warded.WardedError) };
    }
  };
}

/** Answers calls and gives answers that are one JSON text to a line, as everything between the suite and a runtime is. */
export function lines(modules) {
  const answer = answerer(modules);
  return async (calls) => {
    const answers = [];
    for (const line of calls.split("\n").filter(Boolean)) answers.push(JSON.stringify(await answer(JSON.parse(line))));
    return answers.join("\n");
  };
}

function operationsOf(warded, hazmat) {
  const keyring = (call) => new warded.Keyring(call.keys.map(bytes));
  const policyOf = ({ policy }) => {
    // The errors of a text are seen from the text.
    return typeof policy === "string" ? warded.compilePolicy(policy) : under("policy", () => warded.compilePolicy(policy));
  };
  const asked = ({ chain, policy, request }) => {
    const links = chain.map(({ grant, ...rest }, index) => ({
      grant: under(`chain[${index}].grant`, () => warded.compileGrant(grant)),
      ...rest,
    }));
    return { chain: links, request, ...(policy === undefined ? {} : { policy: policyOf({ policy }) }) };
  };
  return {
    decide: (call) => warded.decide(asked(call)),
    explain: (call) => warded.explain(asked(call)),
    filter({ op, paths, ...call }) {
      const allowed = warded.filter({ ...asked(call), paths });
      // The package answers with the paths themselves, in their order.
      const indices = (Array.isArray(paths) ? paths : []).flatMap((entry, index) => {
        if ((entry.path ?? entry) !== allowed[0]) return [];
        allowed.shift();
        return [index];
      });
      return { indices: allowed.length === 0 ? indices : allowed };
    },
    compile_policy: (call) => ({ bytes: hex(policyOf(call).bytes) }),
    lint({ policy, grant, now }) {
      const warnings = () => (policy === undefined ? warded.lintGrant(grant, now) : warded.lintPolicy(policy));
      return { warnings: warnings() };
    },
    settle({ op, grant, reserved_at, ...rest }) {
      const compiled = under("grant", () => warded.compileGrant(grant));
      const options = { grant: compiled, ...rest, ...(reserved_at === undefined ? {} : { reservedAt: reserved_at }) };
      return { usage: warded.settle(options) };
    },
    compile_grant: ({ grant }) => ({ bytes: hex(under("grant", () => warded.compileGrant(grant)).bytes) }),
    covers: ({ outer, inner }) => ({ result: warded.covers(outer, inner) }),
    overlaps: ({ a, b }) => ({ result: warded.overlaps(a, b) }),
    // The package has no parser of its own for scopes: a scope that is accepted covers itself.
    parse_scope: ({ text }) => named("text", () => (warded.covers(text, text) ? { canonical: text } : { canonical: null })),
    parse_token: ({ text }) => named("text", () => warded.parseToken(text)),
    hash_token: ({ text }) => named("text", () => ({ hash: hex(warded.hashToken(text)) })),
    verify_token: ({ text, hash }) => ({ result: warded.verifyToken(text, bytes(hash)) }),
    seal(call) {
      const sealed = hazmat.sealWithSalt(keyring(call), bytes(call.salt), bytes(call.plaintext), call.context);
      return { sealed: hex(sealed) };
    },
    // With the engine's AES and with the runtime's.
    async open({ context, sealed, ...call }) {
      const ring = keyring(call);
      const plaintext = ring.open(bytes(sealed), context);
      const others = [bytes(sealed), await ring.sealAsync(plaintext, context)].map((value) => ring.openAsync(value, context));
      const differs = (await Promise.all(others)).some((other) => hex(other) !== hex(plaintext));
      return { plaintext: differs ? "the runtime's AES makes something else of it" : hex(plaintext) };
    },
    redact({ json, text, options }) {
      if (json === undefined) return { text: warded.redact(text, options) };
      return { json: JSON.stringify(named("json", () => warded.redact(JSON.parse(json), options))) };
    },
    audience_key: ({ key, tenant, audience }) => ({ key: hex(hazmat.audienceKey(bytes(key), tenant, audience)) }),
    make_bundle({ op, key, grants, policy, ...rest }) {
      const entries = grants.map(({ token_hash, grant, ...entry }, index) => ({
        grant: under(`grants[${index}].grant`, () => warded.compileGrant(grant)),
        ...(token_hash === undefined ? {} : { token_hash: bytes(token_hash) }),
        ...entry,
      }));
      const document = { ...rest, grants: entries, ...(policy === undefined ? {} : { policy: policyOf({ policy }) }) };
      return { bytes: hex(hazmat.makeBundle(document, bytes(key))) };
    },
    open_bundle({ bytes: bundle, key, now, audience, min_serial }) {
      const opened = warded.openBundle(bytes(bundle), { key: bytes(key), now, audience, minSerial: min_serial });
      const shown = (value) => value && hex(value);
      const grants = opened.grants.map(({ id, token_hash, grant }) => ({ id, token_hash: shown(token_hash), grant: hex(grant.bytes) }));
      return { ...opened, audience, grants, policy: shown(opened.policy?.bytes ?? null) };
    },
  };
}

/** An error as the boundary shows it; what is not the engine's has the name of its class for a code. */
function described(error, WardedError) {
  if (!(error instanceof WardedError)) return { code: error.name, message: error.message };
  const field = error.rename ?? [error.at, error.field].filter(Boolean).join(".");
  return { code: error.code, message: error.message, ...(field ? { field } : {}) };
}

/** Runs `work`, and puts `place` before the field of an error that it throws. */
function under(place, work) {
  try {
    return work();
  } catch (error) {
    error.at = place;
    throw error;
  }
}

/** Runs `work`, and calls the field of an error that it throws as the call does. */
function named(field, work) {
  try {
    return work();
  } catch (error) {
    error.rename = field;
    throw error;
  }
}
