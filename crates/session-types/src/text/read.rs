use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::scan::plain_prefix;
use super::value::normalise;
use super::{BigInt, BigIntError, Member, Text, Value};

/// How deep lists and objects may be nested: stored sessions need about ten levels.
pub const MAX_DEPTH: usize = 64;

/// Why a text is no stored text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stored text at byte {at}: {kind}")]
pub struct TextError {
    /// Where.
    pub at: usize,
    /// Why.
    pub kind: TextErrorKind,
}

/// What is wrong in a stored text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextErrorKind {
    /// It is not JSON here.
    #[error("expected {expected}")]
    Expected {
        /// What JSON asks for.
        expected: &'static str,
    },
    /// Lists and objects are nested too deep.
    #[error("nested deeper than 64 levels")]
    TooDeep,
    /// A bigint's value is none.
    #[error("value of a bigint: {0}")]
    BigInt(BigIntError),
}

impl<'a> Value<'a> {
    /// Reads text as JavaScript's `JSON.parse` does, and revives tagged bigints.
    ///
    /// Every object whose member `__type` is `"bigint"` becomes a bigint, whoever wrote it; its other members but
    /// `value` are dropped. Memory is at most 16 times the size of the text, and a constant.
    ///
    /// # Errors
    /// When the text is no JSON, is nested too deep, or a tagged bigint is no integer.
    pub fn parse(text: &'a str) -> Result<Self, TextError> {
        let kind = TextErrorKind::Expected { expected: "a value" };
        let (items, members) = (Vec::with_capacity(SHARED), Vec::with_capacity(2 * SHARED));
        let mut reader = Reader { text, at: 0, depth: 0, items, members, error: TextError { at: 0, kind } };
        reader.document().map_err(|Failed| reader.error)
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// Items of all open lists, innermost last: a list gets its memory once its length is known.
    items: Vec<Value<'a>>,
    /// Members of all open objects.
    members: Vec<Member<'a>>,
    /// What went wrong, once something did.
    error: TextError,
}

/// That something went wrong: small, so that values are returned where they are wanted.
struct Failed;

/// A list or object with more entries than this gets its own memory, after a look ahead.
const SHARED: usize = 16;

impl<'a> Reader<'a> {
    #[cold]
    const fn error(&mut self, kind: TextErrorKind) -> Failed {
        self.error = TextError { at: self.at, kind };
        Failed
    }

    #[cold]
    const fn expected(&mut self, expected: &'static str) -> Failed {
        self.error(TextErrorKind::Expected { expected })
    }

