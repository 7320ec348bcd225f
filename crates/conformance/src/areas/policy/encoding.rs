//! `policies.json`: parameters to init data and addresses, and back.

use alloy_primitives::{Address, Bytes, U256};
use anyhow::{Context as _, bail};
use policy_encoding::policies::arg::Node;
use policy_encoding::{
    AnyPolicy, ArgPolicy, ContractWhitelist, DecodeError, SimpleGas, SpendingLimits, Sudo, TimeFrame, TokenLimit,
    UniversalAction, UsageLimit, ValueLimit,
};
use serde_json::Value;
use session_types::{Deployment, PolicyKind, PolicyRevision};

use super::json::{address, bytes, list, member, rule, same, small, text, uint};
use crate::{Document, Tally};

pub(super) fn run(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, check(case).map_err(|error| format!("{error:#}")));
    }
}

fn check(case: &Value) -> anyhow::Result<()> {
    let policy = build(case)?;
    let expected = member(case, "expected")?;
    let kind = policy.kind().context("a kind of its own")?;

    let init_data = bytes(expected, "initData")?;
    same("init data", Bytes::from(policy.init_data(PolicyRevision::V2)), init_data.clone())?;
    deployed(Deployment::current(), kind, address(expected, "address").ok())?;
    deployed(Deployment::legacy(), kind, address(expected, "legacyAddress").ok())?;
    let first = bytes(expected, "legacyInitData").unwrap_or_else(|_| init_data.clone());
    same("init data of the first deployment", Bytes::from(policy.init_data(PolicyRevision::V1)), first.clone())?;
    if let Some(packed) = expected.get("packedNodes").and_then(Value::as_array) {
        let AnyPolicy::ArgPolicy(policy) = &policy else { bail!("nodes of a policy without a tree") };
        let seen: Vec<_> = policy.nodes().iter().map(|node| node.packed()).collect();
        let packed = packed.iter().map(super::json::number).collect::<anyhow::Result<Vec<_>>>()?;
        same("packed nodes", seen, packed)?;
    }

    for (revision, data) in [(PolicyRevision::V2, init_data), (PolicyRevision::V1, first)] {
        let decoded = match AnyPolicy::decode(kind, revision, &data) {
            // The libraries write limits of zero, which the contracts refuse.
            Err(DecodeError::ZeroLimit) if uint(case, "limit")?.is_zero() => continue,
            decoded => decoded?,
        };
        same("decoded", format!("{decoded:?}"), format!("{policy:?}"))?;
    }
    Ok(())
}

fn deployed(deployment: Deployment, kind: PolicyKind, expected: Option<Address>) -> anyhow::Result<()> {
    let Some(expected) = expected else { return Ok(()) };
    same("address", deployment.policies.deployed(kind).map(|policy| policy.address), Some(expected))
}

fn build(case: &Value) -> anyhow::Result<AnyPolicy> {
    Ok(match text(case, "kind")? {
        "sudo" => Sudo.into(),
        "valueLimit" => match uint(case, "limit")? {
            U256::ZERO => ValueLimit::UNSET.into(),
            limit => ValueLimit::new(limit)?.into(),
        },
        "usageLimit" => match small(case, "limit")? {
            0 => UsageLimit::UNSET.into(),
            limit => UsageLimit::new(limit)?.into(),
        },
        "timeFrame" => match (small::<u64>(case, "validAfter")?, small::<u64>(case, "validUntil")?) {
            (0, 0) => TimeFrame::UNSET.into(),
            (after, until) => TimeFrame::new(after, until)?.into(),
        },
        "spendingLimits" => {
            let token = |entry| anyhow::Ok(TokenLimit::new(address(entry, "token")?, uint(entry, "limit")?));
            let tokens = list(case, "tokens")?.iter().map(token).collect::<anyhow::Result<Vec<_>>>()?;
            SpendingLimits::new(tokens)?.into()
        }
        "universal" => {
            let rules = list(case, "rules")?.iter().map(rule).collect::<anyhow::Result<Vec<_>>>()?;
            let policy = if rules.is_empty() { UniversalAction::UNSET } else { UniversalAction::new(rules)? };
            policy.with_value_limit(uint(case, "valueLimitPerUse")?).into()
        }
        "arg" => {
            let rules = list(case, "rules")?.iter().map(rule).collect::<anyhow::Result<Vec<_>>>()?;
            let nodes = list(case, "nodes")?.iter().map(node).collect::<anyhow::Result<Vec<_>>>()?;
            let value: U256 = uint(case, "valueLimitPerUse")?;
            ArgPolicy::from_nodes(value, small(case, "rootNodeIndex")?, rules, nodes)?.into()
        }
        "contractWhitelist" => {
            let target = |target: &Value| anyhow::Ok(target.as_str().context("not text")?.parse::<Address>()?);
            ContractWhitelist::new(list(case, "targets")?.iter().map(target).collect::<anyhow::Result<Vec<_>>>()?)?
                .into()
        }
        "simpleGas" => SimpleGas::new(small(case, "gasLimit")?, small(case, "costLimit")?)?.into(),
        kind => bail!("unknown kind {kind}"),
    })
}

fn node(value: &Value) -> anyhow::Result<Node> {
    Ok(match text(value, "type")? {
        "rule" => Node::rule(small(value, "rule")?),
        "not" => Node::not(small(value, if value.get("child").is_some() { "child" } else { "left" })?),
        "and" => Node::and(small(value, "left")?, small(value, "right")?),
        "or" => Node::or(small(value, "left")?, small(value, "right")?),
        kind => bail!("unknown node {kind}"),
    })
}
