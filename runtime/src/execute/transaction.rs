//! Transactional steps: the node's writes and the records that tell of them are one transaction.
//! The run's machine travels into the committer and back, so that a step that follows another
//! transactional step can run in the same transaction.

use std::{any::Any, sync::Arc};

use async_trait::async_trait;
use masar_crm_core::{Conn, DatabaseError};
use masar_engine::{
    Outcome, StepError,
    run::{Command, Machine, Record, StepId},
};
use masar_nodes::{Behaviour, Tx};

use super::{
    commands, deadline, effects,
    registry::Executor,
    segment::{Journal, Segment},
    task::{RunInfo, status_of},
};
use crate::{
    core::Core,
    store::{Work, Write},
};

/// Steps of one run that may share a transaction; more go into the next.
const MOST_STEPS: usize = 64;

/// Whether the effects of a test run stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TestEffects {
    Real,
    RolledBack,
}

pub(super) struct CrmWork {
    executor: Arc<Executor>,
    core: Arc<Core>,
    info: RunInfo,
    machine: Machine,
    journal: Journal,
    steps: Vec<(StepId, u16)>,
    effects: TestEffects,
    new_row: bool,
    records: Vec<Record>,
    left: Vec<Command>,
}

/// What comes back from the transaction.
pub(super) struct Parts {
    pub(super) machine: Machine,
    pub(super) journal: Journal,
    /// See [`RunInfo::waking`].
    pub(super) waking: bool,
    pub(super) records: Vec<Record>,
    /// Commands that are for the task: external calls and cancellations.
    pub(super) left: Vec<Command>,
}

impl CrmWork {
    pub(super) fn new(
        executor: Arc<Executor>,
        info: RunInfo,
        machine: Machine,
        journal: Journal,
        steps: Vec<(StepId, u16)>,
        effects: TestEffects,
        new_row: bool,
    ) -> Self {
        let core = executor.core().clone();
        Self {
            executor,
            core,
            info,
            machine,
            journal,
            steps,
            effects,
            new_row,
            records: Vec::new(),
            left: Vec::new(),
        }
    }

    pub(super) fn into_parts(self) -> Parts {
        Parts {
            machine: self.machine,
            journal: self.journal,
            waking: self.info.waking,
            records: self.records,
            left: self.left,
        }
    }

    async fn step(&mut self, conn: &mut Conn<'_>, step: &StepId, attempt: u16) -> Result<(), DatabaseError> {
        let begun = self.core.clock.now();
        let outcome = match self.machine.resolve(step, begun) {
            Err(_) => return Ok(()),
            Ok(Err(error)) => Outcome::Failed(error),
            Ok(Ok(resolved)) => {
                let plan = self.machine.plan().clone();
                let manifest = &plan.node(step.node).spec.manifest;
                let call = effects::resolved_call(&self.info, &self.machine, &resolved, attempt, begun);
                match self
                    .core
                    .catalogue
                    .find_behaviour(&manifest.node_type, Some(manifest.version))
                    .map(|found| &found.behaviour)
                {
                    Some(Behaviour::Transactional(node)) => {
                        conn.execute("SAVEPOINT step", &[]).await?;
                        let ids = &self.core.ids;
                        let clock = &self.core.clock;
                        let mut next = || ids.next(clock.now());
                        let mut tx = Tx { conn: conn.reborrow(), ids: &mut next };
                        let result = node.run(&mut tx, &call).await;
                        if result.is_err() || self.effects == TestEffects::RolledBack {
                            conn.execute("ROLLBACK TO step", &[]).await?;
                        }
                        conn.execute("RELEASE step", &[]).await?;
                        Outcome::from(result)
                    }
                    _ => Outcome::Failed(
                        StepError::new(
                            "node.missing",
                            format!("{} is not installed as a transactional node", manifest.node_type),
                        )
                        .permanent(),
                    ),
                }
            }
        };
        let now = self.core.clock.now();
        let _ = self.machine.finish(step, attempt, outcome, now, now.micros_since(begun));
        Ok(())
    }
}

#[async_trait]
impl Work for CrmWork {
    async fn apply(&mut self, mut conn: Conn<'_>) -> Result<Vec<Write>, DatabaseError> {
        let mut steps = std::mem::take(&mut self.steps);
        let mut writes = Vec::new();
        let mut done = 0;
        while let Some((step, attempt)) = steps.pop() {
            self.step(&mut conn, &step, attempt).await?;
            done += 1;
            if !steps.is_empty() || done >= MOST_STEPS {
                continue;
            }
            // What follows at once and is transactional too joins in. Pure steps in between are
            // bounded by their own limits; the rest of the run goes on outside the transaction.
            deadline::bounded(|| self.machine.drive(self.core.clock.now(), 16));
            for command in self.machine.take_commands() {
                match command {
                    Command::Execute { ref step, attempt }
                        if effects::is_transactional(self.machine.plan().node(step.node)) =>
                    {
                        steps.push((step.clone(), attempt));
                    }
                    Command::Execute { .. } => self.left.push(command),
                    other => {
                        if matches!(other, Command::Cancel { .. }) {
                            self.left.push(other.clone());
                        }
                        writes.extend(commands::rows(
                            &self.executor,
                            &mut self.info,
                            &mut self.machine,
                            other,
                        ));
                    }
                }
            }
        }
        for command in self.machine.take_commands() {
            match command {
                Command::Execute { .. } => self.left.push(command),
                other => {
                    writes.extend(commands::rows(&self.executor, &mut self.info, &mut self.machine, other))
                }
            }
        }
        let records = self.machine.take_records();
        writes.push(self.core.run_row(&self.info, &self.machine, status_of(&self.machine), self.new_row));
        writes.extend(self.journal.append(&records).map(Segment::into_write));
        self.records = records;
        Ok(writes)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}
