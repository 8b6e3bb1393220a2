//! The one table of codes: names, numbers, HTTP statuses and meanings.

/// Who has to change something for the error to go away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Blame {
    /// The caller's data: the field named is wrong.
    Input,
    /// Nobody: a clause of a grant or policy refused the request.
    Denied,
    /// Whoever made the sealed or signed bytes: what they prove is not what is asked for. Everything forged looks the same.
    Crypto,
    /// The calling code: a handle or buffer was used wrongly.
    Misuse,
    /// This crate.
    Bug,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal, $blame:ident, $status:literal, $message:literal;)*) => {
        /// What is wrong. Codes are API: a name or number is never changed or used again.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        #[non_exhaustive]
        pub enum ErrorCode { $($(#[$doc])* $variant = $number,)* }

        impl ErrorCode {
            /// Every code, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable name, as it stands in JSON and in TypeScript.
            #[must_use]
            pub fn name(self) -> &'static str { self.line(concat!($($name, "\n"),*)) }

            /// The stable number, as it stands in the raw ABI; never 0, which means success.
            #[must_use]
            pub const fn number(self) -> u16 { match self { $(Self::$variant => $number),* } }

            /// Who has to change something.
            #[must_use]
            pub const fn blame(self) -> Blame { match self { $(Self::$variant => Blame::$blame),* } }

            /// The HTTP status of an answer that carries this code alone.
            #[must_use]
            pub const fn http_status(self) -> u16 { match self { $(Self::$variant => $status),* } }

            /// What the code means, in a few words.
            #[must_use]
            pub fn message(self) -> &'static str { self.line(concat!($($message, "\n"),*)) }
        }
    };
}

codes! {
    /// Text that is not JSON (RFC 8259), or not UTF-8.
    InvalidJson = 1, "invalid_json", Input, 400, "not valid JSON";
    /// A field that the document does not have.
    UnknownField = 2, "unknown_field", Input, 400, "unknown field";
    /// A field that the document must have.
    MissingField = 3, "missing_field", Input, 400, "field is missing";
    /// The same key twice in one object.
    DuplicateKey = 4, "duplicate_key", Input, 400, "key is given twice";
    /// A string where a list belongs, and the like; also `null`.
    WrongType = 5, "wrong_type", Input, 400, "wrong type";
    /// A number outside its range.
    OutOfRange = 6, "out_of_range", Input, 400, "number is out of range";
    /// More bytes or entries than the limit.
    LimitExceeded = 7, "limit_exceeded", Input, 400, "too long";
    /// Nested deeper than 32 levels.
    TooDeep = 8, "too_deep", Input, 400, "nested too deeply";
    /// A list that would mean nothing or everything when empty.
    EmptyList = 9, "empty_list", Input, 400, "list is empty";
    /// An operation that this version does not have.
    UnknownOperation = 10, "unknown_operation", Input, 400, "unknown operation";
    /// Text of another form than the field has.
    InvalidText = 11, "invalid_text", Input, 400, "text is malformed";
    /// A path that is not canonical.
    InvalidPath = 12, "invalid_path", Input, 400, "path is malformed";
    /// A pattern with `*` or `+` where it cannot stand, or not a path otherwise.
    InvalidPattern = 13, "invalid_pattern", Input, 400, "pattern is malformed";
    /// A scope that is not `resource:action:pattern`.
    InvalidScope = 14, "invalid_scope", Input, 400, "scope is malformed";
    /// More than 16 shapes of scope in one set.
    TooManyShapes = 15, "too_many_shapes", Input, 400, "too many shapes of scope";
    /// Text that is not an IP address in strict notation.
    InvalidIp = 16, "invalid_ip", Input, 400, "not an IP address";
    /// Text that is not an address or CIDR.
    InvalidNetwork = 17, "invalid_network", Input, 400, "not an IP network";
    /// A CIDR whose address has bits set behind the prefix.
    HostBitsSet = 18, "host_bits_set", Input, 400, "network has host bits set";
    /// A duration that is not `15m`, `1h` or seconds.
    InvalidTtl = 19, "invalid_ttl", Input, 400, "not a duration";
    /// A duration above what is allowed here.
    TtlOverCeiling = 20, "ttl_over_ceiling", Input, 400, "duration is over the ceiling";
    /// A tier that is not `standard`, `sensitive` or `critical`.
    InvalidTier = 21, "invalid_tier", Input, 400, "unknown tier";
    /// A validity window that ends before it begins.
    InvalidWindow = 22, "invalid_window", Input, 400, "validity window is empty";
    /// Token text of the wrong form, alphabet, kind or checksum.
    InvalidToken = 23, "invalid_token", Input, 401, "not a token";
    /// Compiled bytes of another version, or damaged.
    InvalidCompiled = 24, "invalid_compiled", Input, 400, "not usable, compile the document again";
    /// Two keys of a keyring with the same key id.
    DuplicateKeyId = 25, "duplicate_key_id", Input, 400, "two keys have the same key id";
    /// Audit records whose chain does not hold.
    ChainBroken = 26, "chain_broken", Input, 400, "the audit chain does not hold";

    /// The same id twice in one document.
    DuplicateId = 27, "duplicate_id", Input, 400, "id is given twice";
    /// An attribute that the policy does not declare.
    UnknownAttribute = 28, "unknown_attribute", Input, 400, "unknown attribute";
    /// An attribute that not every action of its rule has.
    AttributeOutOfPlace = 29, "attribute_out_of_place", Input, 400, "not every action of the rule has the attribute";
    /// An operator that attributes of this type do not have.
    OperatorNotAllowed = 30, "operator_not_allowed", Input, 400, "the attribute has no such operator";
    /// Tests of one `all` that exclude each other.
    Contradiction = 31, "contradiction", Input, 400, "the tests exclude each other";
    /// A rule that allows because of what the caller says about itself.
    ClaimInAllow = 32, "claim_in_allow", Input, 400, "a claim of the caller cannot allow";

    /// No scope of the grant covers the request.
    ScopeMissing = 64, "scope_missing", Denied, 403, "no scope covers the request";
    /// The path lies outside the grant's namespaces.
    NamespaceNotAllowed = 65, "namespace_not_allowed", Denied, 403, "the path is outside the allowed namespaces";
    /// The grant has ended.
    Expired = 66, "expired", Denied, 401, "the grant has expired";
    /// The grant has not begun.
    NotYetValid = 67, "not_yet_valid", Denied, 401, "the grant is not yet valid";
    /// The grant has been used as often as it may be.
    UsesExhausted = 68, "uses_exhausted", Denied, 401, "the grant's uses are exhausted";
    /// The source address is outside the allowlist.
    IpNotAllowed = 69, "ip_not_allowed", Denied, 403, "the address is not allowed";
    /// There is an allowlist, and the source address is not known.
    IpUnknown = 70, "ip_unknown", Denied, 403, "the address is unknown";
    /// The target's tier is above the grant's ceiling.
    TierExceedsGrant = 71, "tier_exceeds_grant", Denied, 403, "the tier is above the grant's ceiling";
    /// The stored usage lies more than a day in the future.
    UsageAhead = 72, "usage_ahead", Denied, 403, "the usage is over a day ahead";
    /// Nobody is asking: the chain has no link.
    ChainEmpty = 73, "chain_empty", Denied, 403, "the chain has no grant";
    /// The chain has more than four links.
    ChainTooLong = 74, "chain_too_long", Denied, 403, "the chain has too many grants";
    /// The caller is known less well than the grant wants.
    TrustTooLow = 75, "trust_too_low", Denied, 403, "the caller is not trusted enough";
    /// A limit has not enough left for the request's cost.
    QuotaExhausted = 76, "quota_exhausted", Denied, 429, "a limit has not enough left";
    /// A rule of the policy denies the request.
    PolicyDenied = 77, "policy_denied", Denied, 403, "a rule of the policy denies it";
    /// No rule of the policy allows the request.
    NoRuleAllows = 78, "no_rule_allows", Denied, 403, "no rule of the policy allows it";
    /// A rule would allow the request with another model.
    ModelNotAllowed = 79, "model_not_allowed", Denied, 403, "the model is not allowed";
    /// A rule would allow the request to another host or port, or with another method.
    EgressNotAllowed = 80, "egress_not_allowed", Denied, 403, "the host, method or port is not allowed";
    /// People have to approve the request first.
    ApprovalRequired = 81, "approval_required", Denied, 403, "people have to approve it first";
    /// The approval given is of something else.
    ApprovalMismatch = 82, "approval_mismatch", Denied, 403, "what was approved is something else";

    /// The sealed value does not open: wrong context, wrong key, or changed bytes.
    SealRejected = 128, "seal_rejected", Crypto, 422, "the sealed value does not open";
    /// No key of the keyring has the key id that the sealed value names.
    KeyUnknown = 129, "key_unknown", Crypto, 422, "no key has the value's key id";
    /// The bundle's tag is not its maker's: forged, damaged, cut, or made with another key.
    BundleRejected = 130, "bundle_rejected", Crypto, 422, "the bundle is not its maker's";
    /// Its maker did write it, in another version of the format.
    BundleMalformed = 131, "bundle_malformed", Crypto, 422, "the bundle is malformed";
    /// The bundle is for another audience.
    BundleForeign = 132, "bundle_foreign", Crypto, 422, "the bundle is for another audience";
    /// The bundle has not begun.
    BundleNotYetValid = 133, "bundle_not_yet_valid", Crypto, 422, "the bundle is not yet valid";
    /// The bundle has ended.
    BundleExpired = 134, "bundle_expired", Crypto, 422, "the bundle has expired";
    /// A later bundle has been opened before.
    BundleReplayed = 135, "bundle_replayed", Crypto, 422, "a later bundle is known";

    /// A loaded object has been evicted, or the handle names another: load it again.
    Stale = 160, "stale", Misuse, 500, "the handle is stale, load again";
    /// A length or layout that the ABI does not allow.
    InvalidBuffer = 161, "invalid_buffer", Misuse, 500, "the buffer is laid out wrongly";

    /// A state that cannot be.
    Internal = 192, "internal", Bug, 500, "internal error";
}

impl ErrorCode {
    /// The line of the code in a text with one for each: in Wasm half the room of a table of texts.
    #[inline(never)]
    fn line(self, lines: &'static str) -> &'static str {
        let is_it = |code: &Self| *code == self;
        let line = Self::ALL.iter().position(is_it).and_then(|place| lines.split('\n').nth(place));
        line.unwrap_or_default()
    }

    /// The code of a number of the raw ABI.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.number() == number)
    }
}
