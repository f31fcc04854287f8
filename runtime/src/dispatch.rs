//! From events to runs: which published triggers an event fires, and why the others do not.
//! An accepted event, its runs and its decisions become durable together; carrying the runs out
//! is the executor's business.

mod index;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use masar_engine::{
    Call, Event, Json, Outcome, Plan, RunId, Sequence, StepError, Timestamp, WorkflowId, WorkspaceId,
    compile,
    node::CallWorkflow,
    run::{EventRef, Header, Machine, Parent, Pin, StepRef},
    value::{Condition, Context, Expression, NoSteps},
    workflow::{self, Settings},
};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

pub use index::{Index, Listener};
pub(crate) use masar_engine::id::hex;

use crate::{
    core::Core,
    execute::{Answer, Carried, Executor, Journal, RunInfo, Starting, Verdict},
    store::{Arrival, CommitError, HookCallRow, Origin, Packed, Status, StoreError, TimerKind, Unit, Write},
};

/// The type of the event that a call of a webhook makes.
pub(crate) const HOOK_EVENT: &str = "masar.hook";

/// Runs may lead to runs this often, one after the other; then a circle is assumed.
const MAX_DEPTH: i32 = 32;

/// Somebody's event, on its way in.
pub struct Incoming {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The event.
    pub event: Event,
    /// Where it came in.
    pub origin: Origin,
    /// Only this trigger, where it is addressed (hooks, schedules, manual starts).
    pub target: Option<Target>,
    /// What makes a second arrival the same one; absent where the id was made here.
    pub dedup: Option<String>,
    /// How many runs led to it.
    pub depth: i32,
    /// Row of the outbox that it comes from and that goes with its acceptance.
    pub outbox: Option<i64>,
    /// The webhook call that brought it, kept with it.
    pub call: Option<Box<HookCallRow>>,
}

/// A trigger by name.
#[derive(Debug, Clone)]
pub struct Target {
    /// The workflow.
    pub workflow: WorkflowId,
    /// Key of the trigger; absent takes the workflow's first.
    pub trigger: Option<String>,
}

/// What became of an event.
pub struct Accepted {
    /// Its position in the log of events.
    pub position: i64,
    /// The runs that it started.
    pub runs: Vec<RunId>,
    /// Whether it had come before; then nothing happened.
    pub duplicate: bool,
    /// What the run will answer, where somebody waits.
    pub answer: Option<Awaited>,
}

/// The answer of a run, to be waited for.
pub struct Awaited {
    answer: oneshot::Receiver<Answer>,
    /// The run, where it is carried by waiting for it, and whether its event could be kept.
    carried: Option<(Carried, oneshot::Receiver<Result<(), CommitError>>)>,
}

impl Awaited {
    /// Waits for it. Without a caller the run goes on by itself.
    pub async fn wait(mut self) -> Result<Answer, CommitError> {
        let Some((carried, durable)) = &mut self.carried else {
            return self.answer.await.map_err(|_| CommitError::Lost);
        };
        match carried.until(&mut self.answer).await {
            Ok(answer) => Ok(answer),
            Err(_) => Err(durable.try_recv().ok().and_then(Result::err).unwrap_or(CommitError::Lost)),
        }
    }
}

/// Why an event was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// Too much is waiting; nothing was kept.
    #[error("too many runs are waiting for their turn")]
    Overloaded,
    /// The program is about to end; nothing was kept.
    #[error("the server is being stopped; nothing was accepted")]
    Stopping,
    /// Nothing listens where it was addressed to.
    #[error("{0}")]
    NoTarget(String),
    /// The store could not keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store could not keep it.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A published version no longer compiles.
    #[error("version {version} of workflow {workflow} does not compile on this Masar: {problem}")]
    Broken {
        /// The workflow.
        workflow: WorkflowId,
        /// The version.
        version: i64,
        /// The first problem.
        problem: String,
    },
}

/// A test of a draft.
pub struct Test {
    /// Negative number under which the draft was kept.
    pub version: i64,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// Outputs given instead of computed.
    pub pins: std::collections::BTreeMap<String, Pin>,
    /// External node types that may really be called.
    pub allowed: Vec<String>,
    /// The run that is run again; then it is no test, and everything is real.
    pub rerun_of: Option<RunId>,
}

