//! Several runs of one drawn workflow over two workers, a store and a bus, with trouble: commits
//! fail, workers crash before or after a commit became durable, or are taken for dead and write on.
//! Chance chooses what happens next; everything follows from the seed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Failure, Options, Report, Sabotage,
    bus::{Bus, Message},
    chance::Chance,
    hand::{self, BEGIN},
    store::{Store, Unit},
    worker::{Flight, Manner, Task},
    world::{self, Ending},
};
use crate::{
    Outcome, Plan, RunId, Timestamp,
    run::{Decision, RunStatus},
};

/// Workers that share the runs.
const WORKERS: usize = 2;

/// External calls of one step, as the other side saw them.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) keys: BTreeSet<String>,
    pub(super) made: u32,
    /// Times that a person said it may be made again.
    pub(super) allowed: u32,
    pub(super) pay: bool,
    succeeded: bool,
}

#[derive(Default)]
struct Worker {
    tasks: BTreeMap<u64, Task>,
}

pub(super) struct Cluster {
    pub(super) plan: Arc<Plan>,
    pub(super) options: Options,
    pub(super) seed: u64,
    pub(super) store: Store,
    pub(super) calls: BTreeMap<String, Calls>,
    pub(super) received: BTreeSet<String>,
    pub(super) report: Report,
    bus: Bus,
    chance: Chance,
    now: Timestamp,
    workers: [Worker; WORKERS],
    unconfirmed: Vec<u64>,
    crashes_left: usize,
}

/// What may happen next.
#[derive(Debug, Clone)]
enum Act {
    Publish(usize),
    Relay(usize),
    Deliver,
    Claim(u64),
    Work(usize),
    Call(usize, u64, usize),
    Timer(u64, u64, Timestamp),
    Answer(u64, u64),
    Decide(usize, u64),
    Crash(usize),
}

impl Cluster {
    pub(super) fn new(plan: Arc<Plan>, seed: u64, options: Options) -> Self {
        let mut chance = Chance::new(seed ^ 0x636c_7573);
        let crashes_left = if options.trouble { chance.below(7) } else { 0 };
        Self {
            plan,
            seed,
            store: Store::default(),
            calls: BTreeMap::new(),
            received: BTreeSet::new(),
            report: Report::default(),
            bus: Bus::default(),
            chance,
            now: BEGIN,
            workers: Default::default(),
            unconfirmed: (0..options.runs).collect(),
            crashes_left,
            options,
        }
    }

    /// Goes on until nothing is left to happen.
    pub(super) fn carry(&mut self) -> Result<(), Failure> {
        for _ in 0..self.options.most_acts {
            let acts = self.acts();
            let Some(act) = self.chance.pick(&acts).cloned() else { return Ok(()) };
            self.report.acts += 1;
            self.act(act)?;
        }
        Err(self.fails("the simulation does not come to rest"))
    }

    pub(super) fn fails(&self, what: impl Into<String>) -> Failure {
        Failure { seed: self.seed, what: what.into() }
    }

    fn acts(&self) -> Vec<Act> {
        let mut acts: Vec<Act> = (0..self.unconfirmed.len()).map(Act::Publish).collect();
        acts.extend(
            (0..self.store.outbox.len()).filter(|at| !self.store.outbox[*at].published).map(Act::Relay),
        );
        if !self.bus.under_way.is_empty() {
            acts.push(Act::Deliver);
        }
        for (&run, row) in self.store.runs.iter().filter(|(_, row)| !row.over) {
            let Some(owner) = row.owner else {
                acts.push(Act::Claim(run));
                continue;
            };
            // A timer or an answer finds its way to the owner; while there is none, it waits.
            if !self.workers[owner].tasks.contains_key(&run) {
                continue;
            }
            for (&token, (step, wait)) in &row.waits {
                if world::ending(self.seed, step, wait) != Ending::Timer {
                    acts.push(Act::Answer(run, token));
                }
            }
            for (&token, &due) in &row.timers {
                let answered = row
                    .waits
                    .get(&token)
                    .is_some_and(|(step, wait)| world::ending(self.seed, step, wait) != Ending::Timer);
                if !answered {
                    acts.push(Act::Timer(run, token, due));
                }
            }
        }
        for (at, worker) in self.workers.iter().enumerate() {
            if worker.tasks.values().any(|task| task.awake) {
                acts.push(Act::Work(at));
            }
            for (&run, task) in &worker.tasks {
                acts.extend((0..task.flights.len()).map(|flight| Act::Call(at, run, flight)));
                if !task.doubts.is_empty() {
                    acts.push(Act::Decide(at, run));
                }
            }
            if !acts.is_empty() && self.crashes_left > 0 && !worker.tasks.is_empty() {
                acts.push(Act::Crash(at));
            }
        }
        acts
    }

