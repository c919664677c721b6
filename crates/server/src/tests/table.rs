//! Every route and who may use it.

use crate::{
    Routes, routes,
    testkit::{Fixture, differences, try_everybody},
};

/// Written by hand: a route that is not here has no business being served.
const TABLE: &str = "
    GET    /healthz                          public
    GET    /readyz                           public
    GET    /metrics                          read-metrics
    GET    /api/v1/openapi.json              own-account
    GET    /api/v1/devices                   read-inventory
    GET    /api/v1/devices/{id}              read-inventory
    POST   /api/v1/devices/{id}/rescan       command-devices
    POST   /api/v1/devices/{id}/revoke       manage-devices
    POST   /api/v1/enrolment-tokens          manage-devices
    GET    /api/v1/artifacts                 read-inventory
    GET    /api/v1/artifacts/{id}            read-inventory
    GET    /api/v1/holdings                  read-inventory
    GET    /api/v1/runtimes                  read-inventory
    GET    /api/v1/runtimes/{id}             read-inventory
    GET    /api/v1/agents                    read-inventory
    GET    /api/v1/agents/{id}               read-inventory
    GET    /api/v1/packages                  read-inventory
    GET    /api/v1/findings                  read-inventory
    GET    /api/v1/findings/{id}             read-inventory
    PATCH  /api/v1/findings/{id}             triage-findings
    GET    /api/v1/records                   read-records
    GET    /api/v1/policies                  read-inventory
    GET    /api/v1/requests                  read-inventory
    GET    /api/v1/releases                  read-inventory
    GET    /api/v1/tokens                    manage-access
    POST   /api/v1/tokens                    manage-access
    DELETE /api/v1/tokens/{id}               manage-access
    GET    /api/v1/sessions                  own-account
    DELETE /api/v1/sessions/{id}             own-account
    POST   /api/v1/sensor/enrol              enrolment
    POST   /api/v1/sensor/report             sensor
    GET    /api/v1/sensor/channel            sensor
";

#[tokio::test]
async fn every_route_stands_in_the_table_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path()).await;
    assert_eq!(differences(&routes(&fixture.state), TABLE), Vec::<String>::new());
}

#[tokio::test]
async fn the_table_is_missed_on_either_side() {
    let routes = || Routes::new().public(axum::http::Method::GET, "/a", async || "a");
    assert_eq!(differences(&routes(), "GET /a public"), Vec::<String>::new());
    assert_eq!(differences(&routes(), "").len(), 1);
    assert_eq!(differences(&routes(), "GET /a public\nGET /b public").len(), 1);
    assert_eq!(differences(&routes(), "GET /a read-records").len(), 2, "another permission");
    assert_eq!(differences(&routes().merge(routes()), "GET /a public").len(), 2, "twice");
}

#[tokio::test]
async fn every_route_lets_in_whom_it_says_and_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path()).await;
    let table = routes(&fixture.state).table();
    assert_eq!(try_everybody(&fixture, &fixture.app(), &table).await, Vec::<String>::new());
}
