//! The program `masar`.
fn main() {}
