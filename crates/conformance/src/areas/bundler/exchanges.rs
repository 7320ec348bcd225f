use std::time::Duration;

use alloy_primitives::{Address, U256};
use bundler_rpc::paymaster::{PaymasterClient, biconomy};
use bundler_rpc::userop::EntryPoint;
use bundler_rpc::vendor::debug::{BundlingMode, Reputation};
use bundler_rpc::{
    AaCode, AccountOverride, Backoff, BundlerClient, BundlerError, Deadline, KnownOperation, PartialOperation, Polling,
    SignedOperation, StateOverride, StorageOverride, TransportFailure,
};
use serde_json::{Value, json};

use super::compare::{expected_request, lower, normal, same};
use super::server::Server;
use crate::{Document, Tally};

pub(super) fn run(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, super::block_on(check(case)));
    }
}

/// What a call here comes to: the value that was read, as JSON again, or the typed error.
type Read = Result<Value, Failed>;

enum Failed {
    Client(BundlerError),
    /// The case cannot be understood.
    Case(String),
}

impl From<BundlerError> for Failed {
    fn from(error: BundlerError) -> Self {
        Self::Client(error)
    }
}

async fn check(case: &Value) -> Result<(), String> {
    let exchanges = case["exchanges"].as_array().filter(|e| !e.is_empty()).ok_or("no exchanges")?;
    let answers: Vec<_> = exchanges
        .iter()
        .map(|exchange| (exchange["httpStatus"].as_u64().unwrap_or(200), exchange["response"].clone()))
        .map(|(status, response)| (u16::try_from(status).unwrap_or(200), response))
        .collect();
    let mut next = 0;
    let server = Server::start(Box::new(move |_, _| {
        next += 1;
        // What polls on after the last recorded answer gets that answer again.
        answers[(next - 1).min(answers.len() - 1)].clone()
    }))
    .await?;

    let is_wait = case["name"].as_str().is_some_and(|name| name.starts_with("wait"));
    let method = exchanges[0]["request"]["method"].as_str().ok_or("no method")?;
    let params = &exchanges[0]["request"]["params"];
    let retries = if exchanges.len() == 1 { 0 } else { 3 };
    let read = if is_wait {
        let polling = Polling::DEFAULT
            .with_spacing(Duration::from_millis(1))
            .with_backoff(Backoff::WAIT.with_first(Duration::from_millis(1)).with_longest(Duration::from_millis(5)));
        let client = BundlerClient::http(&server.url).map_err(|error| error.to_string())?.with_polling(polling);
        wait(&client, params).await
    } else {
        let backoff = Backoff::READ.with_first(Duration::from_millis(1)).with_retries(retries);
        let client = BundlerClient::http(&server.url).map_err(|error| error.to_string())?.with_backoff(backoff);
        let paymaster = PaymasterClient::http(&server.url).map_err(|error| error.to_string())?.with_backoff(backoff);
        call(&client, &paymaster, method, params).await
    };
    let read = match read {
        Err(Failed::Case(reason)) => return Err(reason),
        Err(Failed::Client(error)) => Err(error),
        Ok(value) => Ok(value),
    };

    requests_match(&server, exchanges, is_wait)?;
    outcome_matches(case, &exchanges[exchanges.len() - 1], is_wait, read)
}

fn requests_match(server: &Server, exchanges: &[Value], is_wait: bool) -> Result<(), String> {
    let seen = server.requests();
    // A wait goes on where the recorded one gives up.
    let is_count_right = if is_wait { seen.len() >= exchanges.len() } else { seen.len() == exchanges.len() };
    if !is_count_right {
        return Err(format!("{} requests, recorded {}", seen.len(), exchanges.len()));
    }
    for ((_, seen), exchange) in seen.iter().zip(exchanges) {
        let body: Value = match exchange["requestBody"].as_str().map(serde_json::from_str) {
            Some(Ok(body)) => body,
            _ => exchange["request"].clone(),
        };
        let mut seen = lower(seen);
        if let Some(members) = seen.as_object_mut() {
            members.remove("id");
        }
        let expected = expected_request(&body);
        if seen != expected {
            return Err(format!("sent {seen}, recorded {expected}"));
        }
    }
    Ok(())
}

