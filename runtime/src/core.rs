//! What every part of the running program shares, and the rows that describe a run to the store.

use std::sync::{Arc, PoisonError, RwLock};

use masar_engine::{
    Event, Json, Plan, Sequence, StepError, WorkspaceId,
    node::Wait,
    run::{Machine, Record, RunStatus, StepRef},
};
use masar_nodes::{Catalogue, World};
use sha2::{Digest, Sha256};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use crate::{
    access::mask::Mask,
    approval,
    clock::{Clock, Ids},
    config::Config,
    execute::{Journal, Limits, RunInfo},
    observe::Metrics,
    store::{OutboxRow, RunRow, Status, Store, WaitKind, Waited, Write},
};

/// What the live stream tells of a run.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema, utoipa::ToSchema)]
pub struct LiveEvent {
    /// The workspace.
    #[serde(skip)]
    pub workspace: i64,
    /// The workflow.
    pub workflow: String,
    /// The run.
    pub run: String,
    /// Its status after these records.
    pub status: String,
    /// Number of the first of these records in the run's journal, from 0.
    pub first: Sequence,
    /// The records that have just become durable.
    pub records: Vec<Json>,
}

/// What every part shares.
pub struct Core {
    /// The settings in force.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// New ids.
    pub ids: Ids,
    /// The store.
    pub store: Store,
    /// The node types.
    pub catalogue: Arc<Catalogue>,
    /// What external nodes may reach.
    pub world: World,
    /// Flow control.
    pub limits: Limits,
    /// Figures.
    pub metrics: Metrics,
    /// Values that must never leave.
    pub masked: Arc<Mask>,
    /// Runs as they happen.
    pub live: broadcast::Sender<LiveEvent>,
    /// Cancelled when the program is to stop: nothing new is taken in from then on.
    pub stopping: CancellationToken,
    pub(crate) timers: Notify,
    pub(crate) outbox: Notify,
    vars: RwLock<Arc<Json>>,
    /// Open waits by event type, so that an event nobody waits for costs no look-up.
    waited: Arc<Waited>,
}

/// The parts of a [`Core`] that are made elsewhere.
pub struct Parts {
    /// See [`Core::config`].
    pub config: Config,
    /// See [`Core::clock`].
    pub clock: Clock,
    /// See [`Core::ids`].
    pub ids: Ids,
    /// See [`Core::store`].
    pub store: Store,
    /// See [`Core::catalogue`].
    pub catalogue: Arc<Catalogue>,
    /// See [`Core::world`].
    pub world: World,
    /// See [`Core::masked`].
    pub masked: Arc<Mask>,
}

