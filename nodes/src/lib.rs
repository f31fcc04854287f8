//! Masar.
