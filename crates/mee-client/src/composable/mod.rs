//! Composable calls: calls whose parameters are read from the chain when they run, with conditions (ERC-8211).

mod call;
mod encode;
mod parameter;

pub use call::{ComposableCall, ComposeError, NativeValue};
pub use encode::encode_composable_calls;
pub use parameter::{Constraint, Fetcher, InputParam, OutputParam};
