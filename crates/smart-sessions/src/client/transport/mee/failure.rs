use std::fmt;
use std::ops::Deref;
use std::string::ToString as _;
use std::sync::Arc;

use alloy_primitives::B256;
use mee_client::MeeError;
use mee_client::status::StatusError;

use crate::Error;

/// What a MEE node, or the client of one, says went wrong; equal to another when its words are.
#[derive(Clone)]
pub struct MeeFailure(Arc<MeeError>);

impl MeeFailure {
    /// The supertransaction that may still run in spite of it.
    #[must_use]
    pub fn unsettled(&self) -> Option<B256> {
        match &*self.0 {
            MeeError::ExecutionUnknown { hash, .. } | MeeError::Status(StatusError::Deadline { hash, .. }) => {
                Some(*hash)
            }
            _ => None,
        }
    }
}

impl Deref for MeeFailure {
    type Target = MeeError;

    fn deref(&self) -> &MeeError {
        &self.0
    }
}

impl PartialEq for MeeFailure {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl fmt::Debug for MeeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for MeeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for MeeFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl From<MeeError> for Error {
    fn from(error: MeeError) -> Self {
        Self::Mee(MeeFailure(Arc::new(error)))
    }
}