    fn document(&mut self) -> Result<Value<'a>, Failed> {
        self.blanks();
        let value = self.value()?;
        self.blanks();
        if self.at < self.text.len() { Err(self.expected("the end")) } else { Ok(value) }
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Value<'a>, Failed> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.expected("a value")),
        }
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<Value<'a>, Failed>) -> Result<Value<'a>, Failed> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(TextErrorKind::TooDeep));
        }
        self.depth += 1;
        self.at += 1;
        self.blanks();
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn word(&mut self, word: &'static str, value: Value<'a>) -> Result<Value<'a>, Failed> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.expected("a value"))
        }
    }

    /// Reads the sign between entries: `true` when another entry follows, `false` at the end.
    #[inline(always)]
    fn separator(&mut self, end: u8, expected: &'static str) -> Result<bool, Failed> {
        self.blanks();
        let more = match self.peek() {
            Some(b',') => true,
            Some(byte) if byte == end => false,
            _ => return Err(self.expected(expected)),
        };
        self.at += 1;
        if more {
            self.blanks();
        }
        Ok(more)
    }

    fn array(&mut self) -> Result<Value<'a>, Failed> {
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(Box::default()));
        }
        let start = self.items.len();
        loop {
            let item = self.value()?;
            self.items.push(item);
            if !self.separator(b']', "a comma or the end of the list")? {
                return Ok(Value::Array(self.items.split_off(start).into_boxed_slice()));
            }
            if self.items.len() - start == SHARED {
                break;
            }
        }
        let mut items = Vec::with_capacity(SHARED + self.entries_ahead());
        items.extend(self.items.drain(start..));
        loop {
            items.push(self.value()?);
            if !self.separator(b']', "a comma or the end of the list")? {
                return Ok(Value::Array(items.into_boxed_slice()));
            }
        }
    }

    fn object(&mut self) -> Result<Value<'a>, Failed> {
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(Box::default()));
        }
        let begin = self.at;
        let start = self.members.len();
        loop {
            let member = self.member()?;
            self.members.push(member);
            if !self.separator(b'}', "a comma or the end of the object")? {
                if is_tagged(&self.members[start..]) {
                    let bigint = revive(&self.members[start..]);
                    self.members.truncate(start);
                    return self.revived(bigint, begin);
                }
                if is_plain(&self.members[start..]) {
                    return Ok(Value::Object(self.members.split_off(start).into_boxed_slice()));
                }
                return Ok(finish(self.members.split_off(start)));
            }
            if self.members.len() - start == SHARED {
                break;
            }
        }
        let mut members = Vec::with_capacity(SHARED + self.entries_ahead());
        members.extend(self.members.drain(start..));
        loop {
            members.push(self.member()?);
            if !self.separator(b'}', "a comma or the end of the object")? {
                return if is_tagged(&members) { self.revived(revive(&members), begin) } else { Ok(finish(members)) };
            }
        }
    }

    fn revived(&mut self, number: Result<BigInt, BigIntError>, begin: usize) -> Result<Value<'a>, Failed> {
        number.map(Value::BigInt).map_err(|error| {
            self.error = TextError { at: begin, kind: TextErrorKind::BigInt(error) };
            Failed
        })
    }

    #[inline(always)]
    fn member(&mut self) -> Result<Member<'a>, Failed> {
        if self.peek() != Some(b'"') {
            return Err(self.expected("the name of a member"));
        }
        let name = self.string()?;
        self.blanks();
        if self.peek() != Some(b':') {
            return Err(self.expected("a colon"));
        }
        self.at += 1;
        self.blanks();
        Ok(Member { name, value: self.value()? })
    }

    /// How many entries the open list or object still has, at most: its own commas, and one.
    fn entries_ahead(&self) -> usize {
        let bytes = self.text.as_bytes();
        let (mut at, mut entries, mut depth) = (self.at, 1, 0_usize);
        while let Some(byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'"' => loop {
                    at += plain_prefix(bytes.get(at..).unwrap_or_default());
                    match bytes.get(at) {
                        Some(b'\\') => at += 2,
                        // Also behind a control character, which the reader refuses when it gets there.
                        _ => break at += 1,
                    }
                },
                b',' if depth == 0 => entries += 1,
                b'[' | b'{' => depth += 1,
                b']' | b'}' => match depth.checked_sub(1) {
                    Some(outer) => depth = outer,
                    None => break,
                },
                _ => {}
            }
        }
        entries
    }

    fn number(&mut self) -> Result<Value<'a>, Failed> {
        let start = self.at;
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while let Some(b'0'..=b'9') = reader.peek() {
                reader.at += 1;
            }
            if reader.at == from { Err(reader.expected("a digit")) } else { Ok(()) }
        };
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            digits(self)?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            digits(self)?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            digits(self)?;
        }
        self.text[start..self.at].parse().map(Value::Number).map_err(|_| self.expected("a number"))
    }

    #[inline(always)]
    fn string(&mut self) -> Result<Text<'a>, Failed> {
        self.at += 1;
        let start = self.at;
        self.at += plain_prefix(&self.text.as_bytes()[start..]);
        let plain = &self.text[start..self.at];
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                Ok(Text::Utf8(Cow::Borrowed(plain)))
            }
            Some(b'\\') => self.escaped(plain),
            Some(_) => Err(self.expected("an escape in place of a control character")),
            None => Err(self.expected("the end of a string")),
        }
    }

    /// Reads on behind `plain`, where the first escape stands.
    #[cold]
    fn escaped(&mut self, plain: &str) -> Result<Text<'a>, Failed> {
        let mut text = String::from(plain);
        // Only filled once a lone surrogate was seen.
        let mut units: Option<Vec<u16>> = None;
        loop {
            let start = self.at;
            self.at += plain_prefix(&self.text.as_bytes()[start..]);
            let run = &self.text[start..self.at];
            match &mut units {
                Some(units) => units.extend(run.encode_utf16()),
                None => text.push_str(run),
            }
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {}
                Some(_) => return Err(self.expected("an escape in place of a control character")),
                None => return Err(self.expected("the end of a string")),
            }
            self.at += 1;
            let unit = self.unit()?;
            match (&mut units, self.character(unit)?) {
                (None, Some(character)) => text.push(character),
                (None, None) => {
                    let mut all: Vec<u16> = text.encode_utf16().collect();
                    all.push(unit);
                    units = Some(all);
                }
                (Some(units), Some(character)) => units.extend_from_slice(character.encode_utf16(&mut [0; 2])),
                (Some(units), None) => units.push(unit),
            }
        }
        self.at += 1;
        // A lone half may find its other half behind text that ended in it.
        Ok(units.map_or(Text::Utf8(Cow::Owned(text)), |units| Text::from_utf16(&units)))
    }

    /// The code unit of the escape behind a backslash.
    fn unit(&mut self) -> Result<u16, Failed> {
        let unit = match self.peek() {
            Some(b'b') => 8,
            Some(b't') => 9,
            Some(b'n') => 10,
            Some(b'f') => 12,
            Some(b'r') => 13,
            Some(byte @ (b'"' | b'\\' | b'/')) => byte.into(),
            Some(b'u') => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
                let unit = digits.and_then(|digits| {
                    digits.iter().try_fold(0, |unit: u16, digit| {
                        let digit = char::from(*digit).to_digit(16)?;
                        Some(unit << 4 | u16::try_from(digit).ok()?)
                    })
                });
                let unit = unit.ok_or_else(|| self.expected("four hex digits of an escape"))?;
                self.at += 4;
                unit
            }
            _ => return Err(self.expected("an escape")),
        };
        self.at += 1;
        Ok(unit)
    }

    /// The character that a code unit begins, with the escape of its other half; `None` for a lone surrogate.
    fn character(&mut self, unit: u16) -> Result<Option<char>, Failed> {
        if let Some(character) = char::from_u32(unit.into()) {
            return Ok(Some(character));
        }
        let is_high = unit < 0xdc00;
        if is_high && self.text.as_bytes()[self.at..].starts_with(b"\\u") {
            let before = self.at;
            self.at += 1;
            let low = self.unit()?;
            if let Some(Ok(character)) = char::decode_utf16([unit, low]).next() {
                return Ok(Some(character));
            }
            self.at = before;
        }
        Ok(None)
    }
}

