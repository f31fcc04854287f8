-- The runtime's own tables. Times are microseconds since 1970, texts that are JSON say so.
-- Everything belongs to a workspace. Truth is 0 or 1, as on SQLite, so that questions have one text.

CREATE TABLE workspaces (
    id BIGINT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    vars TEXT NOT NULL DEFAULT '{}'  -- JSON object
);
INSERT INTO workspaces (id, key) VALUES (1, 'main');

-- One row: which process may write. Whoever opens the database raises the epoch, and a commit of a process
-- that knows an older one is refused.
CREATE TABLE owner (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    epoch BIGINT NOT NULL
);
INSERT INTO owner (id, epoch) VALUES (1, 0);

CREATE TABLE workflows (
    id UUID PRIMARY KEY,
    workspace BIGINT NOT NULL,
    name TEXT NOT NULL,
    folder TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '[]',  -- JSON list
    draft TEXT NOT NULL,              -- workflow JSON
    revision BIGINT NOT NULL,         -- the draft's ETag
    published BIGINT,                 -- number of the live version
    paused BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (workspace, name)
);

-- Immutable. Numbers below 0 are snapshots of drafts under test.
CREATE TABLE versions (
    workflow UUID NOT NULL,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    body TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    by TEXT NOT NULL DEFAULT '',
    at BIGINT NOT NULL,
    PRIMARY KEY (workflow, number)
);

CREATE TABLE events (
    position BIGINT PRIMARY KEY,
    workspace BIGINT NOT NULL,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    subject TEXT,
    time TEXT,
    received_at BIGINT NOT NULL,
    origin BIGINT NOT NULL,
    depth BIGINT NOT NULL,
    data BYTEA NOT NULL  -- JSON, perhaps packed
);
CREATE INDEX events_subject ON events (workspace, subject, position) WHERE subject IS NOT NULL;
-- A wait that opens looks back at the events of its type since its run began. No run waits for calls of webhooks.
CREATE INDEX events_type ON events (workspace, type, position) WHERE type <> 'masar.hook';

-- What makes a second arrival of an event the same one; only where the producer named it.
CREATE TABLE dedup (
    workspace BIGINT NOT NULL,
    key BYTEA NOT NULL,
    position BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (workspace, key)
);
CREATE INDEX dedup_expires ON dedup (expires);

-- Why a trigger did not start a run.
CREATE TABLE decisions (
    event BIGINT NOT NULL,
    workflow UUID NOT NULL,
    trigger_key TEXT NOT NULL,
    workspace BIGINT NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    subject TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (event, workflow, trigger_key)
);
CREATE INDEX decisions_workflow ON decisions (workflow, event);

