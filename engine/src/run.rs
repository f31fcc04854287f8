//! A run as a state machine: inputs in, journal records and commands out.
//!
//! Every fact goes through one door: [`Machine`] makes a [`Record`], applies it to its own
//! state and hands it out for the journal. Replay applies the same records through the same
//! door, so a replayed run *is* the live run. What follows from the facts (which nodes are
//! ready, which loops may open another iteration) is never written down, only derived.
//!
//! Architecture invariant: nothing here awaits, sleeps, reads a clock or draws a random number.

mod apply;
mod chain;
mod context;
mod drive;
mod inputs;
mod record;
mod recover;
mod state;
mod step;
mod tokens;

pub use chain::{Chain, Hash};
pub use drive::Progress;
pub use inputs::{Decision, Ignored, Resolved, Verdict};
pub use record::{EventRef, Header, Parent, Pin, Record, StepRef};
pub use recover::ReplayError;
pub use state::{Activity, RunStatus, StepState, StepView};
pub use step::StepId;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use crate::{
    Event, Json, Sequence, Timestamp,
    node::{CallWorkflow, Wait},
    plan::{NodeIndex, Plan},
};
use state::{Instance, InstanceId};

/// What the machine asks of the world.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Run this transactional or external step: [`Machine::resolve`], perhaps [`Machine::intend`],
    /// then [`Machine::finish`].
    Execute {
        /// The step.
        step: StepId,
        /// Which try, from 1.
        attempt: u16,
    },
    /// The step's outcome is no longer wanted.
    Cancel {
        /// The step.
        step: StepId,
    },
    /// Call [`Machine::timer_fired`] with the token at this moment.
    SetTimer {
        /// Names the wait.
        token: Sequence,
        /// The moment.
        due: Timestamp,
    },
    /// Offer this wait to events and people.
    OpenWait {
        /// Names the wait.
        token: Sequence,
        /// The step.
        step: StepId,
        /// What for.
        wait: Wait,
    },
    /// The wait or timer with this token is over.
    CloseWait {
        /// Names the wait.
        token: Sequence,
    },
    /// Start a run of another workflow; when `call.wait`, report its end with the token.
    CallWorkflow {
        /// Names the call.
        token: Sequence,
        /// The step.
        step: StepId,
        /// What to call.
        call: CallWorkflow,
    },
    /// The run is over; every timer and wait of it can go.
    Ended {
        /// How.
        status: RunStatus,
    },
}

/// One run.
pub struct Machine {
    plan: Arc<Plan>,
    header: Header,
    trigger: Arc<Json>,
    envelope: Arc<Json>,
    run_info: Arc<Json>,
    vars: Arc<Json>,
    time_zone: Arc<str>,
    next: Sequence,
    status: RunStatus,
    instances: Vec<Option<Instance>>,
    free: Vec<u32>,
    generation: u32,
    ready: VecDeque<(InstanceId, NodeIndex)>,
    closing: VecDeque<(InstanceId, NodeIndex)>,
    work: Vec<tokens::Work>,
    tokens: HashMap<Sequence, (InstanceId, NodeIndex)>,
    activity: Activity,
    failing: Option<(StepRef, crate::StepError)>,
    result: Option<Arc<Json>>,
    error: Option<(Option<StepRef>, crate::StepError)>,
    commands: Vec<Command>,
    records: Vec<Record>,
    replaying: bool,
}

impl Machine {
    /// Begins a run: the first record, the trigger done with the event's data, the other triggers ruled out.
    /// `header.trigger` must name a trigger of the plan.
    pub fn start(plan: Arc<Plan>, header: Header, event: &Event) -> Result<Self, ReplayError> {
        let mut machine = Self::blank(plan, header.clone(), event)?;
        machine.emit(Record::Started(Box::new(header)));
        Ok(machine)
    }

    /// The run's first record.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The plan that it follows.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Where it stands.
    pub fn status(&self) -> RunStatus {
        self.status
    }

    /// How many steps are busy, waiting, or in doubt.
    pub fn activity(&self) -> Activity {
        self.activity
    }

    /// The number of the next record.
    pub fn next_sequence(&self) -> Sequence {
        self.next
    }

    /// The result of an ended run: what `flow.stop` said, or the output of the nodes nothing follows.
    pub fn result(&self) -> Option<&Arc<Json>> {
        self.result.as_ref()
    }

    /// Where and why it failed.
    pub fn error(&self) -> Option<(Option<&StepRef>, &crate::StepError)> {
        self.error.as_ref().map(|(step, error)| (step.as_ref(), error))
    }

    /// Takes the records that have come up since the last call, in order.
    pub fn take_records(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.records)
    }

    /// Gives a list of records back whose room may be used again: in a long stretch of steps,
    /// fresh memory costs more than the steps.
    pub fn recycle(&mut self, mut records: Vec<Record>) {
        if self.records.capacity() == 0 {
            records.clear();
            self.records = records;
        }
    }

    /// Takes the commands that have come up since the last call, in order.
    pub fn take_commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }

    /// Gives a command back that could not be carried out yet; it comes first next time.
    pub fn put_back(&mut self, command: Command) {
        self.commands.insert(0, command);
    }

    /// A stand-in while the machine itself is elsewhere: it holds no state and nothing may be told to it.
    pub fn vacant(plan: Arc<Plan>, header: &Header) -> Self {
        let nothing = Event {
            id: String::new(),
            source: String::new(),
            event_type: String::new(),
            subject: None,
            time: None,
            data: Arc::new(Json::Null),
        };
        Self::empty(plan, header.clone(), &nothing)
    }

    /// The one door for facts.
    fn emit(&mut self, record: Record) {
        self.apply(&record);
        self.records.push(record);
    }

    fn command(&mut self, command: Command) {
        if !self.replaying {
            self.commands.push(command);
        }
    }
}
