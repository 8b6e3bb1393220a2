/** One more; at the highest number that JSON keeps exactly, counting ends. */
export const more = (count = 0) => Math.min(count + 1, Number.MAX_SAFE_INTEGER);
