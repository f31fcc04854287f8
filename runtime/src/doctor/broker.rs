//! The broker: whether it lets us in, what version it has, whether everything is laid out as it should
//! be, and what waits there. Lays nothing out and takes nothing.

use std::time::Duration;

use lapin::uri::AMQPScheme;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::Finding;
use crate::{
    bus::{RabbitMq, Trouble},
    config::Config,
};

/// At-least-once dead lettering came with it.
const OLDEST: (u32, u32) = (3, 10);
/// More events in the queue than this have not been taken for a while.
const DEEP: u32 = 10_000;
/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(5);

fn told(about: &'static str, trouble: Trouble) -> Finding {
    Finding::bad(about, trouble.message, trouble.mend)
}

pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let Some(url) = &config.amqp.url else {
        return vec![Finding::good("broker", "none: events travel within the server (amqp.url)")];
    };
    let broker = RabbitMq::new(url.clone(), &config.amqp);
    let mut found = Vec::new();
    if url.scheme == AMQPScheme::AMQP {
        found.extend(version(&url.authority.host, url.authority.port).await);
    }
    match broker.examine().await {
        Err(trouble) => found.push(told("broker", trouble)),
        Ok(seen) => {
            found.push(Finding::good("broker", format!("{} lets us in", broker.place())));
            found.push(match seen.work {
                None => Finding::warning(
                    "queue",
                    format!("{} is not there yet", broker.work),
                    "The first `masar serve` with this amqp.url lays it out",
                ),
                Some((count, 0)) => Finding::warning(
                    "queue",
                    format!("{count} events in {}, and nobody takes them", broker.work),
                    "Start a server",
                ),
                Some((count, consumers)) if count > DEEP => Finding::warning(
                    "queue",
                    format!("{count} events in {}, taken by {consumers}", broker.work),
                    "More comes than is carried out: see masar_queue_depth, and what the runs wait for",
                ),
                Some((count, consumers)) => {
                    Finding::good("queue", format!("{count} events in {}, taken by {consumers}", broker.work))
                }
            });
            if let Some((count @ 1.., _)) = seen.dead {
                found.push(Finding::warning(
                    "queue",
                    format!("{count} dead letters in {}", broker.dead),
                    "A running server takes them into the store, where `masar dead list` shows them",
                ));
            }
            if let Some(trouble) = seen.mismatch {
                found.push(told("queue", trouble));
            }
        }
    }
    found
}

/// What the broker says of itself in its first words (AMQP 0-9-1, connection.start), before any log-in.
async fn version(host: &str, port: u16) -> Option<Finding> {
    let greet = async {
        let mut stream = TcpStream::connect((host, port)).await.ok()?;
        stream.write_all(b"AMQP\x00\x00\x09\x01").await.ok()?;
        // A frame's head: type, channel, size of the payload.
        let mut head = [0; 7];
        stream.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
        let mut payload = vec![0; usize::try_from(length).ok().filter(|length| *length < 65_536)?];
        stream.read_exact(&mut payload).await.ok()?;
        // Of the table only this field: its name as a short string, then S and a long string.
        let name = b"\x07versionS";
        let at = payload.windows(name.len()).position(|window| window == name)? + name.len();
        let length = u32::from_be_bytes(payload.get(at..at + 4)?.try_into().ok()?) as usize;
        String::from_utf8(payload.get(at + 4..at + 4 + length)?.to_vec()).ok()
    };
    let version = tokio::time::timeout(PATIENCE, greet).await.ok()??;
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    let number = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    Some(if number < OLDEST {
        Finding::bad(
            "broker",
            format!("RabbitMQ {version} is too old"),
            format!("{}.{} or newer is needed: it loses no dead letters on their way", OLDEST.0, OLDEST.1),
        )
    } else {
        Finding::good("broker", format!("RabbitMQ {version}"))
    })
}
