use alloy_primitives::{Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};

use super::{ComposableCall, ComposeError, Fetcher, InputParam, NativeValue, OutputParam};
use crate::ComposabilityVersion;
use crate::abi::token;

mod v1_0 {
    alloy_sol_types::sol! {
        struct Constraint { uint8 kind; bytes reference; }
        struct Input { uint8 fetcher; bytes data; Constraint[] constraints; }
        struct Output { uint8 kind; bytes data; }
        struct Execution { address to; uint256 value; bytes4 selector; Input[] inputs; Output[] outputs; }
        function executeComposable(Execution[] executions) external payable;
    }
}

mod v1_1 {
    alloy_sol_types::sol! {
        struct Constraint { uint8 kind; bytes reference; }
        struct Input { uint8 role; uint8 fetcher; bytes data; Constraint[] constraints; }
        struct Output { uint8 kind; bytes data; }
        struct Execution { bytes4 selector; Input[] inputs; Output[] outputs; }
        function executeComposable(Execution[] executions) external payable;
    }
}

const ROLE_TARGET: u8 = 0;
const ROLE_VALUE: u8 = 1;
const ROLE_CALL_DATA: u8 = 2;

/// The account's call data that runs composable calls in order.
///
/// 1.0.0: `executeComposable((address to, uint256 value, bytes4, inputs, outputs)[])` = `0xea5a6d91`. 1.1.0:
/// `executeComposable((bytes4, inputs, outputs)[])` = `0x7eba07b8`, where target and value follow the call data among
/// the inputs and a zero value is left out.
///
/// # Errors
/// [`ComposeError::NativeBalance`] for a native balance in 1.0.0.
pub fn encode_composable_calls(calls: &[ComposableCall], version: ComposabilityVersion) -> Result<Bytes, ComposeError> {
    Ok(match version {
        ComposabilityVersion::V1_0_0 => {
            let executions = calls.iter().map(execution_v1_0).collect::<Result<_, _>>()?;
            v1_0::executeComposableCall { executions }.abi_encode()
        }
        ComposabilityVersion::V1_1_0 => {
            let executions = calls.iter().map(execution_v1_1).collect();
            let mut encoded = v1_1::executeComposableCall { executions }.abi_encode();
            for (index, call) in calls.iter().enumerate() {
                if matches!(call.value, NativeValue::Wei(wei) if !wei.is_zero()) {
                    lengthen_value(&mut encoded, index, call.inputs.len() + 1);
                }
            }
            encoded
        }
    }
    .into())
}

fn execution_v1_0(call: &ComposableCall) -> Result<v1_0::Execution, ComposeError> {
    let NativeValue::Wei(value) = call.value else { return Err(ComposeError::NativeBalance) };
    let inputs = call.inputs.iter().chain(&call.conditions).map(input_v1_0).collect::<Result<_, _>>()?;
    let outputs =
        call.outputs.iter().map(|OutputParam { kind, data }| v1_0::Output { kind: *kind, data: data.clone() });
    Ok(v1_0::Execution { to: call.target, value, selector: call.selector, inputs, outputs: outputs.collect() })
}

fn input_v1_0(input: &InputParam) -> Result<v1_0::Input, ComposeError> {
    // 1.0.0 has no balance fetcher: a token is asked by a static call.
    let fetcher = match &input.fetcher {
        Fetcher::Balance { token, .. } if token.is_zero() => return Err(ComposeError::NativeBalance),
        &Fetcher::Balance { token, account } => {
            let data = token::balanceOfCall { owner: account }.abi_encode().into();
            Fetcher::StaticCall { target: token, data }
        }
        other => other.clone(),
    };
    let constraints = input.constraints.iter().map(|constraint| {
        let (kind, reference) = constraint.parts();
        v1_0::Constraint { kind, reference }
    });
    Ok(v1_0::Input { fetcher: fetcher.kind(), data: fetcher.data(), constraints: constraints.collect() })
}

fn execution_v1_1(call: &ComposableCall) -> v1_1::Execution {
    let target = InputParam::raw(call.target.abi_encode().into());
    let value = match call.value {
        NativeValue::Wei(U256::ZERO) => None,
        NativeValue::Wei(wei) => Some(InputParam::raw(wei.abi_encode().into())),
        NativeValue::BalanceOf(account) => Some(InputParam::balance(alloy_primitives::Address::ZERO, account)),
    };
    let inputs = call
        .inputs
        .iter()
        .map(|input| input_v1_1(ROLE_CALL_DATA, input))
        .chain([input_v1_1(ROLE_TARGET, &target)])
        .chain(value.map(|value| input_v1_1(ROLE_VALUE, &value)))
        .chain(call.conditions.iter().map(|input| input_v1_1(ROLE_CALL_DATA, input)));
    let outputs =
        call.outputs.iter().map(|OutputParam { kind, data }| v1_1::Output { kind: *kind, data: data.clone() });
    v1_1::Execution { selector: call.selector, inputs: inputs.collect(), outputs: outputs.collect() }
}

/// Gives the value, one word, a length of 64, as every recorded client does: the second word is the empty list of
/// constraints behind it. The module reads the first word.
fn lengthen_value(encoded: &mut [u8], call: usize, input: usize) -> Option<()> {
    let word = |encoded: &[u8], at: usize| {
        let word = U256::try_from_be_slice(encoded.get(at..at.checked_add(32)?)?)?;
        usize::try_from(word).ok()
    };
    let list = 4 + word(encoded, 4)? + 32;
    let execution = list + word(encoded, list + 32 * call)?;
    let inputs = execution + word(encoded, execution + 32)? + 32;
    let value = inputs + word(encoded, inputs + 32 * input)?;
    let length = value + word(encoded, value + 64)?;
    encoded.get_mut(length..length + 32)?.copy_from_slice(&U256::from(64).to_be_bytes::<32>());
    Some(())
}

fn input_v1_1(role: u8, input: &InputParam) -> v1_1::Input {
    let constraints = input.constraints.iter().map(|constraint| {
        let (kind, reference) = constraint.parts();
        v1_1::Constraint { kind, reference }
    });
    v1_1::Input { role, fetcher: input.fetcher.kind(), data: input.fetcher.data(), constraints: constraints.collect() }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, hex};

    use super::*;

    #[test]
    fn selectors_are_the_modules() {
        assert_eq!(v1_0::executeComposableCall::SELECTOR, hex!("ea5a6d91"));
        assert_eq!(v1_1::executeComposableCall::SELECTOR, hex!("7eba07b8"));
    }

    #[test]
    fn native_balances_need_the_newer_module() {
        let call = ComposableCall::typed(Address::repeat_byte(1), &token::decimalsCall {})
            .with_value(NativeValue::BalanceOf(Address::repeat_byte(2)));
        assert_eq!(
            encode_composable_calls(std::slice::from_ref(&call), ComposabilityVersion::V1_0_0),
            Err(ComposeError::NativeBalance)
        );
        assert!(encode_composable_calls(&[call], ComposabilityVersion::V1_1_0).is_ok());
    }
}
