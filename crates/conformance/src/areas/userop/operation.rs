use alloy_primitives::{Address, B256, Bytes, U256};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use userop::abi::v06;
use userop::{Authorization, EntryPoint, EntryPointVersion, Factory, OperationHasher, Paymaster, UserOperation};

use super::json::{address, bytes, bytes_or_empty, member, number, number_or_zero, optional, text};
use crate::{Document, Tally};

/// Operations with the hash of the reference library.
pub(super) fn references(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, reference(case));
    }
}

/// Operations with the hash of the contracts, and the cases in which the reference library differs from them.
pub(super) fn contracts(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, contract(case));
    }
    let chains: Vec<u64> = document
        .cases()
        .filter_map(|(_, case)| u64::try_from(number(case.get("chainId")?).ok()?).ok())
        .chain([84532, 31337, 1])
        .collect();
    for (label, case) in document.list("referenceQuirks") {
        tally.record(&label, quirk(case, &chains));
    }
}

fn reference(case: &Value) -> Result<()> {
    let (entry_point, chain_id) = place(case)?;
    let operation = read(member(case, "userOperation")?, entry_point.version, optional(case, "authorization"))?;
    let expected = member(case, "expected")?;
    check_packed(&operation, entry_point.version, optional(expected, "packed"))?;

    let hasher = OperationHasher::new(entry_point, chain_id);
    let hash: B256 = text(expected, "userOpHash")?.parse()?;
    ensure!(
        hasher.hash_as_viem(&operation)? == hash,
        "hash: expected {hash}, saw {}",
        hasher.hash_as_viem(&operation)?
    );
    // Away from EIP-7702 markers the library agrees with the contract.
    if !operation.factory.as_ref().is_some_and(Factory::is_eip7702) {
        ensure!(hasher.hash(&operation)? == hash, "the contract's hash differs from {hash}");
    }
    Ok(())
}

fn contract(case: &Value) -> Result<()> {
    let (entry_point, chain_id) = place(case)?;
    let wire = member(case, "userOp")?;
    let operation = read(wire, entry_point.version, optional(wire, "eip7702Auth"))?;
    check_packed(&operation, entry_point.version, optional(case, "packed"))?;
    let hash: B256 = text(case, "hash")?.parse()?;
    let hasher = OperationHasher::new(entry_point, chain_id);
    let seen = hasher.hash(&operation)?;
    ensure!(seen == hash, "hash: expected {hash}, saw {seen}");
    if optional(case, "eip7702Delegate").is_some() {
        let delegate = address(case, "eip7702Delegate")?;
        ensure!(hasher.hash_delegated(&operation, delegate)? == hash, "hash with the delegate differs");
    }
    Ok(())
}

/// The one known difference: an empty paymaster signature. Ours counts as none, and the bytes that the library sends
/// hash as the contract says.
fn quirk(case: &Value, chains: &[u64]) -> Result<()> {
    let version = EntryPointVersion::V0_9;
    let operation = read(member(case, "userOp")?, version, None)?;
    let packed = member(case, "packedByViem")?;
    let sent = bytes(packed, "paymasterAndData")?;
    let mut as_sent = operation.clone();
    as_sent.paymaster =
        as_sent.paymaster.map(|paymaster| Paymaster { data: sent.slice(52..), signature: None, ..paymaster });
    let contract: B256 = text(case, "hashByContract")?.parse()?;
    let library: B256 = text(case, "hashByViem")?.parse()?;
    // The case does not name its chain: it is one of the other cases'.
    let chain = chains.iter().copied().find(|chain| as_sent.hash(EntryPoint::V0_9, *chain) == Ok(contract));
    let chain = chain.context("no chain gives the contract's hash")?;
    ensure!(as_sent.hash(EntryPoint::V0_9, chain)? != library, "the library's hash is the contract's after all");
    let none = UserOperation {
        paymaster: operation.paymaster.clone().map(|p| Paymaster { signature: None, ..p }),
        ..operation.clone()
    };
    ensure!(operation.pack(version)? == none.pack(version)?, "an empty signature is packed");
    ensure!(
        operation.hash(EntryPoint::V0_9, chain)? == none.hash(EntryPoint::V0_9, chain)?,
        "an empty signature is hashed"
    );
    Ok(())
}

fn place(case: &Value) -> Result<(EntryPoint, u64)> {
    let version = EntryPointVersion::from_text(text(case, "entryPointVersion")?).context("entry point version")?;
    let entry_point = EntryPoint::new(address(case, "entryPoint")?, version);
    ensure!(EntryPoint::from_address(entry_point.address) == Some(entry_point), "not the published address");
    Ok((entry_point, u64::try_from(number(member(case, "chainId")?)?)?))
}

