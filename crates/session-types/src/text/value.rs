use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::BigInt;

/// A JavaScript value, as far as stored text can hold one. Strings borrow from the text that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// `undefined`: never written. As a member it is left out, in a list it becomes `null`.
    #[default]
    Undefined,
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number: written in its shortest form, as `null` when it is not finite.
    Number(f64),
    /// A bigint of any size: written with its tag.
    BigInt(BigInt),
    /// Text.
    String(Text<'a>),
    /// A list.
    Array(Box<[Self]>),
    /// An object; build it by [`Value::object`].
    Object(Box<[Member<'a>]>),
}

/// A member of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Member<'a> {
    /// Its name.
    pub name: Text<'a>,
    /// Its value.
    pub value: Value<'a>,
}

/// JavaScript text: UTF-16, so that it may hold surrogates without their other half.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Text<'a> {
    /// Well-formed text.
    Utf8(Cow<'a, str>),
    /// Text with at least one lone surrogate, as UTF-16 code units.
    IllFormed(Box<[u16]>),
}

impl<'a> Value<'a> {
    /// Text.
    pub fn string(text: impl Into<Cow<'a, str>>) -> Self {
        Self::String(Text::Utf8(text.into()))
    }

    /// A list.
    pub fn array(items: impl IntoIterator<Item = Self>) -> Self {
        Self::Array(items.into_iter().collect())
    }

    /// An object, as JavaScript builds it: of members with one name the last value counts, at the place of the first;
    /// names that are array indexes come first, in ascending order.
    pub fn object(members: impl IntoIterator<Item = (impl Into<Text<'a>>, Self)>) -> Self {
        let mut members: Vec<_> =
            members.into_iter().map(|(name, value)| Member { name: name.into(), value }).collect();
        normalise(&mut members);
        Self::Object(members.into_boxed_slice())
    }

    /// The member of this name, when the value is an object that has it.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|member| member.name.as_str() == Some(name)).map(|member| &member.value)
    }

    /// The text, when the value is well-formed text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { text.as_str() } else { None }
    }

    /// The items, when the value is a list.
    #[must_use]
    pub const fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The members, when the value is an object.
    #[must_use]
    pub const fn as_object(&self) -> Option<&[Member<'a>]> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// The flag, when the value is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(flag) = self { Some(*flag) } else { None }
    }

    /// The value without the text that it borrows from.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Undefined => Value::Undefined,
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(flag),
            Self::Number(number) => Value::Number(number),
            Self::BigInt(number) => Value::BigInt(number),
            Self::String(text) => Value::String(text.into_owned()),
            Self::Array(items) => Value::Array(items.into_iter().map(Self::into_owned).collect()),
            Self::Object(members) => {
                let owned =
                    |member: Member<'a>| Member { name: member.name.into_owned(), value: member.value.into_owned() };
                Value::Object(members.into_iter().map(owned).collect())
            }
        }
    }
}

impl<'a> Text<'a> {
    /// Text from UTF-16 code units, well formed when it can be.
    #[must_use]
    pub fn from_utf16(units: &[u16]) -> Self {
        match String::from_utf16(units) {
            Ok(text) => Self::Utf8(text.into()),
            Err(_) => Self::IllFormed(units.into()),
        }
    }

    /// The text, when it is well formed.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Utf8(text) = self { Some(text) } else { None }
    }

    /// The text without what it borrows from.
    #[must_use]
    pub fn into_owned(self) -> Text<'static> {
        match self {
            Self::Utf8(text) => Text::Utf8(Cow::Owned(text.into_owned())),
            Self::IllFormed(units) => Text::IllFormed(units),
        }
    }

    /// The number of an array index: decimal without leading zeros, below 2^32 - 1.
    fn index(&self) -> Option<u32> {
        let digits = self.as_str()?.as_bytes();
        match digits {
            [b'0'] => Some(0),
            [b'1'..=b'9', ..] if digits.len() <= 10 => {
                let index = self.as_str()?.parse().ok()?;
                (index != u32::MAX).then_some(index)
            }
            _ => None,
        }
    }
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self::Utf8(Cow::Borrowed(""))
    }
}

