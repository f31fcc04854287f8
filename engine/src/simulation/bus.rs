//! A model of the message bus: what is published may be lost before it is confirmed, doubled,
//! reordered and delayed, and is delivered again until it is acknowledged.

use super::chance::Chance;

/// What travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Message {
    /// The event with this number, which wants a run.
    Event(u64),
    /// An event that a step wrote.
    Outgoing(String),
}

#[derive(Debug, Default)]
pub(super) struct Bus {
    pub(super) under_way: Vec<Message>,
}

impl Bus {
    /// Publishes; whether the publisher heard of it. Where not, the message may be there or not.
    pub(super) fn publish(&mut self, message: &Message, chance: &mut Chance, trouble: bool) -> bool {
        let fate = if trouble { chance.below(8) } else { 7 };
        match fate {
            0 => return false,
            1 => self.under_way.push(message.clone()),
            _ => {}
        }
        self.under_way.push(message.clone());
        fate != 2
    }

    /// The place of some message: not the oldest, any.
    pub(super) fn some(&self, chance: &mut Chance) -> Option<usize> {
        (!self.under_way.is_empty()).then(|| chance.below(self.under_way.len()))
    }

    /// It is done with and will not come again.
    pub(super) fn acknowledge(&mut self, message: &Message) {
        if let Some(at) = self.under_way.iter().position(|other| other == message) {
            self.under_way.swap_remove(at);
        }
    }
}
