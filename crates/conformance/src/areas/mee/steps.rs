//! The calls that go over the network.

use alloy_primitives::B256;
use anyhow::{Context as _, bail, ensure};
use mee_client::fusion::{FusionOptions, FusionQuote, OwnerStart, SignedFusionQuote, Start};
use mee_client::quote::{Payer, SessionUse, UseMode};
use mee_client::session::{
    EnableOnChain, EnabledPermissions, GrantOptions, OwnFeeTokenLimits, PrepareOptions, Prepared, SessionActions,
    SessionQuote, SessionQuoteOptions, SignedSessionQuote, StartedQuote, UsePermission,
};
use mee_client::status::{Receipt, Wait};
use mee_client::wire::{SessionDetails, SignedQuote};
use mee_client::{MeeClient, VerifiedQuote};
use serde_json::{Value, json};
use session_types::{PermissionId, SmartSessionMode};

use super::arguments::{chain_actions, fee_token, groups, instruction, options, payment, trigger};
use super::json::{amount, list, member, object, optional, parse, small, without_bigints};
use super::replay::Replay;

/// What a step gave.
pub(super) enum Outcome {
    /// It failed.
    Failed,
    /// It was compared already.
    Compared,
    /// Something that JSON says all about.
    Json(Value),
    Quote(Box<VerifiedQuote>),
    Signed(Box<SignedQuote>),
    Fusion(Box<FusionQuote>),
    SignedFusion(Box<SignedFusionQuote>),
    Prepared(Option<Prepared>),
    Details(Vec<SessionDetails>),
    Session(Option<Box<SessionQuote>>),
    Receipt(Box<Receipt>),
    Enabled(EnabledPermissions),
}

impl Outcome {
    /// The outcome as the recorded result has it.
    pub(super) fn check(&self, replay: &Replay, step: &Value) -> anyhow::Result<()> {
        let recorded = member(step, "result")?;
        let seen = match self {
            Self::Failed => bail!("it failed"),
            Self::Compared => return Ok(()),
            Self::Json(value) => value.clone(),
            Self::Quote(verified) => serde_json::to_value(verified.quote())?,
            Self::Signed(signed) => serde_json::to_value(signed)?,
            Self::Fusion(fusion) => fusion_json(fusion, recorded)?,
            Self::SignedFusion(signed) => serde_json::to_value(&signed.signed)?,
            Self::Prepared(None) | Self::Session(None) => json!({ "$undefined": true }),
            Self::Prepared(Some(prepared)) => match &prepared.session_details {
                Some(details) => json!({ "hash": prepared.hash, "sessionDetails": details }),
                None => json!({ "hash": prepared.hash }),
            },
            Self::Details(details) => serde_json::to_value(details)?,
            Self::Session(Some(quote)) => session_json(quote, recorded)?,
            Self::Receipt(receipt) => return check_receipt(receipt, recorded),
            Self::Enabled(enabled) => return check_enabled(enabled, step),
        };
        replay.same(&seen, recorded)
    }
}

fn fusion_json(fusion: &FusionQuote, recorded: &Value) -> anyhow::Result<Value> {
    // A call trigger is given back as it was passed.
    let trigger = match &fusion.info {
        Some(info) => serde_json::to_value(info)?,
        None => without_bigints(member(recorded, "trigger")?),
    };
    Ok(json!({ "quote": fusion.verified.quote(), "trigger": trigger }))
}

fn session_json(quote: &SessionQuote, recorded: &Value) -> anyhow::Result<Value> {
    let content = match &quote.quote {
        StartedQuote::Simple(verified) => serde_json::to_value(verified.quote())?,
        StartedQuote::Fusion(fusion) => fusion_json(fusion, member(recorded, "quote")?)?,
        _ => bail!("an unknown kind of quote"),
    };
    let mut seen = json!({ "quoteType": quote.quote.quote_type(), "quote": content });
    if let Some(details) = &quote.session_details {
        seen["sessionDetails"] = serde_json::to_value(details)?;
    }
    Ok(seen)
}

