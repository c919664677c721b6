//! A report on its way: JSON, compressed with Zstandard (RFC 8878).

use std::io::Read;

use ruzstd::{
    decoding::StreamingDecoder,
    encoding::{CompressionLevel, compress_to_vec},
};

use super::{Report, shown::shown};

/// The most bytes of a report on its way.
pub const LARGEST_PACKED: usize = 16 << 20;
/// The most bytes of a report unpacked.
pub const LARGEST_REPORT: u64 = 128 << 20;
/// The window that RFC 8878, section 3.1.1.1.2, asks every decoder to support; a sender cannot make us set aside more.
const LARGEST_WINDOW: u64 = 8 << 20;

/// Why a report cannot be packed or unpacked.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// More than the server takes.
    #[error("the report has more than {} MiB", .0 >> 20)]
    TooLarge(u64),
    /// Not a Zstandard stream that can be read.
    #[error("the report is not compressed as it should be: {0}")]
    Compression(String),
    /// Not a report.
    #[error("the report cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}

/// Packs a report.
///
/// # Errors
/// When it is larger than the server takes.
pub fn pack(report: &Report) -> Result<Vec<u8>, PackError> {
    let json = serde_json::to_vec(report)?;
    if json.len() as u64 > LARGEST_REPORT {
        return Err(PackError::TooLarge(LARGEST_REPORT));
    }
    let packed = compress_to_vec(json.as_slice(), CompressionLevel::Fastest);
    if packed.len() > LARGEST_PACKED { Err(PackError::TooLarge(LARGEST_PACKED as u64)) } else { Ok(packed) }
}

/// Unpacks a report as a stream, never more than the limits allow at once.
///
/// # Errors
/// When it is too large, not compressed, or no report.
pub fn unpack(packed: &[u8]) -> Result<Report, PackError> {
    unpack_within(packed, LARGEST_REPORT)
}

/// Unpacks to at most so many bytes.
pub(super) fn unpack_within(packed: &[u8], limit: u64) -> Result<Report, PackError> {
    if packed.len() > LARGEST_PACKED {
        return Err(PackError::TooLarge(LARGEST_PACKED as u64));
    }
    let decoder = StreamingDecoder::new_with_max_window_size(packed, LARGEST_WINDOW)
        .map_err(|error| PackError::Compression(error.to_string()))?;
    let mut limited = decoder.take(limit);
    let report = serde_json::from_reader(std::io::BufReader::new(&mut limited));
    if report.is_err() && limited.limit() == 0 {
        return Err(PackError::TooLarge(limit));
    }
    Ok(shown(report?)?)
}
