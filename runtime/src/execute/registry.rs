//! Which runs are in memory, how new ones get their turn, and how inputs reach them.

use std::{
    cmp::{Ordering, Reverse},
    collections::{BinaryHeap, HashMap},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use masar_engine::{
    Json, Plan, RunId, Sequence, StepError, WorkspaceId,
    run::{Decision, Machine, RunStatus},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    carried::Carried,
    gate::{Gate, Place},
    segment::Journal,
    task::{RunInfo, RunTask, status_of},
};
use crate::{
    core::Core,
    dispatch::Dispatcher,
    store::{CommitError, Status, Write},
};

/// A run that could not be loaded is tried again after this,
const AGAIN: Duration = Duration::from_secs(1);
/// then after twice as long each time, up to this.
const AGAIN_AT_LAST: Duration = Duration::from_secs(60);

/// What the world tells a run.
pub enum RunInput {
    /// A timer of the run is due.
    Timer {
        /// Names it.
        token: Sequence,
    },
    /// An event that the run waited for.
    Event {
        /// Names the wait.
        token: Sequence,
        /// The event's place in the log of events.
        position: i64,
        /// The event's id.
        id: String,
        /// The event's data.
        data: Arc<Json>,
    },
    /// A run that this one called is over.
    CallEnded {
        /// Names the call.
        token: Sequence,
        /// Its result.
        result: Result<Json, StepError>,
    },
    /// The run's own time is up.
    TimedOut,
    /// A person approved or rejected.
    Approve {
        /// Names the wait.
        token: Sequence,
        /// Which.
        approved: bool,
        /// Who.
        by: String,
        /// How: `api`, `link`.
        via: &'static str,
        /// In their words.
        comment: Option<String>,
        /// Told when it is durable.
        reply: Reply,
    },
    /// A person decided about a step in doubt.
    Decide {
        /// The step as text.
        step: String,
        /// What.
        decision: Decision,
        /// Who.
        by: String,
        /// Told when it is durable.
        reply: Reply,
    },
    /// Stop.
    Cancel {
        /// Who.
        by: String,
        /// Told when it is durable.
        reply: Option<Reply>,
    },
    /// Go on after a failure.
    Resume {
        /// Who.
        by: String,
        /// Told when it is durable.
        reply: Reply,
    },
    /// Its turn has come.
    Go,
}

/// Told when an input is durable, or why it is not.
pub(crate) type Reply = oneshot::Sender<Result<(), InputError>>;

/// Why an input had no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// There is no such run.
    #[error("there is no such run")]
    NoRun,
    /// The run is not in a state that can take this.
    #[error("the run does not wait for this (any more)")]
    NotWaiting,
    /// The store could not keep it.
    #[error("the store could not keep it: {0}")]
    Store(String),
}

/// What a synchronous caller gets.
#[derive(Debug)]
pub struct Answer {
    /// The run.
    pub run: RunId,
    /// Where it stands.
    pub status: RunStatus,
    /// What a responding node gave.
    pub response: Option<Arc<Json>>,
    /// Why it failed.
    pub error: Option<StepError>,
}

/// A run about to get its turn.
pub struct Starting {
    /// What its row says.
    pub info: RunInfo,
    /// Its state.
    pub machine: Machine,
    /// Its journal as far as it is durable.
    pub journal: Journal,
    /// Rows that go with its first commit.
    pub opening: Vec<Write>,
    /// Whether its row exists.
    pub stored: Option<Status>,
    /// Who waits for its answer.
    pub responder: Option<oneshot::Sender<Answer>>,
    /// Who waits until it is durable.
    pub accepted: Option<oneshot::Sender<Result<(), CommitError>>>,
    /// Its place at the gate, until it is durable.
    pub place: Option<Place>,
}

struct Queued {
    priority: i8,
    order: Reverse<u64>,
    starting: Box<Starting>,
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Queued {}
impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Queued {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.priority, self.order).cmp(&(other.priority, other.order))
    }
}

#[derive(Default)]
struct Turns {
    queue: BinaryHeap<Queued>,
    running: usize,
    order: u64,
}

