//! What every [`SessionStore`] must do, as checks that run against any of them.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), smart_sessions::store_conformance::Violation> {
//! smart_sessions::store_conformance::check(&smart_sessions::MemoryStore::new()).await
//! # }
//! ```

use std::fmt::Debug;
use std::format;
use std::string::String;
use std::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, U256};
use session_types::stored::EnableSessionData;
use session_types::{
    AccountType, ActionData, ActionTarget, ChainSession, Deployment, EnableMode, MultiChainGrant, PolicyData, Session,
    SessionValidator,
};

use super::{
    GrantFilter, GrantKey, LaneLease, LaneSpace, LeaseRequest, RecordedOperation, Recording, SessionStore, StoreError,
    WorkId,
};
use crate::{EnableGrant, Grant};

/// A rule that a store breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {seen}")]
pub struct Violation {
    /// What should hold.
    pub rule: &'static str,
    /// What was seen instead.
    pub seen: String,
}

/// Runs all checks against a store that is empty and nobody else uses.
///
/// # Errors
/// The first rule that is broken.
pub async fn check(store: &dyn SessionStore) -> Result<(), Violation> {
    grants(store).await?;
    terms(store).await?;
    exclusion(store).await?;
    takeover(store).await?;
    largest(store).await?;
    works(store).await?;
    concurrency(store).await
}

const ACCOUNT: Address = Address::repeat_byte(0x11);
const OTHER_ACCOUNT: Address = Address::repeat_byte(0x22);
const TOTAL: u32 = 6;

/// A grant of session `number` that its first use enables, with words that text has to escape.
///
/// # Errors
/// When the library cannot build it: never.
pub fn sample_grant(chain_id: u64, account: Address, number: u8) -> Result<Grant, Violation> {
    let broken = |seen: String| Violation { rule: "a sample grant can be built", seen };
    let deployment = Deployment::current();
    let validator = SessionValidator::custom(deployment.ownable_validator.address, Bytes::from_static(&[7; 96]));
    let target = ActionTarget::Exact { target: Address::repeat_byte(9), selector: [1, 2, 3, 4].into() };
    let policy = PolicyData::new(Address::repeat_byte(8), Bytes::from_static(&[1, 2, 3]));
    let session = Session::builder(validator, B256::with_last_byte(number))
        .action(ActionData::new(target, [policy]))
        .build(&deployment)
        .map_err(|error| broken(format!("{error}")))?;
    let mode = EnableMode::UnsafeEnable;
    let entry =
        ChainSession { chain_id, account, module: deployment.module, nonce: U256::MAX, session: session.clone() };
    let signed = MultiChainGrant::new(mode, Vec::from([entry])).map_err(|error| broken(format!("{error}")))?;
    let enable_session = signed.enable_session(0, Bytes::from_static(&[5; 65]));
    let enable_session = enable_session.ok_or_else(|| broken("no entry".into()))?;
    let data =
        EnableSessionData { enable_session, validator: Address::repeat_byte(6), account_type: AccountType::Nexus };
    Ok(Grant {
        account,
        chain_id,
        permission_id: session.permission_id(),
        session: Some(session.into_abi()),
        enable: Some(EnableGrant { mode, data }),
        description: Some("counts \"up\",\n不限".into()),
    })
}

