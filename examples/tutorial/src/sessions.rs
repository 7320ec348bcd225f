//! The sessions that the demo grants.

use alloy_primitives::{B256, Selector};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall as _;
use anyhow::Context as _;
use smart_sessions::policy::{Condition, KnownPolicy as _, Rule, Sudo, TimeFrame, UniversalAction, UsageLimit};
use smart_sessions::session::{
    ActionData, ActionSlot, ActionTarget, Deployment, Owners, PolicyData, Session, SessionValidator,
};

use crate::arguments::LimitName;
use crate::counter::{Counter, incrementNumberCall, setNumberCall};

/// The largest number that the limited session may set.
pub(crate) const LARGEST: u64 = 100;
/// How often the limited session may be used.
pub(crate) const USES: u128 = 2;

/// A session key and what its sessions are made from.
#[derive(Debug)]
pub(crate) struct SessionMaker<'a> {
    pub(crate) deployment: &'a Deployment,
    pub(crate) key: &'a PrivateKeySigner,
    pub(crate) counter: Counter,
    /// The limit to leave out.
    pub(crate) without: Option<LimitName>,
}

impl SessionMaker<'_> {
    /// `incrementNumber()` without any rule.
    pub(crate) fn sudo(&self) -> anyhow::Result<Session> {
        let policy = Sudo.on(&self.deployment.policies)?;
        self.session(incrementNumberCall::SELECTOR.into(), vec![policy])
    }

    /// `setNumber(uint256)` at most twice, up to 100, within the given window (Unix seconds).
    pub(crate) fn limited(&self, window: (u64, u64)) -> anyhow::Result<Session> {
        let policies = &self.deployment.policies;
        let rule = Rule::argument(0, Condition::AtMost, LARGEST);
        let mut limits: Vec<(LimitName, PolicyData<ActionSlot>)> = vec![
            (LimitName::Rule, UniversalAction::of([rule]).on(policies)?),
            (LimitName::Time, TimeFrame::new(window.0, window.1)?.on(policies)?),
            (LimitName::Usage, UsageLimit::new(USES)?.on(policies)?),
        ];
        limits.retain(|(name, _)| Some(*name) != self.without);
        self.session(setNumberCall::SELECTOR.into(), limits.into_iter().map(|(_, policy)| policy).collect())
    }

    fn session(&self, selector: Selector, policies: Vec<PolicyData<ActionSlot>>) -> anyhow::Result<Session> {
        let owners = Owners::single(self.key.address())?;
        let validator = SessionValidator::owners(self.deployment, &owners);
        let target = ActionTarget::Exact { target: self.counter.0, selector };
        Session::builder(validator, B256::random())
            .action(ActionData::new(target, policies))
            .build(self.deployment)
            .context("the session cannot be built")
    }
}
