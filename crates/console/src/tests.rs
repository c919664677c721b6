//! What holds of every page: fixtures, and promises that they all keep.

use std::sync::Arc;

use domain::{CommercialUse, DigestStatus, License, Metadata, Origin, Severity, Verdict};
use jiff::Timestamp;
use protocol::query::Query;
use store::{
    ArtifactDetail, ArtifactRow, DeviceRef, Figures, FindingRow, FindingState, GapTally, Need, Overview,
    PersonRef, SightTally, Tally,
};

use crate::{
    devices, findings,
    list::{self, List, Spec, State},
    models,
    names::Names,
    overview,
    panel::Frame,
    programs, records,
    shell::{Counts, May, Reader, Shell},
};

const NOW: i64 = 1_800_000_000;

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW - seconds).unwrap()
}

fn shell(devices: u64) -> Shell {
    let may =
        May { triage: true, command: true, manage_devices: true, manage_access: true, read_records: true };
    Shell {
        now: ago(0),
        scheme: None,
        reader: Reader { person: 1, name: "Lena".into(), role: "owner".into(), may },
        counts: Counts { findings: 2, devices, artifacts: 318, runtimes: 9, agents: 4 },
        names: Names(Arc::new(catalog::load().unwrap())),
        address: "http://127.0.0.1:7411".into(),
        notice: None,
    }
}

fn model(name: &str) -> ArtifactRow {
    ArtifactRow {
        id: "ab".repeat(32),
        sha256: Some("ab".repeat(32)),
        digest_status: DigestStatus::Computed,
        name: name.into(),
        format: "gguf".into(),
        size: 4_100_000_000,
        origin: Some(Origin {
            registry: "huggingface.co".into(),
            repository: Some("acme/coder-7b".into()),
            revision: None,
            evidence: "the layout of its store".into(),
        }),
        license: Some(License {
            id: "cc-by-nc-4.0".into(),
            evidence: "the model card".into(),
            commercial_use: CommercialUse::No,
        }),
        metadata: Metadata { quantization: Some("Q4_K_M".into()), ..Metadata::default() },
        verdict: Verdict::Clean,
        devices: 2,
        holdings: 3,
        loaded: 0,
        severity: None,
        first_seen_at: ago(7200),
        paths: Vec::new(),
    }
}

fn finding(message: &str) -> FindingRow {
    FindingRow {
        id: "f1".into(),
        rule: "pickle-weights".into(),
        severity: Severity::High,
        state: FindingState::Open,
        subject: "finetune".into(),
        message: message.into(),
        evidence: vec!["/home/ada/it's here.pt".into()],
        help: "get it as safetensors".into(),
        device: DeviceRef { id: "d1".into(), name: "lap-0417".into() },
        artifact: Some("ab".repeat(32)),
        assignee: None,
        due: None,
        acknowledged: None,
        first_seen_at: ago(60),
        changed_at: ago(60),
    }
}

fn seen() -> Overview {
    Overview {
        figures: Figures { artifacts: store::Figure { now: 318, days: Vec::new() }, ..Figures::default() },
        needs: Vec::new(),
        open: 0,
        new_artifacts: Vec::new(),
        new_count: 0,
        new_devices: 0,
        new_publishers: 0,
        gaps: Vec::new(),
        sight: SightTally { full: 1, ..SightTally::default() },
    }
}

/// The text of a page's lead.
fn lead(shell: &Shell, overview: &Overview) -> String {
    let page = overview::page(shell, overview, None, None).into_string();
    let lead = page.split(r#"id="lead" data-live-region>"#).nth(1).unwrap().split("</p>").next().unwrap();
    lead.replace("<b>", "").replace("</b>", "").replace('\u{a0}', " ")
}

fn list<'a>(spec: &'static Spec, state: &'a State, query: &'a Query, rows: Vec<maud::Markup>) -> List<'a> {
    List {
        spec,
        state,
        query,
        problem: None,
        tally: Tally { number: u64::try_from(rows.len()).unwrap(), more: false },
        total: Some(318),
        lead: maud::html! { "." },
        rows,
        next: Some("cursor".into()),
        empty: models::empty(),
        panel: None,
    }
}

const SPECS: [&Spec; 6] =
    [&findings::SPEC, &models::SPEC, &programs::RUNTIMES, &programs::AGENTS, &devices::SPEC, &records::SPEC];

