//! What is written and read, as plain data.

use masar_engine::{Json, RunId, Sequence, Timestamp, WorkflowId, WorkspaceId};
use uuid::Uuid;

use super::{
    approvals::{ApprovalOpening, LinkRow},
    pack::Packed,
    waits::Arrival,
};

/// Where a run stands, as its row says. The numbers are stored: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Status {
    /// Accepted; its turn has not come.
    Queued = 0,
    /// Going on.
    Running = 1,
    /// Waiting for a moment, an event, a person.
    Waiting = 2,
    /// A person must decide whether a call happened.
    InDoubt = 3,
    /// Did what was drawn.
    Succeeded = 4,
    /// A step failed and nothing took it up.
    Failed = 5,
    /// Stopped.
    Cancelled = 6,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Running,
        Self::Waiting,
        Self::InDoubt,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// From the stored number.
    pub fn from_code(code: i64) -> Self {
        Self::ALL.into_iter().find(|status| *status as i64 == code).unwrap_or(Self::Running)
    }

    /// The word that API and command line use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::InDoubt => "in_doubt",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// From the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether the run is over.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

macro_rules! stored_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$variant_doc])* $variant = $code,)* }

        impl $name {
            /// From the stored number.
            pub fn from_code(code: i64) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }

            /// The word that people see.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

stored_enum!(
    /// Where an event came in. The numbers are stored.
    Origin {
        /// A webhook call.
        Hook = 0 "hook",
        /// The API or the command line.
        Api = 1 "api",
        /// The bus.
        Bus = 2 "bus",
        /// A schedule.
        Schedule = 3 "schedule",
        /// A change in Masar itself, through the outbox.
        Outbox = 4 "outbox",
        /// A call of one workflow by another.
        Internal = 5 "internal",
    }
);

stored_enum!(
    /// What a due timer means. The numbers are stored.
    TimerKind {
        /// A retry, a wait or a deadline of a step.
        Timer = 0 "timer",
        /// An event that a step waited for; the payload is its position.
        Event = 1 "event",
        /// A called run is over.
        CallEnded = 2 "call_ended",
        /// A queued run may start.
        Start = 3 "start",
        /// The run's own time is up.
        RunTimeout = 4 "run_timeout",
        /// An approval is to be reminded of.
        Remind = 5 "remind",
    }
);

stored_enum!(
    /// What a step waits for. The numbers are stored.
    WaitKind {
        /// An event.
        Event = 0 "event",
        /// A person.
        Approval = 1 "approval",
    }
);

/// The row of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// The run.
    pub id: RunId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Number of its version; below 0 for a draft under test.
    pub version: i64,
    /// Position of its event.
    pub event: i64,
    /// Type of its event.
    pub event_type: String,
    /// Where it stands.
    pub status: Status,
    /// Key of the trigger that fired.
    pub trigger: String,
    /// Subject of its event.
    pub subject: Option<String>,
    /// Whether it is a test.
    pub test: bool,
    /// The run and step that called it.
    pub parent: Option<(RunId, String)>,
    /// The run that it repeats.
    pub replay_of: Option<RunId>,
    /// Its priority.
    pub priority: i8,
    /// Value of its concurrency key.
    pub key: Option<String>,
    /// How many runs led to it.
    pub depth: i32,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Code of the error that ended it.
    pub error_code: Option<String>,
    /// Step that failed.
    pub error_node: Option<String>,
    /// What the error says.
    pub error_message: Option<String>,
}

/// The row of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    /// Its place in the log of events.
    pub position: i64,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// CloudEvents id.
    pub event_id: String,
    /// CloudEvents source.
    pub source: String,
    /// CloudEvents type.
    pub event_type: String,
    /// CloudEvents subject.
    pub subject: Option<String>,
    /// CloudEvents time.
    pub time: Option<String>,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// Where it came in.
    pub origin: Origin,
    /// How many runs led to it.
    pub depth: i32,
    /// Its data, JSON.
    pub data: Vec<u8>,
}

/// A stretch of a run's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRow {
    /// Number of its first record.
    pub first: Sequence,
    /// How many records.
    pub count: u32,
    /// Hash of its last record.
    pub hash: [u8; 32],
    /// The records, one JSON text a line.
    pub body: Vec<u8>,
}

/// A timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerRow {
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// When.
    pub due: Timestamp,
    /// The run that it wakes.
    pub run: RunId,
    /// What it belongs to.
    pub token: Sequence,
    /// What it means.
    pub kind: TimerKind,
    /// See [`TimerKind`].
    pub payload: i64,
}

/// A wait for an event or a person.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitRow {
    /// Its id.
    pub id: Uuid,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The run.
    pub run: RunId,
    /// What it belongs to.
    pub token: Sequence,
    /// The step.
    pub step: String,
    /// What for.
    pub kind: WaitKind,
    /// The event's type.
    pub event_type: Option<String>,
    /// What the correlated value must be.
    pub key: Option<String>,
    /// Path of the correlated value.
    pub correlate: Option<String>,
    /// What the person reads.
    pub title: Option<String>,
    /// What the author chose to show.
    pub context: Json,
    /// Who may decide.
    pub assignee: Option<String>,
    /// When it expires.
    pub deadline: Option<Timestamp>,
    /// Since when.
    pub opened_at: Timestamp,
}

/// An event on its way out.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRow {
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its id.
    pub event_id: Uuid,
    /// Its source.
    pub source: String,
    /// Its type.
    pub event_type: String,
    /// Its subject.
    pub subject: Option<String>,
    /// When it happened.
    pub time: Timestamp,
    /// Its data.
    pub data: Json,
    /// How many runs led to it.
    pub depth: i32,
}

