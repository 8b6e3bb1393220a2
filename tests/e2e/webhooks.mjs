// Webhooks as tests make them, and what the audit says of their deliveries.

import assert from "node:assert/strict";

import { assertOk } from "./answer.mjs";
import { until } from "./deadline.mjs";

/** A webhook of the receiver: `{ id, secret }`. */
export async function webhook(server, url, kinds = ["approval.requested"]) {
  const made = await server.admin.post("/v1/webhooks", { url, kinds });
  assert.equal(made.status, 201, made.text);
  return made.json;
}

export async function send(server, { id }) {
  const sent = await server.admin.post(`/v1/webhooks/${id}/test`, {});
  assert.equal(sent.status, 202, sent.text);
  return sent.json.delivery_id;
}

/** The records of a delivery, the oldest first, once the last one says `then`. */
export async function recorded(server, delivery, then) {
  const found = await until(20_000, `the record "${then}"`, async () => {
    const { events } = assertOk(await server.admin.get("/v1/audit?event_type=webhook.sent&limit=100"));
    const own = events.filter(({ metadata }) => metadata.delivery === delivery).reverse();
    return own.at(-1)?.metadata.then === then && own;
  });
  return found.map(({ outcome, reasons, metadata }) => ({ outcome, reasons, ...metadata }));
}
