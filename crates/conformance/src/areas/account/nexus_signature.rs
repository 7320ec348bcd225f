use alloy_primitives::{B256, Bytes, U256, eip191_hash_message};
use anyhow::{Context, Result, bail, ensure};
use k256::ecdsa::SigningKey;
use serde_json::Value;
use userop::account::erc7739::{self, ContentsType, TypedDataSign};
use userop::account::nexus::{EnableData, NexusDeployment};
use userop::account::{Account, ModuleType, Nexus, ValidationMode, Validator, accepts_signature};
use userop::{Nonce, NonceKey};

use super::typed_data;
use crate::areas::userop::json::{address, bytes, member, number, optional, text};
use crate::{Document, Tally};

pub(super) fn run(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        let flow = case.get("flow").and_then(Value::as_str).unwrap_or("");
        tally.record(&format!("{label} {flow}"), check(case));
    }
}

fn check(case: &Value) -> Result<()> {
    let domain = member(case, "accountDomain")?;
    let deployment = [NexusDeployment::LEGACY_A, NexusDeployment::LEGACY_B]
        .into_iter()
        .chain(NexusDeployment::SUITES)
        .find(|deployment| text(case, "accountId").is_ok_and(|id| deployment.account_id == id))
        .context("no deployment has this account id")?;
    let account = Nexus::at(deployment, address(case, "accountAddress")?);
    let chain_id = u64::try_from(number(member(domain, "chainId")?)?)?;
    let ours = account.domain(chain_id).context("domain")?;
    ensure!(ours.name.as_deref() == Some(text(domain, "name")?), "domain name");
    ensure!(ours.version.as_deref() == Some(text(domain, "version")?), "domain version");
    ensure!(ours.verifying_contract == Some(address(domain, "verifyingContract")?), "domain address");

    let validator = Validator::Installed(address(case, "validator")?);
    if optional(case, "moduleInitData").is_some() {
        return enable(case, &account, &ours, validator);
    }
    if optional(case, "userOpHash").is_some() {
        return operation(case, &account, validator);
    }
    let given: B256 = text(case, "hashGivenToIsValidSignature")?.parse()?;
    let on_chain = bytes(case, "onChain")?;
    let wrapped = bytes(case, "wrapped")?;
    if wrapped.is_empty() {
        ensure!(given == erc7739::DETECTION_HASH, "detection hash");
        ensure!(erc7739::is_detected(&on_chain), "the answer is not the detection answer");
        return Ok(());
    }
    let (unwrapped, inner) = account.unwrap_enable_signature(&wrapped)?;
    ensure!(unwrapped == validator, "validator: saw {unwrapped:?}");
    ensure!(account.wrap_signature(validator, &inner)? == wrapped, "wrapping");

    if let Some(data) = optional(case, "typedData") {
        return nested(case, &ours, data, given, &inner);
    }
    let accepted = accepts_signature(&on_chain);
    let Some(message) = optional(case, "message") else {
        // Not the owner's key: nothing to reproduce but that it is refused.
        ensure!(!accepted, "accepted without a message");
        return Ok(());
    };
    ensure!(eip191_hash_message(message.as_str().context("message")?) == given, "hash of the message");
    let signed: B256 = text(case, "hashSigned")?.parse()?;
    let nested = erc7739::personal_sign_hash(&ours, given);
    ensure!((nested == signed) == accepted, "nested hash {nested}, signed {signed}, accepted {accepted}");
    ensure!(sign(case, "privateKey", signed)? == inner, "signature");
    Ok(())
}

