//! A worker's part in a run, as the executor plays it: drive, write intents, put transactional
//! effects and their records into one commit, and call the world once that is durable.

use super::{
    hand::{self, header},
    store::{Row, Unit},
    world,
};
use std::sync::Arc;

use crate::{
    Effect, Outcome, Plan, Timestamp,
    run::{Chain, Command, Machine, Progress, Record, ReplayError, RunStatus, StepId, StepRef},
};

/// An external call.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    pub(super) step: StepId,
    pub(super) attempt: u16,
    pub(super) name: String,
    pub(super) key: String,
    pub(super) made: bool,
}

/// A run in a worker's memory; a crash loses it.
pub(super) struct Task {
    pub(super) machine: Machine,
    pub(super) epoch: u64,
    /// Calls that may be made: their intents are durable.
    pub(super) flights: Vec<Flight>,
    pub(super) doubts: Vec<StepRef>,
    /// Whether it has something to do.
    pub(super) awake: bool,
    pub(super) staged: Unit,
    planned: Vec<Flight>,
    chain: Chain,
    next: u64,
}

/// How a task treats the protocol.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) seed: u64,
    pub(super) budget: usize,
    pub(super) intents: bool,
}

impl Task {
    /// A run that begins.
    pub(super) fn begin(plan: &Arc<Plan>, seed: u64, run: u64) -> Result<Self, ReplayError> {
        let event = hand::event(seed, run);
        let header = header(plan, &event, run);
        let chain = Chain::of_run(header.run);
        let machine = Machine::start(plan.clone(), header, &event)?;
        let staged = Unit { run, epoch: 1, new: true, ..Unit::default() };
        Ok(Self {
            machine,
            epoch: 1,
            flights: Vec::new(),
            doubts: Vec::new(),
            awake: true,
            staged,
            planned: Vec::new(),
            chain,
            next: 0,
        })
    }

    /// A run as a new owner finds it.
    pub(super) fn load(
        plan: &Arc<Plan>,
        seed: u64,
        run: u64,
        row: &Row,
        now: Timestamp,
    ) -> Result<Self, String> {
        let records = read(row)?;
        let mut task = Self::begin(plan, seed, run).map_err(|error| error.to_string())?;
        for (_, line) in &row.journal {
            task.chain.append(line);
        }
        task.next = records.len() as u64;
        records.iter().for_each(|record| task.note(record));
        let event = hand::event(seed, run);
        task.machine = Machine::replay(plan.clone(), &event, records).map_err(|error| error.to_string())?;
        task.machine.recover(now);
        task.epoch = row.epoch;
        task.staged = Unit { run, epoch: row.epoch, ..Unit::default() };
        Ok(task)
    }

    fn note(&mut self, record: &Record) {
        match record {
            Record::InDoubt { step, .. } => self.doubts.push(step.clone()),
            Record::TryAgain { step, .. } | Record::Done { step, .. } => {
                self.doubts.retain(|doubt| doubt != step)
            }
            _ => {}
        }
    }

    /// Computes as far as it goes and gives what is to become durable. `effect` is told of every
    /// transactional effect at the moment at which it happens.
    pub(super) fn turn(&mut self, now: Timestamp, manner: Manner, effect: &mut dyn FnMut(&str)) -> Unit {
        let progress = self.machine.drive(now, manner.budget);
        let mut more = progress == Progress::More;
        loop {
            let commands = self.machine.take_commands();
            if commands.is_empty() {
                break;
            }
            for command in commands {
                more |= self.obey(command, now, manner, effect);
            }
        }
        self.awake = more;
        self.seal()
    }

    /// Does what the machine asks; whether there may be more to compute after it.
    fn obey(
        &mut self,
        command: Command,
        now: Timestamp,
        manner: Manner,
        effect: &mut dyn FnMut(&str),
    ) -> bool {
        match command {
            Command::Execute { step, attempt } => {
                let plan = self.machine.plan().clone();
                let manifest = &plan.node(step.node).spec.manifest;
                let resolved = match self.machine.resolve(&step, now) {
                    Ok(Ok(resolved)) => resolved,
                    Ok(Err(error)) => {
                        let _ = self.machine.finish(&step, attempt, Outcome::Failed(error), now, 0);
                        return true;
                    }
                    Err(_) => return false,
                };
                let name = resolved.step.to_string();
                if manifest.effect == Effect::Transactional {
                    let outcome = world::answer(manner.seed, &manifest.node_type, &name, attempt);
                    if matches!(outcome, Outcome::Done(_)) {
                        effect(&format!("{}/{name}", self.staged.run));
                        self.staged.effects.push(format!("{}/{name}", self.staged.run));
                    }
                    let _ = self.machine.finish(&step, attempt, outcome, now, 1);
                    return true;
                }
                let shown = resolved.parameters.clone();
                if !manner.intents || self.machine.intend(&resolved, attempt, shown, now).is_ok() {
                    let key = resolved.idempotency_key;
                    self.planned.push(Flight { step, attempt, name, key, made: false });
                }
            }
            Command::Cancel { step } => {
                self.flights.retain(|flight| flight.step != step);
                self.planned.retain(|flight| flight.step != step);
            }
            Command::SetTimer { token, due } => self.staged.timers.push((token, due)),
            Command::OpenWait { token, step, wait } => {
                let name = self.machine.step_ref(&step).to_string();
                self.staged.waits.push((token, name, wait));
            }
            Command::CloseWait { token } => self.staged.closed.push(token),
            Command::CallWorkflow { .. } => {}
            Command::Ended { .. } => {
                self.flights.clear();
                self.planned.clear();
            }
        }
        false
    }

    fn seal(&mut self) -> Unit {
        self.staged.first = self.next;
        for record in self.machine.take_records() {
            self.note(&record);
            // A record is made of plain data: writing it to memory cannot fail.
            if let Ok(line) = serde_json::to_vec(&record) {
                self.staged.head = Some(self.chain.append(&line));
                self.staged.lines.push(line);
                self.next += 1;
            }
        }
        self.staged.over = self.machine.status() != RunStatus::Running;
        let fresh = Unit { run: self.staged.run, epoch: self.epoch, ..Unit::default() };
        std::mem::replace(&mut self.staged, fresh)
    }

    /// The last unit is durable: its calls may go out.
    pub(super) fn committed(&mut self) {
        self.flights.append(&mut self.planned);
    }
}

/// Reads a stored journal, checking order and hashes.
pub(super) fn read(row: &Row) -> Result<Vec<Record>, String> {
    let mut records: Vec<Record> = Vec::new();
    let mut chain = None;
    for (at, (sequence, line)) in row.journal.iter().enumerate() {
        if *sequence != at as u64 {
            return Err(format!("the journal has {sequence} where record {at} belongs"));
        }
        let record = serde_json::from_slice(line).map_err(|error| format!("record {at}: {error}"))?;
        if let Record::Started(header) = &record {
            chain = Some(Chain::of_run(header.run));
        }
        if let Some(chain) = &mut chain {
            chain.append(line);
        }
        records.push(record);
    }
    match chain {
        Some(chain) if Some(chain.head()) == row.head => Ok(records),
        _ => Err("the hashes of the journal do not fit".into()),
    }
}
