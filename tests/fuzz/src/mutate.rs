//! Mutations of a corpus without coverage guidance: the same inputs for the same seed, on any machine.

/// Draws inputs from a corpus and a seed.
#[derive(Debug, Clone)]
pub struct Mutator<'a> {
    corpus: &'a [Vec<u8>],
    state: u64,
}

/// Bytes that mean something to one of the parsers.
const TOKENS: &[&[u8]] = &[
    b"*",
    b"+",
    b"/",
    b":",
    b".",
    b"..",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"null",
    b"true",
    b"-1",
    b"1e9",
    b"0",
    b"9007199254740991",
    b"9007199254740992",
    b"18446744073709551616",
    b"secrets:read:",
    b"\"op\":",
    b"::ffff:",
    b"/96",
    b"/0",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xc3\xa9",
    b"=",
    b"'",
    b"#",
    b"export ",
    b" ",
    b"\xff\xff\xff\xff",
    b"\x01\0\0\0",
    b"\0\0\0\x10",
];

/// The longest input.
const LONGEST: usize = 4096;

impl<'a> Mutator<'a> {
    /// The same inputs for the same seed and corpus.
    ///
    /// # Panics
    /// The corpus is empty.
    #[must_use]
    pub const fn new(corpus: &'a [Vec<u8>], seed: u64) -> Self {
        assert!(!corpus.is_empty(), "a target has a corpus");
        Self { corpus, state: seed }
    }

    /// The next input: an entry of the corpus, changed one to eight times.
    pub fn input(&mut self) -> Vec<u8> {
        let mut input = self.entry().to_vec();
        for _ in 0..=self.below(8) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    /// A number below `end`, 0 where there is none. SplitMix64, as published by Steele, Lea and Flood.
    pub fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        (mixed ^ (mixed >> 31)).checked_rem(end).and_then(|below| usize::try_from(below).ok()).unwrap_or(0)
    }

    /// Any byte.
    pub fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap_or_default()
    }

    fn entry(&mut self) -> &'a [u8] {
        let at = self.below(self.corpus.len());
        self.corpus.get(at).map(Vec::as_slice).unwrap_or_default()
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let (start, end) = self.range(input.len());
        match self.below(8) {
            0 => self.set(input, |_, byte| byte ^ 1),
            1 => self.set(input, |own, byte| byte ^ (1 << own.below(8))),
            2 => self.set(input, |own, _| own.byte()),
            3 => drop(input.drain(start..end)),
            4 => {
                let piece: Vec<u8> = input.drain(start..end).collect();
                let at = self.below(input.len().saturating_add(1));
                insert(input, at, &[piece.as_slice(), &piece].concat());
            }
            5 => {
                let other = self.entry();
                let (from, to) = self.range(other.len());
                insert(input, start, other.get(from..to).unwrap_or_default());
            }
            6 => input.truncate(start),
            _ => {
                let at = self.below(TOKENS.len());
                insert(input, start, TOKENS.get(at).copied().unwrap_or_default());
            }
        }
    }

    fn set(&mut self, input: &mut [u8], change: impl FnOnce(&mut Self, u8) -> u8) {
        let at = self.below(input.len());
        if let Some(byte) = input.get_mut(at) {
            *byte = change(self, *byte);
        }
    }

    /// Where a piece begins and ends, more often a short one.
    fn range(&mut self, length: usize) -> (usize, usize) {
        let start = self.below(length.saturating_add(1));
        let most = if self.below(4) == 0 { length } else { 8 };
        let end = start.saturating_add(self.below(most.saturating_add(1))).min(length);
        (start, end)
    }
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    if input.len().saturating_add(piece.len()) <= LONGEST {
        input.splice(at..at, piece.iter().copied());
    }
}
