//! What recorded owners and session keys signed for the node is what our owner validators accept on a chain.

use std::collections::BTreeSet;
use std::path::Path;

use alloy_primitives::aliases::U48;
use alloy_primitives::{Address, B256, Bytes, Signature, U256, eip191_hash_message};
use alloy_sol_types::{SolCall, SolStruct, eip712_domain, sol};
use mee_client::SuperTxTree;
use mee_client::wire::{Quote, QuotedUserOp};
use serde::Deserialize;
use serde_json::Value;
use session_contracts::address::owner;
use session_contracts::evm::Evm;
use session_contracts::interface::{IModule, ISmartSession, PackedUserOperation};
use session_contracts::{mee, placements};

sol! {
    struct MeeUserOp {
        bytes32 userOpHash;
        uint256 lowerBoundTimestamp;
        uint256 upperBoundTimestamp;
    }

    struct SuperTx {
        MeeUserOp[] meeUserOps;
    }
}

/// A signed quote as it was sent to the node.
struct Signed {
    quote: Quote,
    signature: Bytes,
    /// Whether the suite signs typed data.
    typed: bool,
    /// How many operations at the front are a gas tank's.
    foreign: usize,
}

fn signed_quotes(name: &str) -> Vec<Signed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../vectors/mee/{name}.json"));
    let recording: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let bodies = recording["http"].as_array().unwrap().iter().map(|exchange| &exchange["request"]);
    let sent = bodies.filter(|request| request["path"].as_str().unwrap().ends_with("exec"));
    let signed = sent.filter_map(|request| {
        let body = &request["body"];
        let signature: Bytes = body["signature"].as_str().unwrap().parse().unwrap();
        let signature = Bytes::copy_from_slice(signature.strip_prefix(&mee::SIMPLE)?);
        let version = body["meeVersions"][0]["version"]["version"].as_str().unwrap();
        let sponsored = body["paymentInfo"]["sponsored"] == true;
        let quote = Quote::deserialize(body).unwrap();
        Some(Signed { quote, signature, typed: version >= "2.2.1", foreign: usize::from(sponsored) })
    });
    signed.collect()
}

fn window(op: &QuotedUserOp) -> (U48, U48) {
    (U48::from(op.lower_bound_timestamp), U48::from(op.upper_bound_timestamp))
}

fn item(op: &QuotedUserOp) -> MeeUserOp {
    MeeUserOp {
        userOpHash: op.user_op_hash,
        lowerBoundTimestamp: U256::from(op.lower_bound_timestamp),
        upperBoundTimestamp: U256::from(op.upper_bound_timestamp),
    }
}

/// Whether the validator takes the operation, as its account's or as a session's.
fn accepted(validator: Address, signer: Address, op: &QuotedUserOp, signature: Bytes, by_session: bool) -> bool {
    let mut evm = Evm::new();
    for placement in placements() {
        evm.set_code(placement.address, placement.code);
    }
    let (account, hash) = (op.user_op.sender, op.user_op_hash);
    if by_session {
        let data = signer.to_vec().into();
        let call = IModule::validateSignatureWithDataCall { hash, signature, data };
        let outcome = evm.call(account, validator, U256::ZERO, call.abi_encode());
        return outcome.returned().is_some_and(|data| U256::from_be_slice(data) == U256::from(1));
    }
    let install = IModule::onInstallCall { data: signer.to_vec().into() };
    assert!(evm.call(account, validator, U256::ZERO, install.abi_encode()).is_success());
    let op = PackedUserOperation {
        sender: account,
        nonce: U256::ZERO,
        initCode: Bytes::new(),
        callData: Bytes::new(),
        accountGasLimits: B256::ZERO,
        preVerificationGas: U256::ZERO,
        gasFees: B256::ZERO,
        paymasterAndData: Bytes::new(),
        signature,
    };
    let call = ISmartSession::validateUserOpCall { op, userOpHash: hash };
    let outcome = evm.call(account, validator, U256::ZERO, call.abi_encode());
    outcome.returned().is_some_and(|data| U256::from_be_slice(data) << 96 == U256::ZERO)
}

/// Checks one signed quote, and gives the number of operations that were checked.
fn check(name: &str, signed: &Signed) -> usize {
    let ops = &signed.quote.user_ops;
    let leaves: Vec<_> = ops.iter().map(QuotedUserOp::leaf).collect();
    let tree = SuperTxTree::new(&leaves).unwrap();
    assert_eq!(tree.root(), signed.quote.hash, "{name}");
    let tank = mee_client::quote::HOSTED_TANK;
    let outside = usize::from(ops[0].user_op.sender == tank);
    let items: Vec<_> = ops.iter().skip(outside).map(item).collect();
    let hashes: Vec<_> = items.iter().map(SolStruct::eip712_hash_struct).collect();
    let digest = if signed.typed {
        SuperTx { meeUserOps: items }.eip712_signing_hash(&eip712_domain! { name: "Nexus", })
    } else {
        eip191_hash_message(tree.root())
    };
    let signer = Signature::from_raw(&signed.signature).unwrap().recover_address_from_prehash(&digest).unwrap();
    for (index, op) in ops.iter().enumerate().skip(signed.foreign) {
        let (validator, signature, by_session) = if signed.typed {
            let signature = mee::typed_signature(index - outside, &hashes, window(op), &signed.signature);
            (owner::SUITE_3_0_0, signature, op.session_details.is_some())
        } else {
            let proof = tree.proof(index).unwrap();
            let signature = if op.short_encoding {
                mee::session_signature(tree.root(), &proof, &signed.signature)
            } else {
                mee::operation_signature(tree.root(), window(op), &proof, &signed.signature)
            };
            (owner::SUITE_2_1_0, signature, op.short_encoding)
        };
        assert!(accepted(validator, signer, op, signature.clone(), by_session), "{name} operation {index}");
        let mut other = op.clone();
        other.user_op_hash = B256::repeat_byte(1);
        assert!(!accepted(validator, signer, &other, signature.clone(), by_session), "{name} another operation");
        assert!(!accepted(validator, Address::repeat_byte(1), op, signature, by_session), "{name} another signer");
    }
    ops.len() - signed.foreign
}

#[test]
fn our_validators_accept_what_recorded_keys_signed() {
    let mut signers_checked = BTreeSet::new();
    let mut operations = 0;
    for name in [
        "prepare-enable-v2.1.0",
        "prepare-install-v3.0.0",
        "quote-simple-multichain-v2.1.0",
        "quote-simple-single-undeployed-v3.0.0",
        "session-quote-v3.0.0",
        "sponsorship-hosted",
        "sponsorship-hosted-testnet-tank",
        "sponsorship-self-hosted",
        "use-permission-v2.1.0",
    ] {
        for signed in signed_quotes(name) {
            operations += check(name, &signed);
            signers_checked.insert((name, signed.typed));
        }
    }
    assert_eq!(signers_checked.len(), 9, "every file has a signed quote");
    assert!(operations >= 40, "{operations} operations");
}
