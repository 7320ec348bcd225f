//! The other tutorial: one signature for sessions on two chains, carried out by a MEE node.

mod ground;

use alloy_primitives::{B256, U256};
use anyhow::{bail, ensure};
use smart_sessions::bundler::RevertData;
use smart_sessions::mee::quote::UseMode;
use smart_sessions::mee::session::{
    ChainAction, ChainActions, EnableOnChain, GrantOptions, PrepareOptions, SessionActionError, UsePermission,
};
use smart_sessions::mee::status::{Phase, StatusError};
use smart_sessions::mee::wire::SessionDetails;
use smart_sessions::mee::{Instruction, MeeError};
use smart_sessions::session::abi::{ModuleError, RevertReason};

use crate::arguments::Arguments;
use crate::counter::Counter;
use crate::report::{Evidence, Report};
use ground::{FIRST, Ground, SECOND};

/// Runs the tutorial on two local chains and tells whether every step did what it must.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let report = Report::new(arguments.json);
    report.say("Starting two local chains and a MEE node of our own ...");
    let ground = Ground::start().await?;
    report.say(format_args!(
        "Chains {FIRST} and {SECOND}, account {}, MEE node {}\n",
        ground.account,
        ground.node.url()
    ));
    let mut tutorial = Tutorial { ground, report };
    let complete = tutorial.run().await.is_some();
    Ok(tutorial.report.finish(FIRST, complete))
}

struct Tutorial {
    ground: Ground,
    report: Report,
}

impl Tutorial {
    /// Runs everything; `None` when a step failed that the later ones need.
    async fn run(&mut self) -> Option<()> {
        self.prepare().await?;
        let details = self.grant().await?;
        self.use_in("ENABLE_AND_USE: enabled and used on both chains", &details, UseMode::EnableAndUse, 1).await?;
        self.statuses("permission status: enabled on both chains", &details, true).await;
        self.use_in("USE: the same calls again", &details, UseMode::Use, 2).await?;
        self.refused(&details).await;
        self.sponsored(&details).await?;
        self.prepared_sessions().await
    }

    /// The account and the session module, on both chains by one supertransaction.
    async fn prepare(&mut self) -> Option<()> {
        let Self { ground, report } = self;
        report
            .step("prepareForPermissions: deploy and install", async {
                let options = PrepareOptions::new(ground.fee_token());
                let Some(prepared) = ground.owner.prepare_for_permissions(options).await? else {
                    bail!("there was nothing to do on fresh chains");
                };
                ground.wait(&ground.owner, prepared.hash).await?;
                let [first, second] = ground.fees().await?;
                ensure!(
                    !first.is_zero() && second.is_zero(),
                    "fees of {first} and {second}, expected them on one chain"
                );
                Ok(((), evidence(prepared.hash, format!("both chains at once, fee of {first} on chain {FIRST}"))))
            })
            .await?;
        report
            .step("prepareForPermissions again", async {
                match ground.owner.prepare_for_permissions(PrepareOptions::new(ground.fee_token())).await? {
                    None => Ok(((), Evidence::new("no payload: nothing to do"))),
                    Some(again) => bail!("supertransaction {} although there is nothing to do", again.hash),
                }
            })
            .await
    }

    /// One signature of the owner for both chains; nothing is sent.
    async fn grant(&mut self) -> Option<Vec<SessionDetails>> {
        let Self { ground, report } = self;
        let details = report
            .step("grantPermissionTypedDataSign", async {
                let action = ground.incrementing()?;
                let actions = [FIRST, SECOND].map(|chain_id| ChainAction::new(chain_id, action.clone()));
                let options = GrantOptions::new(ground.session_key, actions)
                    .with_fee_token(ground.fee_token())
                    .with_max_payment_amount(ground::LARGEST_FEE);
                let asked = ground.node.requests().len();
                let details = ground.owner.grant_permission_typed_data_sign(options).await?;
                ensure!(ground.node.requests().len() == asked, "the node was asked although nothing is to be sent");
                let evidence = Evidence::new(format!("one signature, {} sessions, nothing sent", details.len()));
                Ok((details, evidence))
            })
            .await?;
        self.statuses("permission status: not enabled yet", &details, false).await;
        Some(details)
    }

    async fn statuses(&mut self, title: &str, details: &[SessionDetails], expected: bool) {
        let Self { ground, report } = self;
        report
            .step(title, async {
                let enabled = ground.session.check_enabled_permissions(details).await?;
                let states: Vec<bool> = enabled.values().flat_map(|chains| chains.values().copied()).collect();
                ensure!(states == [expected; 2], "enabled: {states:?}, expected {expected} on both chains");
                Ok(((), Evidence::new(format!("{states:?}"))))
            })
            .await;
    }

