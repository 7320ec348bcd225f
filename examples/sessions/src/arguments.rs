//! The command line.

use alloy_primitives::{Address, Bytes, U256};
use clap::{Args, Parser, Subcommand, ValueEnum};
use smart_sessions::PolicyPlace;
use smart_sessions::policy::{Call, Glossary, Token};
use smart_sessions::session::{ActionId, Deployment, PermissionId, PolicyKind};

/// Smart sessions on the command line: what a session permits, whether it permits a call, what some bytes are.
///
/// A smart session lets a session key act for an ERC-7579 account within limits that the chain checks. Everything here
/// but `status`, and `revoke` with a key, works without a network.
///
/// Exit codes: 0 done or permitted, 1 refused, 2 bad input or command line, 3 the answer depends on the chain,
/// 4 a node did not answer.
#[derive(Debug, Parser)]
#[command(name = "sessions", version, max_term_width = 110)]
pub(crate) struct Arguments {
    /// Print one JSON document for scripts; its member names are listed in the README and stay.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print long byte strings whole. JSON always has them whole.
    #[arg(long, global = true)]
    pub(crate) full: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say in words what a session permits, and what is dangerous about it.
    ///
    /// Understands stored texts (SessionData, SessionDetails, plain sessions), frozen grants, call data that enables
    /// sessions (also inside `execute` or a whole operation), and signatures that enable a session at its first use.
    ///
    /// Lines with ! are not limited, lines with ? are not understood.
    Explain(Explain),
    /// Say whether a session permits calls, and if not, which rule refuses.
    ///
    /// The verdict is that of the session module and its policies, computed here: the session counts as enabled, and as
    /// unused unless --used says otherwise. The session key's signature is taken for good.
    ///
    /// Exit code 0 permitted, 1 refused, 2 bad input, 3 when policies decide that only the chain knows.
    Check(Check),
    /// Find out what some bytes are and print them as a tree.
    ///
    /// Knows session envelopes of every mode, calls of the session module, `execute` and `executeUserOp`, `handleOps`
    /// bundles, operations (JSON, packed or not), revert bytes, error texts and JSON errors of bundlers that hold them,
    /// logs as JSON, policies' init data (with --policy), and everything that `explain` reads.
    ///
    /// Bytes that may be several things get several readings.
    Decode(Decode),
    /// Read from chains what is left of grants, or which sessions an account has.
    ///
    /// Of grants: whether each is enabled, what is left of its limits, and where the chain differs from it. Of an account:
    /// sessions, actions, policies with what is left of them, validators, enable nonces.
    ///
    /// Actions are hashes of contract and function on the chain: with --session FILE those of a stored session are named.
    Status(Status),
    /// Revoke sessions, single actions or policies, and owner signatures that were not used yet, on any number of chains.
    ///
    /// With --owner-key-file it is carried out: one operation for each account on each chain. The plan is printed and
    /// asked about first; afterwards, what each chain shows. Doing it again sends nothing.
    ///
    /// Without, the calls are printed, for the wallet that owns the account. Removing a session does not touch owner
    /// signatures that were not used yet: revokeEnableSignature makes those worthless.
    Revoke(Revoke),
}

/// Where the session comes from and names that make it readable.
#[derive(Args, Debug)]
pub(crate) struct Names {
    /// Which contracts the session is for [default: those of which the session has more policies]
    #[arg(long, value_enum)]
    pub(crate) generation: Option<Generation>,
    /// A token's name and decimals, for amounts: 0x…=USDC:6. May be repeated.
    #[arg(long = "token", value_name = "ADDRESS=SYMBOL:DECIMALS", value_parser = token)]
    pub(crate) tokens: Vec<(Address, String, u8)>,
    /// A name for an address. May be repeated. The address is always shown beside it.
    #[arg(long = "name", value_name = "ADDRESS=NAME", value_parser = name)]
    pub(crate) names: Vec<(Address, String)>,
    /// A function's signature, so that its parameters are named: "setNumber(uint256 number)". May be repeated.
    #[arg(long = "function", value_name = "SIGNATURE", value_parser = function)]
    pub(crate) functions: Vec<String>,
}