-- Ids are UUIDs of version 7 and sort by time: a partition is a week.
CREATE TABLE runs (
    id UUID NOT NULL,
    workspace BIGINT NOT NULL,
    workflow UUID NOT NULL,
    version BIGINT NOT NULL,
    event BIGINT NOT NULL,
    event_type TEXT NOT NULL,
    status BIGINT NOT NULL,
    trigger_key TEXT NOT NULL,
    subject TEXT,
    test BIGINT NOT NULL DEFAULT 0,
    parent UUID,
    parent_step TEXT,
    replay_of UUID,
    priority BIGINT NOT NULL DEFAULT 0,
    key TEXT,
    depth BIGINT NOT NULL DEFAULT 0,
    accepted_at BIGINT NOT NULL,
    ended_at BIGINT,
    error_code TEXT,
    error_node TEXT,
    error_message TEXT,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE TABLE runs_default PARTITION OF runs DEFAULT;
CREATE INDEX runs_workspace ON runs (workspace, id);
CREATE INDEX runs_workflow ON runs (workflow, id);
CREATE INDEX runs_open ON runs (status, id) WHERE status < 4;
-- By id first, so that a page of failed runs, whatever else is asked of them, is read in order.
CREATE INDEX runs_unwell ON runs (workspace, id, status, error_code) WHERE status > 4;
CREATE INDEX runs_subject ON runs (workspace, subject, id) WHERE subject IS NOT NULL;
CREATE INDEX runs_parent ON runs (parent) WHERE parent IS NOT NULL;
CREATE INDEX runs_event ON runs (event);

-- A stretch of records of one run that became durable together. Never rewritten.
CREATE TABLE journal (
    run UUID NOT NULL,
    seq BIGINT NOT NULL,     -- number of the first record
    count BIGINT NOT NULL,
    hash BYTEA NOT NULL,     -- hash of the last record
    body BYTEA NOT NULL,     -- one JSON record a line, perhaps packed
    PRIMARY KEY (run, seq)
) PARTITION BY RANGE (run);
CREATE TABLE journal_default PARTITION OF journal DEFAULT;

CREATE TABLE timers (
    due BIGINT NOT NULL,
    run UUID NOT NULL,
    token BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    payload BIGINT NOT NULL,
    workspace BIGINT NOT NULL,
    PRIMARY KEY (due, run, token, kind)
);
CREATE INDEX timers_run ON timers (run, token);

CREATE TABLE waits (
    id UUID PRIMARY KEY,
    workspace BIGINT NOT NULL,
    workflow UUID NOT NULL,
    run UUID NOT NULL,
    token BIGINT NOT NULL,
    step TEXT NOT NULL,
    kind BIGINT NOT NULL,
    event_type TEXT,
    key TEXT,
    correlate TEXT,
    title TEXT,
    context TEXT,
    assignee TEXT,
    deadline BIGINT,
    opened_at BIGINT NOT NULL,
    UNIQUE (run, token)
);
CREATE INDEX waits_event ON waits (workspace, event_type) WHERE event_type IS NOT NULL;

-- Events that a run has taken by a wait: none is taken twice. Goes with its run.
CREATE TABLE taken (
    run UUID NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (run, position)
);

-- Links by which a person decides about an approval. Only the link holds its token; here is the
-- token's SHA-256. A row stays after the decision, so that the link can say what was decided.
CREATE TABLE approval_links (
    secret BYTEA PRIMARY KEY,
    workspace BIGINT NOT NULL,
    run UUID NOT NULL,
    token BIGINT NOT NULL,
    step TEXT NOT NULL,
    title TEXT NOT NULL,
    deadline BIGINT,
    made_at BIGINT NOT NULL
);
CREATE INDEX approval_links_run ON approval_links (run);

-- When each schedule fired last; the next firing follows from that.
CREATE TABLE schedules (
    workflow UUID NOT NULL,
    trigger_key TEXT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (workflow, trigger_key)
);

-- Every webhook call for a while. An accepted call has the number of its event, status 0, no code, no event
-- column, and an empty method where it was a POST; its body is with the event.
CREATE TABLE hook_calls (
    position BIGINT PRIMARY KEY,
    workspace BIGINT NOT NULL,
    path TEXT NOT NULL,
    method TEXT NOT NULL,
    query TEXT NOT NULL,
    at BIGINT NOT NULL,
    status BIGINT NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    headers TEXT NOT NULL,  -- JSON object, or empty
    remote TEXT NOT NULL,
    event BIGINT,           -- of a duplicate, the event that it repeats
    body BYTEA NOT NULL,
    size BIGINT NOT NULL
);
CREATE INDEX hook_calls_refused ON hook_calls (workspace, position) WHERE code <> '';

CREATE TABLE credentials (
    id UUID PRIMARY KEY,
    workspace BIGINT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (workspace, name)
);

CREATE TABLE idempotency (
    workspace BIGINT NOT NULL,
    key TEXT NOT NULL,
    request BYTEA NOT NULL,
    status BIGINT NOT NULL,
    headers TEXT NOT NULL DEFAULT '{}',  -- JSON object
    body TEXT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (workspace, key)
);
CREATE INDEX idempotency_expires ON idempotency (expires);
