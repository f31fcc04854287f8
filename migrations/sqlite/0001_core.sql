-- The runtime's own tables. Ids are 16-byte blobs, times are microseconds since 1970, texts that
-- are JSON say so. Everything belongs to a workspace.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE workspaces (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    vars TEXT NOT NULL DEFAULT '{}'  -- JSON object
);
INSERT INTO workspaces (id, key) VALUES (1, 'main');

CREATE TABLE workflows (
    id BLOB PRIMARY KEY,
    workspace INTEGER NOT NULL,
    name TEXT NOT NULL,
    folder TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '[]',  -- JSON list
    draft TEXT NOT NULL,              -- workflow JSON
    revision INTEGER NOT NULL,        -- the draft's ETag
    published INTEGER,                -- number of the live version
    paused INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (workspace, name)
) WITHOUT ROWID;

-- Immutable. Numbers below 0 are snapshots of drafts under test.
CREATE TABLE versions (
    workflow BLOB NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    body TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    by TEXT NOT NULL DEFAULT '',
    at INTEGER NOT NULL,
    PRIMARY KEY (workflow, number)
) WITHOUT ROWID;

CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    workspace INTEGER NOT NULL,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    subject TEXT,
    time TEXT,
    received_at INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    data BLOB NOT NULL  -- JSON, perhaps packed
);
CREATE INDEX events_subject ON events (workspace, subject, position) WHERE subject IS NOT NULL;

-- What makes a second arrival of an event the same one; only where the producer named it.
CREATE TABLE dedup (
    workspace INTEGER NOT NULL,
    key BLOB NOT NULL,
    position INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (workspace, key)
) WITHOUT ROWID;

-- Why a trigger did not start a run.
CREATE TABLE decisions (
    event INTEGER NOT NULL,
    workflow BLOB NOT NULL,
    trigger_key TEXT NOT NULL,
    workspace INTEGER NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    subject TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (event, workflow, trigger_key)
) WITHOUT ROWID;
CREATE INDEX decisions_workflow ON decisions (workflow, event);

CREATE TABLE runs (
    id BLOB PRIMARY KEY,
    workspace INTEGER NOT NULL,
    workflow BLOB NOT NULL,
    version INTEGER NOT NULL,
    event INTEGER NOT NULL,
    event_type TEXT NOT NULL,
    status INTEGER NOT NULL,
    trigger_key TEXT NOT NULL,
    subject TEXT,
    test INTEGER NOT NULL DEFAULT 0,
    parent BLOB,
    parent_step TEXT,
    replay_of BLOB,
    priority INTEGER NOT NULL DEFAULT 0,
    key TEXT,
    depth INTEGER NOT NULL DEFAULT 0,
    accepted_at INTEGER NOT NULL,
    ended_at INTEGER,
    error_code TEXT,
    error_node TEXT,
    error_message TEXT
) WITHOUT ROWID;
CREATE INDEX runs_workflow ON runs (workflow, id);
CREATE INDEX runs_open ON runs (status, id) WHERE status < 4;
-- By id first, so that a page of failed runs, whatever else is asked of them, is read in order.
CREATE INDEX runs_unwell ON runs (workspace, id, status, error_code) WHERE status > 4;
CREATE INDEX runs_subject ON runs (workspace, subject, id) WHERE subject IS NOT NULL;
CREATE INDEX runs_parent ON runs (parent) WHERE parent IS NOT NULL;
CREATE INDEX runs_event ON runs (event);

-- A stretch of records of one run that became durable together. Never rewritten.
CREATE TABLE journal (
    run BLOB NOT NULL,
    seq INTEGER NOT NULL,    -- number of the first record
    count INTEGER NOT NULL,
    hash BLOB NOT NULL,      -- hash of the last record
    body BLOB NOT NULL,      -- one JSON record a line, perhaps packed
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;

CREATE TABLE timers (
    due INTEGER NOT NULL,
    run BLOB NOT NULL,
    token INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    payload INTEGER NOT NULL,
    workspace INTEGER NOT NULL,
    PRIMARY KEY (due, run, token, kind)
) WITHOUT ROWID;
CREATE INDEX timers_run ON timers (run, token);

CREATE TABLE waits (
    id BLOB PRIMARY KEY,
    workspace INTEGER NOT NULL,
    workflow BLOB NOT NULL,
    run BLOB NOT NULL,
    token INTEGER NOT NULL,
    step TEXT NOT NULL,
    kind INTEGER NOT NULL,
    event_type TEXT,
    key TEXT,
    correlate TEXT,
    title TEXT,
    context TEXT,
    assignee TEXT,
    deadline INTEGER,
    opened_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX waits_run ON waits (run, token);
CREATE INDEX waits_event ON waits (workspace, event_type) WHERE event_type IS NOT NULL;

-- When each schedule fired last; the next firing follows from that.
CREATE TABLE schedules (
    workflow BLOB NOT NULL,
    trigger_key TEXT NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (workflow, trigger_key)
) WITHOUT ROWID;

-- Webhook calls that were refused; accepted ones are events.
CREATE TABLE hook_calls (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace INTEGER NOT NULL,
    path TEXT NOT NULL,
    method TEXT NOT NULL,
    at INTEGER NOT NULL,
    status INTEGER NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL
);

CREATE TABLE credentials (
    id BLOB PRIMARY KEY,
    workspace INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    sealed BLOB NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (workspace, name)
) WITHOUT ROWID;

CREATE TABLE idempotency (
    workspace INTEGER NOT NULL,
    key TEXT NOT NULL,
    request BLOB NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (workspace, key)
) WITHOUT ROWID;
