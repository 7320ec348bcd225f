use alloc::{boxed::Box, string::String, vec::Vec};
use core::str::FromStr;

use super::{CallShape, ParamKind, Parameter};

/// Text that is not a function's signature.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// A parenthesis or a comma is missing or in the wrong place.
    #[error("expected {expected} at byte {at}")]
    Expected {
        /// What is missing.
        expected: &'static str,
        /// Where.
        at: usize,
    },
    /// Not a type of the ABI.
    #[error("{0:?} is not a type")]
    Type(String),
    /// Not a name of a function or a parameter.
    #[error("{0:?} is not a name")]
    Name(String),
    /// Types are nested too deeply.
    #[error("types nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// The parameters take too many words.
    #[error("parameters of more than {MAX_WORDS} words")]
    TooLarge,
}

pub(super) const MAX_DEPTH: usize = 16;
const MAX_WORDS: usize = 0xffff;

impl FromStr for CallShape {
    type Err = ShapeError;

    /// Reads `name(type name, …)`; names of parameters are optional. Also takes what Solidity writes around it: the
    /// word `function`, data locations, modifiers and `returns`.
    fn from_str(text: &str) -> Result<Self, ShapeError> {
        let trimmed = text.trim_start();
        let trimmed = trimmed.strip_prefix("function ").unwrap_or(trimmed).trim_start();
        let open = trimmed.find('(').ok_or(ShapeError::Expected { expected: "(", at: text.len() })?;
        let name = trimmed[..open].trim();
        if !is_name(name) {
            return Err(ShapeError::Name(name.into()));
        }
        let start = text.len() - trimmed.len() + open;
        let mut reader = Reader { text, at: start };
        let parameters = reader.tuple(0)?;
        let rest = text[reader.at..].trim();
        // Modifiers and the return types say nothing about the call data; anything else is a mistake.
        let known = |word: &str| matches!(word, "external" | "public" | "view" | "pure" | "payable" | "nonpayable");
        let before = rest.split("returns").next().unwrap_or_default();
        if !before.trim_end_matches(';').split_whitespace().all(known) {
            return Err(ShapeError::Expected { expected: "the end", at: reader.at });
        }
        check(&parameters)?;
        Ok(Self { name: name.into(), parameters })
    }
}

/// Refuses types that are nested too deeply or take too many words.
pub(super) fn check(parameters: &[Parameter]) -> Result<(), ShapeError> {
    let mut words = 0_usize;
    for parameter in parameters {
        let size = size(&parameter.kind, 0)?;
        words = words.checked_add(size).filter(|words| *words <= MAX_WORDS).ok_or(ShapeError::TooLarge)?;
    }
    Ok(())
}

fn size(kind: &ParamKind, depth: usize) -> Result<usize, ShapeError> {
    if depth > MAX_DEPTH {
        return Err(ShapeError::TooDeep);
    }
    let size = match kind {
        ParamKind::Array(element, length) => size(element, depth + 1)?.checked_mul(length.unwrap_or(1)),
        ParamKind::Tuple(members) => {
            let mut sum = Some(0_usize);
            for member in members {
                let words = size_of_member(member, depth)?;
                sum = sum.and_then(|sum| sum.checked_add(words));
            }
            sum
        }
        _ => Some(1),
    };
    size.filter(|size| *size <= MAX_WORDS).ok_or(ShapeError::TooLarge)
}

fn size_of_member(member: &Parameter, depth: usize) -> Result<usize, ShapeError> {
    size(&member.kind, depth + 1)
}

fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_' || first == '$')
        && characters.all(|next| next.is_ascii_alphanumeric() || next == '_' || next == '$')
}

/// An elementary type with its array suffixes.
pub(super) fn kind(text: &str) -> Result<ParamKind, ShapeError> {
    let end = text.find('[').unwrap_or(text.len());
    let (base, suffix) = text.split_at(end);
    arrays(elementary(base).ok_or_else(|| ShapeError::Type(text.into()))?, suffix)
}

fn elementary(text: &str) -> Option<ParamKind> {
    // Numbers of the ABI have no leading zeros.
    let number = |digits: &str| digits.parse::<u16>().ok().filter(|_| !digits.starts_with('0'));
    let bits = |digits: &str| match digits {
        "" => Some(256),
        digits => number(digits).filter(|bits| bits % 8 == 0 && (8..=256).contains(bits)),
    };
    Some(match text {
        "address" => ParamKind::Address,
        "bool" => ParamKind::Bool,
        "bytes" => ParamKind::Bytes,
        "string" => ParamKind::String,
        "function" => ParamKind::Function,
        _ => {
            if let Some(digits) = text.strip_prefix("uint") {
                ParamKind::Uint(bits(digits)?)
            } else if let Some(digits) = text.strip_prefix("int") {
                ParamKind::Int(bits(digits)?)
            } else {
                let length = number(text.strip_prefix("bytes")?)?;
                ParamKind::FixedBytes(u8::try_from(length).ok().filter(|length| (1..=32).contains(length))?)
            }
        }
    })
}

