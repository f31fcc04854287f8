//! Who may do what, and what must stay secret.

pub mod mask;
mod private_file;
pub mod rotation;
pub mod token;
pub mod vault;
