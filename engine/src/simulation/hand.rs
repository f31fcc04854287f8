//! One run under the hand of chance: what it asks for is answered in an order drawn from a seed.
//! No store and no crashes of its own; [`Hand::taken_up`] is what a new owner makes of a prefix.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use super::{
    chance::Chance,
    nodes::timeless,
    world::{self, Ending},
};
use crate::{
    Effect, Event, Json, Plan, RunId, Timestamp, WorkflowId,
    node::Wait,
    run::{
        Command, Decision, EventRef, Header, Machine, Record, ReplayError, RunStatus, StepId, StepRef,
        Verdict,
    },
};

/// The moment at which simulated runs begin.
pub(super) const BEGIN: Timestamp = Timestamp(1_764_000_000_000_000);

/// Something that a run has asked for.
#[derive(Debug, Clone)]
enum Asked {
    Execute { step: StepId, attempt: u16, intended: bool },
    Timer { token: u64, due: Timestamp },
    Wait { token: u64, step: StepId, wait: Wait },
    Doubt { step: StepRef },
}

/// One run and what it waits for.
pub struct Hand {
    machine: Machine,
    event: Event,
    seed: u64,
    now: Timestamp,
    records: Vec<Record>,
    asked: Vec<Asked>,
}

/// The event with this number.
pub(super) fn event(seed: u64, number: u64) -> Event {
    Event {
        id: format!("event-{number}"),
        source: "/simulation".into(),
        event_type: "simulated".into(),
        subject: None,
        time: None,
        data: Arc::new(json!({"number": number, "seed": seed % 1000})),
    }
}

/// The header of the run for this event.
pub(super) fn header(plan: &Plan, event: &Event, number: u64) -> Header {
    Header {
        at: BEGIN,
        run: RunId(Uuid::from_u128(u128::from(number) + 1)),
        workflow: WorkflowId(Uuid::nil()),
        version: plan.hash.to_string(),
        number: 1,
        event: EventRef {
            id: event.id.clone(),
            source: event.source.clone(),
            event_type: event.event_type.clone(),
        },
        digest: String::new(),
        trigger: plan.triggers().next().map_or_else(String::new, |node| node.key.to_string()),
        test: false,
        vars: None,
        zone: "Asia/Riyadh".into(),
        pins: std::collections::BTreeMap::new(),
        parent: None,
        replay_of: None,
    }
}

impl Hand {
    /// A new run of `plan` for the event with this number in the world of `seed`.
    ///
    /// # Errors
    /// Where the plan has no trigger.
    pub fn start(plan: &Arc<Plan>, seed: u64, number: u64) -> Result<Self, ReplayError> {
        let event = event(seed, number);
        let machine = Machine::start(plan.clone(), header(plan, &event, number), &event)?;
        let mut hand = Self { machine, event, seed, now: BEGIN, records: Vec::new(), asked: Vec::new() };
        hand.drive();
        Ok(hand)
    }

    /// The same run as a new owner finds it after the first `length` records.
    ///
    /// # Errors
    /// Where the journal does not fit the plan.
    pub fn taken_up(&self, length: usize) -> Result<Self, ReplayError> {
        let records = self.records[..length.min(self.records.len())].to_vec();
        let machine = Machine::replay(self.machine.plan().clone(), &self.event, records.iter().cloned())?;
        let mut asked = Vec::new();
        records.iter().for_each(|record| note_doubt(&mut asked, record));
        let mut hand =
            Self { machine, event: self.event.clone(), seed: self.seed, now: self.now, records, asked };
        hand.machine.recover(hand.now);
        hand.drive();
        Ok(hand)
    }

    /// Answers what is asked, chosen by `picks`, until the run ends; `false` where it does not
    /// within `most` answers or asks for nothing more.
    pub fn carry(&mut self, picks: u64, most: usize) -> bool {
        let mut chance = Chance::new(picks);
        for _ in 0..most {
            if self.machine.status() != RunStatus::Running {
                return true;
            }
            let open: Vec<usize> = (0..self.asked.len()).filter(|at| self.can_be_answered(*at)).collect();
            let Some(&at) = chance.pick(&open) else { return false };
            self.answer(at);
            self.drive();
        }
        self.machine.status() != RunStatus::Running
    }

    /// The run.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Its journal.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// What a new owner would fold from the journal.
    ///
    /// # Errors
    /// Where the journal does not fit the plan.
    pub fn replayed(&self) -> Result<Machine, ReplayError> {
        Machine::replay(self.machine.plan().clone(), &self.event, self.records.iter().cloned())
    }

    /// Status, result and, of a run that succeeded, the outcome of every step outside loops.
    pub fn story(&self) -> String {
        story(&self.machine, &self.records)
    }

    fn can_be_answered(&self, at: usize) -> bool {
        // A wait that the world will answer does not run into its deadline.
        let Asked::Timer { token, .. } = &self.asked[at] else {
            return match &self.asked[at] {
                Asked::Wait { step, wait, .. } => self.ending(step, wait) != Ending::Timer,
                _ => true,
            };
        };
        !self.asked.iter().any(|other| match other {
            Asked::Wait { token: open, step, wait } => {
                open == token && self.ending(step, wait) != Ending::Timer
            }
            _ => false,
        })
    }

