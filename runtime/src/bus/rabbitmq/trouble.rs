//! What can be wrong between Masar and a broker, in words that say what to do. Not here: what is
//! wrong with a single message (`bus::cloudevent`).

use lapin::{ErrorKind, protocol::AMQPErrorKind};

use super::RabbitMq;

/// Why events do not travel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}. {mend}")]
pub struct Trouble {
    /// Stable code.
    pub code: &'static str,
    /// What happened, where.
    pub message: String,
    /// What to do about it.
    pub mend: String,
}

impl Trouble {
    fn new(code: &'static str, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { code, message: message.into(), mend: mend.into() }
    }

    pub(crate) fn connecting() -> Self {
        Self::new("bus.connecting", "the first connection to RabbitMQ is being made", "Wait a moment")
    }

    pub(super) fn silent(broker: &RabbitMq) -> Self {
        Self::new(
            "bus.unreachable",
            format!("RabbitMQ at {} does not answer", broker.place()),
            "Check that it runs and that nothing between here and there swallows the connection; amqps:// and amqp:// have different ports",
        )
    }

    pub(super) fn lost(broker: &RabbitMq, what: &str) -> Self {
        Self::new(
            "bus.lost",
            format!("the connection to RabbitMQ at {} was lost: {what}", broker.place()),
            "Nothing is lost: it is made anew, and what was not confirmed is sent again",
        )
    }

    pub(super) fn unconfirmed(broker: &RabbitMq) -> Self {
        Self::new(
            "bus.unconfirmed",
            format!("RabbitMQ at {} takes no events", broker.place()),
            "It is short of memory or disk, or a queue has no leader: see the alarms in `rabbitmqctl status`, and the queues. The events stay in the outbox",
        )
    }

    pub(super) fn returned(broker: &RabbitMq, event_type: &str, why: &str) -> Self {
        Self::new(
            "bus.unroutable",
            format!(
                "no queue takes events of the type {event_type} from the exchange {}: {why}",
                broker.exchange
            ),
            format!(
                "The events stay in the outbox. The queue {} must be bound to the exchange with the key #; Masar binds it anew if it may",
                broker.work
            ),
        )
    }

    pub(super) fn refused(broker: &RabbitMq, event_type: &str) -> Self {
        Self::new(
            "bus.refused",
            format!("RabbitMQ at {} refused an event of the type {event_type}", broker.place()),
            format!(
                "The queue {} is full or has no leader: see its page in RabbitMQ. The event stays in the outbox",
                broker.work
            ),
        )
    }

    /// What an error of the broker or of the connection means.
    pub(super) fn explain(error: &lapin::Error, broker: &RabbitMq) -> Self {
        let place = broker.place();
        let authority = &broker.uri.authority;
        let (user, vhost) = (&authority.userinfo.username, &broker.uri.vhost);
        match error.kind() {
            ErrorKind::ProtocolError(said) => {
                let id = match said.kind() {
                    AMQPErrorKind::Soft(kind) => kind.get_id(),
                    AMQPErrorKind::Hard(kind) => kind.get_id(),
                };
                let text = said.get_message().to_string();
                match id {
                    // ACCESS_REFUSED: at the log-in, or for a thing.
                    403 if text.contains("access to") || text.contains("permission") => Self::new(
                        "bus.permission",
                        format!("RabbitMQ at {place} does not permit it: {text}"),
                        format!(
                            "Permit it: rabbitmqctl set_permissions -p {vhost} {user} '^{stem}\\.' '^{stem}\\.' '^{stem}\\.'",
                            stem = broker.stem().replace('.', "\\.")
                        ),
                    ),
                    403 => Self::new(
                        "bus.login",
                        format!("RabbitMQ at {place} refuses the user {user}: {text}"),
                        "Check user and password in amqp.url (MASAR_AMQP_URL); the user guest may log in from its own machine alone",
                    ),
                    // NOT_ALLOWED.
                    530 => Self::new(
                        "bus.vhost",
                        format!(
                            "RabbitMQ at {place} does not let {user} into the virtual host \"{vhost}\": {text}"
                        ),
                        format!(
                            "Make it (rabbitmqctl add_vhost {vhost}) and let the user in (rabbitmqctl set_permissions -p {vhost} {user} '.*' '.*' '.*'), or correct the end of amqp.url; the host / is written %2f"
                        ),
                    ),
                    // PRECONDITION_FAILED: it is there with other arguments; the text tells which.
                    406 => Self::new(
                        "bus.mismatch",
                        format!(
                            "RabbitMQ at {place} has something of that name which is laid out differently: {text}"
                        ),
                        "Set the setting to what is there (amqp.delivery_limit), take other names (amqp.exchange), or, when the queue is empty, delete it: Masar makes it anew",
                    ),
                    404 => Self::new(
                        "bus.missing",
                        format!("something is gone on RabbitMQ at {place}: {text}"),
                        "It is laid out anew",
                    ),
                    320 => Self::lost(broker, &text),
                    _ => Self::new(
                        "bus.broker",
                        format!("RabbitMQ at {place} says {id} {text}"),
                        "See its log",
                    ),
                }
            }
            ErrorKind::IOError(error) => Self::new(
                "bus.unreachable",
                format!("RabbitMQ at {place} cannot be reached: {error}"),
                "Check that it runs, the host and the port in amqp.url (5672 for amqp://, 5671 for amqps://), and with amqps:// that this machine trusts its certificate",
            ),
            ErrorKind::MissingHeartbeatError => Self::lost(broker, "it gave no sign of life"),
            other => Self::lost(broker, &format!("{other:?}")),
        }
    }
}
