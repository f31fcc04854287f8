//! What the store promises, whichever database it is on.

use std::any::Any;

use async_trait::async_trait;
use masar_crm_core::DatabaseError;
use masar_engine::{RunId, Timestamp, WorkflowId, WorkspaceId};
use masar_runtime::store::{
    CommitError, Origin, Packed, RunFilter, RunRow, Status, Store, TimerKind, Unit, Work, Write,
};
use rusqlite::Connection;
use uuid::Uuid;

const WORKSPACE: WorkspaceId = WorkspaceId::FIRST;

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("masar.db"), |_, _| {}).await.unwrap();
    (folder, store)
}

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
    store.submit(Unit { writes, work: None }).await.map(|_| ())
}

#[tokio::test]
async fn a_unit_that_breaks_a_promise_fails_alone() {
    let (_folder, store) = store().await;
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
    async fn apply(&mut self, conn: &mut Connection) -> Result<Vec<Write>, DatabaseError> {
        conn.execute("INSERT INTO meta (key, value) VALUES ('deed', 'done')", [])?;
        if self.fails {
            conn.execute("INSERT INTO nowhere VALUES (1)", [])?;
        }
        Ok(vec![run(2, Status::Succeeded)])
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

#[tokio::test]
async fn work_and_its_rows_stand_or_fall_together() {
    let (folder, store) = store().await;
    let deed =
        |fails| Unit { writes: vec![event(1, None)], work: Some(Box::new(Deed { fails }) as Box<dyn Work>) };
    assert!(store.submit(deed(true)).await.is_err());
    assert!(store.event(WORKSPACE, 1).await.unwrap().is_none());
    let committed = store.submit(deed(false)).await.unwrap();
    assert!(committed.work.is_some_and(|work| work.into_any().is::<Deed>()), "the work comes back");
    assert_eq!(
        store.run(WORKSPACE, RunId(Uuid::from_u128(2))).await.unwrap().unwrap().status,
        Status::Succeeded
    );
    drop(store);
    // What was acknowledged is there after the process has gone without a word.
    let again = Store::open(&folder.path().join("masar.db"), |_, _| {}).await.unwrap();
    assert!(again.event(WORKSPACE, 1).await.unwrap().is_some());
    assert_eq!(again.next_position(), 2);
}

#[tokio::test]
async fn lists_filter_and_go_on_where_they_stopped_and_old_runs_are_forgotten() {
    let (_folder, store) = store().await;
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
