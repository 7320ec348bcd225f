//! A service that pulls a fixed price once in each period, for as long as the subscriber agreed to.
//!
//! No policy knows periods, so each period has a session of its own: one payment, to the service, up to the price, within
//! the period's time frame. One signature of the subscriber covers them all; a period that is not pulled in time is lost.
//!
//! `cargo run -p subscription-puller` beside `cargo xtask devnet`; endpoints of another local chain as arguments.

use std::time::Duration;

use alloy_primitives::{Address, U256, address};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall as _, sol};
use anyhow::Context as _;
use smart_sessions::bundler::UserOperationReceipt;
use smart_sessions::policy::check::Window;
use smart_sessions::policy::permission::{Permission, PermissionBuilder as _, at_most, equal_to};
use smart_sessions::session::Deployment;
use smart_sessions::userop::Call;
use smart_sessions::userop::account::{Account as _, Nexus, nexus::NexusDeployment};
use smart_sessions::{Chain, Grant, Owner, SessionClient, SignatureForm};

/// The token of the local chain, which anyone can mint.
const TOKEN: Address = address!("000000000000000000000000000000C0de000002");

sol! {
    function mint(address to, uint256 value) external;
    function transfer(address to, uint256 value) external returns (bool);
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut urls = std::env::args().skip(1);
    let node = urls.next().unwrap_or_else(|| "http://127.0.0.1:8545".into());
    let bundler = urls.next().unwrap_or_else(|| "http://127.0.0.1:4337".into());
    let chain = Chain::http(&node, &bundler, Deployment::current()).await?;
    let account = Nexus::at(NexusDeployment::LEGACY_A, address!("81a9BbCE91C02e8d066f7693DB5c2cB7a085A402"));
    let subscriber = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80".parse::<PrivateKeySigner>()?;

    let service_key = PrivateKeySigner::random();
    let terms = Terms {
        service: service_key.address(),
        price: U256::from(25),
        start: now(&chain).await?,
        period: Duration::from_secs(30 * 24 * 3600),
        periods: 12,
    };
    let subscriber = Owner::nexus(chain.clone(), account.clone(), subscriber);
    subscriber
        .send(&[Call::new(TOKEN, mintCall { to: account.address(), value: U256::from(1000) }.abi_encode())])
        .await?;
    let grants = subscribe(&subscriber, &terms).await?;
    println!("{} periods granted", grants.len());

    let service = Service { chain, account, key: service_key, terms, grants };
    println!("this period: paid by operation {}", service.pull().await?.user_op_hash);
    if let Err(refusal) = service.pull().await {
        println!("once more: {refusal}");
    }
    if let Err(refusal) = service.pull_for(1).await {
        println!("the next period: {refusal}");
    }
    Ok(())
}

/// What subscriber and service agreed on.
#[derive(Clone, Debug)]
struct Terms {
    service: Address,
    /// In the token's smallest unit.
    price: U256,
    /// Of the first period, in seconds since 1970.
    start: u64,
    period: Duration,
    periods: u64,
}

impl Terms {
    /// When a period can be pulled: both ends are part of it.
    const fn window(&self, period: u64) -> Window {
        let start = self.start + period * self.period.as_secs();
        Window { valid_after: start, valid_until: start + self.period.as_secs() - 1 }
    }
}

/// The subscriber signs, once, a session for each period. Nothing is sent: the pull of a period enables its session.
async fn subscribe(subscriber: &Owner<Nexus, PrivateKeySigner>, terms: &Terms) -> anyhow::Result<Vec<Grant>> {
    subscriber.install_session_module().await?;
    let mut sessions = Vec::new();
    for period in 0..terms.periods {
        let Window { valid_after, valid_until } = terms.window(period);
        let payment = Permission::call::<transferCall>(TOKEN)
            .rule(|call| &mut call.to, equal_to(terms.service))
            .rule(|call| &mut call.value, at_most(terms.price))
            .uses(1)
            .not_before(valid_after)
            .until(valid_until);
        sessions.push(subscriber.chain().new_session(terms.service).allow(payment).build()?);
    }
    let plan = subscriber.plan(sessions).prepare().await?;
    Ok(subscriber.sign_plan(&plan, SignatureForm::PersonalMessage).await?)
}

/// The service, with what the subscriber gave it.
#[derive(Clone)]
struct Service {
    chain: Chain,
    account: Nexus,
    key: PrivateKeySigner,
    terms: Terms,
    /// One for each period.
    grants: Vec<Grant>,
}

impl Service {
    /// Pulls the price of the present period.
    async fn pull(&self) -> anyhow::Result<UserOperationReceipt> {
        let now = now(&self.chain).await?;
        let period = (0..self.terms.periods).find(|period| self.terms.window(*period).contains(now));
        self.pull_for(period.context("the subscription has not begun, or is over")?).await
    }

    /// Pulls the price of one period.
    async fn pull_for(&self, period: u64) -> anyhow::Result<UserOperationReceipt> {
        Ok(self.session(period)?.use_permission(&[self.payment(self.terms.price)]).await?)
    }

    fn session(&self, period: u64) -> anyhow::Result<SessionClient<Nexus, PrivateKeySigner>> {
        let grant = usize::try_from(period).ok().and_then(|period| self.grants.get(period));
        let grant = grant.context("there is no such period")?.clone();
        Ok(SessionClient::new(self.chain.clone(), self.account.clone(), grant, self.key.clone())?)
    }

    fn payment(&self, value: U256) -> Call {
        Call::new(TOKEN, transferCall { to: self.terms.service, value }.abi_encode())
    }
}

/// The chain's own clock, which time frames go by.
async fn now(chain: &Chain) -> anyhow::Result<u64> {
    chain.node().latest_block().await?.timestamp.context("the newest block has no time")
}

#[cfg(test)]
mod tests;
