//! Reading sessions from a node.

use std::vec::Vec;

use alloy_primitives::Address;
use bundler_rpc::{CallRequest, NodeClient};
use policy_encoding::Registry;
use session_types::abi::ModuleFunction;
use session_types::{Deployment, PermissionId};

use super::batch::Batch;
use super::session::{AskedGrant, SessionStatus};
use crate::client::{Chain, Error, Grant};

/// Reads a chain's sessions: needs a node and no bundler. A [`Chain`] has one, and the same functions.
#[derive(Clone, Debug)]
pub struct SessionReader {
    node: NodeClient,
    chain_id: u64,
    deployment: Deployment,
    registry: Registry,
}

impl SessionReader {
    /// Reads from a node, after asking for its chain and whether the session module is there.
    ///
    /// # Errors
    /// When the node does not answer, or there is no code at the module's address.
    pub async fn connect(node: NodeClient, deployment: Deployment) -> Result<Self, Error> {
        let module = deployment.module;
        let (chain_id, code) = tokio::try_join!(node.chain_id(), node.code(module))?;
        if code.is_empty() {
            return Err(Error::NoSessionModule { chain_id, module, generation: deployment.generation });
        }
        Ok(Self::new(node, chain_id, deployment))
    }

    const fn new(node: NodeClient, chain_id: u64, deployment: Deployment) -> Self {
        Self { node, chain_id, registry: Registry::new(deployment.policies), deployment }
    }

    /// Knows more policies than the deployment's: other deployments of this library's kinds
    /// ([`Registry::with_known`], [`Registry::with_set`]).
    #[must_use]
    pub fn with_registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// The chain's id.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The session contracts.
    #[must_use]
    pub const fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// The policies that it knows.
    #[must_use]
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The node.
    #[must_use]
    pub const fn node(&self) -> &NodeClient {
        &self.node
    }

    /// What the chain has of a grant: see [`Chain::status`].
    ///
    /// # Errors
    /// As [`Chain::status`].
    pub async fn status(&self, grant: &Grant) -> Result<SessionStatus, Error> {
        let missing = || Error::OtherChain { granted: grant.chain_id, connected: self.chain_id };
        self.status_of(&[grant]).await?.pop().unwrap_or_else(|| Err(missing()))
    }

    /// What the chain has of several grants: see [`Chain::status_of`].
    ///
    /// # Errors
    /// As [`Chain::status_of`].
    pub async fn status_of(&self, grants: &[&Grant]) -> Result<Vec<Result<SessionStatus, Error>>, Error> {
        let mut batch = Batch::default();
        let mut asked = Vec::new();
        for &grant in grants {
            let (granted, connected) = (grant.chain_id, self.chain_id);
            asked.push(if granted == connected {
                Ok(AskedGrant::new(&mut batch, grant, self))
            } else {
                Err(Error::OtherChain { granted, connected })
            });
        }
        let answers = batch.send(&self.node).await?;
        Ok(asked.into_iter().map(|asked| asked?.read(&answers, self)).collect())
    }

    /// Asks the session module.
    pub(super) async fn ask<F: ModuleFunction>(&self, question: &F) -> Result<F::Return, Error> {
        let answer = self.node.call(&CallRequest::new(self.deployment.module, question.calldata())).await?;
        F::decode_return(&answer).map_err(|error| Error::ModuleAnswer { function: F::SIGNATURE, error })
    }
}

impl From<&Chain> for SessionReader {
    fn from(chain: &Chain) -> Self {
        Self::new(chain.node().clone(), chain.chain_id(), *chain.deployment())
    }
}

impl From<&Self> for SessionReader {
    fn from(reader: &Self) -> Self {
        reader.clone()
    }
}

impl Chain {
    /// What this chain has of a grant, and what is left of its limits: one request, whatever the number of actions and
    /// policies.
    ///
    /// # Errors
    /// When the grant is for another chain, the node does not answer, or the module's answers cannot be read.
    #[doc(alias = "checkEnabledPermissions")]
    #[doc(alias = "areActionsEnabled")]
    pub async fn status(&self, grant: &Grant) -> Result<SessionStatus, Error> {
        SessionReader::from(self).status(grant).await
    }

    /// What this chain has of several grants, of whatever accounts: one request. The answers come in the order of the
    /// grants, each with a failure of its own.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn status_of(&self, grants: &[&Grant]) -> Result<Vec<Result<SessionStatus, Error>>, Error> {
        SessionReader::from(self).status_of(grants).await
    }

    /// All sessions of an account, each with its policies and what is left of their limits. Four requests, whatever the
    /// number of sessions: the sessions, what each has, the actions' policies, and what the policies have stored.
    ///
    /// Actions are hashes on the chain: `known` sessions (stored grants, for example) give them their names, and tell
    /// which tokens to ask spending limits about, without which those are not readable.
    ///
    /// # Errors
    /// When the node does not answer, or the module's answers cannot be read.
    #[doc(alias = "getPermissionIDs")]
    pub async fn sessions<'a>(
        &self,
        account: Address,
        known: impl IntoIterator<Item = &'a session_types::abi::Session>,
    ) -> Result<Vec<super::ListedSession>, Error> {
        SessionReader::from(self).sessions(account, known).await
    }

    /// The same of one session. `None` when it is not enabled.
    ///
    /// # Errors
    /// As [`sessions`](Self::sessions).
    pub async fn session<'a>(
        &self,
        account: Address,
        permission_id: PermissionId,
        known: impl IntoIterator<Item = &'a session_types::abi::Session>,
    ) -> Result<Option<super::ListedSession>, Error> {
        SessionReader::from(self).session(account, permission_id, known).await
    }
}
