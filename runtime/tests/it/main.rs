//! The program as users meet it: the real binary, over HTTP and the command line.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall say where")]

mod bad_input;
mod conversation;
mod examples;
mod generated;
mod kill;
mod secrets;
mod server;
mod stop;
mod store;
mod trouble;
mod verify;
