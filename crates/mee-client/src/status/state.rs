use super::ExecutedOp;

/// How far an operation, or a whole supertransaction, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Waits for its time or its conditions.
    Pending,
    /// Sent, not mined yet.
    Mining,
    /// Mined and done.
    MinedSuccess,
    /// Mined and reverted.
    MinedFail,
    /// Never sent: its simulation failed, or its time ran out.
    Failed,
}

impl Phase {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Mining => "MINING",
            Self::MinedSuccess => "MINED_SUCCESS",
            Self::MinedFail => "MINED_FAIL",
            Self::Failed => "FAILED",
        }
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        [Self::Pending, Self::Mining, Self::MinedSuccess, Self::MinedFail, Self::Failed]
            .into_iter()
            .find(|phase| phase.as_str() == text)
    }
}

/// When a mined operation counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatusMode {
    /// When the node says that it is confirmed.
    #[default]
    Confirmed,
    /// As soon as it is mined.
    #[doc(alias = "fast-block")]
    FastBlock,
}

/// How far a supertransaction is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The phase of the whole.
    pub phase: Phase,
    /// Whether it changes no more.
    pub is_final: bool,
    /// The operation that decided, counted from 0 without payment and clean-ups.
    pub operation: Option<usize>,
    /// The node's words on that operation, or ours.
    pub message: String,
}

/// How far a supertransaction is, by its operations without the payment. Clean-ups do not count.
#[must_use]
pub fn progress(user_ops: &[ExecutedOp], mode: StatusMode) -> Progress {
    let own: Vec<&ExecutedOp> = user_ops.iter().filter(|op| !op.is_clean_up()).collect();
    let counts = |op: &ExecutedOp| mode == StatusMode::FastBlock || op.is_confirmed.unwrap_or_default();
    let is = |phase: Phase| move |op: &&ExecutedOp| op.execution_status == Some(phase);
    let find = |matches: &dyn Fn(&&ExecutedOp) -> bool| own.iter().position(matches);
    let decided = |phase, is_final, operation: usize, usual: &str| {
        let words = own.get(operation).map_or("", |op| op.execution_error.as_str());
        let message = format!("[{operation}] {}", if words.is_empty() { usual } else { words });
        Progress { phase, is_final, operation: Some(operation), message }
    };
    if let Some(index) = find(&is(Phase::Failed)) {
        return decided(Phase::Failed, true, index, "Transaction failed off-chain");
    }
    if let (Some(index), Some(_)) = (find(&is(Phase::MinedFail)), find(&|op| is(Phase::MinedFail)(op) && counts(op))) {
        return decided(Phase::MinedFail, true, index, "Transaction failed on-chain");
    }
    if let Some(index) = find(&is(Phase::Mining)) {
        return decided(Phase::Mining, false, index, "Transaction is mining, waiting for blockchain confirmation");
    }
    if let Some(index) = find(&is(Phase::Pending)) {
        return decided(Phase::Pending, false, index, "Transaction is pending, waiting for conditions to be met");
    }
    if !own.is_empty() && own.iter().all(|op| is(Phase::MinedSuccess)(op) && counts(op)) {
        return decided(Phase::MinedSuccess, true, 0, "Transaction executed successfully");
    }
    Progress { phase: Phase::Pending, is_final: false, operation: None, message: String::new() }
}
