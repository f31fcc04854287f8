//! The program `masar`: stores, bus, executor, scheduler, HTTP API, command line.
//!
//! What travels: event → [`dispatch`] → [`execute`] → node → [`store`] → [`api`]. The engine
//! decides, this crate acts: it alone owns tasks, sockets, files and the clock.

pub mod access;
pub mod api;
pub mod app;
pub mod approval;
pub mod bus;
pub mod cli;
pub mod clock;
pub mod config;
pub mod core;
pub mod dispatch;
pub mod doctor;
pub mod execute;
pub mod observe;
pub mod report;
pub mod retention;
pub mod schedule;
pub mod signature;
pub mod store;
pub mod verify;
pub mod wake;
