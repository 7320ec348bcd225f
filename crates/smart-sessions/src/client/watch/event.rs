//! Something that happened to a session.

use alloy_primitives::{Address, B256, TxHash};
use bundler_rpc::ReceiptLog;
use session_types::PermissionId;
use session_types::abi::ModuleEvent;

/// An event of the session module or one of its policies, with its place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionEvent {
    /// What happened.
    ///
    /// Enabling by an owner's signature emits no [`SessionCreated`](ModuleEvent::SessionCreated): a session that is new
    /// is seen by its [`SessionValidatorEnabled`](ModuleEvent::SessionValidatorEnabled) both ways.
    pub event: ModuleEvent,
    /// The contract that says so.
    pub contract: Address,
    /// The block.
    pub block_number: u64,
    /// The block's hash: another one for the same number means that the chain was reorganised.
    pub block_hash: Option<B256>,
    /// The transaction.
    pub transaction_hash: Option<TxHash>,
    /// The event's place in the block.
    pub log_index: Option<u64>,
}

impl SessionEvent {
    /// The account whose sessions it is about.
    #[must_use]
    pub const fn account(&self) -> Address {
        self.event.account()
    }

    /// The session. `None` for events of policies.
    #[must_use]
    pub const fn permission_id(&self) -> Option<PermissionId> {
        self.event.permission_id()
    }

    /// `None` for logs that are no events of sessions, or of blocks that are not mined.
    pub(super) fn read(log: &ReceiptLog) -> Option<Self> {
        Some(Self {
            event: ModuleEvent::decode(&log.topics, &log.data).ok()?,
            contract: log.address,
            block_number: log.block_number?,
            block_hash: log.block_hash,
            transaction_hash: log.transaction_hash,
            log_index: log.log_index,
        })
    }
}
