use crate::{Store, StoreError, both_engines, common, common::inventory::*, db::Transaction};

async fn things(store: &Store) -> i64 {
    let row = store.db.row("SELECT COUNT(*) FROM days", Vec::new()).await.unwrap().unwrap();
    row.int(0).unwrap()
}

async fn write(transaction: &mut Transaction, day: i64) {
    let sql = "INSERT INTO days (day, artifacts, runtimes, agents, devices) VALUES (?, 0, 0, 0, 0)";
    assert_eq!(transaction.execute(sql, vec![day.into()]).await.unwrap(), 1);
}

both_engines! {
    async fn a_transaction_that_is_dropped_did_nothing_and_holds_up_nobody(place) {
        let store = place.open().await;
        let mut transaction = store.db.begin().await.unwrap();
        write(&mut transaction, 1).await;
        drop(transaction);
        let mut transaction = store.db.begin().await.unwrap();
        write(&mut transaction, 1).await;
        transaction.commit().await.unwrap();
        assert_eq!(things(&store).await, 1);
    }

    async fn a_panic_between_two_statements_holds_up_nobody(place) {
        let store = place.open().await;
        let other = store.clone();
        let died = tokio::spawn(async move {
            let mut transaction = other.db.begin().await.unwrap();
            write(&mut transaction, 1).await;
            panic!("as a test");
        });
        assert!(died.await.unwrap_err().is_panic());
        let mut transaction = store.db.begin().await.unwrap();
        write(&mut transaction, 1).await;
        transaction.commit().await.unwrap();
        assert_eq!(things(&store).await, 1);
    }

    async fn a_statement_that_fails_is_undone_with_what_came_before_it(place) {
        let store = place.open().await;
        let mut transaction = store.db.begin().await.unwrap();
        write(&mut transaction, 1).await;
        let failed = transaction.execute("INSERT INTO days (day) VALUES (?)", vec![2.into()]).await;
        assert!(matches!(failed, Err(StoreError::Refused(_))), "{failed:?}");
        drop(transaction);
        assert_eq!(things(&store).await, 0);
    }
}

async fn limit(store: &Store, pages: &str) {
    let mut transaction = store.db.begin().await.unwrap();
    transaction.rows(&format!("PRAGMA max_page_count = {pages}"), Vec::new()).await.unwrap();
}

#[test]
fn a_full_disk_is_told_and_nothing_is_half_written_and_later_all_is_well() {
    common::on_sqlite(async |place| {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let report = sensor.full(protocol::sensor::Changes::default());
        sensor.tells(&store, report, at(20)).await;
        limit(&store, "1").await;
        let many = (0..200).map(|n| artifact(&[&format!("/m/{n}")], n)).collect();
        let report = sensor.delta(protocol::sensor::Changes {
            artifacts: put(many),
            ..protocol::sensor::Changes::default()
        });
        let full = store.ingest(&sensor.uid, report.clone(), at(30)).await.unwrap_err();
        assert!(matches!(full, StoreError::Full), "{full:?}");
        assert_eq!(place.number("SELECT COUNT(*) FROM holdings").await, 0);
        assert_eq!(place.number("SELECT COUNT(*) FROM artifacts").await, 0);
        limit(&store, "1000000").await;
        sensor.tells(&store, report, at(40)).await;
        assert_eq!(place.number("SELECT COUNT(*) FROM holdings").await, 200);
    });
}
