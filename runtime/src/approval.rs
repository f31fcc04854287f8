//! Asking a person: the link with its one-time token, and the events that carry it, so that a
//! workflow can send it by mail or message. The page behind the link is the API's; deciding is
//! the run's.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use masar_engine::{
    Sequence, Timestamp,
    node::Wait,
    run::{Machine, StepRef},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{
    config::Config,
    core::Core,
    execute::RunInfo,
    store::{ApprovalOpening, LinkRow, OutboxRow, WaitRow, Write},
};

/// Tells that an approval is asked for.
const REQUESTED: &str = "masar.approval.requested";
/// Tells that it is still open.
const REMINDER: &str = "masar.approval.reminder";

/// The hash under which a link is kept.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Where people reach this server, without a slash at the end.
fn base(config: &Config) -> String {
    match config.server.public_url.trim_end_matches('/') {
        "" => format!("http://{}", config.server.listen),
        url => url.to_owned(),
    }
}

/// A new token: the link that holds it, and its hash.
fn mint(core: &Core) -> (String, [u8; 32]) {
    let token = URL_SAFE_NO_PAD.encode(crate::clock::secret_bytes::<32>());
    (format!("{}/approve/{token}", base(&core.config)), hash(&token))
}

/// What goes with the opening of an approval; nothing for another wait.
pub(crate) fn opening(
    core: &Core,
    info: &RunInfo,
    machine: &Machine,
    (token, step, id): (Sequence, &StepRef, Uuid),
    wait: &Wait,
) -> Option<ApprovalOpening> {
    let Wait::Approval { title, context, assignee, deadline, remind_at } = wait else { return None };
    let now = core.clock.now();
    let (link, secret) = mint(core);
    // A test asks nobody.
    let requested = (!machine.header().test).then(|| OutboxRow {
        workspace: info.workspace,
        event_id: core.ids.next(now),
        source: format!("/runs/{}", info.run),
        event_type: REQUESTED.into(),
        subject: Some(format!("approval/{id}")),
        time: now,
        data: json!({
            "approval": id.to_string(), "run": info.run.to_string(), "workflow": info.workflow.to_string(),
            "workflow_name": machine.plan().name, "step": step.to_string(), "title": title, "context": context,
            "assignee": assignee, "deadline": deadline.map(Timestamp::to_rfc3339), "link": link,
        }),
        depth: info.depth + 1,
    });
    let link = LinkRow {
        secret,
        workspace: info.workspace,
        run: info.run,
        token,
        step: step.to_string(),
        title: title.clone(),
        deadline: *deadline,
        made_at: now,
    };
    Some(ApprovalOpening { link, requested, remind: *remind_at })
}

/// The event that reminds of an open approval, with a link of its own: the first one is known to
/// nobody but its reader.
pub(crate) fn reminder(core: &Core, wait: &WaitRow, now: Timestamp) -> Vec<Write> {
    let (link, secret) = mint(core);
    let title = wait.title.clone().unwrap_or_default();
    let event = OutboxRow {
        workspace: wait.workspace,
        event_id: core.ids.next(now),
        source: format!("/runs/{}", wait.run),
        event_type: REMINDER.into(),
        subject: Some(format!("approval/{}", wait.id)),
        time: now,
        data: json!({
            "approval": wait.id.to_string(), "run": wait.run.to_string(), "workflow": wait.workflow.to_string(),
            "step": wait.step, "title": title, "context": wait.context, "assignee": wait.assignee,
            "deadline": wait.deadline.map(Timestamp::to_rfc3339), "link": link,
        }),
        depth: 1,
    };
    let row = LinkRow {
        secret,
        workspace: wait.workspace,
        run: wait.run,
        token: wait.token,
        step: wait.step.clone(),
        title,
        deadline: wait.deadline,
        made_at: now,
    };
    vec![Write::ApprovalLink(row), Write::OutboxAppend(event)]
}
