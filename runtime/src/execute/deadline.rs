//! A bound in wall time on expressions: their operations are bounded by the engine, but an
//! operation can be slow. The engine has no clock, so it asks here whether the time is up.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// One stretch of steps may compute so long before the expression under way is stopped.
const LIMIT: Duration = Duration::from_secs(3);

thread_local! {
    static UNTIL: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Tells the engine where to ask. Called once at start.
pub(crate) fn install() {
    masar_engine::value::expression::set_interrupt(|| {
        UNTIL.get().is_some_and(|until| Instant::now() > until)
    });
}

/// Runs `compute` on this thread with the bound in force.
pub(crate) fn bounded<T>(compute: impl FnOnce() -> T) -> T {
    UNTIL.set(Some(Instant::now() + LIMIT));
    let result = compute();
    UNTIL.set(None);
    result
}
