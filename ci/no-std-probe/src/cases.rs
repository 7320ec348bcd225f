//! Recorded vectors as constants; the build script writes them.

use alloy_primitives::hex;
use smart_sessions::userop::EntryPointVersion;

pub(crate) struct Ids {
    pub(crate) validator: [u8; 20],
    pub(crate) init_data: &'static [u8],
    pub(crate) salt: [u8; 32],
    pub(crate) account: [u8; 20],
    pub(crate) target: [u8; 20],
    pub(crate) selector: [u8; 4],
    pub(crate) permission_id: [u8; 32],
    pub(crate) action_policy_id: [u8; 32],
    pub(crate) config_id: [u8; 32],
}

pub(crate) struct Packed {
    pub(crate) version: EntryPointVersion,
    pub(crate) entry_point: [u8; 20],
    pub(crate) chain_id: u64,
    pub(crate) sender: [u8; 20],
    /// In decimal.
    pub(crate) nonce: &'static str,
    pub(crate) init_code: &'static [u8],
    pub(crate) call_data: &'static [u8],
    pub(crate) account_gas_limits: [u8; 32],
    /// In decimal.
    pub(crate) pre_verification_gas: &'static str,
    pub(crate) gas_fees: [u8; 32],
    pub(crate) paymaster_and_data: &'static [u8],
    /// The code of an account that is delegated to it.
    pub(crate) delegate: Option<[u8; 20]>,
    pub(crate) hash: [u8; 32],
}

include!(concat!(env!("OUT_DIR"), "/cases.rs"));
