/** The guard of a route at the edge: bearer token, grant, decision and stored usage in one call. */
export { honoGuard, nodeGuard } from "./edge-adapters.js";
export type { HonoContextLike, IncomingLike, OutgoingLike } from "./edge-adapters.js";
export { durableObjectUsage, UsageObject } from "./edge-durable-object.js";
export type { DurableObjectNamespaceLike, DurableObjectStateLike } from "./edge-durable-object.js";
export { guard } from "./edge-guard.js";
export type { Allowed, Found, FoundLink, Guard, Guarded, GuardOptions, Need, Receipt, Refused } from "./edge-guard.js";
export { redisUsage } from "./edge-redis.js";
export type { RedisLike } from "./edge-redis.js";
export { memoryUsage } from "./edge-usage.js";
export type { Change, UsageStore } from "./edge-usage.js";
