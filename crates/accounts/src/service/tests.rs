//! The service on a real database.

use jiff::{SignedDuration, Timestamp};
use store::{Actor, Location, Scope, Store};

use super::{AccessError, Accounts, Identity, Link, Origin, SignedIn, Who};
use crate::{PasswordError, Role};

const PASSWORD: &str = "correct horse battery";

struct Fixture {
    _dir: tempfile::TempDir,
    store: Store,
    accounts: Accounts,
}

async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&Location::Sqlite(dir.path().join("eyeline.db"))).await.unwrap();
    Fixture { accounts: Accounts::new(store.clone()), store, _dir: dir }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn later(duration: SignedDuration) -> Timestamp {
    now() + duration
}

fn origin() -> Origin {
    Origin { address: [192, 0, 2, 1].into(), client: "a browser\n".repeat(100) }
}

fn actor() -> Actor {
    Actor { person: None, name: "test".into() }
}

impl Fixture {
    /// The first owner, as the first link makes them.
    async fn owner(&self) -> Identity {
        let link = self.accounts.owner_link(None, now()).await.unwrap();
        let made = self.accounts.accept_new(link.reveal(), "ada", PASSWORD, &origin(), now()).await.unwrap();
        self.identity(&made).await
    }

    async fn identity(&self, signed_in: &SignedIn) -> Identity {
        self.accounts.by_session(signed_in.secret.reveal(), now()).await.unwrap().unwrap()
    }

    /// Someone without a password: hashing one takes its time.
    async fn person(&self, name: &str, role: Role) -> i64 {
        self.store.add_person(name, role.word(), None, &actor(), now()).await.unwrap().id
    }

    fn as_person(id: i64, role: Role) -> Identity {
        Identity { who: Who::Person { id, name: "x".into() }, role, session: None }
    }
}

#[tokio::test]
async fn the_first_link_makes_the_owner_once_and_the_next_signs_them_in() {
    let fixture = fixture().await;
    let accounts = &fixture.accounts;
    assert!(!accounts.has_owner().await.unwrap());
    let link = accounts.owner_link(None, now()).await.unwrap();
    for _ in 0..3 {
        let looked = accounts.link(link.reveal(), now()).await.unwrap();
        assert_eq!(looked, Link::Create(Role::Owner), "looking does not use it");
    }
    let refused = accounts.accept_new(link.reveal(), "ada", "short", &origin(), now()).await;
    assert!(matches!(refused, Err(AccessError::Password(PasswordError::Short))), "{refused:?}");
    let made = accounts.accept_new(link.reveal(), " ada ", PASSWORD, &origin(), now()).await.unwrap();
    let identity = fixture.identity(&made).await;
    assert_eq!((identity.role, identity.name()), (Role::Owner, "ada".to_owned()));
    assert!(accounts.has_owner().await.unwrap());
    let again = accounts.accept_new(link.reveal(), "eve", PASSWORD, &origin(), now()).await;
    assert!(matches!(again, Err(AccessError::Link)), "{again:?}");

    let next = accounts.owner_link(None, now()).await.unwrap();
    assert!(
        matches!(accounts.link(next.reveal(), now()).await, Ok(Link::SignIn(person)) if person.name == "ada")
    );
    let other = accounts.accept_new(next.reveal(), "eve", PASSWORD, &origin(), now()).await;
    assert!(matches!(other, Err(AccessError::Link)), "it makes nobody: {other:?}");
    let signed_in = accounts.accept(next.reveal(), &origin(), now()).await.unwrap();
    assert_ne!(signed_in.secret, made.secret, "every login has a secret of its own");
    assert!(matches!(accounts.accept(next.reveal(), &origin(), now()).await, Err(AccessError::Link)));
}

#[tokio::test]
async fn a_link_ends_and_a_new_one_ends_the_one_before() {
    let fixture = fixture().await;
    let accounts = &fixture.accounts;
    let first = accounts.owner_link(None, now()).await.unwrap();
    let second = accounts.owner_link(None, now()).await.unwrap();
    assert!(matches!(accounts.link(first.reveal(), now()).await, Err(AccessError::Link)));
    assert!(accounts.link(second.reveal(), later(SignedDuration::from_mins(14))).await.is_ok());
    assert!(matches!(
        accounts.link(second.reveal(), later(SignedDuration::from_mins(15))).await,
        Err(AccessError::Link)
    ));
    let long = accounts.owner_link(Some(SignedDuration::from_hours(24)), now()).await.unwrap();
    assert!(accounts.link(long.reveal(), later(SignedDuration::from_hours(23))).await.is_ok());
    assert!(matches!(accounts.link("made up", now()).await, Err(AccessError::Link)));
}

