//! The one error, and the one table of codes that every boundary maps from.
//!
//! An [`Error`] says whose fault it is ([`Blame`]), what is wrong ([`ErrorCode`]), where ([`Field`]) and what would be right ([`Hint`]).
//! It is a struct and not one variant per cause: the cause is the code, and the table below is the only place that knows its name, number,
//! HTTP status and meaning, so no boundary can disagree with another.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use crate::ip::{Network, write_network};
use crate::json::{self, Position, push_decimal};

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

/// Where in a document the error is, such as `chain[0].grant.scopes[3]`.
///
/// Built only from names that this crate knows, from indices, and from keys of an unknown field that look like a field's name: never from a
/// value, which could be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field(Box<str>);

impl Field {
    /// The field of a name that stands in source code.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self(name.into())
    }

    /// The field as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A place in a document, built on the way down and turned into a [`Field`] only when something is wrong.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Place<'a> {
    /// The document itself.
    Root,
    /// A field of an object.
    Name(&'a Self, &'a str),
    /// An entry of a list.
    Index(&'a Self, usize),
}

impl Place<'_> {
    /// The place as a field; `None` for the document itself.
    #[must_use]
    pub fn field(&self) -> Option<Field> {
        let mut text = String::new();
        self.write(&mut text);
        (!text.is_empty()).then(|| Field(text.into()))
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Root => {}
            Self::Name(parent, name) => {
                parent.write(text);
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(if is_field_name(name) { name } else { "?" });
            }
            Self::Index(parent, index) => {
                parent.write(text);
                text.push('[');
                push_decimal(text, u64::try_from(*index).unwrap_or(u64::MAX));
                text.push(']');
            }
        }
    }
}

pub(crate) fn is_field_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// What would be right, where that can be said without repeating the caller's data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// Nothing to add.
    #[default]
    None,
    /// The rule that was broken, or what to write instead.
    Because(&'static str),
    /// The network that was probably meant.
    Network(Network),
    /// The highest value allowed.
    AtMost(u64),
}

/// What went wrong, where, and what would be right.
///
/// One word, because every `?` of the engine moves an error: two took 1 kB more of the package's module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Detail>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Detail {
    code: ErrorCode,
    field: Option<Field>,
    hint: Hint,
    position: Option<Position>,
}

impl Error {
    /// An error that is not tied to a field yet.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn new(code: ErrorCode) -> Self {
        Self(Box::new(Detail { code, field: None, hint: Hint::None, position: None }))
    }

    /// An error with the rule that was broken.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn because(code: ErrorCode, rule: &'static str) -> Self {
        Self::new(code).with_hint(Hint::Because(rule))
    }

    /// The same error with what would be right.
    #[must_use]
    pub fn with_hint(mut self, hint: Hint) -> Self {
        self.0.hint = hint;
        self
    }

    /// The same error at a place of a document; a field that is already named stays.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn at(mut self, place: Place<'_>) -> Self {
        if self.0.field.is_none() {
            self.0.field = place.field();
        }
        self
    }

    /// The same error at a position of the text that the document was read from; one that is already known stays.
    #[must_use]
    pub fn at_position(mut self, position: Position) -> Self {
        self.0.position.get_or_insert(position);
        self
    }

    /// The same error with the position of its field in the text that the document was read from; of an unknown field, of its name.
    #[must_use]
    pub fn located(self, text: &[u8]) -> Self {
        let field = self.field().map_or("", Field::as_str);
        let position = match self.code() {
            ErrorCode::UnknownField => json::key_of(text, field),
            _ => json::locate(text, field),
        };
        match position {
            Some(position) => self.at_position(position),
            None => self,
        }
    }

    /// The same error without its place, for a boundary that names the field itself.
    #[must_use]
    pub fn without_field(mut self) -> Self {
        self.0.field = None;
        self
    }

    /// What is wrong.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// Where it is wrong, if the data has fields.
    #[must_use]
    pub fn field(&self) -> Option<&Field> {
        self.0.field.as_ref()
    }

    /// Where it is wrong in the text that the document was read from, if there was one.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.0.position
    }

    /// What would be right.
    #[must_use]
    pub fn hint(&self) -> Hint {
        self.0.hint
    }
}

impl Error {
    /// What [`Display`](fmt::Display) shows. Written without `core::fmt`, which would take 2 kB of the package's module.
    #[must_use]
    pub fn message(&self) -> String {
        let mut text = String::new();
        if let Some(field) = self.field() {
            for part in ["`", field.as_str(), "`: "] {
                text.push_str(part);
            }
        }
        text.push_str(self.code().message());
        match self.hint() {
            Hint::None => {}
            Hint::Because(rule) => {
                text.push_str(": ");
                text.push_str(rule);
            }
            Hint::Network(network) => {
                text.push_str(", did you mean `");
                write_network(&mut text, network);
                text.push('`');
            }
            Hint::AtMost(limit) => push_number(&mut text, ", at most ", limit),
        }
        if let Some(Position { line, column }) = self.position() {
            push_number(&mut text, " at line ", line.into());
            push_number(&mut text, ", column ", column.into());
        }
        text
    }
}

fn push_number(text: &mut String, before: &str, number: u64) {
    text.push_str(before);
    push_decimal(text, number);
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn names_and_numbers_are_unique_and_ascending() {
        for pair in ErrorCode::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number());
        }
        let mut names: alloc::vec::Vec<_> = ErrorCode::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ErrorCode::ALL.len());
    }

    #[test]
    fn a_code_is_found_by_its_number_and_zero_is_none() {
        assert_eq!(ErrorCode::from_number(18), Some(ErrorCode::HostBitsSet));
        assert_eq!(ErrorCode::from_number(0), None);
    }

    #[test]
    fn a_place_is_written_from_the_root() {
        let chain = Place::Name(&Place::Root, "chain");
        let link = Place::Index(&chain, 0);
        let scopes = Place::Name(&link, "scopes");
        let error = Error::new(ErrorCode::InvalidScope).at(Place::Index(&scopes, 3));
        assert_eq!(error.to_string(), "`chain[0].scopes[3]`: scope is malformed");
    }

    #[test]
    fn a_key_that_does_not_look_like_a_field_is_not_repeated() {
        let field = Place::Name(&Place::Root, "wds_secret value").field();
        assert_eq!(field.as_ref().map(Field::as_str), Some("?"));
    }
}
