//! An agent that pays bills from a budget: at most 100 of one token, over all its payments.
//!
//! It sees what is left of the budget on the chain. A payment that no budget of this size allows is refused before it is
//! signed; one that this budget no longer allows, after the payments before it, is refused by the chain: what was used up
//! is known to the chain alone.
//!
//! `cargo run -p spending-agent` beside `cargo xtask devnet`; endpoints of another local chain as arguments.

use alloy_primitives::{Address, U256, address};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall as _, sol};
use anyhow::Context as _;
use smart_sessions::policy::permission::{Permission, PermissionBuilder as _};
use smart_sessions::policy::state::Unit;
use smart_sessions::policy::{SpendingLimits, TokenLimit};
use smart_sessions::session::Deployment;
use smart_sessions::userop::Call;
use smart_sessions::userop::account::{Account as _, Nexus, nexus::NexusDeployment};
use smart_sessions::{Chain, Error, Grant, Limit, Owner, SessionClient};

/// The token of the local chain, which anyone can mint.
const TOKEN: Address = address!("000000000000000000000000000000C0de000002");
const BUDGET: u64 = 100;

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
    let owner_key = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80".parse::<PrivateKeySigner>()?;

    let owner = Owner::nexus(chain.clone(), account.clone(), owner_key);
    owner.install_session_module().await?;
    owner.send(&[Call::new(TOKEN, mintCall { to: account.address(), value: U256::from(1000) }.abi_encode())]).await?;
    let key = PrivateKeySigner::random();
    let grant = grant_budget(&owner, key.address()).await?;

    let agent = Agent { session: SessionClient::new(chain, account, grant, key)? };
    let [electricity, rent, water] = [1, 2, 3].map(Address::repeat_byte);
    for (bill, payee, sum) in
        [("electricity", electricity, 40), ("rent", rent, 120), ("water", water, 50), ("water", water, 30)]
    {
        let outcome = agent.pay(payee, U256::from(sum)).await?;
        println!("{sum:>4} for {bill}: {outcome:?}, {} of {BUDGET} left", agent.left().await?);
    }
    Ok(())
}

/// The owner enables a session that can only transfer the token, within the budget.
async fn grant_budget(owner: &Owner<Nexus, PrivateKeySigner>, agent: Address) -> anyhow::Result<Grant> {
    let budget = SpendingLimits::new([TokenLimit::new(TOKEN, U256::from(BUDGET))])?;
    let payments = Permission::call::<transferCall>(TOKEN).policy(budget);
    let session = owner.chain().new_session(agent).allow(payments).build()?;
    let (grant, _receipt) = owner.grant(&session).await?;
    Ok(grant)
}

/// What came of a payment.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The money was sent.
    Paid,
    /// Never permitted: nothing was signed or sent.
    NotPermitted,
    /// No longer permitted: the chain refused it, by this limit.
    Refused(Option<Limit>),
}

/// A session key and what it was granted.
struct Agent {
    session: SessionClient<Nexus, PrivateKeySigner>,
}

impl Agent {
    /// Pays a sum in the token's smallest unit. An error means that it is not known what came of it, or that something
    /// else than the budget stood in the way.
    async fn pay(&self, payee: Address, sum: U256) -> Result<Outcome, Error> {
        let transfer = Call::new(TOKEN, transferCall { to: payee, value: sum }.abi_encode());
        match self.session.use_permission(&[transfer]).await {
            Ok(_receipt) => Ok(Outcome::Paid),
            Err(Error::NotPermitted(_)) => Ok(Outcome::NotPermitted),
            Err(Error::Refused(refusal)) => Ok(Outcome::Refused(refusal.limit)),
            Err(other) => Err(other),
        }
    }

    /// What is left of the budget, as the chain has it.
    async fn left(&self) -> anyhow::Result<U256> {
        let status = self.session.chain().status(self.session.grant()).await?;
        let budget = status.remaining().find(|limit| limit.budget.unit == Unit::Token(TOKEN));
        Ok(budget.context("the chain does not tell the budget")?.budget.remaining())
    }
}

#[cfg(test)]
mod tests;
