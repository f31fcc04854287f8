-- Messages of a broker that could not be taken, with the reason.
CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace INTEGER NOT NULL,
    key BLOB NOT NULL UNIQUE,   -- tells a second delivery of the same letter
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    routing_key TEXT NOT NULL,
    content_type TEXT,
    headers TEXT NOT NULL,      -- JSON object of texts
    body BLOB NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX dead_letters_code ON dead_letters (workspace, code, id);