/// Wraps a type into the arrays that `suffix` names: `[3][]`.
pub(super) fn arrays(mut kind: ParamKind, suffix: &str) -> Result<ParamKind, ShapeError> {
    let mut rest = suffix;
    let mut depth = 0;
    while !rest.is_empty() {
        depth += 1;
        if depth > MAX_DEPTH {
            return Err(ShapeError::TooDeep);
        }
        let wrong = || ShapeError::Type(suffix.into());
        let (length, after) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or_else(wrong)?;
        let length = match length {
            "" => None,
            digits => Some(digits.parse().ok().filter(|length| *length > 0).ok_or_else(wrong)?),
        };
        kind = ParamKind::Array(Box::new(kind), length);
        rest = after;
    }
    Ok(kind)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, character: char) -> bool {
        self.skip_spaces();
        let found = self.rest().starts_with(character);
        if found {
            self.at += character.len_utf8();
        }
        found
    }

    /// `(`, parameters, `)`.
    fn tuple(&mut self, depth: usize) -> Result<Vec<Parameter>, ShapeError> {
        if depth > MAX_DEPTH {
            return Err(ShapeError::TooDeep);
        }
        if !self.take('(') {
            return Err(ShapeError::Expected { expected: "(", at: self.at });
        }
        let mut parameters = Vec::new();
        if self.take(')') {
            return Ok(parameters);
        }
        loop {
            parameters.push(self.parameter(depth)?);
            if self.take(')') {
                return Ok(parameters);
            }
            if !self.take(',') {
                return Err(ShapeError::Expected { expected: ", or )", at: self.at });
            }
        }
    }

    fn parameter(&mut self, depth: usize) -> Result<Parameter, ShapeError> {
        self.skip_spaces();
        if let Some(rest) = self.rest().strip_prefix("tuple") {
            if rest.trim_start().starts_with('(') {
                self.at += "tuple".len();
            }
        }
        self.skip_spaces();
        let kind = if self.rest().starts_with('(') {
            let members = self.tuple(depth + 1)?;
            let suffix = self.until(|character| !matches!(character, '[' | ']' | '0'..='9'));
            arrays(ParamKind::Tuple(members), suffix)?
        } else {
            let text = self.until(|character| character.is_whitespace() || matches!(character, ',' | ')' | '('));
            kind(text)?
        };
        self.skip_spaces();
        let words = self.until(|character| matches!(character, ',' | ')' | '('));
        let skipped = |word: &&str| !matches!(*word, "payable" | "memory" | "calldata" | "storage" | "indexed");
        let mut words = words.split_whitespace().filter(skipped);
        let name = words.next().unwrap_or_default();
        if let Some(more) = words.next() {
            return Err(ShapeError::Name(more.into()));
        }
        if !name.is_empty() && !is_name(name) {
            return Err(ShapeError::Name(name.into()));
        }
        Ok(Parameter { name: name.into(), kind })
    }

    /// The text up to a character for which `ends` is true.
    fn until(&mut self, ends: impl Fn(char) -> bool) -> &str {
        let start = self.at;
        let length = self.rest().find(ends).unwrap_or(self.rest().len());
        self.at += length;
        &self.text[start..start + length]
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn signatures_lose_names_and_keep_types() {
        let cases = [
            ("transfer(address to, uint amount)", "transfer(address,uint256)"),
            ("f()", "f()"),
            (
                "function g(bytes calldata data, (uint8 a, bool[2][] b)[3] memory c) external payable returns (bool)",
                "g(bytes,(uint8,bool[2][])[3])",
            ),
            ("h(tuple(address payable x, int24) key, function callback)", "h((address,int24),function)"),
        ];
        for (text, signature) in cases {
            assert_eq!(text.parse::<CallShape>().unwrap().to_string(), signature);
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "",
            "f",
            "f(",
            "f(uint7)",
            "f(uint256",
            "f(uint256,)",
            "f(bytes33)",
            "f(bytes01)",
            "(uint8)",
            "f(address a b)",
            "f(uint8) whatever",
            "f(uint8[0])",
            "f(uint8[99999999999999999999])",
            "f(uint8[65535][65535])",
            "1f()",
        ] {
            assert!(text.parse::<CallShape>().is_err(), "{text}");
        }
        let deep = alloc::format!("f({}uint8{})", "(".repeat(500), ")".repeat(500));
        assert_eq!(deep.parse::<CallShape>(), Err(ShapeError::TooDeep));
    }
}
