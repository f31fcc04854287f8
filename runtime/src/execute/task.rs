//! One run in progress: a task that owns the state machine and turns its commands into store
//! writes, node calls and answers. It ends when the run is over or has nothing to do but wait;
//! a waiting run is rows in the store and costs no memory.

use std::{collections::HashMap, sync::Arc};

use masar_engine::{
    Json, Outcome, RunId, StepError, Timestamp, WorkflowId, WorkspaceId,
    run::{Command, Ignored, Machine, Progress, Record, Resolved, RunStatus, StepId, StepRef, Verdict},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::{AbortHandle, JoinSet},
};

use super::{
    commands, deadline, effects,
    gate::Place,
    registry::{Answer, Executor, InputError, RunInput},
    segment::Journal,
    transaction::{CrmWork, TestEffects},
};
use crate::store::{CommitError, Durable, Status, TimerKind, Unit, Write};

/// Steps driven before the run lets others have the thread and its records go to the store.
const BUDGET: usize = 256;

/// What the row of a run says and its task needs.
#[derive(Debug, Clone)]
pub struct RunInfo {
    /// The run.
    pub run: RunId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Number of its version; below 0 for a draft under test.
    pub version: i64,
    /// Position of its event.
    pub event: i64,
    /// Subject of its event.
    pub subject: Option<String>,
    /// Event type.
    pub event_type: String,
    /// How many runs led to this one, one after the other.
    pub depth: i32,
    /// Value of the concurrency key.
    pub key: Option<String>,
    /// When it was accepted.
    pub accepted: Timestamp,
    /// External node types that a test run may really call.
    pub allowed: Vec<String>,
    /// Whether timers or waits of the run may be in the store.
    pub waking: bool,
}

/// A call that came back.
pub(super) struct Finished {
    pub(super) step: StepId,
    pub(super) attempt: u16,
    pub(super) outcome: Outcome,
    pub(super) took: u64,
}

pub(super) struct RunTask {
    pub(super) executor: Arc<Executor>,
    pub(super) info: RunInfo,
    pub(super) machine: Machine,
    pub(super) journal: Journal,
    /// Rows that go with the first commit: the run's own, perhaps its event's.
    pub(super) opening: Vec<Write>,
    pub(super) status: Status,
    pub(super) inputs: mpsc::UnboundedReceiver<RunInput>,
    pub(super) responder: Option<oneshot::Sender<Answer>>,
    pub(super) accepted: Option<oneshot::Sender<Result<(), CommitError>>>,
    pub(super) place: Option<Place>,
    pub(super) calls: JoinSet<Finished>,
    pub(super) handles: HashMap<StepId, AbortHandle>,
    pub(super) writes: Vec<Write>,
    pub(super) acks: Vec<oneshot::Sender<Result<(), InputError>>>,
    pub(super) started: bool,
    /// Whether anything of it is durable.
    pub(super) kept: bool,
    pub(super) under_way: Option<UnderWay>,
}

/// Records that have been handed to the store while the run goes on computing.
pub(super) struct UnderWay {
    durable: Durable,
    records: Vec<Record>,
    status: Status,
}

/// Steps to execute, each with its attempt.
type Asked = Vec<(StepId, u16)>;

/// What a round of work came to.
enum Turn {
    Again,
    Rest,
    Over,
}

impl RunTask {
    /// Carries the run until it is over or only waits. On an error the journal is the truth:
    /// the executor loads the run anew from there.
    pub(super) async fn carry(mut self) -> Result<(), (RunInfo, CommitError)> {
        loop {
            match self.turn().await {
                Ok(Turn::Again) => {}
                Ok(Turn::Over) => return Ok(()),
                Ok(Turn::Rest) => {
                    if self.calls.is_empty() && self.executor.park(self.info.run, &mut self.inputs) {
                        return Ok(());
                    }
                    self.listen().await;
                }
                Err(error) => {
                    self.fail_acks(&error);
                    if self.kept {
                        return Err((self.info, error));
                    }
                    // It never came to be: its place is free, and whoever brought the event is told.
                    self.executor.ended(&self.info, self.machine.plan());
                    tracing::warn!(run = %self.info.run, error = %error, "a run could not be begun");
                    if let Some(accepted) = self.accepted.take() {
                        let _ = accepted.send(Err(error));
                    }
                    return Ok(());
                }
            }
        }
    }

