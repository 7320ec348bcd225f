use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use userop::Execution;

use super::{Check, Compare, Mismatch};
use crate::abi::token::{transferCall, transferFromCall};
use crate::wire::{PaymentInfo, Quote, QuoteRequest, QuotedUserOp};

pub(super) fn check(
    compare: Compare,
    request: &QuoteRequest,
    quote: &Quote,
    payment: &QuotedUserOp,
    max_fee: Option<U256>,
) -> Result<(), Mismatch> {
    let (asked, offered) = (&request.payment_info, &quote.payment_info);
    check_terms(compare, request, quote)?;
    if let Some(cap) = max_fee.filter(|cap| offered.token_wei_amount > *cap) {
        let seen = offered.token_wei_amount.to_string();
        compare.refuse(Check::Fee, "paymentInfo.tokenWeiAmount", format!("at most {cap}"), seen)?;
    }
    let ours = Check::Payment;
    let op = &payment.user_op;
    compare.equal(ours, "userOps[0].chainId", &asked.chain_id, &payment.chain_id)?;
    compare.equal(ours, "userOps[0].userOp.sender", &asked.sender, &op.sender)?;
    compare.equal(ours, "userOps[0].userOp.nonce", &asked.nonce, &op.nonce)?;
    compare.equal(ours, "userOps[0].userOp.initCode", &asked.init_code.clone().unwrap_or_default(), &op.init_code)?;
    let short = asked.short_encoding.unwrap_or_default();
    compare.equal(ours, "userOps[0].shortEncoding", &short, &payment.short_encoding)?;
    compare.equal(ours, "userOps[0].isCleanUpUserOp", &false, &payment.is_clean_up_user_op.unwrap_or_default())?;
    if asked.eip7702_auth != payment.eip7702_auth {
        let text = |authorization| format!("{authorization:?}");
        let (expected, seen) = (text(asked.eip7702_auth), text(payment.eip7702_auth));
        compare.refuse(ours, "userOps[0].eip7702Auth", expected, seen)?;
    }
    if let Some(details) = &payment.session_details {
        let expected = serde_json::to_value(&asked.session_details).unwrap_or_default();
        compare.equal_json(ours, "userOps[0].sessionDetails".to_owned(), &expected, details)?;
    }
    check_window(compare, request, payment)?;
    if request.simulation.is_none() {
        let gas = Check::GasLimits;
        compare.at_least(gas, "userOps[0].userOp.callGasLimit", &asked.call_gas_limit, &op.call_gas_limit)?;
        if let Some(limit) = &asked.verification_gas_limit {
            compare.at_least(gas, "userOps[0].userOp.verificationGasLimit", limit, &op.verification_gas_limit)?;
        }
    }
    if pays_once(asked, quote, &op.call_data) {
        return Ok(());
    }
    let expected = format!("one transfer of {} of {}", offered.token_wei_amount, offered.token);
    compare.refuse(Check::PaymentCall, "userOps[0].userOp.callData", expected, op.call_data.to_string())
}

fn check_terms(compare: Compare, request: &QuoteRequest, quote: &Quote) -> Result<(), Mismatch> {
    let (asked, offered) = (&request.payment_info, &quote.payment_info);
    let ours = Check::Payment;
    compare.equal(ours, "paymentInfo.sponsored", &asked.sponsored, &offered.sponsored)?;
    compare.equal(ours, "paymentInfo.sender", &asked.sender, &offered.sender)?;
    compare.equal(ours, "paymentInfo.token", &asked.token, &offered.token)?;
    compare.equal(ours, "paymentInfo.chainId", &asked.chain_id, &offered.chain_id)?;
    compare.equal(ours, "paymentInfo.nonce", &asked.nonce, &offered.nonce)?;
    compare.equal_option(ours, "paymentInfo.eoa", asked.eoa.as_ref(), offered.eoa.as_ref())?;
    let refund = (asked.gas_refund_address.as_ref(), offered.gas_refund_address.as_ref());
    compare.equal_option(ours, "paymentInfo.gasRefundAddress", refund.0, refund.1)?;
    compare.equal_option(ours, "paymentInfo.initCode", asked.init_code.as_ref(), offered.init_code.as_ref())?;
    let encoding = (asked.short_encoding.as_ref(), offered.short_encoding.as_ref());
    compare.equal_option(ours, "paymentInfo.shortEncoding", encoding.0, encoding.1)?;
    let url = (asked.sponsorship_url.as_ref(), offered.sponsorship_url.as_ref());
    compare.equal_option(ours, "paymentInfo.sponsorshipUrl", url.0, url.1)?;
    if asked.eip7702_auth != offered.eip7702_auth {
        let text = |authorization| format!("{authorization:?}");
        compare.refuse(ours, "paymentInfo.eip7702Auth", text(asked.eip7702_auth), text(offered.eip7702_auth))?;
    }
    if let Some(details) = &offered.session_details {
        let expected = serde_json::to_value(&asked.session_details).unwrap_or_default();
        compare.equal_json(ours, "paymentInfo.sessionDetails".to_owned(), &expected, details)?;
    }
    if request.simulation.is_none() {
        let gas = Check::GasLimits;
        let call = (Some(&asked.call_gas_limit), offered.call_gas_limit.as_ref());
        compare.equal_option(gas, "paymentInfo.callGasLimit", call.0, call.1)?;
        let verification = (asked.verification_gas_limit.as_ref(), offered.verification_gas_limit.as_ref());
        compare.equal_option(gas, "paymentInfo.verificationGasLimit", verification.0, verification.1)?;
    }
    Ok(())
}

fn check_window(compare: Compare, request: &QuoteRequest, payment: &QuotedUserOp) -> Result<(), Mismatch> {
    let lower = request.user_ops.iter().map(|op| op.lower_bound_timestamp).min().unwrap_or_default();
    // A quote for a payment alone has no window of ours to lie in.
    let upper = request.user_ops.iter().map(|op| op.upper_bound_timestamp).max().unwrap_or(u64::MAX);
    if payment.lower_bound_timestamp < lower {
        let seen = payment.lower_bound_timestamp.to_string();
        compare.refuse(Check::Windows, "userOps[0].lowerBoundTimestamp", format!("at least {lower}"), seen)?;
    }
    if payment.upper_bound_timestamp > upper {
        let seen = payment.upper_bound_timestamp.to_string();
        compare.refuse(Check::Windows, "userOps[0].upperBoundTimestamp", format!("at most {upper}"), seen)?;
    }
    Ok(())
}

/// Whether the call data is one call that moves the fee, and nothing else.
fn pays_once(asked: &PaymentInfo, quote: &Quote, call_data: &alloy_primitives::Bytes) -> bool {
    let fee = quote.payment_info.token_wei_amount;
    let Ok((_, execution)) = Execution::decode(call_data) else { return false };
    let [call] = execution.calls() else { return false };
    let own = |from: Address| from == asked.sender || Some(from) == asked.eoa;
    if call.to == asked.token && call.value.is_zero() {
        if let Ok(transfer) = transferCall::abi_decode_validate(&call.data) {
            return transfer.amount == fee;
        }
        if let Ok(transfer) = transferFromCall::abi_decode_validate(&call.data) {
            return transfer.amount == fee && own(transfer.from);
        }
    }
    asked.token.is_zero() && call.data.is_empty() && call.value == fee
}
