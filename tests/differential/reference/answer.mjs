// The answer to a call, as the engine's document boundary would give it.
import { decide } from "./decide.mjs";
import { settle } from "./quota.mjs";

export function answer(call) {
  return call.op === "settle" ? { usage: settle(call) } : decide(call);
}
