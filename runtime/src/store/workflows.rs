//! Workflows, their drafts and versions, credentials and settings: rare changes, each a small
//! piece of work in a transaction of its own.

use masar_crm_core::{DatabaseError, Row};
use masar_engine::{RunId, Timestamp, VersionHash, WorkflowId, WorkspaceId};
use uuid::Uuid;

use super::{CredentialRow, KeptAnswer, Store, StoreError, query::query};

/// A workflow with its draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowRow {
    /// Its id.
    pub id: WorkflowId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its name, unique in the workspace.
    pub name: String,
    /// Its folder, `/`-separated.
    pub folder: String,
    /// Its tags, JSON list.
    pub tags: String,
    /// The draft, workflow JSON.
    pub draft: String,
    /// Counts changes of the draft; the ETag.
    pub revision: i64,
    /// The live version.
    pub published: Option<i64>,
    /// Whether its triggers rest.
    pub paused: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
}

/// An immutable version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Its number; below 0 for a draft under test.
    pub number: i64,
    /// Its content hash.
    pub hash: Vec<u8>,
    /// Workflow JSON.
    pub body: String,
    /// What the publisher said.
    pub note: String,
    /// Who published it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A version to be.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Its content hash.
    pub hash: VersionHash,
    /// Workflow JSON.
    pub body: String,
    /// What the publisher says.
    pub note: String,
    /// Who publishes it.
    pub by: String,
    /// Now.
    pub now: Timestamp,
    /// Whether it is only a snapshot of a draft for a test.
    pub test: bool,
}

/// A live version, as the dispatcher needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// The workflow's name.
    pub name: String,
    /// The version's number.
    pub version: i64,
    /// Workflow JSON.
    pub body: String,
    /// Whether its triggers rest.
    pub paused: bool,
}

/// What may change of a workflow beside its versions.
#[derive(Debug, Clone, Default)]
pub struct DraftChange {
    /// A new name.
    pub name: Option<String>,
    /// A new folder.
    pub folder: Option<String>,
    /// New tags, JSON list.
    pub tags: Option<String>,
    /// A new draft, workflow JSON.
    pub draft: Option<String>,
    /// Pause or go on.
    pub paused: Option<bool>,
}

