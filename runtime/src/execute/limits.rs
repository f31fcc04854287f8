//! Flow control per workflow: how many runs at the same time, how many starts per time.
//! Kept in memory and rebuilt at start from the open runs, so no counter can drift from the rows.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use masar_engine::{
    RunId, Timestamp, WorkflowId,
    workflow::{Concurrency, Overflow, Rate},
};

/// What becomes of a run that is about to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It starts.
    Start,
    /// It waits for its turn.
    Queue,
    /// It waits until this moment.
    NotBefore(Timestamp),
    /// It is not started.
    Skip(&'static str),
    /// It starts; this older one is cancelled.
    Replace(RunId),
}

/// The name of a bound: a workflow, or one value of its concurrency key.
type GateKey = (WorkflowId, Option<String>);

#[derive(Default)]
struct Gate {
    running: VecDeque<RunId>,
    queue: VecDeque<RunId>,
}

/// The bounds of every workflow of this process.
#[derive(Default)]
pub struct Limits {
    gates: Mutex<HashMap<GateKey, Gate>>,
    /// Theoretical arrival time of the next start (GCRA), per workflow.
    rates: Mutex<HashMap<WorkflowId, i64>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every critical section below leaves the maps whole, so a panic elsewhere does not spoil them.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Limits {
    /// Asks for a place for `run`.
    pub fn admit(&self, workflow: WorkflowId, key: Option<&str>, bound: &Concurrency, run: RunId) -> Verdict {
        let mut gates = lock(&self.gates);
        let gate = gates.entry((workflow, key.map(str::to_owned))).or_default();
        if gate.running.len() < bound.limit.max(1) as usize && gate.queue.is_empty() {
            gate.running.push_back(run);
            return Verdict::Start;
        }
        match bound.policy {
            Overflow::Queue => {
                gate.queue.push_back(run);
                Verdict::Queue
            }
            Overflow::Skip => Verdict::Skip("concurrency"),
            Overflow::Replace => {
                let oldest = gate.running.pop_front();
                gate.running.push_back(run);
                oldest.map_or(Verdict::Start, Verdict::Replace)
            }
        }
    }

    /// At start: puts an open run back to where it was, in order of acceptance.
    pub fn restore(&self, workflow: WorkflowId, key: Option<&str>, run: RunId, queued: bool) {
        let mut gates = lock(&self.gates);
        let gate = gates.entry((workflow, key.map(str::to_owned))).or_default();
        if queued { gate.queue.push_back(run) } else { gate.running.push_back(run) }
    }

    /// A queued run of which nothing was known takes a place, if one is free; else it waits for its turn.
    pub fn rejoin(&self, workflow: WorkflowId, key: Option<&str>, limit: u32, run: RunId) -> bool {
        let mut gates = lock(&self.gates);
        let gate = gates.entry((workflow, key.map(str::to_owned))).or_default();
        let free = gate.running.len() < limit.max(1) as usize;
        if free {
            gate.running.push_back(run)
        } else {
            gate.queue.push_back(run)
        }
        free
    }

    /// Every run that has a place or waits for one.
    pub fn known(&self) -> std::collections::HashSet<RunId> {
        lock(&self.gates).values().flat_map(|gate| gate.running.iter().chain(&gate.queue)).copied().collect()
    }

    /// A run is over: gives its place to the next in the queue.
    pub fn release(&self, workflow: WorkflowId, key: Option<&str>, limit: u32, run: RunId) -> Option<RunId> {
        let mut gates = lock(&self.gates);
        let name = (workflow, key.map(str::to_owned));
        let gate = gates.get_mut(&name)?;
        gate.running.retain(|running| *running != run);
        gate.queue.retain(|queued| *queued != run);
        let next = if gate.running.len() < limit.max(1) as usize { gate.queue.pop_front() } else { None };
        gate.running.extend(next);
        if gate.running.is_empty() && gate.queue.is_empty() {
            gates.remove(&name);
        }
        next
    }

    /// Asks whether a start now keeps to the rate.
    pub fn admit_rate(&self, workflow: WorkflowId, rate: &Rate, now: Timestamp) -> Verdict {
        let period = i64::try_from(rate.per_ms.saturating_mul(1000)).unwrap_or(i64::MAX);
        let step = period / i64::from(rate.limit.max(1));
        let mut rates = lock(&self.rates);
        let arrival = rates.entry(workflow).or_insert(now.0);
        let due = (*arrival).max(now.0);
        // A burst of the whole limit is allowed at once.
        let earliest = due.saturating_add(step).saturating_sub(period);
        if earliest <= now.0 {
            *arrival = due.saturating_add(step);
            return Verdict::Start;
        }
        match rate.policy {
            Overflow::Skip => Verdict::Skip("rate"),
            Overflow::Queue | Overflow::Replace => {
                *arrival = due.saturating_add(step);
                Verdict::NotBefore(Timestamp(earliest))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn run(number: u128) -> RunId {
        RunId(Uuid::from_u128(number))
    }

    fn bound(limit: u32, policy: Overflow) -> Concurrency {
        Concurrency { limit, key: None, policy }
    }

    #[test]
    fn queued_runs_start_in_order_of_acceptance() {
        let limits = Limits::default();
        let (flow, bound) = (WorkflowId(Uuid::nil()), bound(1, Overflow::Queue));
        assert_eq!(limits.admit(flow, None, &bound, run(1)), Verdict::Start);
        assert_eq!(limits.admit(flow, None, &bound, run(2)), Verdict::Queue);
        assert_eq!(limits.admit(flow, None, &bound, run(3)), Verdict::Queue);
        assert_eq!(
            limits.admit(flow, Some("+966500000001"), &bound, run(4)),
            Verdict::Start,
            "another key is another gate"
        );
        assert_eq!(limits.release(flow, None, 1, run(1)), Some(run(2)));
        assert_eq!(limits.release(flow, None, 1, run(2)), Some(run(3)));
        assert_eq!(limits.release(flow, None, 1, run(3)), None);
    }

    #[test]
    fn skip_and_replace() {
        let limits = Limits::default();
        let flow = WorkflowId(Uuid::nil());
        assert_eq!(limits.admit(flow, None, &bound(1, Overflow::Skip), run(1)), Verdict::Start);
        assert_eq!(limits.admit(flow, None, &bound(1, Overflow::Skip), run(2)), Verdict::Skip("concurrency"));
        assert_eq!(limits.admit(flow, None, &bound(1, Overflow::Replace), run(3)), Verdict::Replace(run(1)));
    }

    #[test]
    fn a_rate_lets_a_burst_through_and_then_spaces() {
        let limits = Limits::default();
        let flow = WorkflowId(Uuid::nil());
        let rate = Rate { limit: 2, per_ms: 1000, policy: Overflow::Queue };
        let now = Timestamp(1_000_000_000);
        assert_eq!(limits.admit_rate(flow, &rate, now), Verdict::Start);
        assert_eq!(limits.admit_rate(flow, &rate, now), Verdict::Start);
        assert_eq!(limits.admit_rate(flow, &rate, now), Verdict::NotBefore(now.plus_millis(500)));
        assert_eq!(limits.admit_rate(flow, &rate, now), Verdict::NotBefore(now.plus_millis(1000)));
        assert_eq!(limits.admit_rate(flow, &rate, now.plus_millis(3000)), Verdict::Start);
    }
}
