//! The calls that encode, compute or set up.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolValue as _;
use anyhow::{Context as _, bail, ensure};
use mee_client::composable::{ComposableCall, InputParam, encode_composable_calls};
use mee_client::sign::AccountSigner as _;
use mee_client::sign::{
    OnChainTrigger, OwnerKey, P256Signer, SafeTransaction, SafeTransactionData, safe_domain_separator, safe_signature,
};
use mee_client::wire::Metadata;
use mee_client::{Chain, ChainConfiguration, MeeVersion, MeeVersionConfig, MultichainAccount};
use serde_json::{Value, json};
use userop::{Call, execution};

use super::arguments::{composable_call, input_param, plain_call};
use super::json::{amount, list, member, number, parse, same, small, without_bigints};
use super::replay::Replay;
use super::steps::{Outcome, last_fusion};

pub(super) fn check_account(account: &MultichainAccount, recorded: &Value) -> anyhow::Result<()> {
    ensure!(account.owner() == parse::<Address>(recorded, "signerAddress")?, "signer {}", account.owner());
    for deployment in list(recorded, "deployments")? {
        let ours = account.on(small(deployment, "chainId")?)?;
        ensure!(ours.address() == parse::<Address>(deployment, "address")?, "address {}", ours.address());
        ensure!(ours.suite().account_id == deployment["accountId"].as_str().unwrap_or_default(), "account id");
        let validator: Address = parse(deployment, "validatorInNonceKey")?;
        ensure!(ours.suite().default_validator_address == validator, "validator in the nonce key");
        if let Some(factory) = ours.factory() {
            ensure!(factory.address() == parse::<Address>(deployment, "factoryAddress")?, "factory");
            let expected: Bytes = parse(deployment, "factoryData")?;
            ensure!(*factory.data() == expected, "factory data: expected {expected}, saw {}", factory.data());
            ensure!(ours.init_code() == Some(parse(deployment, "initCode")?), "init code");
        }
    }
    Ok(())
}

pub(super) async fn run(replay: &mut Replay, step: &Value) -> Option<anyhow::Result<Outcome>> {
    let action = step["action"].as_str().unwrap_or_default();
    let params = without_bigints(&step["params"]);
    Some(match action {
        "meeVersionConfig" => config(&params).map(Outcome::Json),
        "encodeExecute" => execute(std::slice::from_ref(&params)),
        "encodeExecuteBatch" => params.as_array().context("no calls").and_then(|calls| execute(calls)),
        "account.buildComposable" => build(replay, step, &params).map(|()| Outcome::Compared),
        "encodeExecuteComposable" => encode_last(replay, step),
        "getNonceWithKey" => nonce(replay, &params).await,
        "toDelegation" => delegation(replay, &params).await,
        "toP256Signer" => p256(&params),
        "toMultichainNexusAccount" => another_account(replay, &params).await,
        "computeSafeDomainSeparator" => separator(&params),
        "getDataToPrepareSafeTransaction" => safe_call(replay, &params),
        "formatSignedSafeQuotePayload" => safe_payload(&params),
        _ => return None,
    })
}

fn config(params: &Value) -> anyhow::Result<Value> {
    let version: MeeVersion = params.as_str().context("no version")?.parse()?;
    Ok(serde_json::to_value(MeeVersionConfig::published(version))?)
}

fn execute(calls: &[Value]) -> anyhow::Result<Outcome> {
    let call = |value: &Value| {
        let call = plain_call(value)?;
        Ok(Call::new(call.to, call.data).with_value(call.value))
    };
    let calls = calls.iter().map(call).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Outcome::Json(json!(execution::execute(calls))))
}

/// Builds a composable call and compares its encoding with that of the recorded one.
fn build(replay: &Replay, step: &Value, params: &Value) -> anyhow::Result<()> {
    let data = member(params, "data")?;
    let chain_id = small(data, "chainId")?;
    let account = replay.accounts.first().context("no account")?;
    let (call, metadata) = match params["type"].as_str() {
        Some("transfer") => {
            let (token, recipient): (Address, Address) = (parse(data, "tokenAddress")?, parse(data, "recipient")?);
            let mut inputs = vec![InputParam::raw(recipient.abi_encode().into())];
            let mut known = None;
            if data["amount"].is_object() {
                let runtime = list(member(data, "amount")?, "inputParams")?.iter().map(input_param);
                inputs.extend(runtime.collect::<anyhow::Result<Vec<_>>>()?);
            } else {
                let amount = number(member(data, "amount")?)?;
                inputs.push(InputParam::raw(amount.abi_encode().into()));
                known = Some(amount);
            }
            let call = ComposableCall::new(token, [0xa9, 0x05, 0x9c, 0xbb].into(), inputs);
            (call, Metadata::transfer(token, account.owner(), recipient, known, chain_id))
        }
        Some("rawCalldata") => {
            let value = amount(data, "value")?.unwrap_or_default();
            let call = ComposableCall::from_call_data(parse(data, "to")?, &parse(data, "calldata")?)?;
            let call = call.with_value(mee_client::composable::NativeValue::Wei(value));
            (call, Metadata::custom("Custom composable on-chain action", chain_id))
        }
        other => bail!("unknown build {other:?}"),
    };
    let version = account.on(chain_id)?.suite().composability_version;
    let recorded = without_bigints(&step["result"][0]);
    let expected = composable_call(&recorded["calls"][0])?;
    let (seen, expected) = (encode_composable_calls(&[call], version)?, encode_composable_calls(&[expected], version)?);
    ensure!(seen == expected, "expected {expected}, saw {seen}");
    let seen = serde_json::to_value(vec![metadata])?;
    same(&seen, &recorded["metadata"]).map_err(|error| anyhow::anyhow!("metadata{error}"))
}