    fn ending(&self, step: &StepId, wait: &Wait) -> Ending {
        world::ending(self.seed, &self.machine.step_ref(step).0, wait)
    }

    fn answer(&mut self, at: usize) {
        let now = self.now;
        // An answer that is no longer wanted changes nothing; that is the machine's promise.
        let _ = match self.asked.remove(at) {
            Asked::Execute { step, attempt, intended } => {
                let plan = self.machine.plan().clone();
                let manifest = &plan.node(step.node).spec.manifest;
                if manifest.effect == Effect::External && !intended {
                    if let Ok(Ok(resolved)) = self.machine.resolve(&step, now) {
                        let shown = resolved.parameters.clone();
                        if self.machine.intend(&resolved, attempt, shown, now).is_ok() {
                            self.asked.push(Asked::Execute { step, attempt, intended: true });
                        }
                    }
                    return;
                }
                let name = self.machine.step_ref(&step);
                let outcome = world::answer(self.seed, &manifest.node_type, &name.0, attempt);
                self.machine.finish(&step, attempt, outcome, now, 1)
            }
            Asked::Timer { token, due } => {
                self.now = self.now.max(due);
                self.machine.timer_fired(token, self.now)
            }
            Asked::Wait { token, step, wait } => {
                reply(&mut self.machine, self.seed, token, &step, &wait, now)
            }
            Asked::Doubt { step } => self.machine.decide(&step, Decision::TryAgain, "ops", now),
        };
    }

    fn drive(&mut self) {
        self.machine.drive(self.now, usize::MAX);
        for record in self.machine.take_records() {
            note_doubt(&mut self.asked, &record);
            self.records.push(record);
        }
        for command in self.machine.take_commands() {
            match command {
                Command::Execute { step, attempt } => {
                    self.asked.push(Asked::Execute { step, attempt, intended: false })
                }
                Command::Cancel { step } => self
                    .asked
                    .retain(|asked| !matches!(asked, Asked::Execute { step: open, .. } if *open == step)),
                Command::SetTimer { token, due } => self.asked.push(Asked::Timer { token, due }),
                Command::OpenWait { token, step, wait } => self.asked.push(Asked::Wait { token, step, wait }),
                Command::CloseWait { token } => self.asked.retain(|asked| {
                    !matches!(asked, Asked::Timer { token: open, .. } | Asked::Wait { token: open, .. } if *open == token)
                }),
                Command::CallWorkflow { .. } => {}
                Command::Ended { .. } => self.asked.clear(),
            }
        }
    }
}

fn note_doubt(asked: &mut Vec<Asked>, record: &Record) {
    match record {
        Record::InDoubt { step, .. } => asked.push(Asked::Doubt { step: step.clone() }),
        Record::TryAgain { step, .. } => {
            asked.retain(|asked| !matches!(asked, Asked::Doubt { step: open } if open == step))
        }
        _ => {}
    }
}

/// Answers a wait as the world does; its deadline is another's business.
pub(super) fn reply(
    machine: &mut Machine,
    seed: u64,
    token: u64,
    step: &StepId,
    wait: &Wait,
    now: Timestamp,
) -> Result<(), crate::run::Ignored> {
    let name = machine.step_ref(step);
    let verdict = |approved| Verdict { approved, by: "ops", via: "api", comment: None };
    match world::ending(seed, &name.0, wait) {
        Ending::Event => machine.event_arrived(token, "reply-1", Arc::new(world::value(seed, &name.0)), now),
        Ending::Approved => machine.approve(token, verdict(true), now),
        Ending::Rejected => machine.approve(token, verdict(false), now),
        Ending::Timer => Ok(()),
    }
}

/// See [`Hand::story`]. What parallel bodies had done before one of them failed depends on their
/// order and rightly so; outside loops nothing of it shows.
pub(super) fn story(machine: &Machine, records: &[Record]) -> String {
    let mut lines = vec![format!("{:?}", machine.status())];
    if machine.status() == RunStatus::Succeeded {
        lines.push(machine.result().map_or(Json::Null, |result| timeless(result)).to_string());
        let mut steps: Vec<String> = machine
            .view()
            .iter()
            .map(|view| format!("{} {:?}", view.node, view.state))
            .chain(records.iter().filter_map(|record| match record {
                Record::Done { step, port, value, .. } if !step.0.contains('[') => {
                    let value = value.as_ref().map(|value| timeless(value).to_string());
                    Some(format!("{step} > {port} {}", value.unwrap_or_default()))
                }
                _ => None,
            }))
            .collect();
        steps.sort();
        lines.append(&mut steps);
    }
    lines.join("\n")
}

/// The steps that the journal ends more than once.
pub fn ended_twice(records: &[Record]) -> Vec<String> {
    let mut ended: Vec<&str> = records
        .iter()
        .filter_map(|record| match record {
            Record::Done { step, .. } | Record::Closed { step, .. } => Some(&*step.0),
            Record::Failed { step, retry_at: None, .. } => Some(&*step.0),
            _ => None,
        })
        .collect();
    ended.sort_unstable();
    let twice = ended.windows(2).filter(|pair| pair[0] == pair[1]);
    twice.map(|pair| pair[0].to_owned()).collect()
}
