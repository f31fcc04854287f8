//! What the store promises, whichever database it is on: every test runs on both.

use std::any::Any;

use async_trait::async_trait;
use futures_util::future::join_all;
use masar_crm_core::{Conn, DatabaseError};
use masar_engine::{Json, RunId, Timestamp, VersionHash, WorkflowId, WorkspaceId};
use masar_runtime::store::{
    Arrival, CallFilter, CommitError, CredentialRow, DraftChange, EventFilter, HookCallRow, KeptAnswer,
    NewDeadLetter, NewVersion, Origin, OutboxRow, Packed, RunFilter, RunRow, Status, Store, StoreError,
    TimerKind, Unit, WaitKind, Waited, Work, WorkflowRow, Write,
};
use serde_json::json;
use uuid::Uuid;

use crate::postgres;

const WORKSPACE: WorkspaceId = WorkspaceId::FIRST;
const NOW: Timestamp = Timestamp(1_795_500_000_000_000);

/// Where a test's store is.
enum Base {
    Sqlite(tempfile::TempDir),
    Postgres(String),
}

impl Base {
    fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    async fn postgres() -> Self {
        Self::Postgres(postgres::database().await)
    }

    async fn open(&self) -> Store {
        match self {
            Self::Sqlite(folder) => Store::open(&folder.path().join("masar.db"), |_, _| {}).await.unwrap(),
            Self::Postgres(url) => Store::open_postgres(url, NOW, |_, _| {}).await.unwrap(),
        }
    }
}

macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(super::Base::sqlite()).await })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(super::Base::postgres().await).await })*
        }
    };
}

on_both!(
    a_unit_that_breaks_a_promise_fails_alone,
    work_and_its_rows_stand_or_fall_together,
    lists_filter_and_go_on_where_they_stopped_and_old_runs_are_forgotten,
    of_a_wait_and_its_event_the_second_notices_the_first,
    an_event_that_arrives_twice_at_once_is_kept_once,
    one_of_two_owners_of_a_run_is_fenced,
    what_people_administer_comes_back_as_it_was_written,
    what_comes_in_and_goes_out_is_listed,
);

fn event(position: i64, key: Option<u8>) -> Write {
    Write::EventInsert {
        position,
        workspace: WORKSPACE,
        event_id: format!("e{position}"),
        source: "/test".into(),
        event_type: "test".into(),
        subject: None,
        time: None,
        received_at: Timestamp(1),
        origin: Origin::Api,
        data: Packed::new(b"{}"),
        depth: 0,
        dedup: key.map(|key| ([key; 16], Timestamp(i64::MAX))),
    }
}

fn run(number: u128, status: Status) -> Write {
    Write::RunInsert(Box::new(RunRow {
        id: RunId(Uuid::from_u128(number)),
        workspace: WORKSPACE,
        workflow: WorkflowId(Uuid::nil()),
        version: 1,
        event: 1,
        event_type: "test".into(),
        status,
        trigger: "start".into(),
        subject: Some(format!("lead/{number}")),
        test: false,
        parent: None,
        replay_of: None,
        priority: 0,
        key: None,
        depth: 0,
        accepted_at: Timestamp(1),
        ended_at: None,
        error_code: None,
        error_node: None,
        error_message: None,
    }))
}

fn records(number: u128, first: u64) -> Write {
    Write::Journal {
        run: RunId(Uuid::from_u128(number)),
        first,
        count: 1,
        hash: [1; 32],
        body: Packed::new(b"{}\n"),
    }
}

async fn submit(store: &Store, writes: Vec<Write>) -> Result<(), CommitError> {
    store.submit(Unit::of(writes)).await.map(|_| ())
}

