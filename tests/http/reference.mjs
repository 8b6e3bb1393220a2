// The API reference, docs/reference.md, from the description that the server serves. Run by `make reference`.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { BINARY } from "../e2e/binary.mjs";

const FILE = fileURLToPath(new URL("../../docs/reference.md", import.meta.url));
const CREDENTIALS = { agent_key: "agent key", scoped_token: "scoped token", api_key: "API key" };

/** Refusals that nearly every route has; docs/api.md has them once. */
const USUAL = ["400", "401", "403", "408", "413", "414", "415", "429", "431", "500", "503"];

/** The reference as Markdown. */
export function reference(document) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  );
  const sections = document.tags.map(({ name }) => [
    `## Routes: ${name}`,
    ...operations.filter(({ tags }) => tags[0] === name).flatMap((operation) => route(document, operation)),
  ]);
  const schemas = Object.entries(document.components.schemas).flatMap(([name, schema]) => type(name, schema));
  return [...HEAD, ...sections.flat(), "## Types", ...schemas].join("\n\n") + "\n";
}

const HEAD = [
  "# API reference",
  "<!-- Written by `make reference` from `warded openapi`. Changes belong into the code that is described. -->",
  "Rules that hold for every route, and the refusals that every route has, are in [api.md](api.md).\n`warded openapi` and `GET /openapi.json` give the same as OpenAPI 3.1.",
];

function route(document, { method, path, summary, security, parameters = [], requestBody, responses }) {
  const rows = parameters.map((one) => `| \`${one.name}\` | ${one.in} | ${kind(one.schema)} | ${cell(one.description)} |`);
  const table = rows.length === 0 ? [] : [["| parameter | in | value | |", "|---|---|---|---|", ...rows].join("\n")];
  const body = requestBody ? [`Body${requestBody.required ? "" : ", which may be left out"}: ${kind(requestBody.content["application/json"].schema)}`] : [];
  return [`### \`${method} ${path}\``, `${summary}.\n${takes(security)}`, ...table, ...body, answers(document, responses)];
}

function takes(security) {
  if (security.length === 0) return "Takes no credential.";
  const kinds = security.flatMap(Object.entries).map(([name, scopes]) => {
    const needs = scopes.length === 0 ? "" : ` with ${scopes.map((scope) => `\`${scope}\``).join(", ")}`;
    return `${CREDENTIALS[name]}${needs}`;
  });
  return `Takes: ${kinds.join("; ")}.`;
}

function answers(document, responses) {
  const lines = Object.entries(responses).flatMap(([status, response]) => {
    if (status >= 400) return refusal(document, status, response);
    const bodies = Object.entries(response.content ?? {}).map(([media, { schema }]) => (media === "application/json" ? kind(schema) : `\`${media}\``));
    return [`- ${status}: ${bodies.join(" or ") || "nothing"}`];
  });
  return lines.join("\n");
}

function refusal(document, status, response) {
  if (USUAL.includes(status)) return [];
  const { content } = response.$ref ? document.components.responses[last(response.$ref)] : response;
  const { enum: codes } = content["application/json"].schema.allOf[1].properties.error.properties.code;
  return [`- ${status}: ${codes.map((code) => `\`${code}\``).join(", ")}`];
}

function type(name, schema) {
  const about = schema.description ? [paragraph(schema.description)] : [];
  if (!schema.properties) return [`### ${name}`, ...about, kind({ ...schema, description: undefined })];
  const required = schema.required ?? [];
  const rows = Object.entries(schema.properties).map(([field, value]) => {
    return `| \`${field}\`${required.includes(field) ? "" : "?"} | ${kind(value)} | ${cell(value.description)} |`;
  });
  return [`### ${name}`, ...about, ["| field | value | |", "|---|---|---|", ...rows].join("\n")];
}

/** A schema in a few words. */
function kind(schema) {
  if (schema === true || schema === undefined) return "anything";
  if (schema.$ref) return `[${last(schema.$ref)}](#${last(schema.$ref).toLowerCase()})`;
  const choice = schema.anyOf ?? schema.oneOf;
  if (choice) return choice.map(kind).join(" or ");
  if (schema.enum) return schema.enum.map((word) => `\`${word}\``).join(", ");
  if (schema.const !== undefined) return `\`${schema.const}\``;
  const types = [schema.type ?? "anything"].flat();
  return types.map((one) => (one === "array" ? `list of ${kind(schema.items)}${bounds(schema, "Items", "")}` : plain(one, schema))).join(" or ");
}

function plain(one, schema) {
  if (one === "string") return `${schema.format === "date-time" ? "timestamp" : "string"}${bounds(schema, "Length", " characters")}`;
  if (one === "integer") return `integer${range(schema.minimum, schema.maximum, "")}`;
  return one;
}

const bounds = (schema, what, unit) => range(schema[`min${what}`], schema[`max${what}`], unit);

function range(least, most, unit) {
  // Bounds of the machine's integers say nothing.
  const shown = most !== undefined && most < 2 ** 53;
  if (least && shown) return `, ${least} to ${most}${unit}`;
  if (shown) return `, at most ${most}${unit}`;
  return least ? `, at least ${least}${unit}` : "";
}

const last = (reference) => reference.split("/").at(-1);
const paragraph = (text) => text.replaceAll(/\s*\n\s*/g, " ");
const cell = (text = "") => paragraph(text).replaceAll("|", "\\|");

/** What the binary says of itself. */
export const described = () => JSON.parse(execFileSync(BINARY, ["openapi"], { encoding: "utf8", maxBuffer: 1 << 26 }));

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(FILE, reference(described()));
