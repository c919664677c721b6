//! A licence is found by whatever an uploader calls it, and by its text.

// A test may fail loudly, its helpers too.
#![allow(clippy::unwrap_used)]

use catalog::Licenses;

fn licenses() -> Licenses {
    catalog::load().unwrap().licenses
}

#[test]
fn a_claim_is_found_in_every_usual_spelling() {
    let licenses = licenses();
    let pairs = [
        ("apache-2.0", "apache-2.0"),
        ("apache 2.0", "apache-2.0"),
        ("Apache License, Version 2.0", "apache-2.0"),
        ("license:apache-2.0", "apache-2.0"),
        ("https://www.apache.org/licenses/LICENSE-2.0.txt", "apache-2.0"),
        ("https://opensource.org/licenses/MIT", "mit"),
        ("https://spdx.org/licenses/BSD-3-Clause.html", "bsd-3-clause"),
        ("https://choosealicense.com/licenses/gpl-3.0/", "gpl-3.0"),
        ("https://creativecommons.org/licenses/by-nc/4.0/", "cc-by-nc-4.0"),
        ("https://creativecommons.org/licenses/by-sa/4.0/legalcode.txt", "cc-by-sa-4.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "cc0-1.0"),
        ("CC BY-NC 4.0", "cc-by-nc-4.0"),
        ("CC-BY-NC-4.0", "cc-by-nc-4.0"),
        ("The MIT License", "mit"),
        ("MIT License", "mit"),
        ("llama-3.2", "llama3.2"),
        ("llama3.2", "llama3.2"),
        ("Llama 3.2 Community License", "llama3.2"),
        ("https://www.llama.com/llama3_2/license/", "llama3.2"),
        ("https://github.com/meta-llama/llama-models/blob/main/models/llama3_2/LICENSE", "llama3.2"),
        ("tongyi-qianwen-research", "tongyi-qianwen-research"),
        ("Gemma Terms of Use", "gemma"),
        ("https://ai.google.dev/gemma/terms", "gemma"),
        ("GPL-3.0-or-later", "gpl-3.0"),
        ("openrail++", "openrail++"),
        ("MPL-2.0", "mpl-2.0"),
    ];
    for (claim, id) in pairs {
        assert_eq!(licenses.by_claim(claim).map(|found| found.id.as_str()), Some(id), "{claim}");
    }
    for unknown in
        ["", "  ", "license:", "my-own-license", "https://example.org/x", "https://", "cc-by-nc-9.9"]
    {
        assert_eq!(licenses.by_claim(unknown).map(|found| found.id.as_str()), None, "{unknown}");
    }
}

#[test]
fn every_row_is_found_by_its_own_names() {
    let licenses = licenses();
    for row in licenses.iter() {
        assert_eq!(licenses.by_claim(&row.id).map(|found| &found.id), Some(&row.id));
        assert_eq!(licenses.by_claim(&row.id.to_uppercase()).map(|found| &found.id), Some(&row.id));
        assert_eq!(licenses.get(&row.id).map(|found| &found.name), Some(&row.name));
        for alias in &row.aliases {
            assert_eq!(
                licenses.by_claim(alias).map(|found| &found.id),
                Some(&row.id),
                "`{alias}` means two licences"
            );
        }
        if let Some(spdx) = &row.spdx {
            let found = licenses.by_claim(spdx).map(|found| found.commercial_use);
            assert_eq!(found, Some(row.commercial_use), "{spdx}");
        }
    }
}

#[test]
fn a_text_is_recognized_by_its_own_phrases() {
    let licenses = licenses();
    for row in licenses.iter().filter(|row| !row.phrases.is_empty()) {
        assert!(
            row.phrases.len() <= 3 && row.phrases.iter().all(|phrase| *phrase == phrase.to_lowercase()),
            "{}",
            row.id
        );
        let text = row.phrases.join("\n\n").to_uppercase().replace(' ', "\n   ");
        assert_eq!(licenses.recognize(&text).map(|found| &found.id), Some(&row.id));
    }
}

#[test]
fn a_derived_license_is_not_taken_for_the_one_it_quotes() {
    let licenses = licenses();
    let recognized = |text: &str| licenses.recognize(text).map(|found| found.id.clone());
    let grant = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software, to deal \
        in it without restriction, including without limitation the rights to use, copy, modify, merge, publish";
    assert_eq!(recognized(&format!("MIT License\n\n{grant}")).as_deref(), Some("mit"));
    assert_eq!(
        recognized(&format!("Modified MIT License\n\n{grant} ... display \"Kimi K2\"")).as_deref(),
        Some("kimi-modified-mit")
    );
    let falcon =
        "Falcon 2 11B TII License Version 1.0\nbased on the Apache License\nVersion 2.0, January 2004";
    assert_eq!(recognized(falcon).as_deref(), Some("falcon-llm-license"));
    assert_eq!(
        recognized(
            "GNU LESSER GENERAL PUBLIC LICENSE Version 3, 29 June 2007 ... the GNU General Public License"
        )
        .as_deref(),
        Some("lgpl-3.0")
    );
    assert_eq!(recognized("a text about models"), None);
    assert_eq!(
        recognized(&format!("{}gemma terms of use", " x".repeat(3000))),
        None,
        "a title stands at the beginning"
    );
}