async fn a_unit_that_breaks_a_promise_fails_alone(base: Base) {
    let store = base.open().await;
    submit(&store, vec![event(1, Some(7)), run(1, Status::Running), records(1, 0)]).await.unwrap();
    let units: Vec<_> = (0..64u128)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                match number {
                    13 => submit(&store, vec![records(1, 0)]).await,
                    14 => submit(&store, vec![event(1000, Some(7)), run(500, Status::Queued)]).await,
                    _ => {
                        submit(&store, vec![run(100 + number, Status::Queued), records(100 + number, 0)])
                            .await
                    }
                }
            })
        })
        .collect();
    let mut kept = 0;
    for (number, unit) in units.into_iter().enumerate() {
        match (number, unit.await.unwrap()) {
            (13, Err(CommitError::Fenced)) | (14, Err(CommitError::Duplicate { position: 1 })) => {}
            (_, Ok(())) => kept += 1,
            (number, other) => panic!("unit {number}: {other:?}"),
        }
    }
    assert_eq!(kept, 62);
    let rows = store.runs(WORKSPACE, &RunFilter::default(), None, 200).await.unwrap();
    assert_eq!(rows.len(), 63, "nothing of a refused unit stays");
    assert!(store.runs(WorkspaceId(2), &RunFilter::default(), None, 200).await.unwrap().is_empty());
}

struct Deed {
    fails: bool,
}

