//! Every route of the console and who may use it.

use server::testkit::{Fixture, differences, try_everybody};

use super::routes;

/// Written by hand: a route that is not here has no business being served.
const TABLE: &str = "
    GET    /assets/{file}                    public
    GET    /login                            public
    POST   /login                            public
    GET    /login/{secret}                   public
    POST   /login/{secret}                   public
    POST   /logout                           public
    GET    /                                 read-inventory
    GET    /live                             read-inventory
    GET    /findings                         read-inventory
    GET    /findings.csv                     read-inventory
    GET    /findings.json                    read-inventory
    GET    /findings/{id}                    read-inventory
    POST   /findings/{id}/acknowledge        triage-findings
    POST   /findings/{id}/reopen             triage-findings
    POST   /findings/{id}/assign             triage-findings
    POST   /findings/{id}/due                triage-findings
    GET    /models                           read-inventory
    GET    /models.csv                       read-inventory
    GET    /models.json                      read-inventory
    GET    /models/{id}                      read-inventory
    GET    /runtimes                         read-inventory
    GET    /runtimes.csv                     read-inventory
    GET    /runtimes.json                    read-inventory
    GET    /runtimes/{id}                    read-inventory
    GET    /agents                           read-inventory
    GET    /agents.csv                       read-inventory
    GET    /agents.json                      read-inventory
    GET    /agents/{id}                      read-inventory
    GET    /devices                          read-inventory
    GET    /devices.csv                      read-inventory
    GET    /devices.json                     read-inventory
    GET    /devices/{id}                     read-inventory
    POST   /devices/{id}/rescan              command-devices
    POST   /devices/{id}/person              manage-devices
    POST   /devices/{id}/revoke              manage-devices
    GET    /records                          read-records
    GET    /records.csv                      read-records
    GET    /records.json                     read-records
    GET    /account                          own-account
    POST   /account/password                 own-account
    POST   /account/sessions/{id}/end        own-account
    GET    /access                           manage-access
    POST   /access/invitations               manage-access
    POST   /access/people/{id}/role          manage-access
    POST   /access/people/{id}/disable       manage-access
    POST   /access/people/{id}/enable        manage-access
    POST   /access/tokens                    manage-access
    POST   /access/tokens/{id}/revoke        manage-access
    POST   /access/sessions/{id}/end         manage-access
";

#[test]
fn every_route_stands_in_the_table_and_no_other() {
    assert_eq!(differences(&routes(), TABLE), Vec::<String>::new());
}

#[test]
fn a_route_that_is_not_written_down_is_missed() {
    let without = TABLE.replace("GET    /records.csv                      read-records", "");
    assert_eq!(differences(&routes(), &without), ["not in the table: GET /records.csv read-records"]);
}

#[tokio::test]
async fn every_route_lets_in_whom_it_says_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(folder.path()).await;
    let all = server::routes(&fixture.state).merge(routes());
    let app = server::app(all, fixture.state.clone());
    assert_eq!(try_everybody(&fixture, &app, &routes().table()).await, Vec::<String>::new());
}
