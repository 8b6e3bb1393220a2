// The guard in Deno: `deno run --allow-net --allow-env deno.mjs`, with the token in TOKEN.
import { compileGrant, hashToken } from "warded";
import { guard, memoryUsage } from "warded/edge";

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const grant = compileGrant({ scopes: ["secrets:read:production/*"], max_uses: 3, ip_allowlist: ["127.0.0.1"] });
const known = hex(hashToken(Deno.env.get("TOKEN")));
const guarded = guard({
  findGrant: (hash) => (hash === known ? { chain: [{ id: "tok_example", grant }] } : undefined),
  usage: memoryUsage(),
  clientIp: (_, info) => info.remoteAddr.hostname,
});

Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) }, async (request, info) => {
  const result = await guarded(request, { resource: "secrets", action: "read", path: "production/app/config" }, info);
  return result.ok ? new Response(`hello ${result.display}`) : result.response;
});
