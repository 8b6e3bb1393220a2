// A Cloudflare Worker that guards a route: bundle, Durable Object for the uses, a sealed value for whoever is allowed.
//
// Bindings: BUNDLE_KEY and VALUE_KEY (secrets, 64 hex digits each: keys of this edge, never the master key), BUNDLE and CONFIG (base64,
// put there by whoever deploys), USAGE (the Durable Object namespace of UsageObject).
import { Keyring, openBundle } from "warded";
import { durableObjectUsage, guard, UsageObject } from "warded/edge";

export { UsageObject };

const AUDIENCE = "config-worker";
const PATH = "production/app/config";

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (text) => Uint8Array.from(text.match(/../g), (pair) => Number.parseInt(pair, 16));
const fromBase64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/** The grants by the hash of their tokens. A bundle lives for minutes: when it has ended, nobody gets in until the next one is deployed. */
function grantsOf(env) {
  const bundle = openBundle(fromBase64(env.BUNDLE), { key: fromHex(env.BUNDLE_KEY), audience: AUDIENCE, minSerial: Number(env.MIN_SERIAL ?? 0) });
  return new Map(bundle.grants.map(({ id, token_hash, grant }) => [hex(token_hash), { chain: [{ id, grant }] }]));
}

let guarded;
let endsAt = 0;

function guardOf(env, now) {
  if (now >= endsAt) {
    const grants = grantsOf(env);
    guarded = guard({
      findGrant: (hash) => grants.get(hash),
      usage: durableObjectUsage(env.USAGE),
      // Set by the platform; a client cannot set it.
      clientIp: (request) => request.headers.get("CF-Connecting-IP"),
      keyring: new Keyring([fromHex(env.VALUE_KEY)]),
    });
    // Opened again every minute, so that its end is noticed.
    endsAt = now + 60_000;
  }
  return guarded;
}

export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname !== "/config") return new Response(null, { status: 404 });
    const result = await guardOf(env, Date.now())(request, { resource: "secrets", action: "read", path: PATH });
    if (!result.ok) return result.response;
    const value = result.open(fromBase64(env.CONFIG), { purpose: "config", path: PATH });
    return new Response(value, { headers: { "cache-control": "no-store", "content-type": "application/json" } });
  },
};
