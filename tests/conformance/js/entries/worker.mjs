// A worker: calls in the body of a request, answers in that of the response.

import { modules } from "./modules.mjs";
import { lines } from "./operations.mjs";

// Workers forbid randomness and I/O out here, and compile nothing; what is made at deploy time must work all the same.
const { compileGrant, decide, Keyring } = modules.warded;
const grant = compileGrant({ scopes: ["a:b"] });
const keyring = new Keyring([new Uint8Array(32)]);
const { decision } = decide({ chain: [{ grant }], request: { resource: "a", action: "b", now: 1 } });

export default {
  async fetch(request) {
    if (decision !== "allow" || keyring.open(keyring.seal(new Uint8Array(1))).length !== 1) return new Response("what was made at start does not work", { status: 500 });
    return new Response(await lines(modules)(await request.text()));
  },
};
