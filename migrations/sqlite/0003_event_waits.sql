-- A wait that opens looks back at the events of its type since its run began. No run waits for calls of webhooks.
CREATE INDEX events_type ON events (workspace, type, position) WHERE type <> 'masar.hook';

-- Events that a run has taken by a wait: none is taken twice. Goes with its run.
CREATE TABLE taken (
    run BLOB NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (run, position)
) WITHOUT ROWID;
