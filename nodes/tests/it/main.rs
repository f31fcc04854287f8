//! The node types against real peers on loopback, and the catalogue against its own promises.

mod http;
mod peer;
mod world;
