//! The server's own numbers, in the text format of Prometheus (exposition format 0.0.4).

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::http::{Method, StatusCode};

/// Upper ends of the buckets, in milliseconds.
const BUCKETS: [u64; 10] = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10_000];

/// Counts since the process began.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// By method, route and class of status. Routes are few, so this is bounded.
    requests: Mutex<BTreeMap<(String, String, u16), Latency>>,
    reports: AtomicU64,
    report_bytes: AtomicU64,
    database_errors: AtomicU64,
}

#[derive(Debug, Default)]
struct Latency {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    micros: u64,
}

/// What is not counted but looked up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Looked {
    pub(crate) version: &'static str,
    pub(crate) channels: usize,
    /// Open findings by severity; absent when the database does not answer.
    pub(crate) findings: Vec<(&'static str, u64)>,
}

impl Metrics {
    /// A request was answered.
    pub(crate) fn request(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let key = (known(method), route.to_owned(), status.as_u16() / 100);
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let latency = requests.entry(key).or_default();
        latency.count += 1;
        latency.micros += u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        for (count, most) in latency.buckets.iter_mut().zip(BUCKETS) {
            if took <= Duration::from_millis(most) {
                *count += 1;
            }
        }
    }

    /// A report of so many bytes was stored.
    pub(crate) fn report(&self, bytes: usize) {
        self.reports.fetch_add(1, Ordering::Relaxed);
        self.report_bytes.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The database failed.
    pub(crate) fn database_error(&self) {
        self.database_errors.fetch_add(1, Ordering::Relaxed);
    }

    /// Everything as text.
    pub(crate) fn text(&self, looked: &Looked) -> String {
        let mut out = String::new();
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed).to_string();
        head(&mut out, "eyeline_build_info", "gauge", "The version that runs.");
        line(&mut out, "eyeline_build_info", &[("version", looked.version)], "1");
        self.requests_text(&mut out);
        for (name, about, value) in [
            ("eyeline_reports_total", "Reports of sensors that were stored.", load(&self.reports)),
            ("eyeline_report_bytes_total", "Their bytes, compressed.", load(&self.report_bytes)),
            (
                "eyeline_database_errors_total",
                "Requests that the database failed.",
                load(&self.database_errors),
            ),
        ] {
            head(&mut out, name, "counter", about);
            line(&mut out, name, &[], &value);
        }
        head(&mut out, "eyeline_channels", "gauge", "Devices that are connected.");
        line(&mut out, "eyeline_channels", &[], &looked.channels.to_string());
        head(&mut out, "eyeline_findings_open", "gauge", "Open findings by severity, counted to 10000.");
        for (severity, count) in &looked.findings {
            line(&mut out, "eyeline_findings_open", &[("severity", severity)], &count.to_string());
        }
        out
    }

    fn requests_text(&self, out: &mut String) {
        let name = "eyeline_request_duration_seconds";
        head(out, name, "histogram", "Requests by route and class of status, and how long they took.");
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        for ((method, route, class), latency) in requests.iter() {
            let status = format!("{class}xx");
            let labels =
                [("method", method.as_str()), ("route", route.as_str()), ("status", status.as_str())];
            let ends = BUCKETS.iter().map(|most| seconds(most * 1000)).chain(["+Inf".to_owned()]);
            for (end, count) in ends.zip(latency.buckets.into_iter().chain([latency.count])) {
                let labels = [labels.as_slice(), &[("le", end.as_str())]].concat();
                line(out, &format!("{name}_bucket"), &labels, &count.to_string());
            }
            line(out, &format!("{name}_sum"), &labels, &seconds(latency.micros));
            line(out, &format!("{name}_count"), &labels, &latency.count.to_string());
        }
    }
}

/// Methods of strangers' own invention are one.
fn known(method: &Method) -> String {
    let usual = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if usual.contains(method) { method.to_string() } else { "OTHER".to_owned() }
}

fn head(out: &mut String, name: &str, kind: &str, about: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "# HELP {name} {about}\n# TYPE {name} {kind}");
}

fn line(out: &mut String, name: &str, labels: &[(&str, &str)], value: &str) {
    let escape = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    let _ = writeln!(out, "{name}{labels} {value}");
}

/// Microseconds as seconds, exactly.
fn seconds(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_class_with_cumulative_buckets() {
        let metrics = Metrics::default();
        for ms in [3, 30, 20_000] {
            metrics.request(&Method::GET, "/findings/{id}", StatusCode::OK, Duration::from_millis(ms));
        }
        metrics.report(100);
        let looked = Looked { version: "1", channels: 2, findings: vec![("high", 3)] };
        let text = metrics.text(&looked);
        let labels = r#"method="GET",route="/findings/{id}",status="2xx""#;
        for expected in [
            format!(r#"eyeline_request_duration_seconds_bucket{{{labels},le="0.005"}} 1"#),
            format!(r#"eyeline_request_duration_seconds_bucket{{{labels},le="0.05"}} 2"#),
            format!(r#"eyeline_request_duration_seconds_bucket{{{labels},le="10"}} 2"#),
            format!(r#"eyeline_request_duration_seconds_bucket{{{labels},le="+Inf"}} 3"#),
            format!(r#"eyeline_request_duration_seconds_sum{{{labels}}} 20.033"#),
            format!(r#"eyeline_request_duration_seconds_count{{{labels}}} 3"#),
            r#"eyeline_build_info{version="1"} 1"#.into(),
            "eyeline_report_bytes_total 100".into(),
            "eyeline_channels 2".into(),
            r#"eyeline_findings_open{severity="high"} 3"#.into(),
        ] {
            assert!(text.lines().any(|line| line == expected), "{expected}\nnot in\n{text}");
        }
    }

    #[test]
    fn a_method_that_nobody_knows_makes_no_new_line() {
        let metrics = Metrics::default();
        for method in ["A", "B"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            metrics.request(&method, "other", StatusCode::OK, Duration::ZERO);
        }
        assert_eq!(metrics.requests.lock().unwrap().len(), 1);
    }

    #[test]
    fn labels_cannot_break_out_of_their_quotes() {
        let mut out = String::new();
        line(&mut out, "x", &[("a", "q\"\\\n")], "1");
        assert_eq!(out, "x{a=\"q\\\"\\\\\\n\"} 1\n");
    }
}