#[tokio::test]
async fn names_and_passwords_let_in_and_nothing_else_does() {
    let fixture = fixture().await;
    fixture.owner().await;
    let accounts = &fixture.accounts;
    let signed_in = accounts.sign_in(" ada ", PASSWORD, &origin(), now()).await.unwrap();
    assert_eq!(signed_in.person.name, "ada");
    let row = &fixture.store.sessions(Some(signed_in.person.id), now()).await.unwrap()[0];
    assert!(row.client.chars().count() <= 200 && !row.client.contains('\n'), "what browsers say is cut");
    for (name, password) in [("ada", "wrong password"), ("eve", PASSWORD), ("", "")] {
        let refused = accounts.sign_in(name, password, &origin(), now()).await;
        assert!(matches!(refused, Err(AccessError::Wrong)), "{name}: {refused:?}");
    }
    fixture.person("nopass", Role::Analyst).await;
    let refused = accounts.sign_in("nopass", "", &origin(), now()).await;
    assert!(matches!(refused, Err(AccessError::Wrong)), "nobody signs in without a password");
}

#[tokio::test]
async fn another_password_ends_every_other_session() {
    let fixture = fixture().await;
    let me = fixture.owner().await;
    let accounts = &fixture.accounts;
    let other = accounts.sign_in("ada", PASSWORD, &origin(), now()).await.unwrap();
    let wrong = accounts.change_password(&me, "not my password", "another password", now()).await;
    assert!(matches!(wrong, Err(AccessError::Wrong)), "{wrong:?}");
    let short = accounts.change_password(&me, PASSWORD, "short", now()).await;
    assert!(matches!(short, Err(AccessError::Password(_))), "{short:?}");
    accounts.change_password(&me, PASSWORD, "another password", now()).await.unwrap();
    assert!(accounts.by_session(other.secret.reveal(), now()).await.unwrap().is_none());
    let kept = fixture.store.sessions(me.person(), now()).await.unwrap();
    assert_eq!(kept.iter().map(|row| Some(&row.hash)).collect::<Vec<_>>(), [me.session.as_ref()]);
    assert!(accounts.sign_in("ada", PASSWORD, &origin(), now()).await.is_err());
    assert!(accounts.sign_in("ada", "another password", &origin(), now()).await.is_ok());
}

#[tokio::test]
async fn an_invitation_gives_the_role_that_the_inviter_may_give() {
    let fixture = fixture().await;
    let accounts = &fixture.accounts;
    let admin = Fixture::as_person(fixture.person("adm", Role::Admin).await, Role::Admin);
    let analyst = Fixture::as_person(fixture.person("ana", Role::Analyst).await, Role::Analyst);
    for (by, role) in [(&admin, Role::Owner), (&analyst, Role::DeviceUser)] {
        assert!(matches!(accounts.invite(by, role, now()).await, Err(AccessError::Forbidden(_))));
    }
    let link = accounts.invite(&admin, Role::Reviewer, now()).await.unwrap();
    let taken = accounts.accept_new(link.reveal(), "adm", PASSWORD, &origin(), now()).await;
    assert!(matches!(taken, Err(AccessError::Taken(_))), "{taken:?}");
    let long = "x".repeat(65);
    for name in ["", "a<b", "a\u{202e}b", "a\nb", long.as_str()] {
        let refused = accounts.accept_new(link.reveal(), name, PASSWORD, &origin(), now()).await;
        assert!(matches!(refused, Err(AccessError::Name(_))), "{name}: {refused:?}");
    }
    let made = accounts.accept_new(link.reveal(), "Zoë O'Neil", PASSWORD, &origin(), now()).await.unwrap();
    assert_eq!(made.person.role, "reviewer");
}