    async fn turn(&mut self) -> Result<Turn, CommitError> {
        let core = self.executor.core().clone();
        let budget = if self.machine.plan().settings.durable_steps { 1 } else { BUDGET };
        let progress = deadline::bounded(|| self.machine.drive(core.clock.now(), budget));
        let (transactional, external) = self.sort_commands();
        if !transactional.is_empty() {
            self.settle().await?;
            self.commit_with_effects(transactional, external).await?;
            return Ok(Turn::Again);
        }
        let calls = self.intend(external);
        if progress == Progress::More && budget == BUDGET && calls.is_empty() && self.acks.is_empty() {
            // Pure steps do not wait for the disk: the next stretch is computed while this one is written.
            self.settle().await?;
            self.hand_over().await?;
            tokio::task::yield_now().await;
            return Ok(Turn::Again);
        }
        self.settle().await?;
        let resting = progress == Progress::Idle && calls.is_empty() && self.handles.is_empty();
        let needed = !calls.is_empty()
            || resting
            || progress != Progress::Idle
            || !self.acks.is_empty()
            || !self.writes.is_empty();
        if needed {
            self.commit().await?;
        }
        let started_calls = !calls.is_empty();
        for (resolved, step, attempt) in calls {
            self.call(resolved, step, attempt);
        }
        Ok(match progress {
            Progress::Ended => Turn::Over,
            Progress::More => {
                tokio::task::yield_now().await;
                Turn::Again
            }
            // A resolution that failed has left something to drive.
            Progress::Idle if self.machine.activity().busy > self.handles.len() && !started_calls => {
                Turn::Again
            }
            Progress::Idle => Turn::Rest,
        })
    }

    /// Waits for the next thing to happen to the run.
    async fn listen(&mut self) {
        tokio::select! {
            input = self.inputs.recv() => {
                if let Some(input) = input {
                    self.take_input(input);
                }
            }
            Some(result) = self.calls.join_next(), if !self.calls.is_empty() => self.take_result(result),
        }
        // What else is there already goes into the same commit.
        while let Ok(input) = self.inputs.try_recv() {
            self.take_input(input);
        }
        while let Some(result) = self.calls.try_join_next() {
            self.take_result(result);
        }
    }

    fn take_result(&mut self, result: Result<Finished, tokio::task::JoinError>) {
        // An aborted call reports nothing; a panic inside a node is caught where the node is called.
        let Ok(finished) = result else { return };
        self.handles.remove(&finished.step);
        let now = self.executor.core().clock.now();
        // Late results of steps that are no longer wanted are dropped.
        let _ = self.machine.finish(&finished.step, finished.attempt, finished.outcome, now, finished.took);
    }

    pub(super) fn take_input(&mut self, input: RunInput) {
        let now = self.executor.core().clock.now();
        let machine = &mut self.machine;
        let (result, reply) = match input {
            RunInput::Timer { token } => {
                self.writes.push(Write::TimerClear { run: self.info.run, token });
                (machine.timer_fired(token, now), None)
            }
            RunInput::Event { token, position, id, data } => {
                self.writes.push(Write::TimerClear { run: self.info.run, token });
                let taken = machine.event_arrived(token, &id, data, now);
                if taken.is_ok() {
                    self.writes.push(Write::EventTaken { run: self.info.run, position });
                }
                (taken, None)
            }
            RunInput::CallEnded { token, result } => {
                self.writes.push(Write::TimerClear { run: self.info.run, token });
                (machine.call_ended(token, result, now), None)
            }
            RunInput::TimedOut => {
                self.writes.push(Write::TimerClearKind {
                    run: self.info.run,
                    token: 0,
                    kind: TimerKind::RunTimeout,
                });
                let limit = machine.plan().settings.timeout_ms.unwrap_or_default();
                let error = StepError::new("run.timeout", format!("the run took longer than its {limit} ms"))
                    .permanent();
                (machine.abort(error, now), None)
            }
            RunInput::Approve { token, approved, by, via, comment, reply } => {
                let verdict = Verdict { approved, by: &by, via, comment: comment.as_deref() };
                (machine.approve(token, verdict, now), Some(reply))
            }
            RunInput::Decide { step, decision, by, reply } => {
                (machine.decide(&StepRef(Arc::from(step)), decision, &by, now), Some(reply))
            }
            RunInput::Cancel { by, reply } => (machine.cancel(&by, now), reply),
            RunInput::Resume { by, reply } => (machine.resume_failed(&by, now), Some(reply)),
            RunInput::Go => (Ok(()), None),
        };
        match (result, reply) {
            (Ok(()), Some(reply)) => self.acks.push(reply),
            (Err(Ignored), Some(reply)) => {
                let _ = reply.send(Err(InputError::NotWaiting));
            }
            (_, None) => {}
        }
    }

