//! The hash chain of a run: each record's hash covers its bytes and the hash of the one before,
//! so nothing can be changed, removed or swapped without every later hash showing it.

use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// The head of a run's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain(Hash);

impl Chain {
    /// Before the first record. The run's id is mixed in, so that journals cannot be swapped between runs.
    pub fn of_run(run: crate::RunId) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"masar journal 1\n");
        digest.update(run.0.as_bytes());
        Self(digest.finalize().into())
    }

    /// Goes on from a stored head.
    pub fn resume(head: Hash) -> Self {
        Self(head)
    }

    /// Adds a record's bytes as they are stored.
    pub fn append(&mut self, record: &[u8]) -> Hash {
        let mut digest = Sha256::new();
        digest.update(self.0);
        digest.update(record);
        self.0 = digest.finalize().into();
        self.0
    }

    /// The hash of the newest record.
    pub fn head(&self) -> Hash {
        self.0
    }
}
