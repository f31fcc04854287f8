//! Identifiers and moments as types, so that one cannot be taken for another.
//! They are made elsewhere (the runtime owns clock and randomness) and only carried here.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id!(
    /// One execution of one version for one event. A UUIDv7, so that ids sort by start time.
    RunId
);
uuid_id!(
    /// A workflow through all its versions.
    WorkflowId
);

impl RunId {
    /// The id of the run that step `token` of this run calls: made from both, so that a call that
    /// is executed again after a crash names the same run. Carries `now` like every UUIDv7.
    pub fn child(self, token: Sequence, now: Timestamp) -> Self {
        use sha2::{Digest, Sha256};
        let mut digest = Sha256::new();
        digest.update(self.0.as_bytes());
        digest.update(token.to_be_bytes());
        let hash = digest.finalize();
        let millis = u64::try_from(now.0 / 1000).unwrap_or(0);
        let mut random = [0; 10];
        random.copy_from_slice(&hash[..10]);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

/// The boundary of data, users and quotas. Every row belongs to one; 1 is the first workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct WorkspaceId(pub i64);

impl WorkspaceId {
    /// The workspace that exists from the first start.
    pub const FIRST: Self = Self(1);
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 15)]);
    }
    text
}

/// SHA-256 of a version's canonical JSON: the name by which a run pins what it executes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VersionHash(pub [u8; 32]);

impl fmt::Display for VersionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for VersionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VersionHash({self})")
    }
}

/// The number of a record in its run's journal, from 0 without gaps.
pub type Sequence = u64;

/// The short readable name of a node, unique in its workflow, by which expressions
/// reach its output: a letter or underscore, then letters, digits or underscores; at most 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct NodeKey(pub String);

impl NodeKey {
    /// Whether `text` may be a key.
    pub fn is_valid(text: &str) -> bool {
        let mut bytes = text.bytes();
        text.len() <= 64
            && bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
    }
}

impl fmt::Display for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A moment: microseconds since 1970-01-01T00:00:00Z. Written in JSON as that number.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment moved by `millis` milliseconds, saturating.
    pub fn plus_millis(self, millis: u64) -> Self {
        let micros = i64::try_from(millis.saturating_mul(1000)).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to this moment; 0 where the clock went backwards.
    pub fn micros_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// RFC 3339 in UTC with microseconds, e.g. `2026-11-23T08:00:00.000001Z`.
    pub fn to_rfc3339(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(moment) => moment.to_string(),
            Err(_) => self.0.to_string(),
        }
    }
}
