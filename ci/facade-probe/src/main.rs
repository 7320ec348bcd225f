//! Grants a session, stores it, uses it: `facade-probe node-url bundler-url`. Without arguments it only signs a grant's digest, which shows
//! how long a process takes that has nothing to wait for.

use std::error::Error;

use alloy_primitives::{Address, B256, U256, address, bytes};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use smart_sessions::policy::{Condition, KnownPolicy as _, Rule, UniversalAction, UsageLimit};
use smart_sessions::session::{
    ActionData, ActionTarget, ChainSession, Deployment, EnableMode, MultiChainGrant, Owners, Session, SessionValidator,
};
use smart_sessions::userop::Call;
use smart_sessions::userop::account::{Nexus, nexus::NexusDeployment};
use smart_sessions::{Chain, Grant, Owner, SessionClient};

const COUNTER: Address = address!("000000000000000000000000000000C0de000001");

fn main() -> Result<(), Box<dyn Error>> {
    // Two of the test keys that every local chain knows.
    let owner: PrivateKeySigner = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80".parse()?;
    let key: PrivateKeySigner = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d".parse()?;
    let mut arguments = std::env::args().skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(node), Some(bundler)) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(grant_and_use(&node, &bundler, owner, key))
        }
        _ => sign(&owner, &key),
    }
}

fn session(deployment: &Deployment, key: Address) -> Result<Session, Box<dyn Error>> {
    let policies = &deployment.policies;
    let limits = [
        UniversalAction::of([Rule::argument(0, Condition::AtMost, 100_u64)]).on(policies)?,
        UsageLimit::new(10)?.on(policies)?,
    ];
    let action = ActionTarget::Exact { target: COUNTER, selector: [0x3f, 0xb5, 0xc1, 0xcb].into() };
    let validator = SessionValidator::owners(deployment, &Owners::single(key)?);
    Ok(Session::builder(validator, B256::repeat_byte(7)).action(ActionData::new(action, limits)).build(deployment)?)
}

fn sign(owner: &PrivateKeySigner, key: &PrivateKeySigner) -> Result<(), Box<dyn Error>> {
    let deployment = Deployment::current();
    let session = session(&deployment, key.address())?;
    let entry =
        ChainSession { chain_id: 1, account: owner.address(), module: deployment.module, nonce: U256::ZERO, session };
    let digest = MultiChainGrant::new(EnableMode::Enable, vec![entry])?.digest();
    println!("{}", owner.sign_hash_sync(&digest)?);
    Ok(())
}

async fn grant_and_use(
    node: &str,
    bundler: &str,
    owner_key: PrivateKeySigner,
    session_key: PrivateKeySigner,
) -> Result<(), Box<dyn Error>> {
    let chain = Chain::http(node, bundler, Deployment::current()).await?;
    let nexus = NexusDeployment::V1_0_0;
    let init = nexus.owner_init(owner_key.address());
    let owner = Owner::nexus(chain.clone(), Nexus::counterfactual(nexus, &init, U256::ZERO, None)?, owner_key);
    owner.install_session_module().await?;
    let (grant, _) = owner.grant(&session(chain.deployment(), session_key.address())?).await?;
    let stored = grant.to_text();

    let grant = Grant::from_text(&stored, chain.chain_id())?;
    let account = Nexus::at(NexusDeployment::V1_0_0, grant.account);
    let session = SessionClient::new(chain, account, grant, session_key)?;
    let set_number_7 = bytes!("3fb5c1cb0000000000000000000000000000000000000000000000000000000000000007");
    let receipt = session.use_permission(&[Call::new(COUNTER, set_number_7)]).await?;
    println!("done by operation {}", receipt.user_op_hash);
    Ok(())
}
