//! Nothing is changed because a page from elsewhere asked for it.
//!
//! Browsers say from where a request comes (`Sec-Fetch-Site`, Fetch Metadata; `Origin`, RFC 6454), and pages cannot lie about
//! it. Programs say neither, and have no cookie.

use axum::{
    extract::Request,
    http::{Method, header},
};

use crate::{Problem, hosts::host};

/// Refuses a request that changes something and comes from another site, or does not say from where although it has a cookie.
pub(crate) fn check(request: &Request) -> Result<(), Problem> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let text = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let own = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            authority.is_some_and(|from| host(request).is_some_and(|own| own.eq_ignore_ascii_case(from)))
        }
        (None, None) => !request.headers().contains_key(header::COOKIE),
    };
    if own {
        Ok(())
    } else {
        Err(Problem::forbidden("this request does not come from a page of this server"))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn allowed(method: Method, headers: &[(&str, &str)]) -> bool {
        let builder = Request::builder().method(method).uri("/").header("host", "here:1");
        let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
        check(&builder.body(Body::empty()).unwrap()).is_ok()
    }

    #[test]
    fn only_own_pages_and_programs_without_a_cookie_change_anything() {
        let cookie = ("cookie", "eyeline_session=x");
        for (headers, expected) in [
            (vec![cookie, ("sec-fetch-site", "same-origin")], true),
            (vec![cookie, ("sec-fetch-site", "none")], true),
            (vec![cookie, ("sec-fetch-site", "same-site")], false),
            (vec![cookie, ("sec-fetch-site", "cross-site")], false),
            (vec![cookie, ("sec-fetch-site", "cross-site"), ("origin", "http://here:1")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![cookie, ("origin", "http://here:1")], true),
            (vec![cookie, ("origin", "http://here:2")], false),
            (vec![cookie, ("origin", "null")], false),
            (vec![("origin", "http://evil")], false),
            (vec![cookie], false),
            (vec![], true),
        ] {
            for method in [Method::POST, Method::PATCH, Method::DELETE, Method::PUT] {
                assert_eq!(allowed(method, &headers), expected, "{headers:?}");
            }
            assert!(allowed(Method::GET, &headers));
        }
    }
}