    fn act(&mut self, act: Act) -> Result<(), Failure> {
        match act {
            Act::Publish(at) => {
                let message = Message::Event(self.unconfirmed[at]);
                if self.bus.publish(&message, &mut self.chance, self.options.trouble) {
                    self.unconfirmed.swap_remove(at);
                }
            }
            Act::Relay(at) => {
                let message = Message::Outgoing(self.store.outbox[at].id.clone());
                self.store.outbox[at].published =
                    self.bus.publish(&message, &mut self.chance, self.options.trouble);
            }
            Act::Deliver => self.deliver()?,
            Act::Claim(run) => self.claim(run)?,
            Act::Work(worker) => self.work(worker)?,
            Act::Call(worker, run, flight) => self.call(worker, run, flight),
            Act::Timer(run, token, due) => {
                self.now = self.now.max(due);
                let now = self.now;
                if let Some(task) = self.owned(run) {
                    task.staged.closed.push(token);
                    // One that nobody waits for any more only loses its row.
                    let _ = task.machine.timer_fired(token, now);
                    task.awake = true;
                }
            }
            Act::Answer(run, token) => {
                let (seed, now) = (self.seed, self.now);
                let wait = self.store.runs.get(&run).and_then(|row| row.waits.get(&token)).cloned();
                if let (Some((step, wait)), Some(task)) = (wait, self.owned(run)) {
                    task.staged.closed.push(token);
                    if let Some(step) = task.machine.parse_step(&step) {
                        let _ = hand::reply(&mut task.machine, seed, token, &step, &wait, now);
                    }
                    task.awake = true;
                }
            }
            Act::Decide(worker, run) => self.decide(worker, run),
            Act::Crash(worker) => self.crash(worker),
        }
        Ok(())
    }

    fn owned(&mut self, run: u64) -> Option<&mut Task> {
        let owner = self.store.runs.get(&run)?.owner?;
        self.workers[owner].tasks.get_mut(&run)
    }

    /// A message reaches a worker. It is acknowledged once its run is durable.
    fn deliver(&mut self) -> Result<(), Failure> {
        let Some(at) = self.bus.some(&mut self.chance) else { return Ok(()) };
        let message = self.bus.under_way[at].clone();
        let early = self.options.sabotage == Some(Sabotage::EarlyAck);
        if early {
            self.bus.acknowledge(&message);
        }
        match &message {
            Message::Outgoing(id) => {
                self.received.insert(id.clone());
            }
            Message::Event(run) if !self.store.runs.contains_key(run) => {
                let worker = self.chance.below(WORKERS);
                let mut task = Task::begin(&self.plan, self.seed, *run)
                    .map_err(|error| self.fails(format!("run {run} does not begin: {error}")))?;
                let mut ignore = Vec::new();
                let manner = Manner { budget: 0, ..self.manner() };
                let unit = task.turn(self.now, manner, &mut |effect| ignore.push(effect.to_owned()));
                task.awake = true;
                self.workers[worker].tasks.insert(*run, task);
                if !self.commit(worker, &[unit])? {
                    return Ok(());
                }
            }
            Message::Event(_) => {}
        }
        // An acknowledgement may be lost; then the message comes again.
        let lost = self.options.trouble && self.chance.once_in(6);
        if !early && !lost {
            self.bus.acknowledge(&message);
        }
        Ok(())
    }

    fn claim(&mut self, run: u64) -> Result<(), Failure> {
        let worker = self.chance.below(WORKERS);
        let Some(row) = self.store.claim(run, worker) else { return Ok(()) };
        let task = Task::load(&self.plan, self.seed, run, row, self.now);
        let task = task.map_err(|error| self.fails(format!("run {run} cannot be taken up: {error}")))?;
        self.workers[worker].tasks.insert(run, task);
        self.report.taken_up += 1;
        Ok(())
    }

    fn manner(&self) -> Manner {
        let intents = self.options.sabotage != Some(Sabotage::NoIntent);
        Manner { seed: self.seed, budget: 256, intents }
    }

    /// Some of a worker's runs go on, and what they have to say becomes durable together.
    fn work(&mut self, worker: usize) -> Result<(), Failure> {
        let awake: Vec<u64> =
            self.workers[worker].tasks.iter().filter(|(_, task)| task.awake).map(|(run, _)| *run).collect();
        let skip = self.chance.below(awake.len());
        let most = 1 + self.chance.below(3);
        let outside = self.options.sabotage == Some(Sabotage::EffectOutside);
        let mut units = Vec::new();
        for run in awake.into_iter().skip(skip).take(most) {
            let manner = Manner { budget: 1 + self.chance.below(4), ..self.manner() };
            let Some(task) = self.workers[worker].tasks.get_mut(&run) else { continue };
            let mut happened = Vec::new();
            let mut unit = task.turn(self.now, manner, &mut |effect| happened.push(effect.to_owned()));
            if outside {
                happened.iter().for_each(|effect| self.store.apply(effect));
                unit.effects.clear();
            }
            units.push(unit);
        }
        self.commit(worker, &units).map(|_| ())
    }

