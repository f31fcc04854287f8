//! The program as users meet it: the real binary, over HTTP and the command line.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall say where")]

mod approvals;
mod bad_input;
mod bus;
mod conversation;
mod drawing;
mod examples;
mod generated;
mod idempotency;
mod kill;
mod mail;
mod postgres;
mod quotations;
mod retention;
mod secrets;
mod send;
mod server;
mod simulate;
mod stop;
mod store;
mod trouble;
mod verify;
mod waits;
mod wakes;
mod webhooks;