fn check_receipt(receipt: &Receipt, recorded: &Value) -> anyhow::Result<()> {
    let progress = &receipt.progress;
    let seen = json!({
        "transactionStatus": progress.phase.as_str(),
        "isFinalised": progress.is_final,
        "message": progress.message,
        "hash": receipt.report.hash(),
    });
    for (name, seen) in object(&seen)? {
        ensure!(*seen == recorded[name], "{name}: expected {}, saw {seen}", recorded[name]);
    }
    let mut report = receipt.report.raw().clone();
    let user_ops = report.get("userOps").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let without_payment: Vec<_> = user_ops.iter().skip(1).cloned().collect();
    report.insert("userOps".to_owned(), without_payment.into());
    for (name, seen) in &report {
        super::json::same(seen, &recorded[name]).map_err(|error| anyhow::anyhow!("{name}{error}"))?;
    }
    check_links(receipt, recorded)?;
    let hash = |receipt: &Value| receipt["transactionHash"].clone();
    let expected = recorded["receipts"].as_array().map(|list| list.iter().map(hash).collect::<Vec<_>>());
    let seen = receipt.receipts.as_ref().map(|list| list.iter().map(hash).collect::<Vec<_>>());
    ensure!(seen == expected, "receipts: expected {expected:?}, saw {seen:?}");
    Ok(())
}

/// The recorded links to supertransaction and chain explorers; those to a third kind of explorer are not made here.
fn check_links(receipt: &Receipt, recorded: &Value) -> anyhow::Result<()> {
    let recorded: Vec<&str> = list(recorded, "explorerLinks")?.iter().filter_map(Value::as_str).collect();
    let of_chain = |chain_id| match chain_id {
        8453 => Some("https://basescan.org".to_owned()),
        10 => Some("https://optimistic.etherscan.io/".to_owned()),
        _ => None,
    };
    for link in receipt.report.links("https://meescan.biconomy.io/", of_chain) {
        ensure!(recorded.contains(&link.as_str()), "link {link} is not among {recorded:?}");
    }
    Ok(())
}

/// Permissions that share an id have an answer for each chain; the recording kept the last one only.
fn check_enabled(enabled: &EnabledPermissions, step: &Value) -> anyhow::Result<()> {
    let asked = match step["params"].get("permissions") {
        Some(_) => list(&step["params"], "permissions")?.len(),
        None => enabled.values().map(|chains| chains.len()).sum(),
    };
    let seen: usize = enabled.values().map(|chains| chains.len()).sum();
    ensure!(seen == asked, "expected {asked} answers, saw {seen}");
    for (id, chains) in object(member(step, "result")?)? {
        let answers = enabled.get(&PermissionId(id.parse()?)).with_context(|| format!("no answer for {id}"))?;
        for (chain_id, expected) in object(chains)? {
            let seen = answers.get(&chain_id.parse()?).copied();
            ensure!(seen == expected.as_bool(), "{id} on {chain_id}: expected {expected}, saw {seen:?}");
        }
    }
    Ok(())
}

