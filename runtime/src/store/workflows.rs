//! Workflows, their drafts and versions, credentials and settings: rare changes, each a small
//! piece of work in a transaction of its own.

use masar_engine::{RunId, Timestamp, VersionHash, WorkflowId, WorkspaceId};
use sqlx::{Row as _, sqlite::SqliteRow};
use uuid::Uuid;

use super::{CredentialRow, KeptAnswer, Store, StoreError};

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
        let rows = sqlx::query(
            "SELECT w.workspace, w.id, w.name, w.published, w.paused, v.body FROM workflows w \
             JOIN versions v ON v.workflow = w.id AND v.number = w.published",
        )
        .fetch_all(&self.readers)
        .await?;
        let read = |row: &SqliteRow| -> Result<Published, sqlx::Error> {
            Ok(Published {
                workspace: WorkspaceId(row.try_get("workspace")?),
                workflow: WorkflowId(row.try_get("id")?),
                name: row.try_get("name")?,
                version: row.try_get("published")?,
                body: row.try_get("body")?,
                paused: row.try_get("paused")?,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Every workflow, by name.
    pub async fn workflows(&self, workspace: WorkspaceId) -> Result<Vec<WorkflowRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM workflows WHERE workspace = $1 ORDER BY name")
            .bind(workspace.0)
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(workflow_row).collect::<Result<_, _>>()?)
    }

    /// One workflow.
    pub async fn workflow(
        &self,
        workspace: WorkspaceId,
        id: WorkflowId,
    ) -> Result<Option<WorkflowRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM workflows WHERE workspace = $1 AND id = $2")
            .bind(workspace.0)
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.as_ref().map(workflow_row).transpose()?)
    }

    /// One workflow, by name.
    pub async fn workflow_named(
        &self,
        workspace: WorkspaceId,
        name: &str,
    ) -> Result<Option<WorkflowRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM workflows WHERE workspace = $1 AND name = $2")
            .bind(workspace.0)
            .bind(name)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.as_ref().map(workflow_row).transpose()?)
    }

    /// Makes a workflow.
    pub async fn create_workflow(&self, row: WorkflowRow) -> Result<(), StoreError> {
        self.change(move |conn| {
            Box::pin(async move {
                sqlx::query(
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
                .execute(conn)
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
        self.change(move |conn| {
            Box::pin(async move {
                let found: i64 = sqlx::query_scalar("SELECT revision FROM workflows WHERE workspace = $1 AND id = $2")
                    .bind(workspace.0)
                    .bind(id.0)
                    .fetch_one(&mut *conn)
                    .await?;
                if let Some(expected) = expected.filter(|expected| *expected != found) {
                    return Err(StoreError::Conflict { expected, found });
                }
                let name = change.name.clone().unwrap_or_default();
                sqlx::query(
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
                .bind(change.paused)
                .bind(now.0)
                .execute(conn)
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
        self.change(move |conn| {
            Box::pin(async move {
                let open: Vec<Uuid> = sqlx::query_scalar(
                    "SELECT id FROM runs WHERE status < 4 AND workflow = $1 ORDER BY id LIMIT $2",
                )
                .bind(id.0)
                .bind(i64::from(most))
                .fetch_all(&mut *conn)
                .await?;
                if open.is_empty() {
                    sqlx::query("DELETE FROM schedules WHERE workflow = $1")
                        .bind(id.0)
                        .execute(&mut *conn)
                        .await?;
                    sqlx::query("DELETE FROM workflows WHERE workspace = $1 AND id = $2")
                        .bind(workspace.0)
                        .bind(id.0)
                        .execute(conn)
                        .await?;
                }
                Ok(open.into_iter().map(RunId).collect())
            })
        })
        .await
    }

    /// Adds a version with the next number and, unless it is a snapshot for a test, makes it live.
    pub async fn add_version(&self, new: NewVersion) -> Result<i64, StoreError> {
        let NewVersion { workspace, workflow, hash, body, note, by, now, test } = new;
        self.change(move |conn| {
            Box::pin(async move {
                let edge = if test { "SELECT coalesce(min(min(number), 0), 0) - 1 FROM versions WHERE workflow = $1" } else { "SELECT coalesce(max(max(number), 0), 0) + 1 FROM versions WHERE workflow = $1" };
                let number: i64 = sqlx::query_scalar(edge).bind(workflow.0).fetch_one(&mut *conn).await?;
                sqlx::query("INSERT INTO versions (workflow, number, hash, body, note, by, at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
                    .bind(workflow.0)
                    .bind(number)
                    .bind(hash.0.to_vec())
                    .bind(body)
                    .bind(note)
                    .bind(by)
                    .bind(now.0)
                    .execute(&mut *conn)
                    .await?;
                if !test {
                    sqlx::query("UPDATE workflows SET published = $3, updated_at = $4 WHERE workspace = $1 AND id = $2")
                        .bind(workspace.0)
                        .bind(workflow.0)
                        .bind(number)
                        .bind(now.0)
                        .execute(conn)
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
        self.change(move |conn| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE workflows SET published = $3, updated_at = $4 WHERE workspace = $1 AND id = $2",
                )
                .bind(workspace.0)
                .bind(workflow.0)
                .bind(number)
                .bind(now.0)
                .execute(conn)
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
        let row = sqlx::query(
            "SELECT v.* FROM versions v LEFT JOIN workflows w ON w.id = v.workflow \
             WHERE v.workflow = $1 AND v.number = $2 AND coalesce(w.workspace, $3) = $3",
        )
        .bind(workflow.0)
        .bind(number)
        .bind(workspace.0)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.as_ref().map(version_row).transpose()?)
    }

    /// The versions of a workflow, newest first.
    pub async fn versions(
        &self,
        workspace: WorkspaceId,
        workflow: WorkflowId,
    ) -> Result<Vec<VersionRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT v.* FROM versions v JOIN workflows w ON w.id = v.workflow WHERE v.workflow = $1 AND w.workspace = $2 AND v.number > 0 ORDER BY v.number DESC",
        )
        .bind(workflow.0)
        .bind(workspace.0)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(version_row).collect::<Result<_, _>>()?)
    }

    /// Makes or replaces a credential.
    pub async fn set_credential(&self, row: CredentialRow) -> Result<(), StoreError> {
        self.change(move |conn| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO credentials (id, workspace, name, kind, sealed, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) \
                     ON CONFLICT (workspace, name) DO UPDATE SET kind = excluded.kind, sealed = excluded.sealed, version = excluded.version, updated_at = excluded.updated_at",
                )
                .bind(row.id)
                .bind(row.workspace.0)
                .bind(&row.name)
                .bind(&row.kind)
                .bind(&row.sealed)
                .bind(row.version)
                .bind(row.updated_at.0)
                .execute(conn)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// Replaces the sealed fields of credentials, all or none. Their values stay the same.
    pub async fn set_sealed(&self, rows: Vec<(Uuid, Vec<u8>)>) -> Result<(), StoreError> {
        self.change(move |conn| {
            Box::pin(async move {
                for (id, sealed) in rows {
                    sqlx::query("UPDATE credentials SET sealed = $2 WHERE id = $1")
                        .bind(id)
                        .bind(sealed)
                        .execute(&mut *conn)
                        .await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Removes a credential.
    pub async fn delete_credential(&self, workspace: WorkspaceId, name: String) -> Result<bool, StoreError> {
        self.change(move |conn| {
            Box::pin(async move {
                let done = sqlx::query("DELETE FROM credentials WHERE workspace = $1 AND name = $2")
                    .bind(workspace.0)
                    .bind(name)
                    .execute(conn)
                    .await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }

    /// Replaces the workspace's variables.
    pub async fn set_vars(&self, workspace: WorkspaceId, vars: String) -> Result<(), StoreError> {
        self.change(move |conn| {
            Box::pin(async move {
                sqlx::query("UPDATE workspaces SET vars = $2 WHERE id = $1")
                    .bind(workspace.0)
                    .bind(vars)
                    .execute(conn)
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
        self.change(move |conn| {
            Box::pin(async move {
                sqlx::query("INSERT OR REPLACE INTO idempotency (workspace, key, request, status, headers, body, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)")
                    .bind(workspace.0)
                    .bind(key)
                    .bind(answer.request.to_vec())
                    .bind(i64::from(answer.status))
                    .bind(answer.headers)
                    .bind(answer.body)
                    .bind(expires.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        })
        .await
    }
}

fn taken(error: sqlx::Error, name: &str) -> StoreError {
    match error.as_database_error() {
        Some(cause) if cause.is_unique_violation() => StoreError::Taken(name.to_owned()),
        _ => error.into(),
    }
}

fn workflow_row(row: &SqliteRow) -> Result<WorkflowRow, sqlx::Error> {
    Ok(WorkflowRow {
        id: WorkflowId(row.try_get::<Uuid, _>("id")?),
        workspace: WorkspaceId(row.try_get("workspace")?),
        name: row.try_get("name")?,
        folder: row.try_get("folder")?,
        tags: row.try_get("tags")?,
        draft: row.try_get("draft")?,
        revision: row.try_get("revision")?,
        published: row.try_get("published")?,
        paused: row.try_get("paused")?,
        created_at: Timestamp(row.try_get("created_at")?),
        updated_at: Timestamp(row.try_get("updated_at")?),
    })
}

fn version_row(row: &SqliteRow) -> Result<VersionRow, sqlx::Error> {
    Ok(VersionRow {
        workflow: WorkflowId(row.try_get("workflow")?),
        number: row.try_get("number")?,
        hash: row.try_get("hash")?,
        body: row.try_get("body")?,
        note: row.try_get("note")?,
        by: row.try_get("by")?,
        at: Timestamp(row.try_get("at")?),
    })
}
