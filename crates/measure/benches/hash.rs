//! Operation hashes beside bare keccak of the same bytes and beside packing and hashing with alloy's encoders.

use std::hint::black_box;

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256, address, keccak256};
use alloy_sol_types::{SolStruct, SolValue, eip712_domain};
use userop::abi::v07::PackedUserOperation;
use userop::{EntryPointVersion, OperationHasher, Paymaster, UserOperation};

const CHAIN_ID: u64 = 8453;
const ACCOUNT: Address = address!("0x595551A770c9D899ff0BB49F4600150729eb450C");

/// The call data and paymaster data of the measured anchors: 452 and 129 bytes, no factory.
fn operation() -> UserOperation {
    UserOperation::new(ACCOUNT, U256::from(7), vec![0xa5; 452])
        .with_paymaster(Paymaster::new(ACCOUNT, vec![0x5a; 77]).with_gas(50_000, 20_000))
        .with_gas(200_000, 300_000, U256::from(60_000))
        .with_fees(2_000_000_000, 1_000_000_000)
        .with_signature(vec![0xff; 98])
}

fn main() {
    let mut suite = measure::suite!("userop");
    let operation = operation();
    let paymaster = operation.paymaster_and_data(EntryPointVersion::V0_7).unwrap_or_default();
    for version in EntryPointVersion::ALL {
        let hasher = OperationHasher::new(version.entry_point(), CHAIN_ID);
        // The words of the inner hash, and of the outer one or the EIP-712 message.
        let (inner, outer) = match version {
            EntryPointVersion::V0_6 => (10 * 32, 3 * 32),
            EntryPointVersion::V0_7 => (8 * 32, 3 * 32),
            _ => (9 * 32, 66),
        };
        let (inner, outer) = (vec![1_u8; inner], vec![2_u8; outer]);
        let paymaster = if version.is_packed() { paymaster.to_vec() } else { vec![0x5a; 97] };
        suite
            .operation(&format!("operation hash {version}"))
            .floor("keccak of call data, paymaster data, words and message", || {
                let call_data = keccak256(black_box(&operation.call_data));
                let paymaster = keccak256(black_box(&paymaster));
                (call_data, paymaster, keccak256(black_box(&inner)), keccak256(black_box(&outer)))
            })
            .naive(|| naive(black_box(&operation), version))
            .ours(|| hasher.hash(black_box(&operation)))
            .goal(1.02)
            .by_instructions()
            .allocations(0);
        assert_eq!(hasher.hash(&operation), Ok(naive(&operation, version)), "{version}");
    }
    // A hasher made for one operation pays for the domain separator too.
    let entry_point = EntryPointVersion::V0_8.entry_point();
    let (call_data, inner, outer, domain) = (&operation.call_data, vec![1_u8; 288], vec![2_u8; 66], vec![3_u8; 160]);
    suite
        .operation("operation hash 0.8 with its domain")
        .floor("keccak of call data, paymaster data, words, domain and message", || {
            let data = (keccak256(black_box(call_data)), keccak256(black_box(&paymaster)));
            (data, keccak256(black_box(&inner)), keccak256(black_box(&outer)), keccak256(black_box(&domain)))
        })
        .ours(|| black_box(&operation).hash(entry_point, CHAIN_ID))
        .goal(1.02)
        .by_instructions()
        .allocations(0);
}

/// Packing and hashing with alloy's encoders.
fn naive(operation: &UserOperation, version: EntryPointVersion) -> B256 {
    let entry_point = version.entry_point().address;
    let chain_id = U256::from(CHAIN_ID);
    let inner = match version {
        EntryPointVersion::V0_6 => {
            let op = operation.to_v06().unwrap_or_default();
            let hashes = (keccak_or_empty(&op.initCode), keccak256(&op.callData), keccak256(&op.paymasterAndData));
            let gas = (op.callGasLimit, op.verificationGasLimit, op.preVerificationGas);
            let fees = (op.maxFeePerGas, op.maxPriorityFeePerGas);
            let words = (op.sender, op.nonce, hashes.0, hashes.1, gas.0, gas.1, gas.2, fees.0, fees.1, hashes.2);
            keccak256(words.abi_encode())
        }
        EntryPointVersion::V0_7 => {
            let op = packed(operation, version);
            let hashes = (keccak_or_empty(&op.initCode), keccak256(&op.callData), keccak256(&op.paymasterAndData));
            let gas = (op.accountGasLimits, op.preVerificationGas, op.gasFees);
            let words = (op.sender, op.nonce, hashes.0, hashes.1, gas.0, gas.1, gas.2, hashes.2);
            keccak256(words.abi_encode())
        }
        _ => {
            let domain = eip712_domain! {
                name: "ERC4337",
                version: "1",
                chain_id: CHAIN_ID,
                verifying_contract: entry_point,
            };
            let op = packed(operation, version);
            let signed = Signed::PackedUserOperation {
                sender: op.sender,
                nonce: op.nonce,
                initCode: op.initCode,
                callData: op.callData,
                accountGasLimits: op.accountGasLimits,
                preVerificationGas: op.preVerificationGas,
                gasFees: op.gasFees,
                paymasterAndData: op.paymasterAndData,
            };
            return signed.eip712_signing_hash(&domain);
        }
    };
    keccak256((inner, entry_point, chain_id).abi_encode())
}

fn packed(operation: &UserOperation, version: EntryPointVersion) -> PackedUserOperation {
    operation.pack(version).unwrap_or_default()
}

fn keccak_or_empty(bytes: &[u8]) -> B256 {
    if bytes.is_empty() { KECCAK256_EMPTY } else { keccak256(bytes) }
}

#[expect(non_snake_case, reason = "holds a Solidity struct whose name is part of its hash")]
mod Signed {
    alloy_sol_types::sol! {
        struct PackedUserOperation {
            address sender;
            uint256 nonce;
            bytes initCode;
            bytes callData;
            bytes32 accountGasLimits;
            uint256 preVerificationGas;
            bytes32 gasFees;
            bytes paymasterAndData;
        }
    }
}
