//! A JSON document as a tree of lines.
//!
//! Objects with `kind` are headed by it. A line of an explanation (`tone`, `text`, `children`) and a finding (`severity`,
//! `text`, `remedy`) are written as sentences.

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value};

/// Longer byte strings are shortened, unless everything is asked for.
const SHORT: usize = 2 + 2 * 36;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const GOOD: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const CARE: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
const DANGER: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
const NAME: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));

/// The document as text with colours.
pub(crate) fn draw(document: &Value, full: bool) -> String {
    let mut drawing = Drawing { text: String::new(), full };
    let entry = Entry::of(None, document, full);
    drawing.text.push_str(&entry.head);
    drawing.text.push('\n');
    drawing.children(&entry.children, "");
    drawing.text
}

struct Drawing {
    text: String,
    full: bool,
}

impl Drawing {
    fn children(&mut self, children: &[(Option<&str>, &Value)], indent: &str) {
        for (index, (name, value)) in children.iter().enumerate() {
            let last = index + 1 == children.len();
            let (mark, more) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let entry = Entry::of(*name, value, self.full);
            self.text.push_str(&format!("{DIM}{indent}{mark}{DIM:#}{}\n", entry.head));
            self.children(&entry.children, &format!("{indent}{more}"));
        }
    }
}

struct Entry<'a> {
    head: String,
    children: Vec<(Option<&'a str>, &'a Value)>,
}

impl<'a> Entry<'a> {
    fn of(name: Option<&str>, value: &'a Value, full: bool) -> Self {
        let label = |text: String| match name {
            Some(name) if text.is_empty() => format!("{NAME}{name}{NAME:#}"),
            Some(name) => format!("{NAME}{name}{NAME:#}: {text}"),
            None => text,
        };
        match value {
            Value::Object(members) => Self::sentence(members).unwrap_or_else(|| {
                let kind = members.get("kind").and_then(Value::as_str);
                let children = members.iter().filter(|(name, value)| *name != "kind" && !value.is_null());
                Self {
                    head: label(kind.map_or_else(String::new, |kind| {
                        format!("{}{}{:#}", style_of(kind), clean(kind), style_of(kind))
                    })),
                    children: children.map(|(name, value)| (Some(name.as_str()), value)).collect(),
                }
            }),
            Value::Array(items) if items.is_empty() => Self { head: label("none".to_owned()), children: Vec::new() },
            Value::Array(items) => {
                Self { head: label(String::new()), children: items.iter().map(|item| (None, item)).collect() }
            }
            Value::String(text) => Self { head: label(shown(text, full)), children: Vec::new() },
            other => Self { head: label(other.to_string()), children: Vec::new() },
        }
    }

    fn sentence(members: &'a Map<String, Value>) -> Option<Self> {
        if let (Some(Value::String(name)), Some(Value::String(value))) = (members.get("type"), members.get("value")) {
            return Some(Self {
                head: format!("{NAME}{}{NAME:#}: {}", clean(name), clean(value)),
                children: Vec::new(),
            });
        }
        let text = clean(members.get("text")?.as_str()?);
        if let Some(tone) = members.get("tone").and_then(Value::as_str) {
            let head = match tone {
                "unlimited" => format!("{DANGER}! {text}{DANGER:#}"),
                "unknown" => format!("{CARE}? {text}{CARE:#}"),
                "spent" => format!("{CARE}- {text}{CARE:#}"),
                "done" => format!("{GOOD}{text}{GOOD:#}"),
                "failed" => format!("{DANGER}{text}{DANGER:#}"),
                _ => text,
            };
            let children = members.get("children").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            return Some(Self { head, children: children.iter().map(|child| (None, child)).collect() });
        }
        let severity = members.get("severity")?.as_str()?;
        let style = match severity {
            "critical" | "danger" => DANGER,
            "warning" => CARE,
            _ => BOLD,
        };
        let remedy = members.get("remedy")?;
        let head = format!("{style}{}{style:#}: {text}", severity.to_uppercase());
        Some(Self { head, children: vec![(Some("better"), remedy)] })
    }
}

fn style_of(kind: &str) -> Style {
    match kind {
        "permitted" | "enabled" | "revoked" => GOOD,
        "refused" | "failed" | "partly revoked" => DANGER,
        "depends on the chain" | "exhausted" | "not enabled" => CARE,
        _ => BOLD,
    }
}

fn shown(text: &str, full: bool) -> String {
    if !full && text.len() > SHORT && text.starts_with("0x") && text.is_ascii() {
        let bytes = (text.len() - 2) / 2;
        return format!("{}…{} {DIM}({bytes} bytes){DIM:#}", &text[..34], &text[text.len() - 8..]);
    }
    clean(text)
}

/// Text from the input must not steer the terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