fn outcome_matches(case: &Value, last: &Value, is_wait: bool, read: Result<Value, BundlerError>) -> Result<(), String> {
    let outcome = &case["outcome"];
    match (outcome.get("value"), outcome["error"].as_array(), read) {
        (Some(recorded), _, Ok(read)) => same("value", &normal(&read), &normal(recorded)),
        // The recorded server makes the hash up, which is noticed here.
        (Some(recorded), _, Err(BundlerError::HashMismatch { seen, .. })) => {
            same("value", &normal(&json!(seen)), &normal(recorded))
        }
        (None, Some(chain), Ok(Value::Null)) if names(chain).any(|name| name.ends_with("NotFoundError")) => Ok(()),
        (None, Some(chain), Ok(_)) if names(chain).any(|name| name == "UserOperationExecutionError") => {
            // "Already known" is an error there and a success here.
            let message = last.pointer("/response/error/message").and_then(Value::as_str).unwrap_or_default();
            if message.eq_ignore_ascii_case("already known") {
                Ok(())
            } else {
                Err("succeeded, recorded an error".into())
            }
        }
        (None, Some(chain), Err(error)) => error_matches(chain, last, is_wait, &error),
        (Some(_), _, Err(error)) => Err(format!("failed with {error}, recorded a value")),
        (None, Some(_), Ok(value)) => Err(format!("read {value}, recorded an error")),
        (None, None, _) => Err("no outcome".into()),
    }
}

fn names(chain: &[Value]) -> impl Iterator<Item = &str> {
    chain.iter().filter_map(|link| link["name"].as_str())
}

fn error_matches(chain: &[Value], last: &Value, is_wait: bool, error: &BundlerError) -> Result<(), String> {
    if names(chain).any(|name| name == "WaitForUserOperationReceiptTimeoutError") {
        let is_timeout = is_wait && matches!(error, BundlerError::DeadlinePassed { .. });
        return if is_timeout { Ok(()) } else { Err(format!("{error:?}, recorded a timeout")) };
    }
    let Some(recorded) = last["response"].get("error") else {
        let status = last["httpStatus"].as_u64().unwrap_or(200);
        return match error {
            BundlerError::Transport { failure: TransportFailure::Http { status: seen, .. }, .. }
                if u64::from(*seen) == status =>
            {
                Ok(())
            }
            BundlerError::Malformed { .. } if status == 200 => Ok(()),
            other => Err(format!("{other:?}, recorded HTTP status {status}")),
        };
    };
    let response = error.response().ok_or_else(|| format!("{error:?}, recorded {recorded}"))?;
    if Some(response.code) != recorded["code"].as_i64() || Some(&*response.message) != recorded["message"].as_str() {
        return Err(format!("{response:?}, recorded {recorded}"));
    }
    let data = recorded.get("data").filter(|data| !data.is_null());
    if response.data.as_ref() != data {
        return Err(format!("data {:?}, recorded {data:?}", response.data));
    }
    // The second link of the chain is the class that the reference found.
    let execution = names(chain).next() == Some("UserOperationExecutionError");
    match names(chain).nth(1).filter(|_| execution) {
        Some(expected)
            if response.reference_name() != expected && !is_loose_match(&response.message, response.aa_code) =>
        {
            Err(format!("{}, recorded {expected}", response.reference_name()))
        }
        _ => Ok(()),
    }
}

/// Whether only the reference's search anywhere in the text finds a code.
fn is_loose_match(message: &str, found: Option<AaCode>) -> bool {
    let lower = message.to_ascii_lowercase();
    let anywhere = AaCode::ALL.iter().any(|code| lower.contains(&format!("aa{:02}", code.number())));
    found.is_none() && anywhere
}

async fn wait(client: &BundlerClient, params: &Value) -> Read {
    let receipt = client.wait(read_as(params, 0)?, Deadline::after(Duration::from_millis(150))).await?;
    Ok(json!(receipt))
}