    async fn use_in(&mut self, title: &str, details: &[SessionDetails], mode: UseMode, count: u64) -> Option<()> {
        let Self { ground, report } = self;
        report
            .step(title, async {
                let [before, elsewhere] = ground.fees().await?;
                let hash = ground.use_session(ground.increments(details, mode)).await?;
                ground.require_counters(count).await?;
                let [after, other] = ground.fees().await?;
                ensure!(after > before && other == elsewhere, "the fee was not paid on chain {FIRST} alone");
                Ok((
                    (),
                    evidence(hash, format!("both counters are {count}, fee of {} on chain {FIRST}", after - before)),
                ))
            })
            .await
    }

    async fn refused(&mut self, details: &[SessionDetails]) {
        let Self { ground, report } = self;
        report
            .step("refused: a call that was not granted", async {
                let call = ground.call(Counter::set(9));
                let usage = UsePermission::new(
                    details.to_vec(),
                    UseMode::Use,
                    [Instruction::new(SECOND, [call])],
                    ground.fee_token(),
                );
                match ground.use_session(usage).await {
                    Err(MeeError::Status(error @ StatusError::Failed { phase: Phase::Failed, .. })) => {
                        ground.require_counters(2).await?;
                        let reason = module_error(&error.to_string());
                        ensure!(
                            matches!(reason, Some(ModuleError::NoPoliciesSet(_))),
                            "refused by {reason:?}, expected NoPoliciesSet: {error}"
                        );
                        Ok(((), Evidence::new("refused by the chain: no action of the session covers the call")))
                    }
                    Err(other) => Err(other.into()),
                    Ok(hash) => bail!("the chain let it pass in supertransaction {hash}"),
                }
            })
            .await;
    }

    /// A gas tank pays; the account does not.
    async fn sponsored(&mut self, details: &[SessionDetails]) -> Option<()> {
        let Self { ground, report } = self;
        report
            .step("USE: sponsored", async {
                let (own, tank) = (ground.balances(ground.account).await?, ground.balances(ground.node.tank()).await?);
                let mut usage = ground.increments(details, UseMode::Use);
                usage.payment = ground.sponsored().into();
                let hash = ground.use_session(usage).await?;
                ground.require_counters(3).await?;
                ensure!(ground.balances(ground.account).await? == own, "the account paid");
                let paid = tank[1].saturating_sub(ground.balances(ground.node.tank()).await?[1]);
                ensure!(paid > U256::ZERO, "the gas tank did not pay");
                Ok(((), evidence(hash, format!("both counters are 3, the gas tank paid {paid} on chain {SECOND}"))))
            })
            .await
    }

    /// Sessions that the account enables itself can be used at once, and never enabled again.
    async fn prepared_sessions(&mut self) -> Option<()> {
        let Self { ground, report } = self;
        let details = report
            .step("prepareForPermissions with sessions", async {
                let action = ground.incrementing()?;
                let groups = [FIRST, SECOND].map(|chain_id| ChainActions::new(chain_id, [action.clone()]));
                let enable = EnableOnChain::new(ground.session_key, groups);
                let options = PrepareOptions::new(ground.fee_token()).with_sessions(enable);
                let Some(prepared) = ground.owner.prepare_for_permissions(options).await? else {
                    bail!("there was nothing to do");
                };
                ground.wait(&ground.owner, prepared.hash).await?;
                let Some(details) = prepared.session_details else { bail!("no session details came back") };
                Ok((details, evidence(prepared.hash, "sessions enabled on both chains".to_owned())))
            })
            .await?;
        report
            .step("not sent: ENABLE_AND_USE of prepared sessions", async {
                let asked = ground.node.requests().len();
                match ground.use_session(ground.increments(&details, UseMode::EnableAndUse)).await {
                    Err(MeeError::Session(error @ SessionActionError::NothingToEnable)) => {
                        ensure!(ground.node.requests().len() == asked, "the node was asked nevertheless");
                        Ok(((), Evidence::new(format!("no request was made: {error}"))))
                    }
                    Err(other) => Err(other.into()),
                    Ok(hash) => bail!("supertransaction {hash} was made"),
                }
            })
            .await;
        self.use_in("USE of prepared sessions", &details, UseMode::Use, 4).await
    }
}

/// The session module's error in a node's words.
fn module_error(text: &str) -> Option<ModuleError> {
    match RevertReason::decode(RevertData::in_message(text)?.bytes()) {
        RevertReason::Module(error) => Some(error),
        _ => None,
    }
}

fn evidence(hash: B256, result: String) -> Evidence {
    Evidence::new(result).operation(hash, None)
}
