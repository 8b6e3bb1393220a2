// Runs the unsafe code of the raw boundary under Miri, which finds what no run on a processor shows: a pointer used beyond what it was
// made for, a reference that is not the only one. Miri comes with nightly Rust; both are set up here where they are missing.
import { spawnSync } from "node:child_process";

const NIGHTLY = ["toolchain", "install", "nightly", "--profile", "minimal", "--no-self-update"];
const PARTS = ["component", "add", "miri", "rust-src", "--toolchain", "nightly"];

/** Runs a program to its end, its output shown, and says whether it succeeded. */
function succeeds(program, args, stdio = "inherit") {
  // The address of the buffer leaves the module as a number and comes back as one: that is the interface.
  const env = { ...process.env, MIRIFLAGS: "-Zmiri-permissive-provenance" };
  return spawnSync(program, args, { stdio, env }).status === 0;
}

const isThere = () => succeeds("cargo", ["+nightly", "miri", "--version"], "ignore");

if (!isThere()) {
  console.log("setting up nightly Rust with Miri");
  if (succeeds("cargo", ["+nightly", "--version"], "ignore") || succeeds("rustup", NIGHTLY)) succeeds("rustup", PARTS);
}
if (isThere()) {
  process.exitCode = succeeds("cargo", ["+nightly", "miri", "test", "--package", "warded-raw"]) ? 0 : 1;
} else {
  const what = `Miri is missing: rustup ${NIGHTLY.join(" ")} && rustup ${PARTS.join(" ")}`;
  console.log(process.env.CI === "true" ? what : `# SKIP ${what}`);
  process.exitCode = process.env.CI === "true" ? 1 : 0;
}