impl Names {
    pub(crate) fn glossary(&self) -> Glossary {
        let mut glossary = Glossary::new();
        for (address, symbol, decimals) in &self.tokens {
            glossary = glossary.token(*address, Token::new(symbol.clone(), *decimals)).name(*address, symbol.clone());
        }
        for (address, name) in &self.names {
            glossary = glossary.name(*address, name.clone());
        }
        for signature in &self.functions {
            // Every signature was tried when the command line was read.
            if let Ok(more) = glossary.clone().function(signature) {
                glossary = more;
            }
        }
        glossary
    }
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// A file, - for standard input, or the text itself when it begins with 0x or {.
    #[arg(value_name = "FILE|-")]
    pub(crate) input: String,
    #[command(flatten)]
    pub(crate) names: Names,
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The session: everything that `explain` reads.
    #[arg(value_name = "FILE|-")]
    pub(crate) input: String,
    /// A call as TARGET:DATA or TARGET:DATA:VALUE, DATA in hex (0x for none), VALUE in wei. Several make a batch.
    #[arg(long = "call", value_name = "TARGET:DATA[:VALUE]", required = true, value_parser = call)]
    pub(crate) calls: Vec<Call>,
    /// When, in seconds since 1970 [default: now]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) time: Option<u64>,
    /// What is used up so far, by kind of policy: usage-limit=2, value-limit=WEI, spending-limits=UNITS,UNITS (one for each
    /// token), universal-action=UNITS,… (one for each rule). With the action's number in front, 2.usage-limit=1, for that
    /// action only; with op. in front for the policies of whole operations.
    #[arg(long, value_name = "[ACTION.]POLICY=USED[,USED…]", value_parser = used)]
    pub(crate) used: Vec<Used>,
    /// Which session, when the input holds several.
    #[arg(long, value_name = "ID")]
    pub(crate) permission: Option<PermissionId>,
    /// The account [default: the one in the input]
    #[arg(long)]
    pub(crate) account: Option<Address>,
    /// A paymaster pays: the operation's paymaster field, or an address.
    #[arg(long, value_name = "HEX")]
    pub(crate) paymaster: Option<Bytes>,
    #[command(flatten)]
    pub(crate) names: Names,
}

#[derive(Args, Debug)]
pub(crate) struct Decode {
    /// Hex text, an error text in quotes, JSON, a file, or - for standard input.
    #[arg(value_name = "HEX|FILE|-")]
    pub(crate) input: String,
    /// The bytes are this policy's init data.
    #[arg(long, value_enum)]
    pub(crate) policy: Option<PolicyName>,
    /// The chain's id: with it, operations are shown with their hash.
    #[arg(long, value_name = "ID")]
    pub(crate) chain: Option<u64>,
    #[command(flatten)]
    pub(crate) names: Names,
}

#[derive(Args, Debug)]
pub(crate) struct Status {
    /// Stored grants: everything that `explain` reads. Without any, all sessions of --account are listed.
    #[arg(value_name = "FILE|-")]
    pub(crate) grants: Vec<String>,
    /// A node's address, http or https. May be repeated: one for each chain.
    #[arg(long = "rpc-url", value_name = "URL", required = true)]
    pub(crate) rpc_urls: Vec<String>,
    /// The account that granted the sessions [default: the one in the grants]
    #[arg(long, required_unless_present = "grants")]
    pub(crate) account: Option<Address>,
    /// Only this session, also when it is not enabled.
    #[arg(long, value_name = "ID")]
    pub(crate) permission: Option<PermissionId>,
    /// Which contracts [default: those that the grants are for; for a list, all that the chain has]
    #[arg(long, value_enum)]
    pub(crate) generation: Option<Generation>,
    /// Stored sessions that name a list's actions and tokens: everything that `explain` reads.
    #[arg(long, value_name = "FILE")]
    pub(crate) session: Option<String>,
    /// A token's name and decimals, for amounts: 0x…=USDC:6. May be repeated.
    #[arg(long = "token", value_name = "ADDRESS=SYMBOL:DECIMALS", value_parser = token)]
    pub(crate) tokens: Vec<(Address, String, u8)>,
}