/// A decision not to start a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// Position of the event.
    pub event: i64,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The trigger.
    pub trigger: String,
    /// `filtered`, `paused`, `throttled`, `loop`.
    pub code: String,
    /// By which condition, which bound.
    pub detail: String,
    /// Subject of the event.
    pub subject: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Code of a webhook call that led to its event.
pub const ACCEPTED: &str = "accepted";

/// A webhook call as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookCallRow {
    /// Its number, counted with the events; an accepted call has that of its event.
    pub position: i64,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The path below `/hooks/{workspace}/`.
    pub path: String,
    /// The method.
    pub method: String,
    /// The query as it was written.
    pub query: String,
    /// When.
    pub at: Timestamp,
    /// The HTTP status that was answered.
    pub status: u16,
    /// `accepted`, `duplicate`, or the code of the refusal.
    pub code: String,
    /// Why it was refused.
    pub detail: String,
    /// The headers without secrets, JSON; of an accepted call those that its event lacks.
    pub headers: String,
    /// Who called: address and port.
    pub remote: String,
    /// Position of its event, or of the one that it repeats.
    pub event: Option<i64>,
    /// The beginning of the body; of an accepted call nothing, since its event has it.
    pub body: Vec<u8>,
    /// Bytes of the body as it came.
    pub size: u64,
}

/// The answer to a request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// SHA-256 of the request's method, address and body.
    pub request: [u8; 32],
    /// The HTTP status.
    pub status: u16,
    /// The headers that belong to it, a JSON object.
    pub headers: String,
    /// The body.
    pub body: String,
}

/// A credential as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRow {
    /// Its id.
    pub id: Uuid,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its name, unique in the workspace.
    pub name: String,
    /// Its type, e.g. `smtp`.
    pub kind: String,
    /// The sealed fields.
    pub sealed: Vec<u8>,
    /// Counts changes.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
}

/// Something to write.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of the rows above")]
pub enum Write {
    EventInsert {
        position: i64,
        workspace: WorkspaceId,
        event_id: String,
        source: String,
        event_type: String,
        subject: Option<String>,
        time: Option<String>,
        received_at: Timestamp,
        origin: Origin,
        data: Packed,
        depth: i32,
        dedup: Option<([u8; 16], Timestamp)>,
    },
    /// Wakes the runs that wait for the event; goes with its [`Write::EventInsert`].
    EventArrived(Arrival),
    /// A run has taken an event by a wait.
    EventTaken {
        run: RunId,
        position: i64,
    },
    RunInsert(Box<RunRow>),
    RunUpdate {
        id: RunId,
        status: Status,
        ended_at: Option<Timestamp>,
        error_code: Option<String>,
        error_node: Option<String>,
        error_message: Option<String>,
    },
    Journal {
        run: RunId,
        first: Sequence,
        count: u32,
        hash: [u8; 32],
        body: Packed,
    },
    TimerSet {
        due: Timestamp,
        run: RunId,
        token: Sequence,
        kind: TimerKind,
        payload: i64,
    },
    /// Every timer of a token but reminders.
    TimerClear {
        run: RunId,
        token: Sequence,
    },
    TimerClearKind {
        run: RunId,
        token: Sequence,
        kind: TimerKind,
    },
    TimersClearRun {
        run: RunId,
    },
    WaitOpen {
        id: Uuid,
        workspace: WorkspaceId,
        workflow: WorkflowId,
        run: RunId,
        token: Sequence,
        step: String,
        kind: WaitKind,
        event_type: Option<String>,
        key: Option<String>,
        correlate: Option<String>,
        title: Option<String>,
        context: Json,
        assignee: Option<String>,
        deadline: Option<Timestamp>,
        opened_at: Timestamp,
        /// What goes with a new approval. A wait that is there already stays as it is.
        approval: Option<Box<ApprovalOpening>>,
    },
    /// One more link to an approval.
    ApprovalLink(LinkRow),
    WaitClose {
        run: RunId,
        token: Sequence,
    },
    WaitsCloseRun {
        run: RunId,
    },
    Decision {
        event: i64,
        workspace: WorkspaceId,
        workflow: WorkflowId,
        trigger: String,
        code: &'static str,
        detail: String,
        subject: Option<String>,
        at: Timestamp,
    },
    OutboxAppend(OutboxRow),
    OutboxDelete {
        position: i64,
    },
    HookCall(HookCallRow),
    ScheduleFired {
        workflow: WorkflowId,
        trigger: String,
        at: Timestamp,
    },
}

impl Write {
    /// The run that it is about.
    pub(super) fn run(&self) -> Option<RunId> {
        match self {
            Self::RunInsert(row) => Some(row.id),
            Self::RunUpdate { id, .. } => Some(*id),
            Self::EventTaken { run, .. }
            | Self::Journal { run, .. }
            | Self::TimerSet { run, .. }
            | Self::TimerClear { run, .. }
            | Self::TimerClearKind { run, .. }
            | Self::TimersClearRun { run }
            | Self::WaitOpen { run, .. }
            | Self::WaitClose { run, .. }
            | Self::WaitsCloseRun { run } => Some(*run),
            Self::ApprovalLink(link) => Some(link.run),
            Self::EventInsert { .. }
            | Self::EventArrived(_)
            | Self::Decision { .. }
            | Self::OutboxAppend(_)
            | Self::OutboxDelete { .. }
            | Self::HookCall(_)
            | Self::ScheduleFired { .. } => None,
        }
    }
}
