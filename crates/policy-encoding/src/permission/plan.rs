use alloc::vec::Vec;

use alloy_primitives::{Address, Bytes, U256};
use session_types::{ActionData, ActionSlot, ActionTarget, PolicyData, PolicySet};

use super::{Comparison, ParamValue, PermissionError};
use crate::{
    AnyPolicy, CallShape, FitsIn, KnownPolicy, NotDeployed, ParamKind, Rule, Sudo, TimeFrame, UniversalAction,
    UsageLimit, ValueLimit,
};

/// An action in the making; the first mistake is kept until the end.
#[allow(unnameable_types)] // it stays inside the builders
#[derive(Clone, Debug)]
pub struct Plan {
    target: ActionTarget,
    rules: Vec<Rule>,
    value_per_call: U256,
    value_total: Option<U256>,
    uses: Option<u128>,
    from: u64,
    until: u64,
    more: Vec<AnyPolicy>,
    sudo: bool,
    error: Option<PermissionError>,
}

impl Plan {
    pub(super) const fn new(target: ActionTarget) -> Self {
        Self {
            target,
            rules: Vec::new(),
            value_per_call: U256::ZERO,
            value_total: None,
            uses: None,
            from: 0,
            until: 0,
            more: Vec::new(),
            sudo: false,
            error: None,
        }
    }

    pub(super) fn add(&mut self, rule: Result<Rule, PermissionError>) {
        match rule {
            Ok(rule) => self.rules.push(rule),
            Err(error) => self.error = self.error.take().or(Some(error)),
        }
    }

    pub(super) fn rule_count(&self) -> usize {
        self.rules.len()
    }

    /// The policies in the order: rules, sudo, value, uses, times, others.
    fn policies(self) -> Result<Vec<AnyPolicy>, PermissionError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let mut policies: Vec<AnyPolicy> = Vec::new();
        if self.rules.is_empty() {
            if !self.value_per_call.is_zero() {
                return Err(PermissionError::ValueWithoutRule);
            }
        } else {
            policies.push(UniversalAction::new(self.rules)?.with_value_limit(self.value_per_call).into());
        }
        if self.sudo {
            policies.push(Sudo.into());
        }
        if let Some(limit) = self.value_total {
            policies.push(ValueLimit::new(limit)?.into());
        }
        if let Some(limit) = self.uses {
            policies.push(UsageLimit::new(limit)?.into());
        }
        if (self.from, self.until) != (0, 0) {
            policies.push(TimeFrame::new(self.from, self.until)?.into());
        }
        policies.extend(self.more);
        if policies.is_empty() {
            return Err(PermissionError::Unlimited { selector: self.target.selector() });
        }
        for (index, policy) in policies.iter().enumerate() {
            if let Some(kind) =
                policy.kind().filter(|kind| policies[..index].iter().any(|other| other.kind() == Some(*kind)))
            {
                return Err(PermissionError::Twice { kind });
            }
        }
        Ok(policies)
    }

    fn on(self, set: &PolicySet) -> Result<ActionData, PermissionError> {
        let target = self.target;
        let place = |policy: AnyPolicy| {
            // Only known policies get in, see `PermissionBuilder::policy`.
            let kind = policy.kind().ok_or(PermissionError::Unlimited { selector: target.selector() })?;
            let deployed = set.deployed(kind).ok_or(NotDeployed { kind })?;
            let data = Bytes::from(policy.init_data(deployed.revision));
            Ok(PolicyData::<ActionSlot>::new(deployed.address, data))
        };
        let policies = self.policies()?.into_iter().map(place).collect::<Result<Vec<_>, PermissionError>>()?;
        Ok(ActionData::new(target, policies))
    }
}

mod sealed {
    use super::Plan;

    #[allow(unnameable_types)] // that is what seals it
    pub trait HasPlan {
        fn plan(&mut self) -> &mut Plan;
        fn into_plan(self) -> Plan;
    }
}

pub(super) use sealed::HasPlan;

/// What every permission can be limited by.
pub trait PermissionBuilder: HasPlan + Sized {
    /// At most `count` calls.
    #[doc(alias = "usageLimit")]
    #[must_use]
    fn uses(mut self, count: u128) -> Self {
        self.plan().uses = Some(count);
        self
    }

    /// Not after this moment, in seconds since 1970.
    #[doc(alias = "validUntil")]
    #[must_use]
    fn until(mut self, seconds: u64) -> Self {
        self.plan().until = seconds;
        self
    }

