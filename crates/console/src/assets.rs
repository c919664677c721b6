//! The styles, scripts, fonts and pictures that were embedded at build time, and how they are handed out. Each address carries the hash of
//! its content, so a browser asks once and keeps the answer. Knows nothing of pages, people or the store.

use axum::{
    extract::Path,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
};

/// A file as it was built, with the copies that were compressed ahead where they are smaller.
#[derive(Debug)]
pub struct Asset {
    /// The name that pages use, such as `console.css`.
    pub name: &'static str,
    /// The address, with the hash of the content in it.
    pub path: &'static str,
    /// The validator for conditional requests (RFC 9110, section 8.8.3): weak, as the copies share it.
    pub etag: &'static str,
    /// The media type.
    pub content_type: &'static str,
    /// The file itself.
    pub bytes: &'static [u8],
    /// The same, compressed with Brotli.
    pub br: Option<&'static [u8]>,
    /// The same, compressed with gzip.
    pub gz: Option<&'static [u8]>,
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Every embedded file, in the order of the build.
#[must_use]
pub fn all() -> &'static [Asset] {
    ASSETS
}

/// The file with this hashed name, which is the address without `/assets/`.
#[must_use]
pub fn asset(file: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(file))
}

/// The address of a file by the name that it has in `web/`, for pages to link to: `path_of("console.css")`. A name that was never built leads
/// to an address that answers 404.
#[must_use]
pub fn path_of(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("/assets/", |asset| asset.path)
}

/// Answers `GET /assets/{file}`.
pub async fn serve(Path(file): Path<String>, request: HeaderMap) -> Response {
    match asset(&file) {
        Some(asset) => respond(asset, &request),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn respond(asset: &'static Asset, request: &HeaderMap) -> Response {
    let mut headers = HeaderMap::new();
    let mut put = |name, value| headers.insert(name, HeaderValue::from_static(value));
    put(CACHE_CONTROL, "public, max-age=31536000, immutable");
    put(ETAG, asset.etag);
    put(VARY, "accept-encoding");
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    if text(request, &IF_NONE_MATCH).any(|known| matches(known, asset.etag)) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    put(CONTENT_TYPE, asset.content_type);
    let accepted = Accepted::of(text(request, &ACCEPT_ENCODING));
    let (encoding, bytes) = match (asset.br, asset.gz) {
        (Some(br), _) if accepted.br => (Some("br"), br),
        (_, Some(gz)) if accepted.gzip => (Some("gzip"), gz),
        _ => (None, asset.bytes),
    };
    if let Some(encoding) = encoding {
        put(CONTENT_ENCODING, encoding);
    }
    (headers, bytes).into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &'a axum::http::HeaderName) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

/// The weak comparison of RFC 9110, section 13.1.2.
fn matches(known: &str, etag: &str) -> bool {
    let bare = |tag: &'_ str| tag.trim().trim_start_matches("W/").to_owned();
    known.trim() == "*" || known.split(',').any(|tag| bare(tag) == bare(etag))
}

/// The compressions that a browser takes (RFC 9110, section 12.5.3).
#[derive(Debug, Default, PartialEq, Eq)]
struct Accepted {
    br: bool,
    gzip: bool,
}

impl Accepted {
    fn of<'a>(headers: impl Iterator<Item = &'a str>) -> Self {
        let mut accepted = Self::default();
        for item in headers.flat_map(|header| header.split(',')) {
            let mut parts = item.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default();
            let refused = parts.filter_map(|part| part.strip_prefix("q=")).any(|q| q.parse() == Ok(0.0_f32));
            if coding.eq_ignore_ascii_case("br") {
                accepted.br = !refused;
            } else if coding.eq_ignore_ascii_case("gzip") {
                accepted.gzip = !refused;
            }
        }
        accepted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    async fn get(path: &str, headers: &[(axum::http::HeaderName, &'static str)]) -> (Response, usize) {
        let file = path.strip_prefix("/assets/").unwrap().to_owned();
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        let (parts, body) = serve(Path(file), headers).await.into_parts();
        let length = axum::body::to_bytes(body, usize::MAX).await.unwrap().len();
        (Response::from_parts(parts, axum::body::Body::empty()), length)
    }

    #[test]
    fn everything_a_page_links_to_is_embedded() {
        for name in
            ["console.css", "console.js", "htmx.js", "icon.svg", "inter.woff2", "mono.woff2", "licenses.txt"]
        {
            let asset = asset(path_of(name).strip_prefix("/assets/").unwrap()).expect(name);
            assert!(!asset.bytes.is_empty(), "{name} is empty");
            assert_ne!(asset.path, format!("/assets/{name}"), "the address has no hash");
        }
    }

    #[test]
    fn the_styles_name_only_fonts_that_are_embedded() {
        let styles = all().iter().find(|asset| asset.name == "console.css").unwrap();
        let styles = std::str::from_utf8(styles.bytes).unwrap();
        let fonts: Vec<&str> =
            styles.split("url(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(fonts.len() >= 6, "{fonts:?}");
        assert!(fonts.iter().all(|font| asset(font).is_some()), "{fonts:?}");
    }

    #[test]
    fn a_compressed_copy_is_kept_only_where_it_is_smaller() {
        for asset in all() {
            for copy in [asset.br, asset.gz].into_iter().flatten() {
                assert!(copy.len() < asset.bytes.len(), "{}", asset.name);
            }
            assert!(asset.gz.is_none_or(|gz| gz.starts_with(&[0x1f, 0x8b])), "{}", asset.name);
        }
    }

    #[tokio::test]
    async fn a_browser_gets_the_smallest_copy_that_it_takes() {
        let path = path_of("console.css");
        let styles = asset(path.strip_prefix("/assets/").unwrap()).unwrap();
        for (accepted, encoding, bytes) in [
            ("gzip, deflate, br, zstd", Some("br"), styles.br.unwrap()),
            ("br;q=0, gzip;q=0.5", Some("gzip"), styles.gz.unwrap()),
            ("identity", None, styles.bytes),
        ] {
            let (answer, length) = get(path, &[(ACCEPT_ENCODING, accepted)]).await;
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap()), encoding);
            assert_eq!(length, bytes.len());
            assert_eq!(answer.headers()[VARY], "accept-encoding");
        }
    }

    #[tokio::test]
    async fn what_a_browser_has_is_not_sent_again() {
        let path = path_of("htmx.js");
        let (first, _) = get(path, &[]).await;
        assert_eq!(first.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(first.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        let known: &'static str = first.headers()[ETAG].to_str().unwrap().to_owned().leak();
        let (second, length) = get(path, &[(IF_NONE_MATCH, known)]).await;
        assert_eq!((second.status(), length), (StatusCode::NOT_MODIFIED, 0));
        let (other, _) = get(path, &[(IF_NONE_MATCH, "\"something else\"")]).await;
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn an_address_of_another_build_is_not_found() {
        for path in
            ["/assets/console.000000000000.css", "/assets/", "/assets/../Cargo.toml", "/assets/console.css"]
        {
            assert_eq!(get(path, &[]).await.0.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_coding_that_is_refused_is_never_sent(before in "[a-z, ;=.0-9]{0,20}", quality in "0(\\.0{0,3})?") {
            let header = format!("{before},br;q={quality}, gzip ; q={quality}");
            prop_assert_eq!(Accepted::of([header.as_str()].into_iter()), Accepted::default());
        }

        #[test]
        fn any_header_can_be_read(header in "\\PC{0,60}") {
            let accepted = Accepted::of([header.as_str()].into_iter());
            prop_assert!(!accepted.br || header.to_ascii_lowercase().contains("br"));
        }
    }
}