    /// Turns the machine's commands into rows to write and steps to execute.
    fn sort_commands(&mut self) -> (Asked, Asked) {
        let (mut transactional, mut external) = (Vec::new(), Vec::new());
        for command in self.machine.take_commands() {
            match command {
                Command::Execute { step, attempt } => {
                    match effects::is_transactional(self.machine.plan().node(step.node)) {
                        true => transactional.push((step, attempt)),
                        false => external.push((step, attempt)),
                    }
                }
                other => self.write_command(other),
            }
        }
        (transactional, external)
    }

    fn write_command(&mut self, command: Command) {
        if let Command::Cancel { step } = &command
            && let Some(handle) = self.handles.remove(step)
        {
            handle.abort();
        }
        let writes = commands::rows(&self.executor, &mut self.info, &mut self.machine, command);
        self.writes.extend(writes);
    }

    /// Writes the intents of external steps; they are durable before the first byte goes out.
    fn intend(&mut self, steps: Vec<(StepId, u16)>) -> Vec<(Resolved, StepId, u16)> {
        let core = self.executor.core().clone();
        let mut calls = Vec::new();
        for (step, attempt) in steps {
            let now = core.clock.now();
            match self.machine.resolve(&step, now) {
                Ok(Ok(resolved)) => {
                    let shown = core.mask(&resolved.parameters);
                    if self.machine.intend(&resolved, attempt, shown, now).is_ok() {
                        calls.push((resolved, step, attempt));
                    }
                }
                Ok(Err(error)) => {
                    let _ = self.machine.finish(&step, attempt, Outcome::Failed(error), now, 0);
                }
                Err(Ignored) => {}
            }
        }
        calls
    }

    fn call(&mut self, resolved: Resolved, step: StepId, attempt: u16) {
        let plan = self.machine.plan().clone();
        let call = effects::resolved_call(
            &self.info,
            &self.machine,
            &resolved,
            attempt,
            self.executor.core().clock.now(),
        );
        let core = self.executor.core().clone();
        let allowed = !self.machine.header().test
            || self.info.allowed.iter().any(|name| *name == plan.node(step.node).spec.manifest.node_type);
        let key = step.clone();
        let handle = self.calls.spawn(async move {
            let begun = core.clock.now();
            let outcome = effects::call_external(&core, plan.node(step.node), call, allowed).await;
            Finished { took: core.clock.now().micros_since(begun), step, attempt, outcome }
        });
        self.handles.insert(key, handle);
    }

    /// Makes everything that has come up durable, in one unit.
    async fn commit(&mut self) -> Result<(), CommitError> {
        self.hand_over().await?;
        self.settle().await
    }

    /// Waits until what was handed over is durable, and tells who is to know.
    async fn settle(&mut self) -> Result<(), CommitError> {
        let Some(UnderWay { durable, records, status }) = self.under_way.take() else { return Ok(()) };
        let committed = durable.await.map_err(|_| CommitError::Closed)??;
        self.committed(&records, status, committed.unheard());
        self.machine.recycle(records);
        Ok(())
    }

    /// Hands everything that has come up to the store, in one unit.
    async fn hand_over(&mut self) -> Result<(), CommitError> {
        let records = self.machine.take_records();
        for command in self.machine.take_commands() {
            self.write_command(command);
        }
        let mut writes = std::mem::take(&mut self.opening);
        writes.extend(self.row_write());
        if let Some(segment) = self.journal.append(&records) {
            writes.push(segment.into_write());
        }
        writes.append(&mut self.writes);
        let status = status_of(&self.machine);
        if writes.is_empty() {
            self.committed(&records, status, 0);
        } else {
            let durable = self
                .executor
                .core()
                .store
                .begin(Unit { writes, work: None, run: Some(self.info.run) })
                .await?;
            self.under_way = Some(UnderWay { durable, records, status });
        }
        Ok(())
    }

