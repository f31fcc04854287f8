-- Events on their way out: written with the change that they tell of, removed with their acceptance.
CREATE TABLE outbox (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace BIGINT NOT NULL,
    event_id UUID NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    subject TEXT,
    time BIGINT NOT NULL,
    data TEXT NOT NULL,  -- JSON
    depth BIGINT NOT NULL
);
