//! Whether the log of a run is what was written: order and hash of every record, the event that the
//! run began with, and the end that its row tells of. Not here: keeping it. Called by the API, and by
//! `masar verify` on a data folder, without a server.

use masar_engine::{RunId, run::Record};

use crate::{
    core::Core,
    dispatch::hex,
    execute::{Journal, JournalError},
    store::{RunRow, Store, StoreError},
};

/// What is wrong with a run's log.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A record was changed, removed or put in between.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A piece of the journal cannot even be unpacked.
    #[error("the journal of run {0} cannot be read: {1}")]
    Unreadable(RunId, StoreError),
    /// The first record is not that of this run.
    #[error("the journal of run {0} does not begin with its start")]
    NoStart(RunId),
    /// The stored event is another than the one the run began with.
    #[error("the event of run {0} was altered: its digest is not the one in the journal")]
    Event(RunId),
    /// The journal stops before the end that the row tells of.
    #[error("the journal of run {run} was cut off: the run has {status}, but its end is not in the journal")]
    CutOff {
        /// The run.
        run: RunId,
        /// The word of its row.
        status: &'static str,
    },
    /// Records without a run.
    #[error("run {0} has a journal, but its row was removed")]
    NoRow(RunId),
}

/// A log without faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intact {
    /// Its records.
    pub records: usize,
    /// The hash of the newest, in hexadecimal.
    pub head: String,
}

/// Checks a run. The outer error is the store's own: then nothing is known.
pub async fn run(store: &Store, row: &RunRow) -> Result<Result<Intact, Fault>, StoreError> {
    let run = row.id;
    let segments = match store.journal(run).await {
        Ok(segments) => segments,
        Err(error @ StoreError::Damaged(_)) => {
            return Ok(Err(Fault::Unreadable(run, error)));
        }
        Err(error) => return Err(error),
    };
    let mut journal = Journal::new(run);
    let (mut first, mut last, mut records) = (None, None, 0);
    for segment in segments {
        match journal.read(segment.first, &segment.hash, &segment.body) {
            Ok(read) => {
                records += read.len();
                let mut read = read.into_iter();
                if first.is_none() {
                    first = read.next();
                }
                last = read.next_back().or(last);
            }
            Err(fault) => return Ok(Err(fault.into())),
        }
    }
    let Some(Record::Started(header)) = &first else { return Ok(Err(Fault::NoStart(run))) };
    if header.run != run {
        return Ok(Err(Fault::NoStart(run)));
    }
    let event = store.event(row.workspace, row.event).await?;
    if event.is_none_or(|event| Core::digest(&event.data) != header.digest) {
        return Ok(Err(Fault::Event(run)));
    }
    // A row is written with the records that it tells of. It was read before them, and may have been
    // taken up again in between: then the row is another now.
    if row.status.is_over() && !matches!(last, Some(Record::Ended { .. })) {
        let now = store.run(row.workspace, run).await?;
        if now.is_some_and(|now| now.status == row.status) {
            return Ok(Err(Fault::CutOff { run, status: row.status.as_str() }));
        }
    }
    Ok(Ok(Intact { records, head: hex(&journal.head()) }))
}