fn encode_last(replay: &Replay, step: &Value) -> anyhow::Result<Outcome> {
    let index = replay.steps.iter().position(|other| std::ptr::eq(other, step) || other == step).context("no step")?;
    let built = replay.steps[..index].iter().rev().find(|step| step["action"] == "account.buildComposable");
    // Steps can look alike: the one that was built last counts.
    let position = replay.outcomes.len();
    let built =
        replay.steps[..position].iter().rev().find(|step| step["action"] == "account.buildComposable").or(built);
    let calls = without_bigints(&built.context("nothing built")?["result"][0]["calls"]);
    let calls =
        calls.as_array().context("no calls")?.iter().map(composable_call).collect::<anyhow::Result<Vec<_>>>()?;
    let account = replay.accounts.first().context("no account")?;
    let version = account.deployments().first().context("no deployment")?.suite().composability_version;
    Ok(Outcome::Json(json!(encode_composable_calls(&calls, version)?)))
}

async fn nonce(replay: &Replay, params: &Value) -> anyhow::Result<Outcome> {
    let client = replay.clients.first().context("no client")?;
    let chain_id = client.account().deployments().first().context("no deployment")?.chain().id();
    let nonce = client.next_nonce(chain_id, super::json::optional(params, "moduleAddress")?).await?;
    let key: U256 = nonce >> 64;
    Ok(Outcome::Json(json!({ "nonceKey": key.to_string(), "nonce": nonce.to_string() })))
}

async fn delegation(replay: &Replay, params: &Value) -> anyhow::Result<Outcome> {
    let account = replay.accounts.first().context("no account")?;
    let authorization = match params.get("chainId") {
        Some(_) => account.authorize_on(small(params, "chainId")?).await?,
        None => {
            let first = account.deployments().first().context("no deployment")?;
            account.authorize_everywhere(first.chain().id()).await?
        }
    };
    Ok(Outcome::Json(serde_json::to_value(authorization)?))
}

fn p256(params: &Value) -> anyhow::Result<Outcome> {
    let signer = P256Signer::from_bytes(&parse::<B256>(params, "privateKey")?).context("no key")?;
    let OwnerKey::P256 { x, y } = signer.key() else { bail!("no P-256 key") };
    let public_key: Bytes = [&[4][..], x.as_slice(), y.as_slice()].concat().into();
    Ok(Outcome::Json(json!({ "publicKey": public_key, "address": signer.key().address() })))
}

/// Accounts that cannot be: each note names what is wrong.
async fn another_account(replay: &Replay, params: &Value) -> anyhow::Result<Outcome> {
    let first = replay.accounts.first().context("no account")?;
    let signer = replay.first_signer()?;
    let chains: Vec<_> = first.deployments().iter().map(|deployment| deployment.chain().clone()).collect();
    let version = first.deployments().first().context("no deployment")?.suite().version;
    let with = |version: MeeVersion, chains: Vec<Chain>| {
        chains.into_iter().map(move |chain| ChainConfiguration::new(chain, version)).collect::<Vec<_>>()
    };
    let configurations = match params["note"].as_str().unwrap_or_default() {
        "no chain configuration" => Vec::new(),
        "P-256 with MEE 2.1.0" => with(MeeVersion::V2_1_0, chains),
        "factory without code on the second chain" => with(version, chains),
        other => bail!("unknown account {other}"),
    };
    let account = MultichainAccount::resolve(signer, U256::ZERO, configurations).await?;
    account.check_suites().await?;
    Ok(Outcome::Compared)
}

fn separator(params: &Value) -> anyhow::Result<Outcome> {
    Ok(Outcome::Json(json!(safe_domain_separator(parse(params, "safe")?, small(params, "chainId")?))))
}

fn safe_call(replay: &Replay, params: &Value) -> anyhow::Result<Outcome> {
    let fusion = last_fusion(replay)?;
    let client = replay.clients.last().context("no client")?;
    let call = if params["note"] == "native trigger" {
        let deployment = client.account().on(fusion.trigger.chain_id())?;
        let trigger = OnChainTrigger::Forward {
            forwarder: deployment.suite().eth_forwarder_address,
            recipient: deployment.address(),
            amount: fusion.info.context("no trigger")?.amount,
        };
        SafeTransactionData::new(&trigger, fusion.verified.quote().hash)
    } else {
        client.safe_call(fusion)?
    };
    Ok(Outcome::Json(json!({
        "to": call.to, "value": call.value.to_string(), "data": call.data, "operation": 0,
    })))
}

fn safe_payload(params: &Value) -> anyhow::Result<Outcome> {
    let tx = member(params, "safeTx")?;
    let word = |name: &str| amount(tx, name).map(Option::unwrap_or_default);
    let transaction = SafeTransaction {
        call: SafeTransactionData::from_parts(parse(tx, "to")?, word("value")?, parse(tx, "data")?),
        safe_tx_gas: word("safeTxGas")?,
        base_gas: word("baseGas")?,
        gas_price: word("gasPrice")?,
        gas_token: parse(tx, "gasToken")?,
        refund_receiver: parse(tx, "refundReceiver")?,
        nonce: word("nonce")?,
        signatures: parse(params, "signatures")?,
    };
    let signature = safe_signature(parse(params, "safe")?, parse(tx, "ogDomainSeparator")?, &transaction);
    Ok(Outcome::Json(json!({ "signature": signature })))
}
