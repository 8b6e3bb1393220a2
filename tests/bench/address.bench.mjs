// An address in a list of networks. Ours is a whole decision, since that is the only way to ask: scope, time and address.

import assert from "node:assert/strict";
import { BlockList } from "node:net";

import ipaddr from "ipaddr.js";

import { cells, compare, HEADS, table } from "./measure.mjs";
import { warded } from "./package.mjs";
import { inside, networks, OUTSIDE, repeat } from "./workload.mjs";

function ours(count) {
  const grant = warded.compileGrant({ scopes: ["egress:call"], ip_allowlist: networks(count) });
  const chain = [{ grant }];
  const ask = (ip) => warded.decide({ chain, request: { resource: "egress", action: "call", ip, now: 1 } }).decision === "allow";
  return checked(ask, count);
}

function blocklist(count) {
  const list = new BlockList();
  for (const network of networks(count)) list.addSubnet(network.split("/")[0], 25);
  return checked((ip) => list.check(ip), count);
}

/** It has no list of its own: the networks are parsed before and asked one by one. */
function oneByOne(count) {
  const list = networks(count).map((network) => ipaddr.parseCIDR(network));
  return checked((text) => {
    const ip = ipaddr.process(text);
    return list.some((network) => ip.kind() === network[0].kind() && ip.match(network));
  }, count);
}

function checked(ask, count) {
  const ip = inside(count);
  assert.equal(ask(ip), true);
  assert.equal(ask(OUTSIDE), false);
  return repeat(() => ask(ip));
}

const NAMES = { ours: "warded: a whole decision", blocklist: "Node's BlockList", ipaddr: "ipaddr.js, one by one" };

/** The section of the report. */
export async function addresses() {
  const rows = [];
  for (const count of [10, 1_000, 10_000]) {
    const times = await compare({ ours: ours(count), blocklist: blocklist(count), ipaddr: oneByOne(count) }, { rounds: 11 });
    for (const [key, time] of Object.entries(times)) rows.push([NAMES[key], String(count), ...cells(times.ours, time)]);
  }
  return { title: "An address in a list of networks", text: table(["library", "networks", ...HEADS], rows) };
}
