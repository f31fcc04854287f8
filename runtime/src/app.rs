//! The program put together: one data folder, one store, the executor and the loops beside it.

use std::{
    fs::File,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use async_trait::async_trait;
use masar_engine::{StepError, WorkspaceId};
use masar_nodes::{Catalogue, Opened, Secret, World, email::Mailer, net};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    access::{mask::Mask, rotation, token::Token, vault::Vault},
    bus::Bus,
    clock::{Clock, Ids},
    config::Config,
    core::{Core, Parts},
    dispatch::Dispatcher,
    execute::{Executor, RunInput, deadline},
    observe::CommitMetrics,
    retention, schedule,
    store::{Status, Store},
    wake,
};

/// The running program.
pub struct App {
    /// What every part shares.
    pub core: Arc<Core>,
    /// Who starts runs.
    pub dispatcher: Arc<Dispatcher>,
    /// Who carries them out.
    pub executor: Arc<Executor>,
    /// Who opens credentials.
    pub vault: Arc<Vault>,
    /// How events travel.
    pub bus: Bus,
    /// The access token.
    pub token: Token,
    /// Whether the token was made by this start.
    pub new_token: bool,
    /// The figures of the committer.
    pub commits: Arc<CommitMetrics>,
    loops: TaskTracker,
    _lock: Option<File>,
}

/// Makes the data folder, for its owner alone.
fn make_folder(folder: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("the data folder {} cannot be made", folder.display()))
}

/// Makes the data folder usable and ours, until the file is closed.
pub(crate) fn take_folder(folder: &Path) -> anyhow::Result<File> {
    make_folder(folder)?;
    let explain = |what: &str| format!("the data folder {} {what}", folder.display());
    let path = folder.join("lock");
    let mut lock = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .with_context(|| {
            explain("cannot be written: check its owner and permissions, or choose another with --data")
        })?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            let owner = std::fs::read_to_string(&path).unwrap_or_default();
            anyhow::bail!(
                "{}",
                explain(&format!(
                    "is already in use by process {}: stop that one, or choose another folder with --data",
                    owner.trim()
                ))
            );
        }
        Err(std::fs::TryLockError::Error(error)) => {
            return Err(error).with_context(|| explain("cannot be locked"));
        }
    }
    lock.set_len(0)?;
    write!(lock, "{}", std::process::id())?;
    lock.flush()?;
    Ok(lock)
}

/// Opens credentials for nodes: by workspace and name, only of the types that the node takes.
struct StoreVault {
    store: Store,
    vault: Arc<Vault>,
    masked: Arc<Mask>,
}

#[async_trait]
impl masar_nodes::Vault for StoreVault {
    async fn open(
        &self,
        workspace: i64,
        credential: &str,
        accepted_types: &[&str],
    ) -> Result<Opened, StepError> {
        let workspace = WorkspaceId(workspace);
        let row = self
            .store
            .credential(workspace, credential)
            .await
            .map_err(|error| StepError::new("credential.store", error.to_string()))?;
        let missing = || {
            StepError::new(
                "credential.missing",
                format!("there is no credential \"{credential}\"; make it, or choose another"),
            )
            .permanent()
        };
        let row = row.ok_or_else(missing)?;
        if !accepted_types.contains(&row.kind.as_str()) {
            let message = format!(
                "\"{credential}\" is a credential of type {}; this node takes {}",
                row.kind,
                accepted_types.join(", ")
            );
            return Err(StepError::new("credential.type", message).permanent());
        }
        let fields = self
            .vault
            .unseal(workspace, row.id, &row.sealed)
            .map_err(|error| StepError::new("credential.sealed", error.to_string()).permanent())?;
        let kind = masar_nodes::credential::find(&row.kind);
        for (name, value) in &fields {
            if kind.is_none_or(|kind| kind.fields.iter().any(|field| field.name == name && field.secret)) {
                self.masked.hide(value);
            }
        }
        if let (Some(user), Some(password)) = (fields.get("username"), fields.get("password")) {
            self.masked.hide_pair(user, password);
        }
        Ok(Opened {
            id: row.id.to_string(),
            kind: row.kind,
            fields: fields.into_iter().map(|(name, value)| (name, Secret::new(value))).collect(),
        })
    }
}

