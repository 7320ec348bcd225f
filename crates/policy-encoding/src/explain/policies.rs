//! What each policy says about itself.

use alloc::{format, string::String, vec, vec::Vec};

use alloy_primitives::U256;

use super::{Line, Tone, Words, format::grouped, format::is_boundless};
use crate::{
    ArgPolicy, ContractWhitelist, Expr, Rule, SimpleGas, SpendingLimits, TimeFrame, UniversalAction, UsageLimit,
    ValueLimit,
};

fn rule_line(words: &Words<'_>, rule: &Rule) -> Line {
    let tone = if Words::is_empty_rule(rule) { Tone::Unlimited } else { Tone::Limit };
    Line::new(tone, words.rule(rule))
}

fn value_line(words: &Words<'_>, limit: U256) -> Line {
    if limit.is_zero() {
        return Line::limit(format!("sends no {} along", words.native_symbol()));
    }
    let tone = if is_boundless(limit) { Tone::Unlimited } else { Tone::Limit };
    Line::new(tone, format!("may send {} along with EACH call", words.native_amount(limit)))
}

/// Parameters that no rule mentions.
fn free_parameters(words: &Words<'_>, rules: &[Rule]) -> Vec<Line> {
    let Some(shape) = words.shape() else {
        return vec![Line::unlimited("all other arguments: ANY")];
    };
    let mut free = Vec::new();
    let mut offset = 0;
    while let Some(location) = shape.at(offset) {
        // A rule on the place of a value says nothing about the value.
        if location.kind().is_dynamic() || rules.iter().all(|rule| rule.offset() != offset) {
            free.push(Line::unlimited(format!("\"{}\": ANY", location.path())));
        }
        offset += 32;
    }
    free
}

pub(crate) fn universal(policy: &UniversalAction, words: &Words<'_>) -> Vec<Line> {
    if policy.rules().is_empty() {
        return vec![Line::limit("NOTHING: the policy has no rules, so its contract refuses every call")];
    }
    let mut lines: Vec<_> = policy.rules().iter().map(|rule| rule_line(words, rule)).collect();
    lines.extend(free_parameters(words, policy.rules()));
    lines.push(value_line(words, policy.value_limit_per_use()));
    lines
}

/// Larger trees are shown as a list of rules: nobody can check them by eye.
const READABLE: usize = 64;

pub(crate) fn arg(policy: &ArgPolicy, words: &Words<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    if policy.rules().is_empty() {
        return vec![Line::limit("NOTHING: the policy has no rules, so its contract refuses every call")];
    }
    match policy.expression(READABLE) {
        Some(expression) => lines.push(expression_line(words, &expression)),
        None => {
            let text = "a combination of these rules that is too large to show, or that refers to itself";
            lines.push(Line::unknown(text).with(policy.rules().iter().map(|rule| rule_line(words, rule))));
        }
    }
    lines.push(value_line(words, policy.value_limit_per_use()));
    lines
}

fn expression_line(words: &Words<'_>, expression: &Expr) -> Line {
    let joined = |text: &str, parts: Vec<&Expr>| {
        Line::limit(String::from(text)).with(parts.into_iter().map(|part| expression_line(words, part)))
    };
    match expression {
        Expr::Rule(rule) => rule_line(words, rule),
        Expr::Not(inner) => joined("this must NOT be so:", vec![inner]),
        Expr::And(..) => joined("all of these:", flatten(expression, true)),
        Expr::Or(..) => joined("at least one of these:", flatten(expression, false)),
    }
}

/// The parts of a chain of equal operators, from left to right.
fn flatten(expression: &Expr, and: bool) -> Vec<&Expr> {
    match expression {
        Expr::And(left, right) if and => [flatten(left, and), flatten(right, and)].concat(),
        Expr::Or(left, right) if !and => [flatten(left, and), flatten(right, and)].concat(),
        other => vec![other],
    }
}

pub(crate) fn spending(policy: &SpendingLimits, words: &Words<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (index, entry) in policy.tokens().iter().enumerate() {
        let tone = if is_boundless(entry.limit) { Tone::Unlimited } else { Tone::Limit };
        let amount = words.token_amount(entry.token, entry.limit);
        let mut text = format!("transfers and approvals of at most {amount} in all");
        if policy.limit_of(entry.token).is_some_and(|(last, _)| last != index) {
            text.push_str(" (a later entry for the same token replaces this one)");
        }
        lines.push(Line::new(tone, text));
    }
    if lines.is_empty() {
        lines.push(Line::limit("token amounts of zero only"));
    }
    lines.push(Line::unlimited("to ANY recipient and for ANY spender"));
    lines.push(Line::limit(format!("sends no {} along", words.native_symbol())));
    lines
}

pub(crate) fn value_limit(policy: ValueLimit, words: &Words<'_>) -> Vec<Line> {
    let tone = if is_boundless(policy.limit()) { Tone::Unlimited } else { Tone::Limit };
    vec![Line::new(tone, format!("may send {} in all", words.native_amount(policy.limit())))]
}

pub(crate) fn usage_limit(policy: UsageLimit, words: &Words<'_>) -> Vec<Line> {
    let limit = policy.limit();
    let what = if words.target().is_some() { "call" } else { "operation" };
    vec![match limit {
        0 => Line::limit("never: the limit is not set"),
        1 => Line::limit(format!("a single {what}")),
        limit => {
            // Nobody makes 2^64 calls.
            let tone = if limit > u128::from(u64::MAX) { Tone::Unlimited } else { Tone::Limit };
            Line::new(tone, format!("at most {} {what}s", grouped(U256::from(limit))))
        }
    }]
}

pub(crate) fn time_frame(policy: TimeFrame, words: &Words<'_>) -> Vec<Line> {
    let window = policy.window();
    if window.valid_until == 0 && window.valid_after == 0 {
        return vec![Line::limit("never: no times are set, so the policy's contract refuses every call")];
    }
    vec![Line::limit(words.window(window))]
}

pub(crate) fn whitelist(policy: &ContractWhitelist, words: &Words<'_>) -> Vec<Line> {
    if policy.targets().is_empty() {
        return vec![Line::limit("no contract at all")];
    }
    let targets = policy.targets().iter().map(|target| Line::plain(words.address(*target)));
    vec![Line::limit("only these contracts:").with(targets)]
}

pub(crate) fn simple_gas(policy: SimpleGas, words: &Words<'_>) -> Vec<Line> {
    vec![
        Line::limit(format!("at most {} gas in all", grouped(U256::from(policy.gas())))),
        Line::limit(format!("gas for at most {} in all", words.native_amount(U256::from(policy.cost())))),
    ]
}
