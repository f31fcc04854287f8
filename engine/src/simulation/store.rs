//! A model of the store: journals keyed by run and sequence, owners with fencing, effects and
//! outbox rows in the commit of the records that tell of them, timers and waits as rows.
//! It holds what is durable and nothing else; a crash leaves it as it is.

use std::collections::BTreeMap;

use crate::{Timestamp, node::Wait, run::Hash};

/// What one commit of one run writes.
#[derive(Debug, Default, Clone)]
pub(super) struct Unit {
    pub(super) run: u64,
    pub(super) epoch: u64,
    pub(super) new: bool,
    pub(super) first: u64,
    pub(super) lines: Vec<Vec<u8>>,
    pub(super) head: Option<Hash>,
    pub(super) closed: Vec<u64>,
    pub(super) timers: Vec<(u64, Timestamp)>,
    pub(super) waits: Vec<(u64, String, Wait)>,
    pub(super) effects: Vec<String>,
    pub(super) over: bool,
}

/// One run as it is stored.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) epoch: u64,
    pub(super) owner: Option<usize>,
    /// Sequence and bytes of every record.
    pub(super) journal: Vec<(u64, Vec<u8>)>,
    pub(super) head: Option<Hash>,
    pub(super) timers: BTreeMap<u64, Timestamp>,
    pub(super) waits: BTreeMap<u64, (String, Wait)>,
    pub(super) over: bool,
}

/// An event that a step wrote, to be published.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) id: String,
    pub(super) published: bool,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) runs: BTreeMap<u64, Row>,
    pub(super) effects: BTreeMap<String, u32>,
    pub(super) outbox: Vec<Outgoing>,
    /// Records that have become durable.
    pub(super) records: usize,
}

/// The writer is no longer the owner, or the records are there already.
#[derive(Debug)]
pub(super) struct Fenced;

impl Store {
    /// Takes a run over: whoever owned it can write no more.
    pub(super) fn claim(&mut self, run: u64, worker: usize) -> Option<&Row> {
        let row = self.runs.get_mut(&run)?;
        row.epoch += 1;
        row.owner = Some(worker);
        Some(row)
    }

    /// Writes all of a unit or nothing.
    pub(super) fn write(&mut self, unit: &Unit, worker: usize, fence: bool) -> Result<(), Fenced> {
        if fence {
            let fits = match self.runs.get(&unit.run) {
                None => unit.new,
                Some(row) => !unit.new && row.epoch == unit.epoch && row.journal.len() as u64 == unit.first,
            };
            if !fits {
                return Err(Fenced);
            }
        }
        let row = self.runs.entry(unit.run).or_default();
        if unit.new {
            (row.epoch, row.owner) = (unit.epoch, Some(worker));
        }
        self.records += unit.lines.len();
        row.journal.extend((unit.first..).zip(unit.lines.iter().cloned()));
        row.head = unit.head.or(row.head);
        row.timers.extend(unit.timers.iter().copied());
        row.waits.extend(unit.waits.iter().map(|(token, step, wait)| (*token, (step.clone(), wait.clone()))));
        for token in &unit.closed {
            row.timers.remove(token);
            row.waits.remove(token);
        }
        if unit.over {
            row.over = true;
            row.timers.clear();
            row.waits.clear();
        }
        for effect in &unit.effects {
            self.apply(effect);
        }
        Ok(())
    }

    /// A transactional effect and the event that tells of it.
    pub(super) fn apply(&mut self, effect: &str) {
        *self.effects.entry(effect.to_owned()).or_default() += 1;
        self.outbox.push(Outgoing { id: effect.to_owned(), published: false });
    }
}
