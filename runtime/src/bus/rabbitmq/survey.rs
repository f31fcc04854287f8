//! What there is on a broker, without changing it. Called by `masar doctor`.

use lapin::{
    Channel, Connection, ErrorKind,
    options::QueueDeclareOptions,
    protocol::{AMQPErrorKind, AMQPSoftError},
    types::FieldTable,
};

use super::{RabbitMq, Trouble, topology};
use crate::bus::cloudevent::short;

/// What was seen.
#[derive(Debug)]
pub struct Survey {
    /// Messages and consumers of the queue of work; none where it is not laid out.
    pub work: Option<(u32, u32)>,
    /// The same of the dead letters.
    pub dead: Option<(u32, u32)>,
    /// What is laid out differently.
    pub mismatch: Option<Trouble>,
}

impl RabbitMq {
    /// Looks at the broker.
    pub async fn examine(&self) -> Result<Survey, Trouble> {
        let connection = self.connect("masar: doctor").await?;
        let work = self.queue(&connection, &self.work).await?;
        let dead = self.queue(&connection, &self.dead).await?;
        let mut mismatch = None;
        // What is there is laid out again, which changes nothing and tells whether it fits.
        if work.is_some() && dead.is_some() {
            let channel = self.channel(&connection).await?;
            mismatch = topology::declare(&channel, self).await.err();
        }
        let _ = connection.close(200, short("seen")).await;
        Ok(Survey { work, dead, mismatch })
    }

    async fn channel(&self, connection: &Connection) -> Result<Channel, Trouble> {
        connection.create_channel().await.map_err(|error| Trouble::explain(&error, self))
    }

    async fn queue(&self, connection: &Connection, name: &str) -> Result<Option<(u32, u32)>, Trouble> {
        // A question for what is not there ends the channel.
        let channel = self.channel(connection).await?;
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        match channel.queue_declare(short(name), passive, FieldTable::default()).await {
            Ok(queue) => Ok(Some((queue.message_count(), queue.consumer_count()))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(Trouble::explain(&error, self)),
        }
    }
}

fn is_missing(error: &lapin::Error) -> bool {
    let ErrorKind::ProtocolError(said) = error.kind() else { return false };
    matches!(said.kind(), AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND))
}
