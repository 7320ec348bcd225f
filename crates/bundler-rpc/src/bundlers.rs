use alloy_primitives::B256;
use tracing::Instrument;

use crate::submit::{is_nonce_error, submit, wait, wait_resending};
use crate::{BundlerClient, BundlerError, Deadline, Fees, SignedOperation, UserOperationReceipt};

/// One bundler or several in order: the first is asked first, the others when it cannot or will not serve.
///
/// All get the same bytes, and the entry point takes a nonce once: whatever they do, an operation is executed at most
/// once. Waits ask all of them.
///
/// ```no_run
/// use std::time::Duration;
/// use bundler_rpc::{BundlerClient, Bundlers, Deadline, SignedOperation};
///
/// # async fn example(operation: SignedOperation) -> Result<(), Box<dyn std::error::Error>> {
/// let bundlers = Bundlers::new([
///     BundlerClient::http("http://127.0.0.1:4337")?,
///     BundlerClient::http("http://127.0.0.1:4338")?,
/// ]);
/// let receipt = bundlers.execute(&operation, Deadline::after(Duration::from_secs(60))).await?.require_success()?;
/// println!("mined in {}", receipt.transaction_hash());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Bundlers {
    clients: Vec<BundlerClient>,
}

impl From<BundlerClient> for Bundlers {
    fn from(client: BundlerClient) -> Self {
        Self::new([client])
    }
}

impl Bundlers {
    /// The bundlers in the order in which they are to be asked.
    #[must_use]
    pub fn new(clients: impl IntoIterator<Item = BundlerClient>) -> Self {
        Self { clients: clients.into_iter().collect() }
    }

    /// The bundlers.
    #[must_use]
    pub fn clients(&self) -> &[BundlerClient] {
        &self.clients
    }

    /// Sends an operation until a bundler has it: see [`BundlerClient::submit`].
    ///
    /// # Errors
    /// When it is refused, or the deadline passes first.
    pub async fn submit(&self, operation: &SignedOperation, deadline: Deadline) -> Result<B256, BundlerError> {
        submit(&self.clients, operation, deadline).instrument(span(operation, "submit")).await
    }

    /// Waits for the receipt of an operation: see [`BundlerClient::wait`].
    ///
    /// # Errors
    /// When the deadline passes, or no bundler has it any more.
    pub async fn wait(&self, hash: B256, deadline: Deadline) -> Result<UserOperationReceipt, BundlerError> {
        wait(&self.clients, vec![hash], deadline).await
    }

    /// Sends an operation and waits for its receipt: see [`BundlerClient::execute`].
    ///
    /// # Errors
    /// When it is refused, its nonce is used by another one, or the deadline passes.
    pub async fn execute(
        &self,
        operation: &SignedOperation,
        deadline: Deadline,
    ) -> Result<UserOperationReceipt, BundlerError> {
        execute(&self.clients, operation, deadline).await
    }

    /// Replaces pending operations and waits for whichever is mined: see [`BundlerClient::replace`].
    ///
    /// # Errors
    /// As [`BundlerClient::replace`].
    pub async fn replace(
        &self,
        pending: &[SignedOperation],
        replacement: &SignedOperation,
        deadline: Deadline,
    ) -> Result<UserOperationReceipt, BundlerError> {
        replace(&self.clients, pending, replacement, deadline).await
    }
}

impl BundlerClient {
    /// Sends an operation until the bundler has it, at most until the deadline.
    ///
    /// An answer that is lost leads to a look-up by the operation's hash, and only then are the same bytes sent again:
    /// the entry point takes a nonce once, so they are executed at most once. "Already known" is success. Dropping the
    /// future ends it; what was sent by then is found by [`SignedOperation::hash`].
    ///
    /// # Errors
    /// When the bundler refuses the operation, or the deadline passes first.
    pub async fn submit(&self, operation: &SignedOperation, deadline: Deadline) -> Result<B256, BundlerError> {
        submit(std::slice::from_ref(self), operation, deadline).instrument(span(operation, "submit")).await
    }

