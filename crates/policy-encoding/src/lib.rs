#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod any;
pub mod check;
mod condition;
#[cfg(feature = "erc7715")]
pub mod erc7715;
mod error;
mod execution;
pub mod explain;
pub mod legacy;
pub mod module;
pub mod permission;

pub mod policies;
mod policy;
mod reference;
mod registry;
mod rule;
pub mod session_action;
mod shape;
pub mod state;
mod word;

pub use any::AnyPolicy;
#[doc(alias("getUniversalActionPolicyConditionType", "ParamCondition"))]
pub use condition::Condition;
pub use condition::range_bounds;
pub use error::{DecodeError, PolicyError, TreeError};
pub use explain::{Explainer, Explanation, Finding, Glossary, Severity, Token};
pub use module::{AccountSessions, Call, Evaluation, Operation, SessionModule, SessionRefusal};
pub use permission::{Permission, PermissionBuilder, PermissionError};
pub use policies::{
    ArgPolicy, ContractWhitelist, Expr, Padding, RuleList, SimpleGas, SpendingLimits, Sudo, TimeFrame, TokenLimit,
    UniversalAction, UsageLimit, ValueLimit,
};
pub use policy::{FitsIn, KnownPolicy, NotDeployed, Policy, place};
#[doc(alias("pad", "toHex", "parseUnits", "AnyReferenceValue", "parseReferenceValue"))]
pub use reference::RefValue;
pub use registry::Registry;
#[doc(alias("RawParamRule", "ParamRule"))]
pub use rule::Rule;
#[doc(alias("functionSignature", "CounterContract", "CounterAbi"))]
pub use shape::CallShape;
pub use shape::{Location, ParamKind, Parameter, PathError, ShapeError};
