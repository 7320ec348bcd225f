//! What the user hands in: bytes as hex or as they are, or text.

use std::io::Read as _;

use alloy_primitives::{Bytes, hex};

use crate::Failure;

/// Nothing that these commands understand is larger than this.
const LIMIT: u64 = 16 * 1024 * 1024;

/// An input, as what it can be read.
#[derive(Debug)]
pub(crate) enum Input {
    /// Bytes: from hex text, or a file that is no text.
    Bytes(Bytes),
    /// Text that is no hex.
    Text(String),
}

impl Input {
    /// Reads a file, standard input for `-`, or takes the argument itself when it is hex text, JSON or a sentence.
    pub(crate) fn read(argument: &str) -> Result<Self, Failure> {
        let trimmed = argument.trim();
        if trimmed.starts_with("0x") || trimmed.starts_with("0X") || trimmed.starts_with(['{', '[']) {
            return Self::of_text(trimmed);
        }
        // A sentence, such as a bundler's error.
        if argument.contains(char::is_whitespace) && !std::path::Path::new(argument).exists() {
            return Self::of_text(trimmed);
        }
        let unreadable = |error| {
            let remedy = "give a file that can be read, - for standard input, or 0x text";
            Failure::input(format!("cannot read {argument}: {error}"), remedy)
        };
        let mut bytes = Vec::new();
        match argument {
            "-" => std::io::stdin().lock().take(LIMIT + 1).read_to_end(&mut bytes),
            path => std::fs::File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes)),
        }
        .map_err(unreadable)?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > LIMIT) {
            return Err(Failure::input(
                format!("{argument} has more than {LIMIT} bytes"),
                "give the part that matters",
            ));
        }
        match String::from_utf8(bytes) {
            Ok(text) if text.starts_with("SSGRANT\n") => Ok(Self::Bytes(text.into_bytes().into())),
            Ok(text) => Self::of_text(text.trim()),
            Err(error) => Ok(Self::Bytes(error.into_bytes().into())),
        }
    }

    /// Hex text becomes its bytes; quotes around it are left out.
    fn of_text(text: &str) -> Result<Self, Failure> {
        let bare = text.trim_matches('"');
        let Some(digits) = bare.strip_prefix("0x").or_else(|| bare.strip_prefix("0X")) else {
            let long = bare.len() >= 8 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
            return Ok(match hex::decode(bare) {
                Ok(bytes) if long => Self::Bytes(bytes.into()),
                _ => Self::Text(text.to_owned()),
            });
        };
        // Long texts are often copied with line breaks in them.
        let digits: String = digits.split_whitespace().collect();
        match hex::decode(&digits) {
            Ok(bytes) => Ok(Self::Bytes(bytes.into())),
            Err(error) => Err(Failure::input(
                format!("not hex text: {error}"),
                "copy it whole: 0x and two digits 0-9 or a-f for each byte",
            )),
        }
    }
}
