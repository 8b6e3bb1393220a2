import { wrongType } from "./argument.js";
import { type DecideOptions, askDocument, readAsked } from "./decide.js";
import { plain } from "./document.js";
import type { Tier } from "./grant.js";
import type { RequestDocument } from "./request.js";

export interface FilterOptions extends Omit<DecideOptions, "request"> {
  /** What is asked of each path; its target is the path, and its tier that of a path which says none. */
  readonly request: Omit<RequestDocument, "path" | "listing" | "issue">;
  /** Paths, or paths with their stored tiers; at most 80,000, and 17 MiB of JSON with everything else. */
  readonly paths: readonly (string | { readonly path: string; readonly tier?: Tier })[];
}

/**
 * Which of many paths may be reached: those for which `decide` would allow the request, in their order. Consumes nothing.
 *
 * @throws as `decide`; a path that is not canonical is a `WardedError` whose `field` is `paths[n]`.
 */
export function filter(options: FilterOptions): string[] {
  let given: unknown;
  const asked = readAsked(options, (name, value) => {
    if (name !== "paths") return false;
    given = value;
    return true;
  });
  if (!Array.isArray(given)) throw wrongType("paths", "an array", given);
  const paths = Array.from(given, readPath);
  const { indices } = askDocument<{ indices: number[] }>("filter", asked, { paths });
  return indices.map((index) => textOf(paths[index]));
}

function readPath(entry: unknown, index: number): unknown {
  const place = `paths[${index}]`;
  if (typeof entry !== "string" && typeof entry !== "object") throw wrongType(place, "a string or an object", entry);
  return plain(entry, place);
}

function textOf(entry: unknown): string {
  return typeof entry === "string" ? entry : (entry as { path: string }).path;
}