/// The runs of this process.
pub struct Executor {
    core: Arc<Core>,
    dispatcher: OnceLock<Arc<Dispatcher>>,
    active: Mutex<HashMap<RunId, mpsc::UnboundedSender<RunInput>>>,
    turns: Mutex<Turns>,
    gate: Arc<Gate>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The critical sections below leave the maps whole, so a panic elsewhere does not spoil them.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Executor {
    /// An executor without runs. [`Self::connect`] must follow.
    pub fn new(core: Arc<Core>) -> Arc<Self> {
        Arc::new(Self {
            core,
            dispatcher: OnceLock::new(),
            active: Mutex::default(),
            turns: Mutex::default(),
            gate: Arc::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        })
    }

    /// Tells it who starts runs for calls.
    pub fn connect(&self, dispatcher: Arc<Dispatcher>) {
        // Connected once, when the program is put together.
        let _ = self.dispatcher.set(dispatcher);
    }

    /// What all parts share.
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(super) fn dispatcher(&self) -> &Arc<Dispatcher> {
        self.dispatcher.get().expect("the executor is connected before any run starts")
    }

    /// Runs waiting for their turn.
    pub fn backlog(&self) -> usize {
        lock(&self.turns).queue.len()
    }

    /// The runs in memory: carried, or waiting for their turn.
    pub fn here(&self) -> std::collections::HashSet<RunId> {
        let mut here: std::collections::HashSet<RunId> = lock(&self.active).keys().copied().collect();
        here.extend(lock(&self.turns).queue.iter().map(|queued| queued.starting.info.run));
        here
    }

    /// Whether a run that starts now has its turn at once.
    pub fn is_free(&self) -> bool {
        let turns = lock(&self.turns);
        turns.queue.is_empty() && turns.running < self.core.config.execute.workers
    }

    /// Whether one more run may be accepted.
    pub fn has_room(&self) -> bool {
        self.gate.is_open(self.core.clock.now()) && self.backlog() < self.core.config.limits.queue
    }

    /// Where events that come in take a place until they are durable.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Queues a run for its turn.
    pub fn start(self: &Arc<Self>, starting: Starting) {
        {
            let mut turns = lock(&self.turns);
            turns.order += 1;
            let (priority, order) = (starting.machine.plan().settings.priority, Reverse(turns.order));
            turns.queue.push(Queued { priority, order, starting: Box::new(starting) });
        }
        self.pump();
    }

    fn pump(self: &Arc<Self>) {
        loop {
            let starting = {
                let mut turns = lock(&self.turns);
                if turns.running >= self.core.config.execute.workers || self.stopping.is_cancelled() {
                    return;
                }
                let Some(next) = turns.queue.pop() else { return };
                turns.running += 1;
                next.starting
            };
            let (sender, inputs) = mpsc::unbounded_channel();
            if lock(&self.active).insert(starting.info.run, sender).is_some() {
                // An input has already brought it to memory.
                lock(&self.turns).running -= 1;
                continue;
            }
            self.tasks.spawn(self.clone().take_turn(*starting, inputs));
        }
    }

    /// Gives a run its turn at once, carried by the caller. For one that has just been made, where
    /// [`Self::is_free`].
    pub fn carry_here(self: &Arc<Self>, starting: Starting) -> Carried {
        let (sender, inputs) = mpsc::unbounded_channel();
        lock(&self.active).insert(starting.info.run, sender);
        lock(&self.turns).running += 1;
        Carried::new(self.tasks.track_future(self.clone().take_turn(starting, inputs)))
    }

    async fn take_turn(self: Arc<Self>, starting: Starting, inputs: mpsc::UnboundedReceiver<RunInput>) {
        let task = self.task(starting, inputs);
        self.carry(task).await;
        lock(&self.turns).running -= 1;
        self.pump();
    }

    fn task(self: &Arc<Self>, starting: Starting, inputs: mpsc::UnboundedReceiver<RunInput>) -> RunTask {
        RunTask {
            executor: self.clone(),
            info: starting.info,
            status: starting.stored.unwrap_or(Status::Queued),
            started: starting.stored.is_some(),
            kept: starting.stored.is_some(),
            machine: starting.machine,
            journal: starting.journal,
            opening: starting.opening,
            inputs,
            responder: starting.responder,
            accepted: starting.accepted,
            place: starting.place,
            calls: JoinSet::new(),
            handles: HashMap::new(),
            writes: Vec::new(),
            acks: Vec::new(),
            under_way: None,
        }
    }

    async fn carry(self: &Arc<Self>, task: RunTask) {
        let stop = self.stopping.clone();
        tokio::select! {
            biased;
            result = task.carry() => {
                if let Err((info, error)) = result {
                    lock(&self.active).remove(&info.run);
                    self.failed(info, error.to_string());
                }
            }
            // What is in memory only is thrown away: the journal knows where to go on.
            () = stop.cancelled() => {}
        }
    }

    /// A run could not be kept. Unless another owner has it, it is loaded anew from its journal.
    fn failed(self: &Arc<Self>, info: RunInfo, error: String) {
        tracing::error!(run = %info.run, error, "a run could not be written and is taken up again from its journal");
        let executor = self.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => executor.deliver(info.workspace, info.run, RunInput::Go),
                () = executor.stopping.cancelled() => {}
            }
        });
    }

    /// Takes a resting run out of memory, unless an input has just come.
    pub(super) fn park(&self, run: RunId, inputs: &mut mpsc::UnboundedReceiver<RunInput>) -> bool {
        let mut active = lock(&self.active);
        if !inputs.is_empty() {
            return false;
        }
        active.remove(&run);
        true
    }

    /// A run is over: its place goes to the next.
    pub(super) fn ended(self: &Arc<Self>, info: &RunInfo, plan: &Plan) {
        lock(&self.active).remove(&info.run);
        if let Some(bound) = &plan.settings.concurrency
            && let Some(next) =
                self.core.limits.release(info.workflow, info.key.as_deref(), bound.limit, info.run)
        {
            self.deliver(info.workspace, next, RunInput::Go);
        }
    }

    /// Brings an input to a run, which is loaded where it is not in memory.
    pub fn deliver(self: &Arc<Self>, workspace: WorkspaceId, run: RunId, input: RunInput) {
        let inputs = {
            let mut active = lock(&self.active);
            let input = match active.get(&run) {
                Some(sender) => match sender.send(input) {
                    Ok(()) => return,
                    Err(returned) => returned.0,
                },
                None => input,
            };
            let (sender, inputs) = mpsc::unbounded_channel();
            // The receiver is right here: sending cannot fail.
            let _ = sender.send(input);
            active.insert(run, sender);
            inputs
        };
        let executor = self.clone();
        self.tasks.spawn(async move { executor.load_and_carry(workspace, run, inputs).await });
    }

    async fn load_and_carry(
        self: &Arc<Self>,
        workspace: WorkspaceId,
        run: RunId,
        mut inputs: mpsc::UnboundedReceiver<RunInput>,
    ) {
        let mut kept = Vec::new();
        let mut pause = AGAIN;
        loop {
            while let Ok(input) = inputs.try_recv() {
                kept.push(input);
            }
            match self.load(workspace, run).await {
                Ok(Some(starting)) => {
                    let mut task = self.task(starting, inputs);
                    for input in kept {
                        task.take_input(input);
                    }
                    return self.carry(task).await;
                }
                Ok(None) => {
                    lock(&self.active).remove(&run);
                    while let Ok(input) = inputs.try_recv() {
                        kept.push(input);
                    }
                    refuse(&mut kept, &InputError::NoRun);
                    return;
                }
                Err(error) => {
                    tracing::error!(run = %run, error = %error, "a run could not be loaded; it is tried again");
                    refuse(&mut kept, &InputError::Store(error.to_string()));
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(AGAIN_AT_LAST),
                // Whoever asks for the run now is told now.
                input = inputs.recv() => kept.extend(input),
                () = self.stopping.cancelled() => return,
            }
        }
    }

    /// A run as its journal tells it, ready to go on.
    async fn load(&self, workspace: WorkspaceId, run: RunId) -> anyhow::Result<Option<Starting>> {
        let core = &self.core;
        let Some(row) = core.store.run(workspace, run).await? else { return Ok(None) };
        let plan = self.dispatcher().plan(workspace, row.workflow, row.version).await?;
        let (machine, journal, info) = core.replay(&row, plan).await?;
        let mut machine = machine;
        machine.recover(core.clock.now());
        let stored = Some(row.status);
        let _ = status_of(&machine);
        Ok(Some(Starting {
            info,
            machine,
            journal,
            opening: Vec::new(),
            stored,
            responder: None,
            accepted: None,
            place: None,
        }))
    }

    /// Stops: nothing new begins, calls under way get `grace` to come back, the rest is in the journal.
    pub async fn stop(&self, grace: Duration) {
        self.tasks.close();
        let all = self.tasks.wait();
        if tokio::time::timeout(grace, all).await.is_err() {
            self.stopping.cancel();
            self.tasks.wait().await;
        }
    }
}

/// Answers those who wait for an answer with an error; what nobody waits for stays.
fn refuse(inputs: &mut Vec<RunInput>, error: &InputError) {
    for input in std::mem::take(inputs) {
        match input {
            RunInput::Approve { reply, .. }
            | RunInput::Decide { reply, .. }
            | RunInput::Resume { reply, .. }
            | RunInput::Cancel { reply: Some(reply), .. } => {
                let _ = reply.send(Err(error.clone()));
            }
            unasked => inputs.push(unasked),
        }
    }
}
