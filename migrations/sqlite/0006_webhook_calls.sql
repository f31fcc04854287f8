-- Every webhook call for a while. What an accepted call has in common with its event is there
-- alone: the body, and the headers that the event kept.
DROP TABLE hook_calls;
CREATE TABLE hook_calls (
    position INTEGER PRIMARY KEY,
    workspace INTEGER NOT NULL,
    path TEXT NOT NULL,
    method TEXT NOT NULL,
    query TEXT NOT NULL,
    at INTEGER NOT NULL,
    status INTEGER NOT NULL,
    code TEXT NOT NULL,     -- accepted, duplicate, or the code of the refusal
    detail TEXT NOT NULL,
    headers TEXT NOT NULL,  -- JSON object
    remote TEXT NOT NULL,
    event INTEGER,          -- position of the event, where there is one
    body BLOB NOT NULL,
    size INTEGER NOT NULL   -- of the body as it came; more than is kept where it was cut
);
CREATE INDEX hook_calls_refused ON hook_calls (workspace, position) WHERE code <> 'accepted';
