//! What listens: from an event's type, a hook's path or a workflow's name to published triggers.
//! Built from the workflow files without compiling them, so that ten thousand are ready at once.

use std::{collections::HashMap, sync::Arc};

use masar_engine::{Catalogue, Json, Plan, WorkflowId, WorkspaceId, compile, workflow};

use crate::store::Published;

/// A published trigger.
#[derive(Debug)]
pub struct Listener {
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// The workflow's name.
    pub name: String,
    /// The published version.
    pub version: i64,
    /// The trigger's key.
    pub key: String,
    /// The trigger's type, e.g. `trigger.webhook`.
    pub node_type: String,
    /// The trigger's parameters as written.
    pub parameters: Json,
    /// Whether the workflow is paused.
    pub paused: bool,
    body: Arc<str>,
}

impl Listener {
    /// Compiles its workflow, where no plan is at hand.
    pub(super) fn compile(&self, catalogue: &dyn Catalogue) -> Result<Plan, String> {
        let file = workflow::parse(&self.body).map_err(|error| error.to_string())?;
        compile(&file, catalogue)
            .map(|(plan, _)| plan)
            .map_err(|problems| problems.first().map(ToString::to_string).unwrap_or_default())
    }
}

/// Everything that listens.
#[derive(Debug, Default)]
pub struct Index {
    exact: HashMap<(WorkspaceId, String), Vec<Arc<Listener>>>,
    prefix: HashMap<(WorkspaceId, String), Vec<Arc<Listener>>>,
    hooks: HashMap<(WorkspaceId, String), Vec<Arc<Listener>>>,
    by_workflow: HashMap<WorkflowId, Vec<Arc<Listener>>>,
    callable: HashMap<(WorkspaceId, String), Arc<Listener>>,
    has_prefixes: bool,
}

impl Index {
    /// Reads the triggers of what is published. A file that cannot be read listens to nothing and is logged.
    pub fn build(published: &[Published]) -> Self {
        let mut index = Self::default();
        for row in published {
            let file = match workflow::parse(&row.body) {
                Ok(file) => file,
                Err(error) => {
                    tracing::error!(workflow = %row.workflow, version = row.version, error = %error, "a published version cannot be read and is not listening");
                    continue;
                }
            };
            let body: Arc<str> = Arc::from(row.body.as_str());
            for node in
                file.nodes.into_iter().filter(|node| node.node_type.starts_with("trigger.") && !node.disabled)
            {
                index.add(Arc::new(Listener {
                    workspace: row.workspace,
                    workflow: row.workflow,
                    name: row.name.clone(),
                    version: row.version,
                    key: node.key,
                    node_type: node.node_type,
                    parameters: node.parameters,
                    paused: row.paused,
                    body: body.clone(),
                }));
            }
        }
        index.has_prefixes = !index.prefix.is_empty();
        index
    }

    fn add(&mut self, listener: Arc<Listener>) {
        let workspace = listener.workspace;
        let text = |name: &str| listener.parameters.get(name).and_then(Json::as_str);
        match listener.node_type.as_str() {
            "trigger.webhook" => {
                if let Some(path) = text("path") {
                    let path = path.trim_matches('/').to_owned();
                    self.hooks.entry((workspace, path)).or_default().push(listener.clone());
                }
            }
            "trigger.event" => self.listen(text("type").unwrap_or_default(), &listener),
            "trigger.message" => self.listen(text("event_type").unwrap_or("message.received"), &listener),
            "trigger.error" => self.listen("masar.run.failed", &listener),
            "trigger.called" => {
                self.callable.insert((workspace, listener.workflow.to_string()), listener.clone());
                self.callable.insert((workspace, listener.name.clone()), listener.clone());
            }
            _ => {}
        }
        self.by_workflow.entry(listener.workflow).or_default().push(listener);
    }

    fn listen(&mut self, pattern: &str, listener: &Arc<Listener>) {
        let (map, text) = match pattern.strip_suffix('*') {
            Some(prefix) => (&mut self.prefix, prefix),
            None => (&mut self.exact, pattern),
        };
        map.entry((listener.workspace, text.to_owned())).or_default().push(listener.clone());
    }

    /// The triggers that listen to events of this type.
    pub fn matching(&self, workspace: WorkspaceId, event_type: &str) -> Vec<Arc<Listener>> {
        let mut key = (workspace, event_type.to_owned());
        let mut found: Vec<Arc<Listener>> = self.exact.get(&key).into_iter().flatten().cloned().collect();
        if self.has_prefixes {
            // Every prefix that ends in a dot, and the empty one.
            loop {
                let end = key.1.trim_end_matches('.').rfind('.').map_or(0, |dot| dot + 1);
                key.1.truncate(end);
                found.extend(self.prefix.get(&key).into_iter().flatten().cloned());
                if end == 0 {
                    break;
                }
            }
        }
        found
    }

    /// The webhook triggers at a path.
    pub fn hook(&self, workspace: WorkspaceId, path: &str) -> &[Arc<Listener>] {
        self.hooks.get(&(workspace, path.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// A trigger of a workflow: the named one, or the first.
    pub fn target(&self, workflow: WorkflowId, trigger: Option<&str>) -> Option<Arc<Listener>> {
        let listeners = self.by_workflow.get(&workflow)?;
        match trigger {
            Some(key) => listeners.iter().find(|listener| listener.key == key).cloned(),
            None => listeners
                .iter()
                .find(|listener| listener.node_type == "trigger.manual")
                .or(listeners.first())
                .cloned(),
        }
    }

    /// The called trigger of a workflow by id or name.
    pub fn callable(&self, workspace: WorkspaceId, workflow: &str) -> Option<Arc<Listener>> {
        self.callable.get(&(workspace, workflow.to_owned())).cloned()
    }

    /// Every published trigger.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Listener>> {
        self.by_workflow.values().flatten()
    }
}