#[test]
fn the_overview_of_a_fleet_says_what_a_person_would_say() {
    let overview = Overview {
        open: 7,
        new_count: 12,
        new_devices: 3,
        new_publishers: 1,
        sight: SightTally { full: 3, partial: 2, none: 0, unreadable: 0 },
        ..seen()
    };
    insta::assert_snapshot!(lead(&shell(5), &overview), @"7 findings need a decision. Since yesterday 12 models appeared on 3 devices; one from a publisher not seen before. 2 of 5 devices are seen only in part.");
    let overview =
        Overview { sight: SightTally { full: 3, partial: 1, none: 1, unreadable: 0 }, open: 1, ..seen() };
    insta::assert_snapshot!(lead(&shell(5), &overview), @"1 finding needs a decision. No model appeared since yesterday. 1 of 5 devices is seen only in part, 1 has not reported yet.");
}

#[test]
fn the_overview_of_one_machine_is_about_this_machine() {
    insta::assert_snapshot!(lead(&shell(1), &seen()), @"Nothing needs a decision. No model appeared since yesterday. Nothing on this machine is known to be out of sight.");
    let overview = Overview {
        new_count: 1,
        new_devices: 1,
        new_publishers: 1,
        sight: SightTally { partial: 1, ..SightTally::default() },
        ..seen()
    };
    insta::assert_snapshot!(lead(&shell(1), &overview), @"Nothing needs a decision. Since yesterday one model appeared on this machine, from a publisher not seen before. This machine is seen only in part.");
}

#[test]
fn the_first_day_does_not_call_everything_new() {
    let figures = Figures { artifacts: store::Figure { now: 46, days: Vec::new() }, ..Figures::default() };
    let overview = Overview { figures, new_count: 46, new_devices: 1, new_publishers: 4, open: 2, ..seen() };
    insta::assert_snapshot!(lead(&shell(1), &overview), @"2 findings need a decision. 46 models were found so far on this machine. Nothing on this machine is known to be out of sight.");
}

#[test]
fn the_overview_says_when_nothing_was_seen_yet() {
    let first = Overview { sight: SightTally { none: 1, ..SightTally::default() }, ..seen() };
    assert!(lead(&shell(1), &first).starts_with("The first scan is under way."));
    assert!(
        overview::page(&shell(1), &first, None, None)
            .into_string()
            .contains("Looking at this machine for the first time")
    );
    let nothing = Overview { sight: SightTally::default(), ..seen() };
    assert!(lead(&shell(0), &nothing).starts_with("No device reports yet."));
}

#[test]
fn what_a_first_scan_has_not_looked_for_yet_is_not_told_as_absent() {
    let page = |overview: &Overview| overview::page(&shell(1), overview, None, None).into_string();
    let absent = ["no program runs inference", "0 installed", "Nothing is known to be missing."];
    let first = page(&Overview { sight: SightTally { none: 1, ..SightTally::default() }, ..seen() });
    assert!(absent.iter().all(|words| !first.contains(words)), "{first}");
    assert_eq!(first.matches("not looked for yet").count(), 2);
    let whole = page(&seen());
    assert!(absent.iter().all(|words| whole.contains(words)), "{whole}");
}

