//! A game in which every move is an operation of its own, many of them at a time.
//!
//! Operations of an account wait for each other, because each takes the next nonce. A nonce has a key beside its number,
//! though, and operations with different keys do not wait: a lane is such a key. Sixteen lanes have up to sixteen moves
//! under way at any time; the session is enabled by the first one.
//!
//! `cargo run -p game-lanes` beside `cargo xtask devnet`; endpoints of another local chain as arguments.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use alloy_primitives::{Address, U256, address};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall as _, sol};
use anyhow::ensure;
use smart_sessions::policy::permission::{Permission, PermissionBuilder as _};
use smart_sessions::session::{Deployment, EnableMode};
use smart_sessions::userop::account::{Account as _, Nexus, nexus::NexusDeployment};
use smart_sessions::userop::{Call, Nonce};
use smart_sessions::{Chain, Grant, Owner, SessionClient};

/// The game: it counts the moves of each player.
const GAME: Address = address!("000000000000000000000000000000C0de000001");
const LANES: u32 = 16;

sol! {
    function incrementNumber() external;
    function numbers(address player) external view returns (uint256);
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut urls = std::env::args().skip(1);
    let node = urls.next().unwrap_or_else(|| "http://127.0.0.1:8545".into());
    let bundler = urls.next().unwrap_or_else(|| "http://127.0.0.1:4337".into());
    let chain = Chain::http(&node, &bundler, Deployment::current()).await?;
    let account = Nexus::at(NexusDeployment::LEGACY_A, address!("81a9BbCE91C02e8d066f7693DB5c2cB7a085A402"));
    let player = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80".parse::<PrivateKeySigner>()?;

    let game_key = PrivateKeySigner::random();
    let grant = grant_moves(&Owner::nexus(chain.clone(), account.clone(), player), game_key.address()).await?;
    let session = SessionClient::new(chain, account, grant, game_key)?;
    let played = play(session, 64).await?;
    println!("{} moves in {:.2} s: {:.1} per second", played.moves, played.time.as_secs_f64(), played.per_second());
    println!("over {} lanes, each move exactly once", played.lanes);
    Ok(())
}

/// The player signs once: the game's key may make moves, a thousand at most. Nothing is sent.
async fn grant_moves(player: &Owner<Nexus, PrivateKeySigner>, game_key: Address) -> anyhow::Result<Grant> {
    player.install_session_module().await?;
    let moves = Permission::call::<incrementNumberCall>(GAME).uses(1000);
    let session = player.chain().new_session(game_key).allow(moves).build()?;
    Ok(player.sign_grant(&session, EnableMode::Enable).await?)
}

/// What came of a game.
struct Played {
    moves: usize,
    lanes: usize,
    time: Duration,
}

impl Played {
    fn per_second(&self) -> f64 {
        f64::from(u32::try_from(self.moves).unwrap_or(u32::MAX)) / self.time.as_secs_f64()
    }
}

/// Makes many moves, and makes sure that the chain has each of them once.
async fn play(session: SessionClient<Nexus, PrivateKeySigner>, moves: usize) -> anyhow::Result<Played> {
    let before = moves_made(&session).await?;
    let (chain, player) = (session.chain().clone(), session.account().address());
    let one_move = || vec![Call::new(GAME, incrementNumberCall {}.abi_encode())];

    let lanes = session.lanes(LANES)?;
    let start = Instant::now();
    let answers = lanes.use_many((0..moves).map(|_| one_move())).await;
    let time = start.elapsed();
    lanes.close().await?;

    // One failed move stops no other: each has an answer of its own.
    let nonces = answers.into_iter().map(|answer| Ok(answer?.nonce)).collect::<anyhow::Result<BTreeSet<U256>>>()?;
    let after = chain.node().call_sol(GAME, &numbersCall { player }).await?;
    ensure!(nonces.len() == moves, "two moves had the same nonce");
    ensure!(after == before + U256::from(moves), "{moves} moves led from {before} to {after}");
    let lanes = nonces.into_iter().map(|nonce| Nonce::from(nonce).key).collect::<BTreeSet<_>>().len();
    Ok(Played { moves, lanes, time })
}

/// How many moves the chain has of the session's account.
async fn moves_made(session: &SessionClient<Nexus, PrivateKeySigner>) -> anyhow::Result<U256> {
    Ok(session.chain().node().call_sol(GAME, &numbersCall { player: session.account().address() }).await?)
}

#[cfg(test)]
mod tests;
