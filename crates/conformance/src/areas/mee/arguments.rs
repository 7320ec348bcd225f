//! Arguments of the recorded calls, as the client's types.

use alloy_primitives::{Address, B256, Bytes, Selector, U256};
use anyhow::{Context as _, bail};
use mee_client::composable::{ComposableCall, Constraint, Fetcher, InputParam, NativeValue, OutputParam};
use mee_client::fusion::{TokenTrigger, Trigger};
use mee_client::quote::{CleanUp, Delegation, GasTank, Payer};
use mee_client::session::{ChainAction, ChainActions};
use mee_client::wire::{
    DelegationAuthorization, Metadata, Simulation, SimulationOverrides, StorageOverride, TokenOverride,
};
use mee_client::{Calls, FeeToken, Instruction, Payment, PlainCall, QuoteOptions, Sponsor};
use serde_json::Value;
use session_types::{ActionData, ActionTarget, PolicyData};

use super::json::{amount, list, member, number, object, optional, parse, small};

pub(super) fn options(params: &Value) -> anyhow::Result<QuoteOptions> {
    let none = Vec::new();
    let instructions = params.get("instructions").and_then(Value::as_array).unwrap_or(&none);
    let instructions = instructions.iter().map(instruction).collect::<anyhow::Result<Vec<_>>>()?;
    let mut options = QuoteOptions::new(instructions, payment(params)?);
    options.clean_ups = match params.get("cleanUps") {
        Some(_) => list(params, "cleanUps")?.iter().map(clean_up).collect::<anyhow::Result<_>>()?,
        None => Vec::new(),
    };
    options.payer = match (optional::<Address>(params, "feePayer")?, optional::<Address>(params, "eoa")?) {
        (Some(payer), _) => Some(Payer::FeePayer(payer)),
        (None, eoa) => eoa.map(Payer::Owner),
    };
    options.lower_bound_timestamp = params.get("lowerBoundTimestamp").and_then(Value::as_u64);
    options.upper_bound_timestamp = params.get("upperBoundTimestamp").and_then(Value::as_u64);
    options.simulation_retry_delay = params.get("executionSimulationRetryDelay").and_then(Value::as_u64);
    options.delegation = delegation(params)?;
    options.batch = params.get("batch").and_then(Value::as_bool).unwrap_or(true);
    options.simulation = params.get("simulation").map(simulation).transpose()?;
    options.verification_gas_limit = amount(params, "verificationGasLimit")?;
    options.payment_gas_limit = amount(params, "gasLimit")?;
    options.short_encoding = params.get("shortEncodingSuperTxn").and_then(Value::as_bool).unwrap_or_default();
    options.tags = match params.get("tags") {
        Some(tags) => Some(serde_json::from_value(tags.clone())?),
        None => None,
    };
    Ok(options)
}

pub(super) fn payment(params: &Value) -> anyhow::Result<Payment> {
    if let Some(token) = fee_token(params)? {
        return Ok(token.into());
    }
    if params.get("sponsorship").and_then(Value::as_bool) != Some(true) {
        bail!("neither fee token nor sponsor");
    }
    let Some(options) = params.get("sponsorshipOptions") else { return Ok(Sponsor::Hosted.into()) };
    let tank = member(options, "gasTank")?;
    let url = member(options, "url")?.as_str().context("no url")?;
    let mut tank = GasTank::new(url, parse(tank, "address")?, parse(tank, "token")?, small(tank, "chainId")?);
    if let Some(headers) = options.get("customHeaders") {
        for (name, value) in object(headers)? {
            tank = tank.with_header(name, value.as_str().unwrap_or_default());
        }
    }
    Ok(Sponsor::Tank(tank).into())
}

pub(super) fn fee_token(params: &Value) -> anyhow::Result<Option<FeeToken>> {
    let Some(token) = params.get("feeToken") else { return Ok(None) };
    let mut fee = FeeToken::new(parse(token, "address")?, small(token, "chainId")?);
    fee.gas_refund_address = optional(token, "gasRefundAddress")?;
    Ok(Some(fee))
}