#[test]
fn one_finding_leads_to_itself_and_several_to_their_list() {
    let need = |findings: u64| Need {
        rule: "pickle-weights".into(),
        severity: Severity::High,
        findings,
        devices: 1,
        newest: "f1".into(),
        message: "`x` is a pickle".into(),
        subject: "x".into(),
        first_seen_at: ago(60),
        due: None,
        assigned: 0,
    };
    let page = |findings| {
        overview::page(&shell(5), &Overview { needs: vec![need(findings)], ..seen() }, None, None)
            .into_string()
    };
    assert!(page(1).contains(r#"href="/findings/f1""#));
    assert!(page(3).contains(r#"href="/findings?q=state:open%20-severity:info%20rule:pickle-weights""#));
}

#[test]
fn a_row_of_models_carries_name_digest_licence_origin_and_size() {
    let state = State { q: Some("size:>1GB".into()), ..State::default() };
    insta::assert_snapshot!(
        models::cells(&shell(5), &state, &model("coder-7b")).into_string().replace("<td", "\n<td")
    );
}

#[test]
fn a_finding_shows_evidence_remedy_and_what_can_be_done() {
    let state = State::default();
    let beside = findings::Beside {
        people: vec![PersonRef { id: 1, name: "Lena".into() }],
        ..findings::Beside::default()
    };
    let finding = finding("`finetune` is a pickle");
    let panel = findings::panel(&shell(5), Frame::Beside(&state), &finding, &beside).into_string();
    insta::assert_snapshot!(panel.replace("><", ">\n<"));
}

#[test]
fn a_reader_without_the_permission_is_offered_nothing_to_do() {
    let mut shell = shell(5);
    shell.reader.may = May::default();
    let panel = findings::page(&shell, &finding("x"), &findings::Beside::default()).into_string();
    assert!(!panel.contains("/findings/f1/"), "{panel}");
    assert!(!panel.contains(r#"href="/access""#));
}

#[test]
fn what_comes_from_devices_is_escaped_everywhere() {
    let evil = "<script>alert(1)</script>\" onclick=x '";
    let (shell, state, query) =
        (shell(5), State { q: Some(evil.into()), ..State::default() }, Query::default());
    let mut row = model(evil);
    row.format = evil.into();
    row.license =
        Some(License { id: evil.into(), evidence: evil.into(), commercial_use: CommercialUse::Unknown });
    let detail = ArtifactDetail {
        row: row.clone(),
        facts: vec![domain::Fact {
            member: Some(evil.into()),
            name: Some(evil.into()),
            help: Some(evil.into()),
            ..domain::Fact::new(evil, Severity::High, evil)
        }],
        content: domain::Content {
            members: vec![domain::Member {
                role: None,
                path: evil.into(),
                size: 1,
                format: Some(evil.into()),
                sha256: None,
                verdict: Verdict::Malicious,
            }],
            ..domain::Content::default()
        },
        same_weights: vec![store::SameWeights {
            id: evil.into(),
            name: evil.into(),
            license: Some(evil.into()),
        }],
        findings: vec![finding(evil)],
        loaded_by: Vec::new(),
    };
    let rows = vec![models::cells(&shell, &state, &row)];
    let pages = [
        list::page(&shell, &list(&models::SPEC, &state, &query, rows)),
        models::page(&shell, &detail, &models::Beside::default()),
        findings::page(&shell, &finding(evil), &findings::Beside::default()),
    ];
    for page in pages.map(maud::Markup::into_string) {
        assert!(!page.contains("<script>alert"), "{page}");
        assert!(!page.contains("\" onclick"), "{page}");
    }
}

#[test]
fn no_page_has_a_style_or_a_script_of_its_own() {
    let (shell, state, query) = (shell(1), State::default(), Query::default());
    let gap = GapTally {
        capability: "accounts".into(),
        lost: "homes".into(),
        remedy: "be root".into(),
        devices: 1,
    };
    let pages = [
        overview::page(&shell, &Overview { gaps: vec![gap], ..seen() }, None, None),
        list::page(&shell, &list(&models::SPEC, &state, &query, Vec::new())),
        crate::access::page(&shell, &crate::access::Model::default()),
        crate::account::page(&shell, &crate::account::Model::default()),
        crate::login::page(None, "", "/", Some("x")),
    ];
    for page in pages.map(maud::Markup::into_string) {
        assert!(!page.contains(" style="), "{page}");
        assert!(!page.contains("<style"), "{page}");
        assert!(
            ["onclick=", "onload=", "onsubmit=", "onerror=", "hx-on"]
                .iter()
                .all(|handler| !page.contains(handler))
        );
        assert!(page.split("<script").skip(1).all(|script| script.starts_with(" src=")), "{page}");
    }
}

#[test]
fn every_chip_example_and_head_is_known_to_its_list() {
    for spec in SPECS {
        for text in [spec.example, spec.usual, spec.unsaid] {
            assert_eq!(spec.collection.query(text).unwrap().to_string(), text);
        }
        for chip in spec.chips {
            let query =
                spec.collection.query(chip.term).unwrap_or_else(|error| panic!("{}: {error}", chip.label));
            assert!(query.has(chip.term));
        }
        for column in spec.heads.iter().filter_map(|head| head.sort) {
            spec.collection.sort(column).unwrap();
        }
    }
}

#[test]
fn the_words_of_every_list_are_set_as_prose() {
    let (shell, state, query) = (shell(5), State::default(), Query::default());
    for spec in SPECS {
        let page = list::page(&shell, &list(spec, &state, &query, Vec::new())).into_string();
        assert!(!page.contains('`'), "{}: a name in backticks is shown as it was written", spec.noun.1);
    }
}

#[test]
fn what_leaves_a_list_on_a_telephone_is_said_in_its_first_column() {
    let (shell, state) = (shell(5), State::default());
    let shown = |cells: maud::Markup| {
        let cells = cells.into_string();
        cells.split("</td>").find(|cell| cell.contains("in4")).unwrap_or_default().to_owned()
    };
    let grave = ArtifactRow { verdict: Verdict::Suspicious, ..model("finetune") };
    assert!(shown(models::cells(&shell, &state, &grave)).contains("Suspicious"));
    let finding = finding("a model runs code");
    assert!(shown(findings::cells(&shell, &state, &finding)).contains(&finding.device.name));
}

#[test]
fn a_page_of_fifty_rows_is_light() {
    let (shell, state, query) = (shell(5), State::default(), Query::default());
    let rows = (0..50).map(|at| models::cells(&shell, &state, &model(&format!("model-{at}")))).collect();
    let page = list::page(&shell, &list(&models::SPEC, &state, &query, rows)).into_string();
    assert!(page.len() < 100_000, "{}", page.len());
}
