use alloy_primitives::{Address, B256, U256};
use alloy_signer_local::PrivateKeySigner;
use smart_sessions::policy::{KnownPolicy as _, Sudo, UsageLimit};
use smart_sessions::session::{
    ActionData, ActionSlot, ActionTarget, ContentKey, EnableMode, Erc7739Context, PermissionId, PolicyData, PolicyKind,
    Session,
};
use smart_sessions::userop::account::Nexus;
use smart_sessions::{ChainRevocation, Error, Owner, PolicyPlace, RevokeNote, RevokePlan, StepOutcome, revoke_on};

use crate::ground::Ground;

fn codes(report: &ChainRevocation) -> Vec<&'static str> {
    report.steps.iter().map(|step| step.outcome.code()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_is_gone_and_nothing_is_sent_twice() {
    let ground = Ground::prepare().await;
    let (chain, account, owner) = (&ground.chain, ground.account(), &ground.owner);
    let chain_id = chain.chain_id();
    let policies = &chain.deployment().policies;
    let uses = || -> PolicyData<ActionSlot> { UsageLimit::new(3).unwrap().on(policies).unwrap() };
    let sudo = || -> PolicyData<ActionSlot> { Sudo.on(policies).unwrap() };
    let address = |kind| policies.deployed(kind).unwrap().address;
    let (enabled, _) = owner.grant(&ground.free_session()).await.unwrap();
    let carried = owner.sign_grant(&ground.free_session(), EnableMode::UnsafeEnable).await.unwrap();
    let used = owner.sign_grant(&ground.free_session(), EnableMode::UnsafeEnable).await.unwrap();
    ground.client(used.clone()).use_permission(&[Ground::increment()]).await.unwrap();
    let limited = ground.session(vec![uses(), sudo()]);
    let action = limited.as_abi().actions[0].id();
    let (limited, _) = owner.grant(&limited).await.unwrap();

    // Of a session that stays, one policy; of the others, everything.
    let place = PolicyPlace::Action(action);
    let plan = RevokePlan::of_grants([&enabled, &carried, &used])
        .disable_policies(chain_id, account, limited.permission_id, place, [address(PolicyKind::UsageLimit)])
        .disable_policies(chain_id, account, limited.permission_id, PolicyPlace::UserOp, [Address::repeat_byte(1)]);
    assert!(plan.notes().contains(&RevokeNote::SignaturesStay { step: 0 }), "{:?}", plan.notes());
    let words = plan.explain();
    assert_eq!(words[0].children.len(), 7, "{words:#?}");

    let report = owner.carry_out(&plan).await;
    assert_eq!(
        codes(&report),
        ["done", "already-so", "done", "done", "already-so", "done", "already-so"],
        "{:#?}",
        report.steps
    );
    let receipt = report.receipt.clone().unwrap();
    assert!(report.steps.iter().all(|step| match step.outcome {
        StepOutcome::Done { operation } => operation == Some(receipt.user_op_hash),
        _ => true,
    }));
    assert_eq!(chain.status(&carried).await.unwrap().can_enable, Some(false));
    assert_eq!(chain.enable_nonce(carried.permission_id, account).await.unwrap(), U256::ONE);
    let refused = ground.client(carried.clone()).use_permission(&[Ground::increment()]).await;
    assert!(refused.is_err(), "{refused:?}");
    let listed = chain.sessions(account, []).await.unwrap();
    assert_eq!(listed.len(), 1);
    let kept: Vec<_> = listed[0].policies().map(|policy| policy.kind).collect();
    assert_eq!(kept, [Some(PolicyKind::Sudo)]);

    // Again: all is so, nothing is sent.
    let block = chain.node().latest_block().await.unwrap().number;
    let again = owner.carry_out(&plan).await;
    assert!(again.receipt.is_none() && again.steps.iter().all(|step| step.outcome == StepOutcome::AlreadySo));
    assert_eq!(owner.revoke(enabled.permission_id).await.unwrap(), None);
    assert_eq!(chain.node().latest_block().await.unwrap().number, block);

    finer_steps(&ground, limited.permission_id, action).await;
    failures_are_told_by_step(&ground).await;
}

async fn finer_steps(ground: &Ground, permission_id: PermissionId, action: smart_sessions::session::ActionId) {
    let (chain_id, account, owner) = (ground.chain.chain_id(), ground.account(), &ground.owner);
    let plan = RevokePlan::new().disable_action(chain_id, account, permission_id, action);
    let report = owner.carry_out(&plan).await;
    assert_eq!(codes(&report), ["done"], "{:#?}", report.steps);
    assert_eq!(ground.chain.sessions(account, []).await.unwrap()[0].actions, []);
    assert_eq!(codes(&owner.carry_out(&plan).await), ["already-so"]);

    // Signatures for a session that was never enabled.
    let never = ground.free_session().permission_id();
    assert!(owner.revoke_signatures(never).await.unwrap().is_some());
    let plan = RevokePlan::new().cancel_signatures(chain_id, account, never, U256::ZERO);
    assert_eq!(codes(&owner.carry_out(&plan).await), ["already-so"]);

    // The right to sign, by its contents.
    let deployment = ground.chain.deployment();
    let mail = |names: &[&str]| Erc7739Context::new(B256::repeat_byte(9), names.iter().copied());
    let signing = Session::builder(ground.validator(), B256::random())
        .permit_erc1271_signing(
            [mail(&["Mail(string text)", "Note(string text)"])],
            [Sudo.on(&deployment.policies).unwrap()],
        )
        .action(ActionData::new(
            ActionTarget::Exact { target: Address::repeat_byte(6), selector: [1, 2, 3, 4].into() },
            [Sudo.on(&deployment.policies).unwrap()],
        ))
        .build(deployment)
        .unwrap();
    let planned = owner.plan([&signing]).prepare().await.unwrap();
    let findings = planned.findings();
    let (granted, _) = owner.grant_plan(&planned.accept(findings)).await.unwrap();
    let signing = &granted[0];
    let plan =
        RevokePlan::new().disable_contents(chain_id, account, signing.permission_id, [mail(&["Mail(string text)"])]);
    assert_eq!(codes(&owner.carry_out(&plan).await), ["done"]);
    assert_eq!(codes(&owner.carry_out(&plan).await), ["already-so"]);
    let seen = ground.chain.session(account, signing.permission_id, []).await.unwrap().unwrap();
    let names: Vec<_> = seen.contents.iter().flat_map(|app| &app.content_names).copied().collect();
    assert_eq!(names, [ContentKey::derive("Note(string text)")]);
    owner.revoke(signing.permission_id).await.unwrap();

    // What a removal includes is not done besides.
    let plan = RevokePlan::new().cancel_signatures(chain_id, account, never, U256::ZERO);
    let plan = plan.disable_action(chain_id, account, permission_id, action);
    let plan = plan.remove_session(chain_id, account, permission_id);
    let plan = plan.disable_action(chain_id, account, permission_id, action);
    assert_eq!(plan.steps().len(), 2);
}

async fn failures_are_told_by_step(ground: &Ground) {
    let (chain, account) = (&ground.chain, ground.account());
    let (grant, _) = ground.owner.grant(&ground.free_session()).await.unwrap();
    let stranger: Owner<Nexus, PrivateKeySigner> =
        Owner::nexus(chain.clone(), ground.owner.account().clone(), PrivateKeySigner::random());
    let plan = RevokePlan::of_grants([&grant]).remove_session(5, account, grant.permission_id);
    let report = revoke_on(&[stranger], &plan).await;
    assert!(!report.is_complete());
    let codes: Vec<_> = report.steps().map(|step| (step.step.chain_id, step.outcome.code())).collect();
    assert_eq!(codes, [(5, "failed"), (chain.chain_id(), "failed")]);
    assert_eq!(report.failure(), Some(&Error::NoOwner { chain_id: 5, account }));
    let mine = &report.chains[1];
    assert!(
        mine.receipt.is_none()
            && matches!(&mine.steps[0].outcome, StepOutcome::Failed(error) if matches!(**error, Error::Refused(_))),
        "{mine:?}"
    );
    assert!(chain.is_enabled(grant.permission_id, account).await.unwrap());
    assert!(revoke_on(std::slice::from_ref(&ground.owner), &RevokePlan::of_grants([&grant])).await.is_complete());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_chains_are_one_plan_and_one_chain_that_is_away_keeps_nothing_back() {
    let (first, second) = tokio::join!(Ground::prepare(), Ground::on_chain(10));
    let grounds = [&first, &second];
    let mut grants = Vec::new();
    for ground in grounds {
        for _ in 0..2 {
            grants.push(ground.owner.grant(&ground.free_session()).await.unwrap().0);
        }
    }
    let owners = grounds.map(|ground| ground.owner.clone());
    let [a, b, c, d] = &grants[..] else { panic!() };
    let plan = RevokePlan::of_grants([a, c]);
    assert_eq!(plan.chains(), [10, first.chain.chain_id()]);
    let report = revoke_on(&owners, &plan).await;
    assert!(report.is_complete() && report.chains.iter().all(|chain| chain.receipt.is_some()), "{report:?}");
    for (ground, grant) in [(&first, a), (&second, c)] {
        assert!(!ground.chain.is_enabled(grant.permission_id, grant.account).await.unwrap());
    }

    // One chain goes away: the other's part is done all the same.
    let plan = RevokePlan::of_grants([b, d]);
    drop(second);
    let report = revoke_on(&owners, &plan).await;
    let codes: Vec<_> = report.steps().map(|step| (step.step.chain_id, step.outcome.code())).collect();
    assert_eq!(codes, [(10, "failed"), (first.chain.chain_id(), "done")]);
    assert!(matches!(report.failure(), Some(Error::Network(_))), "{report:?}");
}
