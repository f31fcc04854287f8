//! A world with a vault in memory, open to loopback where a test says so.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use masar_engine::{Json, Output, StepError, Timestamp};
use masar_nodes::{
    Behaviour, Catalogue, Limits, Opened, ResolvedCall, Secret, Vault, World,
    email::Mailer,
    net::{Client, Guard, install_tls_provider},
};
use uuid::Uuid;

/// Credentials by name: type and fields.
#[derive(Default)]
pub(crate) struct TestVault(pub(crate) BTreeMap<String, (String, BTreeMap<String, String>)>);

#[async_trait]
impl Vault for TestVault {
    async fn open(&self, _workspace: i64, name: &str, accepted: &[&str]) -> Result<Opened, StepError> {
        let (kind, fields) = self.0.get(name).ok_or_else(|| {
            StepError::new("credential.missing", format!("there is no credential `{name}`")).permanent()
        })?;
        if !accepted.contains(&kind.as_str()) {
            return Err(StepError::new("credential.type", format!("`{name}` is of type {kind}")).permanent());
        }
        let fields = fields.iter().map(|(name, value)| (name.clone(), Secret::new(value.clone()))).collect();
        Ok(Opened { id: name.to_owned(), kind: kind.clone(), fields })
    }
}

pub(crate) fn credential(name: &str, kind: &str, fields: &[(&str, &str)]) -> TestVault {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    TestVault(BTreeMap::from([(name.to_owned(), (kind.to_owned(), fields))]))
}

/// A world that may reach these hosts and networks besides the public internet.
pub(crate) fn world(allow: &[&str], vault: TestVault) -> World {
    install_tls_provider();
    let http = Client::new(Guard::allowing(allow).unwrap()).unwrap();
    let mail = Mailer::new(http.guard().clone());
    World { http, mail, vault: Arc::new(vault), limits: Limits::default() }
}

pub(crate) fn call(parameters: Json) -> ResolvedCall {
    ResolvedCall {
        parameters,
        input: Arc::new(Json::Null),
        workspace: 1,
        run: Uuid::nil(),
        workflow: Uuid::nil(),
        step: "send".to_owned(),
        idempotency_key: "0199-run/send/0".to_owned(),
        attempt: 1,
        now: Timestamp(1_795_420_800_000_000),
        time_zone: "Asia/Riyadh".to_owned(),
        depth: 0,
        test: false,
    }
}

/// Runs one attempt of an external node.
pub(crate) async fn run(world: &World, node_type: &str, parameters: Json) -> Result<Output, StepError> {
    let catalogue = Catalogue::builtin();
    let node = catalogue.find_behaviour(node_type, None).unwrap();
    let Behaviour::External(node) = &node.behaviour else { panic!("{node_type} is not external") };
    node.run(world, &call(parameters)).await
}
