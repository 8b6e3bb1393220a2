const start = performance.now();
const { authorizer, biscuit, KeyPair } = await import("@biscuit-auth/biscuit-wasm");
const token = biscuit`right("read", "production/");`.build(new KeyPair().getPrivateKey());
const one = authorizer`asked("read", "production/KEY"); allow if asked($a, $p), right($a, $r), $p.starts_with($r);`;
one.addToken(token);
one.authorizeWithLimits({ max_facts: 1_000, max_iterations: 100, max_time_micro: 10_000_000 });
console.log(performance.now() - start);
