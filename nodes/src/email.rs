//! Family `email`: mail out by SMTP. Not here: receiving mail. The transports are pooled per credential.

mod address;
mod mailer;
mod send;

pub use mailer::Mailer;
pub(crate) use send::node as send;
