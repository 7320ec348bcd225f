use session_types::flz::{Buckets, compress_with, decompress, decompressed_size};

use super::read::{bytes, cases, same};
use crate::{Document, Tally};

pub(super) fn flz(document: &Document, tally: &mut Tally) {
    cases(document, tally, |case| {
        let data = bytes(case, "data")?;
        let compressed = bytes(case, "compressed")?;
        let exact = if case.get("compressedExactInteger").is_some() {
            bytes(case, "compressedExactInteger")?
        } else {
            compressed.clone()
        };
        for (buckets, expected) in [(Buckets::JavaScript, &compressed), (Buckets::Exact, &exact)] {
            same("compressed", &compress_with(buckets, &data)[..], expected)?;
            same("size", decompressed_size(expected)?, data.len())?;
            same("decompressed", &decompress(expected, data.len())?[..], &data)?;
        }
        Ok(())
    });
}