impl Core {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { config, clock, ids, store, catalogue, world, masked } = parts;
        Arc::new(Self {
            config,
            clock,
            ids,
            store,
            catalogue,
            world,
            limits: Limits::default(),
            metrics: Metrics::default(),
            masked,
            // A slow reader loses the oldest; the stream then tells it to read the run anew.
            live: broadcast::channel(1024).0,
            stopping: CancellationToken::new(),
            timers: Notify::new(),
            outbox: Notify::new(),
            vars: RwLock::new(Arc::new(Json::Object(serde_json::Map::new()))),
            waited: Arc::default(),
        })
    }

    /// The workspace's variables.
    pub fn vars(&self) -> Arc<Json> {
        self.vars.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over changed variables.
    pub fn set_vars(&self, vars: Json) {
        *self.vars.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(vars);
    }

    /// Tells the scheduler that a timer has been set.
    pub fn timers_changed(&self) {
        self.timers.notify_one();
    }

    /// Tells the relay that the outbox may hold something.
    pub fn effects_committed(&self) {
        self.outbox.notify_one();
    }

    /// Event types that runs may wait for.
    pub fn waited(&self) -> &Arc<Waited> {
        &self.waited
    }

    /// `value` with every known secret masked.
    pub fn mask(&self, value: &Json) -> Json {
        self.masked.json(value)
    }

    /// `text` with every known secret masked.
    pub fn mask_text(&self, text: &str) -> String {
        self.masked.text(text)
    }

    /// The row of a run: a new one, or what has changed.
    pub fn run_row(&self, info: &RunInfo, machine: &Machine, status: Status, new: bool) -> Write {
        let ended = machine.status() != RunStatus::Running;
        let ended_at = ended.then(|| self.clock.now());
        let error = machine.error().map(|(step, error)| (step.map(ToString::to_string), error.clone()));
        let (error_node, error) = error.map_or((None, None), |(step, error)| (step, Some(error)));
        let error_code = error.as_ref().map(|error| error.code.clone());
        let error_message = error.map(|error| error.message);
        if !new {
            return Write::RunUpdate {
                id: info.run,
                status,
                ended_at,
                error_code,
                error_node,
                error_message,
            };
        }
        let header = machine.header();
        Write::RunInsert(Box::new(RunRow {
            id: info.run,
            workspace: info.workspace,
            workflow: info.workflow,
            version: info.version,
            event: info.event,
            event_type: info.event_type.clone(),
            status,
            trigger: header.trigger.clone(),
            subject: info.subject.clone(),
            test: header.test,
            parent: header.parent.as_ref().map(|parent| (parent.run, parent.step.to_string())),
            replay_of: header.replay_of,
            priority: machine.plan().settings.priority,
            key: info.key.clone(),
            depth: info.depth,
            accepted_at: info.accepted,
            ended_at,
            error_code,
            error_node,
            error_message,
        }))
    }

    /// The row of a wait for an event or a person, with what goes with an approval.
    pub fn wait_row(
        &self,
        info: &RunInfo,
        machine: &Machine,
        token: Sequence,
        step: &StepRef,
        wait: Wait,
    ) -> Write {
        let now = self.clock.now();
        let id = self.ids.next(now);
        let approval = approval::opening(self, info, machine, (token, step, id), &wait).map(Box::new);
        let (kind, event_type, key, correlate, title, context, assignee, deadline) = match wait {
            Wait::Event { event_type, key, correlate, deadline } => {
                self.waited.note(&event_type);
                (WaitKind::Event, Some(event_type), key, correlate, None, Json::Null, None, deadline)
            }
            Wait::Approval { title, context, assignee, deadline, .. } => {
                (WaitKind::Approval, None, None, None, Some(title), context, assignee, deadline)
            }
            Wait::Until { due } => (WaitKind::Event, None, None, None, None, Json::Null, None, Some(due)),
        };
        Write::WaitOpen {
            id,
            workspace: info.workspace,
            workflow: info.workflow,
            run: info.run,
            token,
            step: step.to_string(),
            kind,
            event_type,
            key,
            correlate,
            title,
            context,
            assignee,
            deadline,
            opened_at: now,
            approval,
        }
    }

    /// The event by which `error` triggers hear of a failed run. It goes through the outbox, in
    /// the commit that ends the run.
    pub fn failure_event(&self, info: &RunInfo, machine: &Machine) -> Option<Write> {
        // A failing error workflow does not call itself.
        if info.event_type == "masar.run.failed" {
            return None;
        }
        let now = self.clock.now();
        let (step, error) = machine.error()?;
        let data = serde_json::json!({
            "run": info.run.to_string(),
            "workflow": info.workflow.to_string(),
            "workflow_name": machine.plan().name,
            "version": machine.header().number,
            "step": step.map(ToString::to_string),
            "error": error,
            "event": machine.header().event,
            "subject": info.subject,
        });
        Some(Write::OutboxAppend(OutboxRow {
            workspace: info.workspace,
            event_id: self.ids.next(now),
            source: format!("/workflows/{}", info.workflow),
            event_type: "masar.run.failed".into(),
            subject: Some(format!("run/{}", info.run)),
            time: now,
            data,
            depth: info.depth + 1,
        }))
    }

    /// Counts what has become durable and tells who watches. `status` is that of the run after
    /// these records, which come with the number of the first; the machine may be ahead of them.
    pub fn observe(
        &self,
        info: &RunInfo,
        machine: &Machine,
        (first, records): (Sequence, &[Record]),
        status: Status,
    ) {
        self.metrics.committed(machine, records);
        let asks = |record: &Record| {
            matches!(record, Record::Waiting { wait: Wait::Approval { .. }, .. } | Record::Resumed { .. })
        };
        if status == Status::Failed || records.iter().any(asks) {
            self.outbox.notify_one();
        }
        if records.iter().any(|record| {
            matches!(record, Record::Waiting { .. } | Record::Failed { .. } | Record::Calling { .. })
        }) || (machine.header().parent.is_some() && status.is_over())
        {
            self.timers_changed();
        }
        if self.live.receiver_count() > 0 {
            let records = records.iter().filter_map(|record| serde_json::to_value(record).ok()).collect();
            let event = LiveEvent {
                workspace: info.workspace.0,
                workflow: info.workflow.to_string(),
                run: info.run.to_string(),
                status: status.as_str().to_owned(),
                first,
                records,
            };
            // Nobody listening any more is no fault.
            let _ = self.live.send(event);
        }
    }

    /// A run from its row, its event and its journal, checked against the hash chain.
    pub async fn replay(&self, row: &RunRow, plan: Arc<Plan>) -> anyhow::Result<(Machine, Journal, RunInfo)> {
        let stored = self.store.event(row.workspace, row.event).await?;
        let stored =
            stored.ok_or_else(|| anyhow::anyhow!("the event of run {} is not in the store", row.id))?;
        let event = Event {
            id: stored.event_id,
            source: stored.source,
            event_type: stored.event_type,
            subject: stored.subject,
            time: stored.time,
            data: Arc::new(serde_json::from_slice(&stored.data)?),
        };
        let (records, journal) = self.journal(row.id).await?;
        let machine = Machine::replay(plan, &event, records)?;
        let info = RunInfo {
            run: row.id,
            workspace: row.workspace,
            workflow: row.workflow,
            version: row.version,
            event: row.event,
            subject: row.subject.clone(),
            event_type: event.event_type,
            depth: row.depth,
            key: row.key.clone(),
            accepted: row.accepted_at,
            allowed: Vec::new(),
            waking: true,
        };
        Ok((machine, journal, info))
    }

    /// A run's records, read and checked, with the journal ready to be continued.
    pub async fn journal(&self, run: masar_engine::RunId) -> anyhow::Result<(Vec<Record>, Journal)> {
        let mut journal = Journal::new(run);
        let mut records = Vec::new();
        for segment in self.store.journal(run).await? {
            records.extend(journal.read(segment.first, &segment.hash, &segment.body)?);
        }
        Ok((records, journal))
    }

    /// The step that made a call, named by the number of its record.
    pub async fn call_step(&self, run: masar_engine::RunId, token: Sequence) -> anyhow::Result<String> {
        let (records, _) = self.journal(run).await?;
        let record = usize::try_from(token).ok().and_then(|token| records.get(token));
        match record.and_then(Record::step) {
            Some(step) => Ok(step.to_string()),
            None => anyhow::bail!("run {run} has no record {token}"),
        }
    }

    /// The result that a called run left for its caller.
    pub async fn call_result(
        &self,
        workspace: WorkspaceId,
        parent: masar_engine::RunId,
        step: &str,
    ) -> anyhow::Result<Result<Json, StepError>> {
        let Some(child) = self.store.child(workspace, parent, step).await? else {
            return Ok(Err(StepError::new("call.lost", "the called run is not in the store").permanent()));
        };
        let (records, _) = self.journal(child).await?;
        Ok(match records.into_iter().next_back() {
            Some(Record::Ended { status: RunStatus::Succeeded, result, .. }) => Ok(
                serde_json::json!({"run": child.to_string(), "result": result.as_deref().unwrap_or(&Json::Null)}),
            ),
            Some(Record::Ended { status, error, .. }) => {
                let message = error
                    .map_or_else(|| format!("the called run ended as {status:?}"), |error| error.message);
                Err(StepError::new("call.failed", message)
                    .permanent()
                    .with_details(serde_json::json!({"run": child.to_string()})))
            }
            _ => Err(StepError::new("call.lost", "the called run has not ended").permanent()),
        })
    }

    /// SHA-256 in hexadecimal.
    pub fn digest(bytes: &[u8]) -> String {
        crate::dispatch::hex(&Sha256::digest(bytes))
    }
}
