//! Ways to kill an instance in the middle of its work, for tests: the next call meets one.

use std::sync::PoisonError;

use wasmtime::StoreLimitsBuilder;

use super::Guest;
use super::instance::{Failure, Instance};

/// What happens to the instance of the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strike {
    /// Every byte of its memory becomes this one.
    Damage(u8),
    /// It has steps for next to nothing.
    Fuel,
    /// It is a fresh one that may not grow its memory.
    Memory,
}

impl Guest {
    /// Lets the next call meet `strike`.
    pub(crate) fn strike(&self, strike: Strike) {
        *self.strike.lock().unwrap_or_else(PoisonError::into_inner) = Some(strike);
    }

    /// Whether the strike has met a call.
    pub(crate) fn has_struck(&self) -> bool {
        self.strike.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    pub(super) fn meet_strike(&self, instance: &mut Instance) -> Result<(), Failure> {
        let strike = self.strike.lock().unwrap_or_else(PoisonError::into_inner).take();
        match strike {
            None => Ok(()),
            Some(Strike::Damage(byte)) => {
                instance.damage(byte);
                Ok(())
            }
            Some(Strike::Fuel) => instance.refuel(100),
            Some(Strike::Memory) => {
                *instance = Instance::new(&self.engine, &self.module, self.keys.clone())?;
                instance.limit(StoreLimitsBuilder::new().memory_size(0).build());
                Ok(())
            }
        }
    }
}
