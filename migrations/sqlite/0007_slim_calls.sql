-- What nearly every call has in common takes no room: an accepted call has the number of its event,
-- status 0, no code, no event column, and an empty method where it was a POST. Refused calls and
-- duplicates get numbers from the same count, beside the events.
ALTER TABLE hook_calls RENAME TO hook_calls_before;
CREATE TABLE hook_calls (
    position INTEGER PRIMARY KEY,
    workspace INTEGER NOT NULL,
    path TEXT NOT NULL,
    method TEXT NOT NULL,   -- empty: POST
    query TEXT NOT NULL,
    at INTEGER NOT NULL,
    status INTEGER NOT NULL, -- 0: accepted
    code TEXT NOT NULL,     -- empty: accepted; else duplicate, or the code of the refusal
    detail TEXT NOT NULL,
    headers TEXT NOT NULL,  -- JSON object, or empty
    remote TEXT NOT NULL,
    event INTEGER,          -- of a duplicate, the event that it repeats
    body BLOB NOT NULL,
    size INTEGER NOT NULL
);
INSERT OR IGNORE INTO hook_calls
    SELECT event, workspace, path, CASE method WHEN 'POST' THEN '' ELSE method END, query, at, 0, '', '', headers, remote, NULL, body, size
    FROM hook_calls_before WHERE code = 'accepted' AND event IS NOT NULL;
INSERT INTO hook_calls
    SELECT position + (SELECT coalesce(max(position), 0) FROM events), workspace, path, method, query, at, status, code, detail, headers,
        remote, event, body, size
    FROM hook_calls_before WHERE code <> 'accepted';
DROP TABLE hook_calls_before;
CREATE INDEX hook_calls_refused ON hook_calls (workspace, position) WHERE code <> '';
