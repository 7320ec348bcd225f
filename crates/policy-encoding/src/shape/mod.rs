//! The parameters of a function: where each one's word stands in the call data.

mod parse;
mod path;

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use alloy_primitives::{Selector, keccak256};

pub use parse::ShapeError;
pub use path::{Location, PathError};

/// A function's name and parameters.
///
/// ```
/// use alloy_primitives::fixed_bytes;
/// use policy_encoding::CallShape;
///
/// let transfer: CallShape = "transfer(address to, uint256 amount)".parse()?;
/// assert_eq!(transfer.selector(), fixed_bytes!("a9059cbb"));
/// assert_eq!(transfer.locate("amount").unwrap().offset(), 32);
/// # Ok::<(), policy_encoding::ShapeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallShape {
    name: String,
    parameters: Vec<Parameter>,
}

/// A parameter, or a member of a tuple.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name; empty when it has none.
    pub name: String,
    /// Its type.
    pub kind: ParamKind,
}

/// The type of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParamKind {
    /// `uintN`
    Uint(u16),
    /// `intN`
    Int(u16),
    /// `address`
    Address,
    /// `bool`
    Bool,
    /// `bytesN`
    FixedBytes(u8),
    /// `function`: an address and a selector, left-aligned
    Function,
    /// `bytes`
    Bytes,
    /// `string`
    String,
    /// `T[N]`, or `T[]` without a length
    Array(Box<Self>, Option<usize>),
    /// A tuple, or a struct.
    Tuple(Vec<Parameter>),
}

impl ParamKind {
    /// Whether values have an encoding of their own length, to which the head only points.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        self.words().is_none()
    }

    /// How many words a value takes; `None` when it depends on the value.
    #[must_use]
    pub fn words(&self) -> Option<usize> {
        match self {
            Self::Bytes | Self::String | Self::Array(_, None) => None,
            Self::Array(element, Some(length)) => element.words()?.checked_mul(*length),
            Self::Tuple(members) => {
                members.iter().try_fold(0_usize, |sum, member| sum.checked_add(member.kind.words()?))
            }
            _ => Some(1),
        }
    }

    /// Words in the head: those of a static value, or one offset.
    fn head_words(&self) -> usize {
        self.words().unwrap_or(1)
    }
}

/// The type as it stands in a signature.
impl fmt::Display for ParamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uint(bits) => write!(f, "uint{bits}"),
            Self::Int(bits) => write!(f, "int{bits}"),
            Self::Address => f.write_str("address"),
            Self::Bool => f.write_str("bool"),
            Self::FixedBytes(length) => write!(f, "bytes{length}"),
            Self::Function => f.write_str("function"),
            Self::Bytes => f.write_str("bytes"),
            Self::String => f.write_str("string"),
            Self::Array(element, None) => write!(f, "{element}[]"),
            Self::Array(element, Some(length)) => write!(f, "{element}[{length}]"),
            Self::Tuple(members) => list(f, members),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, members: &[Parameter]) -> fmt::Result {
    f.write_str("(")?;
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            f.write_str(",")?;
        }
        write!(f, "{}", member.kind)?;
    }
    f.write_str(")")
}

impl CallShape {
    /// A function with these parameters.
    ///
    /// # Errors
    /// When the types are too large or nested too deeply to be of use.
    #[doc(alias = "getAbiItem")]
    pub fn new(name: impl Into<String>, parameters: Vec<Parameter>) -> Result<Self, ShapeError> {
        let shape = Self { name: name.into(), parameters };
        parse::check(&shape.parameters)?;
        Ok(shape)
    }

    /// The function's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The parameters.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The selector: the first four bytes of the signature's hash.
    #[doc(alias = "toFunctionSelector")]
    #[must_use]
    pub fn selector(&self) -> Selector {
        let hash = keccak256(alloc::format!("{self}"));
        Selector::from([hash[0], hash[1], hash[2], hash[3]])
    }

    /// Bytes of the head: all that stands in a fixed place.
    #[must_use]
    pub fn head_len(&self) -> usize {
        self.parameters.iter().map(|parameter| parameter.kind.head_words() * 32).sum()
    }
}

/// The signature: name and types, without spaces.
impl fmt::Display for CallShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        list(f, &self.parameters)
    }
}

impl Parameter {
    /// A parameter.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: ParamKind) -> Self {
        Self { name: name.into(), kind }
    }
}

#[cfg(feature = "json-abi")]
mod json_abi;
