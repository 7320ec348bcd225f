//! The granter's side: installing the session module, granting and revoking.

use std::boxed::Box;
use std::vec::Vec;

use alloy_primitives::{Address, B256, U256};
use alloy_signer::Signer;
use bundler_rpc::UserOperationReceipt;
use session_types::abi::{self, enable_sessions_calldata};
use session_types::stored::EnableSessionData;
use session_types::{AccountType, ChainSession, EnableMode, MultiChainGrant, Session};
use userop::Call;
use userop::account::{Account, Module, Nexus, Validator};

use super::grant::EnableGrant;
use super::sender::Sender;
use super::signing::{STUB_SIGNATURE, sign_personal};
use super::{Chain, Error, Grant};

/// An account's owner on one chain.
///
/// `A` is the account, `S` any signer of alloy's: a local key, a key service, a hardware wallet. Operations are signed as
/// personal messages of their hash, which every validator of the K1 family accepts.
#[derive(Clone, Debug)]
#[doc(alias = "createNexusClient")]
#[doc(alias = "createSmartAccountClient")]
pub struct Owner<A, S> {
    sender: Sender<A>,
    signer: S,
    /// The validator that has to be told to answer the session module's questions without nesting.
    nesting_validator: Option<Address>,
}

/// What became of an installation.
#[derive(Clone, Debug)]
pub enum Installation {
    /// The module was there already: nothing was sent.
    AlreadyInstalled,
    /// The operation that installed it.
    Installed(Box<UserOperationReceipt>),
}

impl<S: Signer + Sync> Owner<Nexus, S> {
    /// The owner of a Nexus account, whose owner validator is that of the account's deployment.
    #[must_use]
    pub fn nexus(chain: Chain, account: Nexus, signer: S) -> Self {
        let deployment = account.deployment();
        let owner_validator = deployment.owner_validator;
        let validator = match deployment.default_validator {
            Some(_) => Validator::Default,
            None => Validator::Installed(owner_validator),
        };
        Self { nesting_validator: Some(owner_validator), ..Self::new(chain, account, validator, signer) }
    }
}

impl<A: Account, S: Signer + Sync> Owner<A, S> {
    /// The owner of any account, with the validator that checks the owner's signature.
    #[must_use]
    pub fn new(chain: Chain, account: A, validator: Validator, signer: S) -> Self {
        Self { sender: Sender::new(chain, account, validator), signer, nesting_validator: None }
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> &A {
        &self.sender.account
    }

    /// The chain.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.sender.chain
    }

    /// Makes calls from the account, which its first operation deploys.
    ///
    /// # Errors
    /// When the chain refuses the operation, its calls revert, or an endpoint fails.
    #[doc(alias = "sendUserOperation")]
    pub async fn send(&self, calls: &[Call]) -> Result<UserOperationReceipt, Error> {
        let sign = async |hash| sign_personal(&self.signer, hash).await;
        let receipt = self.sender.execute(calls, STUB_SIGNATURE.into(), sign).await;
        Ok(receipt.map_err(|error| self.chain().refusal(error, None))?.require_success()?)
    }

    /// Whether the session module is installed on the account.
    ///
    /// # Errors
    /// When the node does not answer.
    #[doc(alias = "isModuleInstalled")]
    pub async fn is_session_module_installed(&self) -> Result<bool, Error> {
        if self.chain().node().code(self.account().address()).await?.is_empty() {
            return Ok(false);
        }
        let question = self.account().is_module_installed(&self.session_module());
        self.chain().ask_bool(question.to, question.data).await
    }

    /// Installs the session module, unless it is installed; deploys the account if need be.
    ///
    /// # Errors
    /// When the chain refuses the operation, its calls revert, or an endpoint fails.
    #[doc(alias = "installModule")]
    pub async fn install_session_module(&self) -> Result<Installation, Error> {
        if self.is_session_module_installed().await? {
            return Ok(Installation::AlreadyInstalled);
        }
        let module = self.session_module();
        let mut calls = Vec::from([self.account().install(&module, &[])?]);
        calls.extend(self.nesting_validator.map(|validator| add_safe_sender(validator, module.address())));
        Ok(Installation::Installed(Box::new(self.send(&calls).await?)))
    }

