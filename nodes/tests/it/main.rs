//! The node types against real peers on loopback, and the catalogue against its own promises.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod catalogue;
mod crm;
mod docs;
mod email;
mod flow;
mod http;
mod peer;
mod pure;
mod smtp;
mod types;
mod world;
