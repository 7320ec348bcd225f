//! Composable calls: calls whose parameters are read from the chain when they run, with conditions (ERC-8211).

mod call;
mod encode;
mod parameter;

#[doc(alias = "buildComposable")]
pub use call::ComposableCall;
pub use call::{ComposeError, NativeValue};
#[doc(alias = "encodeExecuteComposable")]
pub use encode::encode_composable_calls;
#[doc(alias = "ConstraintType")]
pub use parameter::Constraint;
#[doc(alias = "InputParamFetcherType")]
pub use parameter::Fetcher;
pub use parameter::{InputParam, OutputParam};
