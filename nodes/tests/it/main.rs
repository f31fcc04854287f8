//! The node types against real peers on loopback, and the catalogue against its own promises.

mod catalogue;
mod docs;
mod email;
mod flow;
mod http;
mod peer;
mod pure;
mod smtp;
mod world;
