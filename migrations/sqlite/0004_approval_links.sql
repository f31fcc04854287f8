-- Links by which a person decides about an approval. Only the link holds its token; here is the
-- token's SHA-256. A row stays after the decision, so that the link can say what was decided.
CREATE TABLE approval_links (
    secret BLOB PRIMARY KEY,
    workspace INTEGER NOT NULL,
    run BLOB NOT NULL,
    token INTEGER NOT NULL,
    step TEXT NOT NULL,
    title TEXT NOT NULL,
    deadline INTEGER,
    made_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX approval_links_run ON approval_links (run);
