// Nothing in these tests waits for ever, and nothing sleeps for a guess: a wait names what it waits for and when it gives up.

import { setTimeout as pause } from "node:timers/promises";

/** The promise's value, or an error that says what did not happen in time. */
export async function within(ms, what, promise) {
  const { promise: late, cancel } = timer(ms, what);
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}

/** Asks again and again until `probe` returns something truthy, and returns that. */
export async function until(ms, what, probe) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await pause(20);
  }
}

function timer(ms, what) {
  let handle;
  const promise = new Promise((_, reject) => {
    handle = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  return { promise, cancel: () => clearTimeout(handle) };
}
