// The guard in Node's http.
import { createServer } from "node:http";
import { compileGrant, hashToken } from "warded";
import { guard, memoryUsage, nodeGuard } from "warded/edge";

const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** A server whose one route takes the token that the environment names. */
export function server(token) {
  const grant = compileGrant({ scopes: ["secrets:read:production/*"], ip_allowlist: ["127.0.0.0/8", "::1"], max_uses: 3 });
  const known = hex(hashToken(token));
  const guarded = nodeGuard(
    guard({
      findGrant: (hash) => (hash === known ? { chain: [{ id: "tok_example", grant }] } : undefined),
      usage: memoryUsage(),
      clientIp: (_, incoming) => incoming.socket.remoteAddress,
    }),
  );
  const answer = async (incoming, outgoing) => {
    const allowed = await guarded(incoming, outgoing, { resource: "secrets", action: "read", path: "production/app/config" });
    if (allowed) outgoing.end(`hello ${allowed.display}`);
  };
  return createServer((incoming, outgoing) => {
    // What nobody catches would end the process.
    answer(incoming, outgoing).catch(() => {
      if (!outgoing.headersSent) outgoing.writeHead(500);
      outgoing.end();
    });
  });
}
