use serde_json::Value;

/// The words for a person in an error that a node, a bundler or an RPC server answered with.
///
/// Looks for, in this order: the reason inside a wrapped call error (`errorArgs=[…]`), an upper-case error code, a
/// revert reason; else the text itself without a leading `Error:`, `Details:` or `Message:`. An object that holds
/// neither a message nor a list of errors gives its own JSON text.
#[must_use]
pub fn error_text(error: &Value) -> String {
    match error {
        Value::String(text) => plain(text),
        Value::Object(members) => {
            let text = |name: &str| members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            if members.get("type").and_then(Value::as_str) == Some("AcrossApiError") {
                return format!("AcrossApiError: {}", text("message").unwrap_or_default());
            }
            match members.get("errors").and_then(Value::as_array).map(Vec::as_slice) {
                Some(errors @ [Value::Object(first), ..])
                    if first.contains_key("msg") || first.contains_key("message") =>
                {
                    return clean(&errors.iter().map(listed).collect::<Vec<_>>().join("\n"));
                }
                Some([first, ..]) => return error_text(first),
                _ => {}
            }
            match text("message").or_else(|| text("statusText")) {
                Some(text) => plain(text),
                None => error.to_string(),
            }
        }
        other => plain(&other.to_string()),
    }
}

fn plain(text: &str) -> String {
    wrapped_reason(text)
        .or_else(|| between(text, "code=", ", version=").filter(|code| is_upper_case(code)).map(str::to_owned))
        .or_else(|| between(text, "\"reason\":\"", "\"").map(str::to_owned))
        .unwrap_or_else(|| clean(text))
}

fn listed(error: &Value) -> String {
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let message = if error.get("msg").is_some() { text("msg") } else { text("message") };
    let path = text("path");
    if path.is_empty() { message.to_owned() } else { format!("{path}: {message}") }
}

/// The quoted text in `errorArgs=[…]`: an `AA…` reason when there is one, else the first.
fn wrapped_reason(text: &str) -> Option<String> {
    let arguments = text.split_once("errorArgs=[")?.1;
    let quoted: Vec<&str> = arguments.split(']').next()?.split('"').skip(1).step_by(2).collect();
    let is_entry_point_reason =
        |text: &&&str| text.strip_prefix("AA").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    quoted.iter().find(is_entry_point_reason).or_else(|| quoted.first()).map(|text| (*text).to_owned())
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}

fn is_upper_case(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

fn clean(text: &str) -> String {
    let text = text.trim();
    let text = ["error:", "details:", "message:"]
        .iter()
        .find_map(|prefix| {
            let head = text.get(..prefix.len())?;
            head.eq_ignore_ascii_case(prefix).then(|| text.get(prefix.len()..))?
        })
        .unwrap_or(text)
        .trim();
    if text.eq_ignore_ascii_case("error") { String::new() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn takes_the_reason_out_of_its_wrapping() {
        assert_eq!(error_text(&json!("x errorArgs=[1, \"AA23 reverted\", \"0x08\"] y")), "AA23 reverted");
        assert_eq!(error_text(&json!("errorArgs=[0, \"other\"]")), "other");
        assert_eq!(error_text(&json!("failed code=CALL_EXCEPTION, version=6.1")), "CALL_EXCEPTION");
        assert_eq!(error_text(&json!({ "message": "z \"reason\":\"limit reached\" w" })), "limit reached");
    }

    #[test]
    fn an_object_without_words_keeps_its_content() {
        assert_eq!(error_text(&json!({ "code": 429 })), "{\"code\":429}");
    }

    #[test]
    fn never_fails_on_text_cut_anywhere() {
        let text = "Error: é errorArgs=[0, \"AA1\"] code=A, version= \"reason\":\"x\"";
        for end in (0..text.len()).filter(|&end| text.is_char_boundary(end)) {
            let _ = error_text(&json!(text[..end]));
        }
    }
}