    /// Waits for the receipt of an operation, at most until the deadline.
    ///
    /// All waits of a client and its clones share one loop that asks for many receipts in one request. Failures of the
    /// server are tolerated until the deadline. Dropping the future ends it. Must run within tokio.
    ///
    /// # Errors
    /// When the deadline passes, the bundler says (by its status method, see [`Polling`](crate::Polling)) that it
    /// dropped the operation, or it does not serve receipts.
    #[doc(alias = "waitForConfirmedUserOperationReceipt")]
    #[doc(alias = "waitForUserOperationReceipt")]
    pub async fn wait(&self, hash: B256, deadline: Deadline) -> Result<UserOperationReceipt, BundlerError> {
        wait(std::slice::from_ref(self), vec![hash], deadline).await
    }

    /// Sends an operation and waits for its receipt, at most until the deadline: [`submit`](Self::submit), then
    /// [`wait`](Self::wait), and the same bytes again when the bundler has lost or dropped them meanwhile.
    ///
    /// A receipt says that the operation was mined, not that its calls went through: see
    /// [`UserOperationReceipt::require_success`].
    ///
    /// # Errors
    /// When the bundler refuses the operation, its nonce is used by another one, or the deadline passes.
    pub async fn execute(
        &self,
        operation: &SignedOperation,
        deadline: Deadline,
    ) -> Result<UserOperationReceipt, BundlerError> {
        execute(std::slice::from_ref(self), operation, deadline).await
    }

    /// Sends an operation in the place of pending ones with the same nonce, and waits for whichever is mined: the
    /// receipt's hash tells. It may well be one of those that were to be replaced.
    ///
    /// # Errors
    /// When the operations differ in sender, nonce, entry point or chain, when not both fees are at least 10 % above
    /// each pending operation's, when the bundler refuses the replacement for another reason than that the nonce is
    /// used, or when the deadline passes.
    pub async fn replace(
        &self,
        pending: &[SignedOperation],
        replacement: &SignedOperation,
        deadline: Deadline,
    ) -> Result<UserOperationReceipt, BundlerError> {
        replace(std::slice::from_ref(self), pending, replacement, deadline).await
    }
}

async fn execute(
    clients: &[BundlerClient],
    operation: &SignedOperation,
    deadline: Deadline,
) -> Result<UserOperationReceipt, BundlerError> {
    let work = async {
        let hash = submit(clients, operation, deadline).await?;
        wait_resending(clients, operation, &[], deadline).await.map_err(|error| error.of_unsettled(hash))
    };
    work.instrument(span(operation, "execute")).await
}

async fn replace(
    clients: &[BundlerClient],
    pending: &[SignedOperation],
    replacement: &SignedOperation,
    deadline: Deadline,
) -> Result<UserOperationReceipt, BundlerError> {
    for pending in pending {
        check_replacement(pending, replacement)
            .map_err(|reason| BundlerError::Request { method: "eth_sendUserOperation".into(), reason })?;
    }
    let replaced: Vec<_> = pending.iter().map(SignedOperation::hash).collect();
    let work = async {
        match submit(clients, replacement, deadline).await {
            Ok(_) => {}
            // One of those to be replaced is mined, or about to be.
            Err(error) if is_nonce_error(&error) => {}
            // What was to be replaced may be mined as before.
            Err(error) => return Err(error.of_unsettled(replaced.last().copied().unwrap_or(replacement.hash()))),
        }
        let receipt = wait_resending(clients, replacement, &replaced, deadline).await;
        receipt.map_err(|error| error.of_unsettled(replacement.hash()))
    };
    work.instrument(span(replacement, "replace")).await
}

/// Whether a bundler would let `replacement` take the place of `pending`.
fn check_replacement(pending: &SignedOperation, replacement: &SignedOperation) -> Result<(), String> {
    let place = |signed: &SignedOperation| {
        let operation = signed.operation();
        (operation.sender, operation.nonce, signed.entry_point(), signed.chain_id())
    };
    if place(pending) != place(replacement) {
        return Err("a replacement has the sender, nonce, entry point and chain of what it replaces".to_owned());
    }
    let least = Fees::of(pending.operation()).bumped();
    let fees = Fees::of(replacement.operation());
    if fees.max_fee_per_gas < least.max_fee_per_gas || fees.max_priority_fee_per_gas < least.max_priority_fee_per_gas {
        return Err(format!("a replacement needs fees of at least {least:?}, has {fees:?}"));
    }
    Ok(())
}

fn span(operation: &SignedOperation, doing: &'static str) -> tracing::Span {
    // The nonce's key is the lane that a sender's operations queue in.
    let lane = operation.operation().nonce >> 64;
    tracing::debug_span!("operation", doing, hash = %operation.hash(), lane = %format_args!("{lane:#x}"))
}