impl App {
    /// Opens the data folder and everything in it, and takes up what was under way.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        net::install_tls_provider();
        deadline::install();
        let folder: PathBuf = config.data.folder.clone();
        // With PostgreSQL the folder holds only keys, which several processes may share.
        let lock = match config.database.url {
            Some(_) => make_folder(&folder).map(|()| None)?,
            None => Some(take_folder(&folder)?),
        };
        let commits = Arc::new(CommitMetrics::default());
        let observed = commits.clone();
        let clock = Clock::system();
        let store =
            Store::configured(&config, clock.now(), move |units, seconds| observed.note(units, seconds))
                .await?;
        let vault = Arc::new(rotation::open(&config, &store).await?);
        let (token, new_token) = match &config.server.token {
            Some(text) => (Token::given(text.clone()), false),
            None => Token::open(&folder.join("api-token"))?,
        };
        let masked = Arc::new(Mask::default());
        masked.hide(token.reveal());
        let guard = net::Guard::allowing(&config.http.allow_private)
            .map_err(|error| anyhow::anyhow!("http.allow_private: {error}"))?;
        let http = net::Client::new(guard).context("the HTTP client cannot be made")?;
        let mail = Mailer::new(http.guard().clone());
        let keeper =
            Arc::new(StoreVault { store: store.clone(), vault: vault.clone(), masked: masked.clone() });
        let world = World { http, mail, vault: keeper, limits: masar_nodes::Limits::default() };
        let catalogue = Arc::new(Catalogue::builtin());
        let bus = Bus::new(&config.amqp);
        let core = Core::new(Parts { config, clock, ids: Ids::default(), store, catalogue, world, masked });
        let executor = Executor::new(core.clone());
        let dispatcher = Dispatcher::new(core.clone(), executor.clone());
        executor.connect(dispatcher.clone());
        dispatcher.reload().await?;
        core.set_vars(serde_json::from_str(&core.store.vars(WorkspaceId::FIRST).await?).unwrap_or_default());
        for event_type in core.store.waited_types().await? {
            core.waited().note(&event_type);
        }
        let app = Self {
            core,
            dispatcher,
            executor,
            vault,
            bus,
            token,
            new_token,
            commits,
            loops: TaskTracker::new(),
            _lock: lock,
        };
        app.take_up().await?;
        let (core, dispatcher, executor) = (app.core.clone(), app.dispatcher.clone(), app.executor.clone());
        app.loops.spawn(after_outages(core, dispatcher, executor));
        app.loops.spawn(wake::timers(app.core.clone(), app.executor.clone(), app.stopping()));
        app.bus.start(&app.loops, &app.core, &app.dispatcher, &app.executor);
        app.loops.spawn(schedule::run(app.core.clone(), app.dispatcher.clone(), app.stopping()));
        app.loops.spawn(retention::run(app.core.clone(), app.stopping()));
        Ok(app)
    }

    /// Runs that were under way when the last process ended go on from their journals.
    async fn take_up(&self) -> anyhow::Result<()> {
        let mut after = None;
        let mut taken = 0;
        loop {
            let rows = self.core.store.open_runs(after, 1000).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.id);
            for row in rows {
                let mut waits_for_turn = false;
                // The version may be gone only if its workflow is; such a run tells so when it is loaded.
                if let Ok(plan) = self.dispatcher.plan(row.workspace, row.workflow, row.version).await
                    && plan.settings.concurrency.is_some()
                {
                    waits_for_turn = row.status == Status::Queued;
                    self.core.limits.restore(row.workflow, row.key.as_deref(), row.id, waits_for_turn);
                }
                // A waiting run is woken by its timer or its event.
                if matches!(row.status, Status::Running | Status::Queued) && !waits_for_turn {
                    self.executor.deliver(row.workspace, row.id, RunInput::Go);
                    taken += 1;
                }
            }
        }
        if taken > 0 {
            tracing::info!(runs = taken, "runs that were under way go on");
        }
        Ok(())
    }

    /// Takes nothing new in; what runs finishes within the grace period or is left to its journal.
    pub async fn drain(&self) {
        let grace = self.core.config.execute.stop_grace;
        self.core.stopping.cancel();
        self.loops.close();
        self.executor.stop(grace).await;
        // The loops stop at their next pause.
        let _ = tokio::time::timeout(Duration::from_secs(5), self.loops.wait()).await;
    }

    /// Stops: [drains](Self::drain) and closes the store.
    pub async fn stop(&self) {
        self.drain().await;
        self.core.store.close().await;
    }

    /// Ends with the program.
    pub fn stopping(&self) -> CancellationToken {
        self.core.stopping.clone()
    }
}

/// A commit whose answer was lost may have been made. Then there is a run that nobody carries, and whoever
/// sends its event again is told that it has come before. So what is open and in nobody's hand is taken up.
async fn after_outages(core: Arc<Core>, dispatcher: Arc<Dispatcher>, executor: Arc<Executor>) {
    let stop = core.stopping.clone();
    loop {
        tokio::select! {
            () = core.store.commit_unknown() => {}
            () = stop.cancelled() => return,
        }
        loop {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
                () = stop.cancelled() => return,
            }
            match take_up_forgotten(&core, &dispatcher, &executor).await {
                Ok(()) => break,
                Err(error) => tracing::debug!(error = %error, "open runs cannot be read yet"),
            }
        }
    }
}

async fn take_up_forgotten(
    core: &Core,
    dispatcher: &Dispatcher,
    executor: &Arc<Executor>,
) -> anyhow::Result<()> {
    // What is being accepted right now may be committed and not in memory yet.
    let before = core.clock.now().0 - 1_000_000;
    let (here, known) = (executor.here(), core.limits.known());
    let mut after = None;
    loop {
        let rows = core.store.open_runs(after, 1000).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.id);
        for row in rows {
            let forgotten = matches!(row.status, Status::Running | Status::Queued)
                && row.accepted_at.0 < before
                && !here.contains(&row.id)
                && !known.contains(&row.id);
            if !forgotten {
                continue;
            }
            let plan = dispatcher.plan(row.workspace, row.workflow, row.version).await.ok();
            let bound = plan.and_then(|plan| plan.settings.concurrency.as_ref().map(|bound| bound.limit));
            if bound.is_none_or(|limit| core.limits.rejoin(row.workflow, row.key.as_deref(), limit, row.id)) {
                tracing::info!(run = %row.id, "a run whose commit was not answered is taken up");
                executor.deliver(row.workspace, row.id, RunInput::Go);
            }
        }
    }
}
