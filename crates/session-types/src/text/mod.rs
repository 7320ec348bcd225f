//! Stored text: what the TypeScript libraries' `stringify` writes and `parse` reads, byte for byte.
//!
//! It is JSON as JavaScript writes it, with one addition: a bigint is `{"__type":"bigint","value":"<decimal>"}`.
//! Hex text keeps its letter case, members keep their order, unknown members stay.

mod bigint;
mod number;
mod read;
mod reference;
mod scan;
mod value;
mod write;

pub use bigint::{BigInt, BigIntError};
pub use read::{MAX_DEPTH, TextError, TextErrorKind};
pub use reference::ReferenceError;
#[doc(alias("parseReferenceValue", "AnyReferenceValue"))]
pub use reference::reference_value;
pub use value::{Member, Text, Value};
