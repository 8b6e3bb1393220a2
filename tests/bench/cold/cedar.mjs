const start = performance.now();
const { isAuthorized } = await import("@cedar-policy/cedar-wasm/nodejs");
const uid = (type, id) => ({ type, id });
const answer = isAuthorized({
  principal: uid("Agent", "one"),
  action: uid("Action", "read"),
  resource: uid("Secret", "one"),
  context: {},
  policies: { staticPolicies: 'permit(principal, action == Action::"read", resource) when { resource.path like "production/*" };' },
  entities: [{ uid: uid("Secret", "one"), attrs: { path: "production/KEY" }, parents: [] }],
});
if (answer.response?.decision !== "allow") throw new Error(JSON.stringify(answer));
console.log(performance.now() - start);
