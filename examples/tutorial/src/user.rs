//! The user's part: a process that holds a stored session and the session key.

use alloy_signer_local::PrivateKeySigner;
use anyhow::Context as _;
use smart_sessions::userop::Call;
use smart_sessions::userop::account::{Nexus, nexus::NexusDeployment};
use smart_sessions::{Chain, Error, Grant, SessionClient};

use crate::attempt::{Answer, Attempt, Check};

/// Makes the call and prints what came of it.
pub(crate) async fn run(attempt: &Attempt) -> anyhow::Result<bool> {
    let key = std::env::var("SESSION_KEY").context("SESSION_KEY is not set")?;
    // The text itself must not appear in an error.
    let key: PrivateKeySigner = key.parse().map_err(|_| anyhow::anyhow!("SESSION_KEY is not a private key"))?;
    let text = std::fs::read_to_string(&attempt.session)
        .with_context(|| format!("cannot read the session from {}", attempt.session.display()))?;

    let chain = Chain::http(&attempt.rpc_url, &attempt.bundler_url, attempt.generation.deployment()).await?;
    let grant = Grant::from_text(&text, chain.chain_id())?;
    // Any Nexus of the 1.x line has the same nonce layout and execution call data.
    let account = Nexus::at(NexusDeployment::V1_0_0, grant.account);
    let mut session = SessionClient::new(chain, account, grant, key)?;
    let call = Call::new(attempt.target, attempt.data.clone());
    let outcome = match attempt.check {
        Check::LocalAndChain => session.use_permission(&[call]).await,
        Check::ChainOnly => {
            session = session.without_preflight();
            session.use_enabled(&[call]).await
        }
    };
    println!("{}", serde_json::to_string(&answer(outcome))?);
    Ok(true)
}

fn answer(outcome: Result<smart_sessions::bundler::UserOperationReceipt, Error>) -> Answer {
    match outcome {
        Ok(receipt) => Answer::Mined { operation: receipt.user_op_hash, gas_used: receipt.actual_gas_used },
        Err(Error::NotPermitted(refusal)) => Answer::NotPermitted { text: refusal.to_string() },
        Err(Error::Refused(refusal)) => {
            Answer::Refused { limit: refusal.limit.map(|limit| limit.to_string()), text: refusal.to_string() }
        }
        Err(error) => Answer::Failed { text: error.to_string() },
    }
}
