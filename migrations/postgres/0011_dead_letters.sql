-- Messages of a broker that could not be taken, with the reason.
CREATE TABLE dead_letters (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace BIGINT NOT NULL,
    key BYTEA NOT NULL UNIQUE,  -- tells a second delivery of the same letter
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    routing_key TEXT NOT NULL,
    content_type TEXT,
    headers TEXT NOT NULL,      -- JSON object of texts
    body BYTEA NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX dead_letters_code ON dead_letters (workspace, code, id);
