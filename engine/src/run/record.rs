//! The journal's records: facts, serialised once and never rewritten. New variants and optional
//! fields may be added; what exists stays readable for ever.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RunStatus;
use crate::{
    Json, RunId, Sequence, StepError, Timestamp, WorkflowId,
    node::{CallWorkflow, ItemFailure, LoopBounds, Wait},
    value::Part,
};

/// A step as text: `check` in the workflow itself, `each[3].check` in the fourth iteration of `each`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct StepRef(pub Arc<str>);

impl std::fmt::Display for StepRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known of a run when it begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// The moment.
    #[serde(rename = "t")]
    pub at: Timestamp,
    /// The run.
    pub run: RunId,
    /// The workflow.
    pub workflow: WorkflowId,
    /// Content hash of the version, hexadecimal.
    pub version: String,
    /// Number of the version; 0 for a draft under test.
    pub number: u32,
    /// Id, source and type of the event.
    pub event: EventRef,
    /// SHA-256 of the event's data as stored, hexadecimal; the data itself lies with the event.
    pub digest: String,
    /// Key of the trigger that fired.
    pub trigger: String,
    /// Whether it is a test run of a draft.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// Workspace variables, where the workflow reads any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vars: Option<Arc<Json>>,
    /// Time zone of dates in expressions.
    pub zone: String,
    /// Outputs given instead of computed, by node key: pinned in a test, or kept from an earlier run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pins: BTreeMap<String, Pin>,
    /// The run and step that called this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The run that this one repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<RunId>,
}

/// What names an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventRef {
    /// Event id.
    pub id: String,
    /// Event source.
    pub source: String,
    /// Event type.
    #[serde(rename = "type")]
    pub event_type: String,
}

/// An output given instead of computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pin {
    /// The port it leaves by.
    pub port: String,
    /// The output.
    pub value: Arc<Json>,
}

/// Who called a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parent {
    /// The calling run.
    pub run: RunId,
    /// The calling step.
    pub step: StepRef,
    /// The token to report the end with.
    pub token: Sequence,
}