pub(super) fn instruction(value: &Value) -> anyhow::Result<Instruction> {
    let chain_id = small(value, "chainId")?;
    let calls = list(value, "calls")?;
    let composable = value.get("isComposable").and_then(Value::as_bool).unwrap_or_default();
    let calls = if composable {
        Calls::Composable(calls.iter().map(composable_call).collect::<anyhow::Result<_>>()?)
    } else {
        Calls::Plain(calls.iter().map(plain_call).collect::<anyhow::Result<_>>()?)
    };
    let mut instruction = Instruction::with_calls(chain_id, calls);
    let none = Vec::new();
    let metadata = value.get("metadata").and_then(Value::as_array).unwrap_or(&none);
    instruction.metadata = metadata.iter().cloned().map(Metadata::from_json).collect();
    instruction.retries = u32::try_from(value.get("retry").and_then(Value::as_u64).unwrap_or_default())?;
    instruction.lower_bound_timestamp = value.get("lowerBoundTimestamp").and_then(Value::as_u64);
    instruction.upper_bound_timestamp = value.get("upperBoundTimestamp").and_then(Value::as_u64);
    instruction.simulation_retry_delay = value.get("executionSimulationRetryDelay").and_then(Value::as_u64);
    if let Some(state) = value.get("simulationOverrides") {
        instruction.simulation_overrides = overrides(state)?;
    }
    Ok(instruction)
}

pub(super) fn plain_call(value: &Value) -> anyhow::Result<PlainCall> {
    let mut call = PlainCall::new(parse(value, "to")?, optional(value, "data")?.unwrap_or_default());
    call.value = amount(value, "value")?.unwrap_or_default();
    call.gas_limit = amount(value, "gasLimit")?;
    Ok(call)
}

pub(super) fn composable_call(value: &Value) -> anyhow::Result<ComposableCall> {
    let selector: Selector = parse(value, "functionSig")?;
    let mut target: Option<Address> = optional(value, "to")?;
    let mut native = NativeValue::Wei(amount(value, "value")?.unwrap_or_default());
    let mut inputs = Vec::new();
    for input in list(value, "inputParams")? {
        match input.get("paramType").and_then(Value::as_u64) {
            Some(0) => target = Some(Address::from_word(B256::from_slice(&data(input)?))),
            Some(1) => native = NativeValue::Wei(U256::from_be_slice(&data(input)?)),
            _ => inputs.push(input_param(input)?),
        }
    }
    let mut call = ComposableCall::new(target.context("no target")?, selector, inputs).with_value(native);
    for output in list(value, "outputParams")? {
        call.outputs.push(OutputParam::new(u8::try_from(small(output, "fetcherType")?)?, data(output)?));
    }
    call.gas_limit = amount(value, "gasLimit")?;
    Ok(call)
}

pub(super) fn input_param(value: &Value) -> anyhow::Result<InputParam> {
    let data = data(value)?;
    let fetcher = match small(value, "fetcherType")? {
        0 => Fetcher::Raw(data),
        1 => {
            let (target, call) = <(Address, Bytes) as alloy_sol_types::SolValue>::abi_decode_params(&data)?;
            Fetcher::StaticCall { target, data: call }
        }
        2 if data.len() == 40 => {
            let (token, account) = data.split_at(20);
            Fetcher::Balance { token: Address::from_slice(token), account: Address::from_slice(account) }
        }
        other => bail!("unknown fetcher {other}"),
    };
    let mut input = InputParam::new(fetcher);
    for constraint in list(value, "constraints")? {
        let reference: Bytes = parse(constraint, "referenceData")?;
        let word = U256::try_from_be_slice(reference.get(..32).context("short reference")?).context("no word")?;
        input.constraints.push(match small(constraint, "constraintType")? {
            0 => Constraint::Equal(word.into()),
            1 => Constraint::AtLeast(word),
            2 => Constraint::AtMost(word),
            3 => Constraint::Between(word, U256::try_from_be_slice(&reference[32..]).context("no word")?),
            other => bail!("unknown constraint {other}"),
        });
    }
    Ok(input)
}

/// Native values were recorded without their prefix.
fn data(value: &Value) -> anyhow::Result<Bytes> {
    let text = member(value, "paramData")?.as_str().context("no text")?;
    Ok(text.parse()?)
}

fn clean_up(value: &Value) -> anyhow::Result<CleanUp> {
    let (token, recipient) = (parse(value, "tokenAddress")?, parse(value, "recipientAddress")?);
    let mut clean_up = CleanUp::new(token, small(value, "chainId")?, recipient);
    clean_up.amount = amount(value, "amount")?;
    clean_up.gas_limit = amount(value, "gasLimit")?;
    if let Some(depends_on) = value.get("dependsOn") {
        clean_up.depends_on = serde_json::from_value(depends_on.clone())?;
    }
    Ok(clean_up)
}

