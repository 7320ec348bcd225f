use alloc::{sync::Arc, vec::Vec};
use core::fmt;

use alloy_primitives::Address;
use session_types::{PolicyKind, PolicyRevision, PolicySet};

use crate::{AnyPolicy, DecodeError, Policy};

/// Which policy stands at which address: a deployment's, and any of your own.
///
/// ```
/// use policy_encoding::{AnyPolicy, Registry};
/// use session_types::{Deployment, PolicyKind};
///
/// let policies = Deployment::current().policies;
/// let registry = Registry::new(policies);
/// let usage_limit = policies.deployed(PolicyKind::UsageLimit).unwrap().address;
/// let policy = registry.decode(usage_limit, &7_u128.to_be_bytes()).unwrap()?;
/// assert!(matches!(policy, AnyPolicy::UsageLimit(limit) if limit.limit() == 7));
/// # Ok::<(), policy_encoding::DecodeError>(())
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    set: PolicySet,
    more: Vec<(Address, PolicyKind, PolicyRevision)>,
    custom: Vec<(Address, PolicyRevision, Decoder)>,
}

type Decoder = fn(PolicyRevision, &[u8]) -> Result<AnyPolicy, DecodeError>;

impl Registry {
    /// The policies of a deployment.
    #[must_use]
    pub const fn new(set: PolicySet) -> Self {
        Self { set, more: Vec::new(), custom: Vec::new() }
    }

    /// A policy of this crate's kinds at another address: another deployment of it, or an older one.
    #[must_use]
    pub fn with_known(mut self, address: Address, kind: PolicyKind, revision: PolicyRevision) -> Self {
        self.more.push((address, kind, revision));
        self
    }

    /// The policies of another deployment, too.
    #[must_use]
    pub fn with_set(mut self, set: &PolicySet) -> Self {
        self.more.extend(set.iter().map(|(kind, deployed)| (deployed.address, kind, deployed.revision)));
        self
    }

    /// A policy of your own at this address.
    #[must_use]
    pub fn with_custom<P: Policy + Send + Sync + 'static>(
        mut self,
        address: Address,
        revision: PolicyRevision,
    ) -> Self {
        let decode: Decoder = |revision, data| Ok(AnyPolicy::Custom(Arc::new(P::decode(revision, data)?)));
        self.custom.push((address, revision, decode));
        self
    }

    /// The kind and revision of the policy at an address; `None` for unknown ones and those of your own.
    #[must_use]
    pub fn find(&self, address: Address) -> Option<(PolicyKind, PolicyRevision)> {
        let more = || self.more.iter().find(|(known, ..)| *known == address);
        self.set.find(address).or_else(|| more().map(|(_, kind, revision)| (*kind, *revision)))
    }

    /// The revision of the policy at an address; `None` when it is unknown.
    #[must_use]
    pub fn revision(&self, address: Address) -> Option<PolicyRevision> {
        let custom = || self.custom.iter().find(|(known, ..)| *known == address).map(|(_, revision, _)| *revision);
        custom().or_else(|| self.find(address).map(|(_, revision)| revision))
    }

    /// What the policy at `address` stores when it is initialised with `init_data`; `None` when nothing is known about
    /// the address.
    #[must_use]
    pub fn decode(&self, address: Address, init_data: &[u8]) -> Option<Result<AnyPolicy, DecodeError>> {
        if let Some((_, revision, decode)) = self.custom.iter().find(|(known, ..)| *known == address) {
            return Some(decode(*revision, init_data));
        }
        let (kind, revision) = self.find(address)?;
        Some(AnyPolicy::decode(kind, revision, init_data))
    }
}

impl From<PolicySet> for Registry {
    fn from(set: PolicySet) -> Self {
        Self::new(set)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let custom: Vec<_> = self.custom.iter().map(|(address, ..)| address).collect();
        f.debug_struct("Registry").field("set", &self.set).field("more", &self.more).field("custom", &custom).finish()
    }
}
