//! A local chain with a bundler and all contracts, until Ctrl-C.

use std::fmt::{self, Display};
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use alloy_primitives::Address;
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};
use testkit::{Devnet, EntryPoint, Error, Hardfork, Key};
use url::Url;
use userop::account::Account as _;

/// Start a local chain with a bundler and all contracts, and keep it running until Ctrl-C
#[derive(Debug, Parser)]
#[command(name = "cargo xtask devnet", max_term_width = 110)]
struct Arguments {
    /// Port of the node, 0 for a free one
    #[arg(long, default_value_t = 8545)]
    port: u16,
    /// Port of the bundler, 0 for a free one
    #[arg(long, default_value_t = 4337)]
    bundler_port: u16,
    /// Id of the chain; by default 31337, or that of the forked chain
    #[arg(long)]
    chain_id: Option<u64>,
    /// Start from the present state of the chain behind this node, with the contracts that are there
    #[arg(long, value_name = "URL")]
    fork_url: Option<Url>,
    /// Seconds between blocks, for example 2 or 0.5; without it, each transaction gets a block at once
    #[arg(long, value_parser = seconds)]
    block_time: Option<Duration>,
    /// Rules of the EVM
    #[arg(long, value_enum, default_value_t = Rules::Prague)]
    hardfork: Rules,
    /// Start the node and deploy the contracts, without a bundler
    #[arg(long)]
    no_bundler: bool,
    /// Say where everything is as one JSON object on one line
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Rules {
    Cancun,
    Prague,
    Osaka,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    let time = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    if time < Duration::from_millis(1) { Err("less than a millisecond".into()) } else { Ok(time) }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tokio::select! {
        result = run(&arguments) => match result {
            Ok(never) => match never {},
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        },
        () = told_to_end() => {
            if !arguments.json {
                eprintln!("stopped");
            }
            ExitCode::SUCCESS
        }
    }
}

/// Starts, shows where everything is, and ends only when something breaks.
async fn run(arguments: &Arguments) -> Result<std::convert::Infallible, Error> {
    let start = Instant::now();
    let hardfork = match arguments.hardfork {
        Rules::Cancun => Hardfork::Cancun,
        Rules::Prague => Hardfork::Prague,
        Rules::Osaka => Hardfork::Osaka,
    };
    let mut builder = Devnet::builder().port(arguments.port).bundler_port(arguments.bundler_port).hardfork(hardfork);
    if let Some(id) = arguments.chain_id {
        builder = builder.chain_id(id);
    }
    if let Some(node) = &arguments.fork_url {
        builder = builder.fork(node.clone());
    }
    if let Some(interval) = arguments.block_time {
        builder = builder.block_time(interval);
    }
    if arguments.no_bundler {
        builder = builder.without_bundler();
    }
    let devnet = builder.start().await?;
    let account = devnet.account(Key::Owner).await?.address();
    let places = places(&devnet, account, !arguments.no_bundler);
    let mut output = std::io::stdout().lock();
    let shown = if arguments.json {
        writeln!(output, "{places}")
    } else {
        let bold = output.is_terminal();
        writeln!(
            output,
            "{}\nready after {:.1} s, Ctrl-C ends it",
            Page { places, bold },
            start.elapsed().as_secs_f64()
        )
    };
    // Without a reader, what is shown does not matter, but the chain may.
    drop(shown.and_then(|()| output.flush()));
    drop(output);
    Err(devnet.crashed().await)
}

/// Returns when the process is asked to end.
async fn told_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut signals = Vec::new();
        for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
            // Where a signal cannot be listened for, it ends the process and with it the chain.
            signals.extend(signal(kind));
        }
        let received = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
        futures_util::future::select_all(received).await;
    }
    #[cfg(not(unix))]
    drop(tokio::signal::ctrl_c().await);
}

/// Where everything is, in the order of showing.
fn places(devnet: &Devnet, account: Address, bundler: bool) -> Value {
    let nexus = devnet.nexus();
    let entry_points = EntryPoint::ALL.map(|version| (version.name().to_owned(), json!(version.address().to_string())));
    let keys = Key::ALL
        .map(|key| json!({ "name": key.name(), "address": key.address().to_string(), "privateKey": key.secret() }));
    let contracts = session_contracts::placements();
    let contracts = contracts.iter().map(|place| json!({ "name": place.name, "address": place.address.to_string() }));
    json!({
        "rpcUrl": devnet.rpc_url(),
        "bundlerUrl": bundler.then(|| devnet.bundler_url()),
        "chainId": devnet.chain_id(),
        "entryPoints": entry_points.into_iter().collect::<serde_json::Map<_, _>>(),
        "nexus": {
            "implementation": nexus.implementation.to_string(),
            "factory": nexus.factory.to_string(),
            "bootstrap": nexus.bootstrap.to_string(),
        },
        "ownerAccount": account.to_string(),
        "contracts": contracts.collect::<Vec<_>>(),
        "keys": keys,
        "processGroup": devnet.process_id(),
        "logs": devnet.logs(),
    })
}

/// The same for people.
struct Page {
    places: Value,
    bold: bool,
}

impl Page {
    fn title(&self, formatter: &mut fmt::Formatter<'_>, title: &str) -> fmt::Result {
        let (on, off) = if self.bold { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        writeln!(formatter, "\n{on}{title}{off}")
    }
}

impl Display for Page {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = &self.places;
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        writeln!(formatter, "{:<20}{}", "node", text(&places["rpcUrl"]))?;
        if !places["bundlerUrl"].is_null() {
            writeln!(formatter, "{:<20}{}", "bundler", text(&places["bundlerUrl"]))?;
        }
        writeln!(formatter, "{:<20}{}", "chain", places["chainId"])?;
        writeln!(formatter, "{:<20}{}", "logs", text(&places["logs"]))?;
        let account = text(&places["ownerAccount"]);
        writeln!(formatter, "{:<20}{account}, a Nexus of the key `owner`, with 10 ether", "account")?;
        for (title, field) in [("Entry points", "entryPoints"), ("Nexus 1.0", "nexus")] {
            self.title(formatter, title)?;
            for (name, address) in places[field].as_object().into_iter().flatten() {
                writeln!(formatter, "{name:<20}{}", text(address))?;
            }
        }
        self.title(formatter, "Contracts")?;
        for contract in places["contracts"].as_array().into_iter().flatten() {
            writeln!(formatter, "{:<28}{}", text(&contract["name"]), text(&contract["address"]))?;
        }
        self.title(formatter, "Keys, each with 10000 ether of no value")?;
        for key in places["keys"].as_array().into_iter().flatten() {
            let (address, secret) = (text(&key["address"]), text(&key["privateKey"]));
            writeln!(formatter, "{:<20}{address}  {secret}", text(&key["name"]))?;
        }
        Ok(())
    }
}
