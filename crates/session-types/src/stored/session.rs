use alloc::string::String;

use alloy_primitives::{Address, ChainId};

use super::{StoredError, address, bytes, chain_id, each, member, present, text, unexpected, word};
use crate::abi;
use crate::text::Value;

/// A session as it was stored: with its chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoredSession {
    /// The chain that it is for.
    pub chain_id: ChainId,
    /// The session. It may be one that the module refuses.
    pub session: abi::Session,
}

/// Reads a session, in any order of members; `chainId` may be missing (older texts keep it elsewhere).
///
/// # Errors
/// When a member is missing or malformed.
pub fn read_session(value: &Value<'_>) -> Result<(Option<ChainId>, abi::Session), StoredError> {
    let erc7739 = match present(value, "erc7739Policies") {
        Some(erc7739) => abi::Erc7739Data {
            allowed_erc7739_content: each(erc7739, "allowedERC7739Content", context)?,
            erc1271_policies: each(erc7739, "erc1271Policies", policy)?,
        },
        None => abi::Erc7739Data::default(),
    };
    let session = abi::Session {
        session_validator: address(value, "sessionValidator")?,
        session_validator_init_data: bytes(value, "sessionValidatorInitData")?,
        salt: word(value, "salt")?,
        user_op_policies: each(value, "userOpPolicies", policy)?,
        erc7739_policies: erc7739,
        actions: each(value, "actions", action)?,
        permit_erc4337_paymaster: member(value, "permitERC4337Paymaster")?
            .as_bool()
            .ok_or_else(|| unexpected("permitERC4337Paymaster", "true or false"))?,
    };
    let chain = present(value, "chainId").map(|_| chain_id(value)).transpose()?;
    Ok((chain, session))
}

pub(super) fn stored_session(value: &Value<'_>) -> Result<StoredSession, StoredError> {
    let (chain, session) = read_session(value)?;
    Ok(StoredSession { chain_id: chain.ok_or(StoredError::Missing { name: "chainId" })?, session })
}

/// A policy's contract stands under `policy`, in some texts only under `address`.
fn policy(value: &Value<'_>) -> Result<abi::PolicyData, StoredError> {
    let policy: Address = match present(value, "policy") {
        Some(_) => address(value, "policy")?,
        None => address(value, "address").map_err(|_| StoredError::Missing { name: "policy" })?,
    };
    Ok(abi::PolicyData { policy, init_data: bytes(value, "initData")? })
}

fn action(value: &Value<'_>) -> Result<abi::ActionData, StoredError> {
    let selector = text(value, "actionTargetSelector")?;
    Ok(abi::ActionData {
        action_target_selector: selector.parse().map_err(|_| unexpected("actionTargetSelector", "4 bytes"))?,
        action_target: address(value, "actionTarget")?,
        action_policies: each(value, "actionPolicies", policy)?,
    })
}

fn context(value: &Value<'_>) -> Result<abi::Erc7739Context, StoredError> {
    let names = if present(value, "contentName").is_some() { "contentName" } else { "contentNames" };
    Ok(abi::Erc7739Context {
        app_domain_separator: word(value, "appDomainSeparator")?,
        content_names: each(value, names, |name| {
            name.as_str().map(String::from).ok_or_else(|| unexpected(names, "well-formed text"))
        })?,
    })
}
