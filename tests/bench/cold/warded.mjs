// The file that `import "warded"` means is the first argument.
const [entry] = process.argv.slice(2);
const start = performance.now();
const warded = await import(entry);
const grant = warded.compileGrant({ scopes: ["secrets:read:production/*"], ip_allowlist: ["10.0.0.0/8"], max_uses: 5 });
const answer = warded.decide({ chain: [{ grant }], request: { resource: "secrets", action: "read", path: "production/KEY", ip: "10.1.2.3" } });
if (answer.decision !== "allow") throw new Error(answer.decision);
console.log(performance.now() - start);
