//! Reading sessions from a node.

use std::vec::Vec;

use alloy_primitives::Address;
use bundler_rpc::NodeClient;
use policy_encoding::Registry;
use session_types::{Deployment, PermissionId};

use super::batch::Batch;
use super::session::{AskedGrant, SessionStatus};
use crate::client::{Chain, ChainReader, Error, Grant};

impl ChainReader {
    /// Reads from a node, after asking for its chain and whether the session module is there: no bundler is needed.
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

    /// What the chain has of a grant: see [`Chain::status`].
    ///
    /// # Errors
    /// As [`Chain::status`].
    pub async fn status(&self, grant: &Grant) -> Result<SessionStatus, Error> {
        let missing = || Error::OtherChain { granted: grant.chain_id, connected: self.chain_id() };
        self.status_of(&[grant]).await?.pop().unwrap_or_else(|| Err(missing()))
    }

    /// What the chain has of several grants: see [`Chain::status_of`].
    ///
    /// # Errors
    /// As [`Chain::status_of`].
    pub async fn status_of(&self, grants: &[&Grant]) -> Result<Vec<Result<SessionStatus, Error>>, Error> {
        let registry = registry(self.deployment());
        let mut batch = Batch::default();
        let mut asked = Vec::new();
        for &grant in grants {
            let (granted, connected) = (grant.chain_id, self.chain_id());
            asked.push(if granted == connected {
                Ok(AskedGrant::new(&mut batch, grant, self.deployment(), &registry))
            } else {
                Err(Error::OtherChain { granted, connected })
            });
        }
        let answers = batch.send(self.node()).await?;
        Ok(asked.into_iter().map(|asked| asked?.read(&answers, self.deployment(), &registry)).collect())
    }
}

/// The policies of the deployment, and those of both generations: each is what it is wherever a session has it.
pub(super) fn registry(deployment: &Deployment) -> Registry {
    let generations = [Deployment::current(), Deployment::legacy()];
    generations.iter().fold(Registry::new(deployment.policies), |known, other| known.with_set(&other.policies))
}

impl From<&Chain> for ChainReader {
    fn from(chain: &Chain) -> Self {
        chain.reader().clone()
    }
}

impl From<&Self> for ChainReader {
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
        self.reader().status(grant).await
    }

    /// What this chain has of several grants, of whatever accounts: one request. The answers come in the order of the
    /// grants, each with a failure of its own.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn status_of(&self, grants: &[&Grant]) -> Result<Vec<Result<SessionStatus, Error>>, Error> {
        self.reader().status_of(grants).await
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
        self.reader().sessions(account, known).await
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
        self.reader().session(account, permission_id, known).await
    }
}