pub(super) async fn run(replay: &mut Replay, step: &Value) -> anyhow::Result<Outcome> {
    let action = member(step, "action")?.as_str().context("no action")?.to_owned();
    let params = arguments(replay, step)?;
    if action == "createMeeClient" {
        let key = if params["apiKey"].is_null() && params.get("apiKey").is_some() { "" } else { "key" };
        let client = replay.new_client(0, key)?;
        client.check_chains().await?;
        replay.clients.push(client);
        return Ok(Outcome::Compared);
    }
    let client = replay.clients.last().context("no client")?.clone();
    let sessions = client.sessions();
    Ok(match action.as_str() {
        "getGasToken" => Outcome::Json(serde_json::to_value(client.gas_tokens(small(&params, "chainId")?).await?)?),
        "getSupportedFeeToken" => {
            let chain_id = small(&params, "chainId")?;
            let tokens = client.gas_tokens(chain_id).await?;
            let mut answer = json!({ "isArbitraryFeeTokensSupported": tokens.is_arbitrary_fee_tokens_supported });
            if let Some(token) = client.info().await?.payment_token(chain_id, parse(&params, "tokenAddress")?) {
                answer["supportedFeeToken"] = serde_json::to_value(token)?;
            }
            Outcome::Json(answer)
        }
        "getQuote" => Outcome::Quote(Box::new(client.quote(options(&params)?).await?)),
        "signQuote" => Outcome::Signed(Box::new(client.sign_quote(last_quote(replay)?.clone()).await?)),
        "executeSignedQuote" => {
            let signed = replay.outcomes.iter().rev().find_map(|outcome| match outcome {
                Outcome::Signed(signed) => Some(signed),
                _ => None,
            });
            hash(client.execute(signed.context("nothing signed")?).await?.hash)
        }
        "waitForSupertransactionReceipt" => {
            Outcome::Receipt(Box::new(client.wait(parse(&params, "hash")?, wait(&params)).await?))
        }
        "getSupertransactionReceipt" => {
            Outcome::Receipt(Box::new(client.receipt(parse(&params, "hash")?, wait(&params)).await?))
        }
        "getFusionQuote" => Outcome::Fusion(Box::new(client.fusion_quote(fusion(&params)?).await?)),
        "signFusionQuote" => Outcome::SignedFusion(Box::new(sign_fusion(replay, &client, &params).await?)),
        "executeFusionQuote" => hash(client.start_fusion(last_fusion(replay)?).await?.hash),
        "prepareForPermissions" => Outcome::Prepared(sessions.prepare_for_permissions(preparation(&params)?).await?),
        "grantPermissionTypedDataSign" => {
            Outcome::Details(sessions.grant_permission_typed_data_sign(grant(&params)?).await?)
        }
        "grantPermissionPersonalSign" => {
            Outcome::Details(sessions.grant_permission_personal_sign(grant(&params)?).await?)
        }
        "usePermission" => hash(use_permission(replay, &sessions, &params).await?),
        "isPermissionEnabled" => {
            let id = PermissionId(parse(&params, "permissionId")?);
            Outcome::Json(sessions.is_permission_enabled(id, small(&params, "chainId")?).await?.into())
        }
        "checkEnabledPermissions" => Outcome::Enabled(match params.get("permissions") {
            Some(_) => {
                let one = |value: &Value| Ok((PermissionId(parse(value, "permissionId")?), small(value, "chainId")?));
                let permissions = list(&params, "permissions")?.iter().map(one);
                sessions.check_permissions(permissions.collect::<anyhow::Result<Vec<_>>>()?).await?
            }
            None => sessions.check_enabled_permissions(granted(replay)?).await?,
        }),
        "getSessionQuote" => {
            let options = session_quote(replay, step, &params)?;
            Outcome::Session(sessions.session_quote(options).await?.map(Box::new))
        }
        "signSessionQuote" => match sessions.sign_session_quote(last_session_quote(replay)?).await? {
            SignedSessionQuote::Simple(signed) => Outcome::Signed(signed),
            SignedSessionQuote::Fusion(signed) => Outcome::SignedFusion(signed),
            _ => bail!("an unknown kind of signature"),
        },
        "executeSessionQuote" => hash(sessions.execute_session_quote(last_session_quote(replay)?).await?.hash),
        other => bail!("unknown action {other}"),
    })
}

fn hash(hash: B256) -> Outcome {
    Outcome::Json(json!({ "hash": hash }))
}