    /// Enables a session on the chain by an operation of the account.
    ///
    /// # Errors
    /// When the session module is not installed, the chain refuses the operation, its calls revert, or an endpoint fails.
    #[doc(alias = "grantPermission")]
    pub async fn grant(&self, session: &Session) -> Result<(Grant, UserOperationReceipt), Error> {
        if !self.is_session_module_installed().await? {
            return Err(Error::NotInstalled { account: self.account().address() });
        }
        let receipt = self.send(&[self.module_call(enable_sessions_calldata(&[session]))]).await?;
        let grant = self.grant_of(session, None);
        if !self.chain().is_enabled(grant.permission_id, grant.account).await? {
            return Err(Error::NotDone { expected: "the session is enabled", operation: receipt.user_op_hash });
        }
        Ok((grant, receipt))
    }

    /// Signs a session, to be enabled by its first use: nothing is sent.
    ///
    /// The digest is computed here. Where the session module can be asked, its own computation is compared with it
    /// before anything is signed.
    ///
    /// # Errors
    /// When the module computes another digest, the signer fails, or the node does not answer.
    #[doc(alias = "grantPermissionPersonalSign")]
    #[doc(alias = "grantDeferredPermission")]
    pub async fn sign_grant(&self, session: &Session, mode: EnableMode) -> Result<Grant, Error> {
        let (account, permission_id) = (self.account().address(), session.permission_id());
        let nonce: U256 = self.chain().ask_module(&abi::Nonce { permission_id, account }).await?;
        let entry = ChainSession {
            chain_id: self.chain().chain_id(),
            account,
            module: self.chain().deployment().module,
            nonce,
            session: session.clone(),
        };
        self.compare_digest(&entry, mode).await?;
        let grant = MultiChainGrant::new(mode, Vec::from([entry]))?;
        let signature = sign_personal(&self.signer, grant.digest()).await?;
        let (account_type, validator) = self.signature_form(&signature)?;
        let enable = grant.enable_session(0, signature);
        let enable = enable.map(|enable_session| EnableGrant {
            mode,
            data: EnableSessionData { enable_session, validator, account_type },
        });
        Ok(self.grant_of(session, enable))
    }

    /// How stored text names the form in which the account takes the owner's signature.
    fn signature_form(&self, signature: &[u8]) -> Result<(AccountType, Address), Error> {
        let wrapped = self.account().wrap_enable_signature(self.sender.validator, signature)?;
        let form = [AccountType::Nexus, AccountType::Kernel].into_iter().find_map(|form| {
            let (validator, inner) = form.unwrap_owner_signature(&wrapped)?;
            (inner == signature).then_some((form, validator))
        });
        form.ok_or(Error::OwnerSignatureForm)
    }

    async fn compare_digest(&self, entry: &ChainSession<Session>, mode: EnableMode) -> Result<(), Error> {
        let expected = entry.digest(mode);
        let question = abi::SessionDigest {
            permission_id: entry.session.permission_id(),
            account: entry.account,
            session: entry.session.as_abi().clone(),
            mode: session_types::SmartSessionMode::from(mode).to_byte(),
        };
        let seen: B256 = self.chain().ask_module(&question).await?;
        if seen == expected { Ok(()) } else { Err(Error::DigestMismatch { expected, seen }) }
    }

    fn grant_of(&self, session: &Session, enable: Option<EnableGrant>) -> Grant {
        Grant {
            account: self.account().address(),
            chain_id: self.chain().chain_id(),
            permission_id: session.permission_id(),
            session: Some(session.as_abi().clone()),
            enable,
            description: None,
        }
    }

    const fn session_module(&self) -> Module {
        Module::Validator(self.chain().deployment().module)
    }

    fn module_call(&self, data: alloy_primitives::Bytes) -> Call {
        Call::new(self.chain().deployment().module, data)
    }
}

/// `addSafeSender(address)`: the owner validator then answers the module's questions without nesting (ERC-7739).
fn add_safe_sender(validator: Address, module: Address) -> Call {
    let mut data = Vec::from([0x5c, 0x81, 0xca, 0x68]);
    data.extend_from_slice(module.into_word().as_slice());
    Call::new(validator, data)
}
