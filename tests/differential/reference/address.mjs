// Addresses and networks as numbers of 32 or 128 bits.

function groups(text) {
  const tail = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (!tail) return text;
  const [high, low] = [Number(tail[2]) * 256 + Number(tail[3]), Number(tail[4]) * 256 + Number(tail[5])];
  return `${tail[1]}${high.toString(16)}:${low.toString(16)}`;
}

function six(text) {
  const [left, right] = groups(text).split("::");
  const read = (part) => (part ? part.split(":") : []);
  const [head, tail] = [read(left), read(right)];
  const zeros = right === undefined ? 0 : 8 - head.length - tail.length;
  const all = [...head, ...Array(zeros).fill("0"), ...tail];
  return all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

/** An address as `{ bits, value }`; IPv4 in IPv6 is IPv4. */
export function address(text) {
  if (!text.includes(":")) {
    return { bits: 32, value: text.split(".").reduce((value, part) => (value << 8n) | BigInt(part), 0n) };
  }
  const value = six(text);
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffff_ffffn } : { bits: 128, value };
}

/** A network as `{ bits, first, length }`. */
export function network(text) {
  const [base, prefix] = text.split("/");
  const given = address(base);
  if (prefix === undefined) return { bits: given.bits, first: given.value, length: given.bits };
  const mapped = base.includes(":") && given.bits === 32;
  if (mapped && Number(prefix) < 96) return { bits: 128, first: six(base), length: Number(prefix) };
  return { bits: given.bits, first: given.value, length: Number(prefix) - (mapped ? 96 : 0) };
}

/** Whether a network contains an address. */
export function contains(range, { bits, value }) {
  if (range.bits !== bits) return false;
  const host = BigInt(bits - range.length);
  return value >> host === range.first >> host;
}

export const listed = (networks, ip) => networks.some((text) => contains(network(text), address(ip)));

/** The fewest networks that mean the same addresses, as text in order: IPv4 first. */
export function merged(networks) {
  const ranges = networks.map(network);
  return [32, 128].flatMap((bits) => aggregate(ranges.filter((range) => range.bits === bits), bits));
}

function aggregate(ranges, bits) {
  let known = ranges.map(({ first, length }) => ({ first, length }));
  for (let changed = true; changed; ) {
    changed = false;
    const kept = known.filter(
      (one, index) =>
        !known.some((other, at) => at !== index && inside(one, other, bits) && !(inside(other, one, bits) && at > index)),
    );
    if (kept.length < known.length) changed = true;
    known = kept;
    const pair = known.flatMap((a) => known.filter((b) => siblings(a, b, bits)).map((b) => [a, b]))[0];
    if (pair) {
      const [a, b] = pair;
      known = known.filter((one) => one !== a && one !== b);
      known.push({ first: a.first < b.first ? a.first : b.first, length: a.length - 1 });
      changed = true;
    }
  }
  known.sort((a, b) => (a.first < b.first ? -1 : 1));
  return known.map(({ first, length }) => `${print(first, bits)}/${length}`);
}

function inside(one, other, bits) {
  const host = BigInt(bits - other.length);
  return other.length <= one.length && one.first >> host === other.first >> host;
}

function siblings(a, b, bits) {
  if (a.length !== b.length || a.length === 0 || a.first >= b.first) return false;
  const host = BigInt(bits - a.length);
  return a.first >> (host + 1n) === b.first >> (host + 1n);
}

/** RFC 5952 text. */
export function print(value, bits) {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
  const words = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (words[at + length] === "0") length++;
    if (length > best.length) best = { at, length };
  }
  if (best.at < 0) return words.join(":");
  return `${words.slice(0, best.at).join(":")}::${words.slice(best.at + best.length).join(":")}`;
}
