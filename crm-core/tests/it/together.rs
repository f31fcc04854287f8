//! Several who ask at the same time, each on a connection of its own.

use masar_crm_core::{Entity, Error, create, find_or_create, update};
use serde_json::{Value, json};

use crate::{
    base::{Backend, Base, Link, on_every_database},
    change, counter, events,
};

on_every_database![
    eight_who_ask_at_once_get_one_record,
    two_who_change_the_same_record_do_not_overwrite_each_other,
    of_two_who_take_the_same_number_one_is_told,
    who_asks_for_two_in_the_other_order_gets_them_too,
];

/// Finds or makes one record in a transaction of its own.
async fn ask(base: &Base, asker: u128, entity: Entity, by: &str, fields: &Value) -> (uuid::Uuid, bool) {
    let mut link = base.connect().await;
    let mut ids = counter(asker * 1000);
    link.begin().await;
    let (record, new) =
        find_or_create(&mut link.conn(), &mut change(&mut ids), entity, by, fields).await.unwrap();
    link.commit().await;
    (record.id, new)
}

async fn eight_who_ask_at_once_get_one_record(backend: Backend) {
    let base = Base::new(backend).await;
    // Contacts are kept single by an index, leads by waiting for each other.
    for (round, (entity, name)) in
        [(Entity::Contact, "name"), (Entity::Lead, "title")].into_iter().enumerate()
    {
        for by in ["phone", "email"] {
            let asked = (0..8u128).map(|asker| {
                let phone = if asker % 2 == 0 { "0501234567" } else { "+966 50 123 4567" };
                let mut fields = json!({name: "نورة"});
                fields[by] = if by == "phone" { phone.into() } else { "Noura@example.sa".into() };
                let base = &base;
                let from = (round as u128 * 2 + u128::from(by == "email")) * 100 + asker;
                async move { ask(base, from, entity, by, &fields).await }
            });
            let found = join_all(asked).await;
            assert!(found.iter().all(|(id, _)| *id == found[0].0));
            assert_eq!(found.iter().filter(|(_, new)| *new).count(), 1, "{entity:?} by {by}");
        }
    }
    let made = events(&mut base.connect().await).await;
    assert_eq!(made, ["crm.contact.created", "crm.contact.created", "crm.lead.created", "crm.lead.created"]);
}

/// All at once, each on a thread of its own: the embedded connection blocks the one it is on.
async fn join_all<T: Send>(futures: impl Iterator<Item = impl Future<Output = T> + Send>) -> Vec<T> {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            let threads: Vec<_> = futures
                .map(|future| {
                    let runtime = runtime.clone();
                    scope.spawn(move || runtime.block_on(future))
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    })
}

async fn two_who_change_the_same_record_do_not_overwrite_each_other(backend: Backend) {
    let base = Base::new(backend).await;
    let mut link = base.connect().await;
    let mut ids = counter(0);
    let deal = json!({"title": "فيلا"});
    let deal = create(&mut link.conn(), &mut change(&mut ids), Entity::Deal, &deal).await.unwrap();
    let changed = join_all((0..8).map(|asker| {
        let (base, id) = (&base, deal.id);
        async move {
            let mut link = base.connect().await;
            let mut ids = counter((asker + 1) * 1000);
            link.begin().await;
            let patch = json!({"amount": asker as u64 + 1});
            let done =
                update(&mut link.conn(), &mut change(&mut ids), Entity::Deal, id, &patch, Some(1)).await;
            link.commit().await;
            done
        }
    }))
    .await;
    let stood = changed.iter().filter(|done| done.is_ok()).count();
    let told = changed.iter().filter(|done| matches!(done, Err(Error::Conflict { .. }))).count();
    assert_eq!((stood, told), (1, 7));
    assert_eq!(events(&mut link).await, ["crm.deal.created", "crm.deal.updated"]);
}

async fn of_two_who_take_the_same_number_one_is_told(backend: Backend) {
    let base = Base::new(backend).await;
    let mut link = base.connect().await;
    let mut ids = counter(0);
    let mut contacts = Vec::new();
    for name in ["سارة", "هند"] {
        let fields = json!({"name": name});
        contacts.push(
            create(&mut link.conn(), &mut change(&mut ids), Entity::Contact, &fields).await.unwrap().id,
        );
    }
    let taken = join_all(contacts.iter().enumerate().map(|(asker, id)| {
        let base = &base;
        async move {
            let mut link = base.connect().await;
            let mut ids = counter((asker as u128 + 1) * 1000);
            link.begin().await;
            let patch = json!({"phone": "0507654321"});
            let done =
                update(&mut link.conn(), &mut change(&mut ids), Entity::Contact, *id, &patch, None).await;
            // What a database refused may have ended the whole transaction.
            if done.is_ok() {
                link.commit().await
            } else {
                link.rollback().await
            }
            done
        }
    }))
    .await;
    let refused: Vec<String> =
        taken.iter().filter_map(|done| done.as_ref().err()).map(ToString::to_string).collect();
    assert_eq!(refused, ["another contact has this phone"]);
}

async fn who_asks_for_two_in_the_other_order_gets_them_too(backend: Backend) {
    let base = Base::new(backend).await;
    let orders = [["0501111111", "0502222222"], ["0502222222", "0501111111"]];
    let asked = orders.iter().enumerate().map(|(asker, phones)| {
        let base = &base;
        async move {
            let mut link = base.connect().await;
            let mut round = 0;
            loop {
                round += 1;
                let mut ids = counter(asker as u128 * 100_000 + round * 1000);
                link.begin().await;
                match both(&mut link, &mut ids, phones).await {
                    Ok(()) => return link.commit().await,
                    // PostgreSQL ends one of two that wait for each other; the same again then succeeds.
                    Err(Error::Database(error)) if error.again => link.rollback().await,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    });
    join_all(asked).await;
    assert_eq!(events(&mut base.connect().await).await, ["crm.contact.created", "crm.contact.created"]);
}

async fn both(
    link: &mut Link,
    ids: &mut (dyn FnMut() -> uuid::Uuid + Send),
    phones: &[&str; 2],
) -> Result<(), Error> {
    for phone in phones {
        let fields = json!({"name": "نورة", "phone": phone});
        find_or_create(&mut link.conn(), &mut change(ids), Entity::Contact, "phone", &fields).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}