#[tokio::test]
async fn of_two_who_take_one_name_at_once_one_is_told_and_keeps_the_link() {
    let fixture = fixture().await;
    let accounts = &fixture.accounts;
    let owner = Fixture::as_person(fixture.person("own", Role::Owner).await, Role::Owner);
    let links = [
        accounts.invite(&owner, Role::Reviewer, now()).await.unwrap(),
        accounts.invite(&owner, Role::Analyst, now()).await.unwrap(),
    ];
    // Both find the name free before either password is hashed.
    let origin = origin();
    let [first, second] =
        [0, 1].map(|at: usize| accounts.accept_new(links[at].reveal(), "twin", PASSWORD, &origin, now()));
    let (first, second) = tokio::join!(first, second);
    let (late, told) = match (first, second) {
        (Ok(_), Err(told)) => (&links[1], told),
        (Err(told), Ok(_)) => (&links[0], told),
        both => panic!("{both:?}"),
    };
    assert!(matches!(&told, AccessError::Taken(name) if name == "twin"), "{told:?}");
    accounts.accept_new(late.reveal(), "other twin", PASSWORD, &origin, now()).await.unwrap();
    let again = accounts.accept_new(late.reveal(), "third", PASSWORD, &origin, now()).await;
    assert!(matches!(again, Err(AccessError::Link)), "{again:?}");
}

#[tokio::test]
async fn only_an_owner_touches_owners_and_the_last_one_stays() {
    let fixture = fixture().await;
    let accounts = &fixture.accounts;
    let owner_id = fixture.person("own", Role::Owner).await;
    let owner = Fixture::as_person(owner_id, Role::Owner);
    let admin = Fixture::as_person(fixture.person("adm", Role::Admin).await, Role::Admin);
    let analyst = fixture.person("ana", Role::Analyst).await;
    for refused in [
        accounts.set_role(&admin, owner_id, Role::Analyst, now()).await,
        accounts.set_disabled(&admin, owner_id, true, now()).await,
        accounts.set_role(&admin, analyst, Role::Owner, now()).await,
    ] {
        assert!(matches!(refused, Err(AccessError::Forbidden(_))), "{refused:?}");
    }
    for refused in [
        accounts.set_role(&owner, owner_id, Role::Admin, now()).await,
        accounts.set_disabled(&owner, owner_id, true, now()).await,
    ] {
        assert!(matches!(refused, Err(AccessError::LastOwner)), "{refused:?}");
    }
    let missing = accounts.set_role(&owner, 4242, Role::Admin, now()).await;
    assert!(matches!(missing, Err(AccessError::Missing(_))), "{missing:?}");
    accounts.set_role(&admin, analyst, Role::Auditor, now()).await.unwrap();
    accounts.set_role(&owner, analyst, Role::Owner, now()).await.unwrap();
    accounts.set_disabled(&owner, owner_id, true, now()).await.unwrap();
}

#[tokio::test]
async fn who_is_shut_out_is_out_at_once() {
    let fixture = fixture().await;
    let me = fixture.owner().await;
    let accounts = &fixture.accounts;
    let link = accounts.invite(&me, Role::Analyst, now()).await.unwrap();
    let bob = accounts.accept_new(link.reveal(), "bob", PASSWORD, &origin(), now()).await.unwrap();
    accounts.set_disabled(&me, bob.person.id, true, now()).await.unwrap();
    assert!(accounts.by_session(bob.secret.reveal(), now()).await.unwrap().is_none());
    let refused = accounts.sign_in("bob", PASSWORD, &origin(), now()).await;
    assert!(matches!(refused, Err(AccessError::Wrong)), "{refused:?}");
    accounts.set_disabled(&me, bob.person.id, false, now()).await.unwrap();
    assert!(accounts.sign_in("bob", PASSWORD, &origin(), now()).await.is_ok());
}

#[tokio::test]
async fn what_is_kept_of_secrets_opens_nothing() {
    let fixture = fixture().await;
    let accounts = &fixture.accounts;
    let (secret, row) = accounts.create_token("ci", Role::Auditor, None, &actor(), now()).await.unwrap();
    let identity = accounts.by_token(secret.reveal(), now()).await.unwrap().unwrap();
    assert_eq!((identity.role, identity.name()), (Role::Auditor, "token ci".to_owned()));
    for guess in
        [secret.hash(), format!("hf_{}", secret.hash()), String::new(), "hf_".into(), "x".repeat(1000)]
    {
        assert_eq!(accounts.by_token(&guess, now()).await.unwrap(), None, "{guess}");
        assert_eq!(accounts.by_session(&guess, now()).await.unwrap(), None, "{guess}");
    }
    assert_eq!(accounts.by_session(secret.reveal(), now()).await.unwrap(), None, "a token is no session");
    let used = accounts.tokens().await.unwrap();
    assert_eq!((used[0].id, used[0].used_at), (row.id, Some(now())));
}

