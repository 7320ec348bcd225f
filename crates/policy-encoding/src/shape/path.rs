use alloc::{
    format,
    string::{String, ToString},
};

use super::{CallShape, ParamKind, Parameter};

/// A word of the call data that holds one value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    pub(crate) offset: u64,
    pub(crate) kind: ParamKind,
    pub(crate) path: String,
}

impl Location {
    /// Where the word begins, in bytes after the selector.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The value's type: one word.
    #[must_use]
    pub const fn kind(&self) -> &ParamKind {
        &self.kind
    }

    /// The way to it, by names where there are names.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// A path that leads to no word in a fixed place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// There is no such parameter or member.
    #[error("{path}: no parameter {part:?}")]
    Unknown {
        /// The whole path.
        path: String,
        /// The part that is not found.
        part: String,
    },
    /// Several parameters have this name.
    #[error("{path}: several parameters are called {part:?}, use its place instead")]
    Ambiguous {
        /// The whole path.
        path: String,
        /// The part with several meanings.
        part: String,
    },
    /// The value has no fixed place: a rule on it could be sidestepped by another encoding of the same call.
    #[error("{path}: values of type {kind} have no fixed place in the call data")]
    Dynamic {
        /// The whole path.
        path: String,
        /// The type.
        kind: String,
    },
    /// The path ends at a tuple or an array.
    #[error("{path}: {kind} is more than one word, name a part of it")]
    NotAWord {
        /// The whole path.
        path: String,
        /// The type.
        kind: String,
    },
}

impl CallShape {
    /// The word that `path` leads to: names or places separated by dots, places in arrays in brackets, such as
    /// `amount`, `params.amountIn`, `limits[2]`, `0.1`.
    ///
    /// # Errors
    /// When the path leads nowhere, or to a value that is not one word in a fixed place.
    pub fn locate(&self, path: &str) -> Result<Location, PathError> {
        let dynamic = |kind: &ParamKind| PathError::Dynamic { path: path.into(), kind: kind.to_string() };
        let unknown = |part: &str| PathError::Unknown { path: path.into(), part: part.into() };
        let mut parts = path.split(['.', '[']).map(|part| part.trim_end_matches(']'));
        let first = parts.next().unwrap_or_default();
        let (mut words, mut kind) = member(&self.parameters, path, first)?;
        for part in parts {
            if kind.is_dynamic() {
                return Err(dynamic(kind));
            }
            match kind {
                ParamKind::Tuple(members) => {
                    let (before, inner) = member(members, path, part)?;
                    words += before;
                    kind = inner;
                }
                ParamKind::Array(element, Some(length)) => {
                    let index =
                        part.parse().ok().filter(|index: &usize| index < length).ok_or_else(|| unknown(part))?;
                    words += index * element.head_words();
                    kind = element;
                }
                _ => return Err(unknown(part)),
            }
        }
        if kind.is_dynamic() {
            return Err(dynamic(kind));
        }
        if matches!(kind, ParamKind::Tuple(_) | ParamKind::Array(..)) {
            return Err(PathError::NotAWord { path: path.into(), kind: kind.to_string() });
        }
        // At most 0xffff words, see the parser.
        let offset = u64::try_from(words * 32).map_err(|_| unknown(path))?;
        Ok(Location { offset, kind: kind.clone(), path: path.into() })
    }

    /// The value whose word begins at `offset` bytes after the selector; `None` when none does. Of a value without a
    /// fixed place this finds the word that points to it: its type is then a dynamic one.
    #[must_use]
    pub fn at(&self, offset: u64) -> Option<Location> {
        let word = usize::try_from(offset / 32).ok().filter(|_| offset % 32 == 0)?;
        let (kind, path) = find(&self.parameters, word, "")?;
        Some(Location { offset, kind: kind.clone(), path })
    }
}

/// How many words stand before the member, and its type.
fn member<'a>(members: &'a [Parameter], path: &str, part: &str) -> Result<(usize, &'a ParamKind), PathError> {
    let mut named = members.iter().enumerate().filter(|(_, member)| !part.is_empty() && member.name == part);
    let index = match (named.next(), named.next()) {
        (Some((index, _)), None) => index,
        (Some(_), Some(_)) => return Err(PathError::Ambiguous { path: path.into(), part: part.into() }),
        (None, _) => part
            .parse()
            .ok()
            .filter(|index| *index < members.len())
            .ok_or_else(|| PathError::Unknown { path: path.into(), part: part.into() })?,
    };
    Ok((members[..index].iter().map(|member| member.kind.head_words()).sum(), &members[index].kind))
}

fn find<'a>(members: &'a [Parameter], mut word: usize, before: &str) -> Option<(&'a ParamKind, String)> {
    for (index, member) in members.iter().enumerate() {
        let words = member.kind.head_words();
        if word < words {
            let name = if member.name.is_empty() { index.to_string() } else { member.name.clone() };
            let path = if before.is_empty() { name } else { format!("{before}.{name}") };
            return inside(&member.kind, word, path);
        }
        word -= words;
    }
    None
}

fn inside(kind: &ParamKind, word: usize, path: String) -> Option<(&ParamKind, String)> {
    if kind.is_dynamic() {
        return Some((kind, path));
    }
    match kind {
        ParamKind::Tuple(members) => find(members, word, &path),
        ParamKind::Array(element, Some(_)) => {
            let words = element.head_words().max(1);
            inside(element, word % words, format!("{path}[{}]", word / words))
        }
        kind => Some((kind, path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_offsets_agree() {
        let shape: CallShape =
            "swap((address tokenIn, uint24 fee, uint256[2] amounts) key, bytes hook, bool, uint8 mode)"
                .parse()
                .unwrap();
        assert_eq!(shape.head_len(), 7 * 32);
        for (path, offset, kind) in [
            ("key.tokenIn", 0, "address"),
            ("key.fee", 32, "uint24"),
            ("key.amounts[0]", 64, "uint256"),
            ("key.amounts[1]", 96, "uint256"),
            ("2", 160, "bool"),
            ("mode", 192, "uint8"),
        ] {
            let location = shape.locate(path).unwrap();
            assert_eq!((location.offset(), location.kind().to_string().as_str()), (offset, kind));
            assert_eq!(shape.at(offset), Some(location));
        }
        assert_eq!(shape.locate("0.1").unwrap().offset(), 32);
        assert_eq!(shape.at(128).unwrap().kind(), &ParamKind::Bytes);
        assert_eq!(shape.at(16), None);
        assert_eq!(shape.at(224), None);
    }

    #[test]
    fn what_has_no_fixed_place_is_refused() {
        let shape: CallShape = "f((uint8 a, bytes b) s, uint256[] list, (bool x) t, bool x, uint8 x)".parse().unwrap();
        let dynamic = |path| matches!(shape.locate(path), Err(PathError::Dynamic { .. }));
        assert!(dynamic("s.a") && dynamic("s") && dynamic("list[0]") && dynamic("list"));
        assert!(matches!(shape.locate("t"), Err(PathError::NotAWord { .. })));
        assert!(matches!(shape.locate("x"), Err(PathError::Ambiguous { .. })));
        assert!(matches!(shape.locate("y"), Err(PathError::Unknown { .. })));
        assert!(matches!(shape.locate("t.x.z"), Err(PathError::Unknown { .. })));
        assert!(matches!(shape.locate("99"), Err(PathError::Unknown { .. })));
    }
}
