//! The wallet: it needs no network, since a plan holds everything that is signed.

use std::io::Write as _;
use std::path::Path;

use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context as _, ensure};
use smart_sessions::GrantPlan;
use smart_sessions::policy::Severity;

/// Shows a plan and asks; prints a signature, and nothing else, on the standard output.
pub(crate) fn run(file: &Path, key: &PrivateKeySigner) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let plan = GrantPlan::from_text(&text)?;
    ensure!(plan.owner().is_none_or(|owner| owner == key.address()), "the plan is for another owner");

    // Everything that is shown comes from the bytes that are signed; what the application says about itself does not count.
    let explanation = plan.explanation();
    eprintln!("An application asks for this permission:\n\n{explanation}");
    let word = match explanation.worst() {
        Some(Severity::Critical) => "I can lose this account",
        _ => "yes",
    };
    eprint!("Type `{word}` to sign: ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    ensure!(answer.trim() == word, "not signed");

    // The same as `plan.sign(…)`, which gives the grants; here the application makes them of the signature.
    let signature = key.sign_message_sync(plan.digest().as_slice())?;
    println!("{signature}");
    Ok(())
}
