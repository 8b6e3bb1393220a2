// A page that answers calls.

import { modules } from "./modules.mjs";
import { lines } from "./operations.mjs";

globalThis.answers = lines(modules);
