//! Credentials in text, found by their form: a known prefix, a scheme of HTTP, a name with a value, a URL with a password, a private key,
//! or nothing but random characters.
//!
//! One walk from left to right, which looks back and ahead a bounded way at each byte and passes over what it has masked: linear time.

use alloc::vec::Vec;

use super::class::{ANGLE, BLANK, BREAK, FLOW, NAME, PART, QUOTE, SIGN, STOP, TOKEN, is};
use super::name::{Meaning, Options};
use super::random::{is_body, is_credential, is_file};
use super::{MASK, find, has_word};

/// Followed by 16 capitals and digits: AWS.
const AWS: &[u8] = b"AKIA ASIA ABIA ACCA";
/// Followed by a token, whatever it looks like: nothing else begins so.
const DISTINCT: &[u8] = b"wda_ wdk_ wdd_ wdn_ wdp_ wdr_ wds_ AIza ya29. GOCSPX- ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gldt- glrt- glptt- \
glcbt- glagent- gloas- xoxb- xoxp- xoxa- xoxr- xoxs- xoxc- xoxd- xoxe- xoxe. xapp- sk_live_ sk_test_ rk_live_ rk_test_ whsec_ sk-ant- \
sk-proj- sk-svcacct- sk-or-v1- hvs. hvb. dop_v1_ doo_v1_ dor_v1_ shpat_ shpca_ shppa_ shpss_ pypi-AgE lin_api_ ATATT3 ATCTT3 dckr_pat_ \
AGE-SECRET-KEY-1 NRAK- glsa_ glc_ PMAK- sntrys_ sntryu_ tskey- pscale_tkn_ pscale_pw_ rubygems_ sbp_ sb_secret_ lsv2_ LTAI figd_ \
hooks.slack.com/services/ discord.com/api/webhooks/";
/// Followed by a token only if it looks like one: words begin so too.
const ORDINARY: &[u8] = b"sk- sk_ key- hf_ npm_ gsk_ xai- pplx- r8_ dapi SG. SK pul- sgp_ ntn_ secret_ fc- tvly- pcsk_ csk- re_ dp.pt. dp.st. \
sq0atp- sq0csp- HRKU- CCIPAT_ bkua_ ops_ AKCp lob_";
/// Schemes of HTTP (RFC 6750, RFC 7617).
const SCHEMES: &[u8] = b"Bearer bearer BEARER Basic basic BASIC";
/// The fewest characters behind a prefix.
const SHORTEST_BODY: usize = 16;
/// How much of what stands behind a prefix is looked at.
const BODY: usize = 128;
/// The longest name of a value, and the longest password of a URL.
const LOOK_AROUND: usize = 512;
/// The fewest characters of a value behind `name: ` and behind a scheme of HTTP.
const SHORTEST_VALUE: usize = 4;
const SHORTEST_HEADER: usize = 8;
/// The longest label of a PEM block, with room to spare.
const LONGEST_LABEL: usize = 64;
/// The fewest characters that are looked at for being random, and those of a full line of base64 (RFC 7468 has 64, RFC 2045 has 76).
const SHORTEST_RANDOM: usize = 32;
const LINE: usize = 60;
/// The most digits of the number of a masked name: a document of 1 MiB has room for fewer than a million of them.
const LONGEST_NUMBER: usize = 6;

/// Text with what looks like a credential masked; `None` if nothing does. In `plain` text random characters are not one.
#[inline(never)]
pub(super) fn mask(text: &[u8], options: &Options, plain: bool) -> Option<Vec<u8>> {
    let mut walk = Walk { text, options, plain, at: 0, kept: 0, masked: Vec::new() };
    while walk.at < text.len() {
        let byte = walk.byte(walk.at);
        if is(byte, TOKEN) {
            walk.run();
        } else {
            walk.at = walk.at.wrapping_add(1);
            match byte {
                b':' if walk.byte(walk.at) == b'/' && walk.byte(walk.at.wrapping_add(1)) == b'/' => {
                    walk.url();
                }
                b':' | b'=' => walk.value(byte),
                _ => {}
            }
        }
    }
    if walk.masked.is_empty() {
        return None;
    }
    walk.keep(text.len());
    Some(walk.masked)
}

