//! Locks of what connections share.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks it, whoever panicked while holding it: a panic elsewhere must not take the simulator with it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