    /// One group commit; whether the worker lives to hear of it.
    fn commit(&mut self, worker: usize, units: &[Unit]) -> Result<bool, Failure> {
        let forced =
            self.options.crash_at.is_some_and(|at| self.report.commits == at / 2 && self.options.trouble);
        let by_chance = self.crashes_left > 0 && self.chance.once_in(12);
        let after =
            if forced { self.options.crash_at.is_some_and(|at| at % 2 == 1) } else { self.chance.once_in(2) };
        let refused = self.options.trouble && self.chance.once_in(30);
        self.report.commits += 1;
        let crashes = forced || by_chance;
        if crashes && !after {
            self.crash(worker);
            return Ok(false);
        }
        if refused {
            // The disk was full: nothing of the group is durable, and the journal is the truth.
            for unit in units {
                self.workers[worker].tasks.remove(&unit.run);
                if let Some(row) = self.store.runs.get_mut(&unit.run)
                    && row.epoch == unit.epoch
                {
                    row.owner = None;
                }
            }
            return Ok(false);
        }
        let fence = self.options.sabotage != Some(Sabotage::NoFence);
        for unit in units {
            match self.store.write(unit, worker, fence) {
                Ok(()) if !crashes => {
                    if let Some(task) = self.workers[worker].tasks.get_mut(&unit.run) {
                        task.committed();
                        if unit.over {
                            self.compare(worker, unit.run)?;
                        }
                    }
                }
                Ok(()) => {}
                Err(_) => {
                    self.report.fenced += 1;
                    self.workers[worker].tasks.remove(&unit.run);
                }
            }
        }
        if crashes {
            self.crash(worker);
        }
        Ok(!crashes)
    }

    /// A run is over: what its owner believes must be what its journal says.
    fn compare(&mut self, worker: usize, run: u64) -> Result<(), Failure> {
        let task = self.workers[worker].tasks.remove(&run);
        let (Some(task), Some(row)) = (task, self.store.runs.get(&run)) else { return Ok(()) };
        let told = Task::load(&self.plan, self.seed, run, row, self.now);
        let told = told.map_err(|error| self.fails(format!("run {run}: {error}")))?;
        let succeeded = task.machine.status() == RunStatus::Succeeded;
        let same = told.machine.status() == task.machine.status()
            && told.machine.result() == task.machine.result()
            && told.machine.next_sequence() == task.machine.next_sequence()
            && (!succeeded || told.machine.view() == task.machine.view());
        if same { Ok(()) } else { Err(self.fails(format!("run {run} is not what its journal says"))) }
    }

    /// The worker is taken for dead. It is, or it only was slow and goes on writing.
    fn crash(&mut self, worker: usize) {
        self.crashes_left = self.crashes_left.saturating_sub(1);
        self.report.crashes += 1;
        for row in self.store.runs.values_mut().filter(|row| row.owner == Some(worker)) {
            row.owner = None;
        }
        if self.chance.once_in(3) {
            self.report.zombies += 1;
            // Runs that never became durable are nobody's.
            let store = &self.store;
            self.workers[worker].tasks.retain(|run, _| store.runs.contains_key(run));
        } else {
            self.workers[worker].tasks.clear();
        }
    }

    /// First the call reaches the other side, later its answer reaches the worker.
    fn call(&mut self, worker: usize, run: u64, flight: usize) {
        let Some(task) = self.workers[worker].tasks.get_mut(&run) else { return };
        let Flight { step, attempt, name, key, made } = task.flights[flight].clone();
        let node_type = &self.plan.node(step.node).spec.manifest.node_type;
        let outcome = world::answer(self.seed, node_type, &name, attempt);
        if !made {
            let calls = self.calls.entry(format!("{run}/{name}")).or_default();
            calls.keys.insert(key);
            calls.made += 1;
            calls.pay = node_type == "pay";
            calls.succeeded |= matches!(outcome, Outcome::Done(_));
            task.flights[flight].made = true;
            return;
        }
        task.flights.remove(flight);
        let _ = task.machine.finish(&step, attempt, outcome, self.now, 1);
        task.awake = true;
    }

    /// A person looks at the other side and decides.
    fn decide(&mut self, worker: usize, run: u64) {
        let Some(task) = self.workers[worker].tasks.get_mut(&run) else { return };
        let Some(step) = task.doubts.pop() else { return };
        let calls = self.calls.entry(format!("{run}/{step}")).or_default();
        let happened = calls.succeeded;
        let decision = match happened {
            true => Decision::Happened(world::value(self.seed, &step.0)),
            false => Decision::TryAgain,
        };
        if task.machine.decide(&step, decision, "ops", self.now).is_ok() && !happened {
            calls.allowed += 1;
        }
        task.awake = true;
    }

    /// The id of the run with this number.
    pub(super) fn run_id(run: u64) -> RunId {
        RunId(uuid::Uuid::from_u128(u128::from(run) + 1))
    }
}