// Sums wrap here, which takes a third of the code of saturating: they are offsets into a text of a mebibyte, and every access is checked.
struct Walk<'a> {
    text: &'a [u8],
    options: &'a Options,
    plain: bool,
    at: usize,
    /// Up to here the text has been taken over or masked.
    kept: usize,
    masked: Vec<u8>,
}

impl<'a> Walk<'a> {
    /// The byte at an offset; 0 behind the end.
    #[inline(never)]
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or_default()
    }

    /// The bytes from `start` to `end`, or to the end of the text if that comes first.
    #[inline(never)]
    fn part(&self, start: usize, end: usize) -> &'a [u8] {
        self.text.get(start..end.min(self.text.len())).unwrap_or_default()
    }

    /// The end of the bytes from `at` on that are of these classes, or are not.
    #[inline(never)]
    fn skip(&self, mut at: usize, classes: u16, are: bool) -> usize {
        while at < self.text.len() && is(self.byte(at), classes) == are {
            at = at.wrapping_add(1);
        }
        at
    }

    fn behind(&self, at: usize, classes: u16) -> usize {
        self.skip(at, classes, true)
    }

    /// The start of at most `most` bytes of these classes that end at `end`.
    #[inline(never)]
    fn back(&self, end: usize, most: usize, classes: u16) -> usize {
        let mut start = end;
        while start > 0 && end.wrapping_sub(start) < most && is(self.byte(start.wrapping_sub(1)), classes) {
            start = start.wrapping_sub(1);
        }
        start
    }

    /// Takes over what stands before `end`.
    #[inline(never)]
    fn keep(&mut self, end: usize) {
        self.masked.extend_from_slice(self.part(self.kept, end));
    }

    /// Masks from `start` to `end`, and goes on behind.
    #[inline(never)]
    fn cover(&mut self, start: usize, end: usize) {
        self.at = end;
        if start < end && !is_mask(self.part(start, end)) {
            self.keep(start);
            self.masked.extend_from_slice(MASK);
            self.kept = end;
        }
    }

    /// A run of token characters.
    fn run(&mut self) {
        let start = self.at;
        let mut end = self.behind(start, TOKEN);
        self.at = end;
        if self.part(start, end).ends_with(BEGIN) {
            return self.block(end);
        }
        // A full stop behind a token ends a sentence.
        while self.byte(end.wrapping_sub(1)) == b'.' && end > start {
            end = end.wrapping_sub(1);
        }
        let run = self.part(start, end);
        if self.prefixed(start, run) {
        } else if has_word(SCHEMES, &|scheme| run == scheme) {
            self.header(end);
        } else if run.starts_with(b"-") && self.options.is_secret(run) {
            self.option(end);
        } else if !self.plain && run.len() >= SHORTEST_RANDOM && !is_file(run) && !self.is_line(start, end) {
            self.random(start, run);
        }
    }

    /// Masks a token with a known prefix in a run.
    #[inline(never)]
    fn prefixed(&mut self, start: usize, run: &[u8]) -> bool {
        let token = prefixed(run);
        if let Some(token) = token {
            let end = start.wrapping_add(run.len());
            self.cover(end.wrapping_sub(token.len()), self.padded(end));
        }
        token.is_some()
    }

    /// The end with the padding of base64 behind it.
    fn padded(&self, end: usize) -> usize {
        let mut behind = end;
        while self.byte(behind) == b'=' {
            behind = behind.wrapping_add(1);
        }
        if is(self.byte(behind), TOKEN) { end } else { behind }
    }

    /// A block of PEM, of which only private keys are masked; one without an end reaches to the end of the text.
    fn block(&mut self, begun: usize) {
        let label = |at: usize| self.part(at, at.wrapping_add(LONGEST_LABEL));
        if find(label(begun), b"PRIVATE KEY").is_none() {
            return;
        }
        let mut end = self.text.len();
        if let Some(length) = find(self.part(begun, end), b"-----END") {
            let at = begun.wrapping_add(length).wrapping_add(8);
            end = at.wrapping_add(find(label(at), b"-----").map_or(0, |at| at.wrapping_add(5)));
        }
        self.cover(begun.wrapping_sub(BEGIN.len()), end);
    }

    /// What stands behind a scheme of HTTP, unless it is a word of prose.
    fn header(&mut self, end: usize) {
        let start = self.behind(end, BLANK);
        let last = self.padded(self.behind(start, TOKEN));
        let value = self.part(start, last);
        let is_word = value.iter().skip(1).all(|byte| !byte.is_ascii_uppercase() && !byte.is_ascii_digit());
        if start > end && value.len() >= SHORTEST_HEADER && !(is_word && value.last() != Some(&b'=')) {
            self.cover(start, last);
        }
    }

    /// What stands behind an option of a command line, unless it is another one.
    fn option(&mut self, end: usize) {
        let start = self.behind(end, BLANK);
        if start > end && self.byte(start) != b'-' {
            self.cover(start, self.skip(start, BLANK | BREAK, false));
        }
    }

    /// Whether a run is a line of base64 among others, as in a certificate. Breaks may be written as escapes.
    fn is_line(&self, start: usize, end: usize) -> bool {
        let above = self.back(start, 4, BREAK);
        let below = self.behind(end, BREAK);
        let is_long = |start: usize, end: usize| end.wrapping_sub(start) >= LINE;
        (above < start && is_long(self.back(above, LINE, TOKEN), above))
            || (below > end
                && is_long(start, end)
                && self.behind(below, TOKEN) >= below.wrapping_add(SHORTEST_RANDOM))
            || self.part(0, start).ends_with(b"base64,")
    }

    /// Masks what is random in a run: each part between slashes, or if none is, with the slashes that base64 has.
    fn random(&mut self, start: usize, run: &[u8]) {
        let end = start.wrapping_add(run.len());
        for separator in *b"/." {
            let mut from = start;
            for piece in run.split(|byte| *byte == b'.' || *byte == separator) {
                let to = from.wrapping_add(piece.len());
                if is_credential(piece) {
                    self.cover(from, if to == end { self.padded(end) } else { to });
                }
                from = to.wrapping_add(1);
            }
            if self.kept > start {
                break;
            }
        }
        self.at = self.at.max(end);
    }

    /// The password of a URL.
    fn url(&mut self) {
        let start = self.at.wrapping_add(2);
        self.at = start;
        // An address of IPv6 begins with a bracket, which no user has.
        let colon = self.behind(start, PART);
        if self.byte(colon) != b':' {
            return;
        }
        // A token can be the user, with nothing to say for a password.
        self.prefixed(start, self.part(start, colon));
        let start = colon.wrapping_add(1);
        let url = self.part(start, start.wrapping_add(LOOK_AROUND));
        let url = url.split(|byte| is(*byte, BLANK | BREAK | QUOTE | ANGLE)).next().unwrap_or_default();
        let authority = url.split(|byte| matches!(byte, b'/' | b'?' | b'#')).next().unwrap_or_default();
        // Not a port: a password, with a slash in it that should have been encoded.
        let is_port = authority.iter().all(u8::is_ascii_digit);
        let password = if is_port || authority.contains(&b'@') { authority } else { url };
        if let Some(length) = password.iter().rposition(|byte| *byte == b'@') {
            self.cover(start, start.wrapping_add(length));
        }
    }

    /// A value behind a name and `:` or `=`.
    fn value(&mut self, sign: u8) {
        let name = self.name(self.at.wrapping_sub(1));
        let meaning = self.options.meaning(name);
        if meaning < Meaning::Secrets {
            return;
        }
        let start = self.behind(self.at, SIGN);
        let quote = self.byte(start);
        if is(quote, QUOTE) {
            return self.quoted(start.wrapping_add(1), quote);
        }
        let is_label = sign == b':';
        let is_header = is_label && meaning == Meaning::Header;
        let ends = match is_label {
            _ if is_header => QUOTE | BREAK,
            true => QUOTE | BREAK | BLANK | ANGLE | STOP | FLOW,
            false => QUOTE | BREAK | BLANK | ANGLE | STOP,
        };
        let value = self.part(start, start.wrapping_add(LOOK_AROUND));
        let value = value.split(|byte| is(*byte, ends)).next().unwrap_or_default();
        // Behind a colon or a space prose and code begin, too.
        let is_prose = (is_label || start > self.at)
            && (value.len().min(name.len()) < SHORTEST_VALUE || !value.iter().any(u8::is_ascii_digit));
        let is_nothing = has_word(b"null true false null, true, false,", &|word| value == word);
        if is_header || !(is_prose || is_nothing) {
            self.cover(start, self.skip(start, ends, false));
        }
    }

    /// The name before a sign: letters and digits, maybe in quotes or brackets.
    fn name(&self, sign: usize) -> &'a [u8] {
        let end = self.back(sign, 8, BLANK | BREAK | QUOTE | FLOW);
        self.part(self.back(end, LOOK_AROUND, NAME), end)
    }

    /// A value in quotes ends with its line, if nothing else ends it.
    fn quoted(&mut self, start: usize, quote: u8) {
        let is_escaped = self.byte(start.wrapping_sub(2)) == b'\\';
        let mut end = start;
        while end < self.text.len() {
            let byte = self.byte(end);
            if byte == b'\n' || byte == quote {
                break;
            }
            if byte == b'\\' {
                if is_escaped && self.byte(end.wrapping_add(1)) == quote {
                    break;
                }
                end = end.wrapping_add(1);
            }
            end = end.wrapping_add(1);
        }
        self.cover(start, end.min(self.text.len()));
    }
}

