//! What a run knows of its nodes, derived from the journal.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::{
    Json, Sequence, StepError, Timestamp,
    node::{ItemFailure, LoopBounds, Wait},
    plan::{EdgeIndex, NodeIndex, ScopeIndex},
    value::Part,
};

/// Where a run stands, as far as the journal tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// It has more to do.
    Running,
    /// It did what was drawn.
    Succeeded,
    /// A step failed and nothing took it up.
    Failed,
    /// Somebody or something stopped it.
    Cancelled,
}

/// How many steps are in which kind of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Activity {
    /// Ready or running.
    pub busy: usize,
    /// Waiting for a moment, an event, a person, another run, or the next try.
    pub waiting: usize,
    /// In doubt.
    pub doubtful: usize,
}

/// A loop's body, or the workflow itself, in execution.
pub(super) struct Instance {
    pub(super) generation: u32,
    pub(super) scope: ScopeIndex,
    pub(super) owner: Option<(InstanceId, NodeIndex)>,
    pub(super) index: u32,
    pub(super) item: Option<Arc<Json>>,
    pub(super) nodes: Box<[NodeState]>,
    /// Nodes that are not at their end yet.
    pub(super) open: u32,
}

/// Names an instance; the generation keeps a freed place from being taken for its successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InstanceId {
    pub(super) slot: u32,
    pub(super) generation: u32,
}

/// Where a node stands in one instance.
pub(super) enum NodeState {
    Idle(Arrivals),
    Ready { input: Arc<Json>, attempt: u16 },
    Running { input: Arc<Json>, attempt: u16, intended: bool },
    Retrying { input: Arc<Json>, attempt: u16, due: Timestamp, token: Sequence },
    Waiting { input: Arc<Json>, wait: Box<Wait>, token: Sequence },
    Calling { input: Arc<Json>, token: Sequence },
    InDoubt { input: Arc<Json>, attempt: u16 },
    ForEach(Box<ForEachState>),
    Loop(Box<LoopState>),
    Done { output: Arc<Json>, port: u16 },
    Skipped,
    Failed { input: Arc<Json>, error: Box<StepError>, attempt: u16, handled: bool },
}

/// What has come in over a node's edges.
#[derive(Default)]
pub(super) struct Arrivals {
    pub(super) values: SmallVec<[(EdgeIndex, Arc<Json>); 1]>,
    pub(super) ruled_out: u32,
}

pub(super) struct ForEachState {
    pub(super) input: Arc<Json>,
    pub(super) items: Part,
    pub(super) parallel: u32,
    pub(super) on_error: ItemFailure,
    pub(super) next: u32,
    pub(super) open: Vec<(u32, InstanceId)>,
    pub(super) results: Vec<Option<Arc<Json>>>,
    pub(super) errors: BTreeMap<u32, StepError>,
}

impl ForEachState {
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.items.as_array().map_or(0, Vec::len)).unwrap_or(u32::MAX)
    }
}

pub(super) struct LoopState {
    pub(super) input: Arc<Json>,
    pub(super) bounds: LoopBounds,
    pub(super) round: u32,
    pub(super) current: Option<InstanceId>,
    pub(super) again: Option<Arc<Json>>,
    pub(super) result: Arc<Json>,
}

/// The kinds of state that a run counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Quiet,
    Busy,
    Waiting,
    Doubtful,
    Ended,
}

impl NodeState {
    pub(super) fn class(&self) -> Class {
        match self {
            Self::Idle(_) | Self::ForEach(_) | Self::Loop(_) => Class::Quiet,
            Self::Ready { .. } | Self::Running { .. } => Class::Busy,
            Self::Retrying { .. } | Self::Waiting { .. } | Self::Calling { .. } => Class::Waiting,
            Self::InDoubt { .. } => Class::Doubtful,
            Self::Failed { handled: false, .. } => Class::Quiet,
            Self::Done { .. } | Self::Skipped | Self::Failed { .. } => Class::Ended,
        }
    }

    /// The input of a step that has begun and not ended.
    pub(super) fn input(&self) -> Option<&Arc<Json>> {
        match self {
            Self::Ready { input, .. }
            | Self::Running { input, .. }
            | Self::Retrying { input, .. }
            | Self::Waiting { input, .. }
            | Self::Calling { input, .. }
            | Self::InDoubt { input, .. }
            | Self::Failed { input, .. } => Some(input),
            Self::ForEach(state) => Some(&state.input),
            Self::Loop(state) => Some(&state.input),
            Self::Idle(_) | Self::Done { .. } | Self::Skipped => None,
        }
    }
}

/// Where a step stands, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Edges into it are undecided.
    Pending,
    /// About to run.
    Ready,
    /// Running.
    Running,
    /// Failed once; will be tried again.
    Retrying,
    /// Waiting for a moment, an event, a person, another run.
    Waiting,
    /// A person must decide whether it happened.
    InDoubt,
    /// Its body is running.
    Looping,
    /// Done.
    Done,
    /// Ruled out.
    Skipped,
    /// Failed for good.
    Failed,
}

/// A node of the workflow's own scope, for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepView {
    /// Key of the node.
    pub node: String,
    /// Where it stands.
    pub state: StepState,
    /// Nodes whose edges are still undecided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<String>,
}
