import { fileURLToPath } from "node:url";

/** The binary under test. */
export const BINARY = process.env.WARDED_BIN ?? fileURLToPath(new URL("../../target/release/warded", import.meta.url));