async fn grants(store: &dyn SessionStore) -> Result<(), Violation> {
    let grant = sample_grant(10, ACCOUNT, 1)?;
    let bare = Grant { session: None, enable: None, description: None, ..sample_grant(10, ACCOUNT, 2)? };
    let elsewhere = sample_grant(1, ACCOUNT, 1)?;
    let others = sample_grant(10, OTHER_ACCOUNT, 1)?;
    let key = GrantKey::from(&grant);

    equal("an empty store holds nothing", store.get(key).await, Ok(None))?;
    equal("an empty store lists nothing", store.list(GrantFilter::default()).await, Ok(Vec::new()))?;
    equal("what is not there is not removed", store.remove(key).await, Ok(false))?;
    for grant in [&grant, &bare, &elsewhere, &others] {
        equal("a grant can be stored", store.put(grant).await, Ok(()))?;
        equal("a grant is read as it was", store.get(grant.into()).await, Ok(Some(grant.clone())))?;
    }
    let listed = |mut grants: Vec<Grant>| {
        grants.sort_by_key(|grant| GrantKey::from(grant));
        Ok(grants)
    };
    let all = listed(Vec::from([grant.clone(), bare.clone(), elsewhere.clone(), others.clone()]));
    equal("all grants are listed in order", store.list(GrantFilter::default()).await, all)?;
    let meant = listed(Vec::from([grant.clone(), bare.clone()]));
    equal("grants are listed by chain and account", store.list(GrantFilter::of(10, ACCOUNT)).await, meant)?;
    let on_chain = GrantFilter { chain_id: Some(1), account: None };
    equal("grants are listed by chain", store.list(on_chain).await, Ok(Vec::from([elsewhere.clone()])))?;

    let changed = Grant { enable: None, ..grant.clone() }.with_description("enabled");
    equal("a grant can be replaced", store.put(&changed).await, Ok(()))?;
    equal("the newer grant is read", store.get(key).await, Ok(Some(changed)))?;
    equal("other chains are left alone", store.get((&elsewhere).into()).await, Ok(Some(elsewhere.clone())))?;

    let torn = Grant { permission_id: bare.permission_id, ..grant };
    let refused = Err(StoreError::NotStorable { key: (&torn).into() });
    equal("a grant that contradicts itself is refused", store.put(&torn).await, refused)?;
    equal("a refused grant changes nothing", store.get((&bare).into()).await, Ok(Some(bare.clone())))?;

    for key in [key, (&bare).into(), (&elsewhere).into(), (&others).into()] {
        equal("a grant is removed once", (store.remove(key).await, store.remove(key).await), (Ok(true), Ok(false)))?;
    }
    equal("a removed grant is gone", store.list(GrantFilter::default()).await, Ok(Vec::new()))
}

const fn request(chain_id: u64, count: u32, now: u64, until: u64) -> LeaseRequest {
    LeaseRequest { space: LaneSpace { chain_id, account: ACCOUNT }, count, total: TOTAL, now, until }
}

async fn take(store: &dyn SessionStore, request: LeaseRequest) -> Result<LaneLease, Violation> {
    let rule = "free lanes can be leased";
    store.lease(request).await.map_err(|error| Violation { rule, seen: format!("{error}") })
}

async fn terms(store: &dyn SessionStore) -> Result<(), Violation> {
    let term = StoreError::Term { now: 100, until: 100 };
    equal("a lease needs a future", store.lease(request(1, 1, 100, 100)).await, Err(term.clone()))?;
    let lease = take(store, request(1, 1, 100, 200)).await?;
    equal("a renewal needs a future", store.renew(&lease, 100, 100).await, Err(term))?;
    equal("a lease can be given back", store.release(&lease).await, Ok(()))
}

async fn exclusion(store: &dyn SessionStore) -> Result<(), Violation> {
    let first = take(store, request(2, 3, 100, 200)).await?;
    equal("the lowest lanes but zero are given", &*first.lanes, [1, 2, 3])?;
    equal("the lease ends when asked", first.until, 200)?;
    let space = first.space;
    let none = StoreError::NoLanes { space, asked: 3, free: 2 };
    equal("more lanes than are free are refused", store.lease(request(2, 3, 199, 300)).await, Err(none))?;
    let huge = StoreError::NoLanes { space, asked: u32::MAX, free: 2 };
    equal("an impossible wish is refused", store.lease(request(2, u32::MAX, 199, 300)).await, Err(huge))?;
    let second = take(store, request(2, 2, 199, 300)).await?;
    equal("a refusal takes nothing", &*second.lanes, [4, 5])?;
    let elsewhere = take(store, request(3, 5, 100, 200)).await?;
    equal("another chain has lanes of its own", &*elsewhere.lanes, [1, 2, 3, 4, 5])?;
    equal("each lease has a number of its own", first.id != second.id && second.id != elsewhere.id, true)?;

    equal("lanes can be given back", store.release(&first).await, Ok(()))?;
    equal("a lease given back is over", store.renew(&first, 150, 300).await, Err(lost(&first)))?;
    let third = take(store, request(2, 1, 150, 250)).await?;
    equal("lanes given back are free", &*third.lanes, [1])?;
    equal("giving back twice is nothing", store.release(&first).await, Ok(()))?;
    equal(
        "giving back twice frees nobody else's lane",
        store.renew(&third, 150, 260).await,
        Ok(LaneLease { until: 260, ..third }),
    )
}