/// What a run is from its first token with a known prefix on.
fn prefixed(run: &[u8]) -> Option<&[u8]> {
    let last_dot = run.iter().rposition(|byte| *byte == b'.').map_or(0, |dot| run.len().wrapping_sub(dot));
    let mut rest = run;
    let mut is_start = true;
    while let (Some((first, behind)), true) = (rest.split_first(), rest.len() > SHORTEST_BODY) {
        let is_jwt =
            || rest.starts_with(b"eyJ") && last_dot > 0 && rest.len() > last_dot.wrapping_add(SHORTEST_BODY);
        if is_start && (is_jwt() || has_prefix(rest)) {
            return Some(rest);
        }
        is_start = !first.is_ascii_alphanumeric();
        rest = behind;
    }
    None
}

fn has_prefix(text: &[u8]) -> bool {
    PREFIXES.iter().any(|(prefixes, kind)| {
        has_word(prefixes, &|prefix| {
            let body = text.strip_prefix(prefix).unwrap_or_default();
            let start = body.get(..SHORTEST_BODY);
            let fits = |start: &[u8]| match kind {
                Kind::Capitals => start.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()),
                Kind::Anything => true,
                Kind::Random => is_body(body.get(..BODY).unwrap_or(body)),
            };
            start.is_some_and(fits)
        })
    })
}

/// What must stand behind a prefix.
enum Kind {
    /// 16 capitals and digits.
    Capitals,
    /// Whatever it looks like: nothing else begins so.
    Anything,
    /// What looks like a token: words begin so, too.
    Random,
}

const PREFIXES: &[(&[u8], Kind)] =
    &[(AWS, Kind::Capitals), (DISTINCT, Kind::Anything), (ORDINARY, Kind::Random)];
/// Where a block of PEM begins.
const BEGIN: &[u8] = b"-----BEGIN";

/// Whether this is a mask already, or one in a name that was numbered to stay unique.
fn is_mask(part: &[u8]) -> bool {
    part.strip_prefix(MASK).is_some_and(|rest| match rest {
        [] => true,
        [b'#', digits @ ..] => digits.len() <= LONGEST_NUMBER && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    })
}
