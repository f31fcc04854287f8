//! When accepting more would only make everybody wait: the number of events that are on their way to
//! the disk is bounded by what the disk and the processors have lately been seen to manage in a tenth of a
//! second. What is refused costs its sender a retry; what is accepted is answered in time.
//! Requests may also wait unseen, for their turn on the processors. How long shows in how long the news of
//! a commit waits for its turn: where that is long, the gate is nearly closed for as long.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, AtomicUsize, Ordering},
};

use masar_engine::Timestamp;

/// So many may always be on their way: a burst on an idle machine is no overload.
const LEAST: usize = 512;
/// A place is free again within this, milliseconds.
const WITHIN_MS: u64 = 100;
/// The pace is measured over stretches of this length, microseconds.
const STRETCH: u64 = 50_000;
/// With fewer on their way the pace is that of the senders, and says nothing of what is possible.
const BUSY: usize = 64;

/// A turn that comes later than this, microseconds, is late.
const LATE: u64 = 50_000;

/// The gate.
#[derive(Debug)]
pub struct Gate {
    on_the_way: AtomicUsize,
    most: AtomicUsize,
    late_until: AtomicI64,
    stretch: Mutex<Stretch>,
}

#[derive(Debug, Default)]
struct Stretch {
    since: Timestamp,
    done: u64,
    busy: bool,
}

/// A place; it is given back when this goes.
#[derive(Debug)]
pub struct Place(Arc<Gate>);

impl Default for Gate {
    fn default() -> Self {
        Self {
            on_the_way: AtomicUsize::new(0),
            most: AtomicUsize::new(LEAST),
            late_until: AtomicI64::new(0),
            stretch: Mutex::default(),
        }
    }
}

impl Gate {
    /// Whether one more may come in at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let late = now.0 < self.late_until.load(Ordering::Relaxed);
        let most = if late { BUSY } else { self.most.load(Ordering::Relaxed) };
        self.on_the_way.load(Ordering::Relaxed) < most
    }

    /// Takes a place, where there is one.
    pub fn enter(self: &Arc<Self>, now: Timestamp) -> Option<Place> {
        if !self.is_open(now) {
            return None;
        }
        self.on_the_way.fetch_add(1, Ordering::Relaxed);
        Some(Place(self.clone()))
    }

    /// Notes that one has become durable and is heard of at `now`, after `unheard` microseconds, and
    /// learns from it how many fit.
    pub fn done(&self, now: Timestamp, unheard: u64) {
        if unheard > LATE {
            // The clock may be set: no longer than a second, whatever was seen.
            let long = i64::try_from(unheard.min(1_000_000)).unwrap_or_default();
            self.late_until.fetch_max(now.0 + long, Ordering::Relaxed);
        }
        let on_the_way = self.on_the_way.load(Ordering::Relaxed);
        let mut stretch = self.stretch.lock().unwrap_or_else(PoisonError::into_inner);
        stretch.done += 1;
        stretch.busy &= on_the_way >= BUSY;
        let length = now.micros_since(stretch.since);
        if length < STRETCH {
            return;
        }
        if stretch.busy && length < 20 * STRETCH {
            let fit = stretch.done * WITHIN_MS * 1000 / length;
            let most = self.most.load(Ordering::Relaxed);
            let smoothed = (most * 3 + usize::try_from(fit).unwrap_or(most)) / 4;
            self.most.store(smoothed.max(LEAST), Ordering::Relaxed);
        }
        *stretch = Stretch { since: now, done: 0, busy: true };
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.on_the_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets `a_second` become durable for a second, always with as many on their way as fit.
    fn run(gate: &Arc<Gate>, a_second: i64, from: i64) {
        let mut places = Vec::new();
        for number in 0..a_second {
            let now = Timestamp(from + number * 1_000_000 / a_second);
            while let Some(place) = gate.enter(now) {
                places.push(place);
            }
            gate.done(now, 100);
            places.pop();
        }
    }

    #[test]
    fn as_many_as_a_tenth_of_a_second_manages() {
        let gate = Arc::new(Gate::default());
        let now = Timestamp(1_000_000);
        let burst: Vec<_> = std::iter::from_fn(|| gate.enter(now)).collect();
        assert_eq!(burst.len(), LEAST, "a burst on an idle machine");
        drop(burst);
        assert!(gate.is_open(now));
        run(&gate, 20_000, 1_000_000);
        let most = gate.most.load(Ordering::Relaxed);
        assert!((1_800..=2_000).contains(&most), "{most}");
        // A slow disk: fewer, but never less than what a burst may bring.
        run(&gate, 3_000, 60_000_000);
        assert_eq!(gate.most.load(Ordering::Relaxed), LEAST);
    }

    #[test]
    fn few_while_turns_come_late() {
        let gate = Arc::new(Gate::default());
        let now = Timestamp(1_000_000);
        let places = |at| std::iter::from_fn(|| gate.enter(at)).collect::<Vec<_>>();
        gate.done(now, LATE + 10_000);
        assert_eq!(places(now.plus_millis(1)).len(), BUSY);
        assert_eq!(places(now.plus_millis(61)).len(), LEAST);
    }
}
