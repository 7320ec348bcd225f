use alloy_primitives::{Address, B256, Bytes, Keccak256, address, b256, hex, keccak256};
use alloy_sol_types::{SolCall, SolValue};

use crate::abi::nexus::initializeAccountCall;
use crate::account::AccountError;

/// The creation code of a minimal ERC-1967 proxy, before and after the implementation's address.
const CLONE_BEFORE: [u8; 9] = hex!("603d3d8160223d3973");
const CLONE_AFTER: [u8; 66] = hex!(
    "60095155f3363d3d373d3d363d7f360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc545af43d6000803e6038573d6000fd5b3d6000f3"
);
/// The length of that creation code.
pub const ERC1967_CLONE_LENGTH: usize = CLONE_BEFORE.len() + 20 + CLONE_AFTER.len();

/// The hash of a minimal ERC-1967 proxy's creation code, as factories of 1.0.x and of Kernel make it.
#[must_use]
pub fn erc1967_clone_init_code_hash(implementation: Address) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update(CLONE_BEFORE);
    hasher.update(implementation);
    hasher.update(CLONE_AFTER);
    hasher.finalize()
}

/// The creation code of the proxy that a factory of Nexus 1.2 and later makes.
///
/// It is not part of this crate: read the factory's code once (`eth_getCode`) and cut it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyCode(Bytes);

/// Where a factory keeps the proxy's creation code, and its hash.
struct Place {
    factory: Address,
    offset: usize,
    hash: B256,
}

/// All known proxies of this vendor have this length.
const LENGTH: usize = 682;
const HASH_1_2: B256 = b256!("0x85c3c4a368d568e5645ba85549538f21968bbf73e0cf6a73d2464433ba02d9f4");
const HASH_1_3: B256 = b256!("0x9cbe2fe2ffc98bfcaa803e8403f57cd46578f223fc40dcaa45c47191406ac8da");

const PLACES: [Place; 3] = [
    Place { factory: address!("0x000000001D1D5004a02bAfAb9de2D6CE5b7B13de"), offset: 2260, hash: HASH_1_2 },
    Place { factory: address!("0x0000006648ED9B2B842552BE63Af870bC74af837"), offset: 2260, hash: HASH_1_2 },
    Place { factory: address!("0x000000002c9A405a196f2dc766F2476B731693c3"), offset: 2408, hash: HASH_1_3 },
];

impl ProxyCode {
    /// The creation code itself, without constructor arguments.
    #[must_use]
    pub fn new(creation_code: impl Into<Bytes>) -> Self {
        Self(creation_code.into())
    }

    /// Cuts the creation code out of the runtime code of a factory whose place and hash are known: those of the suites
    /// 2.0.0, 2.1.0 and 2.2.1.
    ///
    /// # Errors
    /// When the factory is not one of them, or what stands there has another hash.
    pub fn from_factory(factory: Address, runtime_code: &[u8]) -> Result<Self, AccountError> {
        let place =
            PLACES.iter().find(|place| place.factory == factory).ok_or(AccountError::ProxyCodeNeeded { factory })?;
        let code = runtime_code.get(place.offset..place.offset + LENGTH).ok_or(AccountError::ProxyCode { factory })?;
        if keccak256(code) != place.hash {
            return Err(AccountError::ProxyCode { factory });
        }
        Ok(Self(Bytes::copy_from_slice(code)))
    }

    /// The hash that enters an account's address:
    /// `keccak256(code ++ abi.encode(implementation, initializeAccount(initData)))`.
    #[must_use]
    pub fn init_code_hash(&self, implementation: Address, init_data: &[u8]) -> B256 {
        let call = initializeAccountCall { initData: Bytes::copy_from_slice(init_data) }.abi_encode();
        let mut hasher = Keccak256::new();
        hasher.update(&self.0);
        hasher.update((implementation, Bytes::from(call)).abi_encode_params());
        hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::nexus::NexusDeployment;
    use alloc::vec;

    #[test]
    fn code_of_another_factory_or_hash_is_refused() {
        let known = NexusDeployment::V2_0_0.factory;
        let code = vec![0; 4096];
        assert_eq!(ProxyCode::from_factory(known, &code), Err(AccountError::ProxyCode { factory: known }));
        assert_eq!(ProxyCode::from_factory(known, &code[..2300]), Err(AccountError::ProxyCode { factory: known }));
        let unknown = NexusDeployment::V3_0_0.factory;
        assert_eq!(ProxyCode::from_factory(unknown, &code), Err(AccountError::ProxyCodeNeeded { factory: unknown }));
    }

    #[test]
    fn constructor_arguments_follow_the_code() {
        // Two words, the length, selector + offset + length + data padded to 132 bytes, padded to 160.
        let hash = ProxyCode::new(vec![1, 2, 3]).init_code_hash(Address::repeat_byte(7), &[9; 32]);
        let call = initializeAccountCall { initData: vec![9; 32].into() }.abi_encode();
        let mut expected = vec![1, 2, 3];
        expected.extend_from_slice(Address::repeat_byte(7).into_word().as_slice());
        expected.extend_from_slice(B256::with_last_byte(0x40).as_slice());
        expected.extend_from_slice(B256::with_last_byte(100).as_slice());
        expected.extend_from_slice(&call);
        expected.extend_from_slice(&[0; 28]);
        assert_eq!(hash, keccak256(expected));
    }
}
