//! Mail out by SMTP. Not here: receiving mail. The transports are pooled per credential.

mod mailer;

pub use mailer::Mailer;