/// One fact of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "k", rename_all = "snake_case")]
pub enum Record {
    /// The run began.
    Started(Box<Header>),
    /// A step is done.
    Done {
        /// The step.
        #[serde(rename = "s")]
        step: StepRef,
        /// When.
        #[serde(rename = "t")]
        at: Timestamp,
        /// How long it took, microseconds.
        #[serde(rename = "d", default, skip_serializing_if = "is_zero")]
        took: u64,
        /// Which try.
        #[serde(rename = "a", default = "one", skip_serializing_if = "is_one")]
        attempt: u16,
        /// The port it left by.
        #[serde(rename = "p")]
        port: String,
        /// The output; absent where the input was passed through.
        #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
        value: Option<Arc<Json>>,
        /// Who or what ended a wait, or `pin`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// An external call is about to be made.
    Intent {
        /// The step.
        #[serde(rename = "s")]
        step: StepRef,
        /// When.
        #[serde(rename = "t")]
        at: Timestamp,
        /// Which try.
        #[serde(rename = "a")]
        attempt: u16,
        /// The idempotency key that goes with it.
        key: String,
        /// The resolved parameters, secrets masked.
        #[serde(rename = "v")]
        parameters: Arc<Json>,
    },
    /// A try failed.
    Failed {
        /// The step.
        #[serde(rename = "s")]
        step: StepRef,
        /// When.
        #[serde(rename = "t")]
        at: Timestamp,
        /// How long it took, microseconds.
        #[serde(rename = "d", default, skip_serializing_if = "is_zero")]
        took: u64,
        /// Which try.
        #[serde(rename = "a")]
        attempt: u16,
        /// Why.
        #[serde(rename = "e")]
        error: StepError,
        /// When it is tried again; absent where it is not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Timestamp>,
        /// Whether it ends the run whatever hangs on `error`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        fatal: bool,
    },
    /// A step waits.
    Waiting {
        /// The step.
        #[serde(rename = "s")]
        step: StepRef,
        /// Since when.
        #[serde(rename = "t")]
        at: Timestamp,
        /// What for.
        #[serde(rename = "v")]
        wait: Wait,
    },
    /// A `for_each` began.
    Opened {
        /// The step.
        #[serde(rename = "s")]
        step: StepRef,
        /// When.
        #[serde(rename = "t")]
        at: Timestamp,
        /// The items.
        #[serde(rename = "v")]
        #[schemars(with = "Json")]
        items: Part,
        /// Bodies at the same time.
        parallel: u32,
        /// What a failed body leads to.
        on_error: ItemFailure,
    },
    /// A `loop` began.
    Looping {
        /// The step.
        #[serde(rename = "s")]
        step: StepRef,
        /// When.
        #[serde(rename = "t")]
        at: Timestamp,
        /// Its bounds.
        bounds: LoopBounds,
    },
    /// A `loop` began another round.
    Round {
        /// The step.
        #[serde(rename = "s")]
        step: StepRef,
        /// When.
        #[serde(rename = "t")]
        at: Timestamp,
    },
    /// A loop is through; its output is collected from what the journal already says.
    Closed {
        /// The step.
        #[serde(rename = "s")]
        step: StepRef,
        /// When.
        #[serde(rename = "t")]
        at: Timestamp,
    },
    /// Another workflow was called.
    Calling {
        /// The step.
        #[serde(rename = "s")]
        step: StepRef,
        /// When.
        #[serde(rename = "t")]
        at: Timestamp,
        /// What was called.
        call: CallWorkflow,
    },
    /// Whether an external call happened is unknown; a person decides.
    InDoubt {
        /// The step.
        #[serde(rename = "s")]
        step: StepRef,
        /// When that was found.
        #[serde(rename = "t")]
        at: Timestamp,
        /// Which try.
        #[serde(rename = "a")]
        attempt: u16,
    },
    /// A person decided that a step in doubt is to be tried again.
    TryAgain {
        /// The step.
        #[serde(rename = "s")]
        step: StepRef,
        /// When.
        #[serde(rename = "t")]
        at: Timestamp,
        /// Who.
        by: String,
    },
    /// A failed run goes on from where it failed.
    Resumed {
        /// When.
        #[serde(rename = "t")]
        at: Timestamp,
        /// Who asked for it.
        by: String,
    },
    /// The run is over.
    Ended {
        /// When.
        #[serde(rename = "t")]
        at: Timestamp,
        /// How.
        status: RunStatus,
        /// Why, where it did not succeed.
        #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
        error: Option<StepError>,
        /// The step that failed.
        #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
        step: Option<StepRef>,
        /// What `flow.stop` gave.
        #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
        result: Option<Arc<Json>>,
        /// Who cancelled it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

impl Record {
    /// The step that it speaks of.
    pub fn step(&self) -> Option<&StepRef> {
        match self {
            Self::Started(_) | Self::Resumed { .. } => None,
            Self::Ended { step, .. } => step.as_ref(),
            Self::Done { step, .. }
            | Self::Intent { step, .. }
            | Self::Failed { step, .. }
            | Self::Waiting { step, .. }
            | Self::Opened { step, .. }
            | Self::Looping { step, .. }
            | Self::Round { step, .. }
            | Self::Closed { step, .. }
            | Self::Calling { step, .. }
            | Self::InDoubt { step, .. }
            | Self::TryAgain { step, .. } => Some(step),
        }
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Started(header) => header.at,
            Self::Done { at, .. }
            | Self::Intent { at, .. }
            | Self::Failed { at, .. }
            | Self::Waiting { at, .. }
            | Self::Opened { at, .. }
            | Self::Looping { at, .. }
            | Self::Round { at, .. }
            | Self::Closed { at, .. }
            | Self::Calling { at, .. }
            | Self::InDoubt { at, .. }
            | Self::TryAgain { at, .. }
            | Self::Resumed { at, .. }
            | Self::Ended { at, .. } => *at,
        }
    }
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

fn one() -> u16 {
    1
}

fn is_one(value: &u16) -> bool {
    *value == 1
}