/// The arguments of a step; where the recording has words only, those of the step they speak of.
fn arguments(replay: &Replay, step: &Value) -> anyhow::Result<Value> {
    let own = without_bigints(member(step, "params")?);
    let action = &step["action"];
    let earlier = |index: usize| {
        let same: Vec<_> = replay.steps.iter().filter(|other| other["action"] == *action).collect();
        same.get(index).map(|step| without_bigints(&step["params"])).context("no earlier step")
    };
    let note = own["note"].as_str().unwrap_or_default();
    let mut params = match note {
        "same with batch:true: the widest window and biggest retry delay win" => {
            let mut params = earlier(0)?;
            params["batch"] = true.into();
            params
        }
        "upper <= lower in a batch" => {
            let mut params = earlier(0)?;
            params["batch"] = true.into();
            for instruction in params["instructions"].as_array_mut().into_iter().flatten() {
                instruction["lowerBoundTimestamp"] = 2000.into();
                instruction["upperBoundTimestamp"] = 2000.into();
            }
            params
        }
        "sponsor refuses" => earlier(0)?,
        "chain without deployment" if *action == "grantPermissionPersonalSign" => {
            let mut params = earlier(0)?;
            params["actions"][0]["chainId"] = 1135.into();
            params
        }
        "session details miss a chain" | "ENABLE_AND_USE with details already in USE mode" => {
            let mut params = earlier(0)?;
            params["mode"] = own.get("mode").cloned().unwrap_or_else(|| "ENABLE_AND_USE".into());
            params
        }
        "missing redeemer" | "no actions" | "chain without deployment" if *action == "getSessionQuote" => {
            let mut params = earlier(1)?;
            match note {
                "missing redeemer" => params["enableSession"]["redeemer"] = Value::Null,
                "no actions" => params["enableSession"]["actions"] = json!([]),
                _ => params["enableSession"]["actions"][0][0]["chainId"] = 1135.into(),
            }
            params
        }
        "USE with an ENABLE session detail" => {
            let uses = replay.steps.iter().find(|step| step["params"]["mode"] == "USE").context("no use")?;
            without_bigints(&uses["params"])
        }
        _ => own.clone(),
    };
    if let Some(note) = own.get("note")
        && params.is_object()
    {
        params["note"] = note.clone();
    }
    Ok(params)
}

fn last_quote(replay: &Replay) -> anyhow::Result<&VerifiedQuote> {
    let quote = replay.outcomes.iter().rev().find_map(|outcome| match outcome {
        Outcome::Quote(quote) => Some(quote.as_ref()),
        _ => None,
    });
    quote.context("no quote")
}

pub(super) fn last_fusion(replay: &Replay) -> anyhow::Result<&FusionQuote> {
    let quote = replay.outcomes.iter().rev().find_map(|outcome| match outcome {
        Outcome::Fusion(quote) => Some(quote.as_ref()),
        _ => None,
    });
    quote.context("no fusion quote")
}

fn last_session_quote(replay: &Replay) -> anyhow::Result<&SessionQuote> {
    let quote = replay.outcomes.iter().rev().find_map(|outcome| match outcome {
        Outcome::Session(Some(quote)) => Some(quote.as_ref()),
        _ => None,
    });
    quote.context("no session quote")
}

fn granted(replay: &Replay) -> anyhow::Result<&[SessionDetails]> {
    let details = replay.outcomes.iter().rev().find_map(|outcome| match outcome {
        Outcome::Details(details) => Some(details.as_slice()),
        _ => None,
    });
    details.context("nothing granted")
}

fn wait(params: &Value) -> Wait {
    let wait = if params["mode"] == "fast-block" { Wait::default().fast_block() } else { Wait::default() };
    if params["waitForReceipts"] == false { wait.without_receipts() } else { wait }
}

fn fusion(params: &Value) -> anyhow::Result<FusionOptions> {
    let fusion = FusionOptions::new(options(params)?, trigger(member(params, "trigger")?)?);
    let start = match (optional(params, "safeAccount")?, params.get("delegatorSmartAccount")) {
        (Some(safe), _) => Start::Safe(safe),
        (None, Some(delegator)) => Start::Delegator(parse(delegator, "address")?),
        (None, None) => Start::Owner(OwnerStart::PermitOrTransaction),
    };
    Ok(fusion.starting_by(start))
}

async fn sign_fusion(replay: &Replay, client: &MeeClient, params: &Value) -> anyhow::Result<SignedFusionQuote> {
    let quote = last_fusion(replay)?;
    let Some(delegator) = params.get("delegatorSmartAccount") else {
        return Ok(client.sign_fusion_quote(quote).await?);
    };
    let terms = client.delegation_terms(quote, parse(delegator, "exactExecutionEnforcer")?)?;
    let signature: alloy_primitives::Bytes = parse(params, "delegationSignature")?;
    Ok(client.sign_by_delegation(quote, &terms.signed(signature))?)
}