async fn call(client: &BundlerClient, paymaster: &PaymasterClient, method: &str, params: &Value) -> Read {
    Ok(match method {
        "eth_chainId" => json!(client.chain_id().await?),
        "eth_supportedEntryPoints" => json!(client.supported_entry_points().await?),
        "eth_estimateUserOperationGas" => {
            let overrides = params.get(2).map(state_override).transpose()?;
            let estimate =
                client.estimate_gas(&operation(params)?, entry_point(params, 1)?, overrides.as_ref()).await?;
            let mut estimate = json!(estimate);
            // The other name of the same limit.
            estimate.as_object_mut().and_then(|members| members.remove("verificationGas"));
            estimate
        }
        "eth_sendUserOperation" => json!(client.send(&signed(params)?).await?),
        "boost_sendUserOperation" => json!(client.pimlico().boost(&signed(params)?).await?),
        "pimlico_sendUserOperationNow" => json!(client.pimlico().send_now(&signed(params)?).await?),
        "eth_getUserOperationByHash" => {
            client.operation(read_as(params, 0)?).await?.map_or(Ok(Value::Null), |known| known_operation(&known))?
        }
        "eth_getUserOperationReceipt" => json!(client.receipt(read_as(params, 0)?).await?),
        "pimlico_getUserOperationGasPrice" => json!(client.pimlico().gas_prices().await?),
        "pimlico_getUserOperationStatus" => json!(client.pimlico().status(read_as(params, 0)?).await?),
        "pm_sponsorUserOperation" => {
            let fields = client.pimlico().sponsor(&operation(params)?, entry_point(params, 1)?, params.get(2)).await?;
            json!(fields)
        }
        "pimlico_getTokenQuotes" => {
            let tokens: Vec<Address> = read(params[0].get("tokens"))?;
            json!(client.pimlico().token_quotes(&tokens, entry_point(params, 1)?, chain_id(params, 2)?).await?)
        }
        "biconomy_getGasFeeValues" => json!(client.biconomy().gas_prices().await?),
        "biconomy_getUserOperationStatus" => json!(client.biconomy().status(read_as(params, 0)?).await?),
        "pm_getPaymasterStubData" | "pm_getPaymasterData" => {
            let (operation, entry_point, chain_id) =
                (paid_operation(params)?, entry_point(params, 1)?, chain_id(params, 2)?);
            let context = context(params.get(3));
            let context = context.as_ref();
            let fields = if method == "pm_getPaymasterData" {
                paymaster.data(&operation, entry_point, chain_id, context).await?
            } else {
                paymaster.stub_data(&operation, entry_point, chain_id, context).await?
            };
            json!(fields)
        }
        "pm_getFeeQuoteOrData" => return fee_quotes(paymaster, params).await,
        _ if method.starts_with("debug_bundler_") => return debug(client, method, params).await,
        _ if method.starts_with("rundler_") => return rundler(client, method, params).await,
        other => return Err(Failed::Case(format!("no method {other} here"))),
    })
}

async fn debug(client: &BundlerClient, method: &str, params: &Value) -> Read {
    let debug = client.debug();
    Ok(match method {
        "debug_bundler_clearState" => debug.clear_state().await.map(|()| json!("ok"))?,
        "debug_bundler_clearMempool" => {
            let entry_point = params.get(0).map(|_| entry_point(params, 0)).transpose()?;
            debug.clear_mempool(entry_point).await.map(|()| json!("ok"))?
        }
        "debug_bundler_dumpMempool" => {
            let entry_point = entry_point(params, 0)?;
            let pending = debug.dump_mempool(entry_point).await?;
            json!(pending.iter().map(|operation| json!(operation.wire(entry_point.version))).collect::<Vec<_>>())
        }
        "debug_bundler_sendBundleNow" => debug.send_bundle_now().await?.map_or(json!("ok"), |hash| json!(hash)),
        "debug_bundler_setBundlingMode" => {
            let mode = if params[0] == "manual" { BundlingMode::Manual } else { BundlingMode::Auto };
            debug.set_bundling_mode(mode).await.map(|()| json!("ok"))?
        }
        "debug_bundler_setReputation" => {
            let records: Vec<Reputation> = read_as(params, 0)?;
            debug.set_reputation(&records, entry_point(params, 1)?).await.map(|()| json!("ok"))?
        }
        "debug_bundler_dumpReputation" => {
            let records = debug.dump_reputation(entry_point(params, 0)?).await?;
            json!(records.iter().map(reputation).collect::<Vec<_>>())
        }
        "debug_bundler_getStakeStatus" => {
            let status = debug.stake_status(read_as(params, 0)?, entry_point(params, 1)?).await?;
            let info = status.stake_info;
            let numbers = (info.stake.to_string(), info.unstake_delay_sec.to_string());
            json!({
                "stakeInfo": {"addr": info.addr, "stake": numbers.0, "unstakeDelaySec": numbers.1},
                "isStaked": status.is_staked,
            })
        }
        "debug_bundler_addUserOps" => {
            let operations: Vec<PartialOperation> = read_as(params, 0)?;
            debug.add_operations(&operations, EntryPoint::V0_7).await.map(|()| json!("ok"))?
        }
        other => return Err(Failed::Case(format!("no method {other} here"))),
    })
}

