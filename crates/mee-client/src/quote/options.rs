use alloy_primitives::{Address, U256, address};
use session_types::PermissionId;

use super::CleanUp;
use crate::node::DEFAULT_NODE;
use crate::wire::{DelegationAuthorization, SessionDetails, Simulation};
use crate::{Instruction, STAGING_NODE};

/// The gas tank of the published nodes.
pub const HOSTED_TANK: Address = address!("0x18eAc826f3dD77d065E75E285d3456B751AC80d5");

/// How long a supertransaction may wait, in seconds, when the caller sets no bounds.
pub(crate) const EXECUTION_WINDOW: u64 = 180;

/// What is asked of a node.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct QuoteOptions {
    /// What is to be done, in order.
    pub instructions: Vec<Instruction>,
    /// Who pays.
    pub payment: Payment,
    /// What is swept at the end.
    pub clean_ups: Vec<CleanUp>,
    /// Whose funds are used, when they are not the account's.
    pub payer: Option<Payer>,
    /// Not before this time (seconds since the Unix epoch); now when absent.
    pub lower_bound_timestamp: Option<u64>,
    /// Not after this time (seconds since the Unix epoch); 180 s after the lower bound when absent.
    pub upper_bound_timestamp: Option<u64>,
    /// Milliseconds between two simulations of an operation that waits for its conditions.
    pub simulation_retry_delay: Option<u64>,
    /// Makes the owner's own address the account (EIP-7702).
    pub delegation: Option<Delegation>,
    /// Whether the instructions of one chain become one operation.
    pub batch: bool,
    /// How the node simulates.
    pub simulation: Option<Simulation>,
    /// Gas for validating each operation; the node's when absent.
    pub verification_gas_limit: Option<U256>,
    /// Gas for the payment call; 75000 when absent.
    pub payment_gas_limit: Option<U256>,
    /// Whether leaves are bare operation hashes, without bounds.
    #[doc(alias = "shortEncodingSuperTxn")]
    pub short_encoding: bool,
    /// The sessions that the operations are validated by.
    pub session: Option<SessionUse>,
    /// The validator in the nonces; the account's own when absent.
    #[doc(alias = "moduleAddress")]
    pub module: Option<Address>,
    /// Words that the node stores with the supertransaction.
    pub tags: Option<Vec<String>>,
}

impl QuoteOptions {
    /// Instructions and who pays for them; everything else as usual.
    #[must_use]
    pub fn new(instructions: impl IntoIterator<Item = Instruction>, payment: impl Into<Payment>) -> Self {
        Self {
            instructions: instructions.into_iter().collect(),
            payment: payment.into(),
            clean_ups: Vec::new(),
            payer: None,
            lower_bound_timestamp: None,
            upper_bound_timestamp: None,
            simulation_retry_delay: None,
            delegation: None,
            batch: true,
            simulation: None,
            verification_gas_limit: None,
            payment_gas_limit: None,
            short_encoding: false,
            session: None,
            module: None,
            tags: None,
        }
    }

    /// Sweeps tokens at the end.
    #[must_use]
    pub fn with_clean_ups(mut self, clean_ups: impl IntoIterator<Item = CleanUp>) -> Self {
        self.clean_ups.extend(clean_ups);
        self
    }

    /// Bounds the time of execution, both in seconds since the Unix epoch.
    #[must_use]
    pub const fn within(mut self, lower_bound: u64, upper_bound: u64) -> Self {
        self.lower_bound_timestamp = Some(lower_bound);
        self.upper_bound_timestamp = Some(upper_bound);
        self
    }

    /// Makes each instruction an operation of its own.
    #[must_use]
    pub const fn without_batching(mut self) -> Self {
        self.batch = false;
        self
    }

    /// Makes the owner's own address the account (EIP-7702).
    #[must_use]
    pub fn with_delegation(mut self, delegation: Delegation) -> Self {
        self.delegation = Some(delegation);
        self
    }

    /// Tells the node how to simulate.
    #[must_use]
    pub fn with_simulation(mut self, simulation: Simulation) -> Self {
        self.simulation = Some(simulation);
        self
    }

    /// Sets the gas for validating each operation.
    #[must_use]
    pub const fn with_verification_gas_limit(mut self, gas: U256) -> Self {
        self.verification_gas_limit = Some(gas);
        self
    }

    /// Has another address pay than the account.
    #[must_use]
    pub const fn with_payer(mut self, payer: Payer) -> Self {
        self.payer = Some(payer);
        self
    }

    /// Stores words with the supertransaction.
    #[must_use]
    pub fn with_tags(mut self, tags: impl IntoIterator<Item = String>) -> Self {
        self.tags = Some(tags.into_iter().collect());
        self
    }
}

/// Who pays the node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payment {
    /// The account, with a token.
    FeeToken(FeeToken),
    /// A gas tank.
    #[doc(alias = "sponsorship")]
    Sponsored(Sponsor),
}

impl From<FeeToken> for Payment {
    fn from(token: FeeToken) -> Self {
        Self::FeeToken(token)
    }
}

impl From<Sponsor> for Payment {
    fn from(sponsor: Sponsor) -> Self {
        Self::Sponsored(sponsor)
    }
}

/// The token that fees are paid with, and on which chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeeToken {
    /// The token; zero for the chain's native token.
    pub address: Address,
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// Who gets unused gas back; the account when absent.
    pub gas_refund_address: Option<Address>,
    /// The most that may be charged, in the token's smallest unit. A quote above is refused. Without a cap any fee
    /// that the node asks for is accepted.
    pub max_fee: Option<U256>,
}

