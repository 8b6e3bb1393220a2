// The same guard where requests are not Fetch requests: Node's http, and Hono's middleware.

import type { Allowed, Guard, Need, Refused } from "./edge-guard.js";

/** What this needs of Node's `IncomingMessage`. */
export interface IncomingLike {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What this needs of Node's `ServerResponse`. */
export interface OutgoingLike {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
}

/**
 * A guard for Node's http: resolves to what was allowed, or to `undefined` after it has answered the refusal itself.
 *
 * The guard's `clientIp` gets the incoming message as its second argument: `(_, incoming) => incoming.socket.remoteAddress`.
 */
export function nodeGuard<Incoming extends IncomingLike>(
  guarded: Guard<Incoming>,
): (incoming: Incoming, outgoing: OutgoingLike, need: Need) => Promise<Allowed | undefined> {
  return async (incoming, outgoing, need) => {
    const result = await guarded(requestOf(incoming), need, incoming);
    if (result.ok) return result;
    outgoing.writeHead(result.response.status, Object.fromEntries(result.response.headers));
    outgoing.end(await result.response.text());
    return undefined;
  };
}

/** The headers, which are all that a guard reads: the body stays with the incoming message. */
function requestOf({ method = "GET", headers }: IncomingLike): Request {
  const copy = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !name.startsWith(":")) copy.set(name, typeof value === "string" ? value : value.join(", "));
  }
  // The address is the guard's business only through `clientIp`; the path has been parsed by who says what the route needs.
  return new Request("http://localhost/", { method: method === "HEAD" ? "HEAD" : "GET", headers: copy });
}

/** What this needs of Hono's context. */
export interface HonoContextLike {
  readonly req: { readonly raw: Request };
  set(key: "warded", value: Allowed): void;
}

/**
 * Hono middleware: goes on with `context.get("warded")` set, or answers the refusal.
 *
 * The guard's `clientIp` gets Hono's context as its second argument.
 */
export function honoGuard<Context extends HonoContextLike>(
  guarded: Guard<Context>,
  need: Need | ((context: Context) => Need),
): (context: Context, next: () => Promise<void>) => Promise<Response | undefined> {
  return async (context, next) => {
    const result = await guarded(context.req.raw, typeof need === "function" ? need(context) : need, context);
    if (!result.ok) return (result satisfies Refused).response;
    context.set("warded", result);
    await next();
    return undefined;
  };
}