fn delegation(params: &Value) -> anyhow::Result<Option<Delegation>> {
    if params.get("delegate").and_then(Value::as_bool) != Some(true) {
        return Ok(None);
    }
    let across = params.get("multichain7702Auth").and_then(Value::as_bool).unwrap_or_default();
    let delegation = if across { Delegation::across_chains() } else { Delegation::per_chain() };
    let none = Vec::new();
    let given = params.get("authorizations").and_then(Value::as_array).unwrap_or(&none);
    let given = given.iter().map(|value| Ok(serde_json::from_value::<DelegationAuthorization>(value.clone())?));
    Ok(Some(delegation.with_authorizations(given.collect::<anyhow::Result<Vec<_>>>()?)))
}

fn simulation(value: &Value) -> anyhow::Result<Simulation> {
    let mut simulation = Simulation {
        simulate: member(value, "simulate")?.as_bool().context("neither true nor false")?,
        overrides: value.get("overrides").map(overrides).transpose()?,
        ..Simulation::default()
    };
    if let Some(buffers) = value.get("gasLimitBuffers") {
        for (chain_id, percent) in object(buffers)? {
            simulation.gas_limit_buffers.insert(chain_id.parse()?, number(percent)?);
        }
    }
    Ok(simulation)
}

fn overrides(value: &Value) -> anyhow::Result<SimulationOverrides> {
    let none = Vec::new();
    let of = |name: &str| value.get(name).and_then(Value::as_array).unwrap_or(&none).clone();
    let token = |value: &Value| {
        Ok(TokenOverride {
            token_address: parse(value, "tokenAddress")?,
            account_address: parse(value, "accountAddress")?,
            chain_id: small(value, "chainId")?,
            balance: number(member(value, "balance")?)?,
        })
    };
    let storage = |value: &Value| {
        Ok(StorageOverride {
            contract_address: parse(value, "contractAddress")?,
            storage_slot: parse(value, "storageSlot")?,
            chain_id: small(value, "chainId")?,
            value: parse(value, "value")?,
        })
    };
    Ok(SimulationOverrides {
        token_overrides: of("tokenOverrides").iter().map(token).collect::<anyhow::Result<_>>()?,
        custom_overrides: of("customOverrides").iter().map(storage).collect::<anyhow::Result<_>>()?,
    })
}

pub(super) fn trigger(value: &Value) -> anyhow::Result<Trigger> {
    let chain_id = small(value, "chainId")?;
    if let Some(call) = value.get("call") {
        return Ok(Trigger::Call { chain_id, call: plain_call(call)? });
    }
    let token = parse(value, "tokenAddress")?;
    let mut trigger = if value.get("useMaxAvailableFunds").and_then(Value::as_bool) == Some(true) {
        TokenTrigger::max_available(token, chain_id)
    } else {
        TokenTrigger::new(token, chain_id, amount(value, "amount")?.unwrap_or_default())
    };
    trigger.approval_amount = amount(value, "approvalAmount")?;
    trigger.recipient = optional(value, "recipientAddress")?;
    trigger.gas_limit = amount(value, "gasLimit")?;
    Ok(trigger.into())
}

/// The actions of a grant.
pub(super) fn chain_actions(value: &Value) -> anyhow::Result<Vec<ChainAction>> {
    let one = |value: &Value| Ok(ChainAction::new(small(value, "chainId")?, action(value)?));
    value.as_array().context("no actions")?.iter().map(one).collect()
}

/// The groups of actions of a preparation, however deep they lie.
pub(super) fn groups(value: &Value) -> anyhow::Result<Vec<ChainActions>> {
    match value {
        Value::Array(list) => Ok(list.iter().map(groups).collect::<anyhow::Result<Vec<_>>>()?.concat()),
        group => {
            let actions = list(group, "actions")?.iter().map(action).collect::<anyhow::Result<Vec<_>>>()?;
            Ok(vec![ChainActions::new(small(group, "chainId")?, actions)])
        }
    }
}

fn action(value: &Value) -> anyhow::Result<ActionData> {
    let target = ActionTarget::from_parts(parse(value, "actionTarget")?, parse(value, "actionTargetSelector")?);
    let policy = |value: &Value| Ok(PolicyData::new(parse(value, "policy")?, parse(value, "initData")?));
    let policies = list(value, "actionPolicies")?.iter().map(policy).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(ActionData::new(target, policies))
}