impl FeeToken {
    /// A token on a chain.
    #[must_use]
    pub const fn new(address: Address, chain_id: u64) -> Self {
        Self { address, chain_id, gas_refund_address: None, max_fee: None }
    }

    /// Refuses quotes above this fee, in the token's smallest unit.
    #[must_use]
    pub const fn with_max_fee(mut self, max_fee: U256) -> Self {
        self.max_fee = Some(max_fee);
        self
    }

    /// Has unused gas paid back to this address.
    #[must_use]
    pub const fn with_gas_refund(mut self, address: Address) -> Self {
        self.gas_refund_address = Some(address);
        self
    }
}

/// Who sponsors a supertransaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sponsor {
    /// The published nodes' own tank.
    #[default]
    Hosted,
    /// Another tank, or the same on another network.
    Tank(GasTank),
}

/// A gas tank and its server.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GasTank {
    /// The server's base address.
    pub url: String,
    /// Headers for the server.
    pub headers: Vec<(String, String)>,
    /// The tank.
    pub address: Address,
    /// The token that it pays with.
    pub token: Address,
    /// The EIP-155 id of its chain.
    pub chain_id: u64,
}

impl GasTank {
    /// A tank at `url`.
    #[must_use]
    pub fn new(url: impl Into<String>, address: Address, token: Address, chain_id: u64) -> Self {
        Self { url: url.into(), headers: Vec::new(), address, token, chain_id }
    }

    /// Sends a header to the tank's server.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The published nodes' tank on Base.
    #[must_use]
    pub fn hosted() -> Self {
        Self::new(DEFAULT_NODE, HOSTED_TANK, address!("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"), 8453)
    }

    /// The published nodes' tank on Base Sepolia.
    #[must_use]
    pub fn hosted_testnet() -> Self {
        Self::new(STAGING_NODE, HOSTED_TANK, address!("0x036CbD53842c5426634e7929541eC2318f3dCF7e"), 84532)
    }

    fn has_published_server(&self) -> bool {
        [DEFAULT_NODE, STAGING_NODE].contains(&self.url.as_str())
    }

    /// Whether the node itself vouches for the tank: it needs neither a nonce nor a signature.
    pub(crate) fn is_trusted(&self) -> bool {
        self.address == HOSTED_TANK && self.has_published_server()
    }

    /// Whether the tank's own server signs the payment.
    pub(crate) fn is_self_hosted(&self) -> bool {
        !self.has_published_server()
    }
}

impl std::fmt::Debug for GasTank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Header values are a sponsor's credentials.
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("GasTank")
            .field("url", &self.url)
            .field("headers", &names)
            .field("address", &self.address)
            .field("token", &self.token)
            .field("chain_id", &self.chain_id)
            .finish()
    }
}

/// Whose funds a supertransaction uses, when they are not the account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payer {
    /// This address starts the supertransaction with its own funds.
    Owner(Address),
    /// This address pays the fee by a permit.
    #[doc(alias = "feePayer")]
    FeePayer(Address),
}

impl Payer {
    pub(crate) const fn address(self) -> Address {
        match self {
            Self::Owner(address) | Self::FeePayer(address) => address,
        }
    }
}

/// How the owner's own address becomes an account (EIP-7702).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delegation {
    /// Whether one authorization may serve every chain on which the owner's transaction count is the same.
    pub across_chains: bool,
    /// Authorizations that are signed already. When given, every chain without code needs one.
    pub authorizations: Vec<DelegationAuthorization>,
}

impl Delegation {
    /// One authorization for each chain.
    #[must_use]
    pub const fn per_chain() -> Self {
        Self { across_chains: false, authorizations: Vec::new() }
    }

    /// One authorization for all chains on which the owner's transaction count is the same.
    #[doc(alias = "multichain7702Auth")]
    #[must_use]
    pub const fn across_chains() -> Self {
        Self { across_chains: true, authorizations: Vec::new() }
    }

    /// Uses authorizations that are signed already.
    #[must_use]
    pub fn with_authorizations(mut self, authorizations: impl IntoIterator<Item = DelegationAuthorization>) -> Self {
        self.authorizations.extend(authorizations);
        self
    }
}

/// How sessions are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UseMode {
    /// The first operation of each chain enables the session with the owner's signature.
    #[doc(alias = "ENABLE_AND_USE")]
    EnableAndUse,
    /// The sessions are enabled on chain.
    #[doc(alias = "USE")]
    Use,
    /// Each session as its own details say: those that can be enabled are, by the first operation of their chain, and the
    /// others are enabled on chain. For chains of which some have the session already.
    AsDetailed,
}

/// The sessions that operations are validated by.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SessionUse {
    /// The sessions.
    pub details: Vec<SessionDetails>,
    /// How they are used.
    pub mode: UseMode,
    /// Which sessions to use, where there are several for a chain.
    pub chosen: Vec<PermissionId>,
}

impl SessionUse {
    /// Sessions and how they are used.
    #[must_use]
    pub const fn new(details: Vec<SessionDetails>, mode: UseMode) -> Self {
        Self { details, mode, chosen: Vec::new() }
    }

    /// Uses this session where there are several for a chain.
    #[must_use]
    pub fn choosing(mut self, permission: PermissionId) -> Self {
        self.chosen.push(permission);
        self
    }
}