fn reputation(record: &Reputation) -> Value {
    let mut value = json!(record);
    if let (Some(status), Some(members)) = (record.status, value.as_object_mut()) {
        members.insert("status".into(), json!(format!("{status:?}").to_ascii_lowercase()));
    }
    value
}

async fn rundler(client: &BundlerClient, method: &str, params: &Value) -> Read {
    let rundler = client.rundler();
    Ok(match method {
        "rundler_maxPriorityFeePerGas" => json!(format!("{:#x}", rundler.max_priority_fee_per_gas().await?)),
        "rundler_getUserOperationGasPrice" => json!(rundler.gas_price().await?),
        "rundler_getUserOperationStatus" => {
            let status = rundler.status(read_as(params, 0)?, None).await?;
            let hex = |number: Option<U256>| number.map(|number| format!("{number:#x}"));
            json!({
                "status": status.status,
                "receipt": status.receipt,
                "userOperation": status.user_operation.map(|op| json!(op.wire(EntryPoint::V0_7.version))),
                "addedAtBlock": hex(status.added_at_block.map(U256::from)),
                "validUntil": hex(status.valid_until),
                "validAfter": hex(status.valid_after),
                "pendingBundle": status.pending_bundle,
            })
        }
        "rundler_getPendingUserOperationBySenderNonce" => {
            let nonce = read::<U256>(params.get(1))?;
            let pending = rundler.pending_by_nonce(read_as(params, 0)?, nonce).await?;
            pending.map_or(Value::Null, |operation| json!(operation.wire(EntryPoint::V0_7.version)))
        }
        "rundler_getMinedUserOperation" => {
            let mined =
                rundler.mined_operation(read_as(params, 0)?, read_as(params, 1)?, entry_point(params, 2)?).await?;
            mined.map_or(Value::Null, |mined| {
                json!({
                    "userOperation": mined.user_operation.wire(EntryPoint::V0_7.version),
                    "receipt": mined.receipt,
                })
            })
        }
        "rundler_dropLocalUserOperation" => json!(rundler.drop_local(&signed(params)?).await?),
        other => return Err(Failed::Case(format!("no method {other} here"))),
    })
}

async fn fee_quotes(paymaster: &PaymasterClient, params: &Value) -> Read {
    let tokens: Vec<Address> = read(params.pointer("/1/tokenInfo/tokenList"))?;
    let quotes = paymaster.fee_quotes(&operation(params)?.into_operation(), &tokens).await?;
    let number = |digits: &str| serde_json::from_str::<Value>(digits).unwrap_or_else(|_| json!(digits));
    let quote = |quote: &biconomy::FeeQuote| {
        json!({
            "symbol": quote.symbol,
            "decimal": quote.decimal,
            "tokenAddress": quote.token_address,
            "maxGasFee": number(&quote.max_gas_fee),
            "maxGasFeeUSD": quote.max_gas_fee_usd.as_deref().map(number),
            "exchangeRate": quote.exchange_rate.as_deref().map(number),
            "logoUrl": quote.logo_url,
            "premiumPercentage": quote.premium_percentage,
            "validUntil": quote.valid_until,
        })
    };
    Ok(json!({
        "mode": quotes.mode,
        "paymasterAddress": quotes.paymaster_address,
        "feeQuotes": quotes.fee_quotes.iter().map(quote).collect::<Vec<_>>(),
        "unsupportedTokens": quotes.unsupported_tokens,
    }))
}

