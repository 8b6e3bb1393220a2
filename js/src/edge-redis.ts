// Usages in Redis or Valkey: one script reads, compares and writes, so nothing comes in between.

import type { Usage } from "./internal.js";
import { partition, type UsageStore } from "./edge-usage.js";

/** A client of node-redis (`sendCommand`) or ioredis (`call`), or a function that sends one command. */
export type RedisLike =
  | { sendCommand(command: string[]): Promise<unknown> }
  | { call(command: string, ...args: string[]): Promise<unknown> }
  | ((command: string[]) => Promise<unknown>);

/** ARGV holds expected revision, next usage and time to forget (empty for never) for each key. */
const SWAP = `
local stored, same = {}, true
for i, key in ipairs(KEYS) do
  local text = redis.call("GET", key)
  stored[i] = text
  local revision = text and string.match(text, '^(%d+) ') or "0"
  if revision ~= ARGV[3 * i - 2] then same = false end
end
if not same then return stored end
for i, key in ipairs(KEYS) do
  redis.call("SET", key, ARGV[3 * i - 1])
  if ARGV[3 * i] ~= "" then redis.call("PEXPIREAT", key, ARGV[3 * i]) end
end
return "stored"
`;

/**
 * Usages in Redis or Valkey, under keys that begin with `prefix`.
 *
 * All keys of one partition hash to one slot of a cluster. A replica that takes over can have lost the newest writes, and with them uses.
 */
export function redisUsage(client: RedisLike, options: { readonly prefix?: string } = {}): UsageStore {
  const { prefix = "warded:usage:" } = options;
  const send = sender(client);
  // The revision stands in front, where the script can read it without a JSON library's doubles.
  const write = (usage: Usage): string => `${usage.revision} ${JSON.stringify(usage)}`;
  const keys = (ids: readonly string[]): string[] => {
    const tag = encodeURIComponent(partition(ids));
    return ids.map((id) => `${prefix}{${tag}}:${id}`);
  };
  return {
    read: async (ids) => texts(await send(["MGET", ...keys(ids)])).map(usage),
    swap: async (changes) => {
      const args = changes.flatMap(({ expected, next, forget }) => [
        String(expected),
        write(next),
        forget === undefined ? "" : String(forget),
      ]);
      const answer = await send(["EVAL", SWAP, String(changes.length), ...keys(changes.map(({ id }) => id)), ...args]);
      if (String(answer) === "stored") return undefined;
      const stored = texts(answer);
      return changes.map((_, index) => usage(stored[index]));
    },
  };
}

function sender(client: RedisLike): (command: string[]) => Promise<unknown> {
  if (typeof client === "function") return client;
  // ioredis has a `sendCommand` of another form, so `call` is looked for first.
  if ("call" in client) return ([command = "", ...args]) => client.call(command, ...args);
  if ("sendCommand" in client) return (command) => client.sendCommand(command);
  throw new TypeError("client: expected a client of node-redis or ioredis, or a function that sends a command");
}

function texts(answer: unknown): (string | null)[] {
  if (!Array.isArray(answer)) throw new Error("the Redis server gave no list");
  return answer as (string | null)[];
}

function usage(text: string | null | undefined): Usage | undefined {
  return text ? (JSON.parse(text.slice(text.indexOf(" ") + 1)) as Usage) : undefined;
}
