//! The time and new ids: the one place of the program where a clock is read and chance is drawn.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use masar_engine::Timestamp;
use rand::RngCore as _;
use uuid::Uuid;

/// Where the time comes from.
#[derive(Debug)]
pub enum Clock {
    /// The machine's clock, kept from going backwards while the program runs: where it is set
    /// back, time stands still until it has caught up.
    System {
        /// The latest moment that was told.
        latest: AtomicI64,
    },
    /// Moved by hand, in tests.
    Manual(AtomicI64),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::System { latest: AtomicI64::new(0) }
    }

    /// A clock that stands at `at`.
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(AtomicI64::new(at.0))
    }

    /// The present moment; never earlier than one told before.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System { latest } => {
                #[expect(clippy::disallowed_methods, reason = "the one place where the time is read")]
                let wall = jiff::Timestamp::now().as_microsecond();
                no_earlier(latest, wall)
            }
            Self::Manual(at) => Timestamp(at.load(Ordering::Relaxed)),
        }
    }

    /// Moves a manual clock on; the machine's own cannot be moved.
    pub fn advance(&self, millis: u64) {
        if let Self::Manual(at) = self {
            at.store(self.now().plus_millis(millis).0, Ordering::Relaxed);
        }
    }
}

/// What the clock says, or what was told before where that is later.
fn no_earlier(latest: &AtomicI64, wall: i64) -> Timestamp {
    Timestamp(latest.fetch_max(wall, Ordering::Relaxed).max(wall))
}

/// Makes ids: UUIDv7, ascending within the process (RFC 9562 section 6.2, method 1: a counter in
/// the bits after the milliseconds).
#[derive(Debug, Default)]
pub struct Ids {
    last: Mutex<(u64, u16)>,
}

impl Ids {
    /// A new id for this moment.
    pub fn next(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.0 / 1000).unwrap_or(0);
        let (millis, counter) = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let next = if millis > last.0 {
                (millis, 0)
            } else if last.1 < 0x0fff {
                (last.0, last.1 + 1)
            } else {
                // The counter is spent: the next millisecond is borrowed.
                (last.0 + 1, 0)
            };
            *last = next;
            next
        };
        let mut random = [0; 10];
        #[expect(clippy::disallowed_methods, reason = "the one place where chance is drawn")]
        rand::rng().fill_bytes(&mut random);
        random[0] = u8::try_from(counter >> 8).unwrap_or(0);
        random[1] = u8::try_from(counter & 0xff).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// Bytes that nobody can guess, for keys, nonces and tokens.
pub fn secret_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::disallowed_methods, reason = "the one place where chance is drawn")]
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ascend_within_a_millisecond_and_over_a_clock_that_goes_back() {
        let ids = Ids::default();
        let now = Timestamp(1_700_000_000_000_000);
        let made: Vec<Uuid> = (0..10_000).map(|step| ids.next(Timestamp(now.0 - step))).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(made.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn time_stands_still_while_the_clock_is_set_back() {
        let latest = AtomicI64::new(0);
        let told: Vec<i64> = [10, 20, 5, 19, 21].iter().map(|wall| no_earlier(&latest, *wall).0).collect();
        assert_eq!(told, [10, 20, 20, 20, 21]);
    }

    #[test]
    fn a_manual_clock_moves_by_hand() {
        let clock = Clock::manual(Timestamp(5));
        clock.advance(2);
        assert_eq!(clock.now(), Timestamp(2005));
    }
}