/// Typed data: the hash that is signed is the same for both descriptions; the contract accepts the one that we write.
fn nested(case: &Value, domain: &alloy_sol_types::Eip712Domain, data: &Value, given: B256, inner: &[u8]) -> Result<()> {
    let nested_signature = bytes(case, "nestedSignature")?;
    ensure!(*nested_signature == *inner, "nested signature");
    let accepted = accepts_signature(&bytes(case, "onChain")?);
    let sign_data = TypedDataSign {
        app_domain_separator: typed_data::domain_separator(data)?,
        contents_hash: typed_data::struct_hash(data)?,
        contents: ContentsType::parse(&typed_data::encode_type(data)?)?,
    };
    ensure!(sign_data.app_hash() == given, "hash of the application: expected {given}, saw {}", sign_data.app_hash());
    let signed: B256 = text(case, "hashSigned")?.parse()?;
    ensure!(sign_data.hash(domain) == signed, "hash: expected {signed}, saw {}", sign_data.hash(domain));
    let signature = sign(case, "privateKey", signed)?;
    let wrapped = sign_data.wrap(&signature)?;
    ensure!(
        (wrapped == nested_signature) == accepted,
        "expected {nested_signature}, saw {wrapped}, accepted {accepted}"
    );
    if let Some(description) = optional(case, "contentsDescription") {
        ensure!(description.as_str() == Some(&sign_data.contents.description()), "contents description");
    }
    Ok(())
}

fn operation(case: &Value, account: &Nexus, validator: Validator) -> Result<()> {
    let hash: B256 = text(case, "userOpHash")?.parse()?;
    let signed = eip191_hash_message(hash);
    ensure!(sign(case, "privateKey", signed)? == bytes(case, "signature")?, "signature");
    check_nonce(case, account, validator, ValidationMode::Validate)
}

fn enable(case: &Value, account: &Nexus, domain: &alloy_sol_types::Eip712Domain, enabler: Validator) -> Result<()> {
    let module = address(case, "module")?;
    let mut enable = account.enable_module(module, ModuleType::Validator, bytes(case, "moduleInitData")?);
    enable.module_type = number(member(case, "moduleType")?)?;
    let type_hash: B256 = text(case, "enableTypeHash")?.parse()?;
    ensure!(enable.enable_type.hash() == type_hash, "type hash: expected {type_hash}");
    let hash: B256 = text(case, "userOpHash")?.parse()?;
    let struct_hash: B256 = text(case, "structHash")?.parse()?;
    ensure!(enable.struct_hash(hash) == struct_hash, "struct hash: expected {struct_hash}");
    let digest: B256 = text(case, "digest")?.parse()?;
    ensure!(enable.digest(domain, hash) == digest, "digest: expected {digest}");
    let enable_signature = bytes(case, "enableSignature")?;
    ensure!(
        account.wrap_signature(enabler, &enable_signature)? == bytes(case, "enableSignatureWithValidator")?,
        "enable signature"
    );
    // The owner signs the digest as a nested or a plain message, as the validator wants it.
    let nested = [digest, eip191_hash_message(digest), erc7739::personal_sign_hash(domain, digest)];
    let keys = nested.iter().map(|hash| sign(case, "privateKey", *hash)).collect::<Result<Vec<_>>>()?;
    ensure!(keys.contains(&enable_signature), "no known form of the digest gives the enable signature");
    let operation_signature = bytes(case, "userOpSignature")?;
    ensure!(sign(case, "modulePrivateKey", eip191_hash_message(hash))? == operation_signature, "operation signature");

    let signature = bytes(case, "signature")?;
    let seen = enable.encode(account, enabler, &enable_signature, &operation_signature)?;
    ensure!(seen == signature, "expected {signature}, saw {seen}");
    let read = EnableData::decode(&signature)?;
    ensure!(read.module == module && read.operation_signature == operation_signature, "reads back differently");
    check_nonce(case, account, Validator::Installed(module), ValidationMode::ModuleEnable)
}

fn check_nonce(case: &Value, account: &Nexus, validator: Validator, mode: ValidationMode) -> Result<()> {
    let nonce = Nonce::from(U256::from_be_slice(&bytes(case, "nonce")?));
    let NonceKey(key) = nonce.key;
    let lane = u32::from_be_bytes([0, key[0], key[1], key[2]]);
    let seen = account.nonce_key(validator, mode, lane)?;
    ensure!(seen == nonce.key, "nonce key: expected {key}, saw {}", seen.0);
    Ok(())
}

fn sign(case: &Value, key: &str, hash: B256) -> Result<Bytes> {
    let key = SigningKey::from_slice(&bytes(case, key)?)?;
    let (signature, recovery) = key.sign_prehash_recoverable(hash.as_slice())?;
    let v = 27 + recovery.to_byte();
    if v > 28 {
        bail!("recovery id {v}");
    }
    Ok([&signature.to_bytes()[..], &[v]].concat().into())
}
