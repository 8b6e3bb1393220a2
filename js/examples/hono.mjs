// The guard as Hono middleware.
import { Hono } from "hono";
import { honoGuard } from "warded/edge";

/** An app whose one route the guard protects. */
export function app(guarded) {
  const routes = new Hono();
  routes.use("/config/:key", honoGuard(guarded, (context) => ({ resource: "secrets", action: "read", path: `production/${context.req.param("key")}` })));
  routes.get("/config/:key", (context) => context.text(`hello ${context.get("warded").display}`));
  return routes;
}
