//! What a device says of itself, within the lengths that pages and lists are made for.
//!
//! A device may be hostile, and nothing that it calls itself makes a page of megabytes. What is cut ends in `…`.

use domain::Device;
use protocol::sensor::ScanSummary;

/// A name on a network has at most 255 bytes (RFC 1035, section 2.3.4).
const NAME: usize = 255;

/// Words for an operating system, an architecture, a version.
const WORDS: usize = 100;

/// What a scan says about itself: a sentence each, and not many.
const NOTE: usize = 1000;
const NOTES: usize = 100;

/// Bounds a machine's description of itself.
pub(super) fn device(device: &mut Device) {
    device.hostname.iter_mut().for_each(|name| cut(name, NAME));
    device.os_version.iter_mut().for_each(|version| cut(version, WORDS));
    cut(&mut device.os, WORDS);
    cut(&mut device.arch, WORDS);
}

/// Bounds what is said about a scan.
pub(super) fn scan(scan: &mut ScanSummary) {
    device(&mut scan.device);
    scan.notes.truncate(NOTES);
    scan.notes.iter_mut().for_each(|note| cut(note, NOTE));
}

/// Bounds the name of a version.
pub(super) fn version(version: &mut String) {
    cut(version, WORDS);
}

fn cut(text: &mut String, most: usize) {
    if let Some((at, _)) = text.char_indices().nth(most) {
        text.truncate(at);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_stays_and_what_is_long_is_cut_between_characters() {
        for (text, expected) in [("", ""), ("äöü", "äöü"), ("äöüß", "äöü…")] {
            let mut own = text.to_owned();
            cut(&mut own, 3);
            assert_eq!(own, expected);
        }
    }
}
