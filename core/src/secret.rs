//! Plaintext that nobody prints by accident.

use core::fmt;

use zeroize::Zeroize;

/// A value that is wiped when it is dropped and that has no `Display`, `Clone` or `Serialize`; its `Debug` shows nothing of it.
///
/// # Security
/// A `Vec` or `String` that grows leaves copies of itself behind, so give it its capacity before the secret goes in.
/// Whatever is copied out of [`Secret::expose`] is no longer this type's to wipe.
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes charge of a value.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value in clear: the one way out.
    #[must_use]
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use core::cell::Cell;

    #[test]
    fn nothing_of_the_value_is_printed() {
        let secret = Secret::new(String::from("hunter2"));
        assert_eq!(format!("{secret:?} {secret:#?}"), "Secret(..) Secret(..)");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn the_value_is_wiped_on_drop() {
        struct Witness<'a>(&'a Cell<bool>);
        impl Zeroize for Witness<'_> {
            fn zeroize(&mut self) {
                self.0.set(true);
            }
        }
        let wiped = Cell::new(false);
        drop(Secret::new(Witness(&wiped)));
        assert!(wiped.get());
    }
}