#[derive(Args, Debug)]
pub(crate) struct Revoke {
    /// Stored grants, to be taken back whole, with the owner's signatures in them: everything that `explain` reads.
    #[arg(value_name = "FILE|-")]
    pub(crate) grants: Vec<String>,
    /// A session, on every chain that is given.
    #[arg(long, value_name = "ID", required_unless_present_any = ["grants", "all"])]
    pub(crate) permission: Option<PermissionId>,
    /// Everything that the chains list for --account: every session, and unused owner signatures for them.
    #[arg(long, requires_all = ["account", "rpc_urls"], conflicts_with = "permission")]
    pub(crate) all: bool,
    /// The account that granted it [default: the one in the grants]
    #[arg(long)]
    pub(crate) account: Option<Address>,
    /// Which contracts the session is on [default: those that the grants are for; with --all both]
    #[arg(long, value_enum, required_unless_present_any = ["grants", "all"])]
    pub(crate) generation: Option<Generation>,
    /// Only this action of --permission, which stays otherwise. May be repeated.
    #[arg(long = "action", value_name = "ID", requires = "permission")]
    pub(crate) actions: Vec<ActionId>,
    /// Only this policy of --permission, which stays otherwise: user-op:ADDRESS, erc1271:ADDRESS or ACTION-ID:ADDRESS. May be
    /// repeated. A policy is a limit: without it more is permitted.
    #[arg(long = "policy", value_name = "PLACE:ADDRESS", requires = "permission", value_parser = placed_policy)]
    pub(crate) policies: Vec<(PolicyPlace, Address)>,
    /// Also cancel owner signatures for --permission when it is not enabled: each time this is carried out, because the
    /// chain does not tell whether there are any.
    #[arg(long, requires = "permission")]
    pub(crate) signatures: bool,
    /// The owner's private key, as hex text in a file: with it the plan is carried out, without it calls are printed.
    #[arg(long, value_name = "FILE", requires_all = ["rpc_urls", "bundler_urls"])]
    pub(crate) owner_key_file: Option<std::path::PathBuf>,
    /// A node's address. May be repeated: one for each chain.
    #[arg(long = "rpc-url", value_name = "URL")]
    pub(crate) rpc_urls: Vec<String>,
    /// A bundler's address. May be repeated: one for each chain.
    #[arg(long = "bundler-url", value_name = "URL")]
    pub(crate) bundler_urls: Vec<String>,
    /// What kind of account it is [default: what its accountId() says]
    #[arg(long, value_enum)]
    pub(crate) account_kind: Option<AccountKind>,
    /// The installed validator that checks the owner's key [default: the account's default validator, or the one that
    /// accounts of its version have]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) owner_validator: Option<Address>,
    /// Do not ask before carrying it out.
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
}

/// A kind of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AccountKind {
    /// Biconomy Nexus, and accounts that are Nexus with other constants.
    Nexus,
    /// Kernel 0.3: operations under the root validator.
    Kernel,
    /// A Safe with the ERC-7579 adapter; needs --owner-validator.
    Safe,
    /// Any other ERC-7579 account; needs --owner-validator.
    Generic,
}

impl AccountKind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nexus => "nexus",
            Self::Kernel => "kernel",
            Self::Safe => "safe",
            Self::Generic => "generic",
        }
    }
}

/// A generation of the session contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Generation {
    /// The contracts of the first generation (module 0x…37DE).
    Legacy,
    /// The contracts of the second generation (module 0x…4bDA).
    Current,
}

impl Generation {
    pub(crate) const ALL: [Self; 2] = [Self::Legacy, Self::Current];

    pub(crate) const fn deployment(self) -> Deployment {
        match self {
            Self::Legacy => Deployment::legacy(),
            Self::Current => Deployment::current(),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Current => "current",
        }
    }
}

/// A policy of this library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyName {
    /// Permits everything.
    Sudo,
    /// Rules about arguments.
    UniversalAction,
    /// Sums of ERC-20 transfers and approvals.
    SpendingLimits,
    /// A window of time.
    TimeFrame,
    /// A number of uses.
    UsageLimit,
    /// A sum of native value.
    ValueLimit,
    /// A tree of rules about arguments.
    ArgPolicy,
    /// A list of contracts.
    ContractWhitelist,
    /// A sum of gas.
    SimpleGas,
}

