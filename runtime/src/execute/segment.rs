//! From records to journal segments: a segment is a stretch of records of one run that became
//! durable together, one JSON record a line, with the hash of its last record.

use masar_engine::{
    RunId, Sequence,
    run::{Chain, Hash, Record},
};

/// The end of a run's journal as far as it has been written.
#[derive(Debug, Clone)]
pub struct Journal {
    run: RunId,
    chain: Chain,
    next: Sequence,
}

/// Records ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The run.
    pub run: RunId,
    /// Number of the first record.
    pub first: Sequence,
    /// How many records.
    pub count: u32,
    /// Hash of the last record.
    pub hash: Hash,
    /// The records, one JSON text a line.
    pub body: Vec<u8>,
}

/// Why a stored journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A record is not what was written.
    #[error("record {sequence} of run {run} cannot be read: {message}")]
    Record {
        /// The run.
        run: RunId,
        /// The record's number.
        sequence: Sequence,
        /// From the parser.
        message: String,
    },
    /// A record is missing.
    #[error("the journal of run {run} has a gap: record {expected} is missing, {found} follows")]
    Gap {
        /// The run.
        run: RunId,
        /// Number that should come.
        expected: Sequence,
        /// Number that comes.
        found: Sequence,
    },
    /// The hashes do not fit: somebody changed the journal.
    #[error("the journal of run {run} was altered at or before record {sequence}: its hash does not fit")]
    Altered {
        /// The run.
        run: RunId,
        /// Last record of the segment that does not fit.
        sequence: Sequence,
    },
}

impl Journal {
    /// A journal without records.
    pub fn new(run: RunId) -> Self {
        Self { run, chain: Chain::of_run(run), next: 0 }
    }

    /// The next record's number.
    pub fn next(&self) -> Sequence {
        self.next
    }

    /// The hash of the newest record.
    pub fn head(&self) -> Hash {
        self.chain.head()
    }

    /// Serialises records, once and for ever.
    pub fn append(&mut self, records: &[Record]) -> Option<Segment> {
        if records.is_empty() {
            return None;
        }
        let mut body = Vec::with_capacity(records.len() * 160);
        for record in records {
            let start = body.len();
            // A record is made of plain data: writing it to memory cannot fail.
            if serde_json::to_writer(&mut body, record).is_err() {
                body.truncate(start);
                continue;
            }
            self.chain.append(&body[start..]);
            body.push(b'\n');
        }
        let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
        let first = self.next;
        self.next += u64::from(count);
        Some(Segment { run: self.run, first, count, hash: self.chain.head(), body })
    }

    /// Reads a stored segment, checking order and hash.
    pub fn read(&mut self, first: Sequence, hash: &Hash, body: &[u8]) -> Result<Vec<Record>, JournalError> {
        if first != self.next {
            return Err(JournalError::Gap { run: self.run, expected: self.next, found: first });
        }
        let mut records = Vec::new();
        for line in body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.chain.append(line);
            let record = serde_json::from_slice(line).map_err(|error| JournalError::Record {
                run: self.run,
                sequence: self.next,
                message: error.to_string(),
            })?;
            records.push(record);
            self.next += 1;
        }
        if self.chain.head() != *hash {
            return Err(JournalError::Altered { run: self.run, sequence: self.next.saturating_sub(1) });
        }
        Ok(records)
    }
}

impl Segment {
    /// As something to write.
    pub(crate) fn into_write(self) -> crate::store::Write {
        let Self { run, first, count, hash, body } = self;
        crate::store::Write::Journal { run, first, count, hash, body: crate::store::Packed::new(&body) }
    }
}
