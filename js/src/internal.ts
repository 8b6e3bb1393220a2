// All code of the package, in reading order. The entries (index, hazmat) only name what is public,
// so that they share one instance of the engine and one copy of its bytes.
export { WardedError } from "./error.js";
export type { ErrorCode, ReasonCode } from "./codes.js";
export { compileGrant, loadGrant } from "./grant.js";
export type { CalendarWindow, CompiledGrant, Grant, GrantDocument, Limit, Tier, TokenBucket, Trust } from "./grant.js";
export { compilePolicy, loadPolicy } from "./policy.js";
export type { AttributeDocument, CompiledPolicy, Condition, Policy, PolicyDocument, RuleDocument, Test } from "./policy.js";
export { decide } from "./decide.js";
export type { DecideOptions, Decision, Link, NeededApproval, Reason, Standing } from "./decide.js";
export type { Approval, Cost, IssueDocument, RequestDocument, Subject } from "./request.js";
export { settle } from "./settle.js";
export type { SettleOptions } from "./settle.js";
export type { BucketState, Usage, WindowState } from "./usage.js";
export { filter } from "./filter.js";
export type { FilterOptions } from "./filter.js";
export { explain } from "./explain.js";
export type { Explanation, MissingClause } from "./explain.js";
export { lintGrant, lintPolicy } from "./lint.js";
export type { Warning } from "./lint.js";
export { covers, overlaps } from "./scope.js";
export { redact } from "./redact.js";
export type { RedactOptions } from "./redact.js";
export { Keyring, sealWithSalt } from "./keyring.js";
export type { Context } from "./context.js";
export { verifyChain } from "./chain.js";
export type { ChainReason, VerifiedChain, VerifyChainOptions } from "./chain.js";
export type { CheckpointDocument } from "./checkpoint.js";
export { audienceKey, makeBundle, openBundle } from "./bundle.js";
export type { Bundle, BundleDocument, BundledGrant, OpenBundleOptions } from "./bundle.js";
export { hashToken, mintToken, parseToken, verifyToken } from "./token.js";
export type { MintedToken, ParsedToken, TokenKind } from "./token.js";
export { aesGcmOpen, aesGcmSeal, hmacSha256, kbkdfCounter, sha256 } from "./primitive.js";
// Not public: for the entry `edge`.
export { hexText } from "./bytes.js";
