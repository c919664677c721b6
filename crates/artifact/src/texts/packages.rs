//! Lists of packages beside a model, which whoever serves it installs: `requirements.txt` of pip, environments of conda.
//!
//! Installing a package runs its code, so where it comes from matters. Sources: pip, "Requirements File Format"; conda, "Creating an
//! environment file manually".

use super::node::Node;
use crate::{inspect::Look, reader::cut, rules::texts as rules};

/// Lines of one list that are looked at.
const LINES: usize = 20_000;

/// Judges the lines of a `requirements.txt`.
pub(super) fn requirements(text: &str, look: &mut Look<'_>) {
    for line in text.lines().take(LINES) {
        self::line(line, look);
    }
}

/// Judges an environment of conda, or one that MLflow wrote: the packages that pip installs, and channels.
pub(super) fn environment(root: &Node, look: &mut Look<'_>) {
    let lists = ["dependencies", "build_dependencies"].into_iter().filter_map(|key| root.get(key));
    for item in lists.flat_map(Node::items).take(LINES) {
        match item {
            Node::Text(text) => line(text, look),
            _ => item.pairs().iter().flat_map(|(_, list)| list.texts()).for_each(|text| line(text, look)),
        }
    }
    for channel in root.get("channels").map(Node::texts).unwrap_or_default() {
        if channel.contains("://") {
            source(channel, "packages of a channel", look);
        }
    }
}

/// A requirement, or an option.
fn line(line: &str, look: &mut Look<'_>) {
    let line = line.split(" #").next().unwrap_or_default().trim();
    if line.is_empty() || line.starts_with('#') {
        return;
    }
    let (word, rest) = line.split_once([' ', '=']).unwrap_or((line, ""));
    let value = rest.trim().trim_start_matches('=').trim();
    match word {
        "-i" | "--index-url" | "--extra-index-url" | "-f" | "--find-links" => source(value, "packages", look),
        "--trusted-host" => unsafe_source(value, "a host that need not prove who it is", look),
        "-e" | "--editable" => source(value, "a package", look),
        _ => {
            // `name @ address`, or an address alone.
            let address = line.split_once('@').map_or(line, |(_, address)| address.trim());
            let whole = if line.contains("://") && !address.contains("://") { line } else { address };
            if whole.contains("://") {
                source(whole, "a package", look);
            }
        }
    }
}

/// Whether an address is one that anybody on the way can answer for.
fn source(address: &str, what: &str, look: &mut Look<'_>) {
    let address = address.trim_matches(['"', '\'']);
    // The public index, by its own name.
    if matches!(address, "https://pypi.org/simple" | "https://pypi.org/simple/" | "") {
        return;
    }
    let Some((scheme, rest)) = address.split_once("://") else { return };
    let scheme = scheme.rsplit('+').next().unwrap_or(scheme).to_ascii_lowercase();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or(host);
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let number = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if matches!(scheme.as_str(), "http" | "ftp" | "git" | "file") || number || host.starts_with('[') {
        unsafe_source(address, what, look);
        return;
    }
    // What stands before the host may be a password.
    let shown = cut(&format!("{scheme}://{host}"));
    let message = format!("{what} come from `{shown}`, and not from the usual index");
    look.say(&rules::PACKAGE_ELSEWHERE, None, &shown, message);
}

fn unsafe_source(address: &str, what: &str, look: &mut Look<'_>) {
    let shown = address.rsplit('@').next().unwrap_or(address);
    let message = format!("{what} from `{}`, which is not protected on its way, or is no name", cut(shown));
    look.say(&rules::PACKAGE_UNSAFE, None, shown, message);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Limits, tests::CATALOG, texts::yaml};

    fn said(with: impl FnOnce(&mut Look<'_>)) -> Vec<String> {
        let limits = Limits::full();
        let mut look = Look::new(&CATALOG, &limits);
        with(&mut look);
        look.into_parts().1.into_iter().map(|fact| fact.rule).collect()
    }

    #[test]
    fn packages_of_the_index_are_no_news_and_others_are() {
        let of = |line: &str| said(|look| requirements(line, look));
        for fine in
            ["torch==2.1 # x", "a[b]>=1 ; python_version < '3'", "# git+https://x", "-r other.txt", ""]
        {
            assert_eq!(of(fine), [""; 0], "{fine}");
        }
        for elsewhere in [
            "git+https://github.com/huggingface/transformers",
            "x @ https://example.org/x.whl",
            "--extra-index-url https://download.pytorch.org/whl/cpu",
            "-e git+ssh://git@example.org/x.git",
        ] {
            assert_eq!(of(elsewhere), ["package-from-elsewhere"], "{elsewhere}");
        }
        for open in [
            "--index-url http://example.org/simple",
            "-i=https://10.0.0.7/simple",
            "--trusted-host example.org",
            "x @ git+http://example.org/x",
            "file:///tmp/x.whl",
        ] {
            assert_eq!(of(open), ["package-unprotected"], "{open}");
        }
    }

    #[test]
    fn an_environment_is_read_with_what_pip_installs_in_it() {
        let text =
            "channels: [conda-forge]\ndependencies:\n- python=3.11\n- pip:\n  - x @ http://example.org/x\n";
        let root = yaml::read(text).roots.remove(0);
        assert_eq!(said(|look| environment(&root, look)), ["package-unprotected"]);
    }

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        let limits = Limits::full();
        let mut look = Look::new(&CATALOG, &limits);
        requirements(
            "-i https://me:hidden@example.org/simple\nx @ http://me:hidden@example.org/x",
            &mut look,
        );
        let facts = look.into_parts().1;
        assert_eq!(facts.len(), 2);
        assert!(facts.iter().all(|fact| !format!("{fact:?}").contains("hidden")), "{facts:?}");
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "(?s)(-i|x @|git\\+)?.{0,60}(://)?.{0,40}") {
            let _ = said(|look| requirements(&text, look));
        }
    }
}
