//! Who may do what, and what must stay secret.

pub mod mask;
pub mod token;
pub mod vault;
