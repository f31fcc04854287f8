-- Rows by workspace, for roles other than the owner (reporting, an analyst): they see the workspace that
-- their session names, SET masar.workspace = '1', and nothing where it names none. Masar itself owns the
-- tables and asks by workspace in every question.
DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['workflows', 'events', 'dedup', 'decisions', 'runs', 'timers', 'waits', 'approval_links',
        'hook_calls', 'credentials', 'idempotency', 'outbox', 'crm_records', 'crm_schemas', 'dead_letters']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY of_workspace ON %I USING (workspace = nullif(current_setting(''masar.workspace'', true), '''')::bigint)',
            name);
    END LOOP;
END $$;
ALTER TABLE workspaces ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_workspace ON workspaces USING (id = nullif(current_setting('masar.workspace', true), '')::bigint);
-- What has no workspace of its own belongs to that of its run or workflow, whose rows the same policies show.
ALTER TABLE journal ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_workspace ON journal USING (EXISTS (SELECT 1 FROM runs r WHERE r.id = journal.run));
ALTER TABLE taken ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_workspace ON taken USING (EXISTS (SELECT 1 FROM runs r WHERE r.id = taken.run));
ALTER TABLE versions ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_workspace ON versions USING (EXISTS (SELECT 1 FROM workflows w WHERE w.id = versions.workflow));
ALTER TABLE schedules ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_workspace ON schedules USING (EXISTS (SELECT 1 FROM workflows w WHERE w.id = schedules.workflow));
