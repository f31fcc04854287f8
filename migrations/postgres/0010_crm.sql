-- The CRM's records, one table for all entities: what is asked for has a column, the rest is JSON.
CREATE TABLE crm_records (
    id UUID PRIMARY KEY,
    workspace BIGINT NOT NULL,
    entity BIGINT NOT NULL,
    version BIGINT NOT NULL,
    phone TEXT,
    email TEXT,
    contact UUID,
    stage TEXT,
    owner TEXT,
    search TEXT NOT NULL,   -- folded text of every field
    fields TEXT NOT NULL,   -- JSON object
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- A phone number or an address belongs to one contact.
CREATE UNIQUE INDEX crm_contact_phone ON crm_records (workspace, phone) WHERE entity = 0 AND phone IS NOT NULL;
CREATE UNIQUE INDEX crm_contact_email ON crm_records (workspace, email) WHERE entity = 0 AND email IS NOT NULL;
CREATE INDEX crm_phone ON crm_records (workspace, entity, phone) WHERE phone IS NOT NULL;
CREATE INDEX crm_list ON crm_records (workspace, entity, id);
CREATE INDEX crm_of_contact ON crm_records (workspace, contact, entity, id) WHERE contact IS NOT NULL;
CREATE INDEX crm_email ON crm_records (workspace, entity, email) WHERE email IS NOT NULL;
CREATE INDEX crm_stage ON crm_records (workspace, entity, stage, id) WHERE stage IS NOT NULL;
CREATE INDEX crm_owner ON crm_records (workspace, entity, owner, id) WHERE owner IS NOT NULL;

-- The fields that a workspace gives an entity beside those that it has: a JSON list of definitions.
CREATE TABLE crm_schemas (
    workspace BIGINT NOT NULL,
    entity BIGINT NOT NULL,
    version BIGINT NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (workspace, entity)
);
