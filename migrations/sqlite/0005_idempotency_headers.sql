-- Headers of the kept answer, a JSON object.
ALTER TABLE idempotency ADD COLUMN headers TEXT NOT NULL DEFAULT '{}';
