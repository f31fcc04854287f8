//! The rows of all units of a group, table by table, as both databases write them.

use masar_engine::{RunId, Sequence, Timestamp};

use super::{
    approvals,
    rows::{HookCallRow, OutboxRow, RunRow, TimerKind, Write},
    waits,
};

/// A timer to set: due, run, token, kind, payload.
pub(super) type Timer = (Timestamp, RunId, Sequence, TimerKind, i64);

/// Rows by table.
#[derive(Default)]
pub(super) struct Batch<'a> {
    pub(super) events: Vec<&'a Write>,
    pub(super) dedup: Vec<&'a Write>,
    pub(super) runs: Vec<&'a RunRow>,
    pub(super) moved_on: Vec<&'a Write>,
    pub(super) journal: Vec<&'a Write>,
    pub(super) timers: Vec<Timer>,
    pub(super) timers_off: Vec<&'a Write>,
    pub(super) arrivals: Vec<&'a waits::Arrival>,
    pub(super) waits: Vec<&'a Write>,
    pub(super) links: Vec<&'a approvals::LinkRow>,
    pub(super) taken: Vec<&'a Write>,
    pub(super) waits_off: Vec<(RunId, Sequence)>,
    pub(super) waits_off_run: Vec<RunId>,
    pub(super) outbox: Vec<&'a OutboxRow>,
    pub(super) outbox_off: Vec<i64>,
    pub(super) decisions: Vec<&'a Write>,
    pub(super) hook_calls: Vec<&'a HookCallRow>,
    pub(super) schedules: Vec<&'a Write>,
}

impl<'a> Batch<'a> {
    pub(super) fn of(writes: impl Iterator<Item = &'a Write>) -> Self {
        let mut batch = Self::default();
        writes.for_each(|write| batch.add(write));
        batch
    }

    fn add(&mut self, write: &'a Write) {
        match write {
            Write::EventInsert { dedup, .. } => {
                if dedup.is_some() {
                    self.dedup.push(write);
                }
                self.events.push(write);
            }
            Write::RunInsert(row) => self.runs.push(row),
            Write::RunUpdate { .. } => self.moved_on.push(write),
            Write::Journal { .. } => self.journal.push(write),
            Write::TimerSet { due, run, token, kind, payload } => {
                self.timers.push((*due, *run, *token, *kind, *payload));
            }
            // What is called off goes before what is set is written: what one group sets and calls
            // off again never comes to be.
            Write::TimerClear { run, token } => {
                self.timers.retain(|(_, set, of, ..)| set != run || of != token);
                self.timers_off.push(write);
            }
            Write::TimerClearKind { .. } => self.timers_off.push(write),
            Write::TimersClearRun { run } => {
                self.timers.retain(|(_, set, ..)| set != run);
                self.timers_off.push(write);
            }
            Write::EventArrived(arrival) => self.arrivals.push(arrival),
            Write::EventTaken { .. } => self.taken.push(write),
            Write::ApprovalLink(link) => self.links.push(link),
            Write::WaitOpen { .. } => self.waits.push(write),
            Write::WaitClose { run, token } => self.close_wait(*run, *token),
            Write::WaitsCloseRun { run } => {
                self.waits.retain(|open| !matches!(open, Write::WaitOpen { run: of, .. } if of == run));
                self.waits_off_run.push(*run);
            }
            Write::OutboxAppend(row) => self.outbox.push(row),
            Write::OutboxDelete { position } => self.outbox_off.push(*position),
            Write::Decision { .. } => self.decisions.push(write),
            Write::HookCall(call) => self.hook_calls.push(call),
            Write::ScheduleFired { .. } => self.schedules.push(write),
        }
    }

    fn close_wait(&mut self, run: RunId, token: Sequence) {
        self.waits.retain(
            |open| !matches!(open, Write::WaitOpen { run: of, token: at, .. } if *of == run && *at == token),
        );
        self.waits_off.push((run, token));
    }
}