#[async_trait]
impl Work for Deed {
    async fn apply(&mut self, mut conn: Conn<'_>) -> Result<Vec<Write>, DatabaseError> {
        conn.execute("UPDATE workspaces SET vars = '{\"deed\": \"done\"}'", &[]).await?;
        if self.fails {
            conn.execute("INSERT INTO nowhere VALUES (1)", &[]).await?;
        }
        Ok(vec![run(2, Status::Succeeded)])
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

async fn work_and_its_rows_stand_or_fall_together(base: Base) {
    let store = base.open().await;
    let deed = |fails| Unit {
        writes: vec![event(1, None)],
        work: Some(Box::new(Deed { fails }) as Box<dyn Work>),
        run: None,
    };
    assert!(store.submit(deed(true)).await.is_err());
    assert_eq!(store.vars(WORKSPACE).await.unwrap(), "{}");
    assert!(store.event(WORKSPACE, 1).await.unwrap().is_none());
    let committed = store.submit(deed(false)).await.unwrap();
    assert!(committed.work.is_some_and(|work| work.into_any().is::<Deed>()), "the work comes back");
    assert_eq!(
        store.run(WORKSPACE, RunId(Uuid::from_u128(2))).await.unwrap().unwrap().status,
        Status::Succeeded
    );
    drop(store);
    // What was acknowledged is there after the process has gone without a word.
    let again = base.open().await;
    assert!(again.event(WORKSPACE, 1).await.unwrap().is_some());
    assert!(again.vars(WORKSPACE).await.unwrap().contains("done"));
    assert!(again.next_position(NOW) > 1);
}

async fn lists_filter_and_go_on_where_they_stopped_and_old_runs_are_forgotten(base: Base) {
    let store = base.open().await;
    let mut writes = vec![event(1, None)];
    for number in 1..=50u128 {
        writes.push(run(number, if number % 5 == 0 { Status::Failed } else { Status::Succeeded }));
        writes.push(records(number, 0));
    }
    let due = Timestamp(5);
    writes.push(run(60, Status::Waiting));
    writes.push(Write::TimerSet {
        due,
        run: RunId(Uuid::from_u128(60)),
        token: 3,
        kind: TimerKind::Timer,
        payload: 0,
    });
    writes.push(Write::TimerSet {
        due,
        run: RunId(Uuid::from_u128(60)),
        token: 4,
        kind: TimerKind::Timer,
        payload: 0,
    });
    writes.push(Write::TimerClear { run: RunId(Uuid::from_u128(60)), token: 4 });
    submit(&store, writes).await.unwrap();
    let timers = store.timers_due(Timestamp(9), 10).await.unwrap();
    assert_eq!(
        timers.iter().map(|timer| timer.token).collect::<Vec<_>>(),
        [3],
        "a timer called off in the same commit is not set"
    );

    let failed = RunFilter { status: vec![Status::Failed], ..RunFilter::default() };
    let page = store.runs(WORKSPACE, &failed, None, 6).await.unwrap();
    let rest = store.runs(WORKSPACE, &failed, page.last().map(|run| run.id), 6).await.unwrap();
    let numbers: Vec<u128> = page.iter().chain(&rest).map(|run| run.id.0.as_u128()).collect();
    assert_eq!(numbers, [50, 45, 40, 35, 30, 25, 20, 15, 10, 5]);
    let subject = RunFilter { text: Some("lead/17".into()), ..RunFilter::default() };
    assert_eq!(store.runs(WORKSPACE, &subject, None, 10).await.unwrap().len(), 1);

    let (mut forgotten, mut after) = (0, None);
    loop {
        let piece = store.forget_runs(WorkflowId(Uuid::nil()), Timestamp(10), after, 20).await.unwrap();
        forgotten += piece.gone;
        after = piece.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(forgotten, 50, "what is open stays");
    assert!(store.journal(RunId(Uuid::from_u128(7))).await.unwrap().is_empty());
    assert_eq!(store.position_at(Timestamp(10)).await.unwrap(), 2);
    let events = store.forget_events(Timestamp(10), 0, 2, 10).await.unwrap();
    assert_eq!(events.gone, 0, "the open run needs its event");
}

fn wait(number: u128, token: u64, key: Option<&str>, correlate: Option<&str>) -> Write {
    Write::WaitOpen {
        id: Uuid::from_u128(number << 8 | u128::from(token)),
        workspace: WORKSPACE,
        workflow: WorkflowId(Uuid::nil()),
        run: RunId(Uuid::from_u128(number)),
        token,
        step: "paid".into(),
        kind: WaitKind::Event,
        event_type: Some("payment".into()),
        key: key.map(str::to_owned),
        correlate: correlate.map(str::to_owned),
        title: None,
        context: Json::Null,
        assignee: None,
        deadline: None,
        opened_at: NOW,
        approval: None,
    }
}

/// A payment for an order, with what wakes those who wait for it.
fn payment(position: i64, order: &str) -> Vec<Write> {
    let data = json!({"order": order});
    let waited = std::sync::Arc::new(Waited::default());
    waited.note("payment");
    let Write::EventInsert { event_id, source, received_at, origin, .. } = event(position, None) else {
        unreachable!()
    };
    let written = Write::EventInsert {
        position,
        workspace: WORKSPACE,
        event_id,
        source,
        event_type: "payment".into(),
        subject: Some(format!("order/{order}")),
        time: None,
        received_at,
        origin,
        data: Packed::new(data.to_string().as_bytes()),
        depth: 0,
        dedup: None,
    };
    let arrival = Arrival {
        workspace: WORKSPACE,
        position,
        event_type: "payment".into(),
        subject: Some(format!("order/{order}")),
        data: data.into(),
        at: NOW,
        waited,
    };
    vec![written, Write::EventArrived(arrival)]
}

async fn of_a_wait_and_its_event_the_second_notices_the_first(base: Base) {
    let store = base.open().await;
    let mut before = vec![event(1, None)];
    before.extend((1..=40).map(|number| run(number, Status::Waiting)));
    submit(&store, before).await.unwrap();
    // Each wait and its event are written at the same moment, in whatever order they come to stand.
    let pairs = (1..=40u128).map(|number| {
        let (store, order) = (store.clone(), number.to_string());
        async move {
            let by_path = number % 2 == 0;
            let (key, path) =
                if by_path { (order.clone(), Some("order")) } else { (format!("order/{order}"), None) };
            let opened = submit(&store, vec![wait(number, 5, Some(&key), path)]);
            let came = submit(&store, payment(1 + i64::try_from(number).unwrap(), &order));
            let (opened, came) = tokio::join!(opened, came);
            opened.unwrap();
            came.unwrap();
        }
    });
    join_all(pairs).await;
    let due = store.timers_due(NOW, 100).await.unwrap();
    let mut found: Vec<(u128, i64)> =
        due.iter().map(|timer| (timer.run.0.as_u128(), timer.payload)).collect();
    found.sort_unstable();
    assert_eq!(found, (1..=40).map(|number| (number, 1 + number as i64)).collect::<Vec<_>>());

    // Taken, an event does not come again to a later wait of its run; the next one does.
    let first = RunId(Uuid::from_u128(1));
    let taken = vec![
        Write::EventTaken { run: first, position: 2 },
        Write::WaitClose { run: first, token: 5 },
        Write::TimersClearRun { run: first },
    ];
    submit(&store, taken).await.unwrap();
    submit(&store, vec![wait(1, 9, Some("order/1"), None)]).await.unwrap();
    assert!(store.timers_due(NOW, 100).await.unwrap().iter().all(|timer| timer.run != first));
    submit(&store, payment(90, "1")).await.unwrap();
    let due = store.timers_due(NOW, 100).await.unwrap();
    assert!(due.iter().any(|timer| (timer.run, timer.token, timer.payload) == (first, 9, 90)));
    assert_eq!(store.waited_types().await.unwrap(), ["payment"]);
    assert!(store.wait_of(WORKSPACE, first, 5).await.unwrap().is_none());
    assert_eq!(store.wait_of(WORKSPACE, first, 9).await.unwrap().unwrap().key.as_deref(), Some("order/1"));
}

async fn an_event_that_arrives_twice_at_once_is_kept_once(base: Base) {
    let store = base.open().await;
    let arrivals = (0..64i64).map(|number| {
        let store = store.clone();
        let key = u8::try_from(number % 8).unwrap();
        tokio::spawn(async move {
            let run = run(100 + number as u128, Status::Queued);
            submit(&store, vec![event(1 + number, Some(key)), run]).await
        })
    });
    let mut kept = 0;
    for answer in join_all(arrivals).await {
        match answer.unwrap() {
            Ok(()) => kept += 1,
            Err(CommitError::Duplicate { position }) => {
                assert!(store.event(WORKSPACE, position).await.unwrap().is_some());
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(kept, 8);
    assert_eq!(store.run_count().await.unwrap(), 8);
}

async fn one_of_two_owners_of_a_run_is_fenced(base: Base) {
    let store = base.open().await;
    let other = store.clone();
    submit(&store, vec![event(1, None), run(1, Status::Running), records(1, 0)]).await.unwrap();
    for round in 1..20 {
        let mine = submit(&store, vec![records(1, round)]);
        let theirs = submit(&other, vec![records(1, round)]);
        let (mine, theirs) = tokio::join!(mine, theirs);
        match (mine, theirs) {
            (Ok(()), Err(CommitError::Fenced)) | (Err(CommitError::Fenced), Ok(())) => {}
            both => panic!("{both:?}"),
        }
    }
    let journal = store.journal(RunId(Uuid::from_u128(1))).await.unwrap();
    assert_eq!(journal.iter().map(|segment| segment.first).collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
    assert_eq!(store.journal_from(RunId(Uuid::from_u128(1)), 18, 10).await.unwrap().len(), 2);
}

async fn what_people_administer_comes_back_as_it_was_written(base: Base) {
    let store = base.open().await;
    let id = WorkflowId(Uuid::from_u128(7));
    let row = WorkflowRow {
        id,
        workspace: WORKSPACE,
        name: "تأهيل العملاء".into(),
        folder: "المبيعات".into(),
        tags: "[]".into(),
        draft: json!({"name": "تأهيل العملاء", "settings": {"keepDays": 3}}).to_string(),
        revision: 1,
        published: None,
        paused: false,
        created_at: NOW,
        updated_at: NOW,
    };
    store.create_workflow(row.clone()).await.unwrap();
    let again =
        store.create_workflow(WorkflowRow { id: WorkflowId(Uuid::from_u128(8)), ..row.clone() }).await;
    assert!(matches!(again, Err(StoreError::Taken(name)) if name == row.name));
    assert_eq!(store.workflow_named(WORKSPACE, &row.name).await.unwrap(), Some(row.clone()));
    assert_eq!(store.keep_days().await.unwrap().get(&id), Some(&3));
    let pause = DraftChange { paused: Some(true), ..DraftChange::default() };
    assert_eq!(store.change_workflow(WORKSPACE, id, Some(1), pause.clone(), NOW).await.unwrap(), 2);
    let late = store.change_workflow(WORKSPACE, id, Some(1), pause, NOW).await;
    assert!(matches!(late, Err(StoreError::Conflict { expected: 1, found: 2 })));
    let version = |test| NewVersion {
        workspace: WORKSPACE,
        workflow: id,
        hash: VersionHash([3; 32]),
        body: row.draft.clone(),
        note: "أول نشر".into(),
        by: "ops".into(),
        now: NOW,
        test,
    };
    let numbers = join_all((0..4).map(|number| store.add_version(version(number % 2 == 1)))).await;
    let mut numbers: Vec<i64> = numbers.into_iter().map(Result::unwrap).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [-2, -1, 1, 2]);
    let published = store.published().await.unwrap();
    assert_eq!((published.len(), published[0].paused), (1, true));
    store.set_published(WORKSPACE, id, Some(1), NOW).await.unwrap();
    assert_eq!(store.published().await.unwrap()[0].version, 1);
    assert_eq!(store.versions(WORKSPACE, id).await.unwrap().len(), 2);
    assert_eq!(store.version(WORKSPACE, id, -1).await.unwrap().unwrap().note, "أول نشر");
    assert!(store.version(WorkspaceId(2), id, 1).await.unwrap().is_none());

    let credential = CredentialRow {
        id: Uuid::from_u128(1),
        workspace: WORKSPACE,
        name: "mail".into(),
        kind: "smtp".into(),
        sealed: vec![1, 2, 3],
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    };
    store.set_credential(credential.clone()).await.unwrap();
    store.set_sealed(vec![(credential.id, vec![9])]).await.unwrap();
    let stored = store.credential(WORKSPACE, "mail").await.unwrap();
    assert_eq!(stored, Some(CredentialRow { sealed: vec![9], ..credential }));
    assert!(store.delete_credential(WORKSPACE, "mail".into()).await.unwrap());
    store.set_vars(WORKSPACE, r#"{"vat": 15}"#.into()).await.unwrap();
    assert_eq!(store.vars(WORKSPACE).await.unwrap(), r#"{"vat": 15}"#);
    let answer = KeptAnswer { request: [1; 32], status: 201, headers: "{}".into(), body: "تم".into() };
    store.keep_idempotent(WORKSPACE, "key".into(), answer.clone(), Timestamp(NOW.0 + 10)).await.unwrap();
    assert_eq!(store.idempotent(WORKSPACE, "key", NOW).await.unwrap(), Some(answer));
    let later = Timestamp(NOW.0 + 10);
    assert!(store.idempotent(WORKSPACE, "key", later).await.unwrap().is_none());
    assert_eq!(store.forget_expired(Timestamp(NOW.0 + 11), NOW, 10).await.unwrap(), 1);

    submit(&store, vec![event(1, None), run(1, Status::Running)]).await.unwrap();
    assert_eq!(store.delete_workflow(WORKSPACE, WorkflowId(Uuid::nil()), 10).await.unwrap().len(), 1);
    assert!(store.delete_workflow(WORKSPACE, id, 10).await.unwrap().is_empty());
    assert!(store.workflow(WORKSPACE, id).await.unwrap().is_none());
}

async fn what_comes_in_and_goes_out_is_listed(base: Base) {
    let store = base.open().await;
    let call = |position: i64, code: &str, event| HookCallRow {
        position,
        workspace: WORKSPACE,
        path: "leads".into(),
        method: "POST".into(),
        query: String::new(),
        at: NOW,
        status: if code == "accepted" { 202 } else { 401 },
        code: code.into(),
        detail: "توقيع".into(),
        headers: "{}".into(),
        remote: "127.0.0.1:1".into(),
        event,
        body: vec![0, 255],
        size: 2,
    };
    let calls = [call(1, "accepted", Some(1)), call(2, "signature", None)];
    let out = OutboxRow {
        workspace: WORKSPACE,
        event_id: Uuid::from_u128(5),
        source: "/crm".into(),
        event_type: "crm.lead.created".into(),
        subject: Some("lead/1".into()),
        time: NOW,
        data: json!({"name": "نورة"}),
        depth: 1,
    };
    let mut writes = vec![event(1, None)];
    writes.extend(calls.iter().cloned().map(Write::HookCall));
    writes.extend([
        Write::OutboxAppend(out.clone()),
        Write::OutboxAppend(OutboxRow { subject: None, ..out.clone() }),
    ]);
    let fired = |at| Write::ScheduleFired { workflow: WorkflowId(Uuid::nil()), trigger: "sunday".into(), at };
    writes.extend([fired(Timestamp(20)), fired(Timestamp(10))]);
    writes.push(Write::Decision {
        event: 1,
        workspace: WORKSPACE,
        workflow: WorkflowId(Uuid::nil()),
        trigger: "start".into(),
        code: "filtered",
        detail: "budget".into(),
        subject: None,
        at: NOW,
    });
    submit(&store, writes).await.unwrap();
    let refused = CallFilter { accepted: Some(false), ..CallFilter::default() };
    assert_eq!(store.hook_calls(WORKSPACE, &refused, None, 10).await.unwrap(), [calls[1].clone()]);
    assert_eq!(store.hook_call(WORKSPACE, 1).await.unwrap(), Some(calls[0].clone()));
    let rows = store.outbox(10).await.unwrap();
    assert_eq!(
        rows.iter().map(|(_, row)| row.subject.clone()).collect::<Vec<_>>(),
        [out.subject.clone(), None]
    );
    assert_eq!((&rows[0].1, store.outbox_depth().await.unwrap()), (&out, (2, Some(NOW))));
    submit(&store, vec![Write::OutboxDelete { position: rows[0].0 }]).await.unwrap();
    assert_eq!(store.outbox_depth().await.unwrap().0, 1);
    let fired = store.last_fired(WorkflowId(Uuid::nil()), "sunday").await.unwrap();
    assert_eq!(fired, Some(Timestamp(20)), "a later firing stays");
    let decisions = store.decisions(WORKSPACE, Some(1), None, None, 10).await.unwrap();
    assert_eq!((decisions.len(), decisions[0].code.as_str()), (1, "filtered"));
    let of_type = EventFilter { event_type: Some("test".into()), ..EventFilter::default() };
    let events = store.events(WORKSPACE, &of_type, None, 10).await.unwrap();
    assert_eq!(
        (events.len(), events[0].event_id.as_str(), events[0].data.as_slice()),
        (1, "e1", b"{}".as_slice())
    );

    let letter = |number: u8, code: &str| NewDeadLetter {
        key: [number; 32],
        code: code.into(),
        reason: format!("reason {number}"),
        routing_key: "lead".into(),
        content_type: None,
        headers: [("x".to_owned(), "y".to_owned())].into(),
        body: vec![number],
        at: NOW,
    };
    for (number, code) in [(1, "broken"), (2, "broken"), (2, "broken"), (3, "large")] {
        store.add_dead_letter(letter(number, code)).await.unwrap();
    }
    let causes = store.dead_causes(WORKSPACE).await.unwrap();
    assert_eq!((causes.len(), causes[0].count, causes[0].reason.as_str()), (2, 2, "reason 2"));
    let broken = store.dead_letters(WORKSPACE, Some("broken"), None, 10).await.unwrap();
    assert_eq!((broken.len(), broken[0].letter.body.len(), broken[0].size), (2, 0, 1));
    assert_eq!(store.dead_letters(WORKSPACE, None, Some(broken[0].id), 10).await.unwrap().len(), 1);
    let whole = store.dead_letter(WORKSPACE, broken[0].id).await.unwrap().unwrap();
    assert_eq!(whole.letter, letter(2, "broken"));
    let ids = store.dead_of_cause(WORKSPACE, "broken", None, broken[1].id, 10).await.unwrap();
    assert_eq!(ids, [broken[0].id]);
    assert!(store.delete_dead_letter(WORKSPACE, ids[0]).await.unwrap());
    assert_eq!(store.forget_dead_letters(Timestamp(NOW.0 + 1), 10).await.unwrap(), 2);
}
