import { string } from "./argument.js";
import { answer, integer, type OperationName, sendBytes, utf8 } from "./engine.js";

/**
 * Whether everything that the inner scope means is also meant by the outer one.
 *
 * @throws {WardedError} a scope is malformed.
 */
export function covers(outer: string, inner: string): boolean {
  return compare("covers", string("outer", outer), string("inner", inner));
}

/**
 * Whether there is anything that both scopes mean.
 *
 * @throws {WardedError} a scope is malformed.
 */
export function overlaps(a: string, b: string): boolean {
  return compare("overlaps", string("a", a), string("b", b));
}

function compare(name: OperationName, first: string, second: string): boolean {
  const bytes = utf8(first);
  return answer(sendBytes(name, integer(bytes.length), bytes, utf8(second)))[0] === 1;
}