    /// Runs transactional steps inside the commit that holds their records.
    async fn commit_with_effects(
        &mut self,
        steps: Vec<(StepId, u16)>,
        external: Vec<(StepId, u16)>,
    ) -> Result<(), CommitError> {
        let core = self.executor.core().clone();
        let mut opening = std::mem::take(&mut self.opening);
        opening.append(&mut self.writes);
        let test = match (self.machine.header().test, self.info.allowed.iter().any(|name| name == "crm")) {
            (true, false) => TestEffects::RolledBack,
            _ => TestEffects::Real,
        };
        // The machine travels into the transaction and back.
        let vacant = Machine::vacant(self.machine.plan().clone(), self.machine.header());
        let machine = std::mem::replace(&mut self.machine, vacant);
        let work = CrmWork::new(
            self.executor.clone(),
            self.info.clone(),
            machine,
            self.journal.clone(),
            steps,
            test,
            !self.started,
        );
        let committed = core
            .store
            .submit(Unit { writes: opening, work: Some(Box::new(work)), run: Some(self.info.run) })
            .await?;
        let unheard = committed.unheard();
        let work = committed.work.and_then(|work| work.into_any().downcast::<CrmWork>().ok());
        let Some(work) = work else { return Err(CommitError::Lost) };
        let parts = work.into_parts();
        self.machine = parts.machine;
        self.journal = parts.journal;
        self.info.waking |= parts.waking;
        self.started = true;
        self.status = status_of(&self.machine);
        for command in parts.left {
            if let Command::Cancel { step } = &command
                && let Some(handle) = self.handles.remove(step)
            {
                handle.abort();
            } else {
                self.machine.put_back(command);
            }
        }
        for (step, attempt) in external {
            self.machine.put_back(Command::Execute { step, attempt });
        }
        self.committed(&parts.records, self.status, unheard);
        core.effects_committed();
        Ok(())
    }

    /// The run's row, where its status has changed.
    fn row_write(&mut self) -> Option<Write> {
        let status = status_of(&self.machine);
        if self.started && status == self.status {
            return None;
        }
        self.status = status;
        let write = self.executor.core().run_row(&self.info, &self.machine, status, !self.started);
        self.started = true;
        Some(write)
    }

    /// What may be seen now that it is durable.
    fn committed(&mut self, records: &[Record], status: Status, unheard: u64) {
        self.kept = true;
        let core = self.executor.core().clone();
        let first = self.journal.next().saturating_sub(records.len() as u64);
        core.observe(&self.info, &self.machine, (first, records), status);
        if self.place.take().is_some() {
            self.executor.gate().done(core.clock.now(), unheard);
        }
        if let Some(accepted) = self.accepted.take() {
            let _ = accepted.send(Ok(()));
        }
        for ack in self.acks.drain(..) {
            let _ = ack.send(Ok(()));
        }
        if self.responder.is_some() {
            let over = status.is_over();
            let response = records.iter().find_map(|record| response_of(&self.machine, record));
            if (over || response.is_some())
                && let Some(responder) = self.responder.take()
            {
                let error = self.machine.error().map(|(_, error)| error.clone());
                let _ = responder.send(Answer {
                    run: self.info.run,
                    status: self.machine.status(),
                    response,
                    error,
                });
            }
        }
        if status.is_over() {
            self.executor.ended(&self.info, self.machine.plan());
        }
    }

    fn fail_acks(&mut self, error: &CommitError) {
        for ack in self.acks.drain(..) {
            let _ = ack.send(Err(InputError::Store(error.to_string())));
        }
    }
}

/// The output of a step that answers a waiting caller.
fn response_of(machine: &Machine, record: &Record) -> Option<Arc<Json>> {
    let Record::Done { step, value, .. } = record else { return None };
    let node = machine.plan().find(&step.0)?;
    machine.plan().node(node).spec.manifest.responds.then(|| value.clone()).flatten()
}

/// Where the run stands, in the words of its row.
pub(crate) fn status_of(machine: &Machine) -> Status {
    let activity = machine.activity();
    match machine.status() {
        RunStatus::Succeeded => Status::Succeeded,
        RunStatus::Failed => Status::Failed,
        RunStatus::Cancelled => Status::Cancelled,
        RunStatus::Running if activity.busy > 0 => Status::Running,
        RunStatus::Running if activity.doubtful > 0 => Status::InDoubt,
        RunStatus::Running if activity.waiting > 0 => Status::Waiting,
        RunStatus::Running => Status::Running,
    }
}
