//! Pages of reports.

use reportwire::{
    report::{NewReport, Owner, ReportId, Status},
    store::{Filter, Page, StoreError},
};

use super::{World, assert_refused, done, report};

async fn create(world: &World, count: usize) -> Vec<ReportId> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.insert(0, world.create().await.id);
    }
    ids
}

fn ids(page: &Page) -> Vec<ReportId> {
    page.records.iter().map(|record| record.id).collect()
}

fn all() -> Filter {
    Filter::of(Owner::anonymous(), 100)
}

pub(crate) async fn the_newest_stands_first(world: World) {
    let expected = create(&world, 5).await;
    let page = world.store.list(&all()).await.unwrap();
    assert_eq!((ids(&page), page.next), (expected.clone(), None));
    assert_eq!(page.records[0], world.load(expected[0]).await);
}

pub(crate) async fn a_page_names_the_next_one(world: World) {
    let expected = create(&world, 5).await;
    let (mut seen, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = world.store.list(&Filter { cursor, limit: 2, ..all() }).await.unwrap();
        seen.extend(ids(&page));
        pages += 1;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((seen, pages), (expected, 3));
    let full = world.store.list(&Filter { limit: 5, ..all() }).await.unwrap();
    assert_eq!(full.next, None, "a full last page names no empty one");
}

pub(crate) async fn a_cursor_stays_valid_when_its_report_is_removed(world: World) {
    let expected = create(&world, 4).await;
    let first = world.store.list(&Filter { limit: 2, ..all() }).await.unwrap();
    world.store.remove(expected[1]).await.unwrap();
    create(&world, 3).await;
    let second = world.store.list(&Filter { cursor: first.next, limit: 2, ..all() }).await.unwrap();
    assert_eq!(ids(&second), expected[2..]);
}

pub(crate) async fn filters_narrow_the_page(world: World) {
    let claimed = world.generating().await.record;
    let queued = world.create().await;
    let other = NewReport { report_type: "OTHER".into(), ..report() };
    let other = world.store.create(other).await.unwrap().record;
    let status = |status| Filter { status: Some(status), ..all() };
    let page = world.store.list(&status(Status::Generating)).await.unwrap();
    assert_eq!(page.records, [claimed]);
    let page = world.store.list(&Filter { report_type: Some("OTHER".into()), ..all() }).await.unwrap();
    assert_eq!(page.records, [other]);
    let both = Filter { report_type: Some("COFFEE_SALES".into()), ..status(Status::Queued) };
    assert_eq!(world.store.list(&both).await.unwrap().records, [queued]);
    assert!(world.store.list(&status(Status::Failed)).await.unwrap().records.is_empty());
}

pub(crate) async fn reports_of_every_status_stand_in_one_order(world: World) {
    let (mut expected, mut ended) = (Vec::new(), 0);
    for turn in 0..15 {
        let id = world.create().await.id;
        match turn % 5 {
            0 | 1 => drop(world.store.cancel(id).await.unwrap()),
            2 => {
                let claimed = world.claim().await;
                world.store.settle(&claimed.claim, done()).await.unwrap();
                ended += 1;
            }
            3 => drop(world.claim().await),
            _ => world.store.remove(id).await.unwrap(),
        }
        if turn % 5 != 4 {
            expected.insert(0, id);
        }
    }
    for report_type in [None, Some(report().report_type)] {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let filter = Filter { cursor, limit: 2, report_type: report_type.clone(), ..all() };
            let page = world.store.list(&filter).await.unwrap();
            seen.extend(ids(&page));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected);
        let completed = Filter { status: Some(Status::Completed), report_type, ..all() };
        assert_eq!(world.store.list(&completed).await.unwrap().records.len(), ended);
    }
    let gone = Filter { status: Some(Status::Expired), ..all() };
    assert!(world.store.list(&gone).await.unwrap().records.is_empty());
}

pub(crate) async fn a_limit_outside_its_range_is_brought_into_it(world: World) {
    create(&world, 101).await;
    for (limit, expected) in [(0, 1), (1, 1), (100, 100), (usize::MAX, 100)] {
        let page = world.store.list(&Filter { limit, ..all() }).await.unwrap();
        assert_eq!((page.records.len(), page.next.is_some()), (expected, true));
    }
}

pub(crate) async fn a_removed_report_is_never_listed(world: World) {
    let ids = create(&world, 2).await;
    world.store.remove(ids[0]).await.unwrap();
    let page = world.store.list(&all()).await.unwrap();
    assert_eq!(page.records, [world.load(ids[1]).await]);
    let page = world.store.list(&Filter { status: Some(Status::Expired), ..all() }).await.unwrap();
    assert!(page.records.is_empty());
}

pub(crate) async fn a_cursor_that_is_not_ours_is_refused(world: World) {
    for cursor in ["", "1", "' OR 1=1", "01939e2c"] {
        let filter = Filter { cursor: Some(cursor.into()), ..all() };
        assert_refused!(world.store.list(&filter).await, StoreError::BadCursor);
    }
}