#[tokio::test]
async fn the_use_of_a_session_is_written_every_five_minutes_at_most() {
    let fixture = fixture().await;
    let accounts = &fixture.accounts;
    let me = fixture.person("own", Role::Owner).await;
    let link = accounts.owner_link(None, now()).await.unwrap();
    let signed_in = accounts.accept(link.reveal(), &origin(), now()).await.unwrap();
    let used = async |at: Timestamp| {
        accounts.by_session(signed_in.secret.reveal(), at).await.unwrap().unwrap();
        fixture.store.sessions(Some(me), at).await.unwrap()[0].used_at
    };
    assert_eq!(used(later(SignedDuration::from_mins(4))).await, now());
    assert_eq!(used(later(SignedDuration::from_mins(5))).await, later(SignedDuration::from_mins(5)));
    // A clock that was set back neither ends the session nor lets it live for ever.
    assert_eq!(used(now()).await, later(SignedDuration::from_mins(5)));
}

#[test]
fn a_device_user_sees_their_own_and_their_tokens_do_too() {
    let person = Fixture::as_person(7, Role::DeviceUser);
    assert_eq!(person.scope(), Scope::Person(7));
    let token = |person| Identity {
        who: Who::Token { id: 1, name: "t".into(), person },
        role: Role::DeviceUser,
        session: None,
    };
    assert_eq!(token(Some(7)).scope(), Scope::Person(7));
    assert_eq!(token(None).scope(), Scope::Person(-1), "nobody's token sees nothing");
    assert_eq!(Fixture::as_person(7, Role::Auditor).scope(), Scope::All);
}

#[test]
fn neighbours_in_one_network_share_a_limit() {
    let key = |text: &str| super::address_key(text.parse().unwrap());
    assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
    assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
    assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
}

#[tokio::test]
async fn a_token_opens_nothing_once_its_maker_is_shut_out_or_may_no_longer_give_its_role() {
    let fixture = fixture().await;
    let accounts = &fixture.accounts;
    let owner = fixture.owner().await;
    let eve = fixture.person("eve", Role::Admin).await;
    let by = Fixture::as_person(eve, Role::Admin);
    let (token, _) = accounts.create_token_as(&by, "ci", Role::Analyst, None, now()).await.unwrap();
    let opens = async || accounts.by_token(token.reveal(), now()).await.unwrap().is_some();
    assert!(opens().await);
    accounts.set_disabled(&owner, eve, true, now()).await.unwrap();
    assert!(!opens().await, "shut out");
    accounts.set_disabled(&owner, eve, false, now()).await.unwrap();
    assert!(opens().await);
    accounts.set_role(&owner, eve, Role::Reviewer, now()).await.unwrap();
    assert!(!opens().await, "may give no roles any more");
}

#[tokio::test]
async fn a_stranger_who_guesses_from_elsewhere_does_not_lock_the_owner_out() {
    let fixture = fixture().await;
    let accounts = &fixture.accounts;
    fixture.owner().await;
    let stranger = Origin { address: [198, 51, 100, 9].into(), client: String::new() };
    let mut last = None;
    for _ in 0..11 {
        last = accounts.sign_in("ada", "wrong", &stranger, now()).await.err();
    }
    assert!(matches!(last, Some(AccessError::TooMany(_))), "{last:?}");
    accounts.sign_in("ada", PASSWORD, &origin(), now()).await.unwrap();
}

#[tokio::test]
async fn who_has_a_right_link_is_not_kept_out_by_others_who_guess_from_the_same_address() {
    let fixture = fixture().await;
    let accounts = &fixture.accounts;
    fixture.owner().await;
    let link = accounts.owner_link(None, now()).await.unwrap();
    let guess = async || accounts.accept("wrong", &origin(), now()).await.unwrap_err();
    let mut tries = 0;
    while !matches!(guess().await, AccessError::TooMany(_)) {
        tries += 1;
        assert!(tries < 100, "guessing is limited");
    }
    accounts.accept(link.reveal(), &origin(), now()).await.unwrap();
}

#[tokio::test]
async fn guesses_at_one_account_are_limited_however_many_addresses_they_come_from() {
    let fixture = fixture().await;
    let accounts = &fixture.accounts;
    let from = |host: u8| Origin { address: [198, 51, 100, host].into(), client: String::new() };
    let mut host = 0;
    while !matches!(accounts.sign_in("ada", "x", &from(host), now()).await, Err(AccessError::TooMany(_))) {
        host += 1;
    }
    assert_eq!(host, 100);
}
