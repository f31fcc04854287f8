//! Events over RabbitMQ: connections that come back by themselves, and what is laid out on the
//! broker. Not here: what an event starts (`dispatch`). Called by [`super::Bus`].
//!
//! One task owns a connection and everything on it. When anything of it fails, all of it is dropped
//! and made anew: what was not confirmed is published again from the outbox, what was not
//! acknowledged is handed out again and known by its id. So no acknowledgement can meet the wrong
//! connection, and none is lost.

mod consumer;
mod dead;
mod publisher;
mod survey;
mod topology;
mod trouble;

use std::{sync::Arc, time::Duration};

use lapin::{Connection, ConnectionProperties, uri::AMQPUri};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use survey::Survey;
pub use trouble::Trouble;

use super::{Health, Lane};
use crate::{config::Amqp, core::Core, dispatch::Dispatcher, execute::Executor};

/// A broker that does not answer within this is not there.
const PATIENCE: Duration = Duration::from_secs(10);
/// A broker that does not confirm within this has a fault, or is short of memory or disk.
const CONFIRMED: Duration = Duration::from_secs(30);
/// Pauses between attempts to connect, from the first to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(3));
/// Seconds between signs of life, where the URL does not say.
const HEARTBEAT: u16 = 10;

/// The way to a broker and the names there.
#[derive(Debug)]
pub struct RabbitMq {
    uri: AMQPUri,
    /// The topic exchange of the events.
    pub exchange: String,
    /// The queue of events that are to start runs.
    pub work: String,
    /// The exchange and the queue of what could not be taken.
    pub dead: String,
    prefetch: u16,
    delivery_limit: u32,
    /// What is known about the connections.
    pub health: Health,
}

impl RabbitMq {
    /// A broker by its URL; nothing is connected yet.
    pub fn new(mut uri: AMQPUri, config: &Amqp) -> Self {
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        let stem = stem(&config.exchange);
        Self {
            uri,
            exchange: config.exchange.clone(),
            work: format!("{stem}.work"),
            dead: format!("{stem}.dead"),
            prefetch: config.prefetch,
            delivery_limit: config.delivery_limit,
            health: Health::default(),
        }
    }

    /// How the names of the queues begin.
    fn stem(&self) -> &str {
        stem(&self.exchange)
    }

    /// Where it is, without the password.
    pub fn place(&self) -> String {
        let authority = &self.uri.authority;
        format!("{}://{}:{}", self.uri.scheme, authority.host, authority.port)
    }

    /// Connects once.
    pub async fn connect(&self, name: &str) -> Result<Connection, Trouble> {
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        match tokio::time::timeout(PATIENCE, Connection::connect_uri(self.uri.clone(), properties)).await {
            Ok(connected) => connected.map_err(|error| Trouble::explain(&error, self)),
            Err(_) => Err(Trouble::silent(self)),
        }
    }

    /// Starts both lanes.
    pub(super) fn start(
        self: &Arc<Self>,
        loops: &TaskTracker,
        core: &Arc<Core>,
        dispatcher: &Arc<Dispatcher>,
        executor: &Arc<Executor>,
    ) {
        let (broker, shared) = (self.clone(), core.clone());
        loops.spawn(async move {
            broker.keep(Lane::Publish, &shared, || publisher::session(&broker, &shared)).await;
        });
        let (broker, shared) = (self.clone(), core.clone());
        let (dispatcher, executor) = (dispatcher.clone(), executor.clone());
        loops.spawn(async move {
            let session = || consumer::session(&broker, &shared, &dispatcher, &executor);
            broker.keep(Lane::Consume, &shared, session).await;
        });
    }

    /// Holds a session as long as the program runs: one that ends with trouble is begun anew.
    async fn keep<F: Future<Output = Result<(), Trouble>>>(
        &self,
        lane: Lane,
        core: &Core,
        session: impl Fn() -> F,
    ) {
        let mut pause = PAUSES.0;
        let mut told = None;
        loop {
            let Err(trouble) = session().await else { return };
            if self.health.is_up(lane) {
                // It had been well: a new beginning.
                pause = PAUSES.0;
                told = None;
            }
            self.health.set(lane, Some(trouble.clone()));
            core.metrics.bus("reconnected", 1);
            // Once for each kind of trouble; a broker that is away for an hour is one line.
            if told.as_ref() != Some(&trouble) {
                tracing::error!(lane = ?lane, code = trouble.code, error = %trouble, "the bus does not carry; it is tried again until it does");
                told = Some(trouble);
            }
            if sleep(jitter(pause, core), &core.stopping).await {
                return;
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// The session stands, and does not carry.
    fn down(&self, lane: Lane, trouble: Trouble) {
        if self.health.is_up(lane) {
            tracing::error!(lane = ?lane, code = trouble.code, error = %trouble, "the bus does not carry");
        }
        self.health.set(lane, Some(trouble));
    }

    /// The session stands.
    fn up(&self, lane: Lane) {
        if !self.health.is_up(lane) {
            tracing::info!(lane = ?lane, broker = %self.place(), "connected to RabbitMQ");
        }
        self.health.set(lane, None);
    }
}

fn stem(exchange: &str) -> &str {
    exchange.strip_suffix(".events").unwrap_or(exchange)
}

/// Between half of the pause and all of it, so that many processes do not come back at once.
fn jitter(pause: Duration, core: &Core) -> Duration {
    let chance = core.clock.now().0.unsigned_abs() % 1000;
    pause / 2 + pause.mul_f64(chance as f64 / 2000.0)
}

/// Waits; true where the program is to stop instead.
async fn sleep(pause: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(pause) => false,
        () = stop.cancelled() => true,
    }
}
