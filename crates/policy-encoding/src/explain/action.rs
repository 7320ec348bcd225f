use alloc::{format, string::String, vec::Vec};

use session_types::{ActionTarget, abi};

use super::{Explainer, Limits, Line, Words};
use crate::AnyPolicy;

/// A policy of a session, as far as it is understood.
#[derive(Debug)]
pub(super) enum Understood {
    Known(AnyPolicy),
    /// A known contract that refuses its init data.
    Refused(String),
    Unknown,
}

impl Explainer<'_> {
    pub(super) fn understand(&self, data: &abi::PolicyData) -> Understood {
        match self.registry.decode(data.policy, &data.init_data) {
            None => Understood::Unknown,
            Some(Err(error)) => Understood::Refused(format!("{error}")),
            Some(Ok(policy)) => Understood::Known(policy),
        }
    }

    /// What each policy permits. Of a policy that stands twice the last one counts.
    pub(super) fn policies(&self, policies: &[abi::PolicyData], words: &Words<'_>) -> Vec<Line> {
        let mut lines = Vec::new();
        for (index, data) in policies.iter().enumerate() {
            if policies[index + 1..].iter().any(|later| later.policy == data.policy) {
                continue;
            }
            match self.understand(data) {
                Understood::Known(policy) => lines.extend(policy.explain(words)),
                Understood::Refused(why) => {
                    let name = self.registry.find(data.policy).map(|(kind, _)| format!("the {kind} policy"));
                    let name = name.unwrap_or_else(|| format!("policy {}", data.policy));
                    lines.push(Line::unknown(format!(
                        "{name} refuses its settings ({why}): the session cannot be enabled"
                    )));
                }
                Understood::Unknown => {
                    let bytes = data.init_data.len();
                    let text = format!("policy {} is NOT KNOWN here; its settings are {bytes} bytes", data.policy);
                    lines.push(Line::unknown(text).with(setting_lines(&data.init_data)));
                }
            }
        }
        lines
    }

    pub(super) fn limits(&self, policies: &[abi::PolicyData]) -> (Limits, bool) {
        policies.iter().fold((Limits::default(), false), |(limits, unknown), data| match self.understand(data) {
            Understood::Known(policy) => (limits.or(policy.limits()), unknown),
            Understood::Refused(_) => (limits, unknown),
            Understood::Unknown => (limits, true),
        })
    }

    /// An action: what may be called, what limits it, and what nothing limits.
    pub(super) fn action(&self, number: usize, action: &abi::ActionData, session: Limits) -> Line {
        let target = ActionTarget::from_parts(action.action_target, action.action_target_selector);
        let words = Words::of_action(self.glossary, target);
        let mut line = self.heading(target, &words);
        line.text = format!("Permission {number}: {}", line.text);
        if action.action_policies.is_empty() {
            return line.with([Line::limit("NOTHING: without a policy no call is permitted")]);
        }
        line.children.extend(self.policies(&action.action_policies, &words));

        let (own, unknown) = self.limits(&action.action_policies);
        let limits = own.or(session);
        let but = if unknown { ", unless the unknown policy limits it" } else { "" };
        let mut free = |limited: bool, text: String| {
            if !limited {
                line.children.push(Line::unlimited(format!("{text}{but}")));
            }
        };
        let by_value = matches!(target, ActionTarget::Value { .. });
        if target == ActionTarget::GenericFallback {
            free(limits.target, "of ANY contract, your account itself included".into());
        }
        let nothing_to_limit = words.shape().is_some_and(|shape| shape.parameters().is_empty());
        free(limits.arguments || by_value || nothing_to_limit, "with ANY arguments".into());
        free(limits.value, format!("sending ANY amount of {} along", words.native_symbol()));
        free(limits.uses, "ANY number of times".into());
        free(limits.time, "at ANY time, without an end".into());
        line
    }

    fn heading(&self, target: ActionTarget, words: &Words<'_>) -> Line {
        match target {
            ActionTarget::Exact { target, selector } => {
                let function = match words.shape() {
                    Some(shape) => format!("\"{}\"", shape.name()),
                    None => format!("the function {selector}"),
                };
                Line::plain(format!("call {function} of {}", words.address(target)))
            }
            ActionTarget::Value { target } => {
                Line::plain(format!("send {} to {}", words.native_symbol(), words.address(target)))
            }
            ActionTarget::GenericFallback => Line::unlimited("call ANY function that no other permission names"),
            ActionTarget::AdminFallback => {
                Line::unlimited("call the session module itself: grant and remove permissions of this account")
            }
        }
    }
}

/// Settings of an unknown policy, so that they are not hidden: the words, as many as a screen takes.
fn setting_lines(data: &[u8]) -> Vec<Line> {
    const SHOWN: usize = 8;
    let words = data.chunks(32).take(SHOWN).map(|word| Line::plain(alloy_primitives::hex::encode_prefixed(word)));
    let mut lines: Vec<_> = words.collect();
    if data.len() > SHOWN * 32 {
        lines.push(Line::plain(format!("and {} bytes more", data.len() - SHOWN * 32)));
    }
    lines
}
