//! Bringing the write-ahead log into the database file beside the writing, on a thread and a
//! connection of its own: done by the writer, each checkpoint would hold up every run that waits for
//! its commit. A passive checkpoint blocks nobody (sqlite.org/wal.html); what it leaves because the
//! writer went on meanwhile, the writer does itself once the log is long.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use rusqlite::Connection;

/// Commits between two checkpoints.
const COMMITS: u32 = 100;
/// Pages of the log at which the writer takes part, 32 MB.
pub(super) const LONG: u32 = 4_000;

/// Counts commits for the thread.
pub(super) struct Checkpoints {
    since: u32,
    due: SyncSender<()>,
}

impl Checkpoints {
    /// Starts the thread; it ends with this value.
    pub(super) fn start(conn: Connection) -> std::io::Result<Self> {
        let (due, asked) = sync_channel(1);
        std::thread::Builder::new().name("masar-checkpoint".into()).spawn(move || run(&conn, &asked))?;
        Ok(Self { since: 0, due })
    }

    /// One more commit.
    pub(super) fn committed(&mut self) {
        self.since += 1;
        if self.since >= COMMITS {
            // Full: one is due already. Gone: the writer checkpoints alone.
            if let Ok(()) | Err(TrySendError::Disconnected(())) = self.due.try_send(()) {
                self.since = 0;
            }
        }
    }
}

fn run(conn: &Connection, asked: &Receiver<()>) {
    while asked.recv().is_ok() {
        if let Err(error) = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            tracing::warn!(error = %error, "the write-ahead log could not be brought into the database file");
        }
    }
}