/// Whether members certainly are in JavaScript's order already: no array index, no name twice.
fn is_plain(members: &[Member<'_>]) -> bool {
    // Names of another length are other names: most lengths occur once.
    let mut lengths = 0_u64;
    members.iter().enumerate().all(|(at, member)| {
        let Some(name) = member.name.as_str() else { return false };
        let length = 1 << (name.len() % 64);
        let seen = lengths & length != 0;
        lengths |= length;
        let again = seen && members[..at].iter().any(|other| other.name.as_str() == Some(name));
        !again && !name.as_bytes().first().is_some_and(u8::is_ascii_digit)
    })
}

fn finish(mut members: Vec<Member<'_>>) -> Value<'_> {
    normalise(&mut members);
    Value::Object(members.into_boxed_slice())
}

fn last<'m, 'a>(members: &'m [Member<'a>], name: &str) -> Option<&'m Value<'a>> {
    members.iter().rev().find(|member| member.name.as_str() == Some(name)).map(|member| &member.value)
}

fn is_tagged(members: &[Member<'_>]) -> bool {
    last(members, "__type").and_then(Value::as_str) == Some("bigint")
}

/// The bigint of a tagged object, as JavaScript's `BigInt` makes it of the member `value`.
fn revive(members: &[Member<'_>]) -> Result<BigInt, BigIntError> {
    match last(members, "value") {
        Some(Value::String(Text::Utf8(text))) => BigInt::parse(text),
        Some(Value::BigInt(number)) => Ok(number.clone()),
        Some(Value::Bool(flag)) => Ok(BigInt::from(u64::from(*flag))),
        Some(Value::Number(number)) => BigInt::from_f64(*number).ok_or(BigIntError::Invalid),
        _ => Err(BigIntError::Invalid),
    }
}