impl Store {
    /// What is published everywhere.
    pub async fn published(&self) -> Result<Vec<Published>, StoreError> {
        let rows = query(
            "SELECT w.workspace, w.id, w.name, w.published, w.paused, v.body FROM workflows w \
             JOIN versions v ON v.workflow = w.id AND v.number = w.published",
        )
        .all(self)
        .await?;
        let read = |row: &Row| -> Result<Published, StoreError> {
            let mut columns = row.columns();
            Ok(Published {
                workspace: WorkspaceId(columns.take()?),
                workflow: WorkflowId(columns.take()?),
                name: columns.take()?,
                version: columns.take()?,
                paused: columns.take()?,
                body: columns.take()?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Every workflow, by name.
    pub async fn workflows(&self, workspace: WorkspaceId) -> Result<Vec<WorkflowRow>, StoreError> {
        let rows = query(format!("{WORKFLOW} WHERE workspace = $1 ORDER BY name"))
            .bind(workspace.0)
            .all(self)
            .await?;
        rows.iter().map(workflow_row).collect()
    }

    /// One workflow.
    pub async fn workflow(
        &self,
        workspace: WorkspaceId,
        id: WorkflowId,
    ) -> Result<Option<WorkflowRow>, StoreError> {
        let row = query(format!("{WORKFLOW} WHERE workspace = $1 AND id = $2"))
            .bind(workspace.0)
            .bind(id.0)
            .first(self)
            .await?;
        row.as_ref().map(workflow_row).transpose()
    }

    /// One workflow, by name.
    pub async fn workflow_named(
        &self,
        workspace: WorkspaceId,
        name: &str,
    ) -> Result<Option<WorkflowRow>, StoreError> {
        let row = query(format!("{WORKFLOW} WHERE workspace = $1 AND name = $2"))
            .bind(workspace.0)
            .bind(name)
            .first(self)
            .await?;
        row.as_ref().map(workflow_row).transpose()
    }

    /// Makes a workflow.
    pub async fn create_workflow(&self, row: WorkflowRow) -> Result<(), StoreError> {
        self.change(move |mut conn| {
            Box::pin(async move {
                query(
                    "INSERT INTO workflows (id, workspace, name, folder, tags, draft, revision, published, paused, created_at, updated_at) \
                     VALUES ($1, $2, $3, $4, $5, $6, 1, NULL, 0, $7, $7)",
                )
                .bind(row.id.0)
                .bind(row.workspace.0)
                .bind(&row.name)
                .bind(&row.folder)
                .bind(&row.tags)
                .bind(&row.draft)
                .bind(row.created_at.0)
                .execute(&mut conn)
                .await
                .map_err(|error| taken(error, &row.name))?;
                Ok(())
            })
        })
        .await
    }

    /// Changes a workflow whose revision is still `expected`; gives the new revision.
    pub async fn change_workflow(
        &self,
        workspace: WorkspaceId,
        id: WorkflowId,
        expected: Option<i64>,
        change: DraftChange,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        self.change(move |mut conn| {
            Box::pin(async move {
                // Who changes the same workflow at the same time waits here (PostgreSQL).
                let lock = if conn.is_sqlite() { "" } else { " FOR UPDATE" };
                let text = format!("SELECT revision FROM workflows WHERE workspace = $1 AND id = $2{lock}");
                let found = query(text).bind(workspace.0).bind(id.0).value(&mut conn).await?;
                let found: i64 = found.ok_or(StoreError::Gone("workflow"))?;
                if let Some(expected) = expected.filter(|expected| *expected != found) {
                    return Err(StoreError::Conflict { expected, found });
                }
                let name = change.name.clone().unwrap_or_default();
                query(
                    "UPDATE workflows SET name = coalesce($3, name), folder = coalesce($4, folder), tags = coalesce($5, tags), \
                     draft = coalesce($6, draft), paused = coalesce($7, paused), revision = revision + 1, updated_at = $8 \
                     WHERE workspace = $1 AND id = $2",
                )
                .bind(workspace.0)
                .bind(id.0)
                .bind(change.name)
                .bind(change.folder)
                .bind(change.tags)
                .bind(change.draft)
                .bind(change.paused.map(i64::from))
                .bind(now.0)
                .execute(&mut conn)
                .await
                .map_err(|error| taken(error, &name))?;
                Ok(found + 1)
            })
        })
        .await
    }

    /// Removes a workflow that has no open runs; its runs and versions stay for the log. Otherwise
    /// gives some of the open ones, at most `most`.
    pub async fn delete_workflow(
        &self,
        workspace: WorkspaceId,
        id: WorkflowId,
        most: u32,
    ) -> Result<Vec<RunId>, StoreError> {
        self.change(move |mut conn| {
            Box::pin(async move {
                let text = "SELECT id FROM runs WHERE status < 4 AND workflow = $1 ORDER BY id LIMIT $2";
                let open = query(text).bind(id.0).bind(most).rows(&mut conn).await?;
                if open.is_empty() {
                    query("DELETE FROM schedules WHERE workflow = $1").bind(id.0).execute(&mut conn).await?;
                    query("DELETE FROM workflows WHERE workspace = $1 AND id = $2")
                        .bind(workspace.0)
                        .bind(id.0)
                        .execute(&mut conn)
                        .await?;
                }
                open.iter().map(|row| Ok(RunId(row.get(0)?))).collect()
            })
        })
        .await
    }

    /// Adds a version with the next number and, unless it is a snapshot for a test, makes it live.
    pub async fn add_version(&self, new: NewVersion) -> Result<i64, StoreError> {
        let NewVersion { workspace, workflow, hash, body, note, by, now, test } = new;
        self.change(move |mut conn| {
            Box::pin(async move {
                if !conn.is_sqlite() {
                    // Two versions at the same time would want the same number.
                    let text = "SELECT revision FROM workflows WHERE id = $1 FOR UPDATE";
                    query(text).bind(workflow.0).rows(&mut conn).await?;
                }
                let edge = match test {
                    true => "SELECT coalesce(min(number), 0) - 1 FROM versions WHERE workflow = $1 AND number < 0",
                    false => "SELECT coalesce(max(number), 0) + 1 FROM versions WHERE workflow = $1 AND number > 0",
                };
                let number = query(edge).bind(workflow.0).value(&mut conn).await?;
                let number: i64 = number.ok_or(StoreError::Gone("workflow"))?;
                query("INSERT INTO versions (workflow, number, hash, body, note, by, at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
                    .bind(workflow.0)
                    .bind(number)
                    .bind(hash.0)
                    .bind(body)
                    .bind(note)
                    .bind(by)
                    .bind(now.0)
                    .execute(&mut conn)
                    .await?;
                if !test {
                    query("UPDATE workflows SET published = $3, updated_at = $4 WHERE workspace = $1 AND id = $2")
                        .bind(workspace.0)
                        .bind(workflow.0)
                        .bind(number)
                        .bind(now.0)
                        .execute(&mut conn)
                        .await?;
                }
                Ok(number)
            })
        })
        .await
    }

    /// Makes an older version live again, or none.
    pub async fn set_published(
        &self,
        workspace: WorkspaceId,
        workflow: WorkflowId,
        number: Option<i64>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.change(move |mut conn| {
            Box::pin(async move {
                query(
                    "UPDATE workflows SET published = $3, updated_at = $4 WHERE workspace = $1 AND id = $2",
                )
                .bind(workspace.0)
                .bind(workflow.0)
                .bind(number)
                .bind(now.0)
                .execute(&mut conn)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// One version.
    pub async fn version(
        &self,
        workspace: WorkspaceId,
        workflow: WorkflowId,
        number: i64,
    ) -> Result<Option<VersionRow>, StoreError> {
        // A version belongs to its workflow; the workspace is checked where the workflow still exists.
        let row = query(
            "SELECT v.workflow, v.number, v.hash, v.body, v.note, v.by, v.at FROM versions v LEFT JOIN workflows w ON w.id = v.workflow \
             WHERE v.workflow = $1 AND v.number = $2 AND coalesce(w.workspace, $3) = $3",
        )
        .bind(workflow.0)
        .bind(number)
        .bind(workspace.0)
        .first(self)
        .await?;
        row.as_ref().map(version_row).transpose()
    }

    /// The versions of a workflow, newest first.
    pub async fn versions(
        &self,
        workspace: WorkspaceId,
        workflow: WorkflowId,
    ) -> Result<Vec<VersionRow>, StoreError> {
        let rows = query(
            "SELECT v.workflow, v.number, v.hash, v.body, v.note, v.by, v.at FROM versions v JOIN workflows w ON w.id = v.workflow WHERE v.workflow = $1 AND w.workspace = $2 AND v.number > 0 ORDER BY v.number DESC",
        )
        .bind(workflow.0)
        .bind(workspace.0)
        .all(self)
        .await?;
        rows.iter().map(version_row).collect()
    }

    /// Makes or replaces a credential.
    pub async fn set_credential(&self, row: CredentialRow) -> Result<(), StoreError> {
        self.change(move |mut conn| {
            Box::pin(async move {
                query(
                    "INSERT INTO credentials (id, workspace, name, kind, sealed, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) \
                     ON CONFLICT (workspace, name) DO UPDATE SET kind = excluded.kind, sealed = excluded.sealed, version = excluded.version, updated_at = excluded.updated_at",
                )
                .bind(row.id)
                .bind(row.workspace.0)
                .bind(&row.name)
                .bind(&row.kind)
                .bind(row.sealed.as_slice())
                .bind(row.version)
                .bind(row.updated_at.0)
                .execute(&mut conn)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// Replaces the sealed fields of credentials, all or none. Their values stay the same.
    pub async fn set_sealed(&self, rows: Vec<(Uuid, Vec<u8>)>) -> Result<(), StoreError> {
        self.change(move |mut conn| {
            Box::pin(async move {
                for (id, sealed) in rows {
                    query("UPDATE credentials SET sealed = $2 WHERE id = $1")
                        .bind(id)
                        .bind(sealed)
                        .execute(&mut conn)
                        .await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Removes a credential.
    pub async fn delete_credential(&self, workspace: WorkspaceId, name: String) -> Result<bool, StoreError> {
        self.change(move |mut conn| {
            Box::pin(async move {
                let done = query("DELETE FROM credentials WHERE workspace = $1 AND name = $2")
                    .bind(workspace.0)
                    .bind(name)
                    .execute(&mut conn)
                    .await?;
                Ok(done > 0)
            })
        })
        .await
    }

    /// Replaces the workspace's variables.
    pub async fn set_vars(&self, workspace: WorkspaceId, vars: String) -> Result<(), StoreError> {
        self.change(move |mut conn| {
            Box::pin(async move {
                query("UPDATE workspaces SET vars = $2 WHERE id = $1")
                    .bind(workspace.0)
                    .bind(vars)
                    .execute(&mut conn)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Keeps the answer to a request with an idempotency key.
    pub async fn keep_idempotent(
        &self,
        workspace: WorkspaceId,
        key: String,
        answer: KeptAnswer,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        self.change(move |mut conn| {
            Box::pin(async move {
                query(
                    "INSERT INTO idempotency (workspace, key, request, status, headers, body, expires) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                     ON CONFLICT (workspace, key) DO UPDATE SET request = excluded.request, status = excluded.status, \
                     headers = excluded.headers, body = excluded.body, expires = excluded.expires",
                )
                    .bind(workspace.0)
                    .bind(key)
                    .bind(answer.request)
                    .bind(i64::from(answer.status))
                    .bind(answer.headers)
                    .bind(answer.body)
                    .bind(expires.0)
                    .execute(&mut conn)
                    .await?;
                Ok(())
            })
        })
        .await
    }
}

const WORKFLOW: &str = "SELECT id, workspace, name, folder, tags, draft, revision, published, paused, created_at, updated_at FROM workflows";

fn taken(error: DatabaseError, name: &str) -> StoreError {
    if error.unique { StoreError::Taken(name.to_owned()) } else { error.into() }
}

fn workflow_row(row: &Row) -> Result<WorkflowRow, StoreError> {
    let mut columns = row.columns();
    Ok(WorkflowRow {
        id: WorkflowId(columns.take()?),
        workspace: WorkspaceId(columns.take()?),
        name: columns.take()?,
        folder: columns.take()?,
        tags: columns.take()?,
        draft: columns.take()?,
        revision: columns.take()?,
        published: columns.take()?,
        paused: columns.take()?,
        created_at: Timestamp(columns.take()?),
        updated_at: Timestamp(columns.take()?),
    })
}

fn version_row(row: &Row) -> Result<VersionRow, StoreError> {
    let mut columns = row.columns();
    Ok(VersionRow {
        workflow: WorkflowId(columns.take()?),
        number: columns.take()?,
        hash: columns.take()?,
        body: columns.take()?,
        note: columns.take()?,
        by: columns.take()?,
        at: Timestamp(columns.take()?),
    })
}
