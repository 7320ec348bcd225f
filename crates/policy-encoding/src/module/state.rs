use alloc::{sync::Arc, vec::Vec};

use alloy_primitives::{Address, B256, Bytes, U256};
use session_types::{ActionId, PermissionId, PolicyRevision, abi};

use crate::{AnyPolicy, check::Usage};

/// What the session module and its policies store about one account.
#[derive(Clone, Debug)]
pub struct AccountSessions {
    pub(super) account: Address,
    pub(super) permissions: Table<EnabledSession>,
    pub(super) nonces: Table<U256>,
}

/// Values by permission, in ascending order: an account has few, and a list takes less code on a device than a tree.
#[derive(Clone, Debug)]
pub(super) struct Table<V>(Vec<(PermissionId, V)>);

impl<V> Table<V> {
    fn place(&self, id: PermissionId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |entry| entry.0)
    }

    pub(super) fn get(&self, id: PermissionId) -> Option<&V> {
        Some(&self.0[self.place(id).ok()?].1)
    }

    pub(super) fn get_mut(&mut self, id: PermissionId) -> Option<&mut V> {
        let place = self.place(id).ok()?;
        Some(&mut self.0[place].1)
    }

    pub(super) fn insert(&mut self, id: PermissionId, value: V) {
        match self.place(id) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (id, value)),
        }
    }

    pub(super) fn remove(&mut self, id: PermissionId) -> Option<V> {
        Some(self.0.remove(self.place(id).ok()?).1)
    }
}

/// An enabled permission: its policies and how much of their limits is used.
#[derive(Clone, Debug, Default)]
pub struct EnabledSession {
    pub(super) validator: Option<(Address, Bytes)>,
    pub(super) paymaster: bool,
    pub(super) user_op: Vec<InstalledPolicy>,
    pub(super) messages: Vec<InstalledPolicy>,
    pub(super) contexts: Vec<abi::Erc7739Context>,
    pub(super) actions: Vec<EnabledAction>,
}

/// An action and its policies.
#[derive(Clone, Debug)]
pub struct EnabledAction {
    pub(super) id: ActionId,
    pub(super) policies: Vec<InstalledPolicy>,
}

/// A policy in its place, with its counters.
#[derive(Clone, Debug)]
pub struct InstalledPolicy {
    pub(super) address: Address,
    pub(super) revision: PolicyRevision,
    pub(super) config_id: B256,
    /// `None` for a policy of which nothing is known: its answer depends on the chain.
    /// Shared between the states before and after an operation: only the counters change.
    pub(super) policy: Option<Arc<AnyPolicy>>,
    pub(super) usage: Usage,
}

impl AccountSessions {
    /// An account without sessions.
    #[must_use]
    pub const fn new(account: Address) -> Self {
        Self { account, permissions: Table(Vec::new()), nonces: Table(Vec::new()) }
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> Address {
        self.account
    }

    /// The enabled permissions.
    pub fn permissions(&self) -> impl Iterator<Item = (&PermissionId, &EnabledSession)> {
        self.permissions.0.iter().map(|(id, session)| (id, session))
    }

    /// An enabled permission.
    #[must_use]
    pub fn permission(&self, id: PermissionId) -> Option<&EnabledSession> {
        self.permissions.get(id)
    }

    /// An enabled permission, to set counters that were read from a chain.
    pub fn permission_mut(&mut self, id: PermissionId) -> Option<&mut EnabledSession> {
        self.permissions.get_mut(id)
    }

    /// How many times the permission was enabled by signature or its signatures revoked.
    #[doc(alias = "getNonce")]
    #[must_use]
    pub fn nonce(&self, id: PermissionId) -> U256 {
        self.nonces.get(id).copied().unwrap_or_default()
    }

    /// Sets the nonce to the value on the chain.
    pub fn set_nonce(&mut self, id: PermissionId, nonce: U256) {
        self.nonces.insert(id, nonce);
    }
}

impl EnabledSession {
    /// The contract that checks the session key's signatures, and its data.
    #[must_use]
    pub const fn validator(&self) -> Option<&(Address, Bytes)> {
        self.validator.as_ref()
    }

    /// Whether a paymaster may pay.
    #[must_use]
    pub const fn permits_paymaster(&self) -> bool {
        self.paymaster
    }

    /// The policies that are asked once for each operation, in the order in which they are asked.
    #[must_use]
    pub fn user_op_policies(&self) -> &[InstalledPolicy] {
        &self.user_op
    }

    /// The policies that are asked about signed messages.
    #[must_use]
    pub fn message_policies(&self) -> &[InstalledPolicy] {
        &self.messages
    }

    /// The contents that may be signed.
    #[must_use]
    pub fn contexts(&self) -> &[abi::Erc7739Context] {
        &self.contexts
    }

    /// The actions.
    #[must_use]
    pub fn actions(&self) -> &[EnabledAction] {
        &self.actions
    }

    /// All policies with their counters, to set what was read from a chain.
    pub fn policies_mut(&mut self) -> impl Iterator<Item = &mut InstalledPolicy> {
        let actions = self.actions.iter_mut().flat_map(|action| &mut action.policies);
        self.user_op.iter_mut().chain(&mut self.messages).chain(actions)
    }

    pub(super) fn action(&self, id: ActionId) -> Option<usize> {
        self.actions.iter().position(|action| action.id == id && !action.policies.is_empty())
    }
}

impl EnabledAction {
    /// The action's id.
    #[must_use]
    pub const fn id(&self) -> ActionId {
        self.id
    }

    /// Its policies, in the order in which they are asked.
    #[must_use]
    pub fn policies(&self) -> &[InstalledPolicy] {
        &self.policies
    }
}

impl InstalledPolicy {
    /// The policy's contract.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Under which the contract keeps its state: `keccak(account ++ policy id)`.
    #[must_use]
    pub const fn config_id(&self) -> B256 {
        self.config_id
    }

    /// The policy; `None` when nothing is known about the contract.
    #[must_use]
    pub fn policy(&self) -> Option<&AnyPolicy> {
        self.policy.as_deref()
    }

    /// How much of the limits is used.
    #[must_use]
    pub const fn usage(&self) -> &Usage {
        &self.usage
    }

    /// The counters, to set what was read from a chain.
    pub const fn usage_mut(&mut self) -> &mut Usage {
        &mut self.usage
    }
}

/// Adds an entry, or replaces the one with the same address in its place.
pub(super) fn put(list: &mut Vec<InstalledPolicy>, policy: InstalledPolicy) {
    match list.iter_mut().find(|entry| entry.address == policy.address) {
        Some(entry) => *entry = policy,
        None => list.push(policy),
    }
}

/// Removes an entry as the module's sets do: the last one takes its place.
pub(super) fn take(list: &mut Vec<InstalledPolicy>, address: Address) {
    if let Some(place) = list.iter().position(|entry| entry.address == address) {
        list.swap_remove(place);
    }
}
