//! Permissions written against functions, not against byte offsets.

mod compare;
mod plan;
mod typed;

use alloc::string::String;

use alloy_primitives::{Address, Selector, U256};
use alloy_sol_types::SolCall;

pub use compare::{
    Comparison, ParamValue, StaticParam, UnsignedParam, at_least, at_most, between, equal_to, less_than, more_than,
    not_equal_to,
};
pub use plan::{FunctionPermission, PermissionBuilder, ValuePermission};
pub use typed::{CallPermission, call_rule};

use crate::{CallShape, NotDeployed, PathError, PolicyError, ShapeError, TreeError};

/// Where permissions begin.
///
/// ```
/// use alloy_primitives::{U256, address};
/// use alloy_sol_types::sol;
/// use policy_encoding::permission::{Permission, PermissionBuilder as _, at_most, equal_to};
/// use session_types::Deployment;
///
/// sol! {
///     function transfer(address to, uint256 amount) external returns (bool);
/// }
///
/// let token = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
/// let payee = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");
/// let action = Permission::call::<transferCall>(token)
///     .rule(|call| &mut call.to, equal_to(payee))
///     .rule(|call| &mut call.amount, at_most(U256::from(250)).total(U256::from(1000)))
///     .uses(12)
///     .until(1_900_000_000)
///     .on(&Deployment::current().policies)?;
/// assert_eq!(action.as_ref().action_policies.len(), 3);
/// # Ok::<(), policy_encoding::permission::PermissionError>(())
/// ```
///
/// The field that a rule is about is checked by the compiler, and so is the type of its value:
///
/// ```compile_fail
/// # use alloy_primitives::Address;
/// # use alloy_sol_types::sol;
/// # use policy_encoding::permission::{Permission, equal_to};
/// # sol! { function transfer(address to, uint256 amount) external returns (bool); }
/// Permission::call::<transferCall>(Address::ZERO).rule(|call| &mut call.to, equal_to(true));
/// ```
#[doc(alias = "buildSessionAction")]
#[doc(alias = "createActionData")]
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Permission;

impl Permission {
    /// To call the function `C` of `target`. `C` has one selector: overloads cannot be confused.
    #[must_use]
    pub fn call<C: SolCall>(target: Address) -> CallPermission<C> {
        CallPermission::new(target)
    }

    /// To call a function that is known at run time only: by signature text, or from a JSON ABI.
    ///
    /// ```
    /// use alloy_primitives::{U256, address};
    /// use policy_encoding::permission::{Permission, PermissionBuilder as _, at_most};
    /// use session_types::Deployment;
    ///
    /// let vault = address!("00000000000000000000000000000000000000aa");
    /// let action = Permission::function(vault, "deposit((address asset, uint128 amount) order, bytes note)".parse()?)
    ///     .rule("order.amount", at_most(500_u128))
    ///     .on(&Deployment::current().policies)?;
    /// let dynamic = Permission::function(vault, "deposit(bytes note)".parse()?).rule("note", at_most(1_u8));
    /// assert!(dynamic.on(&Deployment::current().policies).is_err());
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn function(target: Address, shape: CallShape) -> FunctionPermission {
        FunctionPermission::new(target, shape)
    }

    /// To send native value to `target` without call data.
    #[must_use]
    pub const fn send_value(target: Address) -> ValuePermission {
        ValuePermission::new(target)
    }
}

/// A permission that cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PermissionError {
    /// The path leads to no word in a fixed place.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The function's signature cannot be read.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The parameter has no fixed place in the call data: it lies inside a dynamic value.
    #[error("rule {rule} of {signature}: the parameter has no fixed place in the call data")]
    Dynamic {
        /// The rule's place.
        rule: usize,
        /// The function.
        signature: String,
    },
    /// The closure of a rule names no single parameter.
    #[error("rule {rule} of {signature}: the closure names no parameter of the call")]
    NoParameter {
        /// The rule's place.
        rule: usize,
        /// The function.
        signature: String,
    },
    /// The value is not one of the parameter's type.
    #[error("{value:?} is not a value of type {kind}")]
    ValueType {
        /// The parameter's type.
        kind: String,
        /// The value.
        value: ParamValue,
    },
    /// Signed parameters are compared by the contracts as if they had no sign.
    #[error("{path}: a parameter of type {kind} cannot be ordered by the contracts")]
    Signed {
        /// The parameter.
        path: String,
        /// Its type.
        kind: String,
    },
    /// A bound of a range needs more than 128 bits.
    #[error("bound {bound} of a range needs more than 128 bits")]
    Bound {
        /// The bound.
        bound: U256,
    },
    /// Nothing limits the call: say so with `anything_goes`, or add a rule.
    #[error("nothing limits calls of {selector}, expected a rule or a policy")]
    Unlimited {
        /// The function.
        selector: Selector,
    },
    /// A value limit for each call is kept by the policy that keeps the rules.
    #[error("a value limit for each call needs at least one rule about the arguments")]
    ValueWithoutRule,
    /// A policy stands twice: of the same contract only the last settings count.
    #[error("two policies of kind {kind}")]
    Twice {
        /// The kind of policy.
        kind: session_types::PolicyKind,
    },
    /// A policy that cannot be built.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A tree of conditions that cannot be built.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The deployment has no contract for a policy.
    #[error(transparent)]
    NotDeployed(#[from] NotDeployed),
}
