//! Products of two whole numbers of 64 bits, and what is left of them after a division.
//!
//! Not `u128`: in Wasm its multiplication, division and shifts by a variable are library routines of 1.3 kB, and results of their kind would keep
//! the compiler from returning two values at once.

use core::num::NonZeroU64;

/// A whole number of 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wide {
    high: u64,
    low: u64,
}

const HALF: u64 = u32::MAX as u64;

impl Wide {
    /// A product.
    pub(crate) const fn product(a: u64, b: u64) -> Self {
        // Long multiplication of halves: none of the products, and no sum of three halves, has more than 64 bits.
        let ([a, c], [b, d]) = ([a >> 32, a & HALF], [b >> 32, b & HALF]);
        let (top, left, right, bottom) =
            (a.wrapping_mul(b), a.wrapping_mul(d), c.wrapping_mul(b), c.wrapping_mul(d));
        let middle = (bottom >> 32).wrapping_add(left & HALF).wrapping_add(right & HALF);
        let carried = (left >> 32).wrapping_add(right >> 32).wrapping_add(middle >> 32);
        Self { high: top.wrapping_add(carried), low: (middle << 32) | (bottom & HALF) }
    }

    /// The sum; one that 128 bits cannot hold is the greatest number.
    pub(crate) const fn plus(self, number: u64) -> Self {
        let (low, carry) = self.low.overflowing_add(number);
        match self.high.checked_add(carry as u64) {
            Some(high) => Self { high, low },
            None => Self { high: u64::MAX, low: u64::MAX },
        }
    }

    /// The difference, and nothing for one below nothing.
    pub(crate) const fn minus(self, number: u64) -> Self {
        let (low, borrow) = self.low.overflowing_sub(number);
        match self.high.checked_sub(borrow as u64) {
            Some(high) => Self { high, low },
            None => Self { high: 0, low: 0 },
        }
    }

    /// Quotient and rest; a quotient of more than 64 bits is the greatest number.
    ///
    /// Bit by bit, so for what is seldom divided.
    pub(crate) const fn divided(self, by: NonZeroU64) -> (u64, u64) {
        let by = by.get();
        if self.high >= by {
            return (u64::MAX, 0);
        }
        let (mut rest, mut quotient) = (self.high, self.low);
        let mut bit = 0_u8;
        while bit < 64 {
            // The rest is less than the divisor, and may need a 65th bit on the way.
            let over = rest >> 63 == 1;
            rest = (rest << 1) | (quotient >> 63);
            quotient <<= 1;
            if over || rest >= by {
                rest = rest.wrapping_sub(by);
                quotient |= 1;
            }
            bit = bit.wrapping_add(1);
        }
        (quotient, rest)
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU128;

    use proptest::prelude::*;

    use super::*;

    fn wide(number: u128) -> Wide {
        Wide {
            high: u64::try_from(number >> 64).unwrap(),
            low: u64::try_from(number & u128::from(u64::MAX)).unwrap(),
        }
    }

    /// Numbers of every length.
    fn number() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..64_u32).prop_map(|(number, shift)| number >> shift)
    }

    proptest! {
        #[test]
        fn products_sums_and_quotients_are_those_of_128_bits(a in number(), b in number(), c in number(), by in number()) {
            let times = |a: u64, b: u64| u128::from(a).wrapping_mul(u128::from(b));
            let product = times(a, b);
            prop_assert_eq!(Wide::product(a, b), wide(product));
            prop_assert_eq!(Wide::product(a, b).plus(c), wide(product.wrapping_add(u128::from(c))));
            prop_assert_eq!(Wide::product(a, b).minus(c), wide(product.saturating_sub(u128::from(c))));
            prop_assert_eq!(Wide::product(a, b) < Wide::product(c, by), product < times(c, by));
            if let Some(divisor) = NonZeroU64::new(by) {
                let by = NonZeroU128::from(divisor);
                let expected = match u64::try_from(product / by) {
                    Ok(quotient) => (quotient, u64::try_from(product % by).unwrap()),
                    Err(_) => (u64::MAX, 0),
                };
                prop_assert_eq!(Wide::product(a, b).divided(divisor), expected);
            }
        }
    }

    #[test]
    fn what_128_bits_cannot_hold_ends_at_their_ends() {
        let greatest = wide(u128::MAX);
        assert_eq!((greatest.plus(1), wide(1).minus(2)), (greatest, wide(0)));
    }
}
