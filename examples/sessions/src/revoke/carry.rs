//! A plan carried out with the owner's key.

use std::path::Path;

use alloy_primitives::{Address, hex};
use alloy_signer_local::PrivateKeySigner;
use serde_json::{Value, json};
use smart_sessions::session::{Deployment, PermissionId};
use smart_sessions::{Chain, ChainReader, ChainRevocation, Error, StepOutcome, StepReport};

use super::account::{self, Found};
use super::{Plans, all_nodes, confirm, of_grants, of_session, with_all};
use crate::Failure;
use crate::arguments::Revoke;
use crate::chains::{self, Node};
use crate::output::Report;

pub(super) async fn run(part: &Revoke, as_json: bool) -> Result<Report, Failure> {
    let Some(key_file) = &part.owner_key_file else { return Err(Failure::input("no key was given", "give one")) };
    let signer = key(key_file)?;
    let nodes = all_nodes(part).await?;
    let chain_ids: Vec<_> = nodes.iter().map(|node| node.chain_id).collect();
    let mut plans = of_grants(part, &chain_ids)?;
    with_all(part, &mut plans, &nodes).await?;
    if let Some(permission) = part.permission {
        for node in &nodes {
            plans = with_session(part, plans, node, permission).await?;
        }
    }
    let chains = connect(part, &nodes, &plans).await?;
    let mut accounts = Vec::<(Found, &Chain, usize)>::new();
    for (place, (deployment, plan)) in plans.plans().enumerate() {
        let mut keys: Vec<(u64, Address)> = plan.steps().iter().map(|step| (step.chain_id, step.account)).collect();
        keys.sort_unstable();
        keys.dedup();
        for (chain_id, address) in keys {
            let is_its =
                |chain: &&Chain| chain.chain_id() == chain_id && chain.deployment().module == deployment.module;
            let chain = chains.iter().find(is_its).ok_or_else(|| {
                let remedy = "give its node by --rpc-url and its bundler by --bundler-url";
                Failure::input(format!("the plan is for chain {chain_id}, of which no connection was given"), remedy)
            })?;
            accounts.push((account::find(part, chain.node(), address).await?, chain, place));
        }
    }
    confirm(part, &plans, as_json)?;

    let all: Vec<_> = plans.plans().collect();
    let (mut shown, mut failed) = (Vec::new(), Vec::new());
    for (account, chain, place) in accounts {
        let Some((_, plan)) = all.get(place) else { continue };
        let report = account.carry_out(chain.clone(), signer.clone(), plan).await;
        failed.extend(report.steps.iter().filter_map(|step| match &step.outcome {
            StepOutcome::Failed(error) => Some(matches!(**error, Error::Network(_))),
            _ => None,
        }));
        shown.push(show(&account, &report));
    }
    let kind = if failed.is_empty() { "revoked" } else { "partly revoked" };
    let mut document = json!({ "kind": kind });
    if as_json {
        document["plan"] = plans.explain();
        document["notes"] = plans.notes();
    }
    document["accounts"] = shown.into();
    let exit = match (failed.is_empty(), failed.iter().all(|network| *network)) {
        (true, _) => 0,
        (false, true) => 4,
        (false, false) => 1,
    };
    Ok(Report::new(document).with_exit(exit))
}

/// The steps for `--permission`. Signatures are cancelled where the session is enabled, or when it is asked for.
async fn with_session(part: &Revoke, mut plans: Plans, node: &Node, id: PermissionId) -> Result<Plans, Failure> {
    let missing = |what: &str, option: &str| {
        Failure::input(format!("{what} of permission {id} is not known"), format!("give it by {option}"))
    };
    let account = part.account.ok_or_else(|| missing("the account", "--account"))?;
    let deployment = part.generation.ok_or_else(|| missing("the generation", "--generation"))?.deployment();
    let reader = ChainReader::connect(node.client.clone(), deployment).await.map_err(chains::of_error)?;
    let grant = smart_sessions::Grant {
        account,
        chain_id: node.chain_id,
        permission_id: id,
        session: None,
        enable: None,
        description: None,
    };
    let status = reader.status(&grant).await.map_err(chains::of_error)?;
    let whole = part.actions.is_empty() && part.policies.is_empty();
    plans.add(deployment, |plan| {
        let plan = of_session(part, plan, (node.chain_id, account, id));
        if part.signatures || (whole && status.is_enabled) {
            return plan.cancel_signatures(node.chain_id, account, id, status.enable_nonce);
        }
        plan
    });
    Ok(plans)
}

/// A connection for each chain and generation that the plan names.
async fn connect(part: &Revoke, nodes: &[Node], plans: &Plans) -> Result<Vec<Chain>, Failure> {
    let bundlers = chains::bundlers(&part.bundler_urls).await?;
    let mut chains = Vec::new();
    for (deployment, plan) in plans.plans() {
        for chain_id in plan.chains() {
            let Some(node) = nodes.iter().find(|node| node.chain_id == chain_id) else { continue };
            let Some((_, bundler)) = bundlers.iter().find(|(id, _)| *id == chain_id) else { continue };
            let deployment: Deployment = *deployment;
            let chain = Chain::connect(node.client.clone(), bundler.clone(), deployment).await;
            chains.push(chain.map_err(chains::of_error)?);
        }
    }
    Ok(chains)
}

/// Reads a private key. Neither the key nor the file's text is ever shown.
fn key(path: &Path) -> Result<PrivateKeySigner, Failure> {
    let remedy = "give a file with the private key as 0x and 64 digits";
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::input(format!("cannot read {}: {error}", path.display()), remedy))?;
    let bytes = hex::decode(text.trim()).ok();
    let signer = bytes.and_then(|bytes| PrivateKeySigner::from_slice(&bytes).ok());
    signer.ok_or_else(|| Failure::input(format!("{} holds no private key", path.display()), remedy))
}

fn show(account: &Found, report: &ChainRevocation) -> Value {
    let receipt = report.receipt.as_deref();
    json!({
        "kind": "account",
        "chainId": report.chain_id,
        "account": report.account,
        "accountKind": account.kind.name(),
        "accountId": account.id,
        "operation": receipt.map(|receipt| receipt.user_op_hash),
        "sent": receipt.is_some(),
        "steps": report.steps.iter().map(step).collect::<Value>(),
    })
}

fn step(report: &StepReport) -> Value {
    let (tone, came) = match &report.outcome {
        StepOutcome::AlreadySo => ("plain", "it was so already".to_owned()),
        StepOutcome::Done { .. } => ("done", "done, as the chain shows".to_owned()),
        StepOutcome::Failed(error) => ("failed", format!("failed: {error}")),
        _ => ("plain", report.outcome.code().to_owned()),
    };
    json!({
        "tone": tone,
        "text": format!("{}: {came}", report.step),
        "step": report.step.revocation.code(),
        "permissionId": report.step.permission_id,
        "outcome": report.outcome.code(),
    })
}
