use std::fmt;

/// Whether and how trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// The same request may pass in a moment: back off and repeat it.
    Same,
    /// The same operation may pass when time has gone by: a window opens, an entity is no longer throttled.
    Later,
    /// Only another operation can pass: new nonce, fees, gas, paymaster data or signature.
    Changed,
    /// This endpoint will not take it.
    Never,
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "the same request, after a pause",
            Self::Later => "the same operation, later",
            Self::Changed => "a changed operation",
            Self::Never => "no",
        })
    }
}
