// The one question that every library is asked, as far as it can be asked there.

export const SCOPES = ["production/payments", "staging/payments", "shared/certificates"];
export const PATH = "production/payments/stripe/KEY";
export const OUTSIDE = "192.0.2.1";

/** Apart from each other, so that nothing merges them: /25 networks, one in each /24. */
export const networks = (count) =>
  Array.from({ length: count }, (_, index) => `${10 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.0/25`);

/** In the middle one, so that a list that is walked from either end walks half of it. */
export const inside = (count) => networks(count)[count >> 1].replace("0/25", "7");

/** What a rule of a large policy is about; the one that decides stands in the middle. */
export const places = (rules) =>
  Array.from({ length: rules }, (_, index) => (index === rules >> 1 ? "production/payments" : `team${index}/service${index}`));

/** A function of how many calls to make, which fails if one is not allowed. */
export const repeat = (decide) => (calls) => {
  for (let call = 0; call < calls; call += 1) if (!decide()) throw new Error("denied");
};
