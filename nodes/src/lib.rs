//! The built-in node types: what each declares (manifest, texts in English and Arabic, examples)
//! and what it does. Not here: when a node runs, and what becomes of its outcome.
//!
//! The way through: [`Catalogue::builtin`] holds every type; the engine takes the pure ones from it
//! by [`masar_engine::Catalogue`], the executor runs the others by their [`Behaviour`]: a
//! [`Transactional`] one inside the transaction of its journal record, an [`External`] one with the
//! [`World`].

pub mod catalogue;
pub mod credential;
mod crm;
mod data;
mod declare;
pub mod docs;
pub mod email;
mod event;
mod flow;
mod http;
mod moment;
pub mod net;
pub mod node;
mod prepare;
pub mod trigger;
mod webhook;
pub mod world;

pub use catalogue::{Catalogue, NodeType};
pub use crm::crm_fields;
pub use node::{Behaviour, External, ResolvedCall, Transactional, Tx};
pub use world::{Limits, Opened, Secret, Vault, World};
