//! Execution: one operation after the other, each by its own transaction to the entry point.

use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::{Address, B256, Bytes, U256, b256};
use alloy_sol_types::{SolCall as _, sol};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use userop::abi::v07::handleOpsCall;

use super::{Job, MeeFault, Shared, envelope, node_address, number, quote, tank_address};
use crate::{Chain, EntryPoint, Error};

sol! {
    function depositTo(address account) payable;
    function transfer(address to, uint256 amount) returns (bool);
}

/// `UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)`.
const USER_OPERATION_EVENT: B256 = b256!("49628fd1471006c1482da88028e9ce4dbb080b815c9b0344d39e5a8e6ec1419f");
/// What each operation's gas may cost at most, in wei.
const DEPOSIT: u64 = 100_000_000_000_000_000;

pub(super) async fn run(shared: Shared, mut jobs: mpsc::UnboundedReceiver<Job>) {
    while let Some(job) = jobs.recv().await {
        let delay = shared.lock().faults.iter().find_map(|fault| match fault {
            MeeFault::Slow(delay) => Some(*delay),
            _ => None,
        });
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        execute(&shared, &job).await;
    }
}

/// What became of an operation.
enum Fate {
    Mined(B256),
    Reverted(B256),
    Failed(String),
}

async fn execute(shared: &Shared, job: &Job) {
    let count = job.signed["userOps"].as_array().map_or(0, Vec::len);
    let mut stopped: Option<String> = None;
    for index in 0..count {
        let fate = match &stopped {
            Some(reason) => Fate::Failed(reason.clone()),
            None => operation(shared, &job.signed, index).await,
        };
        let (status, transaction, reason) = match fate {
            Fate::Mined(hash) => ("MINED_SUCCESS", hash.to_string(), String::new()),
            Fate::Reverted(hash) => ("MINED_FAIL", hash.to_string(), String::new()),
            Fate::Failed(reason) => ("FAILED", String::new(), reason),
        };
        if status != "MINED_SUCCESS" && index == 0 {
            stopped = Some(format!("the node was not paid: {reason}"));
        }
        if let Some(op) = shared.lock().reports.get_mut(&job.hash).and_then(|report| report["userOps"].get_mut(index)) {
            op["executionStatus"] = status.into();
            op["executionData"] = transaction.into();
            op["executionError"] = reason.into();
            op["isConfirmed"] = true.into();
        }
    }
}

async fn operation(shared: &Shared, signed: &Value, index: usize) -> Fate {
    let op = &signed["userOps"][index];
    if let Some(number) = index.checked_sub(1)
        && shared.has(&MeeFault::SimulationFailure(number))
    {
        return Fate::Failed("simulation failed: AA23 reverted".to_owned());
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let expired = envelope::window(op).is_none_or(|(_, upper)| now > upper);
    if expired || shared.has(&MeeFault::Expired) {
        return Fate::Failed("its time is over".to_owned());
    }
    let chain = number(&op["chainId"])
        .and_then(|id| u64::try_from(id).ok())
        .and_then(|id| shared.lock().chains.get(&id).map(|chain| chain.chain.clone()));
    let Some(chain) = chain else { return Fate::Failed("unknown chain".to_owned()) };
    let sent = if index == 0 && signed["paymentInfo"]["sponsored"] == true {
        pay_from_tank(&chain, &signed["paymentInfo"]).await
    } else {
        handle(&chain, signed, index).await
    };
    match sent {
        Ok(Fate::Mined(hash)) if index > 0 && shared.has(&MeeFault::MinedFailure(index - 1)) => Fate::Reverted(hash),
        Ok(fate) => fate,
        Err(error) => Fate::Failed(error.to_string()),
    }
}

async fn pay_from_tank(chain: &Chain, payment: &Value) -> Result<Fate, Error> {
    let token = payment["token"].as_str().and_then(|token| token.parse::<Address>().ok());
    let (Some(token), Some(amount)) = (token, number(&payment["tokenWeiAmount"])) else {
        return Ok(Fate::Failed("unreadable payment".to_owned()));
    };
    let call = transferCall { to: node_address(), amount };
    let receipt = chain.send(tank_address(), token, U256::ZERO, call.abi_encode()).await?;
    Ok(Fate::Mined(receipt.transaction_hash))
}

/// Simulates and sends one operation as a bundle of its own.
async fn handle(chain: &Chain, signed: &Value, index: usize) -> Result<Fate, Error> {
    let op = &signed["userOps"][index];
    let (Some(mut packed), Some(signature)) = (quote::packed(op), envelope::signature(signed, index)) else {
        return Ok(Fate::Failed("unreadable operation or signature".to_owned()));
    };
    packed.signature = signature;
    let entry_point = EntryPoint::V07.address();
    let deposit = depositToCall { account: packed.sender };
    chain.send(node_address(), entry_point, U256::from(DEPOSIT), deposit.abi_encode()).await?;
    let data: Bytes = handleOpsCall { ops: vec![packed], beneficiary: node_address() }.abi_encode().into();
    let call = json!({ "from": node_address(), "to": entry_point, "data": data });
    if let Err(error) = chain.rpc().request::<Bytes>("eth_call", (call, "latest")).await {
        return Ok(Fate::Failed(reason(&error)));
    }
    let receipt = chain.send(node_address(), entry_point, U256::ZERO, data).await?;
    let hash = receipt.transaction_hash;
    let succeeded =
        receipt.logs.iter().find(|log| log["topics"][0].as_str() == Some(&USER_OPERATION_EVENT.to_string()));
    let succeeded = succeeded.and_then(|log| log["data"].as_str()?.parse::<Bytes>().ok());
    // Words: nonce, success, cost, gas.
    Ok(if succeeded.is_some_and(|data| data.get(63) == Some(&1)) { Fate::Mined(hash) } else { Fate::Reverted(hash) })
}

/// The entry point's words, where the revert data has some.
fn reason(error: &Error) -> String {
    let text = error.to_string();
    match error {
        Error::Rpc { data: Some(data), .. } => {
            let readable = data.iter().filter(|byte| byte.is_ascii_graphic() || **byte == b' ');
            let readable: String = readable.map(|&byte| char::from(byte)).collect();
            match readable.find("AA") {
                Some(at) => format!("{} {data}", &readable[at..]),
                None => text,
            }
        }
        _ => text,
    }
}