    /// Not before this moment, in seconds since 1970.
    #[doc(alias = "validAfter")]
    #[must_use]
    fn not_before(mut self, seconds: u64) -> Self {
        self.plan().from = seconds;
        self
    }

    /// Native value up to `wei` over all calls.
    #[doc(alias = "valueLimit")]
    #[must_use]
    fn value_total(mut self, wei: U256) -> Self {
        self.plan().value_total = Some(wei);
        self
    }

    /// Another policy; one whose contract does not work in actions is refused by the compiler.
    #[must_use]
    fn policy<P: KnownPolicy + FitsIn<ActionSlot> + Into<AnyPolicy>>(mut self, policy: P) -> Self {
        self.plan().more.push(policy.into());
        self
    }

    /// No limit but those that are added: any arguments, any value. Most permissions should not need it.
    #[doc(alias = "getSudoPolicy")]
    #[must_use]
    fn anything_goes(mut self) -> Self {
        self.plan().sudo = true;
        self
    }

    /// The policies, in the order in which they will be asked.
    ///
    /// # Errors
    /// The first mistake that was made.
    fn policies(self) -> Result<Vec<AnyPolicy>, PermissionError> {
        self.into_plan().policies()
    }

    /// The action, with the policies of a deployment.
    ///
    /// # Errors
    /// The first mistake that was made.
    fn on(self, set: &PolicySet) -> Result<ActionData, PermissionError> {
        self.into_plan().on(set)
    }
}

impl<T: HasPlan> PermissionBuilder for T {}

/// A permission to call a function that is known at run time only.
#[derive(Clone, Debug)]
pub struct FunctionPermission {
    shape: CallShape,
    plan: Plan,
}

impl FunctionPermission {
    pub(super) fn new(target: Address, shape: CallShape) -> Self {
        let plan = Plan::new(ActionTarget::Exact { target, selector: shape.selector() });
        Self { shape, plan }
    }

    /// A rule about the parameter that `path` leads to, see [`CallShape::locate`].
    #[must_use]
    pub fn rule<T: Into<ParamValue> + Copy>(mut self, path: &str, comparison: Comparison<T>) -> Self {
        let rule = self.shape.rule(path, comparison);
        self.plan.add(rule);
        self
    }

    /// Lets each call send up to `wei`; without it a permission with rules sends none.
    #[doc(alias = "valueLimitPerUse")]
    #[must_use]
    pub const fn value_per_call(mut self, wei: U256) -> Self {
        self.plan.value_per_call = wei;
        self
    }
}

impl CallShape {
    /// The rule about the parameter that `path` leads to, for use in a policy or an expression.
    ///
    /// # Errors
    /// When the path leads to no word in a fixed place, or the value is not of its type.
    pub fn rule<T: Into<ParamValue> + Copy>(
        &self,
        path: &str,
        comparison: Comparison<T>,
    ) -> Result<Rule, PermissionError> {
        let location = self.locate(path)?;
        let rule = comparison.rule(location.offset(), |value| (*value).into().word_for(location.kind()))?;
        let ordered = !matches!(rule.condition(), crate::Condition::Equal | crate::Condition::NotEqual);
        if ordered && !matches!(location.kind(), ParamKind::Uint(_)) {
            let kind = alloc::format!("{}", location.kind());
            return Err(PermissionError::Signed { path: path.into(), kind });
        }
        Ok(rule)
    }
}

/// A permission to send native value.
#[derive(Clone, Debug)]
pub struct ValuePermission {
    plan: Plan,
}

impl ValuePermission {
    pub(super) const fn new(target: Address) -> Self {
        Self { plan: Plan::new(ActionTarget::Value { target }) }
    }
}

impl HasPlan for FunctionPermission {
    fn plan(&mut self) -> &mut Plan {
        &mut self.plan
    }

    fn into_plan(self) -> Plan {
        self.plan
    }
}

impl HasPlan for ValuePermission {
    fn plan(&mut self) -> &mut Plan {
        &mut self.plan
    }

    fn into_plan(self) -> Plan {
        self.plan
    }
}

impl<C> HasPlan for super::CallPermission<C> {
    fn plan(&mut self) -> &mut Plan {
        &mut self.plan
    }

    fn into_plan(self) -> Plan {
        self.plan
    }
}

impl<C> super::CallPermission<C> {
    /// Lets each call send up to `wei`; without it a permission with rules sends none.
    #[doc(alias = "valueLimitPerUse")]
    #[must_use]
    pub const fn value_per_call(mut self, wei: U256) -> Self {
        self.plan.value_per_call = wei;
        self
    }
}
