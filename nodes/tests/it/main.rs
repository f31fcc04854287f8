//! The node types against real peers on loopback, and the catalogue against its own promises.

mod email;
mod http;
mod peer;
mod smtp;
mod world;
