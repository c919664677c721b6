use super::*;
use crate::{Location, both_engines, common};

const OLD: &[Migration] =
    &[Migration { version: 1, sql: "CREATE TABLE things (id {ID}, name TEXT NOT NULL, raw BYTES);" }];

const NEW: &[Migration] = &[
    Migration { version: 1, sql: "CREATE TABLE things (id {ID}, name TEXT NOT NULL, raw BYTES);" },
    Migration { version: 2, sql: "ALTER TABLE things ADD COLUMN size BIGINT NOT NULL DEFAULT 7;" },
];

const BROKEN: &[Migration] = &[
    Migration { version: 1, sql: "" },
    Migration { version: 2, sql: "CREATE TABLE half (id {ID}); CREATE TABLE things (id {ID});" },
];

async fn database(place: &common::Place) -> Database {
    Database::open(&place.location).await.unwrap()
}

async fn old(place: &common::Place) {
    let database = database(place).await;
    migrate(&database, OLD).await.unwrap();
    database.execute("INSERT INTO things (name) VALUES (?)", vec!["kept".into()]).await.unwrap();
    database.close().await;
}

both_engines! {
    async fn an_older_schema_is_brought_up_to_date_and_keeps_its_rows(place) {
        old(place).await;
        let database = database(place).await;
        migrate(&database, NEW).await.unwrap();
        migrate(&database, NEW).await.unwrap();
        let row = database.row("SELECT name, size FROM things", Vec::new()).await.unwrap().unwrap();
        assert_eq!((row.text(0).unwrap().as_str(), row.int(1).unwrap()), ("kept", 7));
        assert_eq!(version(&database).await.unwrap(), 2);
        database.close().await;
        if place.file().is_some() {
            let copy = Location::Sqlite(place.folder().join("before-schema-2.db"));
            let copy = Database::open(&copy).await.unwrap();
            assert_eq!(version(&copy).await.unwrap(), 1);
            assert_eq!(copy.rows("SELECT name FROM things", Vec::new()).await.unwrap().len(), 1);
        }
    }

    async fn a_newer_schema_is_refused(place) {
        let database = database(place).await;
        migrate(&database, NEW).await.unwrap();
        let refused = migrate(&database, OLD).await.unwrap_err();
        assert!(matches!(refused, StoreError::Newer { found: 2, known: 1 }), "{refused}");
        database.close().await;
    }

    async fn a_step_that_fails_leaves_nothing_behind_and_can_be_taken_again(place) {
        old(place).await;
        let database = database(place).await;
        migrate(&database, BROKEN).await.unwrap_err();
        assert_eq!(version(&database).await.unwrap(), 1);
        migrate(&database, NEW).await.unwrap();
        let half = "CREATE TABLE half (id BIGINT)";
        database.begin().await.unwrap().script(half).await.unwrap();
        database.close().await;
    }

    async fn texts_are_ordered_by_their_bytes(place) {
        let database = database(place).await;
        migrate(&database, OLD).await.unwrap();
        for name in ["a", "B", "é", "_", "Z"] {
            database.execute("INSERT INTO things (name) VALUES (?)", vec![name.into()]).await.unwrap();
        }
        let rows = database.rows("SELECT name FROM things ORDER BY name", Vec::new()).await.unwrap();
        let names: Vec<String> = rows.iter().map(|row| row.text(0).unwrap()).collect();
        assert_eq!(names, ["B", "Z", "_", "a", "é"]);
        database.close().await;
    }
}
