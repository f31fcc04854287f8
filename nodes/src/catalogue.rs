//! Every node type that is built in, by type and version. Made once at start and shared.

use std::{collections::BTreeMap, sync::Arc};

use masar_engine::{Manifest, NodeSpec};

use crate::{Behaviour, crm, data, email, event, flow, http, trigger, webhook};

/// A node type: what it declares and its code.
#[derive(Clone)]
pub struct NodeType {
    /// What it declares.
    pub manifest: Arc<Manifest>,
    /// Its code.
    pub behaviour: Behaviour,
}

/// The installed node types.
#[derive(Clone)]
pub struct Catalogue {
    /// By type, then by version; the last version is the newest.
    types: Arc<BTreeMap<String, BTreeMap<u16, NodeType>>>,
}

impl Catalogue {
    /// The built-in node types.
    pub fn builtin() -> Self {
        Self::of(builtin())
    }

    /// A catalogue of these types.
    pub fn of(types: impl IntoIterator<Item = NodeType>) -> Self {
        let mut by_type: BTreeMap<String, BTreeMap<u16, NodeType>> = BTreeMap::new();
        for node in types {
            let versions = by_type.entry(node.manifest.node_type.clone()).or_default();
            versions.insert(node.manifest.version, node);
        }
        Self { types: Arc::new(by_type) }
    }

    /// The type at this version, or at its newest.
    pub fn find_behaviour(&self, node_type: &str, version: Option<u16>) -> Option<&NodeType> {
        let versions = self.types.get(node_type)?;
        match version {
            Some(version) => versions.get(&version),
            None => versions.values().next_back(),
        }
    }

    /// What every type declares, sorted by type, then version.
    pub fn manifests(&self) -> impl Iterator<Item = &Arc<Manifest>> {
        self.types.values().flat_map(BTreeMap::values).map(|node| &node.manifest)
    }
}

impl masar_engine::Catalogue for Catalogue {
    fn find(&self, node_type: &str, version: Option<u16>) -> Option<NodeSpec> {
        let node = self.find_behaviour(node_type, version)?;
        let pure = match &node.behaviour {
            Behaviour::Pure(pure) => Some(pure.clone()),
            Behaviour::Transactional(_) | Behaviour::External(_) => None,
        };
        Some(NodeSpec { manifest: node.manifest.clone(), pure })
    }

    fn names(&self) -> Vec<String> {
        self.types.keys().cloned().collect()
    }
}

fn builtin() -> Vec<NodeType> {
    vec![
        trigger::manual::node(),
        trigger::webhook::node(),
        trigger::schedule::node(),
        trigger::event::node(),
        trigger::message::node(),
        trigger::error::node(),
        trigger::called::node(),
        flow::if_(),
        flow::switch(),
        flow::for_each(),
        flow::loop_(),
        flow::wait(),
        flow::wait_for_event(),
        flow::approval(),
        flow::call(),
        flow::stop(),
        flow::fail(),
        data::set(),
        data::template(),
        data::rhai(),
        http::request(),
        email::send(),
        webhook::respond(),
        event::publish(),
        crm::create(),
        crm::update(),
        crm::find(),
        crm::find_or_create(),
    ]
}
