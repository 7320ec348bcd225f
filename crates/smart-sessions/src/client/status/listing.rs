//! All sessions of an account, as a chain lists them.

use std::vec::Vec;

use alloy_primitives::{Address, Bytes, U256};
use policy_encoding::{AnyPolicy, Registry};
use session_types::abi::{self, ActionData, EnabledContent};
use session_types::{ActionId, PermissionId};

use super::batch::Batch;
use super::policy::{Asker, PolicyPlace, PolicyStatus, Remaining, tokens_of};
use crate::client::{ChainReader, Error};

/// A session that is enabled on a chain, with everything that the chain tells about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedSession {
    /// Its id.
    pub permission_id: PermissionId,
    /// Counts how often it was enabled by a signature or its signatures were revoked.
    #[doc(alias = "getNonce")]
    pub enable_nonce: U256,
    /// The contract that checks the session key's signatures.
    #[doc(alias = "sessionValidator")]
    pub validator: Address,
    /// What it is configured with: the session keys, as the validator writes them.
    #[doc(alias = "sessionValidatorInitData")]
    pub validator_data: Bytes,
    /// What it may do.
    pub actions: Vec<ListedAction>,
    /// The policies that are asked once for each operation.
    pub user_op_policies: Vec<PolicyStatus>,
    /// The policies that are asked for each signature.
    pub erc1271_policies: Vec<PolicyStatus>,
    /// The contents that may be signed, by their hashes.
    pub contents: Vec<EnabledContent>,
}

/// An enabled action.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedAction {
    /// The action: a hash of contract and function, which the chain does not tell back.
    pub id: ActionId,
    /// Its contract and function, where a session that was given has them.
    pub known: Option<ActionData>,
    /// Its policies.
    pub policies: Vec<PolicyStatus>,
}

impl ListedSession {
    /// Its policies in all places.
    pub fn policies(&self) -> impl Iterator<Item = &PolicyStatus> {
        let actions = self.actions.iter().flat_map(|action| &action.policies);
        self.user_op_policies.iter().chain(&self.erc1271_policies).chain(actions)
    }

    /// What is left of each limit that runs out, as far as it is readable.
    pub fn remaining(&self) -> impl Iterator<Item = Remaining> + '_ {
        self.policies().flat_map(PolicyStatus::remaining)
    }
}

impl ChainReader {
    /// All sessions of an account: see [`Chain::sessions`](crate::Chain::sessions).
    ///
    /// # Errors
    /// As [`Chain::sessions`](crate::Chain::sessions).
    pub async fn sessions<'a>(
        &self,
        account: Address,
        known: impl IntoIterator<Item = &'a abi::Session>,
    ) -> Result<Vec<ListedSession>, Error> {
        let ids = self.ask_module(&abi::PermissionIds { account }).await?;
        let known: Vec<_> = known.into_iter().collect();
        self.list(account, &ids, &known).await
    }

    /// The same of one session. `None` when it is not enabled.
    ///
    /// # Errors
    /// As [`sessions`](Self::sessions).
    pub async fn session<'a>(
        &self,
        account: Address,
        permission_id: PermissionId,
        known: impl IntoIterator<Item = &'a abi::Session>,
    ) -> Result<Option<ListedSession>, Error> {
        if !self.ask_module(&abi::IsPermissionEnabled { permission_id, account }).await? {
            return Ok(None);
        }
        let known: Vec<_> = known.into_iter().collect();
        Ok(self.list(account, &[permission_id], &known).await?.pop())
    }

    async fn list(
        &self,
        account: Address,
        ids: &[PermissionId],
        known: &[&abi::Session],
    ) -> Result<Vec<ListedSession>, Error> {
        let module = self.deployment().module;
        let mut batch = Batch::default();
        let asked: Vec<_> = ids
            .iter()
            .map(|&permission_id| {
                (
                    batch.module(module, &abi::Nonce { permission_id, account }),
                    batch.module(module, &abi::SessionValidatorAndConfig { account, permission_id }),
                    batch.module(module, &abi::EnabledActions { account, permission_id }),
                    batch.module(module, &abi::UserOpPolicies { account, permission_id }),
                    batch.module(module, &abi::Erc1271Policies { account, permission_id }),
                    batch.module(module, &abi::EnabledErc7739Content { account, permission_id }),
                )
            })
            .collect();
        let answers = batch.send(self.node()).await?;

        let mut batch = Batch::default();
        let mut sessions = Vec::new();
        for (&permission_id, (nonce, validator, actions, user_op, erc1271, contents)) in ids.iter().zip(asked) {
            let (validator, validator_data) = answers.read(&validator)?;
            let actions = answers.read(&actions)?.into_iter().map(|action_id| {
                (action_id, batch.module(module, &abi::ActionPolicies { account, permission_id, action_id }))
            });
            let actions: Vec<_> = actions.collect();
            let listed = ListedSession {
                permission_id,
                enable_nonce: answers.read(&nonce)?,
                validator,
                validator_data,
                actions: Vec::new(),
                user_op_policies: Vec::new(),
                erc1271_policies: Vec::new(),
                contents: answers.read(&contents)?,
            };
            sessions.push((listed, answers.read(&user_op)?, answers.read(&erc1271)?, actions));
        }
        let answers = batch.send(self.node()).await?;

        let registry = &super::reader::registry(self.deployment());
        let mut batch = Batch::default();
        let mut asked = Vec::new();
        for (listed, user_op, erc1271, actions) in sessions {
            let permission_id = listed.permission_id;
            let asker = Asker { account, permission_id, module, registry };
            let mut ask = |place, policies: Vec<Address>| -> Vec<_> {
                let tokens = |policy| known_tokens(known, permission_id, place, policy, registry);
                policies.into_iter().map(|policy| asker.ask(&mut batch, place, policy, tokens(policy))).collect()
            };
            let user_op = ask(PolicyPlace::UserOp, user_op);
            let erc1271 = ask(PolicyPlace::Erc1271, erc1271);
            let mut of_actions = Vec::new();
            for (id, policies) in actions {
                of_actions.push((id, ask(PolicyPlace::Action(id), answers.read(&policies)?)));
            }
            asked.push((listed, user_op, erc1271, of_actions));
        }
        let answers = batch.send(self.node()).await?;
        let sessions = asked.into_iter().map(|(mut listed, user_op, erc1271, actions)| {
            listed.user_op_policies = user_op.into_iter().map(|asked| asked.read(&answers)).collect();
            listed.erc1271_policies = erc1271.into_iter().map(|asked| asked.read(&answers)).collect();
            let action = |(id, policies): (ActionId, Vec<super::policy::AskedPolicy>)| ListedAction {
                id,
                known: known.iter().flat_map(|session| &session.actions).find(|action| action.id() == id).cloned(),
                policies: policies.into_iter().map(|asked| asked.read(&answers)).collect(),
            };
            listed.actions = actions.into_iter().map(action).collect();
            listed
        });
        Ok(sessions.collect())
    }
}

/// The tokens that the known sessions of a permission limit by a policy.
fn known_tokens(
    known: &[&abi::Session],
    permission_id: PermissionId,
    place: PolicyPlace,
    policy: Address,
    registry: &Registry,
) -> Vec<Address> {
    let sessions = known.iter().filter(|session| session.permission_id() == permission_id);
    let granted = sessions.flat_map(|session| super::difference::granted_policies(session, place));
    let granted = granted.filter(|data| data.policy == policy).last();
    let decoded: Option<AnyPolicy> = granted.and_then(|data| registry.decode(policy, &data.init_data)?.ok());
    tokens_of(decoded.as_ref())
}