async fn takeover(store: &dyn SessionStore) -> Result<(), Violation> {
    let crashed = take(store, request(4, 5, 100, 200)).await?;
    let kept = store.renew(&crashed, 150, 250).await;
    equal("a lease can be renewed", kept, Ok(LaneLease { until: 250, ..crashed.clone() }))?;
    let none = StoreError::NoLanes { space: crashed.space, asked: 1, free: 0 };
    equal("a renewed lease lasts", store.lease(request(4, 1, 249, 400)).await, Err(none))?;
    equal("a lease that has ended is not renewed", store.renew(&crashed, 250, 400).await, Err(lost(&crashed)))?;
    let heir = take(store, request(4, 2, 250, 400)).await?;
    equal("lanes of a lease that has ended are free", &*heir.lanes, [1, 2])?;
    equal("a late holder does not get them back", store.renew(&crashed, 249, 500).await, Err(lost(&crashed)))?;
    equal("a late holder can give back", store.release(&crashed).await, Ok(()))?;
    let kept = store.renew(&heir, 300, 500).await;
    equal("a late holder frees nobody else's lane", kept, Ok(LaneLease { until: 500, ..heir }))
}

/// Numbers at the end of their range.
async fn largest(store: &dyn SessionStore) -> Result<(), Violation> {
    let grant = sample_grant(u64::MAX, ACCOUNT, 3)?;
    equal("a chain can have the largest id", store.put(&grant).await, Ok(()))?;
    let filter = GrantFilter { chain_id: Some(u64::MAX), account: None };
    equal("the largest id is read back", store.list(filter).await, Ok(Vec::from([grant.clone()])))?;
    equal("and removed", store.remove((&grant).into()).await, Ok(true))?;
    let lease = take(store, LeaseRequest { total: u32::MAX, ..request(u64::MAX, 2, 100, u64::MAX) }).await?;
    equal("a lease can last for ever", (&*lease.lanes, lease.until), (&[1, 2][..], u64::MAX))?;
    equal("and be renewed", store.renew(&lease, u64::MAX - 1, u64::MAX).await, Ok(lease.clone()))?;
    equal("and given back", store.release(&lease).await, Ok(()))
}

