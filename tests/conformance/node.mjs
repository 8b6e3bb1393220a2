// Answers calls with the npm package: one call per line on stdin, one answer per line on stdout, `null` for what the package does not offer.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const folder = process.env.WARDED_PACKAGE ?? new URL("../../pkg", import.meta.url).pathname;
const { exports } = JSON.parse((await import("node:fs")).readFileSync(`${folder}/package.json`, "utf8"));
const load = (name) => import(pathToFileURL(`${folder}/${entry(exports[name])}`));
const warded = await load(".");
const hazmat = await load("./hazmat");

/** The file that Node takes for `import`, down the nested conditions. */
function entry(target) {
  if (typeof target === "string") return target;
  const condition = ["node", "import", "default"].find((name) => target[name] !== undefined);
  return entry(target[condition]);
}

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (data) => Buffer.from(data).toString("hex");
const keyring = (call) => new warded.Keyring(call.keys.map(bytes));

/** Runs `work`, and puts `place` before the field of an error that it throws. */
function under(place, work) {
  try {
    return work();
  } catch (error) {
    error.at = place;
    throw error;
  }
}

/** Runs `work`, and calls the field of an error that it throws as the call does. */
function named(field, work) {
  try {
    return work();
  } catch (error) {
    error.rename = field;
    throw error;
  }
}

const operations = {
  decide({ chain, request }) {
    const links = chain.map(({ grant, ...rest }, index) => ({
      grant: under(`chain[${index}].grant`, () => warded.compileGrant(grant)),
      ...rest,
    }));
    return warded.decide({ chain: links, request });
  },
  compile_grant: ({ grant }) => ({ bytes: hex(under("grant", () => warded.compileGrant(grant)).bytes) }),
  covers: ({ outer, inner }) => ({ result: warded.covers(outer, inner) }),
  overlaps: ({ a, b }) => ({ result: warded.overlaps(a, b) }),
  // The package has no parser of its own for scopes: a scope that is accepted covers itself.
  parse_scope: ({ text }) => named("text", () => (warded.covers(text, text) ? { canonical: text } : { canonical: null })),
  parse_token: ({ text }) => named("text", () => warded.parseToken(text)),
  hash_token: ({ text }) => named("text", () => ({ hash: hex(warded.hashToken(text)) })),
  verify_token: ({ text, hash }) => ({ result: warded.verifyToken(text, bytes(hash)) }),
  seal(call) {
    const sealed = hazmat.sealWithSalt(keyring(call), bytes(call.salt), bytes(call.plaintext), call.context);
    return { sealed: hex(sealed) };
  },
  open: (call) => ({ plaintext: hex(keyring(call).open(bytes(call.sealed), call.context)) }),
};

function answer(call) {
  const operation = operations[call.op];
  if (operation === undefined) return null;
  try {
    return operation(call);
  } catch (error) {
    if (!(error instanceof warded.WardedError)) return { error: { code: error.name, message: error.message } };
    const field = error.rename ?? [error.at, error.field].filter(Boolean).join(".");
    return { error: { code: error.code, message: error.message, ...(field ? { field } : {}) } };
  }
}

const lines = createInterface({ input: process.stdin });
const answers = [];
for await (const line of lines) answers.push(JSON.stringify(answer(JSON.parse(line))));
process.stdout.write(answers.join("\n") + "\n");
