use alloc::string::String;

use super::scan::plain_prefix;
use super::{Text, Value, number};

impl Value<'_> {
    /// The text, as JavaScript's `JSON.stringify` writes it with tagged bigints; `None` for
    /// [`Undefined`](Self::Undefined).
    #[doc(alias = "stringify")]
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        if matches!(self, Self::Undefined) {
            return None;
        }
        let mut out = String::with_capacity(self.size());
        self.write(&mut out);
        Some(out)
    }

    /// The size of the text, but for escapes and numbers.
    fn size(&self) -> usize {
        match self {
            Self::Undefined | Self::Null | Self::Bool(_) => 5,
            Self::Number(_) => 24,
            Self::BigInt(number) => TAG.len() + number.as_str().len() + 2,
            Self::String(text) => text.size(),
            Self::Array(items) => 2 + items.iter().map(|item| item.size() + 1).sum::<usize>(),
            Self::Object(members) => {
                2 + members.iter().map(|member| member.name.size() + member.value.size() + 2).sum::<usize>()
            }
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Undefined | Self::Null => out.push_str("null"),
            Self::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Number(number) => number::write(*number, out),
            Self::BigInt(number) => {
                out.push_str(TAG);
                out.push_str(number.as_str());
                out.push_str("\"}");
            }
            Self::String(text) => text.write(out),
            Self::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                let mut separator = '{';
                for member in members.iter().filter(|member| !matches!(member.value, Self::Undefined)) {
                    out.push(separator);
                    separator = ',';
                    member.name.write(out);
                    out.push(':');
                    member.value.write(out);
                }
                if separator == '{' {
                    out.push('{');
                }
                out.push('}');
            }
        }
    }
}

const TAG: &str = r#"{"__type":"bigint","value":""#;

impl Text<'_> {
    fn size(&self) -> usize {
        match self {
            Self::Utf8(text) => text.len() + 2,
            Self::IllFormed(units) => units.len() * 2 + 2,
        }
    }

    fn write(&self, out: &mut String) {
        out.push('"');
        match self {
            Self::Utf8(text) => {
                let mut rest: &str = text;
                loop {
                    let (plain, special) = rest.split_at(plain_prefix(rest.as_bytes()));
                    out.push_str(plain);
                    let mut special = special.chars();
                    let Some(character) = special.next() else { break };
                    escape(u32::from(character), out);
                    rest = special.as_str();
                }
            }
            Self::IllFormed(units) => {
                for unit in char::decode_utf16(units.iter().copied()) {
                    match unit {
                        Ok(character) if character >= ' ' && character != '"' && character != '\\' => {
                            out.push(character);
                        }
                        Ok(character) => escape(u32::from(character), out),
                        Err(lone) => escape(lone.unpaired_surrogate().into(), out),
                    }
                }
            }
        }
        out.push('"');
    }
}

#[cold]
fn escape(unit: u32, out: &mut String) {
    let short = match unit {
        0x08 => 'b',
        0x09 => 't',
        0x0a => 'n',
        0x0c => 'f',
        0x0d => 'r',
        0x22 => '"',
        0x5c => '\\',
        _ => {
            out.push_str(&alloc::format!("\\u{unit:04x}"));
            return;
        }
    };
    out.push('\\');
    out.push(short);
}