async fn works(store: &dyn SessionStore) -> Result<(), Violation> {
    let work = WorkId { space: LaneSpace { chain_id: 6, account: ACCOUNT }, name: "order '7'; -- \"不限\"".into() };
    let other = WorkId { name: "order 8".into(), ..work.clone() };
    let elsewhere = WorkId { space: LaneSpace { chain_id: 7, account: ACCOUNT }, name: work.name.clone() };
    let operation = |number: u8| RecordedOperation {
        hash: B256::repeat_byte(number),
        from_block: u64::MAX - u64::from(number),
        operation: format!("{{\"n\": {number}}}"),
    };
    let (first, second, third) = (operation(1), operation(2), operation(3));
    let (done, taken) = (Ok(Recording::Done), Ok(Recording::Taken));
    let of = |operations: &[&RecordedOperation]| Ok(operations.iter().copied().cloned().collect::<Vec<_>>());

    equal("new work has no operations", store.recorded(&work).await, of(&[]))?;
    equal(
        "nothing comes after what is not there",
        store.record(&work, &first, Some(second.hash)).await,
        taken.clone(),
    )?;
    equal("an operation is written down", store.record(&work, &first, None).await, done.clone())?;
    equal("writing it down twice changes nothing", store.record(&work, &first, None).await, done.clone())?;
    equal("the first one answers", store.record(&work, &second, None).await, taken.clone())?;
    equal("it is read as it was", store.recorded(&work).await, of(&[&first]))?;
    equal("an operation answers for one work only", store.record(&other, &first, None).await, Ok(Recording::Shared))?;
    equal("another chain has work of its own", store.recorded(&elsewhere).await, of(&[]))?;
    equal("and operations of its own", store.record(&elsewhere, &first, None).await, done.clone())?;
    equal("another one comes after the newest", store.record(&work, &second, Some(third.hash)).await, taken.clone())?;
    equal("it does", store.record(&work, &second, Some(first.hash)).await, done.clone())?;
    equal("only one does", store.record(&work, &third, Some(first.hash)).await, taken.clone())?;
    equal("an older one does not come back", store.record(&work, &first, Some(second.hash)).await, taken.clone())?;
    equal("an older one is not free", store.record(&other, &first, None).await, Ok(Recording::Shared))?;
    equal("the order is kept", store.recorded(&work).await, of(&[&first, &second]))?;
    equal("work is forgotten once", (store.forget(&work).await, store.forget(&work).await), (Ok(true), Ok(false)))?;
    equal("forgotten work is new", store.recorded(&work).await, of(&[]))?;
    equal("its operations are free", store.record(&other, &first, None).await, done.clone())?;

    let many: Vec<RecordedOperation> = (10..19).map(operation).collect();
    let answers = futures_util::future::join_all(many.iter().map(|new| store.record(&work, new, None))).await;
    let won = answers.iter().filter(|answer| **answer == done).count();
    let lost = answers.iter().filter(|answer| **answer == taken).count();
    equal("of operations at the same time one is taken", (won, lost), (1, 8))?;
    let winner = many.iter().zip(&answers).find(|(_, answer)| **answer == done).map(|(operation, _)| operation);
    equal("it is the one that is read", store.recorded(&work).await, Ok(winner.into_iter().cloned().collect()))?;
    for work in [&work, &other, &elsewhere] {
        equal("all work can be forgotten", store.forget(work).await, Ok(true))?;
    }
    Ok(())
}

/// Requests at the same time: no lane twice, no grant lost.
async fn concurrency(store: &dyn SessionStore) -> Result<(), Violation> {
    let leases = futures_util::future::join_all((0..9).map(|_| store.lease(request(5, 1, 100, 200)))).await;
    let mut lanes: Vec<u32> = leases.iter().flatten().flat_map(|lease| lease.lanes.iter().copied()).collect();
    lanes.sort_unstable();
    equal("of requests at the same time, each lane goes to one", &*lanes, [1, 2, 3, 4, 5])?;

    let grants: Vec<Grant> = (0..9).map(|number| sample_grant(5, ACCOUNT, number)).collect::<Result<_, _>>()?;
    let stored = futures_util::future::join_all(grants.iter().map(|grant| store.put(grant))).await;
    equal("grants can be stored at the same time", stored.into_iter().collect::<Result<(), _>>(), Ok(()))?;
    let listed = store.list(GrantFilter::of(5, ACCOUNT)).await.map(|grants| grants.len());
    equal("no grant is lost", listed, Ok(grants.len()))
}

const fn lost(lease: &LaneLease) -> StoreError {
    StoreError::LeaseLost { space: lease.space, id: lease.id }
}

fn equal<T: Debug + PartialEq<U>, U: Debug>(rule: &'static str, seen: T, expected: U) -> Result<(), Violation> {
    if seen == expected {
        return Ok(());
    }
    Err(Violation { rule, seen: format!("{seen:?}, expected {expected:?}") })
}