impl PolicyName {
    pub(crate) const fn kind(self) -> PolicyKind {
        match self {
            Self::Sudo => PolicyKind::Sudo,
            Self::UniversalAction => PolicyKind::UniversalAction,
            Self::SpendingLimits => PolicyKind::SpendingLimits,
            Self::TimeFrame => PolicyKind::TimeFrame,
            Self::UsageLimit => PolicyKind::UsageLimit,
            Self::ValueLimit => PolicyKind::ValueLimit,
            Self::ArgPolicy => PolicyKind::ArgPolicy,
            Self::ContractWhitelist => PolicyKind::ContractWhitelist,
            Self::SimpleGas => PolicyKind::SimpleGas,
        }
    }
}

/// What `--used` says.
#[derive(Clone, Debug)]
pub(crate) struct Used {
    pub(crate) place: UsedPlace,
    pub(crate) policy: PolicyKind,
    pub(crate) counters: Vec<U256>,
}

/// Which of the policies of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UsedPlace {
    Everywhere,
    UserOp,
    /// From 1, in the session's order.
    Action(usize),
}

fn number(text: &str) -> Result<U256, String> {
    text.trim().parse().map_err(|_| format!("{text:?} is not a number"))
}

fn address(text: &str) -> Result<Address, String> {
    text.trim().parse().map_err(|_| format!("{text:?} is not an address"))
}

fn call(text: &str) -> Result<Call, String> {
    let mut parts = text.splitn(3, ':');
    let (target, data, value) = (parts.next(), parts.next(), parts.next());
    let target = address(target.unwrap_or_default())?;
    let data = data.ok_or("expected TARGET:DATA, for example 0x…:0xd09de08a, or TARGET:0x for a plain transfer")?;
    let data: Bytes = data.trim().parse().map_err(|_| format!("{data:?} is not hex"))?;
    Ok(Call::new(target, value.map_or(Ok(U256::ZERO), number)?, data))
}

fn used(text: &str) -> Result<Used, String> {
    let (policy, counters) = text.split_once('=').ok_or("expected POLICY=USED, for example usage-limit=2")?;
    let (place, policy) = match policy.split_once('.') {
        None => (UsedPlace::Everywhere, policy),
        Some(("op", policy)) => (UsedPlace::UserOp, policy),
        Some((action, policy)) => {
            let action = action.parse().ok().filter(|action| *action > 0);
            (UsedPlace::Action(action.ok_or("expected an action's number from 1, or op")?), policy)
        }
    };
    let policy = PolicyName::from_str(policy, true)?.kind();
    Ok(Used { place, policy, counters: counters.split(',').map(number).collect::<Result<_, _>>()? })
}

fn placed_policy(text: &str) -> Result<(PolicyPlace, Address), String> {
    let shape = "expected user-op:ADDRESS, erc1271:ADDRESS or ACTION-ID:ADDRESS";
    let (place, policy) = text.split_once(':').ok_or(shape)?;
    let place = match place {
        "user-op" => PolicyPlace::UserOp,
        "erc1271" => PolicyPlace::Erc1271,
        action => PolicyPlace::Action(action.parse().map_err(|_| shape)?),
    };
    Ok((place, address(policy)?))
}

fn token(text: &str) -> Result<(Address, String, u8), String> {
    let shape = "expected ADDRESS=SYMBOL:DECIMALS";
    let (token, rest) = text.split_once('=').ok_or(shape)?;
    let (symbol, decimals) = rest.rsplit_once(':').ok_or(shape)?;
    Ok((address(token)?, symbol.to_owned(), decimals.parse().map_err(|_| format!("{decimals:?} is not 0 to 255"))?))
}

fn name(text: &str) -> Result<(Address, String), String> {
    let (address_text, name) = text.split_once('=').ok_or("expected ADDRESS=NAME")?;
    Ok((address(address_text)?, name.to_owned()))
}

fn function(text: &str) -> Result<String, String> {
    Glossary::new().function(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}
