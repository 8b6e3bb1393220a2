// Runs the example beside what jco makes of the component, where its import finds it.
import { copyFileSync } from "node:fs";
import { join } from "node:path";

import { address, folder } from "./translated.mjs";

copyFileSync(new URL("example.mjs", import.meta.url), join(folder, "example.mjs"));
await import(address("example.mjs"));
