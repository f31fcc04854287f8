//! How events travel from where they happen to where runs start: over the outbox table of the
//! store alone, or over RabbitMQ. Not here: what an event starts (`dispatch`). Called by `App`.

pub mod cloudevent;
mod embedded;
pub mod rabbitmq;
pub mod reason;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use tokio_util::task::TaskTracker;

pub use rabbitmq::{RabbitMq, Trouble};

use crate::{core::Core, dispatch::Dispatcher, execute::Executor};

/// How events travel.
pub enum Bus {
    /// Within this process: the outbox table is the queue.
    Embedded,
    /// Over a RabbitMQ, with everybody else who is connected to it.
    RabbitMq(Arc<RabbitMq>),
}

impl Bus {
    /// The bus of these settings.
    pub fn new(config: &crate::config::Amqp) -> Self {
        match &config.url {
            None => Self::Embedded,
            Some(url) => Self::RabbitMq(Arc::new(RabbitMq::new(url.clone(), config))),
        }
    }

    /// Starts the loops that carry events, until the program is to stop.
    pub fn start(
        &self,
        loops: &TaskTracker,
        core: &Arc<Core>,
        dispatcher: &Arc<Dispatcher>,
        executor: &Arc<Executor>,
    ) {
        match self {
            Self::Embedded => {
                loops.spawn(embedded::relay(core.clone(), dispatcher.clone(), core.stopping.clone()));
            }
            Self::RabbitMq(broker) => broker.start(loops, core, dispatcher, executor),
        }
    }

    /// Why events do not travel now, where they do not.
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Embedded => None,
            Self::RabbitMq(broker) => broker.health.trouble(),
        }
    }
}

/// Things in the order in which they came, gathered by subject: whoever does them one after the other
/// within a subject and the subjects side by side keeps each subject's order even when a crash comes
/// in between. What has no subject has no order.
fn by_subject<'a, T>(items: impl Iterator<Item = (Option<&'a str>, T)>) -> Vec<Vec<T>> {
    let mut chains: Vec<Vec<T>> = Vec::new();
    let mut of_subject: HashMap<&str, usize> = HashMap::new();
    for (subject, item) in items {
        match subject.map(|subject| *of_subject.entry(subject).or_insert(chains.len())) {
            Some(known) if known < chains.len() => chains[known].push(item),
            _ => chains.push(vec![item]),
        }
    }
    chains
}

/// What makes a second arrival of an event the same one, whichever way it comes.
pub(crate) fn dedup_key(source: &str, id: &str) -> String {
    format!("event\n{source}\n{id}")
}

/// What is known about the connections to a broker: one carries events there, one takes them.
#[derive(Debug)]
pub struct Health([RwLock<Option<Trouble>>; 2]);

/// A connection to the broker, by what it is for. They are two, since a broker that is short of
/// memory stops reading from whoever publishes, and what was taken must still be acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// From the outbox to the broker.
    Publish = 0,
    /// From the broker to the dispatcher.
    Consume = 1,
}

impl Default for Health {
    fn default() -> Self {
        let first = || RwLock::new(Some(Trouble::connecting()));
        Self([first(), first()])
    }
}

impl Health {
    fn set(&self, lane: Lane, trouble: Option<Trouble>) {
        *self.0[lane as usize].write().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    fn is_up(&self, lane: Lane) -> bool {
        self.0[lane as usize].read().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn trouble(&self) -> Option<Trouble> {
        self.0.iter().find_map(|lane| lane.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}