fn known_operation(known: &KnownOperation) -> Read {
    let version = known_version(known.entry_point)?.version;
    Ok(json!({
        "userOperation": known.user_operation.wire(version),
        "entryPoint": known.entry_point,
        "blockNumber": known.block_number.map(|number| format!("{number:#x}")),
        "blockHash": known.block_hash,
        "transactionHash": known.transaction_hash,
    }))
}

fn read<T: serde::de::DeserializeOwned>(value: Option<&Value>) -> Result<T, Failed> {
    let value = value.ok_or_else(|| Failed::Case("a parameter is missing".into()))?;
    serde_json::from_value(value.clone()).map_err(|error| Failed::Case(format!("{value}: {error}")))
}

fn read_as<T: serde::de::DeserializeOwned>(params: &Value, place: usize) -> Result<T, Failed> {
    read(params.get(place))
}

fn operation(params: &Value) -> Result<PartialOperation, Failed> {
    read_as(params, 0)
}

/// The operation that was handed to the reference for a paymaster: the zeros are what the client put in.
fn paid_operation(params: &Value) -> Result<PartialOperation, Failed> {
    let mut operation = operation(params)?;
    operation.call_gas_limit = operation.call_gas_limit.filter(|gas| *gas > 0);
    operation.verification_gas_limit = operation.verification_gas_limit.filter(|gas| *gas > 0);
    operation.pre_verification_gas = operation.pre_verification_gas.filter(|gas| !gas.is_zero());
    Ok(operation)
}

/// The context that was handed to the reference; Biconomy's two are made here, to be compared with what was recorded.
fn context(recorded: Option<&Value>) -> Option<Value> {
    let recorded = recorded.filter(|context| !context.is_null())?;
    let is_biconomy = recorded.pointer("/sponsorshipInfo/smartAccountInfo/name").is_some_and(|name| name == "BICONOMY");
    let fee_token = recorded.pointer("/tokenInfo/feeTokenAddress").and_then(|token| token.as_str()?.parse().ok());
    Some(match (is_biconomy, fee_token) {
        (true, Some(token)) => biconomy::token_context(token),
        (true, None) => biconomy::sponsored_context(),
        (false, _) => recorded.clone(),
    })
}

fn signed(params: &Value) -> Result<SignedOperation, Failed> {
    // The hash is local and the recorded one made up: any chain will do.
    Ok(SignedOperation::new(operation(params)?.into_operation(), entry_point(params, 1)?, 1)?)
}

fn entry_point(params: &Value, place: usize) -> Result<EntryPoint, Failed> {
    known_version(read_as(params, place)?)
}

fn known_version(address: Address) -> Result<EntryPoint, Failed> {
    EntryPoint::from_address(address).ok_or_else(|| Failed::Case(format!("{address} is no known entry point")))
}

fn chain_id(params: &Value, place: usize) -> Result<u64, Failed> {
    let id: U256 = read_as(params, place)?;
    u64::try_from(id).map_err(|error| Failed::Case(error.to_string()))
}

fn state_override(value: &Value) -> Result<StateOverride, Failed> {
    let accounts = value.as_object().ok_or_else(|| Failed::Case("the state override is no object".into()))?;
    let mut overrides = StateOverride::default();
    for (address, changes) in accounts {
        let storage = match (changes.get("state"), changes.get("stateDiff")) {
            (Some(state), _) => Some(StorageOverride::State(read(Some(state))?)),
            (None, Some(diff)) => Some(StorageOverride::StateDiff(read(Some(diff))?)),
            (None, None) => None,
        };
        let account = AccountOverride {
            balance: changes.get("balance").map(|value| read(Some(value))).transpose()?,
            nonce: changes.get("nonce").map(|value| read::<U256>(Some(value))).transpose()?.map(|n| n.saturating_to()),
            code: changes.get("code").map(|value| read(Some(value))).transpose()?,
            storage,
        };
        overrides =
            overrides.with(address.parse().map_err(|_| Failed::Case(format!("{address} is no address")))?, account);
    }
    Ok(overrides)
}