fn preparation(params: &Value) -> anyhow::Result<PrepareOptions> {
    let mut prepare = PrepareOptions::new(payment(params)?);
    prepare.options = options(params)?;
    prepare.start = OwnerStart::PermitOrTransaction;
    if params.get("additionalInstructions").is_some() {
        prepare.even_if_empty = true;
        let further = list(params, "additionalInstructions")?.iter().map(instruction);
        prepare = prepare.with_instructions(further.collect::<anyhow::Result<Vec<_>>>()?);
    }
    let enable = match params.get("enableSession") {
        Some(enable) => Some(enable),
        None => params.get("redeemer").map(|_| params),
    };
    prepare.enable = enable.map(enabling).transpose()?;
    prepare.trigger = params.get("trigger").map(trigger).transpose()?;
    Ok(prepare)
}

fn enabling(value: &Value) -> anyhow::Result<EnableOnChain> {
    let mut enable = EnableOnChain::new(parse(value, "redeemer")?, groups(member(value, "actions")?)?);
    enable.max_payment_amount = amount(value, "maxPaymentAmount")?;
    enable.batch_actions = value.get("batchActions").and_then(Value::as_bool).unwrap_or(true);
    Ok(enable.with_own_fee_token_limits(OwnFeeTokenLimits::Raise))
}

/// The recorded client raises limits on the fee token without asking; ours is told to.
fn grant(params: &Value) -> anyhow::Result<GrantOptions> {
    let mut grant = GrantOptions::new(parse(params, "redeemer")?, chain_actions(member(params, "actions")?)?);
    grant.fee_token = fee_token(params)?;
    grant.max_payment_amount = amount(params, "maxPaymentAmount")?;
    Ok(grant.with_own_fee_token_limits(OwnFeeTokenLimits::Raise))
}

async fn use_permission(replay: &Replay, sessions: &SessionActions, params: &Value) -> anyhow::Result<B256> {
    let mode = use_mode(params)?;
    let mut details = granted(replay)?.to_vec();
    match params["note"].as_str().unwrap_or_default() {
        "session details miss a chain" => details.truncate(1),
        "ENABLE_AND_USE with details already in USE mode" => {
            details = details.iter().map(|details| details.in_mode(SmartSessionMode::Use)).collect();
        }
        _ => {}
    }
    let options = options(params)?;
    let mut usage = UsePermission::new(details, mode, options.instructions, options.payment);
    usage.batch = options.batch;
    usage.verification_gas_limit = options.verification_gas_limit;
    usage.simulation = options.simulation;
    Ok(sessions.use_permission(usage).await?.hash)
}

fn use_mode(params: &Value) -> anyhow::Result<UseMode> {
    match params["mode"].as_str() {
        Some("ENABLE_AND_USE") => Ok(UseMode::EnableAndUse),
        Some("USE") => Ok(UseMode::Use),
        other => bail!("unknown mode {other:?}"),
    }
}

fn session_quote(replay: &Replay, step: &Value, params: &Value) -> anyhow::Result<SessionQuoteOptions> {
    if params["mode"] != "USE" {
        return Ok(SessionQuoteOptions::Prepare(Box::new(preparation(params)?)));
    }
    // Which preparation is meant shows in what was sent.
    let sent = {
        let state = replay.world.state();
        let uses = replay.steps.iter().find(|other| other["params"]["mode"] == "USE").unwrap_or(step);
        let first = super::json::range(uses, "http")?.0;
        state.scenario["http"][first]["request"]["body"].to_string().to_lowercase()
    };
    let details = replay.outcomes.iter().rev().find_map(|outcome| match outcome {
        Outcome::Session(Some(quote)) => quote
            .session_details
            .as_ref()
            .filter(|details| details.iter().any(|details| sent.contains(&details.permission_id.0.to_string()))),
        _ => None,
    });
    let mut details = details.context("no such preparation")?.clone();
    if params["note"] == "USE with an ENABLE session detail" {
        details = details.iter().map(|details| details.in_mode(SmartSessionMode::UnsafeEnable)).collect();
    }
    let mut options = options(params)?;
    if let Some(Payer::FeePayer(_)) = options.payer {
        options.payer = None;
    }
    let session = SessionUse::new(details, UseMode::Use);
    Ok(SessionQuoteOptions::Use { options: Box::new(options), session })
}
