import type { ErrorCode } from "./codes.js";

/** Data that the engine refuses. A mistake of the calling code is a `TypeError` or `RangeError` instead. */
export class WardedError extends Error {
  /** What is wrong. Codes are API: compare them, not messages. */
  readonly code: ErrorCode;
  /** Where in the document it is wrong, such as `scopes[3]`; `undefined` where there is no document. */
  readonly field: string | undefined;
  /** The line, where the document was given as text; counted from 1. */
  readonly line: number | undefined;
  /** The character in that line, counted from 1. */
  readonly column: number | undefined;

  constructor(code: ErrorCode, message: string, field?: string, line?: number, column?: number) {
    super(message);
    this.name = "WardedError";
    this.code = code;
    this.field = field;
    this.line = line;
    this.column = column;
  }
}

/** What a sealed value that does not open throws, whatever is wrong with it: the engine's own message. */
export function rejected(): WardedError {
  return new WardedError("seal_rejected", "the sealed value does not open");
}

/** A mistake of the calling code in a document, with the code and field that other languages get. */
export function mistake(code: ErrorCode, field: string, rule: string): TypeError {
  return Object.assign(new TypeError(field === "" ? rule : `\`${field}\`: ${rule}`), { code, field });
}

/** The error that stands in an answer of the engine. */
export function fromAnswer(json: string): Error {
  const { code, message, field, line, column } = (JSON.parse(json) as { error: ErrorDocument }).error;
  // A list that is there and empty was meant to narrow something: `ip_allowlist: env.X?.split(",") ?? []`.
  if (code === "empty_list") return Object.assign(new TypeError(message), { code, field });
  return new WardedError(code, message, field, line, column);
}

interface ErrorDocument {
  code: ErrorCode;
  message: string;
  field?: string;
  line?: number;
  column?: number;
}
