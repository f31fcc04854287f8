-- Events on their way out: written with the change that they tell of, removed with their acceptance.
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    subject TEXT,
    time INTEGER NOT NULL,
    data TEXT NOT NULL,  -- JSON
    depth INTEGER NOT NULL
);
