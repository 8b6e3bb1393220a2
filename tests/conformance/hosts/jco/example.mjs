import { engine } from "./warded/warded.js";

const grant = engine.compileGrant({ scopes: ["secrets:read:production/*"], maxUses: 1 });
const request = { resource: "secrets", action: "read", path: "production/KEY", now: 1780000000000n };
const first = engine.decide([{ grant }], undefined, request);
const second = engine.decide([{ grant, usage: first.usages[0] }], undefined, request);

console.log(first.decision, second.decision, second.reasons[0].code);
