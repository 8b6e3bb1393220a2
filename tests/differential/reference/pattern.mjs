// Paths, patterns and scopes, by the letter of docs/engine.md.

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Whether a path is meant by a pattern: `+` is one whole segment, a last `*` is anything. */
export function matches(pattern, path) {
  const starred = pattern.endsWith("*");
  const body = starred ? pattern.slice(0, -1) : pattern;
  const segments = body.split("/").map((segment) => (segment === "+" ? "[^/]+" : escaped(segment)));
  return new RegExp(`^${segments.join("/")}${starred ? ".*" : ""}$`, "s").test(path);
}

/** Whether everything that the inner pattern means is meant by the outer one. */
export function covers(outer, inner) {
  const [ours, theirs] = [outer.split("/"), inner.split("/")];
  for (const [index, our] of ours.entries()) {
    const their = theirs[index];
    if (their === undefined) return false;
    if (our.endsWith("*")) {
      const start = our.slice(0, -1);
      if (their === "+") return start === "";
      return (their.endsWith("*") ? their.slice(0, -1) : their).startsWith(start);
    }
    if (their.endsWith("*")) return false;
    if (our !== "+" && our !== their) return false;
  }
  return ours.length === theirs.length;
}

/** Whether some path is meant by both patterns. */
export function overlaps(a, b) {
  const [as, bs] = [a.split("/"), b.split("/")];
  for (let index = 0; index < Math.max(as.length, bs.length); index++) {
    const [x, y] = [as[index], bs[index]];
    if (x === undefined || y === undefined) return false;
    const [starX, starY] = [x.endsWith("*"), y.endsWith("*")];
    if (starX && starY) {
      const [p, q] = [x.slice(0, -1), y.slice(0, -1)];
      return p.startsWith(q) || q.startsWith(p);
    }
    if (starX) return y === "+" || y.startsWith(x.slice(0, -1));
    if (starY) return x === "+" || x.startsWith(y.slice(0, -1));
    if (x !== "+" && y !== "+" && x !== y) return false;
  }
  return true;
}

/** `resource:action:pattern` in its parts; the pattern of a scope without one is `undefined`. */
export function parts(scope) {
  const [resource, action, ...rest] = scope.split(":");
  return { resource, action, pattern: rest.length === 0 ? undefined : rest.join(":") };
}

const sameKind = (outer, inner) =>
  outer.resource === inner.resource && (outer.action === "*" || outer.action === inner.action);

/** Whether one scope covers an action on a path, or on nothing that has a path. */
export function scopeAllows(scope, resource, action, path) {
  const mine = parts(scope);
  if (!sameKind(mine, { resource, action })) return false;
  if (path === undefined || mine.pattern === undefined) return path === mine.pattern;
  return matches(mine.pattern, path);
}

/** Whether one scope covers another. */
export function scopeCovers(outer, inner) {
  const [mine, other] = [parts(outer), parts(inner)];
  if (!sameKind(mine, other)) return false;
  if (mine.pattern === undefined || other.pattern === undefined) return mine.pattern === other.pattern;
  return covers(mine.pattern, other.pattern);
}
