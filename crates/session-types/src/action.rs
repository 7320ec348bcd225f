//! Permitted calls.

use alloy_primitives::{Address, Selector, address, fixed_bytes};

use crate::policy::into_abi;
use crate::{ActionId, ActionSlot, PolicyData, abi};

/// The selector under which the module looks up a call whose data is shorter than four bytes, so also a plain transfer
/// of native value. A call whose real selector is `0xffffffff` shares it.
pub const VALUE_SELECTOR: Selector = fixed_bytes!("ffffffff");

/// The target that stands for the fallback actions.
pub(crate) const FALLBACK_TARGET: Address = address!("0000000000000000000000000000000000000001");
/// With the fallback target: any call that no exact action names.
pub(crate) const GENERIC_FALLBACK_SELECTOR: Selector = fixed_bytes!("00000001");
/// With the fallback target: calls to the session module.
pub(crate) const ADMIN_FALLBACK_SELECTOR: Selector = fixed_bytes!("00000002");

/// Which calls an action permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActionTarget {
    /// Calls of one function of one contract.
    Exact {
        /// The contract called.
        target: Address,
        /// The function called.
        selector: Selector,
    },
    /// Calls of one address with less than four bytes of data: plain transfers of native value.
    Value {
        /// The address called.
        target: Address,
    },
    /// Every call that no exact action with policies names, except `execute` on the account itself and calls of the
    /// session module. With a policy that does not restrict the target it hands over the whole account, module
    /// installation included.
    #[doc(alias = "FALLBACK_ACTIONID")]
    GenericFallback,
    /// Calls of the session module itself: the session key can then grant and remove sessions.
    AdminFallback,
}

impl ActionTarget {
    /// Reads the two members of an action.
    #[must_use]
    pub const fn from_parts(target: Address, selector: Selector) -> Self {
        match (target, selector) {
            (FALLBACK_TARGET, GENERIC_FALLBACK_SELECTOR) => Self::GenericFallback,
            (FALLBACK_TARGET, ADMIN_FALLBACK_SELECTOR) => Self::AdminFallback,
            (target, VALUE_SELECTOR) => Self::Value { target },
            (target, selector) => Self::Exact { target, selector },
        }
    }

    /// The member `actionTarget`.
    #[must_use]
    pub const fn address(self) -> Address {
        match self {
            Self::Exact { target, .. } | Self::Value { target } => target,
            Self::GenericFallback | Self::AdminFallback => FALLBACK_TARGET,
        }
    }

    /// The member `actionTargetSelector`.
    #[must_use]
    pub const fn selector(self) -> Selector {
        match self {
            Self::Exact { selector, .. } => selector,
            Self::Value { .. } => VALUE_SELECTOR,
            Self::GenericFallback => GENERIC_FALLBACK_SELECTOR,
            Self::AdminFallback => ADMIN_FALLBACK_SELECTOR,
        }
    }

    /// Whether it is one of the two fallbacks.
    #[must_use]
    pub const fn is_fallback(self) -> bool {
        matches!(self, Self::GenericFallback | Self::AdminFallback)
    }

    /// The id of the action.
    #[must_use]
    pub fn id(self) -> ActionId {
        match self {
            Self::GenericFallback => ActionId::GENERIC_FALLBACK,
            Self::AdminFallback => ActionId::ADMIN_FALLBACK,
            exact => ActionId::derive(exact.address(), exact.selector()),
        }
    }
}

/// A permitted call and its policies, all of which must agree.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActionData(abi::ActionData);

impl ActionData {
    /// An action. That it has policies, each once, is checked when the session is built.
    #[must_use]
    pub fn new(target: ActionTarget, policies: impl IntoIterator<Item = PolicyData<ActionSlot>>) -> Self {
        Self(abi::ActionData {
            action_target_selector: target.selector(),
            action_target: target.address(),
            action_policies: into_abi(policies),
        })
    }

    /// Which calls it permits.
    #[must_use]
    pub const fn target(&self) -> ActionTarget {
        ActionTarget::from_parts(self.0.action_target, self.0.action_target_selector)
    }
}

impl From<ActionData> for abi::ActionData {
    fn from(action: ActionData) -> Self {
        action.0
    }
}

impl AsRef<abi::ActionData> for ActionData {
    fn as_ref(&self) -> &abi::ActionData {
        &self.0
    }
}
