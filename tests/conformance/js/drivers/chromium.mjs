// A built page in headless Chromium, served under a policy that allows no more than Wasm and the page's own scripts.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";

const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8" };
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** Serves a folder, opens it, and returns the page's answer to the calls. */
export async function inChromium({ chromium }, folder, calls) {
  const files = new Map(readdirSync(folder, { recursive: true }).filter((name) => statSync(join(folder, name)).isFile()).map((name) => [`/${name}`, join(folder, name)]));
  const { chromium: launcher } = await import("playwright-core");
  const browser = await launcher.launch({ executablePath: chromium.path, args: FLAGS });
  const server = await serve(files);
  try {
    return await ask(await browser.newPage(), `http://127.0.0.1:${server.address().port}`, files, calls);
  } finally {
    server.closeAllConnections();
    server.close();
    await browser.close();
  }
}

async function serve(files) {
  const server = createServer((request, response) => {
    const path = request.url === "/" ? "/index.html" : request.url;
    const file = files.get(path);
    response.writeHead(file ? 200 : 404, { "content-security-policy": POLICY, "content-type": TYPES[extname(path)] ?? "application/octet-stream" });
    response.end(file ? readFileSync(file) : "");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Puts the calls to the page; it may ask for its own files and nothing else, and break no policy. */
async function ask(page, origin, files, calls) {
  const requested = [];
  const troubles = [];
  page.on("request", (request) => requested.push(request.url()));
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => troubles.push(message.text()));
  await page.goto(`${origin}/`, { waitUntil: "load" });
  const answers = await page.evaluate(inTask, ["answers", calls]);
  assert.deepEqual(troubles, []);
  const own = [...files.keys()].filter((path) => path !== "/index.html").map((path) => origin + path);
  assert.deepEqual(requested.sort(), [`${origin}/`, ...own].sort());
  await assert.rejects(page.evaluate(inTask, ["eval", "1"]), /EvalError/, "the policy is not in force");
  return answers;
}

/** Calls a global function in a task of the page's own: what the debugger calls itself stands above the policy. */
function inTask([name, argument]) {
  return new Promise((resolve, reject) => {
    setTimeout(async () => {
      try {
        resolve(await globalThis[name](argument));
      } catch (error) {
        reject(error);
      }
    });
  });
}