/// One run that an event is to start.
struct Start {
    info: RunInfo,
    machine: Machine,
    queued: bool,
    not_before: Option<Timestamp>,
    /// The older run whose place it takes.
    replaces: Option<RunId>,
}

/// How a run differs from an ordinary one.
#[derive(Default)]
struct Kind {
    test: bool,
    pins: std::collections::BTreeMap<String, Pin>,
    replay_of: Option<RunId>,
}

type PlanKey = (WorkflowId, i64);

/// The published triggers and the plans behind them.
pub struct Dispatcher {
    core: Arc<Core>,
    executor: Arc<Executor>,
    index: RwLock<Arc<Index>>,
    plans: RwLock<HashMap<PlanKey, Arc<Plan>>>,
}

impl Dispatcher {
    /// A dispatcher with nothing published; [`Self::reload`] fills it.
    pub fn new(core: Arc<Core>, executor: Arc<Executor>) -> Arc<Self> {
        Arc::new(Self { core, executor, index: RwLock::default(), plans: RwLock::default() })
    }

    /// Reads what is published. Called at start and after every change of what is published.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let published = self.core.store.published().await?;
        let index = Arc::new(Index::build(&published));
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = index;
        Ok(())
    }

    /// What listens now.
    pub fn index(&self) -> Arc<Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The plan of a version, compiled at its first use.
    pub async fn plan(
        &self,
        workspace: WorkspaceId,
        workflow: WorkflowId,
        version: i64,
    ) -> Result<Arc<Plan>, IntakeError> {
        if let Some(plan) =
            self.plans.read().unwrap_or_else(PoisonError::into_inner).get(&(workflow, version))
        {
            return Ok(plan.clone());
        }
        let broken = |problem: String| IntakeError::Broken { workflow, version, problem };
        let row = self
            .core
            .store
            .version(workspace, workflow, version)
            .await?
            .ok_or_else(|| broken("it is not in the store".into()))?;
        let file = workflow::parse(&row.body).map_err(|error| broken(error.to_string()))?;
        let (plan, _) = compile(&file, self.core.catalogue.as_ref())
            .map_err(|problems| broken(problems.first().map(ToString::to_string).unwrap_or_default()))?;
        let plan = Arc::new(plan);
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        // A bound, so that a long life with many versions does not fill the memory; what is needed is compiled again.
        if plans.len() >= 20_000 {
            plans.clear();
        }
        plans.insert((workflow, version), plan.clone());
        Ok(plan)
    }

    /// Takes an event in. When this returns, the event is durable with everything that it started.
    /// With `wait`, the receiver in the answer gets what the run says, and durability may come with that.
    pub async fn accept(
        &self,
        mut incoming: Incoming,
        wait: bool,
        test: Option<Test>,
    ) -> Result<Accepted, IntakeError> {
        // What comes from within has been accepted already; it must not be lost. Whoever takes from a
        // broker asks for room beforehand, so that a refusal in between does not change the order.
        let within = incoming.outbox.is_some() || incoming.origin == Origin::Bus;
        if !within && !self.executor.has_room() {
            return Err(IntakeError::Overloaded);
        }
        if self.core.stopping.is_cancelled() {
            return Err(IntakeError::Stopping);
        }
        let now = self.core.clock.now();
        let place = self.executor.gate().enter(now);
        let position = self.core.store.next_position(now);
        let data = incoming.event.data.to_string();
        let digest = hex(&Sha256::digest(data.as_bytes()));
        let (starts, mut writes) = self.decide(&incoming, &digest, position, now, test).await?;
        let runs: Vec<RunId> = starts.iter().map(|start| start.info.run).collect();
        writes.insert(0, self.event_write(&incoming, &data, position, now));
        if let Some(row) = incoming.outbox {
            writes.push(Write::OutboxDelete { position: row });
        }
        if let Some(call) = incoming.call.take() {
            writes.push(Write::HookCall(HookCallRow { position, event: Some(position), ..*call }));
        }
        // No run can wait for a call of a webhook.
        if incoming.event.event_type != HOOK_EVENT {
            writes.push(Write::EventArrived(Arrival {
                workspace: incoming.workspace,
                position,
                event_type: incoming.event.event_type.clone(),
                subject: incoming.event.subject.clone(),
                data: incoming.event.data.clone(),
                at: now,
                waited: self.core.waited().clone(),
            }));
        }

        // One run that has its turn at once: its first commit carries the event, so that the whole
        // run can be one commit. (A duplicate must be seen before anything of the run happens.)
        let fused = incoming.dedup.is_none()
            && self.executor.is_free()
            && matches!(starts.as_slice(), [start] if !start.queued && start.not_before.is_none());
        let mut starts = starts;
        if fused && let Some(mut start) = starts.pop() {
            self.cancel_replaced(&start);
            let (mut responder, mut answer) = (None, None);
            let (accepted, durable) = oneshot::channel();
            if wait {
                let (sender, receiver) = oneshot::channel();
                (responder, answer) = (Some(sender), Some(receiver));
            }
            let timeout = timeout_write(&start, now);
            start.info.waking = timeout.is_some();
            writes.extend(timeout);
            let nudge = start.info.waking || self.core.waited().contains(&incoming.event.event_type);
            let journal = Journal::new(start.info.run);
            let mut carried = self.executor.carry_here(Starting {
                info: start.info,
                machine: start.machine,
                journal,
                opening: writes,
                stored: None,
                responder,
                accepted: Some(accepted),
                place,
            });
            let mut durable = durable;
            if !wait {
                carried.until(&mut durable).await.map_err(|_| CommitError::Lost)??;
            }
            if nudge {
                self.core.timers_changed();
            }
            let answer = answer.map(|answer| Awaited { answer, carried: Some((carried, durable)) });
            return Ok(Accepted { position, runs, duplicate: false, answer });
        }

        let mut ready = Vec::with_capacity(starts.len());
        for mut start in starts {
            let mut journal = Journal::new(start.info.run);
            let records = start.machine.take_records();
            writes.push(self.core.run_row(&start.info, &start.machine, Status::Queued, true));
            writes.extend(journal.append(&records).map(crate::execute::Segment::into_write));
            if let Some(due) = start.not_before {
                writes.push(Write::TimerSet {
                    due,
                    run: start.info.run,
                    token: 0,
                    kind: TimerKind::Start,
                    payload: 0,
                });
            }
            let timeout = timeout_write(&start, now);
            start.info.waking = timeout.is_some() || start.not_before.is_some();
            writes.extend(timeout);
            ready.push((start, journal));
        }
        let timed = writes.iter().any(|write| matches!(write, Write::TimerSet { .. }));
        let committed = match self.core.store.submit(Unit::of(writes)).await {
            Ok(committed) => committed,
            Err(error) => {
                // The places that were taken for runs that never came to be.
                ready.iter().for_each(|(start, _)| self.give_back(start));
                let CommitError::Duplicate { position } = error else { return Err(error.into()) };
                self.core.metrics.duplicate_event();
                return Ok(Accepted { position, runs: Vec::new(), duplicate: true, answer: None });
            }
        };
        if place.is_some() {
            self.executor.gate().done(self.core.clock.now(), committed.unheard());
        }
        drop(place);
        ready.iter().for_each(|(start, _)| self.cancel_replaced(start));
        if timed || self.core.waited().contains(&incoming.event.event_type) {
            self.core.timers_changed();
        }
        let mut answer = None;
        for (start, journal) in ready {
            if start.queued || start.not_before.is_some() {
                continue;
            }
            let mut responder = None;
            if wait && answer.is_none() {
                let (sender, receiver) = oneshot::channel();
                (responder, answer) = (Some(sender), Some(Awaited { answer: receiver, carried: None }));
            }
            let stored = Some(Status::Queued);
            self.executor.start(Starting {
                info: start.info,
                machine: start.machine,
                journal,
                opening: Vec::new(),
                stored,
                responder,
                accepted: None,
                place: None,
            });
        }
        Ok(Accepted { position, runs, duplicate: false, answer })
    }

    /// The run was not kept: whoever comes next may have its place, the older one where it was to be
    /// replaced.
    fn give_back(&self, start: &Start) {
        let Some(bound) = &start.machine.plan().settings.concurrency else { return };
        let RunInfo { workspace, workflow, run, .. } = start.info;
        let (limits, key) = (&self.core.limits, start.info.key.as_deref());
        if let Some(older) = start.replaces {
            limits.restore(workflow, key, older, false);
        }
        if let Some(next) = limits.release(workflow, key, bound.limit, run) {
            self.executor.deliver(workspace, next, crate::execute::RunInput::Go);
        }
    }

    fn cancel_replaced(&self, start: &Start) {
        if let Some(older) = start.replaces {
            let cancel = crate::execute::RunInput::Cancel { by: "a newer run".to_owned(), reply: None };
            self.executor.deliver(start.info.workspace, older, cancel);
        }
    }

    fn event_write(&self, incoming: &Incoming, data: &str, position: i64, now: Timestamp) -> Write {
        let event = &incoming.event;
        self.core.metrics.event(&event.event_type);
        Write::EventInsert {
            position,
            workspace: incoming.workspace,
            event_id: event.id.clone(),
            source: event.source.clone(),
            event_type: event.event_type.clone(),
            subject: event.subject.clone(),
            time: event.time.clone(),
            received_at: now,
            origin: incoming.origin,
            data: Packed::new(data.as_bytes()),
            depth: incoming.depth,
            dedup: incoming.dedup.as_ref().map(|key| {
                let hash = Sha256::digest(key.as_bytes());
                let mut short = [0; 16];
                short.copy_from_slice(&hash[..16]);
                (short, now.plus_millis(self.core.config.limits.dedup_window.as_millis() as u64))
            }),
        }
    }

    /// Every trigger that could have matched, with the decision about it.
    async fn decide(
        &self,
        incoming: &Incoming,
        digest: &str,
        position: i64,
        now: Timestamp,
        test: Option<Test>,
    ) -> Result<(Vec<Start>, Vec<Write>), IntakeError> {
        let mut starts = Vec::new();
        let mut writes = Vec::new();
        if let (Some(test), Some(target)) = (test, &incoming.target) {
            let trigger = target
                .trigger
                .clone()
                .or_else(|| test.plan.triggers().next().map(|node| node.key.to_string()));
            let trigger = trigger.ok_or_else(|| IntakeError::NoTarget("the draft has no trigger".into()))?;
            let kind = Kind { test: test.rerun_of.is_none(), pins: test.pins, replay_of: test.rerun_of };
            let mut start = self.begin(
                incoming,
                digest,
                position,
                now,
                target.workflow,
                test.version,
                test.plan,
                &trigger,
                kind,
            )?;
            start.info.allowed = test.allowed;
            return Ok((vec![start], writes));
        }
        let index = self.index();
        let listeners: Vec<Arc<Listener>> = match &incoming.target {
            Some(target) => {
                let found = index.target(target.workflow, target.trigger.as_deref());
                vec![found.ok_or_else(|| {
                    IntakeError::NoTarget(
                        "no published trigger of that workflow can be started this way".into(),
                    )
                })?]
            }
            None => index.matching(incoming.workspace, &incoming.event.event_type),
        };
        for listener in listeners {
            let mut decide = |code: &'static str, detail: String| {
                writes.push(Write::Decision {
                    event: position,
                    workspace: incoming.workspace,
                    workflow: listener.workflow,
                    trigger: listener.key.clone(),
                    code,
                    detail,
                    subject: incoming.event.subject.clone(),
                    at: now,
                });
            };
            if listener.paused {
                decide("paused", String::new());
                continue;
            }
            if incoming.depth >= MAX_DEPTH {
                decide(
                    "loop",
                    format!("{MAX_DEPTH} runs have led to one another; a circle of events is assumed"),
                );
                continue;
            }
            let plan = match self.plan(incoming.workspace, listener.workflow, listener.version).await {
                Ok(plan) => plan,
                // One workflow that this Masar cannot carry out must not cost the others their event.
                Err(error @ IntakeError::Broken { .. }) if incoming.target.is_none() => {
                    tracing::error!(error = %error, "a published workflow could not be started");
                    decide("broken", error.to_string());
                    continue;
                }
                Err(error) => return Err(error),
            };
            if let Some(reason) = self.filtered(&plan, &listener.key, &incoming.event, now) {
                decide("filtered", reason);
                continue;
            }
            let settings = plan.settings.clone();
            let mut start = self.begin(
                incoming,
                digest,
                position,
                now,
                listener.workflow,
                listener.version,
                plan,
                &listener.key,
                Kind::default(),
            )?;
            match self.flow_control(&mut start, &settings, &incoming.event, now) {
                Verdict::Start => {}
                Verdict::Queue => start.queued = true,
                Verdict::NotBefore(due) => start.not_before = Some(due),
                Verdict::Skip(why) => {
                    decide("throttled", why.to_owned());
                    continue;
                }
                Verdict::Replace(older) => start.replaces = Some(older),
            }
            starts.push(start);
        }
        Ok((starts, writes))
    }

    fn flow_control(&self, start: &mut Start, settings: &Settings, event: &Event, now: Timestamp) -> Verdict {
        let workflow = start.info.workflow;
        if let Some(rate) = &settings.rate {
            match self.core.limits.admit_rate(workflow, rate, now) {
                Verdict::Start => {}
                other => return other,
            }
        }
        let Some(bound) = &settings.concurrency else { return Verdict::Start };
        if let Some(text) = &bound.key {
            let context = self.context(event, now);
            let value = Expression::compile(text).and_then(|expression| expression.evaluate(&context));
            // A key that cannot be computed shares one gate; the run itself is not to blame.
            start.info.key = Some(
                value
                    .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                    .unwrap_or_default(),
            );
        }
        self.core.limits.admit(workflow, start.info.key.as_deref(), bound, start.info.run)
    }

    fn context(&self, event: &Event, now: Timestamp) -> Context<'_> {
        Context {
            trigger: event.data.clone(),
            event: Arc::new(event.envelope()),
            input: event.data.clone(),
            item: None,
            index: None,
            vars: self.core.vars(),
            run: Arc::new(Json::Null),
            now,
            time_zone: &self.core.config.workspace.time_zone,
            steps: &NoSteps,
        }
    }

    /// Why the trigger does not take this event, where it does not.
    fn filtered(&self, plan: &Plan, key: &str, event: &Event, now: Timestamp) -> Option<String> {
        let node = plan.node(plan.find(key)?);
        if let Some(filter) = node.parameters.get("filter") {
            let context = self.context(event, now);
            match Condition::compile_parameter(&filter).map(|filter| filter.explain(&context)) {
                Ok(Ok(None)) => {}
                Ok(Ok(Some(reason))) => return Some(reason),
                Ok(Err(error)) => return Some(error.to_string()),
                Err(faults) => return faults.first().map(|fault| fault.error.to_string()),
            }
        }
        // A message trigger tells by its own run whether its keywords are there.
        if &*node.spec.manifest.node_type == "trigger.message"
            && let Some(pure) = &node.spec.pure
        {
            let context = self.context(event, now);
            let call = Call { parameters: &node.parameters, context: &context, prepared: &node.prepared };
            if let Outcome::Failed(error) = pure.run(&call) {
                return Some(error.message);
            }
        }
        None
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a run's header")]
    fn begin(
        &self,
        incoming: &Incoming,
        digest: &str,
        position: i64,
        now: Timestamp,
        workflow: WorkflowId,
        version: i64,
        plan: Arc<Plan>,
        trigger: &str,
        kind: Kind,
    ) -> Result<Start, IntakeError> {
        let event = &incoming.event;
        let run = RunId(self.core.ids.next(now));
        let header = Header {
            at: now,
            run,
            workflow,
            version: plan.hash.to_string(),
            number: u32::try_from(version).unwrap_or(0),
            event: EventRef {
                id: event.id.clone(),
                source: event.source.clone(),
                event_type: event.event_type.clone(),
            },
            digest: digest.to_owned(),
            trigger: trigger.to_owned(),
            test: kind.test,
            vars: plan.uses_vars.then(|| self.core.vars()),
            zone: plan
                .settings
                .time_zone
                .clone()
                .unwrap_or_else(|| self.core.config.workspace.time_zone.clone()),
            pins: kind.pins,
            parent: None,
            replay_of: kind.replay_of,
        };
        let machine = Machine::start(plan, header, event).map_err(|error| IntakeError::Broken {
            workflow,
            version,
            problem: error.to_string(),
        })?;
        let info = RunInfo {
            run,
            workspace: incoming.workspace,
            workflow,
            version,
            event: position,
            subject: event.subject.clone(),
            event_type: event.event_type.clone(),
            depth: incoming.depth,
            key: None,
            accepted: now,
            allowed: Vec::new(),
            waking: false,
        };
        Ok(Start { info, machine, queued: false, not_before: None, replaces: None })
    }

    /// The rows of a run that another one calls.
    pub fn call(
        &self,
        caller: &RunInfo,
        token: Sequence,
        step: &StepRef,
        call: &CallWorkflow,
    ) -> Result<(RunId, Vec<Write>), StepError> {
        let refuse = |code: &str, message: String| StepError::new(code, message).permanent();
        let index = self.index();
        let listener = index.callable(caller.workspace, &call.workflow).ok_or_else(|| {
            refuse(
                "call.unknown",
                format!("no published workflow \"{}\" has a trigger.called", call.workflow),
            )
        })?;
        if caller.depth >= MAX_DEPTH {
            return Err(refuse(
                "call.too_deep",
                format!("workflows call one another more than {MAX_DEPTH} deep"),
            ));
        }
        let plan = self
            .plans
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&(listener.workflow, listener.version))
            .cloned();
        let plan = match plan {
            Some(plan) => plan,
            None => Arc::new(
                listener
                    .compile(self.core.catalogue.as_ref())
                    .map_err(|problem| refuse("call.broken", problem))?,
            ),
        };
        let now = self.core.clock.now();
        let position = self.core.store.next_position(now);
        let child = caller.run.child(token, now);
        let event = Event {
            id: child.to_string(),
            source: format!("/runs/{}", caller.run),
            event_type: "masar.called".into(),
            subject: Some(format!("run/{}", caller.run)),
            time: Some(now.to_rfc3339()),
            data: Arc::new(call.input.clone()),
        };
        let incoming = Incoming {
            workspace: caller.workspace,
            event,
            origin: Origin::Internal,
            target: None,
            dedup: None,
            depth: caller.depth + 1,
            outbox: None,
            call: None,
        };
        let data = incoming.event.data.to_string();
        let mut start = self
            .begin(
                &incoming,
                &hex(&Sha256::digest(data.as_bytes())),
                position,
                now,
                listener.workflow,
                listener.version,
                plan.clone(),
                &listener.key,
                Kind::default(),
            )
            .map_err(|error| refuse("call.broken", error.to_string()))?;
        let mut header = start.machine.header().clone();
        header.run = child;
        header.parent = call.wait.then(|| Parent { run: caller.run, step: step.clone(), token });
        start.info.run = child;
        start.machine = Machine::start(plan, header, &incoming.event)
            .map_err(|error| refuse("call.broken", error.to_string()))?;
        let mut journal = Journal::new(child);
        let records = start.machine.take_records();
        let mut writes = vec![
            self.event_write(&incoming, &data, position, now),
            self.core.run_row(&start.info, &start.machine, Status::Queued, true),
        ];
        writes.extend(journal.append(&records).map(crate::execute::Segment::into_write));
        writes.extend(timeout_write(&start, now));
        Ok((child, writes))
    }
}

/// The timer that ends a run whose time is up, where its workflow bounds it.
fn timeout_write(start: &Start, now: Timestamp) -> Option<Write> {
    let due = now.plus_millis(start.machine.plan().settings.timeout_ms?);
    Some(Write::TimerSet { due, run: start.info.run, token: 0, kind: TimerKind::RunTimeout, payload: 0 })
}
