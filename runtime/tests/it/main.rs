//! The program as users meet it: the real binary, over HTTP and the command line.

mod bad_input;
mod conversation;
mod generated;
mod kill;
mod server;
