use std::boxed::Box;

use alloy_primitives::{Address, Bytes};
use bundler_rpc::{CallRequest, NodeClient};
use policy_encoding::{AccountSessions, Evaluation, Operation, SessionModule, SessionRefusal};
use session_types::abi::{self, ModuleFunction};
use session_types::{Deployment, PermissionId};

use super::{ChainRefusal, Error, Grant, SessionStatus};

/// One chain as far as it is read: its node, and the session contracts that are used there.
///
/// Cloning is cheap and shares the connection.
#[derive(Clone, Debug)]
pub struct ChainReader {
    node: NodeClient,
    chain_id: u64,
    deployment: Deployment,
}

impl ChainReader {
    /// A chain by its node. Nothing is asked.
    #[must_use]
    pub const fn new(node: NodeClient, chain_id: u64, deployment: Deployment) -> Self {
        Self { node, chain_id, deployment }
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

    /// The node.
    #[must_use]
    pub const fn node(&self) -> &NodeClient {
        &self.node
    }

    /// Whether the session module has a permission of an account.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn is_enabled(&self, permission_id: PermissionId, account: Address) -> Result<bool, Error> {
        self.ask_module(&abi::IsPermissionEnabled { permission_id, account }).await
    }

    /// The time of the newest block, Unix seconds: the clock that validity windows are measured by.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn time(&self) -> Result<u64, Error> {
        Ok(self.node.latest_block().await?.timestamp.unwrap_or_default())
    }

    /// Asks the session module.
    pub(crate) async fn ask_module<F: ModuleFunction>(&self, question: &F) -> Result<F::Return, Error> {
        self.ask(CallRequest::new(self.deployment.module, question.calldata())).await.and_then(read::<F>)
    }

    /// Asks the session module a question that only `from` may ask.
    pub(crate) async fn ask_module_as<F: ModuleFunction>(
        &self,
        from: Address,
        question: &F,
    ) -> Result<F::Return, Error> {
        let request = CallRequest::new(self.deployment.module, question.calldata()).with_from(from);
        self.ask(request).await.and_then(read::<F>)
    }

    async fn ask(&self, request: CallRequest) -> Result<Bytes, Error> {
        Ok(self.node.call(&request).await?)
    }

    /// What the policies say about an operation with this call data, of a session that is unused, or used as its status
    /// says; `None` when they permit it, the session is not known, or policies decide of which nothing is known.
    pub(crate) fn evaluate(
        &self,
        grant: &Grant,
        used: Option<&SessionStatus>,
        call_data: Bytes,
        now: u64,
    ) -> Option<SessionRefusal> {
        let session = grant.session.as_ref()?;
        let module = SessionModule::new(self.deployment).on_chain(self.chain_id);
        let mut state = AccountSessions::new(grant.account);
        let sessions: [&abi::Session; 1] = [session];
        if let Err(refusal) = module.enable(&mut state, sessions) {
            return Some(refusal);
        }
        if let Some(status) = used {
            status.set_counters(&mut state, grant.permission_id);
        }
        match module.evaluate(&state, grant.permission_id, &Operation::new(call_data), now) {
            Evaluation::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// A chain's refusal in the words of the limit that stopped the operation; any other error as it is. A refusal of
    /// something that may be mined nevertheless is none.
    pub(crate) fn refusal(&self, error: Error, evaluation: Option<SessionRefusal>) -> Error {
        let Error::Network(answer) = error else { return error };
        if answer.unsettled().is_some() {
            return Error::Network(answer);
        }
        match ChainRefusal::decode(*answer, &self.deployment, evaluation) {
            Ok(refusal) => Error::Refused(Box::new(refusal)),
            Err(answer) => answer.into(),
        }
    }
}

fn read<F: ModuleFunction>(answer: Bytes) -> Result<F::Return, Error> {
    F::decode_return(&answer).map_err(|error| Error::ModuleAnswer { function: F::SIGNATURE, error })
}