fn read(wire: &Value, version: EntryPointVersion, authorization: Option<&Value>) -> Result<UserOperation> {
    let authorization = authorization.map(read_authorization).transpose()?;
    if version == EntryPointVersion::V0_6 {
        let operation = UserOperation::from_v06(&v06::UserOperation {
            sender: address(wire, "sender")?,
            nonce: number(member(wire, "nonce")?)?,
            initCode: bytes_or_empty(wire, "initCode")?,
            callData: bytes(wire, "callData")?,
            callGasLimit: number(member(wire, "callGasLimit")?)?,
            verificationGasLimit: number(member(wire, "verificationGasLimit")?)?,
            preVerificationGas: number(member(wire, "preVerificationGas")?)?,
            maxFeePerGas: number(member(wire, "maxFeePerGas")?)?,
            maxPriorityFeePerGas: number(member(wire, "maxPriorityFeePerGas")?)?,
            paymasterAndData: bytes_or_empty(wire, "paymasterAndData")?,
            signature: bytes_or_empty(wire, "signature")?,
        })?;
        return Ok(operation.with_authorization(authorization));
    }
    let gas = |name| -> Result<u128> { Ok(u128::try_from(number_or_zero(wire, name)?)?) };
    let factory = optional(wire, "factory")
        .map(|_| -> Result<_> {
            Ok(Factory::from_wire(&bytes(wire, "factory")?, bytes_or_empty(wire, "factoryData")?)?)
        })
        .transpose()?;
    let paymaster = optional(wire, "paymaster")
        .map(|_| -> Result<_> {
            Ok(Paymaster {
                address: address(wire, "paymaster")?,
                verification_gas_limit: gas("paymasterVerificationGasLimit")?,
                post_op_gas_limit: gas("paymasterPostOpGasLimit")?,
                data: bytes_or_empty(wire, "paymasterData")?,
                signature: optional(wire, "paymasterSignature")
                    .map(|_| bytes(wire, "paymasterSignature"))
                    .transpose()?,
            })
        })
        .transpose()?;
    Ok(UserOperation {
        sender: address(wire, "sender")?,
        nonce: number(member(wire, "nonce")?)?,
        factory,
        call_data: bytes(wire, "callData")?,
        call_gas_limit: gas("callGasLimit")?,
        verification_gas_limit: gas("verificationGasLimit")?,
        pre_verification_gas: number(member(wire, "preVerificationGas")?)?,
        max_fee_per_gas: gas("maxFeePerGas")?,
        max_priority_fee_per_gas: gas("maxPriorityFeePerGas")?,
        paymaster,
        authorization,
        signature: bytes_or_empty(wire, "signature")?,
    })
}

fn read_authorization(wire: &Value) -> Result<Authorization> {
    let delegate: Address = address(wire, "address").or_else(|_| address(wire, "contractAddress"))?;
    let nonce = u64::try_from(number(member(wire, "nonce")?)?)?;
    Ok(Authorization::unsigned(number(member(wire, "chainId")?)?, delegate, nonce))
}

fn check_packed(operation: &UserOperation, version: EntryPointVersion, expected: Option<&Value>) -> Result<()> {
    let Some(expected) = expected else { return Ok(()) };
    let packed = operation.pack(version)?;
    let same = |name: &str, seen: &[u8]| -> Result<()> {
        let expected = bytes(expected, name)?;
        ensure!(*expected == *seen, "{name}: expected {expected}, saw {}", Bytes::copy_from_slice(seen));
        Ok(())
    };
    same("sender", packed.sender.as_slice())?;
    same("initCode", &packed.initCode)?;
    same("callData", &packed.callData)?;
    same("accountGasLimits", packed.accountGasLimits.as_slice())?;
    same("gasFees", packed.gasFees.as_slice())?;
    same("paymasterAndData", &packed.paymasterAndData)?;
    same("signature", &packed.signature)?;
    ensure!(number(member(expected, "nonce")?)? == packed.nonce, "nonce: saw {}", packed.nonce);
    let gas: U256 = number(member(expected, "preVerificationGas")?)?;
    ensure!(gas == packed.preVerificationGas, "preVerificationGas: saw {}", packed.preVerificationGas);

    let mut read_back = UserOperation::unpack(version, &packed)?;
    read_back.authorization = operation.authorization;
    ensure!(read_back.pack(version)? == packed, "the packed form reads back differently");
    Ok(())
}