impl<'a, T: Into<Cow<'a, str>>> From<T> for Text<'a> {
    fn from(text: T) -> Self {
        Self::Utf8(text.into())
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf8(text) => f.write_str(text),
            Self::IllFormed(units) => char::decode_utf16(units.iter().copied())
                .try_for_each(|unit| write!(f, "{}", unit.unwrap_or(char::REPLACEMENT_CHARACTER))),
        }
    }
}

/// Up to this many members names are compared with one another, above they are sorted.
const FEW: usize = 12;

/// Puts members in the order of a JavaScript object.
pub(super) fn normalise(members: &mut Vec<Member<'_>>) {
    if repeats(members) {
        merge(members);
    }
    if members.iter().any(|member| member.name.index().is_some()) {
        members.sort_by_key(|member| member.name.index().map_or(u64::MAX, u64::from));
    }
}

fn repeats(members: &[Member<'_>]) -> bool {
    if members.len() <= FEW {
        return members
            .iter()
            .enumerate()
            .any(|(at, member)| members[..at].iter().any(|other| other.name == member.name));
    }
    let order = sorted(members);
    order.windows(2).any(|pair| members[pair[0]].name == members[pair[1]].name)
}

/// The places of the members, by name and then by place.
fn sorted(members: &[Member<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by(|&a, &b| compare(&members[a].name, &members[b].name));
    order
}

fn compare(a: &Text<'_>, b: &Text<'_>) -> core::cmp::Ordering {
    match (a, b) {
        (Text::Utf8(a), Text::Utf8(b)) => a.cmp(b),
        (Text::IllFormed(a), Text::IllFormed(b)) => a.cmp(b),
        (Text::Utf8(_), Text::IllFormed(_)) => core::cmp::Ordering::Less,
        (Text::IllFormed(_), Text::Utf8(_)) => core::cmp::Ordering::Greater,
    }
}

fn merge(members: &mut Vec<Member<'_>>) {
    let order = sorted(members);
    let mut keep = alloc::vec![true; members.len()];
    for same in order.chunk_by(|&a, &b| members[a].name == members[b].name).map(<[usize]>::to_vec).collect::<Vec<_>>() {
        if let [first, .., last] = same[..] {
            members[first].value = core::mem::take(&mut members[last].value);
            for place in &same[1..] {
                keep[*place] = false;
            }
        }
    }
    let mut keep = keep.into_iter();
    members.retain(|_| keep.next().unwrap_or(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_small() {
        // What bounds the memory of a text that was read.
        assert_eq!(size_of::<Value<'_>>(), 24);
        assert_eq!(size_of::<Member<'_>>(), 48);
    }

    #[test]
    fn objects_are_in_javascript_order() {
        let number = |n: u8| Value::Number(n.into());
        let names = ["b", "10", "a", "2", "b", "01", "4294967295", "4294967294"];
        let object = Value::object(names.into_iter().zip((0..).map(number)));
        let expected = [("2", 3), ("10", 1), ("4294967294", 7), ("b", 4), ("a", 2), ("01", 5), ("4294967295", 6)];
        assert_eq!(
            object,
            Value::Object(expected.map(|(name, n)| Member { name: name.into(), value: number(n) }).into())
        );
    }

    #[test]
    fn many_members_are_merged_too() {
        let names = (0..100).map(|n| alloc::format!("m{}", n % 30));
        let object = Value::object(names.zip((0..100).map(|n| Value::Number(n.into()))));
        let members = object.as_object().unwrap();
        assert_eq!(members.len(), 30);
        assert_eq!(members[3], Member { name: "m3".into(), value: Value::Number(93.0) });
        assert_eq!(members[12], Member { name: "m12".into(), value: Value::Number(72.0) });
    }
}
